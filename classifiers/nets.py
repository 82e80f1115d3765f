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
        entry: float16, (n_terms, n * h): halves memory and file, the answers stay the same.
        entry_bias: float32, (n * h,).
        exit: float32, (n, h, n_columns).
        exit_bias: float32, (n, n_columns).
    """

    entry: NDArray[np.float16]
    entry_bias: NDArray[np.float32]
    exit: NDArray[np.float32]
    exit_bias: NDArray[np.float32]

    def scores(self, rows: NDArray[np.intp], values: Scores) -> Scores:
        """Return the score of each column by each network, (n, n_columns), for a text of these terms."""
        hidden = values.astype(np.float32) @ self.entry[rows].astype(np.float32) + self.entry_bias
        units = np.maximum(hidden, 0).reshape(len(self.exit), 1, -1)
        scores: Scores = ((units @ self.exit)[:, 0] + self.exit_bias).astype(np.float64)
        return scores


def side_by_side(nets: "list[Nets]") -> Nets:
    """Return `nets` (at least one, of the same shape) as one."""
    return Nets(
        np.concatenate([net.entry for net in nets], axis=1),
        np.concatenate([net.entry_bias for net in nets]),
        np.concatenate([net.exit for net in nets]),
        np.concatenate([net.exit_bias for net in nets]),
    )
