"""Exact figures, computed here and otherwise than in `simulation`: chains solved as linear equations, closed forms."""

from functools import cache
from itertools import product
from math import comb

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]


def stationary(up: list[float], down: list[float]) -> Matrix:
    """Return the probabilities of a birth-death chain by solving pi Q = 0; `down[i]` leads from state i+1 to i."""
    size = len(up) + 1
    rates = np.zeros((size, size))
    for i, rate in enumerate(up):
        rates[i, i + 1] = rate
    for i, rate in enumerate(down):
        rates[i + 1, i] = rate
    rates -= np.diag(rates.sum(axis=1))
    system = np.vstack([rates.T, np.ones(size)])
    found: Matrix = np.linalg.lstsq(system, np.append(np.zeros(size), 1.0), rcond=None)[0]
    return found


def pool(arrivals: float, service: float, agents: int, leaving: float, states: int) -> Matrix:
    """Return the probabilities of M/M/c+M, cut off at `states`; rates a second."""
    down = [min(n, agents) * service + max(0, n - agents) * leaving for n in range(1, states)]
    return stationary([arrivals] * (states - 1), down)


def pool_figures(arrivals: float, service: float, agents: int, leaving: float, within: float) -> dict[str, float]:
    """Return the figures of M/M/c+M; who is answered in time comes from the chain of those ahead of one customer."""
    states = agents + 150
    p = pool(arrivals, service, agents, leaving, states)
    waiting = np.arange(states) - agents
    queue = float((p * np.maximum(waiting, 0)).sum())
    lost = leaving * queue / arrivals
    in_time = float(p[:agents].sum())
    answered = _answered_within(agents * service, leaving, within, states - agents)
    in_time += float((p[agents:] * answered).sum())
    return {
        "p_wait": float(p[agents:].sum()),
        "abandon_rate": lost,
        "wait_mean_s": queue / arrivals,
        "service_level": in_time,
        "occupancy": float((p * np.minimum(np.arange(states), agents)).sum()) / agents,
    }


def _answered_within(release: float, leaving: float, within: float, states: int) -> Matrix:
    """Return for each number ahead the probability that he is answered `within`: uniformised steps of the chain.

    States: 0 answered, n+1 with n ahead; he leaves at the rate `leaving` and then never comes back.
    """
    fastest = release + states * leaving
    step = np.zeros((states + 1, states + 1))
    step[0, 0] = 1.0
    for ahead in range(states):
        on = release + ahead * leaving
        step[ahead + 1, ahead] = on / fastest
        step[ahead + 1, ahead + 1] = 1 - (on + leaving) / fastest
    chance = np.zeros(states + 1)
    chance[0] = 1.0
    weight = np.exp(-fastest * within)
    total = weight * chance
    for number in range(1, int(fastest * within + 12 * (fastest * within) ** 0.5 + 50)):
        chance = step @ chance
        weight *= fastest * within / number
        total += weight * chance
    found: Matrix = total[1:]
    return found


def erlang_c_by_sum(agents: int, erlangs: float) -> float:
    """Return the probability to wait in M/M/c by its definition, in logarithms."""
    n = np.arange(agents)
    logs = n * np.log(erlangs) - np.append(0.0, np.cumsum(np.log(np.arange(1, agents))))
    last = agents * np.log(erlangs) - np.log(np.arange(1, agents + 1)).sum() - np.log(1 - erlangs / agents)
    top = max(logs.max(), last)
    return float(np.exp(last - top) / (np.exp(logs - top).sum() + np.exp(last - top)))


def cobham(arrivals: list[float], service: float, agents: int) -> list[float]:
    """Return the mean wait of each class, most urgent first, without preemption (Cobham 1954)."""
    capacity = agents * service
    waits = []
    above = 0.0
    delay = erlang_c_by_sum(agents, sum(arrivals) / service)
    for rate in arrivals:
        upto = above + rate / capacity
        waits.append(delay / capacity / (1 - above) / (1 - upto))
        above = upto
    return waits


def first_come_longest_idle(
    arrivals: list[float], agents: list[int], speeds: list[float], compatible: list[list[int]]
) -> tuple[list[float], list[float]]:
    """Return each class's probability to wait and each pool's occupancy under first come, longest idle.

    The product form over busy counts k: P(k) ~ prod C(c_g, k_g) F(k) G(c-k), where F adds the pools in the order in
    which they got busy, G the idle ones (Adan & Weiss 2014, Stochastic Systems 4:250-299).
    """
    pools = range(len(agents))

    def stuck(busy: tuple[int, ...]) -> float:
        full = [busy[g] == agents[g] for g in pools]
        return sum(rate for rate, served in zip(arrivals, compatible, strict=True) if all(full[g] for g in served))

    @cache
    def busy_weight(busy: tuple[int, ...]) -> float:
        if not any(busy):
            return 1.0
        speed = sum(count * speeds[g] for g, count in enumerate(busy))
        return sum(count * busy_weight(_less(busy, g)) for g, count in enumerate(busy) if count) / (speed - stuck(busy))

    @cache
    def idle_weight(idle: tuple[int, ...]) -> float:
        if not any(idle):
            return 1.0
        taken = sum(rate for rate, served in zip(arrivals, compatible, strict=True) if any(idle[g] for g in served))
        return sum(count * idle_weight(_less(idle, g)) for g, count in enumerate(idle) if count) / taken

    weights = {}
    for busy in product(*(range(count + 1) for count in agents)):
        idle = tuple(count - at_work for count, at_work in zip(agents, busy, strict=True))
        ways = np.prod([comb(count, at_work) for count, at_work in zip(agents, busy, strict=True)])
        weights[busy] = float(ways) * busy_weight(busy) * idle_weight(idle)
    total = sum(weights.values())
    waits = [
        sum(weight for busy, weight in weights.items() if all(busy[g] == agents[g] for g in served)) / total
        for served in compatible
    ]
    work = [sum(busy[g] * weight for busy, weight in weights.items()) / total / agents[g] for g in pools]
    return waits, work


def _less(counts: tuple[int, ...], place: int) -> tuple[int, ...]:
    return (*counts[:place], counts[place] - 1, *counts[place + 1 :])
