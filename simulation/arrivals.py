"""When customers come: as a Poisson process whose rate is constant from step to step, or as a trace says."""

from collections.abc import Iterator, Mapping, Sequence
from random import Random

from simulation.scenario import MICROSECOND, Run, Stream, micros

_HOUR = 3_600
Step = tuple[float, float]
"""Seconds from which a rate holds, and the rate, customers a second."""


def arrivals(
    stream: Stream, run: Run, source: Random, busyness: float, columns: Mapping[str, Sequence[float]]
) -> Iterator[int]:
    """Iterate over the instants of the virtual clock at which customers of `stream` come, ascending.

    It ends when nobody can come any more, maybe never. What comes at or behind the run's end is left out.
    """
    times = iter(columns[stream.trace]) if stream.trace is not None else _poisson(steps(stream, run), source, busyness)
    end = run.end
    for seconds in times:
        at = int(seconds * MICROSECOND)
        if end is not None and at >= end:
            return
        yield at


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


def _poisson(steps: Sequence[Step], source: Random, busyness: float) -> Iterator[float]:
    """Iterate over the seconds of a Poisson process.

    Exponential draws of mean 1 are the expected number between two arrivals, whatever the rates: so that customers stay
    the same and only come closer together when a rate rises (thinning would need other draws).
    """
    mass = source.expovariate(1.0)
    for place, (start, plain_rate) in enumerate(steps):
        rate = plain_rate * busyness
        end = steps[place + 1][0] if place + 1 < len(steps) else float("inf")
        at = start
        while rate and at + mass / rate < end:
            at += mass / rate
            yield at
            mass = source.expovariate(1.0)
        mass = max(0.0, mass - (end - at) * rate) if rate else mass
