"""Agents come, go and are cut off (semantics.md section 11)."""

from agents.agent import DECLARED, OWNED, Agent
from agents.availability import can_ever_take
from queues.interaction import Interaction
from queues.lifecycle import InteractionState
from router import events as e
from router.commands import Connect, DefineAgent, Disconnect, RemoveAgent, SetPresence
from router.decision import Refusal
from router.draft import Draft, refuse, unknown
from router.legs import (
    close,
    end_holds_of,
    leave_rooms,
    lose_owner,
    wait_for_owner,
    wait_no_longer,
    wrap_up_done,
)
from router.offers import withdraw_all

S = InteractionState


def define_agent(draft: Draft, command: DefineAgent) -> Refusal | None:
    """Let an agent have this profile; what he may serve by it is matched at once."""
    unknown_queues = sorted(set(command.profile.queues) - set(draft.policy.queues))
    if unknown_queues:
        return refuse("invalid", "unknown_queue", f"There is no queue {unknown_queues[0]!r}.")
    agent = draft.agent(command.agent)
    if agent is None or agent.profile != command.profile:
        draft.emit(e.AgentDefined(at=draft.now, agent=command.agent, profile=command.profile))
        draft.look_at_agent(command.agent)
        found = draft.state.agents[command.agent]
        wait_no_longer(draft, found.id, "no_room", unless=lambda medium: can_ever_take(found, medium))
    return None


def remove_agent(draft: Draft, command: RemoveAgent) -> Refusal | None:
    """Let an agent be no more. What he holds goes back to its queues, if the command says so."""
    agent = draft.agent(command.agent)
    if agent is None:
        return unknown("agent", command.agent)
    held = held_by(draft, agent)
    if held and not command.move:
        detail = f"Agent {agent.id} holds {len(held)} interactions; say that they go back to their queues."
        return refuse("conflict", "holds_work", detail)
    withdraw_all(draft, agent.id, "agent_unavailable")
    for interaction in held_by(draft, agent):
        _take_away(draft, interaction)
    end_holds_of(draft, agent.id)
    wait_no_longer(draft, agent.id, "agent_removed")
    leave_rooms(draft, agent.id, "agent_removed")
    draft.emit(e.AgentRemoved(at=draft.now, agent=agent.id))
    return None


def held_by(draft: Draft, agent: Agent) -> list[Interaction]:
    """Return what `agent` owns, parked work included, in the order of admission."""
    owned = (draft.state.interactions[id] for id, hold in agent.holds.items() if hold.kind in OWNED)
    return sorted(owned, key=lambda interaction: interaction.number)


def _take_away(draft: Draft, interaction: Interaction) -> None:
    if interaction.state is S.WRAP_UP:
        wrap_up_done(draft, interaction, "timeout")
    else:
        lose_owner(draft, interaction, "agent_removed")


def set_presence(draft: Draft, command: SetPresence) -> Refusal | None:
    """Declare, or force, what an agent is. Whoever is no longer available loses what rings at him at once."""
    agent = draft.agent(command.agent)
    if agent is None:
        return unknown("agent", command.agent)
    before = agent.presence
    if command.presence not in DECLARED:
        return refuse("invalid", "unknown_presence", f"The presence must be one of {', '.join(DECLARED)}.")
    if _says_nothing_new(agent, command):
        return None
    draft.emit(
        e.PresenceChanged(
            at=draft.now,
            agent=agent.id,
            presence=command.presence,
            reason=command.reason,
            by=command.by,
            after_current=command.after_current and agent.works,
            media_off=_media_off(agent, command),
        )
    )
    if agent.presence != "available":
        withdraw_all(draft, agent.id, "agent_unavailable")
    if agent.presence == "offline" and before != "offline":
        _left_his_work(draft, agent)
    draft.look_at_agent(agent.id)
    return None


