"""What an event makes the world outside do. Effects run at least once, after the event is durable."""

import msgspec

from router.events import AnsweredByBot, AnyEvent, AutoReplied, CustomerTold, MessageAdded, SendingDue, SendingEscalated
from vocabulary.ids import AgentId, InteractionId, MessageId, QueueName, derived_id
from vocabulary.instants import Instant, Span


class SendAutoReply(msgspec.Struct, frozen=True, tag=True):
    """Write the automatic reply into the conversation and send it. `id` is stable: a second run changes nothing."""

    id: str
    interaction: InteractionId
    autoresponse: str
    article: str | None
    wait_ms: tuple[Span, Span] | None
    question: str | None = None
    options: tuple[str, ...] = ()


class SendBulkAnswer(msgspec.Struct, frozen=True, tag=True):
    """Write the answer that many get into the conversation, and send it: a mail not before `at`. `id` is stable."""

    id: str
    interaction: InteractionId
    bulk: str
    language: str
    at: Instant | None


class SendNotice(msgspec.Struct, frozen=True, tag=True):
    """Write into the conversation what the customer must know, and send it. `id` is stable, as of automatic replies."""

    id: str
    interaction: InteractionId
    notice: str
    due: Instant | None


class SendStep(msgspec.Struct, frozen=True, tag=True):
    """Write a step of a sending into the conversation and send it, in the name of `agent` or by itself.

    `written`: its words are there already, as a message that has no number yet. `id` is stable.
    """

    id: str
    interaction: InteractionId
    sending: str
    plan: str
    step: int
    agent: AgentId | None
    written: bool


class CallUnanswered(msgspec.Struct, frozen=True, tag=True):
    """Have the customer called who has not answered: a callback comes into `queue`. `id` is stable."""

    id: str
    interaction: InteractionId
    plan: str
    queue: QueueName


class DeliverMessage(msgspec.Struct, frozen=True, tag=True):
    """Bring a message of ours to the customer: by the interaction's medium, or as a mail (`mailed`).

    Its agent may take it back before `at`.
    """

    id: str
    interaction: InteractionId
    message: MessageId
    automatic: bool
    at: Instant | None = None
    mailed: bool = False


Effect = SendAutoReply | SendBulkAnswer | SendNotice | SendStep | CallUnanswered | DeliverMessage


def effects_of(event: AnyEvent) -> tuple[Effect, ...]:
    """Return the effects of `event`; most have none, since pages follow the event log itself."""
    match event:
        case AutoReplied(interaction=interaction, answers=answers) as replied:
            parts = (interaction, "auto") if answers == 1 else (interaction, "auto", str(answers))
            id, name, article = derived_id("fx", *parts), replied.autoresponse, replied.article
            return (SendAutoReply(id, interaction, name, article, replied.wait_ms, replied.question, replied.options),)
        case AnsweredByBot(interaction=interaction, bulk=bulk, language=language, goes_at=at) if bulk:
            return (SendBulkAnswer(derived_id("fx", interaction, "bulk", bulk), interaction, bulk, language, at),)
        case CustomerTold(at=at, interaction=interaction, notice=notice, due=due):
            return (SendNotice(derived_id("fx", interaction, notice, str(at)), interaction, notice, due),)
        case SendingDue(interaction=interaction, sending=sending, step=step, plan=plan, agent=agent, written=written):
            id = derived_id("fx", sending, str(step))
            return (SendStep(id, interaction, sending, plan, step, agent, written),)
        case SendingEscalated(interaction=interaction, sending=sending, plan=plan, queue=queue):
            return (CallUnanswered(derived_id("fx", sending, "call"), interaction, plan, queue),)
        case MessageAdded(
            author="agent" | "bot" as author, interaction=interaction, message=message, goes_at=at, sending=by
        ):
            id = derived_id("fx", message)
            return (DeliverMessage(id, interaction, message, author == "bot", at, by is not None),)
        case _:
            return ()
