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
    """The agents of one table and their time. Every change first settles what was up to `now`.

    `drawn` and `worked` are µs of contacts, as drawn and as they passed: work is conserved if both are equal.
    """

    __slots__ = ("_at", "batch", "contacts", "drawn", "logged_in", "occupied", "people", "shifts", "table", "worked")

    def __init__(self, table: AgentGroup, shifts: list[Shift]) -> None:
        self.table = table
        self.people = [Person(self, number) for number in range(max(table.counts))]
        self.shifts = shifts
        self.batch = UNCOUNTED
        self.contacts = self.logged_in = self.occupied = self.drawn = self.worked = 0
        self._at = 0

    def settle(self, now: int) -> None:
        """Write down the time up to `now`."""
        span = now - self._at
        if not span:
            return
        self._at = now
        self.worked += span * self.contacts
        if self.batch != UNCOUNTED:
            shift = self.shifts[self.batch]
            shift.logged_in += span * self.logged_in
            shift.occupied += span * self.occupied

    def turn(self, batch: int, now: int) -> None:
        """Write what follows into `batch`."""
        self.settle(now)
        self.batch = batch

    def takes(self, person: Person, service: int, now: int) -> None:
        """`person` begins a contact that will last `service`."""
        self.settle(now)
        self.contacts += 1
        self.drawn += service
        person.held += 1
        if person.held == 1:
            self.occupied += 1

    def ends(self, now: int) -> None:
        """A contact ended; its wrap-up may follow."""
        self.settle(now)
        self.contacts -= 1

    def releases(self, person: Person, now: int) -> None:
        """`person` is done with a contact and its wrap-up."""
        self.settle(now)
        person.held -= 1
        if person.held == 0:
            self.occupied -= 1

    def comes(self, person: Person, now: int) -> None:
        """`person` is there."""
        self.settle(now)
        self.logged_in += not person.there
        person.there = True

    def goes(self, person: Person, now: int) -> None:
        """`person` is there no longer."""
        self.settle(now)
        self.logged_in -= person.there
        person.there = False

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
