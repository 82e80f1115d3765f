"""RFM: how lately, how often and for how much a customer bought, each as a score from 1 to 5 among all buyers."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SCORES = 5


def scores(values: "NDArray[np.float64]", *, least_first: bool = False) -> "NDArray[np.int64]":
    """Return the score of each value among all: 5 for the best fifth, 1 for the worst.

    Args:
        values: float64, (n,), no NaN.
        least_first: the least is the best (days since the last purchase).

    Equal values have equal scores: the one of the middle of their places, so the fifths are as even as ties allow.
    Where all are equal, all are 3. With fewer than five customers, the best is nearer to 5 than to 3 as far as the
    places go: of two, one has 2 and the other 4.
    """
    import numpy as np  # the core's importers don't pay for it

    if not len(values):
        return np.zeros(0, dtype=np.int64)
    ranked = -values if least_first else values
    _, inverse, counts = np.unique(ranked, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    middles = (ends - counts / 2) / len(values)
    found: NDArray[np.int64] = np.clip(np.ceil(middles * SCORES), 1, SCORES).astype(np.int64)[inverse]
    return found


def places(values: "NDArray[np.float64]") -> "NDArray[np.int64]":
    """Return the place of each value from the greatest, which has 1; equal ones share the first of their places."""
    import numpy as np

    ordered = np.sort(values)
    found: NDArray[np.int64] = len(values) - np.searchsorted(ordered, values, side="right") + 1
    return found


def shares_before(values: "NDArray[np.float64]") -> "NDArray[np.float64]":
    """Return which share of the whole those with more have together: 0 for the greatest; equal ones have the same."""
    import numpy as np

    worth = np.maximum(values, 0)
    whole = worth.sum()
    if not whole:
        return np.ones(len(values))
    falling = -np.sort(-worth)
    sums = np.concatenate(([0.0], np.cumsum(falling)))
    return np.asarray(sums[np.searchsorted(-falling, -worth, side="left")] / whole)
