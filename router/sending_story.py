"""What became of the sendings of an interaction, told from its events: for lists, and for why one was sent or not."""

from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

from router import events as e
from router.policy import Policy
from router.reasons import Reason, ahead, reason
from vocabulary.ids import AgentId, InteractionId, QueueName
from vocabulary.instants import Instant

SendingState = Literal["planned", "waiting", "done", "cancelled", "escalated"]
"""`waiting`: something was sent, and something follows unless the customer answers."""


class SendingTold(msgspec.Struct, kw_only=True):
    """One sending. `sent`: when each step went. `due_at`: when the next does, or the call; None: nothing comes.

    `reason`: why the next one is held back, or nothing more comes. `queue`: whose agents call.
    """

    id: str
    interaction: InteractionId
    plan: str
    by: str
    agent: AgentId | None
    planned_at: Instant
    due_at: Instant | None
    state: SendingState = "planned"
    sent: tuple[Instant, ...] = ()
    reason: str = ""
    ended_by: str = ""
    queue: QueueName | None = None
    within: str | None = None
    written: bool = False
    alone: bool = False
    unless_answered: bool = False


def sendings_told(events: Iterable[e.AnyEvent]) -> list[SendingTold]:
    """Return the sendings in `events`, the first planned first."""
    found: dict[str, SendingTold] = {}
    for event in events:
        match event:
            case e.SendingPlanned():
                found[event.sending] = _planned(event)
            case e.SendingDue():
                told = found[event.sending]
                told.sent, told.due_at, told.reason = (*told.sent, event.at), event.next_at, ""
                told.state = "done" if event.next_at is None else "waiting"
            case e.SendingHeld():
                found[event.sending].due_at, found[event.sending].reason = event.until, event.reason
            case e.SendingCancelled():
                told = found[event.sending]
                told.state, told.due_at, told.reason, told.ended_by = "cancelled", None, event.reason, event.by
            case e.SendingEscalated():
                told = found[event.sending]
                told.state, told.due_at, told.queue = "escalated", None, event.queue
    return list(found.values())


def _planned(event: e.SendingPlanned) -> SendingTold:
    return SendingTold(
        id=event.sending,
        interaction=event.interaction,
        plan=event.plan,
        by=event.by,
        agent=event.agent,
        planned_at=event.at,
        due_at=event.due_at,
        within=event.within,
        written=event.written,
        alone=event.alone,
        unless_answered=event.unless_answered,
    )


def sending_reasons(told: SendingTold, policy: Policy, now: Instant) -> Iterator[Reason]:
    """Yield what was sent, what comes, and why not."""
    document = told.plan
    if told.sent:
        yield reason("sending_sent", document=document, number=len(told.sent), for_ms=now - told.sent[-1])
    if told.due_at is not None:
        yield _coming(told, policy, now)
        if told.reason:
            yield reason("sending_held", document=document, signals=(told.reason,))
    elif told.state == "cancelled":
        yield reason("sending_over", document=document, signals=(told.reason,))
    elif told.queue is not None:
        yield reason("sending_escalated", document=document, queue=told.queue)


def _coming(told: SendingTold, policy: Policy, now: Instant) -> Reason:
    plan, left = policy.plans.get(told.plan), ahead(told.due_at, now)
    if not told.sent:
        return reason("sending_planned", document=told.plan, in_ms=left)
    if plan is not None and plan.call is not None and len(told.sent) >= len(plan.steps):
        return reason("sending_calls", document=told.plan, in_ms=left, queue=plan.call.queue)
    return reason("sending_follows", document=told.plan, in_ms=left, number=len(told.sent) + 1)
