"""What owners and supervisors do with work: end, wrap up, hand over, set aside, move, close, call back."""

from agents.availability import is_there
from queues.lifecycle import OPEN, QUEUED, InteractionState
from queues.order import due_at
from queues.policy import UNDO
from router import events as e
from router.admission import bad_priority
from router.callbacks import give_up, try_again
from router.commands import (
    CallAttempted,
    Close,
    End,
    ExtendWrapUp,
    Move,
    Park,
    Reprioritise,
    Resume,
    WrapUp,
)
from router.decision import Refusal
from router.draft import Draft, owned, refuse, unknown
from router.legs import close, end, enqueue, look_at_overflow, set_aside, withdraw_offers, wrap_up_done
from router.relax import follow_steps
from router.sendings import answered
from router.standing import target_for
from vocabulary.media import CALLBACK

S = InteractionState
FORCED = "This queue's wrap-up can't end before its time."


def end_contact(draft: Draft, command: End) -> Refusal | None:
    """End an active contact; a parked one closes."""
    found = owned(draft, command.interaction, command.agent, S.ACTIVE, S.PARKED)
    if isinstance(found, Refusal):
        return found
    if found.state is S.PARKED:
        close(draft, found, "ended", command.agent)
    else:
        end(draft, found, "agent", wrap_up=command.wrap_up)
    return None


def wrap_up(draft: Draft, command: WrapUp) -> Refusal | None:
    """Finish the wrap-up with a disposition, where the queue asks for one."""
    found = owned(draft, command.interaction, command.agent, S.WRAP_UP)
    if isinstance(found, Refusal):
        return found
    policy = draft.queue(found.queue)
    if policy.wrap_up == "timed_forced":
        return refuse("conflict", "wrap_up_forced", FORCED)
    if command.disposition is None and policy.disposition_required:
        return refuse("invalid", "disposition_required", f"Choose one of: {', '.join(policy.dispositions)}.")
    if command.disposition is not None and policy.dispositions and command.disposition not in policy.dispositions:
        detail = f"{command.disposition!r} is none of: {', '.join(policy.dispositions)}."
        return refuse("invalid", "unknown_disposition", detail)
    wrap_up_done(draft, found, command.disposition)
    return None


def extend_wrap_up(draft: Draft, command: ExtendWrapUp) -> Refusal | None:
    """Give the owner more time, from now or from the timer's end, whichever is later; at most N times."""
    found = owned(draft, command.interaction, command.agent, S.WRAP_UP)
    if isinstance(found, Refusal):
        return found
    policy = draft.queue(found.queue)
    if found.wrap_up_until is None:
        return refuse("conflict", "wrap_up_untimed", "This wrap-up has no timer.")
    if found.wrap_up_extensions >= policy.wrap_up_extensions_max:
        return refuse("conflict", "no_more_extensions", f"At most {policy.wrap_up_extensions_max} extensions.")
    until = max(found.wrap_up_until, draft.now) + policy.wrap_up_extension
    draft.emit(e.WrapUpExtended(at=draft.now, interaction=found.id, agent=command.agent, wrap_up_until=until))
    return None


def move(draft: Draft, command: Move) -> Refusal | None:
    """Put what waits into another queue."""
    interaction = draft.interaction(command.interaction)
    if interaction is None:
        return unknown("interaction", command.interaction)
    if command.queue not in draft.policy.queues:
        return refuse("invalid", "unknown_queue", f"There is no queue {command.queue!r}.")
    if interaction.state not in (S.WAITING, S.OFFERED):
        return refuse("conflict", "not_waiting", f"Interaction {interaction.id} is {interaction.state}.")
    withdraw_offers(draft, interaction, "moved")
    draft.emit(
        e.Moved(
            at=draft.now,
            interaction=interaction.id,
            queue=command.queue,
            by=command.by,
            audit=command.audit,
            undo_until=draft.now + UNDO,
        )
    )
    enqueue(draft, draft.state.interactions[interaction.id], "moved", queue=command.queue)
    return None


