"""What is sent later, as messages: the words and files of a document, what an agent wrote, whom to call in the end."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from app.notices import own_text, said_by_itself
from app.outgoing import UNSUBSCRIBE
from autoresponders.templates import Template, Wordings
from config.letters import AUTORESPONSE_VARIABLES
from config.schema import Settings
from config.sending_schema import LANGUAGE_IN_NAME
from queues.policy import QueuePolicy
from router.commands import Admit
from router.effects import CallUnanswered, SendStep
from router.policy import Policy
from vocabulary.errors import PermanentFailure
from vocabulary.files import FILE_MAX, TOGETHER_MAX, kind_of
from vocabulary.ids import MessageId, derived_id, file_id, reference
from vocabulary.instants import Instant
from vocabulary.media import CALLBACK, EMAIL
from vocabulary.records import AttachmentRow, Change, InteractionRow, MessageRow, PutNew, Set, is_erased
from vocabulary.stores import Store
from web.site import Document

UNANSWERED = "unanswered"
"""The tag of a call that follows up something sent."""


class Step(msgspec.Struct, frozen=True):
    """One message of a document: its words and subjects by language, and its files."""

    texts: Mapping[str, Template]
    subjects: Mapping[str, Template] = {}
    files: tuple[Path, ...] = ()


class Prepared(msgspec.Struct, frozen=True):
    """A document that configuration has."""

    steps: tuple[Step, ...]
    unsubscribe: bool = False


def prepared_of(settings: Settings) -> dict[str, Prepared]:
    """Return the documents of the settings by their names."""
    return {
        answer.name: Prepared(
            (
                Step(_templates(answer.text), _templates(answer.subject), answer.attachments),
                *(Step(_templates(step.text), _templates(step.subject), step.attachments) for step in answer.steps),
            ),
            answer.unsubscribe,
        )
        for answer in settings.autoresponses
        if answer.kind == "document"
    }


def _templates(sources: Mapping[str, str]) -> dict[str, Template]:
    return {language: Template(source, AUTORESPONSE_VARIABLES) for language, source in sources.items()}


def draft_id(sending: str) -> MessageId:
    """Return the id of the message that is the first step of a sending; it is written before if it has own words."""
    return derived_id("m", derived_id("fx", sending, "0"))


class Sendings:
    """Writes what is due. `site`: the name that customers read."""

    def __init__(
        self,
        store: Store,
        prepared: Mapping[str, Prepared],
        wordings: Wordings,
        *,
        policy: Callable[[], Policy],
        site: str = "",
    ) -> None:
        self._store = store
        self._prepared = prepared
        self._wordings = wordings
        self._policy = policy
        self._site = site

    @property
    def documents(self) -> Sequence[Document]:
        """What agents may send, by name."""
        return [
            Document(
                name=name,
                texts={language: text.render({"site": self._site}) for language, text in each.steps[0].texts.items()},
                files=tuple(file.name for file in each.steps[0].files),
            )
            for name, each in sorted(self._prepared.items())
        ]

    async def step(
        self, id: MessageId, effect: SendStep, interaction: InteractionRow, now: Instant
    ) -> Sequence[Change] | None:
        """Return what writes message `id` of a step, with its files; None if it stands in the conversation already.

        Raises:
            PermanentFailure: it can't be sent, for the reason it gives.
        """
        known = await self._store.message(id)
        if known is not None and known.number is not None:
            return None
        files = self._files(self._prepared.get(effect.plan), effect.step, interaction.language, id)
        if not effect.written:
            return [PutNew(self._prepared_message(id, effect, interaction, now)), *map(PutNew, files)]
        if known is None or is_erased(known):
            raise PermanentFailure("what was written to be sent is gone from the records")
        return [Set(MessageRow, id, {"at": now}), *map(PutNew, files)]

    def _prepared_message(
        self, id: MessageId, effect: SendStep, interaction: InteractionRow, now: Instant
    ) -> MessageRow:
        step = self._step(effect.plan, effect.step)
        text = own_text(step.texts, interaction.language, self._values(interaction))
        if text is None:
            raise PermanentFailure(f"document {effect.plan!r} has no words")
        if effect.agent is None:
            text = f"{text}\n\n{said_by_itself(step.texts, interaction.language, self._wordings)}"
        return MessageRow(
            id=id,
            interaction=interaction.id,
            channel=self.mailbox(interaction),
            author="bot" if effect.agent is None else "agent",
            agent=effect.agent,
            at=now,
            text=text,
            subject=self.subject(step.subjects, interaction),
            attributes=self.sent_as(effect.sending, effect.plan, effect.step),
        )

    def subject(self, subjects: Mapping[str, Template], interaction: InteractionRow) -> str:
        """Return the subject; "" where the mail continues a conversation that has one."""
        own = own_text(subjects, interaction.language, self._values(interaction))
        if own is not None:
            return own
        if interaction.medium == EMAIL:
            return ""
        return self._wordings.text("sending_subject", interaction.language, **self._values(interaction))

    def _values(self, interaction: InteractionRow) -> dict[str, object]:
        return {"number": reference(interaction.number), "site": self._site}

    def sent_as(self, sending: str, plan: str, step: int) -> dict[str, Any]:
        """Return the attributes of a message that is a step of a sending."""
        prepared = self._prepared.get(plan)
        marks = {UNSUBSCRIBE: True} if prepared is not None and prepared.unsubscribe else {}
        return {"sending": sending, "plan": plan, "step": step, **marks}

    def mailbox(self, interaction: InteractionRow) -> str:
        """Return the channel by which it goes: the interaction's own if that is a mailbox, else its queue's."""
        if interaction.medium == EMAIL:
            return interaction.channel
        queue = self._policy().queues.get(interaction.queue, QueuePolicy(name=interaction.queue))
        return queue.message_channel or interaction.channel

    def _step(self, name: str, number: int) -> Step:
        prepared = self._prepared.get(name)
        if prepared is None or number >= len(prepared.steps):
            raise PermanentFailure(f"document {name!r} is no longer in the configuration")
        return prepared.steps[number]

    def _files(
        self, prepared: Prepared | None, number: int, language: str | None, message: MessageId
    ) -> list[AttachmentRow]:
        """Return the files of a step as they are now: a price list is sent as it stands on the day."""
        if prepared is None or number >= len(prepared.steps):
            return []
        step, found, total = prepared.steps[number], [], 0
        spoken = language if language in step.texts else next(iter(step.texts), "")
        for place, named in enumerate(step.files):
            file = Path(str(named).replace(LANGUAGE_IN_NAME, spoken or ""))
            content = _content(file)
            total += len(content)
            if total > TOGETHER_MAX:
                raise PermanentFailure(f"the files are larger than {TOGETHER_MAX // 1_000_000} MB in all")
            found.append(
                AttachmentRow(
                    id=file_id(message, place, content),
                    message=message,
                    filename=file.name,
                    content_type=kind_of(file.name, content),
                    content=content,
                )
            )
        return found

    def call(self, effect: CallUnanswered, interaction: InteractionRow, *, channel: str) -> Admit:
        """Return the order to have a customer called who has not answered."""
        return Admit(
            id=derived_id("i", effect.id),
            channel=channel,
            medium=CALLBACK,
            customer=interaction.customer,
            language=interaction.language,
            queue=effect.queue,
            tags=(UNANSWERED,),
            follows=interaction.id,
        )

    async def note(
        self, id: MessageId, effect: CallUnanswered, interaction: InteractionRow, now: Instant
    ) -> MessageRow:
        """Return the note that tells who calls what it is about."""
        known = await self._store.person_identities(interaction.customer)
        phone = next((each.value for each in known if each.kind == "phone"), None)
        key = "call_unanswered" if phone is not None else "call_unanswered_no_number"
        number = reference(interaction.number)
        return MessageRow(
            id=id,
            interaction=derived_id("i", effect.id),
            channel=interaction.channel,
            author="note",
            at=now,
            text=self._wordings.text(key, interaction.language, number=number, name=effect.plan),
        )


def _content(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            content = opened.read(FILE_MAX + 1)
    except OSError as error:
        raise PermanentFailure(f"file {file.name!r} can't be read: {error.strerror}") from error
    if len(content) > FILE_MAX:
        raise PermanentFailure(f"file {file.name!r} is larger than {FILE_MAX // 1_000_000} MB")
    return content
