"""Small neural networks over the same terms as the linear scores: they learn which terms mean something together.

Term weights -> one hidden layer of rectified units -> a score for each column. Several of them, trained from different
beginnings, stand side by side, so that one gathering of rows serves them all.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Nets:
    """Trained networks, n of them with h hidden units each.

    Args:
        entry: int8, (n_terms, n * h): what a term tells each unit, in steps. A quarter of the memory of float32, and of
            the time, which goes into reading it; the answers stay the same.
        step: float32, (n_terms, n): what one step of a term is worth in each network.
        entry_bias: float32, (n * h,).
        exit: float32, (n, h, n_columns).
        exit_bias: float32, (n, n_columns).
    """

    entry: NDArray[np.int8]
    step: NDArray[np.float32]
    entry_bias: NDArray[np.float32]
    exit: NDArray[np.float32]
    exit_bias: NDArray[np.float32]

    def scores(self, rows: NDArray[np.intp], values: Scores) -> Scores:
        """Return the score of each column by each network, (n, n_columns), for a text of these terms."""
        count, hidden, _ = self.exit.shape
        told = self.entry[rows].astype(np.float32).reshape(len(rows), count, hidden)
        weights = values.astype(np.float32)[:, np.newaxis] * self.step[rows]
        sums = weights.T[:, np.newaxis] @ told.transpose(1, 0, 2) + self.entry_bias.reshape(count, 1, hidden)
        scores: Scores = ((np.maximum(sums, 0) @ self.exit)[:, 0] + self.exit_bias).astype(np.float64)
        return scores


def in_steps(entry: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Return `entry` (n_terms, h) of one network as whole steps, and what a step is worth, (n_terms, 1)."""
    step = np.maximum(np.abs(entry).max(axis=1, keepdims=True, initial=0), np.finfo(np.float32).tiny) / np.float32(127)
    return np.rint(entry / step).astype(np.int8), step


def side_by_side(nets: "list[Nets]") -> Nets:
    """Return `nets` (at least one, of the same shape) as one."""
    return Nets(
        np.concatenate([net.entry for net in nets], axis=1),
        np.concatenate([net.step for net in nets], axis=1),
        np.concatenate([net.entry_bias for net in nets]),
        np.concatenate([net.exit for net in nets]),
        np.concatenate([net.exit_bias for net in nets]),
    )
