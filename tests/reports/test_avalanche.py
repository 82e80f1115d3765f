"""The forecast of arrivals by label, and when it is an avalanche: on instants that the test chooses."""

from zoneinfo import ZoneInfo

import msgspec
import pytest

from queues.interaction import Label
from reports.avalanche import QUIET, Found, Learnt, Over, Terms, Watch
from reports.forecast import SLOT, chance_of, place_of
from router import events as e
from vocabulary.instants import DAY, HOUR, MINUTE, SECOND, Instant, Span

MONDAY: Instant = 1_772_409_600_000
"""00:00 UTC."""


class Log:
    """What a watch sees of a site."""

    def __init__(self, **terms: float) -> None:
        self.watch = Watch(Terms(**terms))  # type: ignore[arg-type]  # counts and shares alike
        self.now = MONDAY
        self.number = 0
        self.found: list[Found] = []

    def comes(
        self, label: str = "outage", queue: str = "support", then: str = "Enqueued", **more: object
    ) -> list[Found]:
        self.number += 1
        id = f"i{self.number}"
        admitted = e.Admitted(
            at=self.now,
            interaction=id,
            number=self.number,
            channel="mail",
            medium="email",
            customer="c",
            queue=queue,
            priority=0,
            class_=0,
            labels=(Label(label, 0.9),),
            **more,  # type: ignore[arg-type]
        )
        assert self.watch.observe(admitted) == []
        after: dict[str, e.AnyEvent] = {
            "Enqueued": e.Enqueued(
                at=self.now,
                interaction=id,
                queue=queue,
                leg=1,
                arrived_at=self.now,
                due_at=self.now,
                credit=0,
                cause="admitted",
            ),
            "AnswerAsked": e.AnswerAsked(
                at=self.now, interaction=id, autoresponse="answer", articles=("a", "b"), until=self.now + HOUR
            ),
            "Closed": e.Closed(at=self.now, interaction=id, reason="imported", by="router", reopen_until=self.now),
        }
        found = self.watch.observe(after[then])
        for each in found:
            began = e.AvalancheBegan(
                at=self.now, label=each.label, queue=each.queue, arrivals=each.arrivals, expected=1.0, window_ms=0
            )
            self.watch.observe(began)
        self.found += found
        return found

    def tick(self) -> list[Over]:
        """Let time pass; what is over, the core is told of."""
        over = self.watch.tick(self.now)
        for each in over:
            self.ends(each.label, each.queue, "router")
        return over

    def ends(self, label: str, queue: str | None = None, by: str = "boss") -> None:
        self.watch.observe(e.AvalancheEnded(at=self.now, label=label, queue=queue, by=by))

    def many(self, count: int, within: Span, label: str = "outage", **more: str) -> list[Found]:
        found: list[Found] = []
        for _ in range(count):
            found += self.comes(label, **more)
            self.now += within // count
        return found

    def days(self, count: int, *, at_noon: int = 8) -> None:
        """Let so many days pass with `at_noon` from 12:00 to 13:00, two each hour from 9:00, and nothing at night."""
        for _ in range(count):
            day = self.now - self.now % DAY
            for hour in range(9, 17):
                self.now = day + hour * HOUR
                self.many(at_noon if hour == 12 else 2, HOUR - MINUTE)
            self.now = day + DAY
            self.tick()

    def expected(self, at: Instant, window: Span = HOUR) -> float:
        return self.watch.forecast("outage", None, at, window).mean


def test_the_forecast_knows_the_hours_of_the_day() -> None:
    log = Log()
    log.days(21)
    day = log.now
    assert log.expected(day + 13 * HOUR) == pytest.approx(8, rel=0.3)
    assert log.expected(day + 11 * HOUR) == pytest.approx(2, rel=0.4)
    assert log.expected(day + 4 * HOUR) < 0.3


def test_an_avalanche_in_the_past_is_no_part_of_the_usual_day() -> None:
    calm, struck = Log(), Log()
    for log in (calm, struck):
        log.days(14)
    struck.now += 12 * HOUR
    assert struck.many(200, HOUR)
    struck.now = calm.now + DAY
    calm.days(1)
    for log in (calm, struck):
        log.days(3)
    at = calm.now + 13 * HOUR
    assert struck.expected(at) == pytest.approx(calm.expected(at), rel=0.35)


def test_far_more_than_usual_is_told_once_with_what_was_expected() -> None:
    log = Log()
    log.days(14)
    log.now += 12 * HOUR
    (found,) = log.many(60, 30 * MINUTE)
    assert (found.label, found.queue) == ("outage", None)
    assert found.arrivals >= 15
    assert found.arrivals > 2 * found.expected
    assert found.chance < 1e-4


def test_as_much_as_usual_is_none_and_neither_are_a_few_at_night() -> None:
    log = Log()
    log.days(14)
    log.found.clear()
    log.days(14)
    log.now += 3 * HOUR
    log.many(10, HOUR)
    assert log.found == []


def test_a_label_of_which_nothing_is_known_is_one_only_if_many_come() -> None:
    log = Log()
    assert log.many(14, 10 * MINUTE, "new") == []
    assert log.many(46, 10 * MINUTE, "new")


def test_nothing_is_told_while_nothing_is_known_of_the_site() -> None:
    log = Log(learns_first=DAY)
    assert log.many(60, 10 * MINUTE) == []
    log.days(2)
    assert log.many(60, 10 * MINUTE) != []


