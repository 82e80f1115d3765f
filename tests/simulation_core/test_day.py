"""The day on the virtual clock: who waits how long for what, to the microsecond where nothing is drawn."""

import json
from typing import Any, get_args

import pytest

from queues.policy import Strategy
from simulation.books import Cell
from simulation.reading import scenario_of
from simulation.scenario import Scenario
from simulation.simulate import simulate
from simulation.streams import Source
from tests.simulation_core.scenes import Figures, agents, played, queue, run, scene, stream

LAW = '{{ distribution = "deterministic", mean = "{}" }}'


def trace(at: list[float], *tables: str, service: str = "10s", more: str = "") -> Figures:
    """Return how the customers who come at the seconds `at` fare; each is served for `service`."""
    law = LAW.format(service)
    calls = f'[[arrivals]]\nstream = "calls"\nqueue = "support"\ntrace = "day.csv"\nservice = {law}\n{more}\n'
    standard = {"[[agents]]": agents(), "[[queues]]": queue()}
    given = "\n".join(tables)
    text = "\n".join([given, *(table for head, table in standard.items() if head not in given), calls])
    file = "at\n" + "\n".join(map(str, at))
    return simulate(scenario_of(text, lambda _: file))


def fared(figures: Figures) -> tuple[int, int, int, int]:
    found = figures["streams"]["calls"]
    return found["offered"], found["answered"], found["abandoned"], found["flow_out"]


def mean_wait(figures: Figures) -> float:
    found: float = figures["streams"]["calls"]["wait_mean_s"]
    return found


# -- what is drawn

EVERYTHING = (
    run('periods = [["7h", "9h"], ["9h", "11h"]]\nbusyness = { distribution = "gamma", shape = 28.7, scale = 0.0348 }'),
    agents("early", 3, "chat = 1, calls = 2", 'shifts = [["07:00", "09:30"]]\nskills = { billing = 5 }'),
    agents("all", [4, 6], 'chat = { priority = 2, delay = "20s" }, calls = 1'),
    queue(
        "chat", 'offer = { timeout = "20s", answer = { distribution = "lognormal", mean = "8s", cv = 1 }, miss = 0.1 }'
    ),
    queue("calls", 'wrap_up = "30s"\nshort = "3s"\nstrategy = "least_loaded"'),
    stream(
        "questions",
        [60, 90],
        more="""medium = "chat"
            patience = { distribution = "lognormal", mean = "3m", cv = 1.5 }
            requirements = [{ skill = "billing", level = 3, expires_after = "30s" }]""",
        queue="chat",
    ),
    stream("calls", [100, 110], 150, 'patience = { distribution = "exponential", mean = "1m" }', queue="calls"),
)


def test_same_seed_gives_the_same_figures() -> None:
    once, again = played(*EVERYTHING), played(*EVERYTHING)
    assert json.dumps(once) == json.dumps(again)
    assert played(*EVERYTHING, seed=2)["streams"] != once["streams"]


def test_everybody_who_came_fared_somehow_and_all_work_was_done() -> None:
    """The day itself checks that worked time is drawn time, exactly; here its books must add up."""
    figures = played(*EVERYTHING, replications=2)
    for found in (*figures["streams"].values(), *figures["queues"].values()):
        assert found["offered"] > 100
        parts = ("answered", "abandoned", "short_abandoned", "flow_out")
        assert found["offered"] == sum(found[part] for part in parts)
        assert found["abandoned"] > 0
    handled = sum(found["handled"] for found in figures["groups"].values())
    assert handled == sum(found["answered"] for found in figures["streams"].values())
    assert all(0 < found["occupancy"] < 1 for found in figures["groups"].values())


def test_replications_are_days_of_their_own() -> None:
    one = played(run('duration = "1h"'), stream(rate=100))
    three = played(run('duration = "1h"'), stream(rate=100), replications=3)
    offered = three["streams"]["calls"]["offered"]
    assert offered == pytest.approx(300, abs=70)
    assert offered != 3 * one["streams"]["calls"]["offered"]


def drawn(scenario: Scenario, place: int) -> list[tuple[int, int | None, int | None]]:
    source = Source(scenario.arrivals[place], place, scenario, [Cell()], (1, 0))
    customers = [source.customer(at, 0) for at in range(50)]
    return [(each.service, (each.special or {}).get("slow"), each.patience) for each in customers]


