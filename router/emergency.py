"""The emergency switch of a queue (semantics.md section 12)."""

from queues.lifecycle import InteractionState
from queues.overflow import Do
from router import events as e
from router.commands import SetEmergency
from router.decision import Refusal
from router.draft import Draft, refuse, unknown
from router.legs import withdraw_offers

S = InteractionState


def set_emergency(draft: Draft, command: SetEmergency) -> Refusal | None:
    """Turn the switch on or off. On: what rings is withdrawn, what waits and comes is dealt with; active work stays."""
    if command.queue not in draft.policy.queues:
        return unknown("queue", command.queue)
    if command.action is None:
        if command.queue in draft.state.emergencies:
            draft.emit(e.EmergencyCleared(at=draft.now, queue=command.queue, by=command.by))
        return None
    refusal = _bad_action(draft, command.queue, command.action)
    if refusal is not None or draft.state.emergencies.get(command.queue) == command.action:
        return refusal
    draft.emit(e.EmergencySet(at=draft.now, queue=command.queue, action=command.action, by=command.by))
    # Everything is looked through, for once: what rings stands in no line.
    found = [each for each in draft.state.interactions.values() if each.queue == command.queue]
    for interaction in found:
        if interaction.state in (S.WAITING, S.OFFERED):
            withdraw_offers(draft, interaction, "emergency")
            draft.may_overflow(interaction.id)
    return None


def _bad_action(draft: Draft, queue: str, action: Do) -> Refusal | None:
    policy = draft.policy
    if sum((action.move is not None, action.message, action.close is not None)) > 1:
        return refuse("invalid", "several_ends", "Of move, message and close, name one.")
    if action.move is not None and (action.move == queue or action.move not in policy.queues):
        return refuse("invalid", "unknown_queue", f"There is no other queue {action.move!r}.")
    if action.reply is not None and action.reply not in policy.autoresponses:
        return refuse("invalid", "unknown_autoresponse", f"There is no automatic answer {action.reply!r}.")
    if action.message and policy.queues[queue].message_channel not in policy.channels:
        return refuse("invalid", "no_message_channel", f"Queue {queue!r} names no mailbox in message_channel.")
    return None
