"""Who will not renew his contract: a logistic model whose probabilities are calibrated.

Scores of the model become probabilities by Platt's sigmoid, from a thousand examples on by isotonic regression (which
bends as it likes and needs more of them; Niculescu-Mizil & Caruana 2005, doi:10.1145/1102351.1102430). What the report
says is measured on customers whom neither model nor calibration has seen.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.judging import judged
from customers.churn import FEATURES

Floats = NDArray[np.float64]

EXAMPLES_MIN, EACH_MIN = 200, 30
"""From fewer examples, or fewer of one kind, nothing is learnt."""
ISOTONIC_MIN = 1_000
FOLDS = 5


def churn_of_contracts(
    known: Floats, left: NDArray[np.int64], whose: NDArray[np.int64], asked: Floats
) -> tuple[Floats, dict[str, Any]]:
    """Return the probability that each of `asked` leaves, float64 (n,), and the report; nothing if it is refused.

    Args:
        known: rows of FEATURES, float64 (m, 10).
        left: 1 for those who left.
        whose: the customer of each row: all of one customer's are held out together.
        asked: rows of FEATURES, float64 (n, 10).
    """
    report: dict[str, Any] = {"model": "logistic", "customers": len(asked), "refused": _too_few(left)}
    if report["refused"]:
        return np.zeros(0), report
    foretold = np.zeros(len(left))
    for learn, test in _folds(left, whose):
        model = _fitted(known[learn], left[learn], whose[learn])
        foretold[test] = model.predict_proba(known[test])[:, 1]
    report |= judged(foretold, left.astype(bool))
    if report["brier"] >= report["brier_of_the_share"]:
        return np.zeros(0), {**report, "refused": "no_better_than_the_share"}
    model = _fitted(known, left, whose)
    weights = np.mean([each.estimator[-1].coef_[0] for each in model.calibrated_classifiers_], axis=0)
    report["parameters"] = dict(zip(FEATURES, map(float, weights), strict=True))
    return (np.asarray(model.predict_proba(asked)[:, 1]) if len(asked) else np.zeros(0)), report


def _too_few(left: NDArray[np.int64]) -> str | None:
    gone = int(left.sum())
    if len(left) < EXAMPLES_MIN:
        return "too_few_examples"
    return "too_few_of_a_kind" if min(gone, len(left) - gone) < EACH_MIN else None


def _fitted(known: Floats, left: NDArray[np.int64], whose: NDArray[np.int64]) -> Any:
    # It takes a second to load, and whoever has no contracts needs none of it.
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    method = "isotonic" if len(left) >= ISOTONIC_MIN else "sigmoid"
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1_000))
    return CalibratedClassifierCV(model, method=method, cv=_folds(left, whose)).fit(known, left)


def _folds(left: NDArray[np.int64], whose: NDArray[np.int64]) -> list[tuple[Any, Any]]:
    from sklearn.model_selection import StratifiedGroupKFold

    parts = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=1)
    return list(parts.split(np.zeros(len(left)), left, whose))