def test_more_labels_and_queues_than_are_watched_push_out_the_rarest_but_no_avalanche() -> None:
    log = Log()
    assert [each.label for each in log.many(60, 10 * MINUTE)] == ["outage"]
    for number in range(500):
        log.comes(f"label-{999 - number}", queue=f"queue-{number % 7}")
    log.now += 6 * HOUR
    assert [over.label for over in log.tick()] == ["outage"]


def test_what_the_bot_asks_about_has_arrived() -> None:
    log = Log()
    for _ in range(60):
        log.comes(then="AnswerAsked")
        log.now += 10 * SECOND
    assert [each.label for each in log.found] == ["outage"]


def test_who_says_hello_first_arrives_with_what_he_says_next() -> None:
    log = Log()

    def says(label: str) -> list[Found]:
        return log.watch.observe(
            e.Understood(
                at=log.now,
                interaction=f"i{log.number}",
                labels=(Label(label, 0.9),),
                rule="r",
                queue="support",
                moves=False,
            )
        )

    found: list[Found] = []
    for _ in range(60):
        log.comes("unknown")
        log.now += 5 * SECOND
        found += says("unknown")
        found += says("outage")
        # What he adds to that is no second one.
        found += says("outage")
        log.now += 5 * SECOND
    assert [each.label for each in found] == ["outage"]
    assert found[0].arrivals <= 60


def test_what_is_no_question_of_a_customer_does_not_count() -> None:
    log = Log()
    for _ in range(100):
        log.now += SECOND
        log.comes(then="Closed")
        log.comes(automatic=("auto-submitted",))
    assert log.found == []


def test_ignored_labels_are_not_told_and_others_have_their_own_bounds() -> None:
    terms = Terms(ignored=frozenset({"outage"}), own={"price": (50, 2.0)})
    log = Log()
    log.watch = Watch(terms)
    assert log.many(60, 10 * MINUTE) == []
    assert log.many(49, 10 * MINUTE, "price") == []
    assert log.many(2, MINUTE, "price")


def test_a_queue_of_its_own_is_told_where_the_site_as_a_whole_is_not_struck() -> None:
    log = Log(ratio=3.0)
    for _ in range(14):
        day = log.now
        for hour in range(9, 17):
            log.now = day + hour * HOUR
            log.many(40, 30 * MINUTE, queue="support")
            log.many(2, 20 * MINUTE, queue="billing")
        log.now = day + DAY
        log.tick()
    log.found.clear()
    log.now += 10 * HOUR
    log.many(40, 30 * MINUTE, queue="support")
    found = log.many(40, 15 * MINUTE, queue="billing")
    assert (found[0].label, found[0].queue) == ("outage", "billing")


def test_it_is_over_when_no_more_than_usual_has_come_for_a_while() -> None:
    log = Log()
    log.days(14)
    log.now += 12 * HOUR
    assert log.many(60, 20 * MINUTE)
    log.many(20, 20 * MINUTE)
    assert log.tick() == []
    log.now += 31 * MINUTE
    assert log.tick() == [Over("outage", None)]
    assert log.tick() == []
    assert log.many(60, 10 * MINUTE)


def test_what_somebody_calls_usual_is_not_told_for_a_while_and_is_learnt() -> None:
    log = Log()
    log.days(7)
    log.now += 12 * HOUR
    assert log.many(60, 20 * MINUTE)
    log.ends("outage")
    before = log.expected(log.now + DAY)
    assert log.many(200, HOUR) == []
    log.now += QUIET
    log.tick()
    assert log.expected(log.now - log.now % DAY + 12 * HOUR + 30 * MINUTE) > before


def test_what_was_learnt_goes_on_after_a_restart() -> None:
    log = Log()
    log.days(10)
    kept = msgspec.json.decode(msgspec.json.encode(log.watch.learnt(7)), type=Learnt)
    again = Watch(Terms(), learnt=kept)
    at = log.now + 13 * HOUR
    assert kept.seq == 7
    assert again.forecast("outage", None, at, HOUR) == log.watch.forecast("outage", None, at, HOUR)


def test_slots_are_those_of_the_site_s_clocks() -> None:
    warsaw = ZoneInfo("Europe/Warsaw")
    noon = MONDAY + 12 * HOUR
    assert place_of(noon, warsaw).slot == 13 * 4
    summer = noon + 120 * DAY
    assert (place_of(summer, warsaw).slot, place_of(summer + SLOT, warsaw).slot) == (14 * 4, 14 * 4 + 1)


@pytest.mark.parametrize(
    ("count", "mean", "spread", "expected"),
    [
        # Sums of scipy.stats.nbinom(1 / spread, 1 / (1 + spread * mean)).sf(count - 1), to four digits.
        (0, 2.0, 0.1, 1.0),
        (5, 2.0, 0.1, 0.068975),
        (20, 4.0, 0.25, 0.00024414),
        (60, 20.0, 0.1, 0.00010899),
    ],
)
def test_the_chance_of_so_many_is_the_tail_of_a_negative_binomial(
    count: int, mean: float, spread: float, expected: float
) -> None:
    assert chance_of(count, mean, spread) == pytest.approx(expected, rel=1e-3)
