"""Callbacks (semantics.md section 13): booked windows, conversion of what waits, attempts; and messages left."""

from queues.interaction import Interaction
from queues.lifecycle import InteractionState
from queues.policy import QueuePolicy
from queues.slots import DAYS_MAX, is_window
from router import events as e
from router.commands import AcceptCallback, CancelCallback, LeaveMessage, RescheduleCallback
from router.conversation import customer_left
from router.decision import Refusal
from router.draft import Draft, refuse, unknown
from router.legs import close, enqueue, part_company, withdraw_offers, wrap_up_done
from router.opening import RETRY, hours_of, next_open, status_at
from router.policy import Policy
from router.replies import tell
from router.state import State
from vocabulary.instants import DAY, Instant, rfc3339
from vocabulary.media import CALLBACK, EMAIL

S = InteractionState
SLOT, HOURS = "slot", "hours"
"""Why something waits for an instant; RETRY is another reason."""


def places_left(state: State, queue: QueuePolicy, start: Instant) -> int:
    """Return how many more callbacks the window that begins at `start` has room for."""
    return max(0, queue.callback_places - state.booked.get((queue.name, start), 0))


def bookable_until(queue: QueuePolicy, now: Instant) -> Instant:
    """Return until when windows may be booked."""
    return now + min(queue.callback_days_max, DAYS_MAX) * DAY


def slot_refused(state: State, policy: Policy, queue: QueuePolicy, start: Instant, now: Instant) -> Refusal | None:
    """Return why the window that begins at `start` can't be booked, or None."""
    shown = rfc3339(start)
    if start <= now:
        return refuse("conflict", "slot_over", f"{shown} is over; choose a later window.")
    if start > bookable_until(queue, now):
        days = min(queue.callback_days_max, DAYS_MAX)
        return refuse("invalid", "slot_too_far", f"{shown} is more than {days} days ahead.")
    if not is_window(queue, hours_of(policy, queue), start):
        return refuse("invalid", "no_slot", f"No window of queue {queue.name!r} begins at {shown}.")
    if not places_left(state, queue, start):
        return refuse("conflict", "slot_full", f"All {queue.callback_places} places at {shown} are taken.")
    return None


def book(draft: Draft, interaction: Interaction, start: Instant) -> None:
    """Let `interaction` wait for the window that begins at `start`."""
    draft.emit(e.Scheduled(at=draft.now, interaction=interaction.id, due=start, cause=SLOT))
    tell(draft, interaction, "callback_confirmed", start)


def accept_callback(draft: Draft, command: AcceptCallback) -> Refusal | None:
    """Let what waits go on as a callback: now, with the age that it has, or in a booked window."""
    interaction = draft.interaction(command.interaction)
    refusal = _not_waiting(interaction, command.interaction)
    if interaction is None or refusal is not None:
        return refusal
    queue = draft.queue(interaction.queue)
    if command.slot is not None:
        refusal = slot_refused(draft.state, draft.policy, queue, command.slot, draft.now)
        if refusal is not None:
            return refusal
    if interaction.medium == CALLBACK and command.slot is None:
        return None
    withdraw_offers(draft, interaction, "converted")
    if interaction.medium != CALLBACK:
        _convert(draft, interaction, CALLBACK, interaction.channel, "callback")
    if command.slot is not None:
        book(draft, interaction, command.slot)
    else:
        enqueue(draft, interaction, "converted")
        tell(draft, interaction, "callback_confirmed")
    return None


def _not_waiting(interaction: Interaction | None, id: str) -> Refusal | None:
    if interaction is None:
        return unknown("interaction", id)
    if interaction.state not in (S.WAITING, S.OFFERED):
        return refuse("conflict", "not_waiting", f"Interaction {id} is {interaction.state}.")
    return None


def _convert(
    draft: Draft, interaction: Interaction, medium: str, channel: str, cause: str, given: LeaveMessage | None = None
) -> None:
    draft.emit(
        e.Converted(
            at=draft.now,
            interaction=interaction.id,
            medium=medium,
            channel=channel,
            cause=cause,
            address_hash=given.address_hash if given is not None else None,
            domain_hash=given.domain_hash if given is not None else None,
        )
    )


def leave_message(draft: Draft, command: LeaveMessage) -> Refusal | None:
    """Let what waits go on as e-mail: the customer has given an address."""
    interaction = draft.interaction(command.interaction)
    refusal = _not_waiting(interaction, command.interaction)
    if interaction is None or refusal is not None:
        return refusal
    if interaction.medium == EMAIL:
        return None
    queue = draft.queue(interaction.queue)
    if queue.message_channel not in draft.policy.channels:
        return refuse("conflict", "no_message_channel", f"Queue {queue.name!r} names no mailbox in message_channel.")
    to_message(draft, interaction, command)
    return None


