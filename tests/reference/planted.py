"""Faults that are planted into the core on purpose: a comparison that doesn't find them is blind.

Each replaces one thing that the core looks up while it decides, for as long as the fault is planted.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from agents import agent
from queues import overflow as marks
from router import (
    bulk,
    callbacks,
    clocks,
    conclude,
    conversation,
    emergency,
    express,
    index,
    legs,
    match,
    offers,
    overflow,
    relax,
    sendings,
    state,
)
from router.writers import company as company_writers
from router.writers import contacts as contact_writers
from router.writers import legs as leg_writers
from tests.reference.sides import HOUSES, RETRIES, Kind, run
from vocabulary.instants import SECOND

HOUSE = 400
"""So many commands to each random house."""

Fault = tuple[Any, str, Any]
"""Where, what is looked up there, and what stands in for it."""


def _never(*_: Any, **__: Any) -> Any:
    return None


def _no(*_: Any, **__: Any) -> bool:
    return False


def _yes(*_: Any, **__: Any) -> bool:
    return True


def _one(*_: Any, **__: Any) -> int:
    return 1


def _zero(*_: Any, **__: Any) -> int:
    return 0


def _enqueued_anew(draft: Any, interaction: Any) -> None:
    legs.enqueue(draft, interaction, "not_satisfied", preferred_agent=interaction.preferred_agent)


FAULTS: dict[str, Fault] = {
    "priority is worth nothing": (legs, "due_at", lambda arrived, target, *_: arrived + target),
    "a hold keeps nothing for anybody": (index, "reserved_for", _never),
    "who declined is asked again at once": (offers, "BARRED", 0),
    "a withdrawal bars nobody": (legs, "BARRED", 0),
    "every miss cools down alike": (offers, "COOL_DOWNS", (10 * SECOND,)),
    "the breaker never holds": (offers, "_breaker_holds", _no),
    "a hold goes on after his decline": (offers, "end_hold_of", _never),
    "a delay lets everybody in at once": (index, "priority_for", _one),
    "the guard of a step lets everything through": (relax, "lenders_load", _zero),
    "what a step raised stays behind": (relax, "PRIORITY_MAX", 0),
    "a wrap-up costs what the contact did": (
        agent.MediumLimit,
        "wrapping",
        property(lambda limit: limit.cost),
    ),
    "who has room is taken for full": (agent.Agent, "has_room", _no),
    "what rings rings on in an emergency": (emergency, "withdraw_offers", _never),
    "the express overlooks what is due": (express, "_nothing_else", _yes),
    "the express forgets that it rested": (express, "rest", _never),
    "the sender of a warm transfer is not freed": (legs, "_hand_over", _never),
    "an agent who looks ahead takes what came first": (match, "best_for", lambda _, first, *__: first),
    "several look ahead one by one": (match, "_assign", _never),
    "nobody is looked at after overflow": (conclude, "_let_overflow", _never),
    "a rule of overflow applies again and again": (leg_writers, "SAME_OPENING", ()),
    "windows have a place more": (callbacks, "places_left", _one),
    "clocks of an agreement never warn": (clocks, "next_mark", _never),
    "bars are never lifted": (state.OF_INTERACTIONS, "bar", _never),
    "graces are never over": (state.OF_INTERACTIONS, "grace", _never),
    "the express loses who was asked for": (express, "_bring", _never),
    "who gets room is not looked at by the express": (index.Index, "refresh", _never),
    "an answer ends nothing that follows up": (conversation, "answered", _never),
    "all clocks are as before what is taken back": (contact_writers, "_clocks_without", lambda held, _: held.clocks),
    "what has gone answers nothing that is taken back": (contact_writers, "_outlived", lambda held, _: held),
    "what is taken back breaks a silence again": (leg_writers, "hush", _never),
    "what follows up knows no limit": (sendings, "room_for_mail_at", lambda draft, *_: (draft.now, "")),
    "an answer for many goes to whom it is not for": (bulk, "against", lambda *_: iter(())),
    "who comes back from an answer for many waits anew": (conversation, "back_in_line", _enqueued_anew),
    "clocks stand still that an answer for many stopped": (
        company_writers,
        "clocks_as_before",
        lambda now, _: now.clocks,
    ),
    "a retry sees but one closing": (overflow, "next_closing", _never),
    "closing comes to nothing": (overflow, "CLOSING", marks.EMERGENCY),
}

KINDS: dict[str, Kind] = {"a retry sees but one closing": RETRIES}
"""Where a fault is looked for, if not in houses of every kind."""


@contextmanager
def planted(name: str) -> Iterator[None]:
    """Let the core have fault `name` meanwhile."""
    where, what, instead = FAULTS[name]
    if isinstance(where, dict):
        before = where[what]
        where[what] = instead
    else:
        before = getattr(where, what)
        setattr(where, what, instead)
    try:
        yield
    finally:
        if isinstance(where, dict):
            where[what] = before
        else:
            setattr(where, what, before)


def found_after(name: str, operations: int, seed: str) -> int | None:
    """Return after how many random commands the sides differ with fault `name`; None if not within `operations`."""
    done = number = 0
    with planted(name):
        while done < operations:
            result = run(f"{seed}/{number}", HOUSE, KINDS.get(name, HOUSES))
            done += len(result.steps)
            number += 1
            if result.found:
                return done
    return None
