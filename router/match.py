"""Who gets what (semantics.md section 7): filter, rank, choose. Both directions, and the order between them."""

from operator import attrgetter

from agents.agent import Agent
from queues.interaction import PLAIN, Interaction, offer_id
from queues.policy import QueuePolicy
from router import events as e
from router.draft import Draft
from router.eligibility import fails_because, reserved_for
from router.index import Desk
from router.legs import end_holds_of, give, leave_rooms, wait_no_longer
from router.optimal import TOGETHER, best_for, looks_ahead, together
from router.policy import Policy
from router.ranking import BY_POOL, QUICKEST, Rank, handling_ms, ordering_of, rank, score, unwanted
from router.state import State
from vocabulary.instants import Instant


def agent_for(interaction: Interaction, state: State, queue: QueuePolicy, now: Instant) -> Agent | None:
    """Return the agent to offer `interaction` to, or None if nobody can take it now."""
    index = state.index
    if interaction.seldom is not PLAIN:
        only = reserved_for(interaction)
        if only is not None:
            agent = state.agents.get(only)
            return agent if agent is not None and fails_because(agent, interaction, now) is None else None
        if interaction.barred or interaction.declined_by or interaction.preferred_agent:
            return _best_of_all(interaction, state, queue, now)
    if interaction.offers:
        return _best_of_all(interaction, state, queue, now)
    free = index.free(interaction)
    if not free:
        return None
    if queue.strategy in BY_POOL and (interaction.seldom is PLAIN or not interaction.preferences):
        return index.first_free(interaction, free, ordering_of(queue, interaction.medium))
    desks = index.desks
    best: Rank | None = None
    found: Agent | None = None
    while free:
        lowest = free & -free
        free ^= lowest
        desk = desks[lowest.bit_length() - 1]
        terms, agent = _best_at(desk, interaction, queue)
        if best is None or terms < best:
            best, found = terms, agent
    return found


def _best_at(desk: Desk, interaction: Interaction, queue: QueuePolicy) -> tuple[Rank, Agent]:
    """Return who comes first at one desk, with what ranks him against those of other desks."""
    pool = desk.pool
    wishes = unwanted(interaction, pool.skills, pool.groups) if interaction.preferences else ()
    if queue.strategy in QUICKEST:
        agent = min(desk.agents.values(), key=lambda each: (handling_ms(each, interaction), each.idle_since, each.id))
        return (*wishes, handling_ms(agent, interaction), agent.idle_since, agent.id), agent
    entry = desk.first(ordering_of(queue, interaction.medium))
    if queue.strategy == "best_skill":
        entry = (-score(interaction, pool.skills), *entry)
    return (*wishes, *entry) if wishes else entry, desk.agents[entry[-1]]


def _best_of_all(interaction: Interaction, state: State, queue: QueuePolicy, now: Instant) -> Agent | None:
    """Look at each agent with room: where one is barred, preferred or last, he doesn't rank by his pool."""
    able = [agent for agent in state.index.free_agents(interaction) if fails_because(agent, interaction, now) is None]
    return min(able, key=lambda agent: rank(agent, interaction, queue), default=None)


def interaction_for(agent: Agent, state: State, policy: Policy, now: Instant) -> Interaction | None:
    """Return what `agent` should be offered now, or None; see `Index.first_for` and `router.optimal`."""
    first = state.index.first_for(agent, now)
    return best_for(agent, first, state, policy) if first is not None and looks_ahead(policy, first.queue) else first


def settle(draft: Draft) -> None:
    """Make every offer that is possible now: whenever something waits and somebody qualifies, an offer exists.

    Agents who can take work choose first: what waits already may come before what has just come (back).
    """
    if draft.agents:
        _let_choose(draft)
    if draft.interactions:
        interactions = draft.state.interactions
        waiting = [interactions[id] for id in draft.interactions if id in interactions]
        if len(waiting) > 1:
            waiting.sort(key=_TURN)
            if all(looks_ahead(draft.policy, each.queue) for each in waiting):
                _choose_among(draft, waiting)
        for interaction in waiting:
            _place(draft, interaction)
        # What is given without asking may free who had it: a sender, say.
        if draft.agents:
            settle(draft)


_TURN = attrgetter("turn")


def _choose_among(draft: Draft, waiting: list[Interaction]) -> None:
    """Let those choose, together, who could take any of what has come (back) at once: a burst is solved as a whole."""
    state = draft.state
    for interaction in waiting:
        wanted = state.index.wanted(interaction)
        if wanted is None:
            continue
        only = reserved_for(wanted)
        able = [only] if only is not None else [agent.id for agent in state.index.free_agents(wanted)]
        draft.agents.update(dict.fromkeys(able))
    _let_choose(draft)


