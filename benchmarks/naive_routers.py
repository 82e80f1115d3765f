"""How routing is often done, for `benchmarks.routing`: plain lists, no events, no capacity, no deadlines."""

from dataclasses import dataclass, field
from random import Random

from benchmarks.routing_house import ASKED_MAX, LEVEL_MAX, SKILLS_HELD, Size


@dataclass(slots=True)
class Worker:
    """An agent: his skills, whether he works, since when he is idle."""

    skills: dict[int, int]
    busy: bool = True
    since: int = 0


@dataclass(slots=True, eq=False)
class Work:
    """Something that waits: its key, and the levels that it asks for."""

    key: int
    needs: dict[int, int] = field(default_factory=dict)


def qualifies(worker: Worker, work: Work) -> bool:
    """Tell whether `worker` holds what `work` asks for."""
    return all(worker.skills.get(skill, 0) >= level for skill, level in work.needs.items())


class Naive:
    """What both share: everybody is busy, and `waiting` wait in the order of their keys."""

    def __init__(self, size: Size, draws: Random) -> None:
        self.size, self.draws, self.number = size, draws, 0
        held = (draws.sample(range(size.skills), SKILLS_HELD) for _ in range(size.agents))
        self.workers = [Worker({skill: draws.randint(1, LEVEL_MAX) for skill in skills}) for skills in held]
        self.waiting: list[Work] = [self.next_work() for _ in range(size.waiting)]

    def next_work(self) -> Work:
        """Return what comes next."""
        self.number += 1
        asked = self.draws.sample(range(self.size.skills), self.size.asked)
        return Work(self.number, {skill: self.draws.randint(1, ASKED_MAX) for skill in asked})

    def next_free(self) -> Worker:
        """Return the agent who becomes free."""
        return self.workers[self.draws.randrange(len(self.workers))]


class SortedList(Naive):
    """A sorted list: whoever is freed takes the first that he qualifies for."""

    def round(self) -> None:
        """One arrival and one release."""
        # Keys only grow here, so that the end of the list is the right place.
        self.waiting.append(self.next_work())
        worker = self.next_free()
        for place, work in enumerate(self.waiting):
            if qualifies(worker, work):
                del self.waiting[place]
                return


class Scan(Naive):
    """What help desks do: every agent scored on arrival, everything that waits looked at on release."""

    def round(self) -> None:
        """One arrival and one release."""
        work = self.next_work()
        able = [each for each in self.workers if not each.busy and qualifies(each, work)]
        if able:
            min(able, key=lambda each: each.since).busy = True
        else:
            self.waiting.append(work)
        worker = self.next_free()
        fitting = [each for each in self.waiting if qualifies(worker, each)]
        worker.since = self.number
        worker.busy = bool(fitting)
        if fitting:
            self.waiting.remove(min(fitting, key=lambda each: each.key))
