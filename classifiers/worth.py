"""What customers are worth, worked out in a process of its own: `python -m app.child classifiers.worth IN OUT`.

IN is a file of arrays (numpy's .npz, no objects), one place for each buyer, in days and in the main currency; OUT gets
the results and a report. Numbers only: no file that leaves the site's process says whose they are.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.churning import churn_of_contracts
from classifiers.judging import judged
from customers import lifetime as life
from customers.rfm import places, scores, shares_before

Floats = NDArray[np.float64]
Arrays = dict[str, Any]

BUYERS_MIN, REPEATERS_MIN = 100, 40
"""From fewer nothing is estimated: the parameters would be anybody's guess."""
FITTED_MAX = 20_000
"""So many customers suffice for parameters that are sure to a per cent."""
ERROR_MAX = 0.1
"""A model that is more wrong than this about the time that was held out is not used."""
YEAR = 365.0


def main() -> None:
    """Work out what the files say that the arguments name."""
    source, target = (Path(argument) for argument in sys.argv[1:3])
    with np.load(source, allow_pickle=False) as file:
        given = {name: file[name] for name in file.files}
    results, report = worked_out(given)
    np.savez(target, report=np.array(json.dumps(report)), **results)


def worked_out(given: Arrays) -> tuple[Arrays, dict[str, Any]]:
    """Return the results by name, each an array with a place for each buyer, and the report.

    Args:
        given: `repeats`, `last`, `age`: as in `customers.lifetime.Histories`, in days; `repeats_before`, `last_before`,
            `age_before`: the same at the cut, `ahead_before` days ago, age below 0 for who came later; `mean`: what an
            occasion cost; `spent`: in the last time; `horizon` in days, `discount` a year; of contracts `known`,
            `left`, `whose`, `asked` (customers/churn.py).
    """
    seen = life.Histories(given["repeats"], given["last"], given["age"])
    alive, alive_report = _alive(given, seen)
    value, value_report = _value(given, seen, alive_report)
    churn, churn_report = churn_of_contracts(given["known"], given["left"], given["whose"], given["asked"])
    spent = given["spent"]
    since = seen.age - seen.last
    results = {
        "alive": alive,
        "value": value,
        "churn": churn,
        "recency": scores(since, least_first=True),
        "frequency": scores(given["orders"]),
        "monetary": scores(spent),
        "spent_place": places(spent),
        "spent_before": shares_before(spent),
        "value_place": places(value) if len(value) else np.zeros(0, dtype=np.int64),
        "value_before": shares_before(value) if len(value) else np.zeros(0),
    }
    return results, {"alive": alive_report, "value": value_report, "churn": churn_report}


def _alive(given: Arrays, seen: life.Histories) -> tuple[Floats, dict[str, Any]]:
    """Return everybody's probability to still buy, and how good that is on the time after the cut; or why not."""
    report: dict[str, Any] = {"model": "mbg_nbd", "customers": len(seen.age)}
    before, came = _before(given)
    report["refused"] = _too_few(seen) or _too_few(before)
    if report["refused"]:
        return np.zeros(0), report
    try:
        ahead = float(given["ahead_before"])
        old = life.fit_buying(_some(before))
        report |= judged(life.buys_probability(old, before, ahead), came)
        model = life.fit_buying(_some(seen))
    except ValueError:
        return np.zeros(0), {**report, "refused": "no_fit"}
    if report["calibration_error"] > ERROR_MAX:
        return np.zeros(0), {**report, "refused": "not_calibrated"}
    report["parameters"] = {name: float(getattr(model, name)) for name in ("r", "alpha", "a", "b")}
    return life.alive_probability(model, seen), report


def _before(given: Arrays) -> tuple[life.Histories, NDArray[np.bool_]]:
    """Return the histories as they were at the cut, of those who were there then, and who of them came again."""
    there = given["age_before"] > 0
    before = life.Histories(*(given[f"{name}_before"][there] for name in ("repeats", "last", "age")))
    return before, given["repeats"][there] > before.repeats


def _too_few(seen: life.Histories) -> str | None:
    if len(seen.age) < BUYERS_MIN:
        return "too_few_customers"
    return "too_few_repeats" if (seen.repeats > 0).sum() < REPEATERS_MIN else None


def _some(seen: life.Histories) -> life.Histories:
    """Return every so manieth of the customers, whose order says nothing about them: ids are hashes."""
    every = -(-len(seen.age) // FITTED_MAX)
    return life.Histories(*(column[::every] for column in seen))


def _value(given: Arrays, seen: life.Histories, alive: dict[str, Any]) -> tuple[Floats, dict[str, Any]]:
    """Return what everybody is expected to bring within the horizon, or why that isn't known."""
    report: dict[str, Any] = {"model": "gamma_gamma", "customers": len(seen.age), "refused": alive["refused"]}
    if alive["refused"]:
        return np.zeros(0), report
    count, mean = seen.repeats + 1, given["mean"]
    paid = mean > 0
    try:
        some = life.Histories(count[paid], mean[paid], mean[paid])
        fitted = _some(some)
        model = life.fit_spending(fitted.repeats, fitted.last)
    except ValueError:
        return np.zeros(0), {**report, "refused": "no_fit"}
    buying = life.Buying(**alive["parameters"])
    worth = np.where(paid, life.spending_expected(model, count, np.maximum(mean, 0)), 0.0)
    years = float(given["horizon"]) / YEAR
    discount = (1 + float(given["discount"])) ** years - 1
    value = life.lifetime_value(buying, seen, worth, float(given["horizon"]), discount)
    report["parameters"] = {name: float(getattr(model, name)) for name in ("p", "q", "gamma")}
    return np.maximum(value, 0.0), report


if __name__ == "__main__":
    main()
