"""Counted terms into matrices, and the members of an ensemble fitted to them: linear scores and networks.

scikit-learn counts and fits; this runs where a model is trained and nowhere else.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.preprocessing import normalize
from threadpoolctl import threadpool_limits

from classifiers.background import Background
from classifiers.embedding import Embedding
from classifiers.features import ANALYSERS, TEXT_CHARS_MAX, background_terms, tokens
from classifiers.head import Scores
from classifiers.linear import Linear, linear
from classifiers.net_training import trained_net
from classifiers.nets import Nets
from classifiers.workers import Told, nobody, pool, processors
from vocabulary.errors import PermanentFailure

TERM_ROWS_MIN = 2
"""A term of a single text is dropped: half the size, accuracy as good, and nobody's name in a model file."""

TERMS_MAX = 80_000
"""Terms of a model: of more, the rarest are dropped. Of IT tickets' 170,000, the 40,000 most frequent do as well."""

_KINDS = len(ANALYSERS) + 1
"""Kinds of terms: those of texts, and those of what is known beside them."""

ENTRIES_MIN = 1_000_000
"""Known terms in all tasks from which on further processes are worth their start of two seconds."""

Places = NDArray[np.intp]
Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class Counted:
    """All terms of each kind, and how often each stands in each text, (n_texts, n_terms of the kind).

    Behind the counts of all kinds may stand the vectors of the texts by an embedding, (n_texts, dimensions).
    """

    names: list[NDArray[np.str_]]
    counts: list[sparse.csr_matrix]

    @property
    def words(self) -> float:
        """Mean number of words of a text."""
        return float(self.counts[0].sum() / self.counts[0].shape[0])

    def of(self, rows: Places) -> list[sparse.csr_matrix]:
        """Return the counts of some of the texts."""
        return [block[rows] for block in self.counts]


@dataclass(frozen=True, slots=True)
class Terms:
    """Which terms some texts know and how rare these are, for each kind; `weights`: how much each kind counts.

    Of an embedding, if there is one, all dimensions are kept; it has no rarity.
    """

    kept: list[Places]
    rarity: list[Scores]
    weights: Sequence[float]

    def matrix(self, counts: Sequence[sparse.csr_matrix]) -> sparse.csr_matrix:
        """Return TF-IDF, (n_texts, n_terms), of the texts with these `counts`."""
        chosen = [block[:, kept] for block, kept in zip(counts, self.kept, strict=True)]
        kinds = zip(chosen, self.rarity, self.weights, strict=False)
        parts = [weight * _weighted(block, rarity) for block, rarity, weight in kinds]
        vectors = zip(chosen[len(parts) :], self.weights[len(parts) :], strict=True)
        return sparse.hstack([*parts, *(weight * block for block, weight in vectors)]).tocsr()

    def known(self, counts: Sequence[sparse.csr_matrix]) -> Scores:
        """Return which share of the terms of each text is known, (n_texts, 2): of words, of pieces of words."""
        pairs = zip(counts[:2], self.kept[:2], strict=True)
        shares = [block[:, kept].getnnz(axis=1) / np.maximum(block.getnnz(axis=1), 1) for block, kept in pairs]
        return np.column_stack(shares)

    def scale(self) -> Scores:
        """Return the weight of each term's kind, (n_terms,)."""
        return np.repeat(self.weights, [len(kept) for kept in self.kept])


Done = Linear | Nets | Scores


@dataclass(frozen=True, slots=True)
class Task:
    """One member to be fitted.

    Args:
        terms: (n_texts, n_terms).
        truth: (n_texts,), the column of each text.
        columns: how many there are.
        member: 0 is the linear one, others are networks.
        seed: of the draws.
        asked: texts to score instead of keeping the member, (n_asked, n_terms).
        balanced: the rare columns count as much as the frequent ones (linear members only).
        prior: None: terms count as they are; else as in `classifiers.linear.linear` (linear members only).
    """

    terms: sparse.csr_matrix
    truth: Places
    columns: int
    member: int
    seed: int
    asked: sparse.csr_matrix | None = None
    balanced: bool = False
    prior: float | None = None


def counted(texts: Sequence[str], backgrounds: Sequence[Background], embedding: Embedding | None = None) -> Counted:
    """Return the terms of `texts`, and of what is known beside each, and the vectors of the texts."""
    words = [tokens(text) for text in texts]
    kinds = [*(_counts(analyser, words) for analyser in ANALYSERS), _counts(background_terms, backgrounds)]
    vectors = []
    if embedding is not None:
        vectors = [sparse.csr_matrix(embedding.vectors([text[:TEXT_CHARS_MAX] for text in texts]))]
    return Counted([names for names, _ in kinds], [*(counts for _, counts in kinds), *vectors])


