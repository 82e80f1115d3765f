"""Lifetime value: who still buys, how often, and for how much (docs/explanation/segments.md has the formulas).

Buying: BG/NBD (Fader, Hardie & Lee 2005, "Counting Your Customers" the Easy Way, Marketing Science 24(2),
doi:10.1287/mksc.1040.0098) and its modification by which a customer may leave after his first purchase too (Batislam,
Denizel & Filiztekin 2007, doi:10.1016/j.ijresmar.2006.12.005), which is what a site uses: by the first, whoever bought
once would never leave. Spending: Gamma-Gamma (Fader & Hardie 2013, The Gamma-Gamma Model of Monetary Value).

Times are in any one unit. numpy and scipy do the work, in a process of its own (classifiers/worth.py).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import betaln, gammaln, hyp2f1

Floats = NDArray[np.float64]

SHARE_MAX = 20.0
"""Logarithms of parameters beyond this would be a sign of data that no such model fits."""


class Buying(NamedTuple):
    """BG/NBD's parameters: purchases come at a rate that is gamma (`r`, `alpha`) over customers, and after each a
    customer leaves with a probability that is beta (`a`, `b`). `early`: he may leave after his first one too.
    """

    r: float
    alpha: float
    a: float
    b: float
    early: bool = True


class Spending(NamedTuple):
    """Gamma-Gamma's parameters: a purchase is gamma (`p`, nu), nu is gamma (`q`, `gamma`) over customers."""

    p: float
    q: float
    gamma: float


class Histories(NamedTuple):
    """Customers: float64, (n,) each. `repeats` after the first purchase, the last one `last` after the first, which
    was `age` ago; 0 <= last <= age, and last is 0 where repeats is.
    """

    repeats: Floats
    last: Floats
    age: Floats


def log_likelihood(model: Buying, seen: Histories) -> float:
    """Return how likely the histories are under `model`, as a natural logarithm."""
    return float(_log_likelihoods(model, seen).sum())


def _log_likelihoods(model: Buying, seen: Histories) -> Floats:
    r, alpha, a, b, early = model
    x, last, age = seen
    kept = x + early
    common = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    alive = betaln(a, b + kept) - betaln(a, b) - (r + x) * np.log(alpha + age)
    # In the original model nobody has left who bought only once.
    able = kept > 0
    gone = betaln(a + 1, b + np.maximum(kept, 1) - 1) - betaln(a, b) - (r + x) * np.log(alpha + last)
    found: Floats = common + np.logaddexp(alive, np.where(able, gone, -np.inf))
    return found


def fit_buying(seen: Histories, *, early: bool = True) -> Buying:
    """Return the parameters under which the histories are likeliest.

    Raises:
        ValueError: nothing fits: nobody bought twice, or the search does not end.
    """
    if not (seen.repeats > 0).any():
        raise ValueError("nobody bought twice")
    scale = float(seen.age.max())

    def cost(logs: Floats) -> float:
        r, alpha, a, b = np.exp(logs)
        # A slight pull to the middle: without one, samples of a few hundred run off to infinite parameters.
        pull = 1e-6 * float((logs**2).sum())
        return -float(_log_likelihoods(Buying(r, alpha, a, b, early), scaled).mean()) + pull

    scaled = Histories(seen.repeats, seen.last / scale, seen.age / scale)
    r, alpha, a, b = np.exp(_least(cost, 4, np.log([0.5, 0.5, 0.8, 2.0])))
    return Buying(float(r), float(alpha * scale), float(a), float(b), early)


def alive_probability(model: Buying, seen: Histories) -> Floats:
    """Return for each customer the probability that he has not left: float64, (n,)."""
    return np.asarray(1 / (1 + _odds_gone(model, seen)))


def _odds_gone(model: Buying, seen: Histories) -> Floats:
    r, alpha, a, b, early = model
    x, last, age = seen
    kept = x + early
    odds = a / (b + np.maximum(kept, 1) - 1) * ((alpha + age) / (alpha + last)) ** (r + x)
    return np.asarray(np.where(kept > 0, odds, 0.0))


