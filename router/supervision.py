"""What supervisors do with single interactions, and agents who pull: assign, take back, mark as spam (section 15)."""

from agents.agent import Agent
from agents.availability import is_staffing
from queues.interaction import Interaction, Undoable, offer_id
from queues.lifecycle import OPEN, QUEUED, InteractionState
from router import events as e
from router.bulk import stop_automation
from router.callbacks import SLOT, places_left
from router.commands import Assign, Close, MarkSpam, UndoAct, UndoInBulk
from router.decision import Refusal
from router.draft import Draft, refuse, unknown
from router.eligibility import not_for, reserved_for
from router.legs import end_hold_of, give, lift_only, look_at_overflow, withdraw, withdraw_offers
from router.relax import follow_steps
from router.replies import tell
from router.rooms import no_room
from router.sendings import stop
from router.transfers import GONE
from router.work import force_close
from vocabulary.instants import rfc3339

S = InteractionState
SPAM = "spam"


def assign(draft: Draft, command: Assign) -> Refusal | None:
    """Let what waits or rings be an agent's at once.

    Who pulls must be there, serve the queue and hold the skills, and it must not be kept for another. Whom a supervisor
    chooses must be available or busy and take the medium; the rest is the supervisor's to know. Both need room, unless
    a supervisor says that it doesn't matter.
    """
    interaction, agent = draft.interaction(command.interaction), draft.agent(command.agent)
    if interaction is None:
        return unknown("interaction", command.interaction)
    if agent is None:
        return unknown("agent", command.agent)
    if interaction.state is S.ACTIVE and interaction.agent == agent.id:
        return None
    if interaction.state not in QUEUED:
        return refuse("conflict", "not_waiting", f"Interaction {interaction.id} is {interaction.state}.")
    rings = next((id for id in interaction.offers if draft.state.offers[id].agent == agent.id), None)
    refusal = _may_not_have(draft, interaction, agent, command, rings=rings is not None)
    if refusal is not None:
        return refusal
    _assign(draft, interaction, agent, command, rings)
    return None


def _may_not_have(
    draft: Draft, interaction: Interaction, agent: Agent, command: Assign, *, rings: bool
) -> Refusal | None:
    if command.by == agent.id:
        if not agent.connected or agent.presence not in ("available", "busy", "away"):
            return refuse("conflict", "not_there", f"Agent {agent.id} is {agent.presence}, or cut off.")
        reason = None if rings else _not_his(interaction, agent)
        if reason is not None:
            return refuse("conflict", reason, f"Interaction {interaction.id} is not for agent {agent.id} ({reason}).")
    elif not is_staffing(agent):
        return refuse("conflict", "target_not_available", f"Agent {agent.id} is {agent.presence}, or cut off.")
    elif interaction.medium in agent.media_off:
        return refuse("conflict", "medium_off", f"Agent {agent.id} takes no {interaction.medium} now.")
    return None if rings or command.beyond_capacity else no_room(agent, interaction)


def _not_his(interaction: Interaction, agent: Agent) -> str | None:
    only = reserved_for(interaction)
    if only is not None and only != agent.id:
        return f"held_for:{only}"
    return None if interaction.only_agent == agent.id else not_for(agent, interaction)


def _assign(draft: Draft, interaction: Interaction, agent: Agent, command: Assign, rings: str | None) -> None:
    """What rings at him already, he accepts; else it is offered to him and accepted in one go."""
    draft.emit(e.Assigned(at=draft.now, interaction=interaction.id, agent=agent.id, by=command.by))
    for id in interaction.offers:
        if id != rings:
            withdraw(draft, id, "assigned")
    if rings is None:
        rings = offer_id(interaction.id, interaction.offers_made + 1)
        draft.emit(
            e.Offered(
                at=draft.now,
                offer=rings,
                interaction=interaction.id,
                agent=agent.id,
                cost=agent.profile.limit(interaction.medium).cost,
                expires_at=draft.now,
                flagged=not agent.has_room(interaction.medium),
            )
        )
    give(draft, rings)


def undo_act(draft: Draft, command: UndoAct) -> Refusal | None:
    """Take back the latest move, change of priority, forced close or answer in bulk, if nothing has come of it."""
    interaction = draft.interaction(command.interaction)
    if interaction is None:
        return unknown("interaction", command.interaction)
    return take_back(draft, interaction, command.by)


def take_back(draft: Draft, interaction: Interaction, by: str) -> Refusal | None:
    """Let `interaction` be as it was before what was done to it last."""
    undo = interaction.undo
    if undo is None:
        return refuse("conflict", "nothing_to_undo", f"Nothing was done to interaction {interaction.id} lately.")
    if draft.now >= undo.until:
        return refuse("conflict", "undo_over", "The time in which it can be taken back is over.")
    reason = _came_of_it(interaction, undo)
    if reason is None and undo.kind == "close":
        reason = _owner_fails(draft, undo) or _place_is_taken(draft, undo)
    if reason is not None:
        return refuse("conflict", *reason)
    _undo(draft, interaction, undo, by)
    return None


