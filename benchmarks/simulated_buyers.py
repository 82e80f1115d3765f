"""Customers whose truth is known: buyers after MBG/NBD and Gamma-Gamma, holders of contracts after a logistic law."""

from collections.abc import Iterator

import msgspec
import numpy as np
from numpy.typing import NDArray

from customers.churn import FEATURES
from vocabulary.instants import DAY, Instant

END: Instant = 1_772_000_000_000
YEARS = 2 * 365.0
R, ALPHA, A, B = 0.8, 35.0, 0.8, 6.0
"""Rates a day are gamma (R, ALPHA): one purchase in 44 days on average; he leaves after each with a beta (A, B)."""
P, Q, GAMMA = 4.0, 3.5, 60.0
NEVER = 10**15


class Buyer(msgspec.Struct, frozen=True):
    """A customer, what he bought until END, when he left (NEVER: he hasn't), what he spends in the next year."""

    id: str
    bought: list[Instant]
    amounts: list[float]
    left: Instant
    next_year: float


def buyers(rows: int, seed: int) -> Iterator[Buyer]:
    """Yield customers who have bought at least `rows` times together."""
    draw = np.random.default_rng(seed)
    made = number = 0
    while made < rows:
        one = _buyer(f"k{number:07d}", draw)
        number += 1
        made += len(one.bought)
        yield one


def _buyer(id: str, draw: np.random.Generator) -> Buyer:
    rate, leaves = draw.gamma(R) / ALPHA, draw.beta(A, B)
    mean = draw.gamma(Q) / GAMMA
    at = float(draw.uniform(0, YEARS))
    days, gone = [at], float("inf")
    while at < YEARS + 365:
        if draw.random() < leaves:
            gone = at
            break
        at += draw.exponential(1 / rate)
        days.append(at)
    days = [day for day in days if day < YEARS + 365]
    amounts = np.maximum(np.round(draw.gamma(P, 1 / mean, len(days)), 2), 0.01)
    before = [place for place, day in enumerate(days) if day < YEARS]
    return Buyer(
        id=id,
        bought=[_instant(days[place]) for place in before],
        amounts=[float(amounts[place]) for place in before],
        left=_instant(gone) if gone < YEARS else NEVER,
        next_year=float(amounts[len(before) :].sum()),
    )


def _instant(day: float) -> Instant:
    return END - round((YEARS - day) * DAY)


def contracts(
    count: int, seed: int
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return features, who left, whose each row is, and the true probability of each to leave."""
    draw = np.random.default_rng(seed + 1)
    known = np.column_stack(
        [
            draw.uniform(60, 2000, count),
            draw.poisson(1.5, count).astype(float),
            draw.choice([365.0, 730.0], count),
            draw.normal(8, 1, count),
            draw.normal(0.1, 0.3, count),
            draw.poisson(0.4, count).astype(float),
            draw.poisson(0.2, count).astype(float),
            draw.poisson(0.3, count).astype(float),
            draw.poisson(1.5, count).astype(float),
            draw.uniform(0, 180, count),
        ]
    )
    assert known.shape[1] == len(FEATURES)
    weights = np.array([-0.0006, -0.25, 0.0, 0.1, 1.5, 0.9, 0.7, 0.4, 0.0, -0.002])
    truth = 1 / (1 + np.exp(-(known @ weights - 1.1)))
    return known, (draw.random(count) < truth).astype(np.int64), np.arange(count), truth
