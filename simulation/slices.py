"""A day in twenty slices: what its event log says of queues and agents in each.

Definitions are those of semantics.md section 19.
"""

from collections.abc import Iterable, Mapping

import msgspec

from queues.policy import QueuePolicy
from router import events as e
from router.state import State
from vocabulary.ids import AgentId, InteractionId, QueueName
from vocabulary.instants import Instant, Span

SLICES = 20


class Legs(msgspec.Struct):
    """What became of the legs of one queue and slice. Waits are ms, of answered legs and of all that ended."""

    offered: int = 0
    answered: int = 0
    within: int = 0
    abandoned: int = 0
    short_abandoned: int = 0
    flow_out: int = 0
    answered_wait: Span = 0
    wait: Span = 0

    def add(self, other: "Legs") -> None:
        """Let this be about the legs of `other` too."""
        for name in self.__struct_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


class Load(msgspec.Struct):
    """ms of one agent in one slice: there to work, and at work."""

    there: Span = 0
    busy: Span = 0

    def add(self, other: "Load") -> None:
        """Let this be about the time of `other` too."""
        self.there += other.there
        self.busy += other.busy


class Slice(msgspec.Struct):
    """A twentieth of the day, by queue and by agent."""

    queues: dict[QueueName, Legs] = {}
    agents: dict[AgentId, Load] = {}


class Desk(msgspec.Struct):
    """An agent as the log goes on. `since`: when he was last looked at. `work`: contacts and wrap-ups."""

    there: bool = False
    connected: bool = False
    presence: str = "offline"
    work: int = 0
    since: Instant = 0


def desks_of(state: State, now: Instant) -> dict[AgentId, Desk]:
    """Return the agents as they are in `state`: with them a log begins."""
    found = {}
    for agent in state.agents.values():
        work = sum(hold.kind in ("active", "wrap_up") for hold in agent.holds.values())
        desk = Desk(connected=agent.connected, presence=agent.presence, work=work, since=now)
        desk.there = _is_there(desk)
        found[agent.id] = desk
    return found


def _is_there(desk: Desk) -> bool:
    return desk.connected and desk.presence in ("available", "busy")


def sliced(
    events: Iterable[e.AnyEvent],
    desks: Mapping[AgentId, Desk],
    queues: Mapping[QueueName, QueuePolicy],
    since: Instant,
    until: Instant,
) -> list[Slice]:
    """Return the day from `since` to `until` in slices. `queues` say what is within the target."""
    log = _Log({id: msgspec.structs.replace(desk) for id, desk in desks.items()}, queues, since, until)
    for event in events:
        log.read(event)
    log.close()
    return log.slices