def _counts(analyser: Callable[[Read], list[str]], texts: Sequence[Read]) -> tuple[NDArray[np.str_], sparse.csr_matrix]:
    # The first term keeps a kind that these texts don't have from being an error; no text holds it.
    counter = CountVectorizer(analyzer=_first_nothing(analyser), dtype=np.float64)
    counts = counter.fit_transform([None, *texts]).tocsr()[1:]
    return counter.get_feature_names_out(), counts


def _first_nothing(analyser: Callable[[Read], list[str]]) -> Callable[[Read | None], list[str]]:
    return lambda text: [""] if text is None else analyser(text)


def terms_of(counts: Sequence[sparse.csr_matrix], weights: Sequence[float], *, terms_max: int = TERMS_MAX) -> Terms:
    """Return what the texts with these `counts` know: at most `terms_max` terms, those that stand in the most texts.

    Raises:
        PermanentFailure: no term stands in two of them.
    """
    kinds, vectors = counts[:_KINDS], counts[_KINDS:]
    frequencies = [np.asarray(block.getnnz(axis=0)) for block in kinds]
    least = _least(np.concatenate(frequencies), terms_max)
    kept = [np.flatnonzero(rows >= least) for rows in frequencies]
    if not sum(len(chosen) for chosen in kept):
        raise PermanentFailure("no word occurs in two texts: there is nothing to learn from")
    rarity = [_rarity(block[:, chosen]) for block, chosen in zip(kinds, kept, strict=True)]
    return Terms([*kept, *(np.arange(block.shape[1]) for block in vectors)], rarity, weights)


def _least(rows: NDArray[np.int32], terms_max: int) -> int:
    """Return how many texts a term stands in at least if it is kept; `rows`: how many each stands in, (n_terms,)."""
    above = np.sort(rows)[: max(len(rows) - terms_max, 0)]
    return max(TERM_ROWS_MIN, int(above[-1]) + 1 if len(above) else 0)


def _rarity(counts: sparse.csr_matrix) -> Scores:
    """Return the smoothed inverse document frequency of each column, (n_terms,), as scikit-learn computes it."""
    rarity: Scores = np.log((1 + counts.shape[0]) / (1 + np.asarray(counts.getnnz(axis=0)))) + 1
    return rarity


def _weighted(counts: sparse.csr_matrix, rarity: Scores) -> sparse.csr_matrix:
    """Return `counts` as TF-IDF: (1 + ln count) * rarity, rows of length 1."""
    weighted = counts.copy()
    weighted.data = 1 + np.log(weighted.data)
    return normalize(weighted @ sparse.diags(rarity)) if all(weighted.shape) else weighted


def all_done(tasks: Iterable[Task], told: Told = nobody, processes: int | None = None) -> list[Done]:
    """Return what came of each of `tasks`, in their order, whatever the number of processes."""
    waiting = list(tasks)
    told(0, len(waiting))
    if processes is None:
        processes = processors() if sum(task.terms.nnz for task in waiting) > ENTRIES_MIN else 1
    if processes == 1:
        return list(_told(map(done, waiting), len(waiting), told))
    with pool(processes) as executor:
        return list(_told(executor.map(done, waiting), len(waiting), told))


def _told(results: Iterator[Done], count: int, told: Told) -> Iterator[Done]:
    for place, result in enumerate(results, 1):
        told(place, count)
        yield result


def done(task: Task) -> Done:
    """Return the fitted member, or its scores of the texts asked about, (n_asked, n_columns)."""
    # One thread: sums are then added in the same order on any machine, and other tasks have their own processor.
    with threadpool_limits(1):
        member = _linear(task) if task.member == 0 else _net(task)
        return member if task.asked is None else _scores(member, task.asked)


def _linear(task: Task) -> Linear:
    return linear(task.terms, task.truth, task.columns, task.seed, balanced=task.balanced, prior=task.prior)


def _net(task: Task) -> Nets:
    return trained_net(task.terms, task.truth, task.columns, task.seed * 1_000 + task.member)


def _scores(member: Linear | Nets, asked: sparse.csr_matrix) -> Scores:
    if isinstance(member, Linear):
        found: Scores = asked @ member.weights + member.bias
        return found
    units = np.maximum(asked.astype(np.float32) @ (member.entry * member.step) + member.entry_bias, 0)
    scores: Scores = (units @ member.exit[0] + member.exit_bias[0]).astype(np.float64)
    return scores
