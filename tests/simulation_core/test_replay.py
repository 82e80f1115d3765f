"""A recorded day under the same rules is that day again; under others, only what the rules decide is different."""

from collections.abc import Iterable
from typing import Any

import pytest

from agents.agent import Membership, Profile
from queues.policy import QueuePolicy
from reports.live import Stats
from router import commands as c
from router import events as e
from router.policy import Condition, Policy
from router.state import State
from simulation.comparing import difference, figures
from simulation.guesses import Guesses
from simulation.laws import substream
from simulation.past import Answer, Contact, Past, Work
from simulation.reading_past import past_of
from simulation.readmission import Rules, Written
from simulation.replay import Replayed, replay
from simulation.replayed import compared
from simulation.slices import Legs, sliced
from tests.builders import House, policy, queue, rule
from tests.reference.sides import run
from vocabulary.instants import HOUR, MINUTE, SECOND, Instant, Span

START: Instant = 1_772_357_400_000
END = START + 2 * HOUR


def work(id: str, at: Instant, *contacts: Contact, queue: str = "support", **values: Any) -> Work:
    channel, medium = values.pop("channel", "web"), values.pop("medium", "chat")
    admitted = e.Admitted(
        at=at,
        interaction=id,
        number=1,
        channel=channel,
        medium=medium,
        customer=f"c-{id}",
        queue=queue,
        priority=values.pop("priority", 0),
        class_=0,
        rule="rule",
    )
    enqueued = e.Enqueued(
        at=at, interaction=id, queue=queue, leg=1, arrived_at=at, due_at=at, credit=0, cause="admitted"
    )
    return Work(id, admitted, enqueued, first=True, contacts=list(contacts), **values)


def talk(minutes: float, wrap_up: Span = 0, queue: str | None = None) -> Contact:
    return Contact(talk=round(minutes * MINUTE), wrap_up=wrap_up, queue=queue, whole=True)


def staff(count: int, *queues: str, capacity: int = 33) -> list[tuple[Instant, c.Command]]:
    """Return agents who come in the morning; with 33 units each has one chat at a time."""
    profile = Profile(queues={name: Membership() for name in queues or ("support",)}, capacity=capacity)
    told: list[tuple[Instant, c.Command]] = []
    for number in range(count):
        id = f"a{number}"
        told += [(START, c.DefineAgent(id, profile)), (START, c.Connect(id))]
        told.append((START, c.SetPresence(id, "available", by=id)))
    return told


def past(works: Iterable[Work], agents: list[tuple[Instant, c.Command]], **values: Any) -> Past:
    told: dict[str, Any] = {"answers": {}, "begun": {}, "ringing": {}, "events": [], "state": State()}
    return Past(since=START, until=END, works=list(works), agents=agents, **(told | values))


def rules(after: Policy, before: Policy | None = None, written: dict[str, Written] | None = None) -> Rules:
    return Rules(after, before or after, written or {})


def busy_day(count: int = 150) -> list[Work]:
    """Return customers of two queues, some of whom are handed over and some of whom lose their patience."""
    draw = substream(4, "day")
    works = []
    for number in range(count):
        at = START + MINUTE + draw.randrange(2 * HOUR - 10 * MINUTE)
        name = draw.choice(["support", "sales"])
        contacts = [talk(draw.expovariate(1 / 4), wrap_up=draw.randrange(40 * SECOND))]
        if draw.random() < 0.2:
            contacts = [talk(1, queue="sales"), *contacts]
        left = draw.randrange(4 * MINUTE) if draw.random() < 0.6 else None
        works.append(work(f"i{number}", at, *contacts, queue=name, left=left))
    return works


TWO = policy(
    queue("support", wrap_up="timed", offer={"chat": 20 * SECOND}),
    queue("sales", wrap_up="none", offer={"chat": 0}),
    rules=(rule("support"),),
)
RINGING = {
    f"a{n}": [Answer("accepted", 3_000 + n), Answer("expired", 20_000), Answer("declined", 900, "no")] for n in range(5)
}


