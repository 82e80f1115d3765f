"""Admission: from a message that came in to an interaction in a queue (semantics.md section 3)."""

from queues.interaction import PRIORITY_MAX, PRIORITY_MIN, Interaction
from queues.lifecycle import OPEN
from queues.overflow import Contact
from queues.policy import QueuePolicy
from router import events as e
from router.bulk import answered_by_itself
from router.callbacks import book, bookable_until, slot_refused, wait_for_opening
from router.clocks import agree
from router.commands import Admit, Candidate
from router.decision import Refusal
from router.draft import Draft, refuse
from router.expect import expected_wait
from router.legs import close, enqueue, still_there
from router.opening import status_at
from router.overflow import before_matching
from router.policy import Autoresponse
from router.questions import ask, question_for
from router.replies import may_reply, reply, tell
from router.sendings import answered, plan_by_rule
from router.standing import raised, segments_of
from router.triage import Verdict, triage
from vocabulary.ids import share_of
from vocabulary.instants import MINUTE, Span, rfc3339
from vocabulary.media import CALLBACK, EMAIL

ASKED_MAX = 3
"""So many articles may stand in a question to the customer."""
LATE_MAX: Span = MINUTE
"""Clocks of other machines may be so much behind."""


def admit(draft: Draft, command: Admit) -> Refusal | None:
    """Take new work in, unless it is known or names what doesn't exist."""
    refusal = _refusal(draft, command)
    if refusal is not None:
        return refusal
    verdict = triage(command, draft.state, draft.policy, draft.now)
    if command.closed_as is None:
        refusal = _time_refused(draft, command, draft.queue(command.queue or verdict.then.queue))
        if refusal is not None:
            return refusal
    _emit_admitted(draft, command, verdict)
    if draft.policy.sla and command.closed_as is None:
        agree(draft, draft.state.interactions[command.id])
    if command.message is not None and command.closed_as is None:
        answered(draft, command.customer, command.suppressed_by)
    for warning in command.warnings:
        draft.emit(e.WarningRaised(at=draft.now, interaction=command.id, warning=warning))
    if command.message is not None:
        draft.emit(_first_message(draft, command))
    if command.closed_as is not None:
        # It is kept and can be read; no agent, no rule of overflow and no automatic reply sees it.
        close(draft, draft.state.interactions[command.id], command.closed_as, "router")
    else:
        _into_its_queue(draft, command, verdict)
    return None


def _refusal(draft: Draft, command: Admit) -> Refusal | None:
    policy = draft.policy
    if command.id in draft.state.interactions:
        return refuse("known", "known", "This came in before; nothing changed.")
    if command.channel not in policy.channels:
        return refuse("invalid", "unknown_channel", f"There is no channel {command.channel!r}.")
    if command.queue is not None and command.queue not in policy.queues:
        return refuse("invalid", "unknown_queue", f"There is no queue {command.queue!r}.")
    return bad_priority(command.priority) if command.priority is not None else None


def _time_refused(draft: Draft, command: Admit, queue: QueuePolicy) -> Refusal | None:
    """Return why it can't be done when the customer wants it, or None."""
    if command.slot is not None:
        return slot_refused(draft.state, draft.policy, queue, command.slot, draft.now)
    at = command.scheduled_at
    if at is None:
        return None
    shown = rfc3339(at)
    if at < draft.now - LATE_MAX:
        return refuse("invalid", "schedule_over", f"{shown} is over; name an instant in the future.")
    if at > bookable_until(queue, draft.now):
        return refuse("invalid", "schedule_too_far", f"{shown} is more than {queue.callback_days_max} days ahead.")
    if command.medium == CALLBACK and status_at(draft.policy, queue, max(at, draft.now)) != "open":
        return refuse("invalid", "schedule_closed", f"Queue {queue.name!r} is not open at {shown}.")
    return None


