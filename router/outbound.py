"""Work that agents begin themselves (semantics.md section 2: started by an agent)."""

from agents.agent import Agent
from router import events as e
from router.commands import StartOutbound
from router.decision import Refusal
from router.draft import Draft, refuse, unknown
from router.policy import Policy
from vocabulary.ids import QueueName


def start(draft: Draft, command: StartOutbound) -> Refusal | None:
    """Let an interaction be active with the agent who begins it; it never waits, so no leg is counted."""
    refusal = _refusal(draft, command)
    if refusal is not None:
        return refusal
    agent = draft.state.agents[command.agent]
    queue = command.queue or queue_of(agent, draft.policy)
    _emit_admitted(draft, command, queue)
    draft.emit(
        e.OutboundStarted(
            at=draft.now,
            interaction=command.id,
            agent=agent.id,
            queue=queue,
            cost=agent.profile.limit(command.medium).cost,
        )
    )
    return None


def _refusal(draft: Draft, command: StartOutbound) -> Refusal | None:
    if draft.interaction(command.id) is not None:
        return refuse("known", "known", "This was begun before; nothing changed.")
    if command.channel not in draft.policy.channels:
        return refuse("invalid", "unknown_channel", f"There is no channel {command.channel!r}.")
    if command.queue is not None and command.queue not in draft.policy.queues:
        return refuse("invalid", "unknown_queue", f"There is no queue {command.queue!r}.")
    agent = draft.agent(command.agent)
    if agent is None:
        return unknown("agent", command.agent)
    if not agent.connected or agent.presence not in ("available", "busy", "away"):
        return refuse("conflict", "not_there", f"Agent {agent.id} is {agent.presence}, or cut off.")
    if not agent.has_room(command.medium):
        return refuse("conflict", "no_room", f"Agent {agent.id} uses {agent.used} of {agent.profile.capacity} units.")
    return None


def queue_of(agent: Agent, policy: Policy) -> QueueName:
    """Return the queue whose settings hold for what `agent` begins: the first that he serves, else the last rule's."""
    own = sorted((membership.priority, name) for name, membership in agent.profile.queues.items())
    return own[0][1] if own else policy.rules[-1].then.queue


def _emit_admitted(draft: Draft, command: StartOutbound, queue: QueueName) -> None:
    draft.emit(
        e.Admitted(
            at=draft.now,
            interaction=command.id,
            number=draft.state.admitted + 1,
            channel=command.channel,
            medium=command.medium,
            customer=command.customer,
            queue=queue,
            priority=0,
            class_=0,
            tags=command.tags,
            language=command.language,
            reasons=("started_by_agent",),
        )
    )
