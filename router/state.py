"""The state that events build. Only `evolve` writes it."""

from __future__ import annotations

from operator import attrgetter, methodcaller
from typing import TYPE_CHECKING, Any

from queues.consult import sought
from queues.deadlines import Deadlines, Due
from queues.interaction import NO_LINE, PLAIN
from queues.lifecycle import HELD, QUEUED, InteractionState
from queues.oldest import Oldest
from router.index import Index

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from agents.agent import Agent
    from queues.bulk import Automation, Avalanche
    from queues.demand import Demand
    from queues.interaction import Interaction, Offer
    from queues.measured import Measured
    from queues.overflow import Change, Do
    from vocabulary.ids import AgentId, CustomerId, InteractionId, OfferId, QueueName
    from vocabulary.instants import Instant, Span

S = InteractionState
REPLIES_KEPT = 1_000
"""Instants of automatic replies to one address: as many as configuration may allow."""
HOURS_KEPT = 7 * 24
"""Hours for which the automatic replies of all are counted."""
IN_BULK = "in_bulk"
"""What an answer in bulk is called among the automatic replies that a customer has had: none comes twice."""
ALL_REPLIES = "all"
"""The key of the stop of all automatic replies."""


class State:
    """What is, at one place of the event log.

    `members`: a queue's agents, ids ascending. `delays`: their distinct delays above 0, ascending.
    `auto_replies`: instants of automatic replies by the hash of an address or a domain. `replies_by_hour`: how many
    went out, by hour since the epoch. `replies_stopped`: since when none goes out, at `ALL_REPLIES`.
    `measured`: what queues have shown lately.
    `typical`: count and sum of all handling times by label, ms.
    `estimates`: the expected wait that was last recorded in a queue, 10th to 90th percentile, ms.
    `demand`: what arrives of each kind of work and how long it takes, where a queue's steps ask for it.
    `staffing`: how many members of a queue are connected and available or busy. `booked`: places taken of a queue's
    callback windows, by their start. `hours`: what a queue's opening hours say, where something depends on it.
    `avalanches`: labels of which far more comes than usual, by `queues/bulk.key_of`. `automations`: what is answered by
    itself meanwhile, by label.
    `emergencies`: queues whose emergency switch is on, with what is done. `emptied`: queues whose last member went in
    the decision that is being made.
    `promised`: the interactions that have a service-level agreement. `expecting`: customers to whom something will be
    sent, with the interactions in which.
    `lanes`: what `router/express.py` has worked out of the policy.
    `tripped`: until when a queue's breaker keeps quiet. `admitted`: how many interactions were ever admitted.
    `undo`: what `decide` has changed and will put back; None while changes are to stay.
    """

    __slots__ = (
        "admitted",
        "agents",
        "auto_replies",
        "automations",
        "avalanches",
        "booked",
        "deadlines",
        "delays",
        "emergencies",
        "emptied",
        "expecting",
        "demand",
        "estimates",
        "measured",
        "hours",
        "index",
        "interactions",
        "lanes",
        "members",
        "offers",
        "oldest",
        "staffing",
        "promised",
        "replies_by_hour",
        "replies_stopped",
        "tripped",
        "typical",
        "undo",
    )

    def __init__(self) -> None:
        self.interactions: dict[InteractionId, Interaction] = {}
        self.offers: dict[OfferId, Offer] = {}
        self.agents: dict[AgentId, Agent] = {}
        self.members: dict[QueueName, list[AgentId]] = {}
        self.delays: dict[QueueName, tuple[Span, ...]] = {}
        self.auto_replies: dict[str, tuple[Instant, ...]] = {}
        self.replies_by_hour: dict[int, int] = {}
        self.replies_stopped: dict[str, Instant] = {}
        self.measured: dict[QueueName, Measured] = {}
        self.tripped: dict[QueueName, Instant] = {}
        self.promised: dict[InteractionId, None] = {}
        self.expecting: dict[CustomerId, tuple[InteractionId, ...]] = {}
        self.demand: dict[str, Demand] = {}
        self.estimates: dict[QueueName, tuple[Span, Span]] = {}
        self.oldest = Oldest(self._waits_since)
        self.typical: dict[str, tuple[int, Span]] = {}
        self.staffing: dict[QueueName, int] = {}
        self.booked: dict[tuple[QueueName, Instant], int] = {}
        self.hours: dict[QueueName, Change] = {}
        self.emergencies: dict[QueueName, Do] = {}
        self.avalanches: dict[str, Avalanche] = {}
        self.automations: dict[str, Automation] = {}
        self.emptied: dict[QueueName, None] = {}
        self.index = Index()
        self.deadlines = Deadlines(self.stands)
        self.admitted = 0
        self.lanes: Any = None
        self.undo: Undo | None = None

    def agents_of(self, queue: QueueName) -> Iterator[Agent]:
        """Iterate over the members of `queue`, lower ids first."""
        return (self.agents[agent] for agent in self.members.get(queue, ()))

    def waiting_in(self, queue: QueueName) -> int:
        """Return how many interactions wait in `queue`, offers not counted."""
        index = self.index
        aside = sum(1 for each in index.aside() if each.queue == queue and each.state is S.WAITING)
        return sum(map(len, index.lines_of(queue))) + aside

    def _waits_since(self, queue: QueueName, entry: tuple[Instant, InteractionId]) -> bool:
        at, id = entry
        found = self.interactions.get(id)
        return found is not None and found.state in QUEUED and (found.queue, found.enqueued_at) == (queue, at)

    def stands(self, due: Due) -> bool:
        """Tell whether something is still due as it was entered."""
        at, kind, id = due
        if kind == "forget":
            ended = self.interactions.get(id)
            return ended is not None and ended.over is not None and ended.over[1] == at and not ended.sendings
        if kind == "offer":
            offer = self.offers.get(id)
            return offer is not None and offer.state == "pending" and offer.expires_at == at
        if kind in OF_AGENTS:
            agent = self.agents.get(id)
            return agent is not None and OF_AGENTS[kind](agent) == at
        if kind == "hours":
            return id in self.hours and self.hours[id].until == at
        if kind == "automation":
            return id in self.automations and self.automations[id].until == at
        interaction = self.interactions.get(id)
        return interaction is not None and OF_INTERACTIONS[kind](self, interaction) == at


