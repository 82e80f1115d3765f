"""Who gets what (semantics.md sections 6 and 7): filter, rank, choose. Both directions, and the order between them."""

from agents.agent import Agent
from agents.availability import unavailable_because
from queues.backlog import Place
from queues.interaction import Interaction
from queues.lifecycle import InteractionState
from router import events as e
from router.draft import Draft
from router.evolve import offer_id
from router.legs import end_holds_of
from router.policy import Policy
from router.state import State
from vocabulary.instants import Instant

S = InteractionState
Rank = tuple[bool, bool, float, Instant, str]


def fails_because(agent: Agent, interaction: Interaction, now: Instant) -> str | None:
    """Return the first condition of semantics.md section 6 that `agent` fails for `interaction`, or None.

    Reasons are codes: those of `unavailable_because`, then `not_member`, `delay`, `requirement:<skill>`, `no_room`,
    `held_for:<agent>`, `barred`.
    """
    reason = unavailable_because(agent, interaction.medium, now)
    if reason is not None:
        return reason
    membership = agent.profile.queues.get(interaction.queue)
    if membership is None:
        return "not_member"
    if now < interaction.enqueued_at + membership.delay:
        return "delay"
    for requirement in interaction.in_force:
        if not requirement.met_by(agent.profile.skills):
            return f"requirement:{requirement}"
    if not agent.has_room(interaction.medium):
        return "no_room"
    return _kept_from(agent, interaction, now)


def _kept_from(agent: Agent, interaction: Interaction, now: Instant) -> str | None:
    if interaction.hold_until is not None and now < interaction.hold_until and interaction.preferred_agent != agent.id:
        return f"held_for:{interaction.preferred_agent}"
    barred_until = interaction.barred.get(agent.id)
    return "barred" if barred_until is not None and now < barred_until else None


def rank(agent: Agent, interaction: Interaction, policy: Policy) -> Rank:
    """Return what orders qualifying agents, best first.

    Who declined comes last, the preferred agent first, then the queue's strategy decides; ties go to the lower id.
    """
    queue = policy.queues.get(interaction.queue)
    load = 0.0 if queue is not None and queue.strategy == "longest_idle" else agent.load
    not_preferred = interaction.preferred_agent is not None and interaction.preferred_agent != agent.id
    return (agent.id in interaction.declined_by, not_preferred, load, agent.idle_since, agent.id)


def agent_for(interaction: Interaction, state: State, policy: Policy, now: Instant) -> Agent | None:
    """Return the agent to offer `interaction` to, or None if nobody can take it now."""
    able = (agent for agent in state.takers_of(interaction.queue) if fails_because(agent, interaction, now) is None)
    return min(able, key=lambda agent: rank(agent, interaction, policy), default=None)


def interaction_for(agent: Agent, state: State, now: Instant) -> Interaction | None:
    """Return what `agent` should be offered now, or None.

    It is the lowest (his priority for the queue, class, due_at, number) over all that waits in all his queues. One that
    nobody can serve holds up none behind it.
    """
    best: tuple[int, Place] | None = None
    takes: dict[str, bool] = {}
    queues = agent.profile.queues
    for signature in state.backlog.signatures() if agent.may_take else ():
        queue, medium, requirements = signature
        if queue not in queues:
            continue
        if medium not in takes:
            takes[medium] = agent.has_room(medium) and unavailable_because(agent, medium, now) is None
        if not takes[medium] or not agent.holds_skills(requirements):
            continue
        priority = queues[queue].priority
        for place in state.backlog.waiting(signature):
            if best is not None and (priority, place) > best:
                break
            if fails_because(agent, state.interactions[place[1]], now) is None:
                best = (priority, place)
                break
    return state.interactions[best[1][1]] if best else None


def settle(draft: Draft) -> None:
    """Make every offer that is possible now: whenever something waits and somebody qualifies, an offer exists.

    Agents who can take work choose first: what waits already may come before what has just come (back).
    """
    for id in list(draft.agents):
        _apply_pending_presence(draft, id)
    agents = [agent for id in draft.agents if (agent := draft.agent(id)) is not None]
    for agent in sorted(agents, key=lambda agent: (agent.load, agent.idle_since, agent.id)):
        _fill(draft, agent.id)
    waiting = [found for id in draft.interactions if (found := draft.interaction(id)) is not None]
    for interaction in sorted(waiting, key=lambda interaction: interaction.key):
        _place(draft, interaction.id)


def _fill(draft: Draft, id: str) -> None:
    while (agent := draft.agent(id)) is not None:
        interaction = interaction_for(agent, draft.state, draft.now)
        if interaction is None:
            return
        offer(draft, interaction, _taker(draft, interaction, agent))


def _taker(draft: Draft, interaction: Interaction, agent: Agent) -> Agent:
    """Return `agent`, whose first choice `interaction` is; or, if it has just come, the best whose first choice it is.

    So who transferred it doesn't get it back while somebody else is free.
    """
    if interaction.id not in draft.interactions:
        return agent
    members = draft.state.takers_of(interaction.queue)
    able = [each for each in members if fails_because(each, interaction, draft.now) is None]
    for each in sorted(able, key=lambda each: rank(each, interaction, draft.policy)):
        choice = interaction_for(each, draft.state, draft.now)
        if choice is not None and choice.id == interaction.id:
            return each
    return agent


def _place(draft: Draft, id: str) -> None:
    while (interaction := draft.interaction(id)) is not None and interaction.state is S.WAITING:
        agent = agent_for(interaction, draft.state, draft.policy, draft.now)
        if agent is None:
            return
        if len(draft.interactions) > 1:
            # Several came at once, and another of them may come first for him.
            interaction = interaction_for(agent, draft.state, draft.now) or interaction
            agent = _taker(draft, interaction, agent)
        offer(draft, interaction, agent)


def offer(draft: Draft, interaction: Interaction, agent: Agent) -> None:
    """Offer `interaction` to `agent`; where the queue gives no time to answer, it is his at once."""
    timeout = draft.queue(interaction.queue).offer_timeout(interaction.medium)
    id = offer_id(interaction.id, interaction.offers_made + 1)
    draft.emit(
        e.Offered(
            at=draft.now,
            offer=id,
            interaction=interaction.id,
            agent=agent.id,
            cost=agent.profile.limit(interaction.medium).cost,
            expires_at=draft.now + timeout,
            reasons=_why(interaction, agent),
        )
    )
    if timeout == 0:
        draft.emit(e.OfferAccepted(at=draft.now, offer=id, interaction=interaction.id, agent=agent.id))


def _why(interaction: Interaction, agent: Agent) -> tuple[str, ...]:
    """Return why this agent, as codes: the skills that were asked for, affinity, load."""
    skills = tuple(f"skill:{need.skill}:{agent.profile.skills[need.skill]}" for need in interaction.in_force)
    affinity = ("preferred",) if interaction.preferred_agent == agent.id else ()
    return (*affinity, *skills, f"load:{agent.used}/{agent.profile.capacity}")


def _apply_pending_presence(draft: Draft, id: str) -> None:
    """Let "after this one" take effect if the current work has ended."""
    agent = draft.agent(id)
    if agent is None or agent.after_current is None or agent.holds:
        return
    presence, _, reason = agent.after_current.partition(":")
    draft.emit(
        e.PresenceChanged(at=draft.now, agent=id, presence=presence, reason=reason, by=id)  # type: ignore[arg-type]
    )
    if presence == "offline":
        end_holds_of(draft, id)
