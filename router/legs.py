"""Legs: how an interaction gets into a queue, and how it gets out of somebody's hands."""

from collections.abc import Callable

from agents.availability import is_there
from queues.interaction import PLAIN, Interaction, Offer
from queues.lifecycle import InteractionState
from queues.order import due_at
from queues.policy import BARRED, QueuePolicy
from router import events as e
from router.draft import Draft
from router.opening import is_retry, next_closing
from router.relax import first_step_at
from router.standing import target_for
from vocabulary.ids import AgentId, OfferId, QueueName
from vocabulary.instants import Instant, Span
from vocabulary.skills import Requirement


def enqueue(
    draft: Draft,
    interaction: Interaction,
    cause: str,
    *,
    queue: QueueName | None = None,
    arrived_at: Instant | None = None,
    preferred_agent: AgentId | None = None,
    requirements: tuple[Requirement, ...] | None = None,
    last: tuple[AgentId, ...] = (),
    only_agent: AgentId | None = None,
    since: Instant | None = None,
) -> None:
    """Begin a leg. `arrived_at` stays what it was unless given; a hold runs if the preferred agent is not offline.

    `since`: from when its wait counts, if not from now.
    """
    now, id = draft.now, interaction.id
    policy = draft.queue(queue or interaction.queue)
    arrived = interaction.arrived_at if arrived_at is None else arrived_at
    target = target_for(draft.policy, policy, interaction.segments)
    owner = interaction.agent
    anew = requirements is not None or cause == "moved" or policy.name != interaction.queue
    draft.emit(
        e.Enqueued(
            at=now,
            interaction=id,
            queue=policy.name,
            leg=interaction.leg + 1,
            arrived_at=arrived,
            due_at=due_at(arrived, target, interaction.priority, policy.credit),
            credit=policy.credit,
            target=target,
            pace=target if policy.order == "wait_over_target" else 0,
            parallel=policy.parallel,
            only_agent=only_agent,
            cause=cause,
            preferred_agent=preferred_agent,
            hold_until=_hold_until(draft, preferred_agent, policy, interaction.medium) if preferred_agent else None,
            requirements=requirements,
            last=last,
            step_at=first_step_at(
                interaction, policy, now if since is None else since, anew=anew, requirements=requirements
            )
            if policy.steps
            else None,
            steps_anew=anew,
            overflow_after=_looked_at_after(draft, interaction, policy),
            counted=draft.policy.guarded and cause != "owner_lost" and since is None,
            since=since,
        )
    )
    draft.interactions[id] = None
    look_at_overflow(draft, interaction)
    if owner is not None:
        draft.look_at_agent(owner)


def back_in_line(draft: Draft, interaction: Interaction) -> None:
    """Give what was answered in bulk to a person, at its old place: it waits since it began to."""
    preferred = still_there(draft, interaction.preferred_agent)
    enqueue(draft, interaction, "not_satisfied", preferred_agent=preferred, since=interaction.enqueued_at)


def _looked_at_after(draft: Draft, interaction: Interaction, policy: QueuePolicy) -> tuple[Span, ...] | None:
    """Return the waits after which its queue may do something else with it; None if it never does."""
    waits = policy.overflow_waits if policy.may_overflow else None
    if not is_retry(interaction):
        return waits
    closes = next_closing(draft.policy, policy, draft.now)
    return waits if closes is None else tuple(sorted({*(waits or ()), closes - draft.now}))


def look_at_overflow(draft: Draft, interaction: Interaction) -> None:
    """Let its queue do what it could not, or not yet, before `interaction` was changed."""
    if interaction.overflow is not None or draft.state.emergencies:
        draft.may_overflow(interaction.id)


def _hold_until(draft: Draft, preferred: AgentId | None, policy: QueuePolicy, medium: str) -> Instant | None:
    """Return until when the preferred agent has it to himself; nothing waits for one who doesn't serve the queue."""
    agent = draft.agent(preferred) if preferred is not None else None
    if agent is None or agent.presence == "offline" or policy.name not in agent.profile.queues:
        return None
    return draft.now + policy.hold_of(medium)


def still_there(draft: Draft, agent: AgentId | None) -> AgentId | None:
    """Return `agent` if his account still exists."""
    return agent if agent is not None and draft.agent(agent) is not None else None


def give(draft: Draft, id: OfferId) -> None:
    """Let the agent who has offer `id` own its interaction: the others lose the race, who hands it over is free."""
    offer = draft.state.offers[id]
    interaction = draft.state.interactions[offer.interaction]
    if len(interaction.offers) > 1:
        for other in interaction.offers:
            if other != id:
                withdraw(draft, other, "lost_race")
    if interaction.seldom is not PLAIN:
        _hand_over(draft, interaction, offer)
    draft.emit(e.OfferAccepted(at=draft.now, offer=id, interaction=interaction.id, agent=offer.agent))


