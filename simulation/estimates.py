"""What the router expects of waits, asked of some who begin to wait, and what became of them.

Who left before he was answered hides how long it would have taken. So each who was answered counts for all who would
have left by then: by one over the chance that somebody bears his wait.
"""

import math
from collections.abc import Mapping, Sequence

import msgspec

from queues.calibration import Calibration, calibrated
from queues.lifecycle import InteractionState
from router.closed_form import Estimate
from router.expect import closed_form, one_pool, position
from router.lookahead import look_ahead
from router.policy import Policy
from router.state import State
from router.surroundings import snapshot
from simulation.full_information import FullInformation
from simulation.laws import Deterministic, Empirical, Erlang, Exponential, Law, Lognormal
from simulation.scenario import Scenario, Stream, laws_of
from vocabulary.ids import InteractionId
from vocabulary.instants import SECOND, Instant


class Asked(msgspec.Struct, gc=False):
    """What was expected at `at`, ms. `best`: the mean with full information. `weight`: of the outcome, once known."""

    at: Instant
    mean: float
    low: int
    high: int
    best: float | None
    waited: int = 0
    weight: float = 0.0


class Estimates:
    """Asks the router of every so-many-th who begins to wait in one simulated day."""

    def __init__(self, scenario: Scenario, state: State, policy: Policy) -> None:
        self._scenario = scenario
        self._state = state
        self._policy = policy
        self._every = scenario.run.estimate_every
        self._left = self._every
        self._best = FullInformation(scenario)
        self._calibrations: dict[str, Calibration] = {}

    def asked(self, stream: Stream, id: InteractionId, now: Instant) -> Asked | None:
        """Return what the router expects of `id`, who begins to wait; None if it isn't his turn or nobody can say."""
        self._left -= 1
        if self._left:
            return None
        self._left = self._every
        if self._state.interactions[id].state is not InteractionState.WAITING:
            return None
        estimate = self._estimate(id, now)
        if estimate is None:
            return None
        interval = calibrated(estimate.interval, self._calibrations.get(stream.queue, Calibration()))
        place = position(self._state, id, now)
        best = self._best.mean(stream.stream, place - 1) if place is not None else None
        return Asked(now, estimate.mean, *interval, best)

    def _estimate(self, id: InteractionId, now: Instant) -> Estimate | None:
        if one_pool(self._state, id):
            return closed_form(self._state, self._policy, id, now)
        seen = snapshot(self._state, self._policy, id, now)
        return None if seen is None else look_ahead(seen)

    def answered(self, asked: Asked, stream: Stream, came: int, now: Instant) -> bool:
        """Write down that he was answered `now`; tell whether his outcome counts for a known number of others."""
        asked.waited = now - asked.at
        before = self._calibrations.get(stream.queue, Calibration())
        self._calibrations[stream.queue] = before.with_wait((asked.low, asked.high), asked.waited)
        patient = 1.0
        if stream.patience is not None:
            law = self._scenario.run.of_period(laws_of(stream.patience), came)
            patient = bears(law, asked.waited / SECOND, self._scenario.columns) or 0.0
        asked.weight = 1 / patient if patient else 0.0
        return bool(patient)


def bears(law: Law, wait: float, columns: Mapping[str, Sequence[float]]) -> float | None:
    """Return the chance that somebody's patience by `law` is longer than `wait` seconds; None if nobody knows."""
    match law:
        case Exponential(mean=mean):
            return math.exp(-wait / mean)
        case Deterministic(mean=mean):
            return float(wait <= mean)
        case Lognormal(mean=mean, cv=cv):
            variance = math.log1p(cv * cv)
            place = (math.log(wait / mean) + variance / 2) / math.sqrt(variance) if wait else -math.inf
            return math.erfc(place / math.sqrt(2)) / 2
        case Erlang(mean=mean, k=k):
            stages = wait * k / mean
            return math.exp(-stages) * sum(stages**n / math.factorial(n) for n in range(k))
        case Empirical(file=file):
            return sum(value >= wait for value in columns[file]) / len(columns[file])
    return None


def quality(outcomes: Sequence[Asked]) -> dict[str, float | None]:
    """Return which share of waits lay in their intervals of 80 %, and the squared error over the least possible."""
    weight = math.fsum(each.weight for each in outcomes)
    if not weight:
        return {"coverage": None, "mse_ratio": None}
    within = math.fsum(each.weight for each in outcomes if each.low <= each.waited <= each.high)
    error = least = 0.0
    for each in outcomes:
        if each.best is None:
            return {"coverage": within / weight, "mse_ratio": None}
        error += each.weight * (each.mean - each.waited) ** 2
        least += each.weight * (each.best - each.waited) ** 2
    return {"coverage": within / weight, "mse_ratio": error / least if least else None}
