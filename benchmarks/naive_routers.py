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

    def next_rounds(self, count: int) -> list[tuple[Work, Worker]]:
        """Return what comes in the next `count` rounds: an arrival, and the agent who becomes free then."""
        return [(self.next_work(), self.workers[self.draws.randrange(len(self.workers))]) for _ in range(count)]


class SortedList(Naive):
    """A sorted list: whoever is freed takes the first that he qualifies for."""

    def do_rounds(self, rounds: list[tuple[Work, Worker]]) -> int:
        """Do them; return how many decisions that were."""
        for work, worker in rounds:
            # Keys only grow here, so that the end of the list is the right place.
            self.waiting.append(work)
            for place, each in enumerate(self.waiting):
                if qualifies(worker, each):
                    del self.waiting[place]
                    break
        return 2 * len(rounds)


class Scan(Naive):
    """What help desks do: every agent scored on arrival, everything that waits looked at on release."""

    def do_rounds(self, rounds: list[tuple[Work, Worker]]) -> int:
        """Do them; return how many decisions that were."""
        for work, worker in rounds:
            self._round(work, worker)
        return 2 * len(rounds)

    def _round(self, work: Work, worker: Worker) -> None:
        able = [each for each in self.workers if not each.busy and qualifies(each, work)]
        if able:
            min(able, key=lambda each: each.since).busy = True
        else:
            self.waiting.append(work)
        fitting = [each for each in self.waiting if qualifies(worker, each)]
        worker.since = work.key
        worker.busy = bool(fitting)
        if fitting:
            self.waiting.remove(min(fitting, key=lambda each: each.key))
