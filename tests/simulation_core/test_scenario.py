"""Scenarios: what they say, and what is told about wrong ones."""

import pytest

from simulation.laws import Exponential, Lognormal, Seconds
from simulation.reading import ScenarioFault, scenario_of
from simulation.scenario import OfferTerms
from tests.simulation_core.scenes import agents, no_file, queue, run, scene, stream
from vocabulary.skills import Preference, Requirement

WHOLE = """
[run]
seed = 1
customers = 200000
periods = []
busyness = {}
warm_up = "20000s"
replications = 1

[[agents]]
group = "general"
count = 50
skills = { billing = 5 }
queues = { support = 1 }
capacity = 100
shifts = []

[[queues]]
name = "support"
strategy = "longest_idle"
target = "20s"
short = "0s"
offer = "0s"
wrap_up = "0s"

[[arrivals]]
stream = "calls"
queue = "support"
medium = "callback"
rate_per_hour = 600
service = { distribution = "exponential", mean = "285s" }
service_by_group = {}
patience = { distribution = "exponential", mean = "120s" }
requirements = ["billing>=3"]
preferences = []
priority = 0
class = 0
"""


def faults(*tables: str) -> list[str]:
    with pytest.raises(ScenarioFault) as caught:
        scene(*tables)
    return str(caught.value).splitlines()


def test_whole_scenario_is_read() -> None:
    found = scenario_of(WHOLE, no_file)
    assert (found.run.customers, found.run.warm_up, found.run.busyness) == (200_000, 20_000.0, None)
    assert found.arrivals[0].service == Exponential(Seconds(285))
    assert found.arrivals[0].needs() == (Requirement("billing", 3),)
    assert found.queues[0].offer == OfferTerms(timeout=Seconds(0))


def test_what_is_left_out_is_what_the_reference_shows() -> None:
    short = scene(run("customers = 10"))
    (only,) = short.queues
    assert (only.strategy, only.target, only.short, only.wrap_up) == ("longest_idle", 20.0, 0.0, 0.0)
    assert short.arrivals[0].medium == "callback"


def test_offers_may_ring_and_be_missed() -> None:
    law = '{ distribution = "lognormal", mean = "4s", cv = 0.5 }'
    found = scene(queue(more=f'offer = {{ timeout = "30s", answer = {law}, miss = 0.05 }}'))
    assert found.queues[0].offer == OfferTerms(timeout=Seconds(30), answer=Lognormal(Seconds(4), 0.5), miss=0.05)


def test_requirements_may_expire_written_either_way() -> None:
    table = '{ skill = "billing", level = 3, expires_after = "60s" }'
    inside = scene(stream(more=f'requirements = [{table}, "lang:pl"]'))
    beside = scene(stream(more=f'requirements = ["billing>=3", "lang:pl"]\nrelaxation = [{table}]'))
    expected = (Requirement("billing", 3, 60_000), Requirement("lang:pl", 1))
    assert inside.arrivals[0].needs() == beside.arrivals[0].needs() == expected


def test_files_are_read_by_their_column() -> None:
    files = {"day.csv": "name,at\na,30\nb,10.5\n", "talk.csv": "12\n30\n"}
    text = (
        run("")
        + agents()
        + queue()
        + stream(rate=None, more='trace = "day.csv"').replace(
            '{ distribution = "exponential", mean = 100 }', '{ distribution = "empirical", file = "talk.csv" }'
        )
    )
    assert scenario_of(text, files.__getitem__).columns == {"day.csv": (10.5, 30.0), "talk.csv": (12.0, 30.0)}