def recorded() -> list[e.AnyEvent]:
    told = past(busy_day(), staff(6, "support", "sales"), answers=RINGING)
    return replay(told, rules(TWO)).events


def reread(events: list[e.AnyEvent], first: int = 0) -> Past:
    found = past_of(events[:first], events[first:])
    assert found is not None
    return found


def kinds(events: Iterable[e.AnyEvent]) -> list[tuple[Instant, str, str | None]]:
    return [(event.at, type(event).__name__, getattr(event, "interaction", None)) for event in events]


def again(events: list[e.AnyEvent], first: int = 0, under: Policy = TWO) -> Replayed:
    return replay(reread(events, first), rules(under))


def test_same_rules_give_the_same_day() -> None:
    day = recorded()
    seen = {type(event) for event in day}
    assert {e.Abandoned, e.Transferred, e.WrappedUp, e.OfferExpired, e.OfferDeclined} <= seen
    assert again(day).events == day


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_replay_may_begin_in_the_middle_of_the_day(share: float) -> None:
    day = recorded()
    first = round(share * len(day))
    while day[first].at == day[first - 1].at:
        first += 1
    assert kinds(again(day, first).events) == kinds(day[first:])


def test_same_rules_make_no_difference() -> None:
    told = compared(reread(recorded()), rules(TWO))
    assert told["recorded"] == told["replayed"]
    assert told["difference"]["service_level"] == 0.0
    assert told["ci95"]["service_level"] == [0.0, 0.0]
    assert (told["not_replayable"], told["not_replayable_reasons"]) == (0, {})
    assert told["recorded"]["offered"] == sum(each["offered"] for each in told["recorded"]["queues"].values())
    assert 0.5 < told["recorded"]["fairness"]["agent_load_jain"] <= 1.0


def test_queue_with_a_shorter_target_gains_what_the_other_loses() -> None:
    def with_sales(target: Span) -> Policy:
        return policy(queue("support", target=5 * MINUTE), queue("sales", target=target), rules=(rule("support"),))

    day = replay(past(busy_day(), staff(4, "support", "sales")), rules(with_sales(5 * MINUTE))).events
    told = compared(reread(day), rules(with_sales(5 * SECOND)))
    queues = told["difference"]["queues"]
    assert queues["sales"]["wait_mean_s"] < 0 < queues["support"]["wait_mean_s"]
    low, high = told["ci95"]["queues"]["sales"]["wait_mean_s"]
    assert low < queues["sales"]["wait_mean_s"] < high < 0


def test_customers_keep_the_length_of_their_contacts_whoever_has_them() -> None:
    day = recorded()
    other = policy(queue("support", strategy="longest_idle", wrap_up="none"), queue("sales", wrap_up="none"))
    before, after = (
        {work.id: [contact.talk for contact in work.contacts if contact.whole] for work in reread(events).works}
        for events in (day, again(day, under=other).events)
    )
    both = [id for id, contacts in before.items() if contacts and len(after[id]) == len(contacts)]
    assert len(both) > 60
    assert [after[id] for id in both] == [before[id] for id in both]


# -- what decides


WORDS = policy(
    queue("support"),
    queue("sales"),
    rules=(rule("sales", Condition(words=("price",)), name="words"), rule("support", name="rest")),
)


def came(found: Replayed) -> list[tuple[str, str]]:
    return [(event.interaction, event.queue) for event in found.events if isinstance(event, e.Admitted)]


def test_rules_of_today_read_the_text_of_then() -> None:
    works = [work("i1", START), work("i2", START + 1)]
    written = {"i1": Written("Hello", "what is the price?"), "i2": Written("Hello", "it broke")}
    found = replay(past(works, staff(1)), rules(WORDS, WORDS, written))
    assert (came(found), found.not_replayable) == ([("i1", "sales"), ("i2", "support")], {})


def test_where_the_text_is_erased_the_old_decision_stays_and_is_counted() -> None:
    found = replay(past([work("i1", START, queue="sales")], staff(1)), rules(WORDS))
    assert (came(found), found.not_replayable) == ([("i1", "sales")], {"text_erased": 1})