def _let_choose(draft: Draft) -> None:
    """Let everybody take what he can who may take work, and whom that frees in turn."""
    agents = draft.state.agents
    while draft.agents:
        for id in list(draft.agents):
            if id in agents and agents[id].after_current is not None:
                _apply_pending_presence(draft, id)
        if len(draft.agents) == 1:
            id, _ = draft.agents.popitem()
            if id in agents:
                _fill(draft, id)
            continue
        turn = _in_turn(draft)
        draft.agents.clear()
        if len(turn) > 1 and any(queue.strategy == "optimal" for queue in draft.policy.queues.values()):
            _assign(draft, turn)
        for id in turn:
            _fill(draft, id)


def _in_turn(draft: Draft) -> list[str]:
    """Return the agents who may take work, who chooses first first."""
    agents = [agent for id in draft.agents if (agent := draft.agent(id)) is not None]
    return [agent.id for agent in sorted(agents, key=lambda agent: (agent.load, agent.idle_since, agent.id))]


def _assign(draft: Draft, turn: list[str]) -> None:
    """Where several choose at once, let each of them have what is best for all."""
    agents = [draft.state.agents[id] for id in turn]
    for start in range(0, len(agents), TOGETHER):
        batch = agents[start : start + TOGETHER]
        for agent, interaction in together(batch, draft.state, draft.policy, draft.now):
            offer(draft, interaction, agent)


def _fill(draft: Draft, id: str) -> None:
    state = draft.state
    agent = state.agents[id]
    while (interaction := interaction_for(agent, state, draft.policy, draft.now)) is not None:
        offer(draft, interaction, _taker(draft, interaction, agent))


def _taker(draft: Draft, interaction: Interaction, agent: Agent) -> Agent:
    """Return `agent`, whose first choice `interaction` is; or, if it has just come, the best whose first choice it is.

    So who transferred it doesn't get it back while somebody else is free.
    """
    if not draft.interactions or interaction.id not in draft.interactions:
        return agent
    state, now, queue = draft.state, draft.now, draft.queue(interaction.queue)
    if reserved_for(interaction) is not None:
        return agent
    able = [each for each in state.index.free_agents(interaction) if fails_because(each, interaction, now) is None]
    for each in sorted(able, key=lambda each: rank(each, interaction, queue)):
        if interaction_for(each, state, draft.policy, now) is interaction:
            return each
    return agent


def _place(draft: Draft, interaction: Interaction) -> None:
    state = draft.state
    while (wanted := state.index.wanted(interaction)) is not None:
        agent = agent_for(wanted, state, draft.queue(wanted.queue), draft.now)
        if agent is None:
            return
        chosen = wanted
        if len(draft.interactions) > 1:
            # Several came at once, and another of them may come first for him.
            chosen = interaction_for(agent, state, draft.policy, draft.now) or wanted
            agent = _taker(draft, chosen, agent)
        offer(draft, chosen, agent)


def offer(draft: Draft, interaction: Interaction, agent: Agent) -> None:
    """Offer `interaction` to `agent`; where the queue gives no time to answer, it is his at once."""
    offered = ring(interaction, agent, draft.queue(interaction.queue), draft.now)
    draft.emit(offered)
    if offered.expires_at == draft.now:
        give(draft, offered.offer)


def ring(interaction: Interaction, agent: Agent, queue: QueuePolicy, now: Instant) -> e.Offered:
    """Return the event that `interaction`, of `queue`, rings at `agent`."""
    id, medium = interaction.id, interaction.medium
    return e.Offered(
        at=now,
        offer=offer_id(id, interaction.offers_made + 1),
        interaction=id,
        agent=agent.id,
        cost=agent.profile.limit(medium).cost,
        expires_at=now + queue.offer_timeout(medium),
    )


def _apply_pending_presence(draft: Draft, id: str) -> None:
    """Let "after this one" take effect if the current work has ended."""
    agent = draft.state.agents[id]
    if agent.after_current is None or agent.works:
        return
    presence, _, reason = agent.after_current.partition(":")
    draft.emit(
        e.PresenceChanged(at=draft.now, agent=id, presence=presence, reason=reason, by=id)  # type: ignore[arg-type]
    )
    if presence == "offline":
        end_holds_of(draft, id)
        wait_no_longer(draft, id, "agent_offline")
        leave_rooms(draft, id, "agent_offline")
