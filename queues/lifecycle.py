"""The lifecycle of an interaction as one table; docs/reference/lifecycle.md is made from it."""

from enum import StrEnum


class InteractionState(StrEnum):
    """Where an interaction stands; it is in exactly one state at every instant."""

    SCHEDULED = "scheduled"
    ANSWERED_BY_BOT = "answered_by_bot"
    WAITING = "waiting"
    OFFERED = "offered"
    ACTIVE = "active"
    PARKED = "parked"
    WRAP_UP = "wrap_up"
    CLOSED = "closed"
    ABANDONED = "abandoned"

    # That of the text: an enumeration's own is several times slower, and every decision asks for it.
    __hash__ = str.__hash__


S = InteractionState
NEW = None
"""The state before admission."""

OPEN = frozenset(set(S) - {S.CLOSED, S.ABANDONED})
QUEUED = frozenset({S.WAITING, S.OFFERED})
HELD = frozenset({S.ACTIVE, S.PARKED, S.WRAP_UP})
"""States in which one agent owns the interaction."""

LIFECYCLE: dict[tuple[InteractionState | None, str], frozenset[InteractionState]] = {
    (NEW, "admitted"): frozenset({S.WAITING, S.SCHEDULED, S.ANSWERED_BY_BOT}),
    (NEW, "started by an agent"): frozenset({S.ACTIVE}),
    (S.SCHEDULED, "due"): frozenset({S.WAITING}),
    (S.SCHEDULED, "rescheduled"): frozenset({S.SCHEDULED}),
    (S.SCHEDULED, "closed"): frozenset({S.CLOSED}),
    (S.ANSWERED_BY_BOT, "not satisfied or writes again"): frozenset({S.WAITING}),
    (S.ANSWERED_BY_BOT, "answered by bot"): frozenset({S.ANSWERED_BY_BOT}),
    (S.ANSWERED_BY_BOT, "closed"): frozenset({S.CLOSED}),
    (S.ANSWERED_BY_BOT, "undone"): frozenset({S.WAITING}),
    (S.WAITING, "offered"): frozenset({S.OFFERED}),
    (S.WAITING, "customer left"): frozenset({S.ABANDONED}),
    (S.WAITING, "moved"): frozenset({S.WAITING}),
    (S.WAITING, "rescheduled"): frozenset({S.SCHEDULED}),
    (S.WAITING, "answered by bot"): frozenset({S.ANSWERED_BY_BOT}),
    (S.WAITING, "closed"): frozenset({S.CLOSED}),
    (S.OFFERED, "offered"): frozenset({S.OFFERED}),
    (S.OFFERED, "accepted"): frozenset({S.ACTIVE}),
    (S.OFFERED, "offer ended"): frozenset({S.OFFERED, S.WAITING}),
    (S.OFFERED, "customer left"): frozenset({S.ABANDONED}),
    (S.ACTIVE, "parked"): frozenset({S.PARKED}),
    (S.ACTIVE, "ended"): frozenset({S.WRAP_UP}),
    (S.ACTIVE, "customer left"): frozenset({S.WRAP_UP}),
    (S.ACTIVE, "transferred"): frozenset({S.WAITING}),
    (S.ACTIVE, "owner lost"): frozenset({S.WAITING}),
    (S.ACTIVE, "rescheduled"): frozenset({S.SCHEDULED}),
    (S.ACTIVE, "warm transfer accepted"): frozenset({S.ACTIVE}),
    (S.ACTIVE, "taken over"): frozenset({S.ACTIVE}),
    (S.ACTIVE, "closed"): frozenset({S.CLOSED}),
    (S.PARKED, "resumed"): frozenset({S.ACTIVE}),
    (S.PARKED, "customer wrote"): frozenset({S.ACTIVE, S.WAITING}),
    (S.PARKED, "owner lost"): frozenset({S.WAITING}),
    (S.PARKED, "due"): frozenset({S.ACTIVE, S.WAITING}),
    (S.PARKED, "closed"): frozenset({S.CLOSED}),
    (S.WRAP_UP, "wrapped up"): frozenset({S.CLOSED}),
    (S.WRAP_UP, "customer wrote"): frozenset({S.ACTIVE}),
    (S.WRAP_UP, "rescheduled"): frozenset({S.SCHEDULED}),
    (S.CLOSED, "customer wrote"): frozenset({S.WAITING}),
    (S.CLOSED, "undone"): frozenset({S.WAITING, S.SCHEDULED, S.ANSWERED_BY_BOT, S.ACTIVE, S.PARKED}),
    (S.ABANDONED, "customer wrote"): frozenset({S.WAITING}),
}


CAUSES = {
    "admitted": "admitted",
    "due": "due",
    "moved": "moved",
    "overflowed": "moved",
    "understood": "moved",
    "converted": "moved",
    "transferred": "transferred",
    "owner_lost": "owner lost",
    "customer_wrote": "customer wrote",
    "not_satisfied": "not satisfied or writes again",
}
"""The table's event for each cause of a new leg."""


WAYS = frozenset((state, event, to) for (state, event), targets in LIFECYCLE.items() for to in targets)


def allows(state: InteractionState | None, event: str, to: InteractionState) -> bool:
    """Tell whether the table lists the way from `state` by `event` to `to`; what it does not list is refused."""
    return (state, event, to) in WAYS


def diagram() -> str:
    """Return the table as a Mermaid state diagram."""
    lines = ["stateDiagram-v2"]
    for (state, event), targets in LIFECYCLE.items():
        lines += [f"    {state or '[*]'} --> {to}: {event}" for to in sorted(targets)]
    lines += [f"    {state} --> [*]" for state in (S.CLOSED, S.ABANDONED)]
    return "\n".join(lines) + "\n"
