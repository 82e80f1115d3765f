"""Lifetime value: published figures, parameters found again, and formulas against draws."""

import numpy as np
import pytest
from numpy.typing import NDArray

from customers.lifetime import (
    Buying,
    Histories,
    Spending,
    alive_probability,
    buys_probability,
    fit_buying,
    fit_spending,
    lifetime_value,
    log_likelihood,
    purchases_expected,
    spending_expected,
    spending_log_likelihood,
)

CDNOW = Buying(0.243, 4.414, 0.793, 2.426, early=False)
"""As in table 2 of the paper, weeks."""


def history(*rows: tuple[float, float, float]) -> Histories:
    return Histories(*np.array(rows, dtype=np.float64).T)


def draw(model: Buying, count: int, age: float, seed: int) -> tuple[Histories, NDArray[np.bool_], NDArray[np.int64]]:
    """Return histories after `age`, who is alive then, and how many purchases come in as much time again."""
    lots = np.random.default_rng(seed)
    seen, alive, ahead = [], [], []
    for _ in range(count):
        rate, leaves = lots.gamma(model.r) / model.alpha, lots.beta(model.a, model.b)
        at, bought, gone = 0.0, [0.0], bool(model.early and lots.random() < leaves)
        while not gone and at < 2 * age:
            at += lots.exponential(1 / rate)
            bought.append(at)
            gone = lots.random() < leaves
        before = [each for each in bought if each <= age]
        seen.append((len(before) - 1.0, before[-1], age))
        # He left in time only if his last purchase of all was before.
        alive.append(not (gone and bought[-1] <= age))
        ahead.append(sum(age < each <= 2 * age for each in bought))
    return history(*seen), np.array(alive), np.array(ahead)


def test_the_papers_customers_are_foretold_as_published() -> None:
    # Fader, Hardie & Lee 2005, "Implementing the BG/NBD Model ... in Excel": the first customer of the sample.
    first = history((2, 30.43, 38.86))
    assert purchases_expected(CDNOW, first, 39)[0] == pytest.approx(1.226, abs=5e-4)
    # Package BTYD's walkthrough: customer 1516.
    best = history((26, 30.86, 31))
    assert purchases_expected(CDNOW, best, 52)[0] == pytest.approx(25.76, abs=0.01)


def test_in_the_original_model_who_bought_once_never_leaves_and_in_ours_he_may() -> None:
    once = history((0, 0, 100))
    assert alive_probability(CDNOW, once)[0] == 1
    assert alive_probability(CDNOW._replace(early=True), once)[0] < 0.7


def test_who_is_silent_longer_than_usual_is_less_likely_there() -> None:
    both = history((10, 90, 100), (10, 50, 100), (1, 50, 100))
    recent, silent, rare = alive_probability(CDNOW, both)
    assert recent > rare > silent


@pytest.mark.parametrize("early", [True, False])
def test_parameters_are_found_again(early: bool) -> None:
    truth = Buying(0.6, 4.0, 0.8, 2.4, early=early)
    seen, alive, ahead = draw(truth, 3_000, 39, 1)
    found = fit_buying(seen, early=early)
    assert log_likelihood(found, seen) > log_likelihood(truth, seen)
    for model in (found, truth):
        assert alive_probability(model, seen).mean() == pytest.approx(alive.mean(), abs=0.03)
        assert purchases_expected(model, seen, 39).mean() == pytest.approx(ahead.mean(), rel=0.12)
        assert buys_probability(model, seen, 39).mean() == pytest.approx((ahead > 0).mean(), abs=0.03)


def test_spending_is_found_again_and_lies_between_his_own_mean_and_everybodys() -> None:
    truth, lots = Spending(6.25, 3.74, 15.45), np.random.default_rng(2)
    count = lots.integers(1, 9, 4_000).astype(np.float64)
    nu = lots.gamma(truth.q, 1 / truth.gamma, 4_000)
    mean = np.array([lots.gamma(truth.p * n, 1 / v) / n for n, v in zip(count, nu, strict=True)])
    found = fit_spending(count, mean)
    assert spending_log_likelihood(found, count, mean) >= spending_log_likelihood(truth, count, mean)
    # p and gamma alone are known badly, their product, on which everything depends, well.
    assert (found.q, found.p * found.gamma) == pytest.approx((truth.q, truth.p * truth.gamma), rel=0.15)
    everybody = truth.p * truth.gamma / (truth.q - 1)
    once, often = spending_expected(truth, np.array([1.0, 100.0]), np.array([200.0, 200.0]))
    assert everybody < once < often < 200


def test_value_is_less_the_more_money_is_discounted_and_the_shorter_it_is_looked_ahead() -> None:
    seen, worth = history((5, 30, 35), (0, 0, 35)), np.array([10.0, 10.0])
    plain = lifetime_value(CDNOW, seen, worth, 52, 0.0)
    assert plain == pytest.approx(10 * purchases_expected(CDNOW, seen, 52))
    assert (lifetime_value(CDNOW, seen, worth, 52, 0.1) < plain).all()
    assert (lifetime_value(CDNOW, seen, worth, 26, 0.0) < plain).all()


def test_what_nobody_could_tell_is_refused() -> None:
    with pytest.raises(ValueError, match="nobody bought twice"):
        fit_buying(history((0, 0, 10), (0, 0, 20)))
    with pytest.raises(ValueError, match="nobody bought twice"):
        fit_spending(np.ones(5), np.ones(5))
