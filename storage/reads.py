"""What every part of a store reads with: how that is done is Reading's (storage/reading.py)."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec
from sqlalchemy import ColumnElement, RowMapping, Select, Table, literal, select

from storage.mapping import maker_of

R = TypeVar("R", bound=msgspec.Struct)
T = TypeVar("T")

_AT_ONCE = 400
"""So many values stand in one statement: SQLite takes no more than 999 everywhere, and identities need two each."""


class Reads(ABC):
    """Part of a store. Every call may raise TemporaryFailure."""

    @abstractmethod
    async def _all(self, query: Select[Any], make: Callable[[RowMapping], T], **values: Any) -> list[T]:
        """Return what `query` selects, each row made by `make`."""

    @abstractmethod
    async def _one(self, kind: type[R], *key: str) -> R | None:
        """Return the row of `kind` with that key."""

    @abstractmethod
    async def _rows(self, kind: type[R], query: Select[Any], **values: Any) -> Sequence[R]:
        """Return what `query` selects; with `values`, its parameters, it is one that was put together before."""

    async def _made(self, kind: type[R], query: Select[Any]) -> list[R]:
        return await self._all(query, maker_of(kind))


def bare(table: Table, content: ColumnElement[Any]) -> Select[Any]:
    """Select the rows of `table`, each without the bytes of its column `content`."""
    return select(*(literal(b"").label(each.name) if each is content else each for each in table.c))


def portions(values: Sequence[T]) -> list[Sequence[T]]:
    """Return `values` in parts that one statement takes."""
    return [values[start : start + _AT_ONCE] for start in range(0, len(values), _AT_ONCE)]
