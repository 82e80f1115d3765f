"""Transfers, blind and warm, to a queue, an agent or a skill (semantics.md section 15).

Blind: a new leg begins at once, and who hands over has no wrap-up. Warm: the target gets an offer with the note while
the interaction stays active with the sender; the leg begins when somebody accepts. An agent, or a skill, is waited for
in the current queue; agents named by a transfer need neither the queue nor its skills.
"""

from agents.availability import can_ever_take
from queues.interaction import Interaction
from queues.lifecycle import InteractionState
from queues.order import due_at
from router import events as e
from router.commands import CancelTransfer, Transfer
from router.decision import Refusal
from router.draft import Draft, owned, refuse
from router.legs import end_consult, enqueue, part_company
from router.standing import target_for

S = InteractionState
GONE = ("offline", "disconnected")
"""Presences of an agent for whom nothing may wait alone: nobody knows when he comes."""


def transfer(draft: Draft, command: Transfer) -> Refusal | None:
    """Hand over. The note comes first in what the next agent reads; `arrived_at` stays."""
    found = owned(draft, command.interaction, command.agent, S.ACTIVE)
    if isinstance(found, Refusal):
        return found
    refusal = _bad_target(draft, command) or _bad_agent(draft, found, command)
    if refusal is not None:
        return refusal
    if command.warm and found.consult is not None:
        return refuse("conflict", "transfer_pending", "A warm transfer is open already; cancel it first.")
    _note(draft, found, command)
    if command.warm:
        _ask(draft, found, command)
    else:
        _hand_over(draft, found, command)
    return None


def _bad_target(draft: Draft, command: Transfer) -> Refusal | None:
    """A target is a queue (with requirements, if given), or an agent, or requirements alone."""
    queue, to = command.queue, command.to
    sought = queue is not None or command.requirements is not None
    if sought == (to is not None):
        return refuse("invalid", "transfer_target", "Name one target: a queue, an agent, or requirements.")
    if queue is not None and queue not in draft.policy.queues:
        return refuse("invalid", "unknown_queue", f"There is no queue {queue!r}.")
    return None


def _bad_agent(draft: Draft, found: Interaction, command: Transfer) -> Refusal | None:
    """Return why the agent who is named can't be the target."""
    if command.to is None:
        return None
    agent = draft.agent(command.to)
    if agent is None:
        return refuse("invalid", "unknown_agent", f"There is no agent {command.to!r}.")
    if agent.id == command.agent:
        return refuse("conflict", "target_is_owner", "He has it already.")
    if not agent.connected or agent.presence in GONE:
        return refuse("conflict", "target_offline", f"Agent {agent.id} is not there ({agent.presence}).")
    if not can_ever_take(agent, found.medium):
        return refuse("conflict", "target_without_room", f"Agent {agent.id} can't hold any {found.medium} at all.")
    if command.warm and agent.id in found.participants:
        return refuse("conflict", "in_room", f"Agent {agent.id} is in the room; hand it over to him at once.")
    return None


def _note(draft: Draft, found: Interaction, command: Transfer) -> None:
    draft.emit(
        e.MessageAdded(
            at=draft.now,
            interaction=found.id,
            message=command.note,
            number=found.messages + 1,
            author="note",
            agent=command.agent,
        )
    )


def _hand_over(draft: Draft, found: Interaction, command: Transfer) -> None:
    queue = command.queue or found.queue
    part_company(draft, found, "transferred")
    draft.emit(
        e.Transferred(
            at=draft.now,
            interaction=found.id,
            agent=command.agent,
            queue=queue,
            note=command.note,
            to=command.to,
        )
    )
    last = (command.agent,)
    needs = command.requirements
    enqueue(draft, found, "transferred", queue=queue, requirements=needs, last=last, only_agent=command.to)


def _ask(draft: Draft, found: Interaction, command: Transfer) -> None:
    policy = draft.queue(command.queue or found.queue)
    needs = command.requirements
    target = target_for(draft.policy, policy, found.segments)
    draft.emit(
        e.WarmTransferAsked(
            at=draft.now,
            interaction=found.id,
            agent=command.agent,
            queue=policy.name,
            note=command.note,
            until=draft.now + policy.warm_wait,
            due_at=due_at(found.arrived_at, target, found.priority, policy.credit),
            credit=policy.credit,
            target=target,
            pace=target if policy.order == "wait_over_target" else 0,
            only_agent=command.to,
            requirements=found.requirements if needs is None else needs,
            expired=tuple(sorted(found.expired)) if needs is None else (),
            groups=found.groups if needs is None and policy.name == found.queue else (),
        )
    )
    draft.look_at(found.id)


def cancel(draft: Draft, command: CancelTransfer) -> Refusal | None:
    """Keep it: nobody is asked any more. Where no warm transfer is open, nothing changes."""
    found = owned(draft, command.interaction, command.agent, S.ACTIVE)
    if isinstance(found, Refusal):
        return found
    end_consult(draft, found, "cancelled")
    return None
