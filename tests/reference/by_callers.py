"""What customers do who would rather be called or written to; and what watches the house: random commands."""

from agents.availability import is_staffing
from queues.interaction import Interaction
from queues.lifecycle import InteractionState
from router import commands as c
from router.state import State
from tests.reference.by_agents import reply
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
    gone = [each for each in state.interactions.values() if each.customer_leaves_at is not None]
    one = house.chance.of(gone) if gone and house.chance.once_in(2) else one
    of, slot = house.chance.of, slot_in(house, one.queue, now)
    able: tuple[c.Command, ...] = (
        c.AcceptCallback(one.id),
        c.CustomerGone(one.id),
        c.AcceptCallback(one.id, slot),
        c.LeaveMessage(one.id, of((None, "h1", "h2")), of((None, "d1"))),
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


def last_one_goes(house: Setting, state: State, now: Instant) -> c.Command:
    """The only one who is staffed where something waits goes."""
    for one in state.interactions.values():
        staffed = [each for each in state.agents_of(one.queue) if is_staffing(each)]
        if one.state is S.WAITING and len(staffed) == 1:
            id = staffed[0].id
            ways: tuple[c.Command, ...] = (
                c.SetPresence(id, "away", id),
                c.SetPresence(id, "offline", id),
                c.Disconnect(id),
                c.RemoveAgent(id, move=True),
            )
            return house.chance.of(ways)
    return watcher(house, state, now)


def pause(house: Setting, state: State, now: Instant) -> c.Command:
    """Clocks that stand still while it is parked do so, and run on."""
    held = (S.ACTIVE, S.PARKED)
    able = [each for each in state.interactions.values() if each.state in held and each.agreement is not None]
    able = [each for each in able if each.agreement is not None and each.agreement.pause_while_parked]
    if not able:
        return watcher(house, state, now)
    one = house.chance.of(able)
    owner = one.agent or house.staff[0]
    return c.Park(one.id, owner) if one.state is S.ACTIVE else c.Resume(one.id, owner)


def talk(house: Setting, state: State, now: Instant) -> c.Command:
    """Agent and customer write in turn."""
    able = [each for each in state.interactions.values() if each.state is S.ACTIVE]
    if not able:
        return watcher(house, state, now)
    one = house.chance.of(able)
    if one.replied and one.unanswered_at is None:
        return c.AddMessage(interaction=one.id, message="m", author="customer")
    if one.replied and house.chance.once_in(3):
        return c.End(one.id, one.agent or house.staff[0])
    return reply(house, one, one.agent or house.staff[0])


def renewal(house: Setting, state: State, now: Instant) -> c.Command:
    """Somebody asks for today's agreement."""
    one = house.one(state, S.ACTIVE, S.WAITING, S.PARKED)
    return c.RenewSla(one.id, "boss") if one is not None else admit(house, now)
