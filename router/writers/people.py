"""Writers of agents: who they are, whether they are there."""

from bisect import bisect_left, insort

from agents.agent import Agent, Membership
from agents.availability import is_staffing
from queues.consult import sought
from queues.lifecycle import QUEUED, InteractionState
from router import events as e
from router.state import State, schedule
from router.writers.change import Writers, changing, changing_agent, enter, rest
from vocabulary.ids import AgentId

S = InteractionState


def staff(state: State, agent: Agent, by: int) -> None:
    """Count `agent` as staffed where he is a member, or no longer."""
    for queue in agent.profile.queues:
        enter(state, state.staffing, queue, state.staffing.get(queue, 0) + by)
        if not state.staffing[queue]:
            state.emptied[queue] = None


def _agent_defined(state: State, event: e.AgentDefined) -> None:
    old = state.agents.get(event.agent)
    if old is not None and is_staffing(old):
        staff(state, old, -1)
    if old is None:
        if state.undo is not None:
            state.undo.agents[event.agent] = None
        agent = state.agents[event.agent] = Agent(event.agent, event.profile, since=event.at, idle_since=event.at)
        before: dict[str, Membership] = {}
    else:
        agent = changing_agent(state, event.agent)
        before, agent.profile = agent.profile.queues, event.profile
    state.index.put_agent(agent)
    index_members(state, agent.id, before, agent.profile.queues)
    if is_staffing(agent):
        staff(state, agent, 1)


def _agent_removed(state: State, event: e.AgentRemoved) -> None:
    agent = changing_agent(state, event.agent)
    if is_staffing(agent):
        staff(state, agent, -1)
    state.index.take_agent(event.agent)
    del state.agents[event.agent]
    index_members(state, event.agent, agent.profile.queues, {})


def index_members(state: State, id: AgentId, before: dict[str, Membership], after: dict[str, Membership]) -> None:
    """Let agent `id` be a member of the queues `after` instead of those `before`."""
    for queue in sorted({*before, *after}):
        old, new = before.get(queue), after.get(queue)
        if old == new:
            continue
        members = list(state.members.get(queue, ()))
        if old is None:
            insort(members, id)
        elif new is None:
            del members[bisect_left(members, id)]
        enter(state, state.members, queue, members)
        if (old is not None and old.delay) or (new is not None and new.delay):
            _rethink_delays(state, queue)


def _rethink_delays(state: State, queue: str) -> None:
    delays = {state.agents[member].profile.queues[queue].delay for member in state.members[queue]}
    fresh = tuple(sorted(delay for delay in delays if delay))
    if fresh == state.delays.get(queue, ()):
        return
    enter(state, state.delays, queue, fresh)
    for interaction in state.interactions.values():
        if queue == sought(interaction).queue and (interaction.state in QUEUED or interaction.consult is not None):
            schedule(state, interaction)


def _presence_changed(state: State, event: e.PresenceChanged) -> None:
    agent = changing_agent(state, event.agent)
    if event.media_off is not None:
        agent.media_off = frozenset(event.media_off)
    if event.after_current:
        agent.after_current = f"{event.presence}:{event.reason}"
        return
    agent.after_current = None
    agent.reason = event.reason
    if event.presence != agent.presence:
        before = is_staffing(agent)
        _declare(agent, event)
        if before != is_staffing(agent):
            staff(state, agent, -1 if before else 1)
    if agent.connected and agent.presence != "offline":
        _owner_is_back(state, agent)


def _declare(agent: Agent, event: e.PresenceChanged) -> None:
    agent.presence = event.presence
    agent.since = event.at
    if event.presence == "available":
        rest(agent, event.at)
        agent.misses = 0
        agent.cooling_until = None
    if event.presence in ("disconnected", "offline"):
        agent.grace_until = None


def _agent_connected(state: State, event: e.AgentConnected) -> None:
    agent = changing_agent(state, event.agent)
    before = is_staffing(agent)
    agent.connected = True
    if is_staffing(agent) and not before:
        staff(state, agent, 1)
    agent.grace_until = None
    if agent.presence != "offline":
        _owner_is_back(state, agent)


def _owner_is_back(state: State, agent: Agent) -> None:
    for id in agent.holds:
        held = state.interactions[id]
        if held.owner_gone_until is not None and held.agent == agent.id:
            changing(state, id).owner_gone_until = None


def _agent_disconnected(state: State, event: e.AgentDisconnected) -> None:
    agent = changing_agent(state, event.agent)
    if is_staffing(agent):
        staff(state, agent, -1)
    agent.connected = False
    agent.grace_until = event.grace_until
    if event.grace_until is not None:
        state.deadlines.put(event.grace_until, "absence", agent.id)


def _cool_down_ended(state: State, event: e.CoolDownEnded) -> None:
    changing_agent(state, event.agent).cooling_until = None


WRITERS: Writers = {
    e.AgentDefined: _agent_defined,
    e.AgentRemoved: _agent_removed,
    e.PresenceChanged: _presence_changed,
    e.AgentConnected: _agent_connected,
    e.AgentDisconnected: _agent_disconnected,
    e.CoolDownEnded: _cool_down_ended,
}