def _says_nothing_new(agent: Agent, command: SetPresence) -> bool:
    """Programs that keep an agent available say so again and again; the log holds changes."""
    same = (agent.presence, agent.reason) == (command.presence, command.reason)
    media = _media_off(agent, command)
    return same and agent.after_current is None and (media is None or frozenset(media) == agent.media_off)


def _media_off(agent: Agent, command: SetPresence) -> tuple[str, ...] | None:
    if command.media is None:
        return None
    off = {medium for medium, on in command.media.items() if not on}
    on = {medium for medium, on in command.media.items() if on}
    return tuple(sorted((agent.media_off | off) - on))


def _left_his_work(draft: Draft, agent: Agent) -> None:
    """Who goes offline never keeps work silently: it waits for him as long as its queue says, or goes at once."""
    for interaction in _occupying(draft, agent):
        action = draft.queue(interaction.queue).disconnect_action(interaction.medium)
        if interaction.state is S.ACTIVE and action != "keep":
            absence_over(draft, interaction.id)
        else:
            wait_for_owner(draft, interaction)
    end_holds_of(draft, agent.id)
    wait_no_longer(draft, agent.id, "agent_offline")
    leave_rooms(draft, agent.id, "agent_offline")


def _occupying(draft: Draft, agent: Agent) -> list[Interaction]:
    """Return what `agent` owns and what occupies him, in the order of admission."""
    held = (draft.state.interactions[id] for id in agent.holds)
    owned = [each for each in held if each.state in (S.ACTIVE, S.WRAP_UP) and each.agent == agent.id]
    return sorted(owned, key=lambda interaction: interaction.number)


def connect(draft: Draft, command: Connect) -> Refusal | None:
    """He has a live connection."""
    agent = draft.agent(command.agent)
    if agent is None:
        return unknown("agent", command.agent)
    if not agent.connected:
        draft.emit(e.AgentConnected(at=draft.now, agent=agent.id))
        draft.look_at_agent(agent.id)
    return None


def disconnect(draft: Draft, command: Disconnect) -> Refusal | None:
    """He was cut off: what rings at him is withdrawn at once, what he holds waits for a grace."""
    agent = draft.agent(command.agent)
    if agent is None:
        return unknown("agent", command.agent)
    if not agent.connected:
        return None
    # Who said that he goes, or was cut off before and has not declared himself since, has nothing to come back to.
    expected = agent.presence not in ("offline", "disconnected")
    grace = draft.now + draft.policy.disconnect_grace if expected else None
    draft.emit(e.AgentDisconnected(at=draft.now, agent=agent.id, grace_until=grace))
    withdraw_all(draft, agent.id, "agent_disconnected")
    for interaction in _occupying(draft, draft.state.agents[agent.id]):
        wait_for_owner(draft, interaction)
    draft.look_at_agent(agent.id)
    return None


def absent(draft: Draft, id: str) -> None:
    """He did not come back within the grace: he is disconnected until he declares again."""
    draft.emit(
        e.PresenceChanged(at=draft.now, agent=id, presence="disconnected", reason="connection_lost", by="router")
    )
    wait_no_longer(draft, id, "agent_disconnected")
    leave_rooms(draft, id, "agent_disconnected")


def absence_over(draft: Draft, id: str) -> None:
    """The grace of one interaction is over: it is kept, queued again or closed, as its queue says."""
    interaction = draft.state.interactions[id]
    assert interaction.agent is not None
    action = draft.queue(interaction.queue).disconnect_action(interaction.medium)
    if interaction.state is S.WRAP_UP:
        wrap_up_done(draft, interaction, "timeout")
    elif action == "requeue" or (action == "keep" and interaction.medium == "email"):
        # Mail is kept for a day (owner_hold), never longer.
        lose_owner(draft, interaction, "owner_absent")
    elif action == "close":
        close(draft, interaction, "agent_lost", "router")
    else:
        draft.emit(e.GraceEnded(at=draft.now, interaction=id, agent=interaction.agent))
