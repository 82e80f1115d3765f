"""A slot for vectors of texts from a function of the site's own, beside the terms. Nothing ships with it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vocabulary.errors import PermanentFailure

_PROBE = "Good morning, where is my parcel?"
_BATCH = 256


@dataclass(frozen=True, slots=True)
class Embedding:
    """What a site's function makes of texts.

    Args:
        name: of the function, "module:function".
        dimensions: of each vector, >= 1.
        function: takes a list of texts and returns a vector for each: rows of numbers, the same for the same text.
    """

    name: str
    dimensions: int
    function: Callable[[list[str]], Any]

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Return the vectors of `texts`, (n_texts, dimensions), each of length 1 (or 0 where all numbers are).

        Raises:
            PermanentFailure: the function returns something else.
        """
        parts = [self._asked(list(texts[at : at + _BATCH])) for at in range(0, len(texts), _BATCH)]
        found = np.concatenate(parts) if parts else np.empty((0, self.dimensions))
        lengths = np.sqrt((found * found).sum(axis=1, keepdims=True))
        scaled: NDArray[np.float64] = found / np.where(lengths > 0, lengths, 1.0)
        return scaled

    def _asked(self, texts: list[str]) -> NDArray[np.float64]:
        return _checked(self.name, self.function(texts), (len(texts), self.dimensions))


def embedding_named(name: str) -> Embedding:
    """Return the function that is called `name`, "module:function", after a first text.

    Raises:
        PermanentFailure: there is none, it breaks, or what it returns are no vectors; says which.
    """
    module, _, function = name.partition(":")
    try:
        found = getattr(import_module(module), function)
        said = found([_PROBE])
    except Exception as error:
        raise PermanentFailure(
            f'embedding "{name}": {type(error).__name__}: {error}: name a function that takes a list of texts, as '
            "module:function, in a module that this Python can import"
        ) from error
    return Embedding(name, _checked(name, said, (1, None)).shape[1], found)


def embedding_of(name: str | None) -> Embedding | None:
    """Return the same, or None where none is named."""
    return None if name is None else embedding_named(name)


def _checked(name: str, said: Any, shape: tuple[int, int | None]) -> NDArray[np.float64]:
    try:
        found = np.asarray(said, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise PermanentFailure(f'embedding "{name}": returns no rows of numbers ({error})') from error
    texts, dimensions = shape
    fits = found.ndim == 2 and found.shape[0] == texts and found.shape[1] > 0
    if not fits or (dimensions is not None and found.shape[1] != dimensions):
        expected = f"({texts}, {'dimensions' if dimensions is None else dimensions})"
        raise PermanentFailure(f'embedding "{name}": returns {found.shape} for {texts} texts, expected {expected}')
    if not np.isfinite(found).all():
        raise PermanentFailure(f'embedding "{name}": returns a value that is no finite number')
    return found