def _hand_over(draft: Draft, interaction: Interaction, offer: Offer) -> None:
    """End the warm transfer that `offer` was made for, if there is one."""
    consult, sender = interaction.consult, interaction.agent
    if consult is not None and sender is not None:
        draft.emit(
            e.WarmTransferAccepted(
                at=draft.now,
                interaction=interaction.id,
                agent=offer.agent,
                sender=sender,
                queue=consult.queue,
                leg=interaction.leg + 1,
                steps_anew=consult.queue != interaction.queue or consult.requirements != interaction.requirements,
            )
        )
        draft.look_at_agent(sender)


def end_consult(draft: Draft, interaction: Interaction, reason: str) -> None:
    """Let the warm transfer of `interaction` be over: it stays with its owner, who is told why."""
    if interaction.consult is None:
        return
    assert interaction.agent is not None
    withdraw_offers(draft, interaction, "transfer_over")
    draft.emit(
        e.WarmTransferEnded(
            at=draft.now,
            interaction=interaction.id,
            agent=interaction.agent,
            queue=interaction.consult.queue,
            reason=reason,
        )
    )


def refused_by(draft: Draft, interaction: Interaction, agent: AgentId, reason: str) -> None:
    """End the warm transfer of `interaction` to `agent` alone: he doesn't take it."""
    consult = interaction.consult
    if consult is not None and consult.only_agent == agent:
        end_consult(draft, interaction, reason)


def part_company(draft: Draft, interaction: Interaction, cause: str) -> None:
    """End what others have to do with `interaction`, which its owner is about to give up: warm transfer and room."""
    end_consult(draft, interaction, cause)
    for agent in sorted(interaction.participants):
        leave(draft, interaction, agent, cause)


def leave(draft: Draft, interaction: Interaction, agent: AgentId, cause: str) -> None:
    """Let `agent` be in the room of `interaction` no longer."""
    mode = interaction.participants[agent]
    draft.emit(e.RoomLeft(at=draft.now, interaction=interaction.id, agent=agent, mode=mode, cause=cause))
    draft.look_at_agent(agent)


def leave_rooms(draft: Draft, agent: AgentId, cause: str) -> None:
    """Let `agent` be in no room."""
    joined = [id for id, hold in draft.state.agents[agent].holds.items() if hold.kind == "room"]
    for id in joined:
        leave(draft, draft.state.interactions[id], agent, cause)


def lift_only(draft: Draft, interaction: Interaction, agent: AgentId, reason: str) -> None:
    """Let `interaction` wait for anybody of its queue, if it was for `agent` alone."""
    if interaction.only_agent == agent:
        draft.emit(e.OnlyAgentLifted(at=draft.now, interaction=interaction.id, agent=agent, reason=reason))
        draft.look_at(interaction.id)


def wait_no_longer(draft: Draft, agent: AgentId, reason: str, *, unless: Callable[[str], bool] | None = None) -> None:
    """Let nothing wait for `agent` alone: what was handed over to him is anybody's, or stays with who hands it over.

    Media of which `unless` says so are left out.
    """
    kept = draft.state.index.personal.get(agent, {}).values()
    for interaction in sorted((draft.state.interactions[each.id] for each in kept), key=lambda each: each.number):
        if unless is not None and unless(interaction.medium):
            continue
        lift_only(draft, interaction, agent, reason)
        refused_by(draft, interaction, agent, reason)


def withdraw_offers(draft: Draft, interaction: Interaction, reason: str) -> None:
    """Take back every pending offer of `interaction`."""
    for id in tuple(interaction.offers):
        withdraw(draft, id, reason)


def withdraw(draft: Draft, id: str, reason: str) -> None:
    """Take back one pending offer; the agent is not offered the same again for a while."""
    offer = draft.state.offers[id]
    draft.emit(
        e.OfferWithdrawn(
            at=draft.now,
            offer=id,
            interaction=offer.interaction,
            agent=offer.agent,
            reason=reason,
            barred_until=draft.now + BARRED,
        )
    )
    draft.look_at_agent(offer.agent)
    draft.look_at(offer.interaction)
    if draft.state.interactions[offer.interaction].overflow is not None:
        draft.may_overflow(offer.interaction)


def end_hold_of(draft: Draft, interaction: Interaction | None, agent: AgentId) -> None:
    """End the hold of `interaction` if it is for `agent`: he missed, declined or left."""
    if interaction is not None and interaction.hold_until is not None and interaction.preferred_agent == agent:
        draft.emit(e.HoldEnded(at=draft.now, interaction=interaction.id))
        draft.look_at(interaction.id)


