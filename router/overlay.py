"""A table that can be forked: `decide` writes into a fork and throws it away, so the state stays as it was."""

from collections.abc import Iterator, MutableMapping
from typing import Any, Generic, TypeVar, cast

K = TypeVar("K")
V = TypeVar("V")

_GONE: Any = object()


class Table(MutableMapping[K, V], Generic[K, V]):
    """A dict of frozen values. A fork costs nothing to make and as much as is changed in it."""

    __slots__ = ("_below", "_own")

    def __init__(self, below: "Table[K, V] | None" = None) -> None:
        self._own: dict[K, V] = {}
        self._below = below

    def fork(self) -> "Table[K, V]":
        """Return a table that reads like this one and keeps its changes to itself."""
        return Table(self)

    def __getitem__(self, key: K) -> V:
        value = self._own.get(key)
        if value is None:
            if self._below is None:
                raise KeyError(key)
            return self._below[key]
        if value is _GONE:
            raise KeyError(key)
        return value

    def get(self, key: K, default: Any = None) -> Any:
        value = self._own.get(key)
        if value is None:
            return default if self._below is None else self._below.get(key, default)
        return default if value is _GONE else value

    def __setitem__(self, key: K, value: V) -> None:
        self._own[key] = value

    def __delitem__(self, key: K) -> None:
        if self._below is None:
            del self._own[key]
        elif key in self:
            self._own[key] = cast(V, _GONE)
        else:
            raise KeyError(key)

    def __contains__(self, key: object) -> bool:
        return self.get(cast(K, key)) is not None

    def __iter__(self) -> Iterator[K]:
        for key, value in self._own.items():
            if value is not _GONE:
                yield key
        if self._below is not None:
            for key in self._below:
                if key not in self._own:
                    yield key

    def __len__(self) -> int:
        if self._below is None:
            return len(self._own)
        return sum(1 for _ in self)
