"""A decision in the making: events applied to the state as they come, and who must be looked at again."""

import msgspec

from agents.agent import Agent
from queues.interaction import Interaction
from queues.lifecycle import OPEN, InteractionState
from queues.policy import ChannelPolicy, QueuePolicy
from router.decision import Refusal, RefusalCode
from router.events import AnyEvent
from router.evolve import WRITERS
from router.policy import Policy
from router.state import State
from vocabulary.ids import AgentId, InteractionId
from vocabulary.instants import Instant


class Draft(msgspec.Struct, gc=False):
    """What one command does. `emit` is the same `evolve` that a replay uses, so both agree.

    The state is alive: an interaction or agent that was looked up before an event is what it is after it.
    `agents` may be able to take work now, `interactions` may be taken by somebody. These are dicts, not sets: their
    order doesn't depend on string hashing, so every machine decides alike.
    """

    state: State
    policy: Policy
    now: Instant
    events: list[AnyEvent] = []
    agents: dict[AgentId, None] = {}
    interactions: dict[InteractionId, None] = {}
    overflowing: dict[InteractionId, bool] | None = None

    def emit(self, event: AnyEvent) -> None:
        """Let `event` have happened."""
        WRITERS[event.__class__](self.state, event)
        self.events.append(event)

    def look_at_agent(self, agent: AgentId) -> None:
        """The agent may be able to take work now."""
        self.agents[agent] = None

    def look_at(self, interaction: InteractionId) -> None:
        """Somebody may be able to take the interaction now."""
        self.interactions[interaction] = None

    def may_overflow(self, interaction: InteractionId) -> None:
        """Its queue may do something else with the interaction than let it wait."""
        if self.overflowing is None:
            self.overflowing = {}
        self.overflowing[interaction] = False

    def seen_overflowing(self, interaction: InteractionId) -> None:
        """It has been looked at for that."""
        assert self.overflowing is not None, "nothing may overflow"
        self.overflowing[interaction] = True

    def interaction(self, id: InteractionId) -> Interaction | None:
        """Return the interaction as it is after the events so far."""
        return self.state.interactions.get(id)

    def agent(self, id: AgentId) -> Agent | None:
        """Return the agent as he is after the events so far."""
        return self.state.agents.get(id)

    def queue(self, name: str) -> QueuePolicy:
        """Return the policy of `name`; a queue that left the configuration while work is in it keeps the defaults."""
        return self.policy.queues.get(name) or QueuePolicy(name=name)

    def channel(self, name: str, medium: str) -> ChannelPolicy:
        """Return the policy of channel `name`, or the defaults of `medium` if it left the configuration."""
        return self.policy.channels.get(name) or ChannelPolicy(name=name, medium=medium)

    def reopen_until(self, interaction: Interaction) -> Instant:
        """Return until when `interaction`, if it ends now, opens again when the customer writes."""
        channel = self.policy.channels.get(interaction.channel)
        if channel is None:
            channel = ChannelPolicy(name=interaction.channel, medium=interaction.medium)
        return self.now + (channel.reopen_window if channel.reopen is None else channel.reopen)


def refuse(code: RefusalCode, reason: str, detail: str) -> Refusal:
    """Return a refusal; see `Refusal` for its parts."""
    return Refusal(code, reason, detail)


def unknown(kind: str, id: str) -> Refusal:
    """Return the refusal of a command about something that isn't there."""
    return Refusal("not_found", f"unknown_{kind}", f"There is no {kind} {id!r}, or it was closed long ago.")


def owned(draft: Draft, id: str, agent: str, *states: InteractionState) -> Interaction | Refusal:
    """Return the interaction if `agent` owns it and it is in one of `states`."""
    interaction = draft.state.interactions.get(id)
    if interaction is None:
        return unknown("interaction", id)
    if interaction.agent != agent or interaction.state not in OPEN:
        return refuse("conflict", "not_owner", f"Interaction {id} is not with agent {agent} now.")
    if interaction.state not in states:
        wanted = " or ".join(states)
        return refuse("conflict", "wrong_state", f"Interaction {id} is {interaction.state}; it must be {wanted}.")
    return interaction