def end_holds_of(draft: Draft, agent: AgentId) -> None:
    """End every hold for `agent`: he went offline, or is no more."""
    kept = draft.state.index.personal.get(agent, {}).values()
    ringing = draft.state.agents[agent].holds if agent in draft.state.agents else {}
    held = [*(draft.state.interactions[each.id] for each in kept), *(draft.state.interactions[id] for id in ringing)]
    for interaction in sorted(held, key=lambda each: each.number):
        end_hold_of(draft, interaction, agent)


def close(
    draft: Draft,
    interaction: Interaction,
    reason: str,
    by: str,
    *,
    audit: str | None = None,
    undo_until: Instant | None = None,
) -> None:
    """End `interaction` without a wrap-up; it can be undone before `undo_until`."""
    part_company(draft, interaction, "closed")
    draft.emit(
        e.Closed(
            at=draft.now,
            interaction=interaction.id,
            reason=reason,
            by=by,
            reopen_until=draft.reopen_until(interaction),
            audit=audit,
            undo_until=undo_until,
        )
    )
    if interaction.agent is not None:
        draft.look_at_agent(interaction.agent)


def end(draft: Draft, interaction: Interaction, by: str, *, wrap_up: bool = False) -> None:
    """End the contact of an active interaction: wrap-up as its queue's mode says."""
    state, now, id, owner = draft.state, draft.now, interaction.id, interaction.agent
    assert owner is not None
    if interaction.seldom is not PLAIN:
        part_company(draft, interaction, "ended")
    policy = draft.queue(interaction.queue)
    mode = policy.wrap_up
    timed = mode in TIMED or (mode == "optional" and wrap_up)
    agent = state.agents[owner]
    limit, held = agent.profile.limit(interaction.medium), agent.holds[id].cost
    cost = limit.cost if limit.wrap_up_cost is None else limit.wrapping
    draft.emit(
        e.Ended(
            at=now,
            interaction=id,
            agent=owner,
            by=by,
            cost=cost,
            wrap_up_until=now + policy.wrap_up_after if timed else None,
        )
    )
    if cost < held:
        draft.look_at_agent(owner)
    if mode == "none" or (mode == "optional" and not wrap_up):
        wrap_up_done(draft, interaction, None)
    else:
        wait_for_owner(draft, interaction)


TIMED = ("timed", "timed_forced")
"""Modes of wrap-up that end by a timer."""


def wrap_up_done(draft: Draft, interaction: Interaction, disposition: str | None) -> None:
    """End the wrap-up: the interaction is closed and its agent free."""
    owner = interaction.agent
    assert owner is not None
    draft.emit(
        e.WrappedUp(
            at=draft.now,
            interaction=interaction.id,
            agent=owner,
            disposition=disposition,
            reopen_until=draft.reopen_until(interaction),
        )
    )
    draft.agents[owner] = None


def lose_owner(draft: Draft, interaction: Interaction, cause: str) -> None:
    """Take an interaction from its owner and queue it again: at its old place, or as if back from parking."""
    assert interaction.agent is not None
    part_company(draft, interaction, "owner_lost")
    owner = interaction.agent
    parked = interaction.state is InteractionState.PARKED
    arrived = interaction.unanswered_at or draft.now if parked else interaction.arrived_at
    draft.emit(e.OwnerLost(at=draft.now, interaction=interaction.id, agent=owner, cause=cause))
    enqueue(draft, interaction, "owner_lost", arrived_at=arrived, last=(owner,))


def wait_for_owner(draft: Draft, interaction: Interaction) -> None:
    """Let `interaction` wait for its owner if he is away, as long as its queue says; a wrap-up's own timer runs on."""
    agent = draft.agent(interaction.agent or "")
    assert agent is not None, f"nobody owns {interaction.id}"
    if is_there(agent) or interaction.owner_gone_until is not None or interaction.wrap_up_until is not None:
        return
    policy = draft.queue(interaction.queue)
    wraps_up = interaction.state is InteractionState.WRAP_UP
    span = policy.disconnect_grace if wraps_up else policy.grace_of(interaction.medium)
    draft.emit(e.OwnerAway(at=draft.now, interaction=interaction.id, agent=agent.id, until=draft.now + span))


def set_aside(draft: Draft, interaction: Interaction, cause: str, until: Instant | None = None) -> None:
    """Park an active interaction: its agent is free for other work."""
    part_company(draft, interaction, "parked")
    agent = draft.state.agents[interaction.agent or ""]
    cost = agent.profile.limit(interaction.medium).parked_cost
    after = draft.queue(interaction.queue).parked_close_after.get(interaction.medium)
    draft.emit(
        e.Parked(
            at=draft.now,
            interaction=interaction.id,
            agent=agent.id,
            cause=cause,
            cost=cost,
            until=until,
            # What is to come back by itself doesn't close by itself.
            close_at=None if after is None or until is not None else draft.now + after,
        )
    )
    draft.look_at_agent(agent.id)
