"""The best that anybody could say of a wait: its mean given who is ahead and the true rates.

There is a closed form where one pool of agents serves everybody alike. Against it, what the router expects is judged.
"""

from router.closed_form import Overtaking, wait_behind
from simulation.laws import Exponential, Law
from simulation.scenario import AgentGroup, QueueMembership, Scenario, Stream
from simulation.setting import has_deadlines, profile_of

_SECOND = 1_000
_HOUR = 3_600 * _SECOND


class FullInformation:
    """What is known of a scenario, rates a ms; None where it is of no use."""

    def __init__(self, scenario: Scenario) -> None:
        self._streams = {stream.stream: stream for stream in scenario.arrivals}
        self._release = _release(scenario)
        self._leaving = _leaving(scenario)

    def mean(self, stream: str, ahead: int) -> float | None:
        """Return the mean wait in ms of somebody of `stream` behind `ahead` others, or None without a closed form."""
        release, leaving = self._release, self._leaving
        if release is None or leaving is None:
            return None
        own = self._streams[stream].class_
        above = sum(each.rates[0] for each in self._streams.values() if each.class_ < own) / _HOUR
        if above and (leaving or above >= release):
            return None
        return wait_behind(ahead, release, leaving, (Overtaking(above),) if above else ()).mean


def _release(scenario: Scenario) -> float | None:
    """Return the releases of all agents at work, if they are one pool and each has one customer at a time."""
    laws = [law for stream in scenario.arrivals for law in (stream.service, *stream.service_by_group.values())]
    rates = {_rate(law) for law in laws}
    steady = not (scenario.run.periods or scenario.run.busyness or has_deadlines(scenario))
    one_pool = all(_serves(group, stream) for group in scenario.agents for stream in scenario.arrivals)
    if len(rates) != 1 or not steady or not one_pool or not _in_order(scenario):
        return None
    rate = rates.pop()
    return None if rate is None else sum(group.counts[0] for group in scenario.agents) * rate


def _rate(law: Law | tuple[Law, ...]) -> float | None:
    return 1 / (law.mean * _SECOND) if isinstance(law, Exponential) else None


def _serves(group: AgentGroup, stream: Stream) -> bool:
    """Tell whether all agents of `group`, always there, may take `stream` and then nothing beside it."""
    profile = profile_of(group, grouped=False)
    limit = profile.limit(stream.medium)
    alone = limit.max == 1 or 2 * limit.cost > profile.capacity >= limit.cost
    able = all(need.met_by(group.skills) for need in stream.needs())
    priorities = {each.priority if isinstance(each, QueueMembership) else each for each in group.queues.values()}
    return stream.queue in group.queues and len(priorities) == 1 and alone and able and not group.shifts


def _in_order(scenario: Scenario) -> bool:
    """Tell whether all of a class are served as they came, at a rate that stays."""
    targets = {queue.name: queue.target for queue in scenario.queues}
    ahead = {(stream.class_, stream.priority, targets[stream.queue]) for stream in scenario.arrivals}
    classes = {stream.class_ for stream in scenario.arrivals}
    constant = all(stream.rate_per_hour is not None for stream in scenario.arrivals)
    return len(ahead) == len(classes) and constant and all(queue.order == "due" for queue in scenario.queues)


def _leaving(scenario: Scenario) -> float | None:
    """Return how often each who waits leaves; None where that depends on who he is or how long he has waited."""
    patience = [stream.patience for stream in scenario.arrivals]
    if all(law is None for law in patience):
        return 0.0
    rates = {None if law is None else _rate(law) for law in patience}
    return rates.pop() if len(rates) == 1 else None