def to_message(draft: Draft, interaction: Interaction, given: LeaveMessage | None = None) -> None:
    """Let `interaction` go on as e-mail of its queue's mailbox: at its place, or from the next opening on.

    `given`: what stands for the address that its customer has given just now.
    """
    queue = draft.queue(interaction.queue)
    assert queue.message_channel is not None, f"queue {queue.name} has no mailbox"
    withdraw_offers(draft, interaction, "converted")
    _convert(draft, interaction, EMAIL, queue.message_channel, "message", given)
    if not wait_for_opening(draft, interaction):
        enqueue(draft, interaction, "converted")


def wait_for_opening(draft: Draft, interaction: Interaction) -> bool:
    """Keep e-mail until its queue opens, where the queue says so; tell whether it is kept."""
    queue = draft.queue(interaction.queue)
    if interaction.medium != EMAIL or queue.outside_hours != "schedule":
        return False
    opens = next_open(draft.policy, queue, draft.now)
    if opens <= draft.now or status_at(draft.policy, queue, draft.now) == "open":
        return False
    draft.emit(e.Scheduled(at=draft.now, interaction=interaction.id, due=opens, cause=HOURS))
    return True


def reschedule_callback(draft: Draft, command: RescheduleCallback) -> Refusal | None:
    """Give a callback another window; the place that it had is free again."""
    interaction = draft.interaction(command.interaction)
    refusal = _no_open_callback(interaction, command.interaction)
    if interaction is None or refusal is not None:
        return refusal
    if interaction.scheduled_for == SLOT and interaction.scheduled_at == command.slot:
        return None
    refusal = slot_refused(draft.state, draft.policy, draft.queue(interaction.queue), command.slot, draft.now)
    if refusal is None:
        withdraw_offers(draft, interaction, "moved")
        book(draft, interaction, command.slot)
    return refusal


def _no_open_callback(interaction: Interaction | None, id: str) -> Refusal | None:
    if interaction is None:
        return unknown("interaction", id)
    if interaction.medium != CALLBACK:
        return refuse("invalid", "not_a_callback", f"Interaction {id} is no callback but {interaction.medium}.")
    if interaction.state not in (S.SCHEDULED, S.WAITING, S.OFFERED):
        return refuse("conflict", "wrong_state", f"Callback {id} is {interaction.state}; that is too late.")
    return None


def cancel_callback(draft: Draft, command: CancelCallback) -> Refusal | None:
    """Let a callback be no more; its place is free again. Who cancels while it waits has left."""
    interaction = draft.interaction(command.interaction)
    if interaction is not None and _is_cancelled(interaction):
        return None
    refusal = _no_open_callback(interaction, command.interaction)
    if interaction is None or refusal is not None:
        return refusal
    if interaction.state is S.SCHEDULED:
        close(draft, interaction, "cancelled", command.by)
    elif command.by == "customer":
        customer_left(draft, interaction)
    else:
        withdraw_offers(draft, interaction, "closed")
        close(draft, interaction, "cancelled", command.by)
    return None


def give_up(draft: Draft, interaction: Interaction, reason: str) -> None:
    """Close a callback that its agent has, because nobody can be reached."""
    assert interaction.agent is not None, f"nobody called {interaction.id}"
    if interaction.state is S.WRAP_UP:
        wrap_up_done(draft, interaction, reason)
    else:
        close(draft, interaction, reason, interaction.agent)


def _is_cancelled(interaction: Interaction) -> bool:
    """Tell whether it is over because it was cancelled; it may have been opened again since."""
    return interaction.medium == CALLBACK and interaction.state is S.CLOSED and interaction.disposition == "cancelled"


def try_again(draft: Draft, interaction: Interaction, attempt: int) -> None:
    """Plan another attempt within hours, or give up and let the customer know."""
    queue = draft.queue(interaction.queue)
    assert interaction.agent is not None, f"nobody called {interaction.id}"
    part_company(draft, interaction, "callback_retry")
    if attempt >= queue.callback_attempts:
        give_up(draft, interaction, "not_reached")
        tell(draft, interaction, "callback_not_reached")
        return
    due = next_open(draft.policy, queue, draft.now + queue.callback_retry)
    draft.emit(e.Scheduled(at=draft.now, interaction=interaction.id, due=due, cause=RETRY))
    draft.look_at_agent(interaction.agent)