def reprioritise(draft: Draft, command: Reprioritise) -> Refusal | None:
    """Change its place in the queue; applies to the next decision."""
    interaction = draft.interaction(command.interaction)
    if interaction is None:
        return unknown("interaction", command.interaction)
    refusal = bad_priority(command.priority)
    if refusal is not None:
        return refusal
    if interaction.state not in OPEN:
        return refuse("conflict", "not_open", f"Interaction {interaction.id} is {interaction.state}.")
    policy = draft.queue(interaction.queue)
    target = target_for(draft.policy, policy, interaction.segments)
    draft.emit(
        e.Reprioritised(
            at=draft.now,
            interaction=interaction.id,
            priority=command.priority,
            class_=interaction.class_ if command.class_ is None else command.class_,
            due_at=due_at(interaction.arrived_at, target, command.priority, policy.credit),
            by=command.by,
            audit=command.audit,
            undo_until=draft.now + UNDO,
        )
    )
    if policy.steps and interaction.state in QUEUED:
        # A step that could raise it no further may do so again.
        follow_steps(draft, interaction)
    # So may a rule of overflow.
    look_at_overflow(draft, interaction)
    return None


def park(draft: Draft, command: Park) -> Refusal | None:
    """Set it aside; the agent is free for other work."""
    found = owned(draft, command.interaction, command.agent, S.ACTIVE)
    if isinstance(found, Refusal):
        return found
    set_aside(draft, found, "agent", command.until)
    return None


def resume(draft: Draft, command: Resume) -> Refusal | None:
    """Take it up again, if there is room."""
    found = owned(draft, command.interaction, command.agent, S.PARKED)
    if isinstance(found, Refusal):
        return found
    agent = draft.state.agents[command.agent]
    if not is_there(agent):
        return refuse("conflict", "not_there", f"Agent {agent.id} is {agent.presence}, or cut off.")
    if not agent.has_room(found.medium, found.id):
        return refuse("conflict", "no_room", f"Agent {agent.id} uses {agent.used} of {agent.profile.capacity} units.")
    cost = agent.profile.limit(found.medium).cost
    draft.emit(e.Resumed(at=draft.now, interaction=found.id, agent=agent.id, cost=cost, cause="resumed"))
    draft.look_at_agent(agent.id)
    return None


def force_close(draft: Draft, command: Close) -> Refusal | None:
    """End it by order, whatever its state; closing what is closed changes nothing."""
    interaction = draft.interaction(command.interaction)
    if interaction is None:
        return unknown("interaction", command.interaction)
    if interaction.state not in OPEN:
        return None
    withdraw_offers(draft, interaction, "closed")
    if interaction.state is S.WRAP_UP:
        wrap_up_done(draft, interaction, command.reason)
    else:
        undo_until = draft.now + UNDO
        close(draft, interaction, command.reason, command.by, audit=command.audit, undo_until=undo_until)
    return None


def call_attempted(draft: Draft, command: CallAttempted) -> Refusal | None:
    """Write down what came of a call, at its end or in the wrap-up. Not reached: another try later, up to so many."""
    found = owned(draft, command.interaction, command.agent, S.ACTIVE, S.WRAP_UP)
    if isinstance(found, Refusal):
        return found
    if found.medium != CALLBACK:
        return refuse("invalid", "not_a_callback", f"Interaction {found.id} is no callback but {found.medium}.")
    if found.state is S.WRAP_UP and draft.queue(found.queue).wrap_up == "timed_forced":
        return refuse("conflict", "wrap_up_forced", FORCED)
    attempt = found.attempts + 1
    draft.emit(
        e.CallTried(at=draft.now, interaction=found.id, agent=command.agent, outcome=command.outcome, attempt=attempt)
    )
    if command.outcome == "reached":
        answered(draft, found.customer)
    if command.outcome == "wrong_number":
        give_up(draft, found, "wrong_number")
    elif command.outcome != "reached":
        try_again(draft, found, attempt)
    return None