def buys_probability(model: Buying, seen: Histories, ahead: float) -> Floats:
    """Return for each the probability that he buys at least once in the time `ahead`: float64, (n,)."""
    nothing = ((model.alpha + seen.age) / (model.alpha + seen.age + ahead)) ** (model.r + seen.repeats)
    return np.asarray(alive_probability(model, seen) * (1 - nothing))


def purchases_expected(model: Buying, seen: Histories, ahead: float) -> Floats:
    """Return for each how many purchases are expected in the time `ahead`: float64, (n,).

    Equation 10 of the paper; with `early`, b + x + 1 in the place of b + x.
    """
    r, alpha, a, b, early = model
    # The formula has a hole at a = 1, not the value.
    a = a if abs(a - 1) > 1e-6 else 1 + 1e-6
    x, _, age = seen
    stays = b + x + early
    share = ahead / (alpha + age + ahead)
    series = hyp2f1(r + x, stays, a + stays - 1, share)
    bought = (a + stays - 1) / (a - 1) * (1 - ((alpha + age) / (alpha + age + ahead)) ** (r + x) * series)
    return np.asarray(bought / (1 + _odds_gone(model, seen)))


def spending_log_likelihood(model: Spending, count: Floats, mean: Floats) -> float:
    """Return how likely it is that `count` purchases cost `mean` each, as a natural logarithm."""
    return float(_spending_log_likelihoods(model, count, mean).sum())


def _spending_log_likelihoods(model: Spending, count: Floats, mean: Floats) -> Floats:
    p, q, gamma = model
    n = p * count
    found: Floats = (
        gammaln(n + q) - gammaln(n) - gammaln(q) + q * np.log(gamma) + (n - 1) * np.log(mean) + n * np.log(count)
        - (n + q) * np.log(gamma + mean * count)
    )  # fmt: skip
    return found


def fit_spending(count: Floats, mean: Floats) -> Spending:
    """Return the parameters under which the means are likeliest.

    Args:
        count: purchases of each customer, >= 1; at least some have several: the spread within a customer is told by
            these only.
        mean: what each of them cost on average, > 0.

    Raises:
        ValueError: nothing fits.
    """
    if len(count) < 2 or not (count > 1).any():
        raise ValueError("nobody bought twice")
    scale = float(np.median(mean))
    scaled = mean / scale

    def cost(logs: Floats) -> float:
        p, q, gamma = np.exp(logs)
        pull = 1e-6 * float((logs**2).sum())
        return -float(_spending_log_likelihoods(Spending(p, q, gamma), count, scaled).mean()) + pull

    p, q, gamma = np.exp(_least(cost, 3, np.log([2.0, 3.0, 1.5])))
    return Spending(float(p), float(q), float(gamma * scale))


def spending_expected(model: Spending, count: Floats, mean: Floats) -> Floats:
    """Return for each customer what a purchase of his is expected to cost: between his own mean and everybody's."""
    p, q, gamma = model
    # Below q = 1 everybody's mean is infinite; the customer's own weighs all the more then.
    return np.asarray(p * (gamma + count * mean) / np.maximum(p * count + q - 1, 1e-9))


def lifetime_value(
    model: Buying, seen: Histories, worth: Floats, ahead: float, discount: float, steps: int = 4
) -> Floats:
    """Return for each what he is expected to bring in the time `ahead`, in the units of `worth`: float64, (n,).

    Args:
        model: how they buy.
        seen: what they bought.
        worth: what a purchase of each is expected to bring.
        ahead: the horizon.
        discount: by how much less money is worth at its end, 0.1 = by a tenth.
        steps: parts of the horizon; what comes in one counts as coming in its middle.
    """
    total = np.zeros_like(worth)
    before = np.zeros_like(worth)
    for number in range(1, steps + 1):
        until = purchases_expected(model, seen, ahead * number / steps)
        total += (until - before) / (1 + discount) ** ((number - 0.5) / steps)
        before = until
    return np.asarray(total * worth)


def _least(cost: "object", size: int, start: Floats) -> Floats:
    bounds = [(-SHARE_MAX, SHARE_MAX)] * size
    found = minimize(cost, start, method="L-BFGS-B", bounds=bounds, options={"maxiter": 500})
    if not np.isfinite(found.fun) or (np.abs(found.x) > SHARE_MAX - 1e-3).any():
        raise ValueError("no parameters fit")
    return np.asarray(found.x)