def test_queue_that_an_integration_named_is_kept_and_one_that_a_rule_chose_is_not() -> None:
    before = policy(queue("support"), queue("sales"), rules=(rule("support"),))
    after = policy(queue("support"), queue("sales"), queue("new"), rules=(rule("new"),))
    works = [work("i1", START, queue="sales"), work("i2", START + 1, queue="support")]
    assert came(replay(past(works, staff(1)), rules(after, before))) == [("i1", "sales"), ("i2", "new")]


def test_what_comes_where_nothing_is_left_is_counted() -> None:
    before = policy(queue("support"), queue("gone"), rules=(rule("support"),))
    works = [work("i1", START, queue="gone"), work("i2", START + 1, channel="fax")]
    found = replay(past(works, staff(1)), rules(policy(), before))
    assert (came(found), found.not_replayable) == ([("i1", "support")], {"queue_gone": 1, "channel_gone": 1})


def test_priority_that_staff_gave_is_kept() -> None:
    found = replay(past([work("i1", START, priority=7)], staff(1)), rules(policy(rules=(rule(),))))
    assert [event.priority for event in found.events if isinstance(event, e.Admitted)] == [7]


# -- agents


def test_agent_who_left_leaves_when_he_is_done() -> None:
    leaving = [*staff(1), (START + 3 * MINUTE, c.SetPresence("a0", "offline", by="a0"))]
    instant = policy(queue("support", offer={"chat": 0}, wrap_up="none"))
    found = replay(past([work("i1", START + MINUTE, talk(5))], leaving), rules(instant))
    went = [event.at for event in found.events if isinstance(event, e.PresenceChanged) and event.presence == "offline"]
    ended = [event.at for event in found.events if isinstance(event, e.Ended)]
    assert ended == [START + 6 * MINUTE]
    assert went == [START + 3 * MINUTE, START + 6 * MINUTE]


def test_agent_serves_what_is_left_of_his_queues() -> None:
    found = replay(past([work("i1", START)], staff(1, "support", "gone")), rules(policy()))
    (defined,) = (event for event in found.events if isinstance(event, e.AgentDefined))
    assert list(defined.profile.queues) == ["support"]


def test_what_agents_began_is_counted_and_occupies_them_in_the_record_only() -> None:
    begun = e.OutboundStarted(at=START + 50, interaction="o", agent="a", queue="support", cost=33)
    day = past([], staff(1), events=[begun])
    assert replay(day, rules(policy())).not_replayable == {"outbound": 1}
    there = e.PresenceChanged(at=START, agent="a", presence="available", by="a")
    assert log(e.AgentConnected(at=START, agent="a"), there, begun)["occupancy"] == 0.5


# -- guesses


def test_patience_of_the_answered_is_longer_than_they_waited() -> None:
    works = [work(f"l{n}", START, left=n * SECOND) for n in range(1, 60)]
    works += [work(f"a{n}", START, talk(1), waited=30 * SECOND) for n in range(40)]
    guesses = Guesses(works, 1)
    found = [guesses.patience(each) for each in works if each.waited is not None]
    assert all(patience is None or patience > 30 * SECOND for patience in found)
    assert len({patience for patience in found if patience is not None}) > 10
    assert [guesses.patience(each) for each in works[:3]] == [1_000, 2_000, 3_000]


def test_curve_of_patience_is_that_of_kaplan_and_meier() -> None:
    """Of those who would wait beyond 20 s, half leave at 30 s, as one of the last two did."""
    works = [work("a", START, left=10 * SECOND), work("b", START, talk(1), waited=20 * SECOND)]
    works += [work("c", START, left=30 * SECOND), work("d", START, talk(1), waited=40 * SECOND)]
    many = [work(f"x{n}", START, talk(1), waited=20 * SECOND) for n in range(1000)]
    guesses = Guesses(works, 1)
    found = [guesses.patience(each) for each in many]
    assert set(found) == {30 * SECOND, None}
    assert found.count(None) == pytest.approx(500, abs=65)


