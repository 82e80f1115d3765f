"""Sendings: planned, sent when they are due, followed up, ended by an answer, handed to people who call.

Each step is one event, so that it is sent once whatever happens in between. What is sent by itself counts as an
automatic reply to its address; what somebody sends in his own name doesn't.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from queues.interaction import Interaction
from queues.overflow import NO_CONTACT
from queues.policy import ChannelPolicy
from queues.sending import Sending, SendingPlan, Timing, at_opening, instant_of
from router import events as e
from router.commands import Admit, CancelSending, DeliveryResult, PlanSending, StopSendings
from router.decision import Refusal
from router.draft import Draft, refuse, unknown
from router.replies import may_reply, room_for_mail_at, watch
from vocabulary.ids import CustomerId, derived_id
from vocabulary.instants import DAY, Instant, Span, rfc3339
from vocabulary.media import EMAIL
from vocabulary.records import PARTICIPANT, UNVERIFIED

BY_RULE = "router"
BY_PERSONS = frozenset(
    {
        "complained",
        "list-unsubscribe",
        "not-addressed",
        PARTICIPANT,
        "return-path",
        "spam",
        "subject",
        "unauthenticated",
        "undeliverable",
        UNVERIFIED,
        "x-auto-response-suppress",
    }
)
"""Signals that forbid an automatic reply to what a person may well have written."""
AHEAD_MAX: Span = 366 * DAY
SENDINGS_MAX = 20
"""So many sendings of one interaction at once are more than anybody means."""
NOT_SENT = (
    "no_mailbox",
    "unsubscribed",
    "planned_already",
    "answered",
    "cancelled",
    "not_sent",
    "undeliverable",
    "complained",
    "spam",
    "erased",
    "plan_gone",
    "no_automatic_mail",
)
"""Why something is not sent, beside what holds for every automatic reply."""
_WITHOUT_PLAN = SendingPlan(name="")


def plan_by_rule(draft: Draft, command: Admit, interaction: Interaction, name: str) -> None:
    """Plan the document that a rule sends to whoever writes this; an event says why where it may not be sent."""
    plan = draft.policy.plans.get(name)
    assert plan is not None, f"configuration has no plan {name!r}"
    refused = tuple(_refusals(draft, command, interaction, plan))
    contact = interaction.contact or NO_CONTACT
    to = replace(contact, address_hash=command.mail_hash, domain_hash=command.mail_domain_hash)
    if not may_reply(draft, interaction, name, mailed_to=to, also=refused):
        return
    since, first = draft.now, plan.steps[0]
    draft.emit(
        e.SendingPlanned(
            at=since,
            interaction=interaction.id,
            sending=derived_id("s", interaction.id, name),
            by=BY_RULE,
            due_at=since if first == Timing() and plan.within is None else _when(draft, plan, plan.within, first),
            plan=name,
            address_hash=command.mail_hash,
            domain_hash=command.mail_domain_hash,
            within=plan.within,
        )
    )


def _refusals(draft: Draft, command: Admit, interaction: Interaction, plan: SendingPlan) -> Iterator[str]:
    """Yield why the plan may not be sent, beside what holds for every automatic reply."""
    if interaction.medium != EMAIL and draft.queue(interaction.queue).message_channel is None:
        yield "no_mailbox"
    if plan.unsubscribe and command.unsubscribed:
        yield "unsubscribed"
    if any(sending.plan == plan.name for _, sending in _sendings_to(draft, interaction.customer)):
        yield "planned_already"


def plan_sending(draft: Draft, command: PlanSending) -> Refusal | None:
    """Plan what somebody wants to be sent."""
    interaction = draft.interaction(command.interaction)
    if interaction is None:
        return unknown("interaction", command.interaction)
    if any(sending.id == command.sending for sending in interaction.sendings):
        return refuse("known", "known", "This was planned before; nothing changed.")
    refusal = _refusal(draft, command, interaction)
    if refusal is not None:
        return refusal
    plan = draft.policy.plans.get(command.plan, _WITHOUT_PLAN)
    within = command.within or plan.within
    if command.at is None:
        due = _when(draft, plan, within, plan.steps[0])
    else:
        due = at_opening(draft.policy.hours.get(within or ""), max(command.at, draft.now))
    draft.emit(
        e.SendingPlanned(
            at=draft.now,
            interaction=interaction.id,
            sending=command.sending,
            by=command.by,
            due_at=due,
            plan=command.plan,
            agent=command.agent,
            address_hash=command.address_hash,
            domain_hash=command.domain_hash,
            within=within,
            written=command.written,
            alone=command.alone,
            unless_answered=command.unless_answered,
        )
    )
    return None


def _refusal(draft: Draft, command: PlanSending, interaction: Interaction) -> Refusal | None:
    policy = draft.policy
    if command.plan and command.plan not in policy.plans:
        return refuse("invalid", "unknown_plan", f"There is no prepared document {command.plan!r}.")
    if not command.plan and not command.written:
        return refuse("invalid", "nothing_to_send", "Name a prepared document, or write something.")
    if command.within is not None and command.within not in policy.hours:
        return refuse("invalid", "unknown_hours", f"There are no hours {command.within!r}.")
    if interaction.medium != EMAIL and draft.queue(interaction.queue).message_channel is None:
        detail = f"Queue {interaction.queue!r} names no mailbox in message_channel."
        return refuse("conflict", "no_message_channel", detail)
    if command.at is not None and command.at > draft.now + AHEAD_MAX:
        return refuse("invalid", "sending_too_far", f"{rfc3339(command.at)} is more than a year ahead.")
    if len(interaction.sendings) >= SENDINGS_MAX:
        return refuse("conflict", "too_many_sendings", f"{SENDINGS_MAX} sendings are planned here; cancel some.")
    return None


def cancel_sending(draft: Draft, command: CancelSending) -> Refusal | None:
    """End a sending; what was sent stays sent."""
    interaction = draft.interaction(command.interaction)
    if interaction is None:
        return unknown("interaction", command.interaction)
    found = next((each for each in interaction.sendings if each.id == command.sending), None)
    if found is None:
        return refuse("conflict", "sending_over", f"Nothing is left of sending {command.sending}.")
    _cancel(draft, interaction, found, command.reason, command.by)
    return None


def stop_sendings(draft: Draft, command: StopSendings) -> Refusal | None:
    """End the sendings to a customer; who unsubscribes, still gets what somebody sends him in his own name."""
    only_news = command.reason == "unsubscribed"
    for interaction, sending in _sendings_to(draft, command.customer):
        plan = draft.policy.plans.get(sending.plan, _WITHOUT_PLAN)
        if not only_news or plan.unsubscribe:
            _cancel(draft, interaction, sending, command.reason, command.by)
    return None


def answered(draft: Draft, customer: CustomerId, signals: tuple[str, ...] = ()) -> None:
    """Let sendings that wait for an answer of `customer` be over: he has written, here or elsewhere.

    `signals`: why no automatic reply may follow what he wrote; where a machine did, it is no answer.
    """
    if customer in draft.state.expecting and BY_PERSONS.issuperset(signals):
        for interaction, sending in _sendings_to(draft, customer):
            if sending.waits_for_answer:
                _cancel(draft, interaction, sending, "answered", "customer")


def mail_reported(draft: Draft, interaction: Interaction, result: DeliveryResult) -> None:
    """Let nothing follow mail that did not arrive, and nothing at all go to who complains of it."""
    if result == "complained":
        for each, sending in _sendings_to(draft, interaction.customer):
            _cancel(draft, each, sending, "complained", "customer")
    elif result in ("failed", "bounced"):
        for sending in interaction.sendings:
            if sending.step:
                _cancel(draft, interaction, sending, "undeliverable", "router")


def stop(draft: Draft, interaction: Interaction, reason: str, by: str) -> None:
    """Let all sendings of `interaction` be over."""
    for sending in interaction.sendings:
        _cancel(draft, interaction, sending, reason, by)


def sending_due(draft: Draft, id: str) -> None:
    """Do what is due in interaction `id`: send a step, hold it back, or have the customer called."""
    interaction = draft.state.interactions[id]
    for sending in interaction.sendings:
        if sending.due_at <= draft.now:
            _next(draft, interaction, sending)


def _next(draft: Draft, interaction: Interaction, sending: Sending) -> None:
    plan = draft.policy.plans.get(sending.plan)
    if plan is None and (sending.plan and not (sending.written and sending.step == 0)):
        _cancel(draft, interaction, sending, "plan_gone", "router")
        return
    plan = plan or _WITHOUT_PLAN
    if sending.step >= len(plan.steps):
        _escalate(draft, interaction, sending, plan)
        return
    automatic = sending.agent is None or sending.step > 0
    room_at, why = draft.now, ""
    if automatic:
        at, why = room_for_mail_at(draft, sending.address_hash, sending.domain_hash)
        if at is None:
            _cancel(draft, interaction, sending, why, "router")
            return
        room_at = at
    if room_at > draft.now:
        _hold(draft, interaction, sending, why, at_opening(draft.policy.hours.get(sending.within or ""), room_at))
        return
    _send(draft, interaction, sending, plan, automatic=automatic)
    if automatic:
        watch(draft)


def _send(draft: Draft, interaction: Interaction, sending: Sending, plan: SendingPlan, *, automatic: bool) -> None:
    closed = interaction.over is not None and interaction.reopen_until is not None
    draft.emit(
        e.SendingDue(
            at=draft.now,
            interaction=interaction.id,
            sending=sending.id,
            step=sending.step,
            plan=sending.plan,
            agent=None if automatic else sending.agent,
            written=sending.written and sending.step == 0,
            automatic=automatic,
            address_hash=sending.address_hash if automatic else None,
            domain_hash=sending.domain_hash if automatic else None,
            next_at=None if sending.alone else _after(draft, sending, plan),
            reopen_until=_answerable_until(draft, interaction) if closed else None,
        )
    )


def _after(draft: Draft, sending: Sending, plan: SendingPlan) -> Instant | None:
    """Return when what follows the step that is sent now is due; None if nothing does."""
    later = sending.step + 1
    if later < len(plan.steps):
        return _when(draft, plan, sending.within, plan.steps[later])
    return _when(draft, plan, sending.within, plan.call.timing) if plan.call is not None else None


def _when(draft: Draft, plan: SendingPlan, within: str | None, timing: Timing) -> Instant:
    return instant_of(timing, draft.now, plan.zone, draft.policy.hours.get(within or ""))


def _answerable_until(draft: Draft, interaction: Interaction) -> Instant:
    """Return until when an answer to what is sent now opens the interaction again: as long as one to any mail."""
    window = max(draft.reopen_until(interaction) - draft.now, ChannelPolicy(name="", medium=EMAIL).reopen_window)
    return max(interaction.reopen_until or 0, draft.now + window)


def _hold(draft: Draft, interaction: Interaction, sending: Sending, reason: str, until: Instant) -> None:
    draft.emit(
        e.SendingHeld(
            at=draft.now,
            interaction=interaction.id,
            sending=sending.id,
            step=sending.step,
            reason=reason,
            until=until,
        )
    )


def _escalate(draft: Draft, interaction: Interaction, sending: Sending, plan: SendingPlan) -> None:
    """Have the customer called by the plan's queue, or the last rule's if that is gone."""
    if plan.call is None:
        # The plan had it when the last step was sent.
        _cancel(draft, interaction, sending, "plan_gone", "router")
        return
    queue = plan.call.queue if plan.call.queue in draft.policy.queues else draft.policy.rules[-1].then.queue
    draft.emit(
        e.SendingEscalated(at=draft.now, interaction=interaction.id, sending=sending.id, plan=plan.name, queue=queue)
    )


def _cancel(draft: Draft, interaction: Interaction, sending: Sending, reason: str, by: str) -> None:
    draft.emit(
        e.SendingCancelled(
            at=draft.now, interaction=interaction.id, sending=sending.id, step=sending.step, reason=reason, by=by
        )
    )


def _sendings_to(draft: Draft, customer: CustomerId) -> list[tuple[Interaction, Sending]]:
    """Return what will be sent to `customer`, in the order of the interactions' admission."""
    some = (draft.state.interactions[id] for id in draft.state.expecting.get(customer, ()))
    return [(each, sending) for each in sorted(some, key=lambda each: each.number) for sending in each.sendings]
