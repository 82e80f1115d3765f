"""How good probabilities are: calibration, sharpness, order."""

import numpy as np
from numpy.typing import NDArray

BINS = 10


def judged(probabilities: NDArray[np.float64], came: NDArray[np.bool_]) -> dict[str, float]:
    """Return how good `probabilities` were, float64 (n,), about what `came`, bool (n,).

    `calibration_error`: over ten bins of as many each, the mean difference between probability and share. `brier`: the
    mean squared error, `brier_of_the_share` that of whoever says the same of all. `auroc`: how often one who came was
    called likelier than one who didn't, 0.5 by chance; that too where there is only one kind.
    """
    share = float(came.mean())
    return {
        "calibration_error": calibration_error(probabilities, came),
        "brier": float(((probabilities - came) ** 2).mean()),
        "brier_of_the_share": share * (1 - share),
        "auroc": auroc(probabilities, came),
    }


def calibration_error(probabilities: NDArray[np.float64], came: NDArray[np.bool_]) -> float:
    """Return by how much share and probability differ, weighted over bins of as many each."""
    order = np.argsort(probabilities, kind="stable")
    parts = np.array_split(order, min(BINS, len(order)))
    apart = [len(part) * abs(float(probabilities[part].mean() - came[part].mean())) for part in parts if len(part)]
    return sum(apart) / len(order)


def auroc(probabilities: NDArray[np.float64], came: NDArray[np.bool_]) -> float:
    """Return the area under the curve, by ranks: equal ones count half (Mann & Whitney)."""
    yes = int(came.sum())
    no = len(came) - yes
    if not yes or not no:
        return 0.5
    _, inverse, counts = np.unique(probabilities, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    return float((ranks[came].sum() - yes * (yes + 1) / 2) / (yes * no))
