"""Estimates of what customers are worth: how good they are said to be, and when there are none."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.simulated_buyers import END, buyers, contracts
from classifiers.churning import churn_of_contracts
from classifiers.judging import auroc, calibration_error, judged
from classifiers.worth import worked_out
from vocabulary.instants import DAY


def test_a_calibration_error_is_how_far_foretold_and_came_lie_apart() -> None:
    sure = np.full(100, 0.8)
    assert calibration_error(sure, np.arange(100) % 10 < 8) == pytest.approx(0.0, abs=1e-9)
    assert calibration_error(sure, np.zeros(100, dtype=bool)) == pytest.approx(0.8)


def test_the_area_under_the_curve_counts_equal_ones_half() -> None:
    came = np.array([True, False, True, False])
    assert [auroc(np.array(each), came) for each in ([0.9, 0.1, 0.8, 0.2], [0.1, 0.9, 0.2, 0.8], [0.5] * 4)] == [
        1,
        0,
        0.5,
    ]
    assert auroc(np.ones(3), np.ones(3, dtype=bool)) == 0.5


def test_who_leaves_a_contract_is_foretold_nearly_as_well_as_can_be() -> None:
    known, left, whose, truth = contracts(3_000, 1)
    foretold, report = churn_of_contracts(known[:2_000], left[:2_000], whose[:2_000], known[2_000:])
    came = left[2_000:].astype(bool)
    mine, best = judged(foretold, came), judged(truth[2_000:], came)
    assert report["refused"] is None
    assert report["calibration_error"] < 0.06
    assert mine["brier"] < best["brier"] + 0.01
    assert np.abs(foretold - truth[2_000:]).mean() < 0.06


@pytest.mark.parametrize(
    ("rows", "gone", "reason"), [(199, 50, "too_few_examples"), (300, 20, "too_few_of_a_kind"), (400, 200, None)]
)
def test_what_cannot_be_learnt_is_refused_with_the_reason(rows: int, gone: int, reason: str | None) -> None:
    draw = np.random.default_rng(1)
    left = (np.arange(rows) < gone).astype(np.int64)
    known = draw.normal(size=(rows, 10)) + (left[:, None] if reason is None else 0)
    found, report = churn_of_contracts(known, left, np.arange(rows), known[:5])
    assert (report["refused"], len(found)) == (reason, 0 if reason else 5)


def test_noise_is_no_better_than_the_share_of_everybody() -> None:
    draw = np.random.default_rng(1)
    _, report = churn_of_contracts(
        draw.normal(size=(400, 10)), draw.integers(0, 2, 400), np.arange(400), draw.normal(size=(5, 10))
    )
    assert report["refused"] == "no_better_than_the_share"


def given(rows: int) -> tuple[dict[str, Any], NDArray[np.bool_]]:
    """Return the arrays of simulated buyers, and who of them has left."""
    people = list(buyers(rows, 1))
    days = [[(at - END) / DAY for at in one.bought] for one in people]
    early = [[day for day in each if day < -90] for each in days]
    columns = {
        "repeats": [len(each) - 1 for each in days],
        "last": [each[-1] - each[0] for each in days],
        "age": [-each[0] for each in days],
        "repeats_before": [max(len(each) - 1, 0) for each in early],
        "last_before": [each[-1] - each[0] if each else 0 for each in early],
        "age_before": [-90 - each[0] for each in days],
        "mean": [sum(one.amounts) / len(one.amounts) for one in people],
        "spent": [sum(one.amounts) for one in people],
        "orders": [len(one.amounts) for one in people],
    }
    arrays: dict[str, Any] = {name: np.array(values, dtype=np.float64) for name, values in columns.items()}
    empty = {"known": np.zeros((0, 10)), "asked": np.zeros((0, 10))}
    whole = {"left": np.zeros(0, dtype=np.int64), "whose": np.zeros(0, dtype=np.int64)}
    spans = {"ahead_before": np.array(90.0), "horizon": np.array(365.0), "discount": np.array(0.0)}
    return {**arrays, **empty, **whole, **spans}, np.array([one.left < END for one in people])


def test_buyers_are_estimated_and_the_report_says_how_good_that_was() -> None:
    arrays, gone = given(8_000)
    results, report = worked_out(arrays)
    found = judged(1 - results["alive"], gone)
    assert report["alive"]["refused"] is None
    assert report["alive"]["calibration_error"] < 0.05
    assert report["alive"]["brier"] < report["alive"]["brier_of_the_share"]
    assert found["calibration_error"] < 0.05
    assert found["auroc"] > 0.8
    assert (results["value"] >= 0).all()
    assert results["value_place"].min() == 1
    assert report["churn"]["refused"] == "too_few_examples"


def test_from_few_buyers_nothing_is_foretold_but_scores_and_places_are_there() -> None:
    arrays, _ = given(200)
    few = {name: values[:20] if np.ndim(values) == 1 and len(values) else values for name, values in arrays.items()}
    results, report = worked_out(few)
    assert (report["alive"]["refused"], report["value"]["refused"]) == ("too_few_customers", "too_few_customers")
    assert (len(results["alive"]), len(results["recency"]), results["spent_place"].min()) == (0, 20, 1)


def test_a_model_that_was_wrong_about_the_held_out_time_is_not_used() -> None:
    arrays, _ = given(8_000)
    # As after a shop has closed: nobody came any more in the held-out time.
    arrays["repeats"] = np.where(arrays["age_before"] > 0, arrays["repeats_before"], arrays["repeats"])
    results, report = worked_out(arrays)
    assert report["alive"]["refused"] == report["value"]["refused"] == "not_calibrated"
    assert len(results["alive"]) == len(results["value"]) == 0


def test_without_buyers_there_is_nothing_and_no_fault() -> None:
    arrays, _ = given(200)
    none = {name: values[:0] if np.ndim(values) == 1 else values for name, values in arrays.items()}
    results, report = worked_out(none)
    assert report["alive"]["refused"] == "too_few_customers"
    assert all(len(each) == 0 for each in results.values())