class _Log:
    def __init__(
        self, desks: dict[AgentId, Desk], queues: Mapping[QueueName, QueuePolicy], since: Instant, until: Instant
    ) -> None:
        self.slices = [Slice() for _ in range(SLICES)]
        self._desks = desks
        self._queues = queues
        self._since, self._until = since, max(until, since + 1)
        self._open: dict[InteractionId, tuple[QueueName, Instant]] = {}
        self._owners: dict[InteractionId, AgentId] = {}
        self._closed: dict[InteractionId, AgentId | None] = {}

    def read(self, event: e.AnyEvent) -> None:
        match event:
            case e.Enqueued():
                self._release(event.interaction, event.at)
                self._begin(event.interaction, event.queue, event.at if event.since is None else event.since, event.at)
            case e.OfferAccepted():
                self._answered(event)
            case e.Abandoned():
                self._abandoned(event)
            case e.Undone():
                self._undone(event)
            case e.WarmTransferAccepted():
                self._begin(event.interaction, event.queue, event.at, event.at)
                self._hold(event.interaction, event.agent, event.at)
            case e.Resumed() | e.TakenOver() | e.OutboundStarted():
                self._hold(event.interaction, event.agent, event.at)
            case e.WrappedUp() | e.Parked() | e.OwnerLost() | e.Transferred():
                self._release(event.interaction, event.at)
            case e.Closed():
                self._leave_queue(event.interaction, event.at)
                self._closed[event.interaction] = self._owners.get(event.interaction)
                self._release(event.interaction, event.at)
            case e.Scheduled() | e.AnsweredByBot() | e.AnswerAsked():
                self._leave_queue(event.interaction, event.at)
                self._release(event.interaction, event.at)
            case e.AgentConnected() | e.AgentDisconnected() | e.PresenceChanged() | e.AgentRemoved():
                self._presence(event)
            case _:
                pass

    def close(self) -> None:
        """Count the time until the end; who still waits has waited until then."""
        for desk_of in list(self._desks):
            self._settle(desk_of, self._until)
        for queue, at in self._open.values():
            self._legs(queue, at).wait += self._until - at

    def _slice(self, at: Instant) -> Slice:
        place = (at - self._since) * SLICES // (self._until - self._since)
        return self.slices[min(max(place, 0), SLICES - 1)]

    def _legs(self, queue: QueueName, at: Instant) -> Legs:
        return self._slice(at).queues.setdefault(queue, Legs())

    def _answered(self, event: e.OfferAccepted) -> None:
        leg = self._open.pop(event.interaction, None)
        if leg is not None:
            legs, wait = self._legs(*leg), event.at - leg[1]
            policy = self._queues.get(leg[0]) or QueuePolicy(name=leg[0])
            legs.answered += 1
            legs.within += wait <= policy.target
            legs.answered_wait += wait
            legs.wait += wait
        self._hold(event.interaction, event.agent, event.at)

    def _abandoned(self, event: e.Abandoned) -> None:
        leg = self._open.pop(event.interaction, None)
        if leg is not None:
            legs, wait = self._legs(*leg), event.at - leg[1]
            policy = self._queues.get(leg[0]) or QueuePolicy(name=leg[0])
            short = wait < policy.short
            legs.short_abandoned += short
            legs.abandoned += not short
            legs.wait += wait

    def _begin(self, id: InteractionId, queue: QueueName, since: Instant, at: Instant) -> None:
        """Let a leg begin that has waited since `since`; the one before, if it is open, flowed out `at`."""
        self._leave_queue(id, at)
        self._open[id] = (queue, since)
        self._legs(queue, since).offered += 1

    def _undone(self, event: e.Undone) -> None:
        """Let it wait again since it did, or be with who had it."""
        if event.kind != "priority" and event.state == "waiting":
            self._begin(event.interaction, event.queue, event.enqueued_at, event.at)
        owner = self._closed.get(event.interaction)
        if event.kind == "close" and event.state == "active" and owner is not None:
            self._hold(event.interaction, owner, event.at)

    def _leave_queue(self, id: InteractionId, at: Instant) -> None:
        leg = self._open.pop(id, None)
        if leg is not None:
            legs = self._legs(*leg)
            legs.flow_out += 1
            legs.wait += at - leg[1]

    # -- agents

    def _hold(self, id: InteractionId, agent: AgentId, at: Instant) -> None:
        if self._owners.get(id) == agent:
            return
        self._release(id, at)
        self._owners[id] = agent
        self._settle(agent, at).work += 1

    def _release(self, id: InteractionId, at: Instant) -> None:
        agent = self._owners.pop(id, None)
        if agent is not None:
            self._settle(agent, at).work -= 1

    def _presence(self, event: e.AgentConnected | e.AgentDisconnected | e.PresenceChanged | e.AgentRemoved) -> None:
        desk = self._settle(event.agent, event.at)
        match event:
            case e.AgentConnected():
                desk.connected = True
            case e.PresenceChanged():
                desk.presence = desk.presence if event.after_current else event.presence
            case e.AgentDisconnected() | e.AgentRemoved():
                desk.connected = False
        desk.there = _is_there(desk)

    def _settle(self, agent: AgentId, now: Instant) -> Desk:
        """Count the agent's time up to now, slice by slice. Who is at work is there, whatever he declares."""
        desk = self._desks.setdefault(agent, Desk(since=now))
        while desk.since < now:
            place = (desk.since - self._since) * SLICES // (self._until - self._since)
            ends = self._since - (-(place + 1) * (self._until - self._since) // SLICES)
            upto = min(now, ends) if place < SLICES - 1 else now
            load = self._slice(desk.since).agents.setdefault(agent, Load())
            load.there += (upto - desk.since) * (desk.there or desk.work > 0)
            load.busy += (upto - desk.since) * (desk.work > 0)
            desk.since = upto
        return desk