def _next_expiry(state: State, interaction: Interaction) -> Instant | None:
    if interaction.consult is not None:
        interaction = sought(interaction)
    elif interaction.state not in QUEUED:
        return None
    spans = (requirement.expires_after for requirement in interaction.in_force)
    return min((interaction.enqueued_at + span for span in spans if span is not None), default=None)


def _next_delay(state: State, interaction: Interaction) -> Instant | None:
    if interaction.consult is not None:
        interaction = sought(interaction)
    elif interaction.state not in QUEUED:
        return None
    delays = state.delays.get(interaction.queue, ())
    later = (delay for delay in delays if delay > interaction.waited_seen)
    return next((interaction.enqueued_at + delay for delay in later), None)


def _step(state: State, interaction: Interaction) -> Instant | None:
    return interaction.step_at if interaction.state in QUEUED else None


def _next_bar(state: State, interaction: Interaction) -> Instant | None:
    looks = interaction.state in QUEUED or interaction.consult is not None
    return min(interaction.barred.values(), default=None) if looks else None


def _next_overflow(state: State, interaction: Interaction) -> Instant | None:
    marks = interaction.overflow
    if marks is None or interaction.state not in QUEUED:
        return None
    return next((interaction.enqueued_at + span for span in marks.after if span > marks.seen), None)


def _hold(state: State, interaction: Interaction) -> Instant | None:
    return interaction.hold_until if interaction.state in QUEUED else None


def _consult(state: State, interaction: Interaction) -> Instant | None:
    consult = interaction.consult
    return consult.until if consult is not None and not interaction.offers else None


