"""What of the state is mirrored into the records, and what is left for the outbox, in the writer's transaction."""

from collections.abc import Sequence

import msgspec

from app.lessons import warm_row_id
from queues.interaction import Interaction
from router.effects import (
    CallUnanswered,
    DeliverMessage,
    Effect,
    SendAutoReply,
    SendBulkAnswer,
    SendNotice,
    SendStep,
    effects_of,
)
from router.events import AnsweredByBot, AnyEvent, WarmTransferEnded
from router.state import State
from vocabulary.instants import Instant
from vocabulary.records import BulkMemberRow, Change, InteractionRow, OutboxRow, Put, PutNew, Remove, TrainingRow

_encode = msgspec.json.Encoder().encode


def rows_of(state: State, events: Sequence[AnyEvent], seq: int) -> Sequence[Change]:
    """Return the rows of the interactions that `events` changed, as they are in `state`."""
    touched = dict.fromkeys(id for event in events if (id := getattr(event, "interaction", None)) is not None)
    found = (state.interactions.get(id) for id in touched)
    return [Put(interaction_row(interaction, seq)) for interaction in found if interaction is not None]


def interaction_row(interaction: Interaction, seq: int) -> InteractionRow:
    """Return `interaction` as lists and searches need it."""
    return InteractionRow(
        id=interaction.id,
        number=interaction.number,
        channel=interaction.channel,
        medium=interaction.medium,
        customer=interaction.customer,
        state=str(interaction.state),
        queue=interaction.queue,
        agent=interaction.agent,
        label=interaction.labels[0].name if interaction.labels else None,
        language=interaction.language,
        created_at=interaction.created_at,
        arrived_at=interaction.arrived_at,
        enqueued_at=interaction.enqueued_at,
        due_at=interaction.due_at,
        closed_at=interaction.closed_at,
        changed_seq=seq,
        body=_encode(interaction),
    )


def outbox_of(event: AnyEvent, state: State, now: Instant) -> Sequence[Change]:
    """Return the outbox rows that the effects of `event` need, and what else its transaction must hold.

    A chat needs no outbox: its sockets follow the log.
    """
    rows = (_outbox_row(effect, state, now) for effect in effects_of(event))
    changes: list[Change] = [PutNew(row) for row in rows if row is not None]
    if isinstance(event, AnsweredByBot) and event.bulk:
        by_itself = event.undo_until is None
        changes.append(
            Put(BulkMemberRow(bulk=event.bulk, interaction=event.interaction, at=event.at, by_itself=by_itself))
        )
    if isinstance(event, WarmTransferEnded):
        # Nobody took it there: that it was meant for there teaches nothing.
        changes.append(Remove(TrainingRow, warm_row_id(event.interaction, event.queue, event.agent)))
    return changes


def _outbox_row(effect: Effect, state: State, now: Instant) -> OutboxRow | None:
    match effect:
        case SendAutoReply():
            return OutboxRow(
                id=effect.id, kind="auto_reply", interaction=effect.interaction, payload=_encode(effect), created_at=now
            )
        case SendBulkAnswer():
            return OutboxRow(
                id=effect.id,
                kind="bulk",
                interaction=effect.interaction,
                payload=_encode(effect),
                created_at=now,
                due_at=effect.at or 0,
            )
        case SendNotice():
            return OutboxRow(
                id=effect.id, kind="notice", interaction=effect.interaction, payload=_encode(effect), created_at=now
            )
        case SendStep():
            return OutboxRow(
                id=effect.id, kind="sending", interaction=effect.interaction, payload=_encode(effect), created_at=now
            )
        case CallUnanswered():
            return OutboxRow(
                id=effect.id, kind="unanswered", interaction=effect.interaction, payload=_encode(effect), created_at=now
            )
        case DeliverMessage() if effect.mailed or state.interactions[effect.interaction].goes_by_mail:
            return OutboxRow(
                id=effect.id,
                kind="mail",
                interaction=effect.interaction,
                payload=_encode(effect),
                created_at=now,
                due_at=effect.at or 0,
                message=effect.message,
            )
        case _:
            return None