def test_another_scenario_sees_the_same_customers() -> None:
    patient = 'patience = { distribution = "exponential", mean = "2m" }'
    slow = 'service_by_group = { slow = { distribution = "exponential", mean = "9m" } }'
    calls = stream("calls", more=f"{patient}\n{slow}")
    one = scene(calls, agents("slow", 2))
    other = scene(stream("mail", 500), calls, agents("fast", 7), agents("slow", 3), queue(more='target = "5s"'))
    assert drawn(one, 0) == drawn(other, 1)


def test_more_agents_let_the_same_customers_wait_less_one_by_one() -> None:
    few, many = (played(run("customers = 300"), agents(count=count), stream(rate=90)) for count in (3, 4))
    for figure in ("wait_mean_s", "wait_p90_s", "p_wait"):
        assert many["streams"]["calls"][figure] < few["streams"]["calls"][figure]
    assert few["streams"]["calls"]["offered"] == many["streams"]["calls"]["offered"] == 300


# -- what is not drawn


def test_customers_wait_for_those_before_them() -> None:
    figures = trace([0, 1, 2])
    assert fared(figures) == (3, 3, 0, 0)
    assert mean_wait(figures) == (0 + 9 + 18) / 3
    assert figures["streams"]["calls"]["p_wait"] == 2 / 3
    assert figures["streams"]["calls"]["wait_p50_s"] == 9.0


def test_wait_within_the_target_is_in_the_service_level() -> None:
    assert trace([0, 1, 2], queue(more='target = "9s"'))["streams"]["calls"]["service_level"] == 2 / 3


def test_instants_between_milliseconds_count() -> None:
    assert mean_wait(trace([0, 9.9997])) == pytest.approx(0.0003 / 2, abs=1e-9)


def test_impatient_customer_leaves_and_his_wait_counts() -> None:
    figures = trace([0, 1], more=f"patience = {LAW.format('4s')}")
    assert fared(figures) == (2, 1, 1, 0)
    assert (mean_wait(figures), figures["streams"]["calls"]["wait_mean_answered_s"]) == (2.0, 0.0)
    assert figures["streams"]["calls"]["abandon_rate"] == 0.5


def test_who_leaves_at_once_counts_apart() -> None:
    figures = trace([0, 1], queue(more='short = "5s"'), more=f"patience = {LAW.format('4s')}")
    assert fared(figures) == (2, 1, 0, 0)
    found = figures["streams"]["calls"]
    assert (found["short_abandoned"], found["abandon_rate"], found["service_level"]) == (1, 0.0, 1.0)


def test_wrap_up_keeps_the_agent() -> None:
    assert mean_wait(trace([0, 1], queue(more='wrap_up = "5s"'))) == 14 / 2


def test_ringing_is_waiting() -> None:
    figures = trace([0, 100], queue(more=f'offer = {{ timeout = "30s", answer = {LAW.format("4s")} }}'))
    assert mean_wait(figures) == 4.0


def test_missed_offer_rings_elsewhere_and_the_router_lets_the_agent_cool_down() -> None:
    figures = trace(
        [30 * number for number in range(200)],
        agents(count=2),
        queue(more='offer = { timeout = "7s", miss = 0.5 }'),
    )
    found = figures["streams"]["calls"]
    assert fared(figures) == (200, 200, 0, 0)
    assert found["p_wait"] > 0.4
    assert found["wait_mean_s"] > 0.5 * 7


def test_requirement_that_expires_lets_everybody_help() -> None:
    expiring = 'requirements = [{ skill = "billing", level = 3, expires_after = "60s" }]'
    assert mean_wait(trace([5], more=expiring)) == 60.0


def test_agents_of_another_group_see_it_after_their_delay() -> None:
    assert mean_wait(trace([5], agents(queues='support = { priority = 1, delay = "30s" }'))) == 30.0


def test_agent_with_skills_serves_what_needs_them() -> None:
    figures = trace(
        [0, 20], agents("one"), agents("able", more="skills = { billing = 4 }"), more='requirements = ["billing>=3"]'
    )
    assert [figures["groups"][name]["handled"] for name in ("one", "able")] == [0, 2]