def _customer(state: State, interaction: Interaction) -> Instant | None:
    there = interaction.state in QUEUED or interaction.state is S.ACTIVE
    return interaction.customer_leaves_at if there else None


def _grace(state: State, interaction: Interaction) -> Instant | None:
    return interaction.owner_gone_until if interaction.state in HELD else None


def _wrap_up(state: State, interaction: Interaction) -> Instant | None:
    return interaction.wrap_up_until if interaction.state is S.WRAP_UP else None


def _due(state: State, interaction: Interaction) -> Instant | None:
    if interaction.state is S.SCHEDULED:
        return interaction.scheduled_at
    return interaction.parked_until if interaction.state is S.PARKED else None


def _confirm(state: State, interaction: Interaction) -> Instant | None:
    return interaction.confirm_until if interaction.state is S.ANSWERED_BY_BOT else None


def _forget(state: State, interaction: Interaction) -> Instant | None:
    return interaction.reopen_until if not interaction.sendings else None


ENDED = frozenset({S.CLOSED, S.ABANDONED})


def _silent(state: State, interaction: Interaction) -> Instant | None:
    return interaction.silent_at if interaction.state is S.ACTIVE else None


def _parked_close(state: State, interaction: Interaction) -> Instant | None:
    return interaction.parked_close_at if interaction.state is S.PARKED else None


def _sla(state: State, interaction: Interaction) -> Instant | None:
    if not interaction.clocks or interaction.state in ENDED:
        return None
    marks = [clock.next_at for clock in interaction.clocks.values() if clock.next_at is not None]
    return min(marks, default=None)


def _sending(state: State, interaction: Interaction) -> Instant | None:
    return min((sending.due_at for sending in interaction.sendings), default=None)


OF_AGENTS: dict[str, Callable[[Agent], Instant | None]] = {
    "cool_down": lambda agent: agent.cooling_until,
    "absence": lambda agent: agent.grace_until,
}
OF_INTERACTIONS: dict[str, Callable[[State, Interaction], Instant | None]] = {
    "requirement": _next_expiry,
    "delay": _next_delay,
    "step": _step,
    "bar": _next_bar,
    "hold": _hold,
    "overflow": _next_overflow,
    "consult": _consult,
    "customer": _customer,
    "grace": _grace,
    "wrap_up": _wrap_up,
    "due": _due,
    "confirm": _confirm,
    "silent": _silent,
    "parked_close": _parked_close,
    "sla": _sla,
    "sending": _sending,
    "forget": _forget,
}
"""When time alone changes an agent or an interaction, by kind of deadline; None where it doesn't."""

_NEVER_QUEUED = frozenset({"grace", "wrap_up", "due", "confirm", "silent", "parked_close"})
_ALL = tuple(OF_INTERACTIONS)
_OF_QUEUED = tuple(kind for kind in OF_INTERACTIONS if kind not in _NEVER_QUEUED)
_OF_UNMARKED = ("requirement", "delay", "forget")
_marks_of = attrgetter(
    "consult", "step_at", "barred", "hold_until", "overflow", "customer_leaves_at", "clocks", "sendings"
)
_NO_MARKS = _marks_of(PLAIN)
"""What the other kinds of something that waits look at, where there is nothing to see."""


def kinds_of(interaction: Interaction) -> tuple[str, ...]:
    """Return the kinds of deadlines that `interaction` can have as it is; it has none of the others.

    Most of what there is waits and has little: a start goes through all of it.
    """
    if interaction.state not in QUEUED:
        return _ALL
    return _OF_UNMARKED if _marks_of(interaction.seldom) == _NO_MARKS else _OF_QUEUED


def schedule(state: State, interaction: Interaction) -> None:
    """Enter every deadline of `interaction`."""
    for kind in kinds_of(interaction):
        at = OF_INTERACTIONS[kind](state, interaction)
        if at is not None:
            state.deadlines.put(at, kind, interaction.id)  # type: ignore[arg-type]


