"""What an event makes the world outside do. Effects run at least once, after the event is durable."""

import msgspec

from router.events import AnyEvent, AutoReplied, CustomerTold, MessageAdded
from vocabulary.ids import InteractionId, MessageId, derived_id
from vocabulary.instants import Instant, Span


class SendAutoReply(msgspec.Struct, frozen=True, tag=True):
    """Write the automatic reply into the conversation and send it. `id` is stable: a second run changes nothing."""

    id: str
    interaction: InteractionId
    autoresponse: str
    article: str | None
    wait_ms: tuple[Span, Span] | None


class SendNotice(msgspec.Struct, frozen=True, tag=True):
    """Write into the conversation what the customer must know, and send it. `id` is stable, as of automatic replies."""

    id: str
    interaction: InteractionId
    notice: str
    due: Instant | None


class DeliverMessage(msgspec.Struct, frozen=True, tag=True):
    """Bring a message of ours to the customer by the interaction's medium; its agent may take it back before `at`."""

    id: str
    interaction: InteractionId
    message: MessageId
    automatic: bool
    at: Instant | None = None


Effect = SendAutoReply | SendNotice | DeliverMessage


def effects_of(event: AnyEvent) -> tuple[Effect, ...]:
    """Return the effects of `event`; most have none, since pages follow the event log itself."""
    match event:
        case AutoReplied(interaction=interaction, autoresponse=name, article=article, wait_ms=wait_ms, answers=answers):
            parts = (interaction, "auto") if answers == 1 else (interaction, "auto", str(answers))
            return (SendAutoReply(derived_id("fx", *parts), interaction, name, article, wait_ms),)
        case CustomerTold(at=at, interaction=interaction, notice=notice, due=due):
            return (SendNotice(derived_id("fx", interaction, notice, str(at)), interaction, notice, due),)
        case MessageAdded(author="agent" | "bot" as author, interaction=interaction, message=message, goes_at=at):
            return (DeliverMessage(derived_id("fx", message), interaction, message, author == "bot", at),)
        case _:
            return ()
