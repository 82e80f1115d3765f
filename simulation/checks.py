"""What is wrong between the tables of a scenario, and what the router doesn't do yet."""

from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches

from queues.interaction import PRIORITY_MAX, PRIORITY_MIN
from simulation.laws import Deterministic, Empirical
from simulation.scenario import (
    AgentGroup,
    OfferTerms,
    QueueMembership,
    QueueTable,
    Run,
    Scenario,
    Stream,
    laws_of,
    shift_times,
)
from vocabulary.skills import GROUP, LEVEL_MAX, LEVEL_MIN


def faults_of(scenario: Scenario) -> list[str]:
    """Return what keeps `scenario` from being simulated, each with its place."""
    return [
        *_of_run(scenario),
        *_twice("agents", "group", [group.group for group in scenario.agents]),
        *_twice("queues", "name", [queue.name for queue in scenario.queues]),
        *_twice("arrivals", "stream", [stream.stream for stream in scenario.arrivals]),
        *_of_orders(scenario),
        *_each("agents", (_of_group(group, scenario) for group in scenario.agents)),
        *_each("queues", (_of_queue(queue) for queue in scenario.queues)),
        *_each("arrivals", (_of_stream(stream, scenario) for stream in scenario.arrivals)),
    ]


def _each(table: str, faults: Iterable[Iterator[str]]) -> Iterator[str]:
    for place, found in enumerate(faults):
        yield from (f"{table}[{place}].{fault}" for fault in found)


def _twice(table: str, key: str, names: Sequence[str]) -> Iterator[str]:
    for place, name in enumerate(names):
        if name in names[:place]:
            yield f"{table}[{place}].{key}: {name!r} is there already"


def _of_run(scenario: Scenario) -> Iterator[str]:
    run = scenario.run
    traced = all(stream.trace is not None for stream in scenario.arrivals)
    if run.customers is None and run.end is None and not traced:
        yield 'run: say when arrivals end: `customers = 200000`, `duration = "8h"` or `periods`'
    if run.customers is not None and run.customers < 1:
        yield f"run.customers: at least 1, not {run.customers}"
    if run.estimate_every < 0:
        yield f"run.estimate_every: 0 (of nobody) or more, not {run.estimate_every}"
    if run.replications < 1:
        yield f"run.replications: at least 1, not {run.replications}"
    if run.end is not None and run.warm_up * 1e6 >= run.end:
        yield "run.warm_up: must be over before arrivals end"
    if isinstance(run.busyness, Empirical):
        yield "run.busyness: a multiplier has no file; choose another distribution"
    yield from _of_periods(run)


def _of_periods(run: Run) -> Iterator[str]:
    before = 0.0
    for place, (start, end) in enumerate(run.periods):
        if not before <= start < end:
            yield f'run.periods[{place}]: periods follow each other, such as ["0s", "2h"], ["2h", "4h"]'
        before = end


def _per_period(name: str, values: Sequence[object], run: Run) -> Iterator[str]:
    if not values or len(values) not in (1, len(run.periods)):
        yield f"{name}: {len(values)} values for {len(run.periods)} periods; write one value, or one a period"


def _known(name: str, value: str, known: Iterable[str], what: str) -> Iterator[str]:
    names = list(known)
    if value not in names:
        near = get_close_matches(value, names, n=1)
        guess = f"; did you mean {near[0]!r}?" if near else ""
        yield f"{name}: there is no {what} {value!r}{guess}"


def _of_orders(scenario: Scenario) -> Iterator[str]:
    """What an agent takes next from two queues is only defined where both sort alike (semantics.md section 4)."""
    orders = {queue.name: queue.order for queue in scenario.queues}
    for place, group in enumerate(scenario.agents):
        if len({orders[queue] for queue in group.queues if queue in orders}) > 1:
            yield f"agents[{place}].queues: queues that share agents need the same `order`"


def _of_group(group: AgentGroup, scenario: Scenario) -> Iterator[str]:
    yield from _per_period("count", group.counts, scenario.run)
    if min(group.counts, default=0) < 0:
        yield "count: at least 0"
    if group.capacity < 1:
        yield f"capacity: at least 1, not {group.capacity}"
    for queue, membership in group.queues.items():
        yield from _known("queues", queue, (each.name for each in scenario.queues), "queue")
        priority = membership.priority if isinstance(membership, QueueMembership) else membership
        if priority < 1:
            yield f"queues.{queue}: the priority is 1 (first) or more, not {priority}"
    for skill, level in group.skills.items():
        if not LEVEL_MIN <= level <= LEVEL_MAX:
            yield f"skills.{skill}: the level is from {LEVEL_MIN} to {LEVEL_MAX}, not {level}"
    for shift in group.shifts:
        yield from _tried("shifts", lambda shift=shift: shift_times(shift))


def _tried(name: str, read: object) -> Iterator[str]:
    assert callable(read)
    try:
        read()
    except ValueError as error:
        yield f"{name}: {error}"


def _of_queue(queue: QueueTable) -> Iterator[str]:
    if queue.target <= 0:
        yield "target: must be more than 0"
    yield from _of_offer(queue.offer)


def _of_offer(offer: OfferTerms) -> Iterator[str]:
    """An agent who never answers in time would keep the day from ending."""
    if not 0 <= offer.miss < 1:
        yield f"offer.miss: a share from 0 to less than 1, not {offer.miss:g}"
    if not offer.timeout and (offer.answer is not None or offer.miss):
        yield "offer.timeout: must be more than 0 where agents answer by themselves"
    elif isinstance(offer.answer, Deterministic) and offer.answer.mean >= offer.timeout:
        yield "offer.answer: comes too late each time; make it shorter than `timeout`"
    if isinstance(offer.answer, Empirical):
        yield "offer.answer: a sample from a file is for service and patience; choose another distribution"


def _of_stream(stream: Stream, scenario: Scenario) -> Iterator[str]:
    yield from _known("queue", stream.queue, (queue.name for queue in scenario.queues), "queue")
    ways = [way for way in (stream.rate_per_hour, stream.profile, stream.trace) if way is not None]
    if len(ways) != 1:
        yield "rate_per_hour: write exactly one of `rate_per_hour`, `profile` and `trace`"
    yield from _of_rates(stream, scenario.run)
    yield from _per_period("service", laws_of(stream.service), scenario.run)
    for group, law in stream.service_by_group.items():
        yield from _known("service_by_group", group, (each.group for each in scenario.agents), "group")
        yield from _per_period(f"service_by_group.{group}", laws_of(law), scenario.run)
    if stream.patience is not None:
        yield from _per_period("patience", laws_of(stream.patience), scenario.run)
    yield from _tried("requirements", stream.needs)
    yield from _tried("preferences", stream.wishes)
    for preference in stream.preferences:
        if preference.startswith(GROUP):
            group = preference.removeprefix(GROUP).strip()
            yield from _known("preferences", group, (each.group for each in scenario.agents), "group")
    if not PRIORITY_MIN <= stream.priority <= PRIORITY_MAX:
        yield f"priority: from {PRIORITY_MIN} to {PRIORITY_MAX}, not {stream.priority}"


def _of_rates(stream: Stream, run: Run) -> Iterator[str]:
    yield from _per_period("rate_per_hour", stream.rates, run)
    profile = stream.profile or ()
    if min((*stream.rates, *(rate for _, rate in profile)), default=0.0) < 0:
        yield "rate_per_hour: a rate is at least 0"
    starts = [start for start, _ in profile]
    if stream.profile is not None and (not starts or starts != sorted(set(starts))):
        yield 'profile: starts must ascend, such as [["0s", 60], ["1h", 90]]'
