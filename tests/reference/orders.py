"""Random commands that mostly make sense where the house stands, and sometimes don't."""

from collections.abc import Callable

from queues.lifecycle import OPEN
from router import commands as c
from router.state import State
from tests.reference import by_agents, by_bulk, by_callers, by_customers, by_senders, by_supervisors
from tests.reference.chance import Chance
from tests.reference.houses import profile
from tests.reference.setting import CROWD, Setting
from vocabulary.instants import DAY, HOUR, MINUTE, SECOND, Instant

Kind = Callable[[Setting, State, Instant], c.Command]
_KINDS: tuple[Kind, ...] = (
    *[by_agents.answer] * 8,
    *[by_agents.work] * 8,
    by_agents.second_thoughts,
    *[by_customers.customer] * 3,
    *[by_supervisors.supervisor] * 2,
    *[by_agents.presence] * 2,
    *[by_supervisors.undo] * 2,
    *[by_bulk.many] * 2,
    by_bulk.avalanche,
    by_supervisors.room,
    by_supervisors.pull,
    *[by_agents.back] * 4,
    *[by_agents.shift] * 2,
    by_agents.account,
    by_supervisors.nothing,
    by_supervisors.clear,
)
_SERVING: tuple[Kind, ...] = (
    *[by_callers.caller] * 4,
    *[by_callers.booked] * 2,
    *[by_callers.watcher] * 2,
    *[by_callers.renewal] * 2,
    *[by_callers.last_one_goes] * 2,
    *[by_callers.pause] * 2,
    *[by_callers.talk] * 4,
    by_callers.emergency,
)
_SENDING: tuple[Kind, ...] = (*[by_senders.sender] * 3, *[by_senders.writes_again] * 2, by_senders.performed)


def kinds() -> tuple[Kind, ...]:
    """Return every kind of command once, the commonest first."""
    return (by_customers.arrival, *dict.fromkeys((*_KINDS, *_SERVING, *_SENDING)))


def opening(house: Setting) -> list[c.Command]:
    """Return the commands with which agents come to work."""
    found: list[c.Command] = []
    for agent in house.staff:
        found.append(c.DefineAgent(agent, profile(house.chance, house.policy)))
        found += [c.Connect(agent), c.SetPresence(agent, "available", agent)]
    return found


def following(house: Setting, state: State, now: Instant) -> c.Command:
    """Return a command for the house that is at `state`."""
    open_ = sum(1 for each in state.interactions.values() if each.state in OPEN)
    if house.chance.once_in(3) and open_ < CROWD:
        return by_customers.admit(house, now)
    if house.rush and house.chance.once_in(3):
        return by_agents.done(house, state, now)
    if house.policy.plans and house.chance.once_in(8):
        return house.chance.of(_SENDING)(house, state, now)
    if any(each.held_back for each in state.interactions.values()) and house.chance.once_in(6):
        return by_agents.second_thoughts(house, state, now)
    kind = house.chance.of(_SERVING if house.serves and house.chance.once_in(4) else _KINDS)
    return kind(house, state, now)


def span(chance: Chance, now: Instant, due: Instant | None) -> Instant:
    """Return the instant of the next command: mostly now or soon, often when something is due, seldom a day on."""
    if due is not None and chance.once_in(4):
        return max(now, due + chance.of((0, 0, 0, -1, 1)))
    if chance.once_in(300):
        return now + chance.of((DAY, 8 * DAY))
    if chance.once_in(50):
        return now + chance.of((5 * MINUTE, 20 * MINUTE, HOUR))
    return now + chance.of((0, 0, 0, 100, SECOND, 5 * SECOND, 30 * SECOND)) if chance.once_in(2) else now
