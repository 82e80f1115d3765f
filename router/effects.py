"""What an event makes the world outside do. Effects run at least once, after the event is durable."""

import msgspec

from router.events import AnyEvent, AutoReplied, MessageAdded
from vocabulary.ids import InteractionId, MessageId, derived_id
from vocabulary.instants import Span


class SendAutoReply(msgspec.Struct, frozen=True, tag=True):
    """Write the automatic reply into the conversation and send it. `id` is stable: a second run changes nothing."""

    id: str
    interaction: InteractionId
    autoresponse: str
    article: str | None
    wait_ms: tuple[Span, Span] | None


class DeliverMessage(msgspec.Struct, frozen=True, tag=True):
    """Bring a message of ours to the customer by the interaction's medium."""

    id: str
    interaction: InteractionId
    message: MessageId
    automatic: bool


Effect = SendAutoReply | DeliverMessage


def effects_of(event: AnyEvent) -> tuple[Effect, ...]:
    """Return the effects of `event`; most have none, since pages follow the event log itself."""
    match event:
        case AutoReplied(interaction=interaction, autoresponse=name, article=article, wait_ms=wait_ms):
            return (SendAutoReply(derived_id("fx", interaction, "auto"), interaction, name, article, wait_ms),)
        case MessageAdded(author="agent" | "bot" as author, interaction=interaction, message=message):
            return (DeliverMessage(derived_id("fx", message), interaction, message, author == "bot"),)
        case _:
            return ()