def bad_priority(priority: int | None) -> Refusal | None:
    """Return the refusal of a priority outside its range."""
    if priority is None or PRIORITY_MIN <= priority <= PRIORITY_MAX:
        return None
    detail = f"The priority must be from {PRIORITY_MIN} to {PRIORITY_MAX}, not {priority}."
    return refuse("invalid", "priority_out_of_range", detail)


def _emit_admitted(draft: Draft, command: Admit, verdict: Verdict) -> None:
    """What staff or an integration sent wins over the rule."""
    then = verdict.then
    draft.emit(
        e.Admitted(
            at=draft.now,
            interaction=command.id,
            number=draft.state.admitted + 1,
            channel=command.channel,
            medium=command.medium,
            customer=command.customer,
            queue=command.queue or then.queue,
            priority=_priority(draft, command, then.priority),
            class_=then.class_ if command.class_ is None else command.class_,
            requirements=then.requirements if command.requirements is None else command.requirements,
            preferences=then.preferences if command.preferences is None else command.preferences,
            tags=(*then.tags, *command.tags) if command.tags else then.tags,
            labels=command.labels,
            heads=command.heads,
            language=command.language,
            segment=command.segment,
            also_segments=command.also_segments,
            rule=verdict.rule,
            reasons=verdict.reasons,
            follows=command.follows,
            preferred_agent=command.preferred_agent,
            automatic=command.suppressed_by,
            contact=contact_of(command),
            ruled=is_ruled(command),
        )
    )


def is_ruled(command: Admit) -> bool:
    """Tell whether rules alone say where what a customer wrote goes."""
    said = (command.queue, command.priority, command.class_, command.requirements, command.preferences)
    return command.message is not None and all(each is None for each in said)


def _priority(draft: Draft, command: Admit, by_rule: int) -> int:
    if command.priority is not None:
        return command.priority
    return raised(by_rule, segments_of(command), draft.policy) if draft.policy.segments else by_rule


def contact_of(command: Admit) -> Contact | None:
    """Return how automatic replies may reach the customer, None if there is nothing to say about that."""
    if command.address_hash is None and not command.suppressed_by and not command.mailable:
        return None
    return Contact(command.address_hash, command.suppressed_by, command.mailable, domain_hash=command.domain_hash)


def _first_message(draft: Draft, command: Admit) -> e.MessageAdded:
    assert command.message is not None
    return e.MessageAdded(at=draft.now, interaction=command.id, message=command.message, number=1, author="customer")


def _into_its_queue(draft: Draft, command: Admit, verdict: Verdict) -> None:
    """Schedule it, let the bot answer, or enqueue it; then acknowledge what is enqueued."""
    interaction = draft.state.interactions[command.id]
    if command.scheduled_at is not None and command.scheduled_at > draft.now:
        draft.emit(e.Scheduled(at=draft.now, interaction=command.id, due=command.scheduled_at, cause="slot"))
        return
    if command.slot is not None:
        book(draft, interaction, command.slot)
        return
    if draft.state.automations and not command.out_of_scope and answered_by_itself(draft, interaction):
        return
    response, choice = _response(draft, command, verdict.then.autoresponse)
    if response is not None and response.kind == "document" and is_by_a_guess(command, verdict):
        response = None
    allowed = _may_be_given(draft, interaction, response)
    if choice and response is not None and allowed:
        if not _held_out(draft, command, response, choice):
            _answer_or_ask(draft, command, response, choice)
            return
        response, _ = _response(draft, command, response.otherwise, by_articles=False)
        allowed = _may_be_given(draft, interaction, response)
    if command.medium != EMAIL or not wait_for_opening(draft, interaction):
        preferred = command.preferred_agent
        enqueue(draft, interaction, "admitted", preferred_agent=still_there(draft, preferred) if preferred else None)
    if command.mailable and command.medium == CALLBACK:
        tell(draft, interaction, "callback_confirmed")
    if draft.overflowing is not None or draft.state.emptied:
        # What the queue itself says to whom it can't serve comes in the place of a receipt.
        before_matching(draft)
    if response is not None and response.kind == "document" and interaction.state in OPEN:
        plan_by_rule(draft, command, interaction, response.name)
    if response is not None and allowed and not interaction.auto_replied and interaction.state in OPEN:
        _acknowledge(draft, command, response)
    elif response is None:
        ask(draft, command)


