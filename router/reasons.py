"""Reasons: codes with their terms, the one source of every explanation. `reports.wording` puts them into words."""

from collections.abc import Iterable
from typing import Literal

import msgspec

from vocabulary.instants import Instant, Span

Code = Literal[
    # how it came in
    "identified_strong",
    "identified_medium",
    "identified_weak",
    "came_after",
    "read_anew",
    "labelled",
    "for_department",
    "urgency_low",
    "urgency_normal",
    "urgency_high",
    "mood_negative",
    "mood_neutral",
    "mood_positive",
    "spoken",
    "automatic",
    "warned",
    "rule_skipped",
    "rule_applied",
    "bot_answered",
    "bot_asked",
    "held_out",
    "auto_replied",
    "asked",
    "auto_reply_held",
    "bulk_answered",
    "bulk_held",
    "sender_blocked",
    "imported",
    "corrected",
    # where it stands
    "scheduled",
    "with_bot",
    "with_bot_asked",
    "waits",
    "avalanche",
    "rings_at",
    "handled_by",
    "parked_with",
    "parked_till",
    "wraps_up",
    "closed",
    "abandoned",
    # what would be answered
    "no_answering",
    "too_long_to_answer",
    "out_of_scope",
    "no_article",
    "would_answer",
    "would_ask",
    "below_confidence",
    "below_proven",
    "nothing_proven",
    "replies_are_stopped",
    # its place
    "position",
    "due_in",
    "overdue",
    "class_before",
    "of_segments",
    "class_after",
    "expected_wait",
    "nobody_staffed",
    "only_for",
    "kept_for",
    # who can take it
    "no_members",
    "some_can",
    "none_can",
    "agents_fail",
    # what comes
    "step_requirement",
    "step_delay",
    "step_hold",
    "step_bar",
    "step_cool_down",
    "step_queue",
    "step_held_back",
    "then",
    "no_steps",
    # its clocks
    "clock_due",
    "clock_over",
    "clock_paused",
    # what is sent later
    "sending_planned",
    "sending_sent",
    "sending_follows",
    "sending_calls",
    "sending_held",
    "sending_over",
    "sending_escalated",
    # an offer
    "offer_pending",
    "offer_accepted",
    "offer_declined",
    "offer_expired",
    "offer_withdrawn",
    "ranked_by",
    "candidate",
    "candidate_fails",
    # an agent
    "takes_work",
    "takes_nothing",
    "takes_no_medium",
    "room",
    "waits_but",
    "waits_elsewhere",
    "nothing_waits",
]

FAILS = (
    "presence",
    "medium_off",
    "not_connected",
    "cooling_down",
    "after_current",
    "not_member",
    "delay",
    "requirement",
    "no_room",
    "held_for",
    "barred",
    "offered_already",
)
"""Kinds of conditions that an agent may fail (router/eligibility.py); what follows the colon is their detail."""

Term = str | int | float | tuple[str, ...] | tuple[tuple[str | int, ...], ...] | dict[str, float | None] | None


class Reason(msgspec.Struct, frozen=True, omit_defaults=True):
    """A code with what it is about: ids, names, counts, codes, and spans that count from now."""

    code: Code
    terms: dict[str, Term] = {}


def reason(code: Code, **terms: Term) -> Reason:
    """Return a reason."""
    return Reason(code, terms)


def ahead(at: Instant | None, now: Instant) -> Span:
    """Return how far ahead `at` is; 0 for what is over or has no instant."""
    return max(0, at - now) if at is not None else 0


def failing(fails: Iterable[tuple[str, str | None]]) -> list[Reason]:
    """Return what agents fail, those who fail the same together, most of them first; who fails nothing is left out."""
    groups: dict[str, list[str]] = {}
    for agent, code in fails:
        if code is not None:
            groups.setdefault(code, []).append(agent)
    ordered = sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))
    return [reason("agents_fail", count=len(agents), fails=code, agents=tuple(agents)) for code, agents in ordered]
