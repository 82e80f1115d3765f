"""The agents of a simulated day: who is there when, as shifts, periods and the router's own doing say."""

from collections.abc import Callable, Iterator
from typing import Any

from router import commands as c
from router import events as e
from simulation.books import Shift
from simulation.groups import A_DAY, Group, Person
from simulation.scenario import MICROSECOND, Scenario
from simulation.setting import profile_of

BACK_AFTER = 60 * MICROSECOND
"""An agent whom the router took off for not answering is back so much later."""

At = Callable[[int, Callable[[Any], None], Any], None]
"""Lets a function be called with an argument at an instant."""


class Staff:
    """All groups. `do` lets the router do a command now, `at` lets something happen later.

    `last_arrival`: when arrivals ended, once they have.
    """

    def __init__(self, scenario: Scenario, shifts: list[list[Shift]], do: Callable[[c.Command], None], at: At) -> None:
        self.groups = [Group(*each) for each in zip(scenario.agents, shifts, strict=True)]
        self.people = {person.id: person for group in self.groups for person in group.people}
        self.last_arrival: int | None = None
        self._run = scenario.run
        self._grouped = any(stream.preferences for stream in scenario.arrivals)
        self._do = do
        self._at = at

    def open(self) -> None:
        """Let everybody exist, and those be there who begin the day."""
        for group in self.groups:
            profile = profile_of(group.table, grouped=self._grouped)
            for person in group.people:
                self._do(c.DefineAgent(person.id, profile))
                self._do(c.Connect(person.id))
            self._set(group, group.wanted(0, self._run))
            self._next_change((0, group, group.changes(self._run)))

    def turn(self, batch: int, now: int) -> None:
        """Write what follows into `batch`."""
        for group in self.groups:
            group.turn(batch, now)

    def check(self) -> None:
        """Nobody works any more, and what was worked is what was drawn."""
        for group in self.groups:
            assert group.occupied == 0, f"{group.name}: somebody still works"
            assert group.balance == 0, f"{group.name}: {group.balance} µs worked more than drawn"

    # -- shifts and periods

    def _next_change(self, changing: tuple[int, Group, Iterator[int]]) -> None:
        _, group, changes = changing
        at = next(changes, None)
        if at is not None:
            self._at(at, self._change, (at, group, changes))

    def _change(self, changing: tuple[int, Group, Iterator[int]]) -> None:
        """Let a shift or a period begin or end. Behind the day of the last arrival nobody comes any more."""
        now, group, _ = changing
        until = self._last_day_ends()
        wanted = group.wanted(now, self._run)
        if until is not None and now >= until:
            wanted = min(wanted, sum(person.wanted for person in group.people))
        self._set(group, wanted)
        if until is None or now < until + A_DAY:
            self._next_change(changing)

    def _last_day_ends(self) -> int | None:
        """Return the midnight behind the last arrival, or None while customers still come."""
        return None if self.last_arrival is None else (self.last_arrival // A_DAY + 1) * A_DAY

    def _set(self, group: Group, wanted: int) -> None:
        there = sum(person.wanted for person in group.people)
        for person in group.leaving(there - wanted) if wanted < there else ():
            person.wanted = False
            self._do(c.SetPresence(person.id, "offline", by=person.id, after_current=True))
        for person in group.coming(wanted - there) if wanted > there else ():
            person.wanted = True
            self._do(c.SetPresence(person.id, "available", by=person.id))

    # -- what the router says of them

    def presence_changed(self, event: e.PresenceChanged, now: int) -> None:
        """Somebody came, went or was taken off."""
        person = self.people[event.agent]
        if event.presence == "available":
            person.group.comes(person, now)
        elif not event.after_current:
            person.group.goes(person, now)
            if event.presence == "not_responding":
                self._at(now + BACK_AFTER, self._back, person)

    def _back(self, person: Person) -> None:
        if person.wanted:
            self._do(c.SetPresence(person.id, "available", by=person.id))
