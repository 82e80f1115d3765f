"""What is read from the records to learn from, and the versions of the model."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import RowMapping, case, func, select

from storage import tables
from storage.mapping import maker_of
from storage.reads import Reads, bare
from vocabulary.instants import Instant
from vocabulary.records import Checked, ModelRow, SettingRow, Source, TrainingRow, TrainingText


class LearningReads(Reads):
    """Part of a store: what learning reads. Every call may raise TemporaryFailure."""

    async def training_row(self, id: str) -> TrainingRow | None:
        """Return the row with that id."""
        return await self._one(TrainingRow, id)

    async def training_of(self, interaction: str) -> Sequence[TrainingRow]:
        """Return the rows about `interaction`, by instant."""
        columns = tables.training.c
        query = select(tables.training).where(columns.interaction == interaction)
        return await self._made(TrainingRow, query.order_by(columns.at, columns.id))

    async def training_of_customers(self, customers: Sequence[str]) -> Sequence[TrainingRow]:
        """Return the rows about interactions of `customers`, by id."""
        columns, whose = tables.training.c, tables.interactions.c
        query = select(tables.training).join(tables.interactions, whose.id == columns.interaction)
        return await self._made(TrainingRow, query.where(whose.customer.in_(customers)).order_by(columns.id))

    async def training_texts(self, *, after: str = "", limit: int = 500) -> Sequence[TrainingText]:
        """Return rows by id, those behind `after`, each with its text; of one whose message is gone there is none."""
        columns, said, whose = tables.training.c, tables.messages.c, tables.interactions.c
        query = (
            select(*columns, *(said[name].label(f"its_{name}") for name in _ITS), whose.customer.label("customer"))
            .join(tables.messages, said.id == columns.message)
            .outerjoin(tables.interactions, whose.id == columns.interaction)
            .where(columns.id > after)
        )
        return await self._all(query.order_by(columns.id).limit(limit), _with_text)

    async def training_counts(self, *, since: Instant = 0) -> dict[tuple[str, str], int]:
        """Return how many rows there are of each source and label, from `since` on."""
        columns = tables.training.c
        query = select(columns.source, columns.label, func.count().label("count")).where(columns.at >= since)
        return dict(await self._all(query.group_by(columns.source, columns.label), _counted))

    async def training_checked(self, source: Source, *, since: Instant, but: str) -> Checked | None:
        """Return how the model did on the rows of a source from `since` on, those of which it had said `but` left out.

        None: there are none.
        """
        columns = tables.training.c
        right = case((columns.said == columns.label, 1.0), else_=0.0)
        query = select(func.count().label("n"), func.avg(columns.confidence).label("sure"), func.avg(right).label("ok"))
        query = query.where(columns.source == source, columns.at >= since, columns.confidence.is_not(None))
        (found,) = await self._all(query.where(columns.said != but), _checked)
        return found

    async def model(self, id: str) -> ModelRow | None:
        """Return the version of the model with that id, with its bytes."""
        return await self._one(ModelRow, id)

    async def models(self) -> Sequence[ModelRow]:
        """Return the versions of the model, newest first, each without its bytes."""
        columns = tables.models.c
        return await self._made(ModelRow, bare(tables.models, columns.content).order_by(columns.at.desc(), columns.id))

    async def setting(self, id: str) -> SettingRow | None:
        """Return the setting with that id."""
        return await self._one(SettingRow, id)


_ITS = ("subject", "text", "channel", "attributes")
"""What is read of the message that a row is about."""
_row: Callable[[Any], TrainingRow] = maker_of(TrainingRow)


def _with_text(columns: RowMapping) -> TrainingText:
    told = {name: columns[f"its_{name}"] for name in _ITS}
    return TrainingText(_row(columns), **told, customer=columns["customer"] or "")


def _counted(columns: RowMapping) -> tuple[tuple[str, str], int]:
    return (str(columns["source"]), str(columns["label"])), int(columns["count"])


def _checked(columns: RowMapping) -> Checked | None:
    count = int(columns["n"])
    return Checked(count, float(columns["sure"]), float(columns["ok"])) if count else None
