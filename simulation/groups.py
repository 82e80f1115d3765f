"""A group of agents on the virtual clock: who should be there, who is, and what they do, in exact sums."""

from collections.abc import Iterator

from simulation.books import UNCOUNTED, Shift
from simulation.scenario import AgentGroup, Run, micros, shift_times
from vocabulary.instants import DAY, SECOND

A_DAY = micros(DAY / SECOND)


class Person:
    """A simulated agent. `wanted`: should be there. `there`: the router counts on him. `held`: contacts, wrap-ups."""

    __slots__ = ("group", "held", "id", "number", "there", "wanted")

    def __init__(self, group: "Group", number: int) -> None:
        self.id = f"{group.table.group}/{number:04}"
        self.group = group
        self.number = number
        self.wanted = self.there = False
        self.held = 0


class Group:
    """The agents of one table and their time, in exact sums.

    A sum over time of how many are there is their number times now, less the instants since which each of them is: so
    that a change costs one addition. `occupied` are those with a contact or a wrap-up. `balance` is what was worked
    less what was drawn, µs: nothing is lost when it is 0 in the end.
    """

    __slots__ = (
        "balance",
        "batch",
        "logged_in",
        "logged_in_from",
        "name",
        "occupied",
        "occupied_from",
        "people",
        "shifts",
        "table",
    )

    def __init__(self, table: AgentGroup, shifts: list[Shift]) -> None:
        self.table = table
        self.name = table.group
        self.people = [Person(self, number) for number in range(max(table.counts))]
        self.shifts = shifts
        self.batch = UNCOUNTED
        self.logged_in = self.occupied = self.balance = 0
        self.logged_in_from = self.occupied_from = 0

    def turn(self, batch: int, now: int) -> None:
        """Write what was up to `now` into its batch, and what follows into `batch`."""
        shift = self.shifts[self.batch]
        shift.logged_in += self.logged_in * now - self.logged_in_from
        shift.occupied += self.occupied * now - self.occupied_from
        self.logged_in_from = self.logged_in * now
        self.occupied_from = self.occupied * now
        self.batch = batch

    def comes(self, person: Person, now: int) -> None:
        """`person` is there."""
        if not person.there:
            person.there = True
            self.logged_in += 1
            self.logged_in_from += now

    def goes(self, person: Person, now: int) -> None:
        """`person` is there no longer."""
        if person.there:
            person.there = False
            self.logged_in -= 1
            self.logged_in_from -= now

    def wanted(self, at: int, run: Run) -> int:
        """Return how many agents should be there at `at`."""
        count = run.of_period(self.table.counts, at)
        return count if not self.table.shifts or any(_covers(shift, at) for shift in self._times()) else 0

    def changes(self, run: Run) -> Iterator[int]:
        """Iterate over the instants behind 0 at which `wanted` may change, ascending; with shifts for ever."""
        starts = [start for start in run.starts if start > 0] if len(self.table.counts) > 1 else []
        daily = sorted({time % A_DAY for shift in self._times() for time in shift})
        if not daily:
            yield from starts
            return
        midnight = 0
        while True:
            today = {midnight + time for time in daily} | {at for at in starts if midnight <= at < midnight + A_DAY}
            yield from sorted(at for at in today if at > 0)
            midnight += A_DAY

    def _times(self) -> list[tuple[int, int]]:
        return [shift_times(shift) for shift in self.table.shifts]

    def leaving(self, surplus: int) -> list[Person]:
        """Return the `surplus` agents who go: the idle ones first, then those who finish what they have."""
        staying = [person for person in self.people if person.wanted]
        return sorted(staying, key=lambda person: (person.held > 0, -person.number))[:surplus]

    def coming(self, missing: int) -> list[Person]:
        """Return the `missing` agents who come: those first who are about to go."""
        away = [person for person in self.people if not person.wanted]
        return sorted(away, key=lambda person: not person.there)[:missing]


def _covers(shift: tuple[int, int], at: int) -> bool:
    begin, end = shift
    time = at % A_DAY
    return begin <= time < end or begin <= time + A_DAY < end
