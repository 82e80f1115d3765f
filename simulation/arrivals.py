"""When customers come: as a Poisson process whose rate is constant from step to step, or as a trace says."""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile
from random import Random

from simulation.laws import BLOCK
from simulation.scenario import MICROSECOND, Run, Stream, micros

_HOUR = 3_600
_NEVER = 1 << 62
Step = tuple[float, float]
"""Seconds from which a rate holds, and the rate, customers a second."""


def arrivals(
    stream: Stream, run: Run, source: Random, busyness: float, columns: Mapping[str, Sequence[float]]
) -> Iterator[int]:
    """Iterate over the instants of the virtual clock at which customers of `stream` come, ascending.

    It ends when nobody can come any more, maybe never. What comes at or behind the run's end is left out.
    """
    end = run.end if run.end is not None else _NEVER
    if stream.trace is not None:
        instants = (int(seconds * MICROSECOND) for seconds in columns[stream.trace])
        return takewhile(end.__gt__, instants)
    return _poisson(steps(stream, run), source, busyness, end)


def steps(stream: Stream, run: Run) -> list[Step]:
    """Return the rate of `stream` over the day, step by step; 0 outside the periods, if the run has any."""
    if stream.profile is not None:
        return [(float(start), rate / _HOUR) for start, rate in stream.profile]
    if not run.periods:
        return [(0.0, stream.rates[0] / _HOUR)]
    found: list[Step] = []
    for start, end in run.periods:
        rate = run.of_period(stream.rates, micros(start)) / _HOUR
        if found and found[-1][0] == start:
            found.pop()
        found += [(float(start), rate), (float(end), 0.0)]
    return found


def _poisson(steps: Sequence[Step], source: Random, busyness: float, end: int) -> Iterator[int]:
    """Iterate over the instants of a Poisson process before `end`.

    Exponential draws of mean 1 are the expected number between two arrivals, whatever the rates: so that customers stay
    the same and only come closer together when a rate rises (thinning would need other draws).
    """
    masses = _masses(source).__next__
    mass = masses()
    for place, (start, plain_rate) in enumerate(steps):
        rate = plain_rate * busyness
        if not rate:
            continue
        until = steps[place + 1][0] if place + 1 < len(steps) else float("inf")
        at = start + mass / rate
        while at < until:
            instant = int(at * MICROSECOND)
            if instant >= end:
                return
            yield instant
            at += masses() / rate
        # What the step was too short for is left for the next.
        mass = (at - until) * rate


def _masses(source: Random) -> Iterator[float]:
    uniform, log = source.random, math.log
    while True:
        yield from [-log(1.0 - uniform()) for _ in range(BLOCK)]
