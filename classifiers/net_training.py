"""Training of the small networks, in numpy: only the rows of terms that a batch holds are touched.

scikit-learn's MLPClassifier updates every weight in every step: minutes instead of seconds for texts, whose terms are
many and rare.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from classifiers.nets import Nets, in_steps

HIDDEN = 128
_BATCH = 64
_EPOCHS, _EPOCHS_MAX = 8, 12
_EPOCHS_BY_ROWS = 24_000
"""Few rows are gone through more often: about so many texts are looked at in any case."""

_TEXTS_MAX, _EPOCHS_MIN = 125_000, 4
"""So many texts are looked at at most, but all four times: IT tickets' 30,000 rows are overlearnt by eight times."""

_RATE = 0.05
_DROPPED = 0.3
"""Share of terms and of hidden units that is left out at random in each step: none may rely on a single one."""

_SMOOTHING = 0.1
"""Share of the certainty that is spread over all columns: examples are never quite sure."""

_START = 1e-6

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Weights:
    """What is learnt: entry (n_terms, h), bias (h,), exit (h, k), bias (k,); or the squares of its past slopes.

    Those of the entry are the mean over each term's units, (n_terms,): a third less time, answers as good.
    """

    entry: Floats
    entry_bias: Floats
    exit: Floats
    exit_bias: Floats


def trained_net(terms: sparse.csr_matrix, truth: NDArray[np.intp], columns: int, seed: int) -> Nets:
    """Return one network that learnt `truth` (n_texts,) from `terms` (n_texts, n_terms); same arguments, same network.

    Adagrad (Duchi et al. 2011) with a rate that falls to 0, dropout, smoothed labels.
    """
    draw = np.random.default_rng(seed)
    terms = terms.astype(np.float32)
    net = _beginning(terms, columns, draw)
    past = _Weights(
        *(np.full_like(part, _START) for part in (net.entry[:, 0], net.entry_bias, net.exit, net.exit_bias))
    )
    rows = terms.shape[0]
    epochs = min(int(np.clip(_EPOCHS_BY_ROWS // rows, _EPOCHS, _EPOCHS_MAX)), max(_TEXTS_MAX // rows, _EPOCHS_MIN))
    starts = [(epoch, at) for epoch in range(epochs) for at in range(0, rows, _BATCH)]
    order = draw.permutation(rows)
    for step, (_, at) in enumerate(starts):
        if at == 0:
            order = draw.permutation(rows)
        batch = order[at : at + _BATCH]
        _learn(net, past, terms[batch], truth[batch], _RATE * (1 - step / len(starts)), draw)
    return Nets(*in_steps(net.entry), net.entry_bias, net.exit[np.newaxis], net.exit_bias[np.newaxis])


def _beginning(terms: sparse.csr_matrix, columns: int, draw: np.random.Generator) -> _Weights:
    # Hidden units begin with a spread of about one, whatever the length of the texts.
    spread = 1 / np.sqrt(max(terms.nnz / terms.shape[0], 1))
    entry = draw.standard_normal((terms.shape[1], HIDDEN), dtype=np.float32) * np.float32(spread)
    exit_ = draw.standard_normal((HIDDEN, columns), dtype=np.float32) / np.float32(np.sqrt(HIDDEN))
    return _Weights(entry, np.zeros(HIDDEN, np.float32), exit_, np.zeros(columns, np.float32))


def _learn(
    net: _Weights, past: _Weights, batch: sparse.csr_matrix, truth: NDArray[np.intp], rate: float,
    draw: np.random.Generator,
) -> None:  # fmt: skip
    """Take one step on a batch of texts."""
    known, seen = _thinned(batch, draw)
    entry = net.entry[known]
    sums = seen @ entry + net.entry_bias
    # What is left counts for what was left out, so that prediction needs no correction.
    gate = ((sums > 0) & _kept(sums.shape, draw)) * np.float32(1 / (1 - _DROPPED))
    units = sums * gate
    error = _error(units @ net.exit + net.exit_bias, truth)
    back = (error @ net.exit.T) * gate
    _step(net.exit, past.exit, units.T @ error, rate)
    _step(net.exit_bias, past.exit_bias, error.sum(axis=0), rate)
    _step(net.entry_bias, past.entry_bias, back.sum(axis=0), rate)
    slope = seen.T @ back
    past.entry[known] += np.einsum("th,th->t", slope, slope) / np.float32(HIDDEN)
    slope *= (np.float32(rate) / np.sqrt(past.entry[known]))[:, np.newaxis]
    net.entry[known] = entry - slope


def _thinned(batch: sparse.csr_matrix, draw: np.random.Generator) -> tuple[NDArray[np.intp], sparse.csr_matrix]:
    """Return which terms the batch holds, and its texts in these columns, some terms left out of each."""
    known, places = np.unique(batch.indices, return_inverse=True)
    values = batch.data * (_kept(batch.data.shape, draw) * np.float32(1 / (1 - _DROPPED)))
    return known, sparse.csr_matrix((values, places, batch.indptr), shape=(batch.shape[0], len(known)))


def _kept(shape: tuple[int, ...], draw: np.random.Generator) -> NDArray[np.bool_]:
    return draw.random(shape, dtype=np.float32) >= _DROPPED


def _error(scores: Floats, truth: NDArray[np.intp]) -> Floats:
    """Return by how much the shares that `scores` give differ from the smoothed truth, over the size of the batch."""
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    shares -= np.float32(_SMOOTHING / scores.shape[1])
    shares[np.arange(len(truth)), truth] -= np.float32(1 - _SMOOTHING)
    result: Floats = shares / np.float32(len(truth))
    return result


def _step(weights: Floats, squares: Floats, slope: Floats, rate: float) -> None:
    """Move `weights` against `slope`, the less the more they have moved already. Changes both in place."""
    squares += slope * slope
    weights -= np.float32(rate) * slope / np.sqrt(squares)
