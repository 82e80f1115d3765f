"""The state as a value: for checkpoints, and to compare two states."""

from copy import copy

import msgspec
from msgspec import UNSET

from agents.agent import Agent
from queues.interaction import Interaction, Offer
from router.evolve import restore_agent, restore_interaction, restore_offer
from router.state import State
from vocabulary.instants import Instant, Span


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """All of a state that can't be derived from the rest of it, in a fixed order."""

    v: int = 1
    admitted: int
    agents: tuple[Agent, ...]
    interactions: tuple[Interaction, ...]
    offers: tuple[Offer, ...]
    auto_replies: dict[str, tuple[Instant, ...]]
    handling: dict[str, tuple[Span, ...]]
    tripped: dict[str, Instant] = {}
    typical: dict[str, tuple[int, Span]] = {}


def checkpoint(state: State) -> Checkpoint:
    """Return `state` as a value, valid until the next event; equal states give equal values."""
    return Checkpoint(
        admitted=state.admitted,
        agents=tuple(state.agents[id] for id in sorted(state.agents)),
        interactions=tuple(map(_stored, sorted(state.interactions.values(), key=lambda each: each.number))),
        offers=tuple(state.offers[id] for id in sorted(state.offers)),
        auto_replies={key: state.auto_replies[key] for key in sorted(state.auto_replies)},
        handling={key: state.handling[key] for key in sorted(state.handling)},
        tripped={key: state.tripped[key] for key in sorted(state.tripped)},
        typical={key: state.typical[key] for key in sorted(state.typical)},
    )


def _stored(interaction: Interaction) -> Interaction:
    """Return what is stored of `interaction`: its place in the backlog follows from the rest."""
    if interaction.place is UNSET:
        return interaction
    stored = copy(interaction)
    stored.place = UNSET
    return stored


def restored(saved: Checkpoint) -> State:
    """Return the state that `saved` was made of: backlog, deadlines and members are derived again."""
    state = State()
    state.admitted = saved.admitted
    for agent in saved.agents:
        restore_agent(state, agent)
    for offer in saved.offers:
        restore_offer(state, offer)
    for interaction in saved.interactions:
        restore_interaction(state, interaction)
    for key, instants in saved.auto_replies.items():
        state.auto_replies[key] = instants
    for key, spans in saved.handling.items():
        state.handling[key] = spans
    state.tripped.update(saved.tripped)
    state.typical.update(saved.typical)
    return state


def encode(state: State) -> bytes:
    """Return the checkpoint of `state` as canonical JSON."""
    return msgspec.json.encode(checkpoint(state), order="deterministic")


def decode(body: bytes) -> State:
    """Return the state that `encode` was given.

    Raises:
        msgspec.ValidationError: `body` is of another version of Centrala; replay the journal instead.
    """
    return restored(msgspec.json.decode(body, type=Checkpoint))