def undo_in_bulk(draft: Draft, command: UndoInBulk) -> Refusal | None:
    """Let all who still rest with the answer wait again as they did; whoever came back or is done stays so."""
    for id in dict.fromkeys(command.interactions):
        interaction = draft.interaction(id)
        rests = interaction is not None and interaction.bulk == command.bulk
        if interaction is not None and rests and interaction.undo is not None and interaction.undo.kind == "answer":
            take_back(draft, interaction, command.by)
    for label, automation in sorted(draft.state.automations.items()):
        if automation.bulk.id == command.bulk:
            stop_automation(draft, label, "undone", command.by)
    return None


def _came_of_it(interaction: Interaction, undo: Undoable) -> tuple[str, str] | None:
    """Return why it is too late, as a code and a sentence."""
    before, state = undo.before, interaction.state
    if undo.kind == "close":
        same = state is S.CLOSED
    elif undo.kind == "answer":
        same = state is S.ANSWERED_BY_BOT
    elif undo.kind == "move":
        same = state in QUEUED and interaction.leg == before.leg + 1
    else:
        same = state in OPEN and (state in QUEUED) == (before.state in QUEUED)
    if same:
        return None
    if state is S.ACTIVE and before.state in QUEUED:
        return "accepted_meanwhile", f"Agent {interaction.agent} has accepted it meanwhile."
    return "changed_meanwhile", f"Interaction {interaction.id} is {state} meanwhile."


def _owner_fails(draft: Draft, undo: Undoable) -> tuple[str, str] | None:
    """Return why who owned it before it was closed can't have it again."""
    before = undo.before
    if before.state not in (S.ACTIVE, S.PARKED):
        return None
    agent = draft.agent(before.agent or "")
    if agent is None or (before.state is S.ACTIVE and (not agent.connected or agent.presence in GONE)):
        return "owner_gone", f"Agent {before.agent} who had it is not there."
    if before.state is S.ACTIVE and not agent.has_room(before.medium):
        return "no_room", f"Agent {before.agent} who had it has no room for it now."
    return None


def _place_is_taken(draft: Draft, undo: Undoable) -> tuple[str, str] | None:
    """Return why the window in which it was to be called can't be had again."""
    before = undo.before
    if before.state is not S.SCHEDULED or before.scheduled_for != SLOT or before.scheduled_at is None:
        return None
    if places_left(draft.state, draft.queue(before.queue), before.scheduled_at):
        return None
    return "slot_full", f"All places at {rfc3339(before.scheduled_at)} are taken meanwhile."


def _undo(draft: Draft, interaction: Interaction, undo: Undoable, by: str) -> None:
    before = undo.before
    state = interaction.state if undo.kind == "priority" else before.state
    if undo.kind != "priority":
        withdraw_offers(draft, interaction, "undone")
        state = S.WAITING if before.state in QUEUED else before.state
    again = undo.kind != "priority" and state is S.WAITING
    agent = draft.agent(before.agent or "")
    draft.emit(
        e.Undone(
            at=draft.now,
            interaction=interaction.id,
            kind=undo.kind,
            by=by,
            state=str(state),
            queue=interaction.queue if undo.kind == "priority" else before.queue,
            leg=interaction.leg + again,
            enqueued_at=interaction.enqueued_at if undo.kind == "priority" else before.enqueued_at,
            cost=_cost(agent, interaction.medium, state) if undo.kind == "close" and agent is not None else 0,
        )
    )
    if undo.kind == "answer" and not interaction.goes_by_mail:
        # He has read it.
        tell(draft, interaction, "answer_taken_back")
    _who_was_kept_for(draft, interaction)
    if interaction.state in QUEUED:
        follow_steps(draft, interaction)
    draft.look_at(interaction.id)
    look_at_overflow(draft, interaction)


def _cost(agent: Agent, medium: str, state: InteractionState) -> int:
    limit = agent.profile.limit(medium)
    return limit.cost if state is S.ACTIVE else limit.parked_cost if state is S.PARKED else 0


def _who_was_kept_for(draft: Draft, interaction: Interaction) -> None:
    """It waits again; not for somebody alone who has gone meanwhile."""
    kept = reserved_for(interaction)
    if kept is None:
        return
    agent = draft.agent(kept)
    if agent is None or agent.presence in GONE:
        lift_only(draft, interaction, kept, "agent_offline")
        end_hold_of(draft, interaction, kept)


def mark_spam(draft: Draft, command: MarkSpam) -> Refusal | None:
    """Close it as spam; one that is closed already is only marked. A repeat changes nothing."""
    interaction = draft.interaction(command.interaction)
    if interaction is None:
        return unknown("interaction", command.interaction)
    if interaction.disposition == SPAM and interaction.state not in OPEN:
        return None
    stop(draft, interaction, SPAM, command.by)
    draft.emit(e.SpamMarked(at=draft.now, interaction=interaction.id, customer=interaction.customer, by=command.by))
    return force_close(draft, Close(interaction.id, SPAM, command.by, command.audit))
