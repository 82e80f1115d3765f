"""Section 7, look-ahead: strategy `optimal`, for one freed agent and for several who choose at once.

Readings, which are those of router/optimal.py: cost = due_at + how much longer than usual he needs, times 1 + a tenth
of how many wait behind, 49 at most; his own mean is drawn to everybody's as if he had handled five usual ones; of equal
costs the lower key; what is not open to everybody alike is taken as it comes; only the lowest (queue priority, class)
that is open to him counts. A freed agent looks at 50, each of several who choose at once at 200.
"""

from router.assignment import cheapest
from tests.reference.values import Person, Work
from tests.reference.who import own_choice, place, qualifies, sought
from tests.reference.world import World
from vocabulary.instants import Span

AHEAD = 50
TOGETHER_AHEAD = 200


def first_choice(world: World, person: Person) -> Work | None:
    """Return what he should take now: his first choice or, where its queue looks ahead, the best of the first 50."""
    first = own_choice(world, person)
    if first is None or not _looks_ahead(world, first):
        return first
    found = _open_to(world, person, first, AHEAD)
    return min(found, key=lambda work: (_cost(world, person, work, len(found) - 1), work.key))


def assigned(world: World, people: list[Person]) -> list[tuple[Person, Work]]:
    """Return who gets what where several choose at once: a linear assignment, at most one each.

    Which of equally cheap ones is `cheapest`'s, which is tested on its own.
    """
    open_to: list[tuple[Person, list[Work]]] = []
    for person in people:
        first = own_choice(world, person)
        if first is not None and _looks_ahead(world, first):
            open_to.append((person, _open_to(world, person, first, TOGETHER_AHEAD)))
    works = sorted({work.id: work for _, mine in open_to for work in mine}.values(), key=lambda work: work.key)
    if not works:
        return []
    dues = [work.due_at for work in works]
    never = 240 * (max(dues) - min(dues) + (1 << 32)) * len(open_to)
    behind = max(0, len(works) - len(open_to))
    costs = []
    for person, mine in open_to:
        row = [_cost(world, person, each, behind) - 10 * works[0].due_at if each in mine else never for each in works]
        costs.append(row + [never] * len(open_to))
    columns = cheapest(costs)
    found = []
    for (person, mine), column in zip(open_to, columns, strict=True):
        if column < len(works) and works[column] in mine:
            found.append((person, works[column]))
    return found


def _looks_ahead(world: World, work: Work) -> bool:
    return world.queue(sought(work).queue).strategy == "optimal"


def _open_to(world: World, person: Person, first: Work, at_most: int) -> list[Work]:
    if not _for_everybody(first):
        return [first]
    level = place(world, person, first)[:2]
    able = [work for work in world.works.values() if _for_everybody(work) and qualifies(world, person, work)]
    found = [work for work in able if _looks_ahead(world, work) and place(world, person, work)[:2] == level]
    return sorted(found, key=lambda work: work.key)[:at_most]


def _for_everybody(work: Work) -> bool:
    return work.state == "waiting" and not work.barred and work.hold_until is None and work.only is None


def _cost(world: World, person: Person, work: Work, behind: int) -> Span:
    """Return the cost in tenths of a ms, so that it is whole."""
    count, total = world.typical.get(work.label, (0, 0))
    usual = total // count if count else 0
    mine, sum_of_mine = person.handling.get(work.label, (0, 0))
    predicted = (sum_of_mine + 5 * usual) // (mine + 5)
    return 10 * work.due_at + (10 + min(behind, 49)) * (predicted - usual)