@pytest.mark.parametrize(
    ("tables", "fault"),
    [
        ([run("custommers = 5")], "run: there is no key `custommers` here; did you mean `customers`?"),
        ([run('customers = "many"')], "run.customers: Expected `int | null`, got `str`"),
        ([run("seed = 2")], 'run: say when arrivals end: `customers = 200000`, `duration = "8h"` or `periods`'),
        ([run('duration = "1h"\nwarm_up = "2h"')], "run.warm_up: must be over before arrivals end"),
        (
            [run('periods = [["2h", "1h"]]')],
            'run.periods[0]: periods follow each other, such as ["0s", "2h"], ["2h", "4h"]',
        ),
        (
            [agents(count=[1, 2])],
            "agents[0].count: 2 values for 0 periods; write one value, or one a period",
        ),
        (
            [stream(more="service_by_group = { all = [] }")],
            "arrivals[0].service_by_group.all: 0 values for 0 periods",
        ),
        ([agents(queues="suport = 1")], "agents[0].queues: there is no queue 'suport'; did you mean 'support'?"),
        ([agents(), agents()], "agents[1].group: 'all' is there already"),
        (
            [agents(more='shifts = [["8am", "16:00"]]')],
            "agents[0].shifts: '8am' is no time of the day: write hours and minutes, such as \"08:00\"",
        ),
        ([queue(more='target = "soon"')], "queues[0].target: 'soon' is no time span"),
        (
            [queue(more='offer = { timeout = "5s", answer = { distribution = "deterministic", mean = "5s" } }')],
            "queues[0].offer.answer: comes too late each time",
        ),
        ([queue(more='offer = { timeout = "5s", miss = 1 }')], "queues[0].offer.miss: a share from 0 to less than 1"),
        ([stream(rate=None)], "arrivals[0].rate_per_hour: write exactly one of `rate_per_hour`, `profile` and `trace`"),
        ([stream(more='requirements = ["billing>=11"]')], "arrivals[0].requirements: 'billing>=11': the level must be"),
        ([stream(mean='"0s"')], "arrivals[0].service: `mean` must be more than 0, not 0"),
        (
            [stream(more='patience = { distribution = "weibull", mean = "2m" }')],
            "arrivals[0].patience.distribution: Invalid value 'weibull'",
        ),
        ([stream(more="priority = 101")], "arrivals[0].priority: from -100 to 100, not 101"),
        (
            [queue(more='strategy = "longest-idle"')],
            "queues[0].strategy: must be least_loaded or longest_idle or best_skill or fastest or round_robin or opti",
        ),
        ([queue(more='placement = "tight"')], "queues[0].placement: must be pack or spread, not `tight`"),
        (
            [stream(more='preferences = ["group:odl"]'), agents("old")],
            "arrivals[0].preferences: there is no group 'odl'; did you mean 'old'?",
        ),
        (
            [agents(queues="a = 1, b = 1"), queue("a"), queue("b", 'order = "wait_over_target"'), stream(queue="a")],
            "agents[0].queues: queues that share agents need the same `order`",
        ),
        (["[[streams]]\nname = 1\n"], "streams: there is no such table"),
    ],
)
def test_fault_is_told_with_its_place(tables: list[str], fault: str) -> None:
    (told,) = faults(*tables)
    assert told.startswith(fault)


def test_queues_say_how_they_choose() -> None:
    (only,) = scene(queue(more='strategy = "fastest"\norder = "wait_over_target"\nplacement = "pack"')).queues
    assert (only.strategy, only.order, only.placement) == ("fastest", "wait_over_target", "pack")


def test_customers_may_prefer_groups_and_skills() -> None:
    told = scene(agents("old"), stream(more='preferences = ["group:old", "billing>=3"]')).arrivals[0]
    assert told.wishes() == (Preference(group="old"), Preference(skill="billing", level=3))


def test_every_fault_is_told_at_once() -> None:
    assert len(faults(queue(more="short = []"), agents(count="'x'"), stream(more="class = 'x'"))) == 3


def test_text_that_is_no_toml_is_told_with_its_line() -> None:
    with pytest.raises(ScenarioFault, match=r"no TOML.*line 2"):
        scenario_of("[run]\nseed = \n", no_file)