def test_who_was_not_answered_gets_the_contact_of_somebody_who_was() -> None:
    guesses = Guesses([work("a", START, talk(2), waited=0), work("b", START, talk(4), waited=0)], 1)
    drawn = [guesses.contact(work(f"x{n}", START, left=1), 0) for n in range(40)]
    assert {contact.talk for contact, _ in drawn} == {2 * MINUTE, 4 * MINUTE}
    assert all(guessed for _, guessed in drawn)


# -- figures


def log(*events: e.AnyEvent) -> dict[str, Any]:
    return figures(sliced(events, {}, {"support": QueuePolicy(name="support", target=20 * SECOND)}, START, START + 100))


def leg(id: str, at: Instant) -> e.Enqueued:
    return e.Enqueued(
        at=at, interaction=id, queue="support", leg=1, arrived_at=at, due_at=at, credit=0, cause="admitted"
    )


def test_figures_of_a_log_are_those_of_the_definitions() -> None:
    told = log(
        leg("i1", START),
        leg("i2", START),
        leg("i3", START),
        e.AgentConnected(at=START, agent="a"),
        e.PresenceChanged(at=START, agent="a", presence="available", by="a"),
        e.OfferAccepted(at=START + 20, offer="o", interaction="i1", agent="a"),
        e.Abandoned(at=START + 30, interaction="i2", reopen_until=START),
        e.WrappedUp(at=START + 60, interaction="i1", agent="a", disposition=None, reopen_until=START),
    )
    assert (told["offered"], told["answered"], told["short_abandoned"], told["abandoned"]) == (3, 1, 1, 0)
    assert told["service_level"] == 1.0
    assert told["wait_mean_s"] == pytest.approx((20 + 30 + 100) / 3 / 1000)
    assert told["occupancy"] == 0.4


@pytest.mark.parametrize("number", range(4))
def test_legs_of_a_log_are_those_of_the_wallboard(number: int) -> None:
    done = run(f"slices/{number}", 600)
    assert not done.found
    start = done.steps[0][0]
    house = House(done.policy, start)
    for house.now, command in done.steps:
        house.do(command)
    until = house.now + 1
    stats = Stats(start, lambda _: (start, until))
    for event in house.log:
        stats.observe(event, {name: each.target for name, each in house.policy.queues.items()})
    told: dict[str, Legs] = {}
    for each in sliced(house.log, {}, house.policy.queues, start, until):
        for name, legs in each.queues.items():
            told.setdefault(name, Legs()).add(legs)
    assert {name: (legs.offered, legs.answered, legs.within, legs.answered_wait) for name, legs in told.items()} == {
        name: (counts.offered_legs, counts.answered, counts.answered_in_target, counts.wait_ms)
        for name, counts in stats.queues.items()
    }
    assert {name: (legs.abandoned, legs.short_abandoned, legs.flow_out) for name, legs in told.items()} == {
        name: (counts.abandoned, counts.short_abandoned, counts.flow_outs) for name, counts in stats.queues.items()
    }


def test_what_is_taken_back_waits_since_it_did_and_is_with_who_had_it() -> None:
    house = House(policy(queue("support", undo=MINUTE), queue("sales", undo=MINUTE)), START)
    house.admit("i1", queue="sales")
    house.agent("a", "support")
    house.active("i2")
    house.now += 20
    house.moves("i1", "support")
    house.run(c.Close("i2", "done", "boss"))
    house.now += 20
    house.run(c.UndoAct("i1", "boss"))
    house.run(c.UndoAct("i2", "boss"))
    day = sliced(house.log, {}, house.policy.queues, START, START + 100)
    sales = [each.queues["sales"] for each in day if "sales" in each.queues]
    assert sales == [Legs(offered=2, flow_out=1, wait=20 + 100)]
    assert sum(load.busy for each in day for load in each.agents.values()) == 100 - 20


def test_difference_is_the_second_less_the_first() -> None:
    assert difference({"a": 1.0, "b": {"c": None}, "d": 2}, {"a": 3.0, "b": {"c": 1.0}, "d": 1}) == {
        "a": 2.0,
        "b": {"c": None},
        "d": -1,
    }
