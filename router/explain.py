"""Why (semantics.md section 17): the same reasons that decide, as codes with their terms; `reports.wording` has the words.

Nothing of it is kept while nobody asks: each explanation is worked out of the state as it is.
"""

from collections.abc import Iterator
from copy import copy
from typing import Any

import msgspec

from agents.agent import Agent
from agents.availability import unavailable_because
from queues.interaction import Interaction, Offer
from queues.lifecycle import InteractionState
from queues.policy import QueuePolicy
from router.eligibility import fails_because
from router.expect import expected_wait, position, staffed
from router.policy import Policy
from router.prospects import Prospect, prospects, standing
from router.ranking import rank, rank_terms
from router.reasons import Reason, failing, reason
from router.state import QUEUED, State
from vocabulary.ids import AgentId, InteractionId, OfferId
from vocabulary.instants import Instant
from vocabulary.skills import Requirement

S = InteractionState


def explain_interaction(state: State, policy: Policy, id: InteractionId, now: Instant) -> dict[str, Any] | None:
    """Return where interaction `id` stands and why; None if there is none.

    For each agent who may be concerned, the first condition of semantics.md section 6 that he fails; the steps that
    come by themselves, and how many agents fit then and could take it as they are now. Spans in `reasons` count from
    `now`.
    """
    interaction = state.interactions.get(id)
    if interaction is None:
        return None
    agents = list(_concerned(state, interaction))
    fails = [(agent.id, fails_because(agent, interaction, now)) for agent in agents]
    coming = prospects(state, agents, interaction, now)
    count = standing(agents, interaction, now)
    wait = expected_wait(state, policy, id)
    reasons = [*_state_reasons(state, interaction, now)]
    if interaction.state in QUEUED:
        reasons += _place_reasons(state, policy, interaction, now)
        reasons += _agent_reasons(interaction, fails)
        reasons += _coming_reasons(interaction, coming)
    return {
        "state": str(interaction.state),
        "queue": interaction.queue,
        "key": {"class": interaction.class_, "due_at": interaction.due_at, "number": interaction.number},
        "position": position(state, id, now),
        "expected_wait_ms": wait,
        "staffed": staffed(state, interaction.queue),
        "requirements": [_requirement(interaction, need) for need in interaction.requirements],
        "agents": [{"agent": agent, "fails": code} for agent, code in fails],
        "fitting": count.fitting,
        "able": count.able,
        "steps": msgspec.to_builtins(coming),
        "reasons": msgspec.to_builtins(reasons),
    }


def _concerned(state: State, interaction: Interaction) -> Iterator[Agent]:
    """Iterate over the agents of its queue, those that steps have added, and the one it is kept for."""
    members = state.members.get(interaction.queue, [])
    yield from state.agents_of(interaction.queue)
    lent = set(interaction.groups)
    for id in sorted(state.agents) if lent or interaction.only_agent is not None else ():
        agent = state.agents[id]
        if id not in members and (id == interaction.only_agent or not lent.isdisjoint(agent.profile.groups)):
            yield agent


def _requirement(interaction: Interaction, need: Requirement) -> dict[str, Any]:
    ends = None if need.expires_after is None else interaction.enqueued_at + need.expires_after
    return {"requirement": str(need), "expired": str(need) in interaction.expired, "expires_at": ends}


def _state_reasons(state: State, interaction: Interaction, now: Instant) -> Iterator[Reason]:
    agent, queue = interaction.agent, interaction.queue
    match interaction.state:
        case S.SCHEDULED:
            yield reason("scheduled", in_ms=_ahead(interaction.scheduled_at, now), queue=queue)
        case S.ANSWERED_BY_BOT:
            yield reason("with_bot", in_ms=_ahead(interaction.confirm_until, now))
        case S.WAITING:
            yield reason("waits", queue=queue, for_ms=now - interaction.enqueued_at)
        case S.OFFERED:
            pending = [state.offers[id] for id in interaction.offers]
            ends = min(offer.expires_at for offer in pending)
            yield reason("rings_at", agents=tuple(offer.agent for offer in pending), in_ms=_ahead(ends, now))
        case S.ACTIVE:
            yield reason("handled_by", agent=agent, queue=queue)
        case S.PARKED:
            yield reason("parked_with", agent=agent)
            if interaction.parked_until is not None:
                yield reason("parked_till", in_ms=_ahead(interaction.parked_until, now))
        case S.WRAP_UP:
            yield reason("wraps_up", agent=agent)
        case S.CLOSED | S.ABANDONED as ended:
            yield reason("closed" if ended is S.CLOSED else "abandoned", for_ms=now - (interaction.closed_at or now))


