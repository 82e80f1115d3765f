"""Answers for many, and avalanches: random commands."""

from queues.bulk import Bulk
from queues.lifecycle import InteractionState
from router import commands as c
from router.state import State
from tests.reference.setting import Setting
from vocabulary.instants import MINUTE, SECOND, Instant

S = InteractionState
LABELS = ("faq", "sales")


def _bulk(house: Setting, label: str) -> Bulk:
    of = house.chance.of
    return Bulk(
        id=of(("b-1", "b-2", "b-3")),
        languages=of((("en", "pl"), ("en",), ("pl",), ())),
        label=label,
        fallback=of(("en", "en", "")),
        confidence=of((0.0, 0.5)),
        leave_out=of(((), ("gold",))),
    )


def many(house: Setting, state: State, now: Instant) -> c.Command:
    """Somebody answers all who wait, or takes that back."""
    of = house.chance.of
    answered = [each for each in state.interactions.values() if each.bulk]
    if answered and house.chance.once_in(2):
        bulk = of(answered).bulk
        ids = tuple(each.id for each in answered)
        able: tuple[c.Command, ...] = (
            c.UndoInBulk(bulk, ids, "boss"),
            c.UndoInBulk(bulk, ids, "boss"),
            c.AddMessage(interaction=of(answered).id, message="m", author="bot", bulk=bulk),
            c.WantPerson(of(answered).id),
            c.Close(of(answered).id, "done", "boss"),
        )
        return of(able)
    waiting = [each.id for each in state.interactions.values() if each.state in (S.WAITING, S.OFFERED)]
    ids = tuple(waiting) if not house.chance.once_in(4) else tuple(state.interactions)
    return c.AnswerInBulk(_bulk(house, of(("", "", *LABELS))), ids, "boss")


def avalanche(house: Setting, state: State, now: Instant) -> c.Command:
    """More comes in than usual, or no more."""
    of = house.chance.of
    label, queue = of(LABELS), of((None, None, house.queues[0]))
    bulk = _bulk(house, label)
    span = of((MINUTE, 10 * MINUTE, 5 * SECOND, 0))
    able: tuple[c.Command, ...] = (
        c.BeginAutomation(bulk, span, of((50, 2)), "boss", house.chance.once_in(3)),
        c.ReportAvalanche(label, queue, 60, 4.5, 15 * MINUTE),
        c.EndAvalanche(label, queue, "router"),
        c.EndAutomation(label, "boss"),
    )
    return of(able)
