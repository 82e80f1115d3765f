"""What work tells about messages, as rows to learn from: corrections, and what transfers and dispositions hint at.

A row names the message that it is about and never holds its text: who erases the message has erased it here too.
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence

from app.background import background_from
from classifiers.features import whole_text
from classifiers.orders import Lesson
from queues.interaction import Interaction
from vocabulary.ids import AgentId, CustomerId, InteractionId, QueueName, derived_id
from vocabulary.instants import Instant
from vocabulary.records import (
    BY_A_PERSON,
    Change,
    CustomerRow,
    MessageRow,
    Put,
    Remove,
    Source,
    TrainingRow,
    TrainingText,
    is_erased,
)
from vocabulary.stores import Store

HEAD = "label"
NO_LEARNING = "no_learning"
"""The attribute of a customer of whom nothing may be learnt."""
SUREST: tuple[Source, ...] = (*BY_A_PERSON, "disposition", "transfer")
_FIRST = 5
"""So many messages are looked through for the customer's first one."""


class Lessons:
    """Keeps rows to learn from, and reads them again."""

    def __init__(
        self,
        store: Store,
        *,
        learn: bool = True,
        queues: Mapping[str, str] | None = None,
        dispositions: Mapping[str, str] | None = None,
        sources: Sequence[Source] = SUREST,
    ) -> None:
        """Learn as the site says.

        Args:
            store: where everything is.
            learn: whether anything may be learnt at all.
            queues: what is handed over to a queue is about this label.
            dispositions: what ends with one is about this label.
            sources: what counts when a model is trained.
        """
        self._store = store
        self._learn = learn
        self._queues = dict(queues or {})
        self._dispositions = dict(dispositions or {})
        self._sources = tuple(source for source in SUREST if source in sources)

    @property
    def named(self) -> set[str]:
        """The labels that queues and dispositions stand for."""
        return {*self._queues.values(), *self._dispositions.values()}

    async def said(
        self, found: Interaction, label: str, source: Source, by: str, at: Instant, *, id: str | None = None
    ) -> list[Change]:
        """Return what keeps that `found` is about `label`; nothing where nothing may be learnt from it."""
        message = await self._message(found)
        if message is None:
            return []
        guessed = (found.labels if found.corrected is None else found.corrected.before)[:1]
        row = TrainingRow(
            id=id or _row_id(message.id, source),
            interaction=found.id,
            message=message.id,
            label=label,
            source=source,
            by=by,
            at=at,
            head=HEAD,
            language=found.language,
            said=guessed[0].name if guessed else None,
            confidence=guessed[0].confidence if guessed else None,
        )
        return [Put(row)]

    async def taken_back(self, found: Interaction) -> list[Change]:
        """Return what forgets what a person said; what a transfer tells stays."""
        rows = await self._store.training_of(found.id)
        return [Remove(TrainingRow, row.id) for row in rows if row.source in BY_A_PERSON]

    async def handed_over(
        self, found: Interaction, queue: str, by: str, at: Instant, *, warm: bool = False
    ) -> list[Change]:
        """Return what keeps what a transfer to `queue` tells; of a `warm` one that nobody takes, it goes again."""
        label = self._queues.get(queue)
        id = warm_row_id(found.id, queue, by) if warm else None
        return [] if label is None else await self.said(found, label, "transfer", by, at, id=id)

    async def ended(self, found: Interaction, disposition: str, by: str, at: Instant) -> list[Change]:
        """Return what keeps what a disposition tells."""
        label = self._dispositions.get(disposition)
        return [] if label is None else await self.said(found, label, "disposition", by, at)

    async def _message(self, found: Interaction) -> MessageRow | None:
        """Return what was classified when it came in: the customer's first message, if it may be learnt from."""
        if not self._learn:
            return None
        person = await self._store.person(found.customer)
        if any(is_erased(row) for row in person) or objects(person):
            return None
        return await first_message(self._store, found.id)

    async def objected(self, customer: CustomerId) -> list[Change]:
        """Return what forgets all that was learnt of the person whom `customer` is."""
        rows = await self._store.training_of_customers(await self._store.group(customer))
        return [Remove(TrainingRow, row.id) for row in rows]

    async def all(self) -> list[Lesson]:
        """Return what there is to learn: of each message what is known most surely, those without a text left out."""
        best: dict[str, TrainingText] = {}
        async for each in self._texts():
            other = best.get(each.row.message)
            if other is None or self._rank(each.row) < self._rank(other.row):
                best[each.row.message] = each
        return [
            Lesson(
                whole_text(each.subject, each.text),
                each.row.label,
                each.row.source,
                background_from(each.subject, each.channel, each.attributes),
            )
            for _, each in sorted(best.items())
        ]

    def _rank(self, row: TrainingRow) -> tuple[int, Instant]:
        return self._sources.index(row.source), -row.at

    async def _texts(self) -> AsyncIterator[TrainingText]:
        after = ""
        while self._learn and (page := await self._store.training_texts(after=after)):
            # Looked at again: an objection counts however it came, a CRM or a merge included.
            people = await self._store.people(list({each.customer for each in page}))
            for each in page:
                counts = each.row.source in self._sources and each.row.head == HEAD and each.text.strip()
                if counts and not objects(people.get(each.customer, ())):
                    yield each
            after = page[-1].row.id


def objects(person: Iterable[CustomerRow]) -> bool:
    """Tell whether somebody doesn't want anything to be learnt of him."""
    return any(row.attributes.get(NO_LEARNING) for row in person)


async def first_message(store: Store, interaction: str) -> MessageRow | None:
    """Return the first thing that the customer wrote in it; None if that was nothing, or is erased."""
    for row in await store.messages(interaction, limit=_FIRST):
        if row.author == "customer":
            return None if is_erased(row) or not row.text.strip() else row
    return None


def _row_id(message: str, source: Source) -> str:
    """Return the id of the row of that source; what persons say of one message is one row, the latest counts."""
    return derived_id("tr", message, HEAD, "person" if source in BY_A_PERSON else source)


def warm_row_id(interaction: InteractionId, queue: QueueName, by: AgentId) -> str:
    """Return the id of the row that a warm transfer leaves: by what is known when it ends (app/rows.py)."""
    return derived_id("tr", interaction, HEAD, "warm", queue, by)