def _ahead(at: Instant | None, now: Instant) -> int:
    return max(0, at - now) if at is not None else 0


def _place_reasons(state: State, policy: Policy, interaction: Interaction, now: Instant) -> Iterator[Reason]:
    """Its place: number in line, when it is due and by what, how long it may take."""
    number = position(state, interaction.id, now)
    if number is not None and interaction.state is S.WAITING:
        yield reason("position", number=number)
    due, terms = interaction.due_at - now, {"target_ms": interaction.target, "priority": interaction.priority}
    yield reason("due_in", in_ms=due, **terms) if due >= 0 else reason("overdue", for_ms=-due, **terms)
    if interaction.class_:
        yield reason("class_before" if interaction.class_ < 0 else "class_after", number=interaction.class_)
    if not staffed(state, interaction.queue):
        yield reason("nobody_staffed", queue=interaction.queue)
    wait = expected_wait(state, policy, interaction.id)
    if wait is not None:
        yield reason("expected_wait", low_ms=wait[0], high_ms=wait[1])
    if interaction.only_agent is not None:
        yield reason("only_for", agent=interaction.only_agent)
    elif interaction.hold_until is not None:
        yield reason("kept_for", agent=interaction.preferred_agent, in_ms=_ahead(interaction.hold_until, now))


def _agent_reasons(interaction: Interaction, fails: list[tuple[AgentId, str | None]]) -> Iterator[Reason]:
    if not fails:
        yield reason("no_members", queue=interaction.queue)
        return
    able = tuple(agent for agent, code in fails if code is None)
    if able:
        yield reason("some_can", count=len(able), agents=able)
    elif interaction.state is S.WAITING:
        yield reason("none_can", count=len(fails), queue=interaction.queue)
    yield from failing((agent, code) for agent, code in fails if code != "offered_already")


def _coming_reasons(interaction: Interaction, coming: list[Prospect]) -> Iterator[Reason]:
    for step in coming:
        yield step.reason
        yield reason("then_fitting", count=step.fitting)
        yield reason("then_able", count=step.able)
    if not coming and interaction.state is S.WAITING:
        yield reason("no_steps")


def explain_offer(state: State, policy: Policy, id: OfferId, now: Instant) -> dict[str, Any] | None:
    """Return who is a candidate for the interaction of offer `id`, in ranked order with the ranking's terms.

    Loads are as if the offer had not been made; all else is as it is now, which is what was decided on while it rings.
    """
    offer = state.offers.get(id)
    if offer is None:
        return None
    interaction = state.interactions[offer.interaction]
    queue = policy.queues.get(interaction.queue) or QueuePolicy(name=interaction.queue)
    agents = [_without(agent, interaction.id) for agent in _concerned(state, interaction)]
    if offer.agent in state.agents and all(agent.id != offer.agent for agent in agents):
        agents.append(_without(state.agents[offer.agent], interaction.id))
    terms = rank_terms(interaction, queue)
    candidates = [
        {
            "agent": agent.id,
            "fails": None if agent.id == offer.agent else fails_because(agent, interaction, now),
            "rank": dict(zip(terms, rank(agent, interaction, queue), strict=True)),
        }
        for agent in sorted(agents, key=lambda agent: rank(agent, interaction, queue))
    ]
    reasons = [_offer_reason(offer, interaction, now), reason("ranked_by", strategy=queue.strategy)]
    reasons += _candidate_reasons(candidates, now)
    return {
        "offer": offer.id,
        "interaction": interaction.id,
        "agent": offer.agent,
        "state": offer.state,
        "strategy": queue.strategy,
        "candidates": candidates,
        "reasons": msgspec.to_builtins(reasons),
    }


def _without(agent: Agent, interaction: InteractionId) -> Agent:
    """Return `agent` as he would be without what he holds of `interaction`."""
    hold = agent.holds.get(interaction)
    if hold is None:
        return agent
    alone = copy(agent)
    alone.holds = {id: each for id, each in agent.holds.items() if id != interaction}
    alone.used = agent.used - hold.cost
    return alone


def _offer_reason(offer: Offer, interaction: Interaction, now: Instant) -> Reason:
    agent, queue = offer.agent, interaction.queue
    match offer.state:
        case "pending":
            return reason("offer_pending", agent=agent, queue=queue, in_ms=_ahead(offer.expires_at, now))
        case "accepted":
            return reason("offer_accepted", agent=agent, queue=queue)
        case "declined":
            return reason("offer_declined", agent=agent, queue=queue)
        case "expired":
            return reason("offer_expired", agent=agent, queue=queue)
        case "withdrawn":
            return reason("offer_withdrawn", agent=agent, queue=queue)


