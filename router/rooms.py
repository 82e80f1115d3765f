"""Rooms: more agents in one active interaction, and supervisors who take over (semantics.md section 15).

Who may ask for what is for the caller to know; here it is decided what is possible. Others than the owner cost capacity
as he does, but who only monitors costs nothing. The room is over when the interaction is no longer active; the owner
alone counts for metrics.
"""

from agents.agent import Agent
from agents.availability import is_there
from queues.interaction import Interaction
from queues.lifecycle import InteractionState
from router import events as e
from router.commands import JoinRoom, LeaveRoom, TakeOver
from router.decision import Refusal
from router.draft import Draft, refuse, unknown
from router.legs import end_consult, leave

S = InteractionState


def join_room(draft: Draft, command: JoinRoom) -> Refusal | None:
    """Let an agent be in the room, or be in it in another way; a repeat changes nothing."""
    found = _active(draft, command.interaction)
    if isinstance(found, Refusal):
        return found
    agent = draft.agent(command.agent)
    if agent is None:
        return unknown("agent", command.agent)
    if found.participants.get(agent.id) == command.mode:
        return None
    refusal = _may_not_join(draft, found, agent, command)
    if refusal is not None:
        return refusal
    cost = 0 if command.mode == "monitor" else agent.profile.limit(found.medium).cost
    flagged = command.mode != "monitor" and not agent.has_room(found.medium, found.id)
    draft.emit(
        e.RoomJoined(
            at=draft.now,
            interaction=found.id,
            agent=agent.id,
            mode=command.mode,
            cost=cost,
            by=command.by,
            flagged=flagged,
        )
    )
    draft.look_at_agent(agent.id)
    return None


def _active(draft: Draft, id: str) -> Interaction | Refusal:
    interaction = draft.interaction(id)
    if interaction is None:
        return unknown("interaction", id)
    if interaction.state is not S.ACTIVE:
        return refuse("conflict", "wrong_state", f"Interaction {id} is {interaction.state}; it must be active.")
    return interaction


def _may_not_join(draft: Draft, found: Interaction, agent: Agent, command: JoinRoom) -> Refusal | None:
    if found.agent == agent.id:
        return refuse("conflict", "is_owner", f"Interaction {found.id} is his.")
    if _rings_at(found, agent):
        return refuse("conflict", "offered", f"Interaction {found.id} rings at him; he can accept it.")
    if not is_there(agent):
        return refuse("conflict", "target_offline", f"Agent {agent.id} is not there ({agent.presence}).")
    if command.mode == "monitor":
        if not draft.queue(found.queue).monitoring:
            return refuse("forbidden", "monitoring_off", f"Queue {found.queue} does not allow monitoring.")
        return None
    return None if command.beyond_capacity else no_room(agent, found)


def _rings_at(found: Interaction, agent: Agent) -> bool:
    hold = agent.holds.get(found.id)
    return hold is not None and hold.kind == "offer"


def no_room(agent: Agent, found: Interaction) -> Refusal | None:
    """Return the refusal of what would be beyond the agent's capacity, or None if he has room."""
    if agent.has_room(found.medium, found.id):
        return None
    detail = f"Agent {agent.id} uses {agent.used} of {agent.profile.capacity} units."
    return refuse("conflict", "no_room", detail)


def leave_room(draft: Draft, command: LeaveRoom) -> Refusal | None:
    """Let an agent be in the room no longer; where he isn't in it, nothing changes."""
    interaction = draft.interaction(command.interaction)
    if interaction is None:
        return unknown("interaction", command.interaction)
    if command.agent in interaction.participants:
        leave(draft, interaction, command.agent, "left")
    return None


def take_over(draft: Draft, command: TakeOver) -> Refusal | None:
    """Make an agent the owner of what another works on; the leg and the room go on."""
    found = _active(draft, command.interaction)
    if isinstance(found, Refusal):
        return found
    agent = draft.agent(command.agent)
    if agent is None:
        return unknown("agent", command.agent)
    if found.agent == agent.id:
        return None
    if not is_there(agent):
        return refuse("conflict", "target_offline", f"Agent {agent.id} is not there ({agent.presence}).")
    refusal = None if command.beyond_capacity else no_room(agent, found)
    if refusal is not None:
        return refusal
    end_consult(draft, found, "taken_over")
    before = found.agent
    assert before is not None
    draft.emit(
        e.TakenOver(
            at=draft.now,
            interaction=found.id,
            agent=agent.id,
            before=before,
            by=command.by,
            cost=agent.profile.limit(found.medium).cost,
            flagged=not agent.has_room(found.medium, found.id),
        )
    )
    draft.look_at_agent(before)
    draft.look_at_agent(agent.id)
    return None