def test_what_nobody_can_serve_flows_out_when_the_day_is_over() -> None:
    figures = trace([0, 5], more='requirements = ["billing"]')
    assert fared(figures) == (2, 0, 0, 2)
    assert figures["streams"]["calls"]["service_level"] is None


def test_group_serves_by_its_own_law() -> None:
    by_group = f"service_by_group = {{ slow = {LAW.format('40s')} }}"
    assert mean_wait(trace([0, 1], agents("slow"), more=by_group)) == 39 / 2


def test_urgent_class_overtakes() -> None:
    second = stream("urgent", None, 1, 'class = -1\ntrace = "day.csv"')
    figures = trace([0, 1], second)
    assert figures["streams"]["urgent"]["wait_mean_s"] < figures["streams"]["calls"]["wait_mean_s"]


def test_preferred_group_serves_while_somebody_of_it_is_free() -> None:
    figures = trace([0, 1, 2], agents("first", 2), agents("second"), more='preferences = ["group:second"]')
    assert [figures["groups"][name]["handled"] for name in ("first", "second")] == [2, 1]


def test_preferred_skill_serves_while_somebody_with_it_is_free() -> None:
    able = agents("able", more="skills = { billing = 4 }")
    figures = trace([0, 1], agents("first", 2), able, more='preferences = ["billing>=3"]')
    assert [figures["groups"][name]["handled"] for name in ("first", "able")] == [1, 1]


@pytest.mark.parametrize(("order", "first"), [("due", "slow"), ("wait_over_target", "quick")])
def test_queue_order_decides_who_is_next(order: str, first: str) -> None:
    """At 90 s, slow is due since 30 s and has waited 1.5 targets; quick is due since 10 s and has waited 2."""
    law = LAW.format("10s")
    tables = [agents(queues="busy = 1, slow = 1, quick = 1")]
    for name, target, came in (("busy", "20s", 0), ("slow", "60s", 1), ("quick", "10s", 70)):
        tables.append(queue(name, f'target = "{target}"\norder = "{order}"'))
        tables.append(f'[[arrivals]]\nstream = "{name}"\nqueue = "{name}"\ntrace = "{came}"\nservice = {law}\n')
    tables[2] = tables[2].replace(law, LAW.format("90s"))
    figures = simulate(scenario_of("\n".join(tables), lambda name: f"at\n{name}"))
    waits = {name: figures["streams"][name]["wait_mean_s"] for name in ("slow", "quick")}
    assert waits == ({"slow": 89.0, "quick": 30.0} if first == "slow" else {"slow": 99.0, "quick": 20.0})


@pytest.mark.parametrize(("placement", "waits"), [("pack", 0.0), ("spread", 98.0)])
def test_packed_chats_leave_a_whole_agent_for_calls(placement: str, waits: float) -> None:
    chats = queue("support", f'strategy = "least_loaded"\nplacement = "{placement}"')
    call = stream("voice", None, 1, 'medium = "voice"\ntrace = "call"', queue="calls")
    text = "\n".join([agents(count=2, queues="support = 1, calls = 1"), chats, queue("calls"), call])
    law = LAW.format("100s")
    text += f'[[arrivals]]\nstream = "calls"\nqueue = "support"\nmedium = "chat"\ntrace = "chats"\nservice = {law}\n'
    figures = simulate(scenario_of(text, {"chats": "at\n0\n1\n", "call": "at\n2\n"}.__getitem__))
    assert figures["streams"]["voice"]["wait_mean_s"] == waits


@pytest.mark.parametrize("strategy", get_args(Strategy))
def test_every_strategy_serves_everybody(strategy: str) -> None:
    tables = [agents("quick", 3), agents("slow", 3), queue(more=f'strategy = "{strategy}"')]
    by_group = 'service_by_group = { slow = { distribution = "exponential", mean = 150 } }'
    figures = played(run("customers = 400"), *tables, stream(rate=120, more=by_group))
    assert fared(figures) == (400, 400, 0, 0)
    assert figures["groups"]["quick"]["handled"] > 0


EIGHT = 8 * 3600