def _may_be_given(draft: Draft, interaction: Interaction, response: Autoresponse | None) -> bool:
    """Tell whether `response` may go out at once; documents have a way of their own."""
    return response is not None and response.kind != "document" and may_reply(draft, interaction, response.name)


def is_by_a_guess(command: Admit, verdict: Verdict) -> bool:
    """Tell whether the rule went by a label that only keywords give: enough to route by, and to send nothing by."""
    return command.out_of_scope and verdict.by_label


Choice = tuple[Candidate, ...]
"""One article answers, several are asked about."""


def _response(
    draft: Draft, command: Admit, name: str | None, *, by_articles: bool = True
) -> tuple[Autoresponse | None, Choice]:
    """Return the automatic answer to give, and by what; one that finds no article gives way to its `otherwise`."""
    response = draft.policy.autoresponses.get(name or "")
    if response is None or response.kind != "answer":
        return response, ()
    choice = articles_for(response, command.candidates) if by_articles else ()
    return (response, choice) if choice else _response(draft, command, response.otherwise, by_articles=by_articles)


def articles_for(response: Autoresponse, candidates: tuple[Candidate, ...]) -> Choice:
    """Return those articles that `response` asks about; else the likeliest that it answers by; else nothing.

    It asks about up to three, none less than half as likely as the first, of which one answers surely enough: also
    where the first alone keeps the promise, for that all answers keep together, and here it may well be the other.
    """
    ranked = sorted(candidates, key=lambda each: (each.probability, each.article), reverse=True)
    close = [each for each in ranked[:ASKED_MAX] if each.probability * 2 >= ranked[0].probability]
    if len(close) > 1 and response.clarify and sum(each.probability for each in close) >= response.clarify:
        return tuple(close)
    able = next((each for each in ranked if _takes(response, each)), None)
    return () if able is None else (able,)


def _takes(response: Autoresponse, candidate: Candidate) -> bool:
    if response.precision is None:
        return candidate.probability >= response.confidence
    return candidate.proven >= response.precision


def _held_out(draft: Draft, command: Admit, response: Autoresponse, choice: Choice) -> bool:
    """Tell whether agents get what could be answered, so that it can be told what answers are worth."""
    if len(choice) > 1 or share_of("holdout", response.name, command.id) >= response.holdout:
        return False
    article, said = choice[0].article, choice[0].probability
    draft.emit(
        e.AnswerHeldOut(
            at=draft.now, interaction=command.id, autoresponse=response.name, article=article, probability=said
        )
    )
    return True


def _answer_or_ask(draft: Draft, command: Admit, response: Autoresponse, choice: Choice) -> None:
    interaction = draft.state.interactions[command.id]
    assert interaction.state in OPEN
    if len(choice) > 1:
        options, until = tuple(each.article for each in choice), draft.now + response.clarify_wait
        draft.emit(
            e.AnswerAsked(
                at=draft.now, interaction=command.id, autoresponse=response.name, articles=options, until=until
            )
        )
        reply(draft, interaction, response.name, options=options)
        return
    confirm = draft.channel(command.channel, command.medium).confirmation
    draft.emit(
        e.AnsweredByBot(
            at=draft.now,
            interaction=command.id,
            article=choice[0].article,
            confirm_until=draft.now + confirm,
            autoresponse=response.name,
            probability=choice[0].probability,
        )
    )
    reply(draft, interaction, response.name, article=choice[0].article)


def _acknowledge(draft: Draft, command: Admit, response: Autoresponse) -> None:
    wait = expected_wait(draft.state, draft.policy, command.id)
    question = question_for(draft, command)
    reply(draft, draft.state.interactions[command.id], response.name, wait_ms=wait, question=question)
