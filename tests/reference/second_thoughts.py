"""Replies by mail that wait for second thoughts: it is as if what is taken back had never been written.

Everything that was said is kept, and what follows from it is worked out anew without what was taken back. Readings:
what nothing else has answered waits again, even if the contact was ended meanwhile; clocks go on from how they stood
when the reply stopped them, and as today's agreement says where that was renewed since; a reply that has gone answers
what came before it, whether or not something between the two is taken back.
"""

from dataclasses import dataclass, field, replace

from router.commands import BeginDelivery, DeliverAgain, TakeBack
from tests.reference.values import Clock, Work
from tests.reference.world import Refused, World
from vocabulary.instants import Instant


@dataclass(frozen=True, slots=True)
class Said:
    """Something that was said at `at`: by the customer, or a reply by `person`.

    `until`: the reply is held back for so long, None once it has gone. `silent`: a customer who says nothing to it
    counts as silent then. `clocks`: how those stood that a reply may stop, just before it.
    """

    at: Instant
    message: str = ""
    person: str | None = None
    until: Instant | None = None
    silent: Instant | None = None
    clocks: dict[str, Clock] = field(default_factory=dict)


Standing = tuple[Instant | None, bool, Instant | None]
"""Since when the customer waits, whether anybody has ever replied to him, and when he counts as silent."""


def standing(said: tuple[Said, ...]) -> Standing:
    """Return what follows from all that was said."""
    waits, replied, silent = None, False, None
    for each in said:
        if each.message:
            waits, replied, silent = None, True, each.silent
        else:
            waits, silent = waits or each.at, None
    return waits, replied, silent


def asked(world: World, work: Work) -> None:
    """The customer writes."""
    hush(work)
    work.said = (*work.said, Said(world.now))
    work.unanswered_at, _, _ = standing(work.said)


def replies(world: World, work: Work, message: str, person: str | None, *, by_itself: bool) -> None:
    """An agent's message. A reply by mail waits as long as its queue says; what a sending sends has waited already.

    Section 2: a silent customer is parked after `silent_after`. Reading: that counts from our reply.
    """
    after = world.queue(work.queue).silent_after.get(work.medium)
    silent = world.now + after if after is not None and work.state == "active" else None
    undo = world.queue(work.queue).undo
    by_mail = work.medium == "email" or (work.medium == "callback" and work.mailable)
    until = world.now + undo if undo and by_mail and by_itself else None
    clocks = {name: clock for name, clock in work.clocks.items() if name != "resolution"}
    work.said = (*work.said, Said(world.now, message, person, until, silent, clocks))
    work.unanswered_at, work.replied, work.silent_at = standing(work.said)
    world.trace.append(("goes", work.id, message, until))


def dealt_with(work: Work) -> None:
    """What nobody has answered needs no answer any more."""
    last = max((place for place, each in enumerate(work.said, 1) if each.message), default=0)
    work.said, work.unanswered_at = work.said[:last], None


def asks_again(work: Work, since: Instant | None) -> None:
    """What was dealt with waits again, since then."""
    work.unanswered_at = since
    if since is not None:
        work.said = (*work.said, Said(since))


def hush(work: Work) -> None:
    """Nobody waits for the customer to break a silence any more."""
    work.silent_at = None
    work.said = tuple(replace(each, silent=None) for each in work.said)


def renewed(work: Work) -> None:
    """Clocks that were stopped by what may be taken back would begin anew."""
    work.said = tuple(
        replace(each, clocks={name: clock for name, clock in each.clocks.items() if clock.stopped_at is not None})
        for each in work.said
    )


def held(work: Work) -> list[Said]:
    """Return the replies that can be taken back."""
    return [each for each in work.said if each.until is not None]


def check(work: Work, order: TakeBack) -> int:
    """Until it goes its agent may take it back; return its place in all that was said."""
    for place, each in enumerate(work.said):
        if each.message == order.message and each.until is not None:
            if each.person != order.agent:
                raise Refused("forbidden", "not_yours")
            return place
    raise Refused("conflict", "gone_already")


def take_back(world: World, work: Work, place: int) -> None:
    """Let it be as if it had never been."""
    gone, said = work.said[place], (*work.said[:place], *work.said[place + 1 :])
    behind = next((at for at, each in enumerate(said[place:], place) if each.message), len(said))
    # What it changed: until the next reply came, or until now.
    with_it, without = standing(work.said[: behind + 1]), standing(said[:behind])
    changed = ["first_response"] if with_it[1] != without[1] else []
    changed += ["next_response"] if with_it[:2] != without[:2] else []
    world.trace.append(("taken_back", work.id, gone.message))
    if behind < len(said):
        clocks = _as_before(said[behind].clocks, gone.clocks, changed)
        work.said = (*said[:behind], replace(said[behind], clocks=clocks), *said[behind + 1 :])
    else:
        work.said, work.clocks = said, _as_before(work.clocks, gone.clocks, changed)
        work.unanswered_at, work.replied, work.silent_at = without


def _as_before(clocks: dict[str, Clock], before: dict[str, Clock], changed: list[str]) -> dict[str, Clock]:
    kept = {name: clock for name, clock in clocks.items() if name not in changed}
    return kept | {name: before[name] for name in changed if name in before}


def begin(world: World, order: BeginDelivery) -> None:
    """It goes out now, if it was not taken back: of the two, the one that comes first holds."""
    work = world.work(order.interaction)
    if order.message not in [each.message for each in held(work)]:
        raise Refused("conflict", "taken_back")
    work.said = tuple(replace(each, until=None) if each.message == order.message else each for each in work.said)
    world.trace.append(("begun", work.id, order.message))


def again(world: World, order: DeliverAgain) -> None:
    """It goes once more, which changes no routing."""
    work = world.work(order.interaction)
    world.trace.append(("again", work.id, order.message, order.by))