def schedule_agent(state: State, agent: Agent) -> None:
    """Enter every deadline of `agent`."""
    for kind, at_of in OF_AGENTS.items():
        at = at_of(agent)
        if at is not None:
            state.deadlines.put(at, kind, agent.id)  # type: ignore[arg-type]


def schedule_queues(state: State) -> None:
    """Enter when the hours of each queue change."""
    for queue, change in state.hours.items():
        if change.until is not None:
            state.deadlines.put(change.until, "hours", queue)


def schedule_automations(state: State) -> None:
    """Enter when nothing about a label is answered by itself any more."""
    for label, automation in state.automations.items():
        state.deadlines.put(automation.until, "automation", label)


def next_deadline(state: State) -> Instant | None:
    """Return when time alone changes something, or None if it doesn't. `Tick` then."""
    due = state.deadlines.first()
    return due[0] if due else None


ABSENT: Any = object()

copy = methodcaller("__copy__")
"""A shallow copy; of values that have such a method, several times as fast as `copy.copy`."""

Kept = tuple[Any, Any] | None
"""A value that changes, and a copy of what it was; None: there was none."""


class Undo:
    """What was before, so that a decision can be taken back: the first value of everything that changed since.

    Writers enter what they are about to change, or to bring or take away: `interactions`, `agents` and `offers` by id,
    what queues had shown (None: nothing), `entries` as (table, key, value before).
    """

    __slots__ = ("_state", "admitted", "agents", "entries", "interactions", "measured", "offers")

    def __init__(self, state: State) -> None:
        self._state = state
        self.admitted = state.admitted
        self.interactions: dict[InteractionId, Kept] = {}
        self.agents: dict[AgentId, Kept] = {}
        self.offers: dict[OfferId, Kept] = {}
        self.entries: list[tuple[dict[Any, Any], Any, Any]] = []
        self.measured: dict[QueueName, Measured | None] = {}

    def back(self) -> None:
        """Put everything back as it was."""
        state = self._state
        state.admitted = self.admitted
        for queue, known in self.measured.items():
            if known is None:
                del state.measured[queue]
            else:
                state.measured[queue] = known
        for table, key, value in reversed(self.entries):
            if value is ABSENT:
                table.pop(key, None)
            else:
                table[key] = value
        _put_back(self.offers, state.offers)
        for id, kept in self.agents.items():
            if id in state.agents and kept is None:
                state.index.take_agent(id)
        _put_back(self.agents, state.agents)
        for id in self.interactions:
            if id in state.interactions:
                state.index.take(state.interactions[id])
        _put_back(self.interactions, state.interactions)
        self._derive()
        if any(table is state.hours for table, _, _ in self.entries):
            schedule_queues(state)
        if any(table is state.automations for table, _, _ in self.entries):
            schedule_automations(state)

    def _derive(self) -> None:
        """Let what follows from the values follow again."""
        state = self._state
        for agent in (kept[0] for kept in self.agents.values() if kept is not None):
            state.index.put_agent(agent)
            schedule_agent(state, agent)
        for offer in (kept[0] for kept in self.offers.values() if kept is not None):
            if offer.state == "pending":
                state.deadlines.put(offer.expires_at, "offer", offer.id)
        for interaction in (kept[0] for kept in self.interactions.values() if kept is not None):
            interaction.line = NO_LINE
            state.index.put(interaction)
            schedule(state, interaction)
            if state.oldest:
                state.oldest.put(interaction.queue, (interaction.enqueued_at, interaction.id))


def _put_back(kept: dict[Any, Kept], table: dict[Any, Any]) -> None:
    """Restore the values themselves, since others hold them."""
    for id, pair in kept.items():
        if pair is None:
            table.pop(id, None)
            continue
        value, before = pair
        for field in value.__struct_fields__:
            setattr(value, field, getattr(before, field))
        table[id] = value