def test_shift_begins_and_ends() -> None:
    early, late = EIGHT - 30, EIGHT + 7200
    figures = trace([early, late - 5, late - 1], agents(more='shifts = [["08:00", "10:00"]]'))
    # The one in hand is finished behind the shift; who comes then would have to wait for the next day.
    assert fared(figures) == (3, 2, 0, 1)
    assert figures["streams"]["calls"]["wait_mean_answered_s"] == 15.0


def test_shifts_come_again_every_day_while_customers_come() -> None:
    figures = trace([EIGHT - 30, EIGHT - 10 + 86_400], agents(more='shifts = [["08:00", "10:00"]]'))
    assert (fared(figures), mean_wait(figures)) == ((2, 2, 0, 0), 20.0)


def test_shift_over_midnight_goes_on() -> None:
    figures = trace([60, 86_400 + 60], agents(more='shifts = [["22:00", "06:00"]]'))
    assert (fared(figures), mean_wait(figures)) == ((2, 2, 0, 0), 0.0)


def test_number_of_agents_follows_the_periods() -> None:
    periods = 'periods = [["0s", "100s"], ["100s", "200s"], ["200s", "300s"]]'
    counted = agents(count=[1, 2, 1])
    assert mean_wait(trace([0, 1], run(periods), counted)) == 4.5
    assert mean_wait(trace([100, 101], run(periods), counted)) == 0.0
    # At 200 both are busy; one of them leaves when he is done at 203, the other serves on.
    assert mean_wait(trace([193, 194, 201, 202], run(periods), counted)) == (2 + 11) / 4


def test_busy_share_is_that_of_the_time_logged_in() -> None:
    figures = trace([0, 50], run('duration = "100s"'), agents(count=2))
    assert figures["groups"]["all"] == {"occupancy": 20 / 200, "handled": 2}


def test_chats_beside_each_other_occupy_an_agent_once() -> None:
    figures = trace([0, 0, 50], run('duration = "100s"'), more='medium = "chat"')
    assert mean_wait(figures) == 0.0
    assert figures["groups"]["all"]["occupancy"] == 20 / 100


def test_warm_up_is_lived_through_and_not_counted() -> None:
    figures = trace([0, 1, 2], run('duration = "40s"\nwarm_up = "2s"'))
    assert fared(figures) == (1, 1, 0, 0)
    assert mean_wait(figures) == 18.0
    assert figures["groups"]["all"] == {"occupancy": 28 / 38, "handled": 1}


def test_customers_are_counted_behind_the_warm_up() -> None:
    figures = played(run('customers = 40\nwarm_up = "1000s"'), stream(rate=3600, mean=0.5))
    assert figures["streams"]["calls"]["offered"] == 40
    # Arrivals and ends of about 1,040 customers, and three commands for the agent.
    assert 2 * 900 < figures["decisions"] < 2 * 1200


# -- the shape


def shape(value: Any) -> Any:
    return {name: shape(each) for name, each in value.items()} if isinstance(value, dict) else None


def test_intervals_have_the_shape_of_the_figures() -> None:
    figures = played(run("customers = 400"), stream(rate=30))
    parts = ("streams", "queues", "groups")
    assert list(figures) == [*parts, "ci95", "decisions", "simulated_s"]
    assert shape(figures["ci95"]) == shape({part: figures[part] for part in parts})
    low, high = figures["ci95"]["streams"]["calls"]["wait_mean_s"]
    assert low < figures["streams"]["calls"]["wait_mean_s"] < high
    assert figures["ci95"]["streams"]["calls"]["offered"] == [400.0, 400.0]


def test_interval_needs_a_value_in_every_batch() -> None:
    figures = trace([0, 1], run('duration = "100s"'))
    assert figures["ci95"]["streams"]["calls"]["wait_mean_s"] is None
    assert figures["ci95"]["streams"]["calls"]["offered"] is not None


def test_queue_joins_its_streams() -> None:
    figures = played(run("customers = 200"), stream("one", 20), stream("two", 30))
    one, two, both = figures["streams"]["one"], figures["streams"]["two"], figures["queues"]["support"]
    assert both["offered"] == one["offered"] + two["offered"] == 200
    total = one["wait_mean_s"] * one["offered"] + two["wait_mean_s"] * two["offered"]
    assert both["wait_mean_s"] == pytest.approx(total / 200)
