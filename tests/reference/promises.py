"""What both routers must agree on of overflow, hours, callbacks, clocks and silence."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from queues.interaction import Interaction
from queues.overflow import NO_MARKS, Change
from router.state import State
from tests.reference.values import OVER, Clock, Work
from tests.reference.world import World

FIELDS = (
    "medium channel scheduled scheduled_for parked_until parked_close silent customer_leaves marks estimate promise "
    "clocks replied"
).split()
OPEN_ALWAYS = Change("open", None)


def of_interaction(each: Interaction) -> tuple[Any, ...]:
    """Return what `FIELDS` name, of the core."""
    state, marks = each.state, each.overflow or NO_MARKS
    over = state in OVER
    return (
        each.medium,
        each.channel,
        each.scheduled_at if state == "scheduled" else None,
        each.scheduled_for if state == "scheduled" else None,
        each.parked_until if state == "parked" else None,
        each.parked_close_at if state == "parked" else None,
        each.silent_at if state == "active" else None,
        each.customer_leaves_at,
        None if over else (marks.seen, marks.done, marks.left, marks.ways),
        each.estimate,
        each.agreement,
        {name: Clock(*(getattr(clock, field) for field in clock.__struct_fields__)) for name, clock in _clocks(each)},
        each.replied,
    )


def _clocks(each: Interaction) -> Iterator[tuple[str, Any]]:
    return iter(each.clocks.items())


def of_work(work: Work) -> tuple[Any, ...]:
    """Return what `FIELDS` name, of the model."""
    state = work.state
    over = state in OVER
    return (
        work.medium,
        work.channel,
        work.scheduled_at if state == "scheduled" else None,
        work.scheduled_for if state == "scheduled" else None,
        work.parked_until if state == "parked" else None,
        work.parked_close_at if state == "parked" else None,
        work.silent_at if state == "active" else None,
        work.customer_leaves_at,
        None if over else (work.looked, work.applied, work.left, work.ways),
        work.estimate,
        work.promise,
        work.clocks,
        work.replied,
    )


def of_house(state: State, world: World) -> Iterator[str]:
    """Iterate over what they don't agree on beside single interactions."""
    slots = [work for work in world.works.values() if (work.state, work.scheduled_for) == ("scheduled", "slot")]
    booked = dict(Counter((work.queue, work.scheduled_at) for work in slots))
    taken = {window: places for window, places in state.booked.items() if places}
    if taken != booked:
        yield f"booked: core {taken}, model {booked}"
    if state.emergencies != world.emergencies:
        yield f"emergencies: core {state.emergencies}, model {world.emergencies}"
    if state.estimates != world.estimates:
        yield f"estimates: core {state.estimates}, model {world.estimates}"
    hours = {name: (change.status, change.until) for name, change in state.hours.items() if change != OPEN_ALWAYS}
    watched = {name: says for name, says in world.watched.items() if says != ("open", None)}
    if hours != watched:
        yield f"hours: core {hours}, model {watched}"
