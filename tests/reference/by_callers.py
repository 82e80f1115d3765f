"""What customers do who would rather be called or written to; and what watches the house: random commands."""

from queues.interaction import Interaction
from queues.lifecycle import InteractionState
from router import commands as c
from router.state import State
from tests.reference.by_customers import admit, slot_in
from tests.reference.services import WAITS, action
from tests.reference.setting import Setting
from vocabulary.instants import Instant

S = InteractionState


def caller(house: Setting, state: State, now: Instant) -> c.Command:
    """A customer chooses another way, another window, or none."""
    one = house.one(state, S.WAITING, S.OFFERED, S.WAITING, S.OFFERED, S.SCHEDULED)
    if one is None:
        return admit(house, now)
    of, slot = house.chance.of, slot_in(house, one.queue, now)
    able: tuple[c.Command, ...] = (
        c.AcceptCallback(one.id),
        c.AcceptCallback(one.id, slot),
        c.LeaveMessage(one.id),
        c.RescheduleCallback(one.id, slot),
        c.CancelCallback(one.id, of(("customer", "customer", "boss"))),
    )
    return of(able)


def booked(house: Setting, state: State, now: Instant) -> c.Command:
    """Somebody who has a window wants another, or none."""
    one = _booked(house, state)
    if one is None:
        return admit(house, now)
    if house.chance.once_in(4):
        return c.Close(one.id, "done", "boss")
    if house.chance.once_in(3):
        return c.CancelCallback(one.id, house.chance.of(("customer", "boss")))
    return c.RescheduleCallback(one.id, slot_in(house, one.queue, now))


def _booked(house: Setting, state: State) -> Interaction | None:
    able = [each for each in state.interactions.values() if each.state is S.SCHEDULED]
    return house.chance.of(able) if able else None


def watcher(house: Setting, state: State, now: Instant) -> c.Command:
    """An expected wait becomes known; seldom one that is none."""
    one = house.one(state, S.WAITING, S.OFFERED)
    if one is None:
        return admit(house, now)
    low = house.chance.of((0, *WAITS))
    return c.RecordEstimate(one.id, low, low + house.chance.of((0, *WAITS, -1)))


def emergency(house: Setting, state: State, now: Instant) -> c.Command:
    """The emergency switch of a queue; mostly it is off again soon."""
    of, on = house.chance.of, tuple(state.emergencies)
    if on and not house.chance.once_in(3):
        return c.SetEmergency(of(on), None, "boss")
    if not house.chance.once_in(3):
        return watcher(house, state, now)
    queue = of((*house.queues, "gone")) if house.chance.once_in(12) else of(house.queues)
    return c.SetEmergency(queue, of((None, action(house.chance, queue, house.queues))), "boss")


def renewal(house: Setting, state: State, now: Instant) -> c.Command:
    """Somebody asks for today's agreement."""
    one = house.one(state, S.ACTIVE, S.WAITING, S.PARKED)
    return c.RenewSla(one.id, "boss") if one is not None else admit(house, now)
