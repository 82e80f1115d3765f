"""The state as a value: for checkpoints, and to compare two states."""

from copy import copy
from typing import Literal

import msgspec

from agents.agent import Agent
from queues.bulk import Automation, Avalanche
from queues.demand import Demand
from queues.interaction import NO_LINE, Interaction, Offer
from queues.measured import Measured
from queues.overflow import Change, Do
from router.evolve import restore_agent, restore_interaction, restore_offer
from router.state import State, schedule_automations, schedule_queues
from vocabulary.instants import Instant, Span


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """All of a state that can't be derived from the rest of it, in a fixed order.

    `v`: the version of its form; one of another version is not read, the journal is.
    """

    v: Literal[2] = 2
    admitted: int
    agents: tuple[Agent, ...]
    interactions: tuple[Interaction, ...]
    offers: tuple[Offer, ...]
    auto_replies: dict[str, tuple[Instant, ...]]
    replies_by_hour: dict[int, int] = {}
    replies_stopped: dict[str, Instant] = {}
    measured: dict[str, Measured]
    tripped: dict[str, Instant] = {}
    hours: dict[str, Change] = {}
    emergencies: dict[str, Do] = {}
    avalanches: dict[str, Avalanche] = {}
    automations: dict[str, Automation] = {}
    demand: dict[str, Demand] = {}
    estimates: dict[str, tuple[Span, Span]] = {}
    typical: dict[str, tuple[int, Span]] = {}


def checkpoint(state: State) -> Checkpoint:
    """Return `state` as a value, valid until the next event; equal states give equal values."""
    return Checkpoint(
        admitted=state.admitted,
        agents=tuple(state.agents[id] for id in sorted(state.agents)),
        interactions=tuple(map(_stored, sorted(state.interactions.values(), key=lambda each: each.number))),
        offers=tuple(state.offers[id] for id in sorted(state.offers)),
        auto_replies={key: state.auto_replies[key] for key in sorted(state.auto_replies)},
        replies_by_hour={key: state.replies_by_hour[key] for key in sorted(state.replies_by_hour)},
        replies_stopped=dict(state.replies_stopped),
        measured={key: state.measured[key] for key in sorted(state.measured)},
        tripped={key: state.tripped[key] for key in sorted(state.tripped)},
        hours={key: state.hours[key] for key in sorted(state.hours)},
        emergencies={key: state.emergencies[key] for key in sorted(state.emergencies)},
        avalanches={key: state.avalanches[key] for key in sorted(state.avalanches)},
        automations={key: state.automations[key] for key in sorted(state.automations)},
        demand={key: state.demand[key] for key in sorted(state.demand)},
        estimates={key: state.estimates[key] for key in sorted(state.estimates)},
        typical={key: state.typical[key] for key in sorted(state.typical)},
    )


def _stored(interaction: Interaction) -> Interaction:
    """Return what is stored of `interaction`: its place in the backlog follows from the rest."""
    if interaction.line == NO_LINE:
        return interaction
    stored = copy(interaction)
    stored.line = NO_LINE
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
    state.replies_by_hour.update(saved.replies_by_hour)
    state.replies_stopped.update(saved.replies_stopped)
    state.measured.update(saved.measured)
    state.tripped.update(saved.tripped)
    state.hours.update(saved.hours)
    state.emergencies.update(saved.emergencies)
    schedule_queues(state)
    state.avalanches.update(saved.avalanches)
    state.automations.update(saved.automations)
    schedule_automations(state)
    state.demand.update(saved.demand)
    state.estimates.update(saved.estimates)
    state.typical.update(saved.typical)
    return state


def encode(state: State) -> bytes:
    """Return the checkpoint of `state` as canonical JSON."""
    plain = msgspec.to_builtins(checkpoint(state), str_keys=True, order="deterministic")
    return msgspec.json.encode(plain)


def decode(body: bytes) -> State:
    """Return the state that `encode` was given.

    Raises:
        msgspec.ValidationError: `body` is of another version of Centrala; replay the journal instead.
    """
    return restored(msgspec.json.decode(body, type=Checkpoint))