def _candidate_reasons(candidates: list[dict[str, Any]], now: Instant) -> Iterator[Reason]:
    """Those who could take it by rank, then the others with what they fail."""
    able = [candidate for candidate in candidates if candidate["fails"] is None]
    for place, candidate in enumerate(able, 1):
        rank = {name: _since(name, value, now) for name, value in candidate["rank"].items() if name != "id"}
        yield reason("candidate", number=place, agent=candidate["agent"], rank=rank)
    for each in candidates:
        if each["fails"] is not None:
            yield reason("candidate_fails", agent=each["agent"], fails=each["fails"])


def _since(name: str, value: Any, now: Instant) -> Any:
    """Return a term of the ranking with its instant as how long ago it is; None: never."""
    if name in ("idle_since", "offered_at"):
        return now - value if value else None
    return value


def explain_agent(state: State, id: AgentId, now: Instant) -> dict[str, Any] | None:
    """Return why agent `id` gets nothing: for each kind of work that waits, the first condition that he fails."""
    agent = state.agents.get(id)
    if agent is None:
        return None
    lines = list(_lines(state, agent, now))
    media = sorted({line["medium"] for line in lines}) or ["chat"]
    unavailable = {medium: unavailable_because(agent, medium, now) for medium in media}
    return {
        "agent": id,
        "presence": agent.presence,
        "reason": agent.reason,
        "used": agent.used,
        "capacity": agent.profile.capacity,
        "unavailable": unavailable,
        "waiting": lines,
        "reasons": msgspec.to_builtins([*_own_reasons(agent, unavailable), *_line_reasons(agent, lines)]),
    }


def _lines(state: State, agent: Agent, now: Instant) -> Iterator[dict[str, Any]]:
    """Iterate over what waits: alike as one, with how many and the first; what is kept for somebody one by one."""
    for signature in sorted(state.index.signatures()):
        places = state.index.waiting(signature)
        interaction = state.interactions[next(places).id]
        yield _line(agent, interaction, now, 1 + sum(1 for _ in places))
    for interaction in sorted(state.index.aside(), key=lambda each: each.number):
        if interaction.state is S.WAITING:
            yield _line(agent, interaction, now, 1)


def _line(agent: Agent, first: Interaction, now: Instant, count: int) -> dict[str, Any]:
    return {
        "queue": first.queue,
        "medium": first.medium,
        "first": first.id,
        "count": count,
        "fails": fails_because(agent, first, now),
    }


def _own_reasons(agent: Agent, unavailable: dict[str, str | None]) -> Iterator[Reason]:
    codes = set(unavailable.values())
    if codes == {None}:
        yield reason("takes_work")
    elif len(codes) == 1:
        yield reason("takes_nothing", fails=next(iter(unavailable.values())))
    else:
        for medium, code in unavailable.items():
            if code is not None:
                yield reason("takes_no_medium", medium=medium, fails=code)
    yield reason("room", used=agent.used, capacity=agent.profile.capacity)


def _line_reasons(agent: Agent, lines: list[dict[str, Any]]) -> Iterator[Reason]:
    """What waits in his queues, by what keeps it from him; what waits elsewhere as one number."""
    counts: dict[tuple[str, str, str], int] = {}
    elsewhere = 0
    for line in lines:
        if line["fails"] == "not_member" or (line["queue"] not in agent.profile.queues and line["fails"]):
            elsewhere += line["count"]
        elif line["fails"] is not None:
            key = (line["queue"], line["medium"], line["fails"])
            counts[key] = counts.get(key, 0) + line["count"]
    for (queue, medium, code), count in counts.items():
        yield reason("waits_but", count=count, queue=queue, medium=medium, fails=code)
    if elsewhere:
        yield reason("waits_elsewhere", count=elsewhere)
    if not lines:
        yield reason("nothing_waits")


def offer_reasons(state: State, offer: Offer) -> tuple[str, ...]:
    """Return why this agent was asked, as codes: affinity, the skills that were asked for, his load."""
    interaction, agent = state.interactions.get(offer.interaction), state.agents.get(offer.agent)
    if interaction is None or agent is None:
        return ()
    held = agent.holds.get(interaction.id)
    used = agent.used - (held.cost if held is not None else 0)
    skills = tuple(f"skill:{need.skill}:{agent.profile.skills.get(need.skill, 0)}" for need in interaction.in_force)
    preferred = ("preferred",) if interaction.preferred_agent == agent.id else ()
    return (*preferred, *skills, f"load:{used}/{agent.profile.capacity}")
