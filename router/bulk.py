"""The same answer for many who wait with the same matter, with a way back (semantics.md section 2).

Somebody wants it: so it is no receipt, and who has had one gets it all the same. All that keeps automatic mail from
going in circles holds for it too (reliability.md section 4.2): none to what a machine wrote, so many to one address and
to one domain, and nobody gets it twice in one interaction.
"""

from collections.abc import Iterator

from queues.bulk import Automation, Bulk, key_of
from queues.interaction import Interaction
from queues.lifecycle import QUEUED, InteractionState
from queues.overflow import NO_CONTACT
from router import events as e
from router.clocks import SPOKEN
from router.commands import (
    AnswerInBulk,
    BeginAutomation,
    EndAutomation,
    EndAvalanche,
    ReportAvalanche,
)
from router.decision import Refusal
from router.draft import Draft, refuse
from router.legs import withdraw_offers
from router.policy import Policy
from router.replies import over_limits
from router.state import ALL_REPLIES, IN_BULK, State
from vocabulary.instants import Instant

S = InteractionState
BY = "router"
AGAINST = ("spoken", "in_conversation", "other_label", "low_confidence", "left_out", "no_words", "meanwhile")
"""What keeps an interaction from an answer for many, beside what keeps it from automatic mail; last: it had gone."""


def against(state: State, policy: Policy, now: Instant, interaction: Interaction, bulk: Bulk) -> Iterator[str]:
    """Iterate over what keeps `interaction`, whatever its state, from getting `bulk`, as codes; nothing: it may."""
    contact = interaction.contact or NO_CONTACT
    if interaction.medium in SPOKEN:
        yield "spoken"
    if interaction.replied or interaction.only_agent is not None:
        yield "in_conversation"
    if bulk.label and interaction.label != bulk.label:
        yield "other_label"
    elif bulk.label and interaction.labels[0].confidence < bulk.confidence:
        yield "low_confidence"
    if any(segment in bulk.leave_out for segment in interaction.segments):
        yield "left_out"
    if bulk.words_for(interaction.language) is None:
        yield "no_words"
    yield from contact.automatic
    yield from over_limits(state, policy, now, contact)
    if IN_BULK in contact.given:
        yield "given_before"
    if ALL_REPLIES in state.replies_stopped:
        yield "all_stopped"


def answer_in_bulk(draft: Draft, command: AnswerInBulk) -> Refusal | None:
    """Answer all who may get it; who has got an agent meanwhile, or may not, is left as he is."""
    if not command.bulk.languages:
        return refuse("invalid", "no_words", "An answer needs words in one language at least.")
    for id in dict.fromkeys(command.interactions):
        interaction = draft.interaction(id)
        if interaction is None or interaction.state not in QUEUED:
            continue
        if next(against(draft.state, draft.policy, draft.now, interaction, command.bulk), None) is None:
            withdraw_offers(draft, interaction, "answered")
            _answer(draft, interaction, command.bulk, command.by, undo=draft.policy.bulk_undo)
    return None


def _answer(draft: Draft, interaction: Interaction, bulk: Bulk, by: str, *, undo: int = 0, label: str = "") -> None:
    contact, language = interaction.contact or NO_CONTACT, bulk.words_for(interaction.language)
    assert language is not None, f"no words for {interaction.id}"
    goes_at = draft.now + undo if undo else None
    confirmation = draft.channel(interaction.channel, interaction.medium).confirmation
    draft.emit(
        e.AnsweredByBot(
            at=draft.now,
            interaction=interaction.id,
            article="",
            confirm_until=draft.now + undo + confirmation,
            bulk=bulk.id,
            language=language,
            by=by,
            label=label,
            # Who is there reads it at once; a mail can be had back until it goes.
            goes_at=goes_at if interaction.goes_by_mail else None,
            undo_until=goes_at,
            address_hash=contact.address_hash,
            domain_hash=contact.domain_hash,
        )
    )


# -- while it lasts


def answered_by_itself(draft: Draft, interaction: Interaction) -> bool:
    """Answer what has just come in, if something about its label is to be answered; tell whether it was."""
    automation = draft.state.automations.get(interaction.label)
    if automation is None:
        return False
    reasons = tuple(against(draft.state, draft.policy, draft.now, interaction, automation.bulk))
    if reasons:
        draft.emit(
            e.AutoReplySuppressed(at=draft.now, interaction=interaction.id, autoresponse=IN_BULK, reasons=reasons)
        )
        return False
    _answer(draft, interaction, automation.bulk, automation.by, label=interaction.label)
    if draft.state.automations[interaction.label].answered >= automation.most:
        stop_automation(draft, interaction.label, "most", BY)
    return True


def begin_automation(draft: Draft, command: BeginAutomation) -> Refusal | None:
    """Let what comes in about the label be answered; with `lasts`, only where there is an avalanche."""
    bulk = command.bulk
    if not bulk.label or not bulk.languages:
        return refuse("invalid", "no_label", "What comes in can be answered by itself by its label only.")
    if command.span <= 0 or command.most <= 0:
        return refuse("invalid", "no_time", "Name a time and a number above 0.")
    if command.lasts and not _avalanches_of(draft.state, bulk.label):
        return refuse("conflict", "no_avalanche", f"There is no avalanche of {bulk.label!r}.")
    if bulk.label in draft.state.automations:
        stop_automation(draft, bulk.label, "stopped", command.by)
    draft.emit(
        e.AutomationBegan(
            at=draft.now,
            bulk=bulk,
            until=draft.now + command.span,
            most=command.most,
            by=command.by,
            lasts=command.lasts,
        )
    )
    return None


def end_automation(draft: Draft, command: EndAutomation) -> Refusal | None:
    """Let nothing about the label be answered by itself; where nothing is, that changes nothing."""
    if command.label in draft.state.automations:
        stop_automation(draft, command.label, command.reason, command.by)
    return None


def automation_over(draft: Draft, label: str) -> None:
    """Its time is over."""
    stop_automation(draft, label, "time", BY)


def stop_automation(draft: Draft, label: str, reason: str, by: str) -> None:
    """Let nothing about `label` be answered by itself, which something is."""
    automation: Automation = draft.state.automations[label]
    draft.emit(
        e.AutomationEnded(
            at=draft.now, label=label, bulk=automation.bulk.id, reason=reason, by=by, answered=automation.answered
        )
    )


# -- avalanches


def _avalanches_of(state: State, label: str) -> list[str]:
    return [key for key, avalanche in state.avalanches.items() if avalanche.label == label]


def report_avalanche(draft: Draft, command: ReportAvalanche) -> Refusal | None:
    """Write down that one has begun."""
    if key_of(command.label, command.queue) not in draft.state.avalanches:
        draft.emit(
            e.AvalancheBegan(
                at=draft.now,
                label=command.label,
                queue=command.queue,
                arrivals=command.arrivals,
                expected=command.expected,
                window_ms=command.window_ms,
            )
        )
    return None


def end_avalanche(draft: Draft, command: EndAvalanche) -> Refusal | None:
    """Write down that it is over; what was answered while it lasts is so no more once the last of its label is."""
    if key_of(command.label, command.queue) not in draft.state.avalanches:
        return refuse("conflict", "no_avalanche", f"There is no avalanche of {command.label!r} here.")
    draft.emit(e.AvalancheEnded(at=draft.now, label=command.label, queue=command.queue, by=command.by))
    automation = draft.state.automations.get(command.label)
    if automation is not None and automation.lasts and not _avalanches_of(draft.state, command.label):
        stop_automation(draft, command.label, "avalanche_over", command.by)
    return None
