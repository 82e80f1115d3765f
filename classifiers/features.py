"""Text into numbers: the terms of a message and their TF-IDF weights, in plain Python and numpy.

Training counts the same terms with scikit-learn; here the same arithmetic is done directly, because
`Pipeline.predict` spends milliseconds on the overhead of sparse matrices for a single message, and importing
scikit-learn costs a server 1.4 s and 100 MB.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, pairwise

import numpy as np
from numpy.typing import NDArray

from classifiers.background import FORMER_MAX, NOTHING, Background
from classifiers.concepts import concepts_of
from classifiers.embedding import Embedding
from classifiers.folding import folded

TEXT_CHARS_MAX = 4_000
"""Only so much of a text is read: the matter is at its beginning, and the cost of a message stays bounded."""

_WORD = re.compile(r"\w+")
_DIGITS = re.compile(r"\d+")
_GRAM_MIN, _GRAM_MAX = 2, 5
_STEM_CHARS = 4
"""Of 3 to 6, on five public sets; hardly better than 5."""

_CONCEPTS_MAX = 40
_WORD_CHARS_MAX = 40
"""Longer "words" are links and encoded data: their beginning tells enough."""


def whole_text(subject: str, text: str) -> str:
    """Return what is read of a message: its subject is a part of the text."""
    return f"{subject[:TEXT_CHARS_MAX]}\n{text[:TEXT_CHARS_MAX]}".strip()


def tokens(text: str) -> list[str]:
    """Return the words of the first `TEXT_CHARS_MAX` characters of `text`, folded; each run of digits is one "0".

    A number means "a number is here": a model file must not hold customers' order and telephone numbers.
    """
    words = _WORD.findall(_DIGITS.sub("0", folded(text[:TEXT_CHARS_MAX])))
    return [word[:_WORD_CHARS_MAX] for word in words]


def word_terms(words: Sequence[str]) -> list[str]:
    """Return `words`."""
    return list(words)


def char_terms(words: Sequence[str]) -> list[str]:
    """Return the pieces of 2 to 5 characters of each of `words`, with the space before and behind it."""
    return [piece for word in words for piece in _pieces(word)]


def stem_terms(words: Sequence[str]) -> list[str]:
    """Return the beginnings of `words` and the pairs of neighbours, where "^" and "$" stand for both ends of the text.

    The first letters do for a stem in any language (Can et al. 2008, doi:10.1002/asi.20750, for Turkish): Polish and
    Hungarian have too many endings for two neighbours to be met again as they are.
    """
    stems = [word[:_STEM_CHARS] for word in words]
    # "^ can" and "refu $" say more than "can" and "refu": questions differ in how they begin.
    return [*stems, *(f"{left} {right}" for left, right in pairwise(["^", *stems, "$"]))]


def concept_terms(words: Sequence[str]) -> list[str]:
    """Return the concepts that `words` speak of, once each, and all pairs of them, whatever their order."""
    concepts = sorted(set(concepts_of(words)))[:_CONCEPTS_MAX]
    return [*concepts, *(f"{left} {right}" for left, right in combinations(concepts, 2))]


ANALYSERS: tuple[Callable[[Sequence[str]], list[str]], ...] = (word_terms, char_terms, stem_terms, concept_terms)
"""The kinds of terms of a text; a model has one block for each, in this order, and one of `background_terms`."""


def background_terms(known: Background) -> list[str]:
    """Return the terms of `known`, each behind the name of its part: "subject:invoice", "channel:billing mail"."""
    return [
        *(f"subject:{word}" for word in tokens(known.subject)),
        *(f"channel:{name}" for name in _names(known.channel)),
        *(f"segment:{name}" for name in _names(known.segment)),
        *(f"former:{name}" for name in _names(*known.former[:FORMER_MAX])),
        *(f"language:{name}" for name in _names(known.language)),
    ]


def _names(*names: str) -> list[str]:
    # A line of the model file holds one term.
    return [" ".join(name.split()) for name in names if name.strip()]


@lru_cache(maxsize=4_096)
def _pieces(word: str) -> tuple[str, ...]:
    padded = f" {word} "
    size = len(padded)
    pieces = [
        padded[at : at + length]
        for length in range(_GRAM_MIN, min(_GRAM_MAX, size - 1) + 1)
        for at in range(size - length + 1)
    ]
    if size <= _GRAM_MAX:
        pieces.append(padded)
    return tuple(pieces)


@dataclass(frozen=True, slots=True)
class Block:
    """One kind of terms: which are known, the row of each in the weights, and how rare each is.

    Args:
        rows: term -> row in the weights.
        rarity: float64, (all rows of the model,): smoothed inverse document frequency, shared by all blocks.
    """

    rows: Mapping[str, int]
    rarity: NDArray[np.float64]

    def vector(self, terms: Iterable[str]) -> "Vector":
        """Return the rows of the known `terms` and their weights: (1 + ln count) * rarity, scaled to length 1."""
        counts = Counter(terms)
        known = [(self.rows[term], count) for term, count in counts.items() if term in self.rows]
        if not known:
            return Vector(np.empty(0, np.intp), np.empty(0, np.float64), 0.0)
        pairs = np.array(known, dtype=np.intp)
        rows = pairs[:, 0]
        values = (1.0 + np.log(pairs[:, 1])) * self.rarity[rows]
        return Vector(rows, values / np.sqrt(values @ values), len(known) / len(counts))


@dataclass(frozen=True, slots=True)
class Vector:
    """A text as a block of terms sees it: `rows` and `values`, (n_known,), and the share of its terms that is known."""

    rows: NDArray[np.intp]
    values: NDArray[np.float64]
    known_share: float


@dataclass(frozen=True, slots=True)
class View:
    """A text as a whole model sees it: `rows` and `values` of all blocks, (n_known,).

    Args:
        rows: rows of the known terms in the weights.
        values: their weights; each block has length 1.
        known: shares of its terms that are known: of words, of pieces of words.
    """

    rows: NDArray[np.intp]
    values: NDArray[np.float64]
    known: tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """What a model knows of messages: blocks with disjoint rows.

    Args:
        blocks: one for each of `ANALYSERS`.
        background: that of `background_terms`; without a term where no row that was learnt from had any.
        embedding: vectors of texts, whose rows follow those of all blocks; None: none.
    """

    blocks: tuple[Block, ...]
    background: Block
    embedding: Embedding | None = None

    def vectors(self, text: str, known: Background = NOTHING) -> tuple[Vector, ...]:
        """Return a message as each block sees it."""
        words = tokens(text)
        vectors = [block.vector(terms(words)) for block, terms in zip(self.blocks, ANALYSERS, strict=True)]
        if self.background.rows:
            vectors.append(self.background.vector(background_terms(known)))
        return tuple(vectors)

    def view(self, text: str, known: Background = NOTHING) -> View:
        """Return a message as the heads of a model read it: its text, and what is `known` beside that."""
        vectors = self.vectors(text, known)
        rows = np.concatenate([vector.rows for vector in vectors])
        values = np.concatenate([vector.values for vector in vectors])
        if self.embedding is not None:
            first = len(self.background.rarity)
            rows = np.append(rows, np.arange(first, first + self.embedding.dimensions))
            values = np.append(values, self.embedding.vectors([text[:TEXT_CHARS_MAX]])[0])
        return View(rows, values, (vectors[0].known_share, vectors[1].known_share))


def features_of(
    terms: Sequence[Sequence[str]], rarity: NDArray[np.float32], embedding: Embedding | None = None
) -> Features:
    """Return the features whose rows are the `terms` of one block after the other; `rarity`: (all of them,).

    `terms`: those of the blocks of `ANALYSERS`, then those of the background.
    """
    shared, blocks, first = rarity.astype(np.float64), [], 0
    for names in terms:
        blocks.append(Block({term: row for row, term in enumerate(names, first)}, shared))
        first += len(names)
    *texts, background = blocks
    return Features(tuple(texts), background, embedding)
