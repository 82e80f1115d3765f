"""The house of `benchmarks.policies` against theory, and the directions of its rows with few customers."""

import json
from statistics import fmean, stdev

import pytest

from agents.agent import Membership, Profile
from benchmarks.policies import QUESTIONS, SEED
from benchmarks.policy_agents import chats_beside_voice, unequal_speed
from benchmarks.policy_bursts import bursts
from benchmarks.policy_house import START, Crew, House, Kind, Setting, admitted, customers, queue
from benchmarks.policy_learning import taught
from benchmarks.policy_rings import skewed_ring, two_skills
from benchmarks.policy_row import Row, at_least, at_most
from benchmarks.policy_specialists import specialists, ticks
from benchmarks.policy_steps import bullseye
from benchmarks.policy_targets import service_levels
from benchmarks.policy_ticks import by_ticks
from simulation.erlang import Load, erlang_c
from vocabulary.instants import SECOND

CREW = Crew("all", 5, Profile(queues={"support": Membership(1)}))


def pool(load: float = 3.2) -> Setting:
    """Return five agents who are alike; contacts take 100 s."""
    return Setting([Kind("calls", load, 100, admitted("support"))], [CREW], [queue("support")])


def test_the_house_waits_and_works_as_erlang_c_says() -> None:
    outcome = House(pool()).live(customers(pool().kinds, 8_000, SEED))
    waits = outcome.waits()
    batches = [fmean(waits[batch * 360 : (batch + 1) * 360]) for batch in range(20)]
    theory = erlang_c(Load(arrivals=0.032, handling=100), 5, within=20).asa_s
    assert theory is not None
    assert abs(fmean(batches) - theory) < 4 * stdev(batches) / 20**0.5
    assert outcome.occupancy("all") == pytest.approx(0.64, abs=0.03)


def test_what_one_kind_draws_moves_no_other() -> None:
    calls, mails = Kind("calls", 3, 100, admitted("support")), Kind("mails", 2, 50, admitted("support"))
    alone = [(each.at, each.work) for each in customers([calls], 75, SEED)]
    among = [(each.at, each.work) for each in customers([calls, mails], 175, SEED) if each.kind == 0]
    assert among == alone


def test_the_load_of_a_kind_is_exactly_what_it_says() -> None:
    calls, mails = Kind("calls", 3, 100, admitted("support")), Kind("mails", 2, 50, admitted("support"))
    coming = customers([calls, mails], 700, SEED)
    for place, kind in enumerate((calls, mails)):
        mine = [each for each in coming if each.kind == place]
        work, span = sum(each.work for each in mine), mine[-1].at - START
        assert work / span == pytest.approx(kind.load, rel=1e-4)


def test_a_run_leaves_its_customers_as_they_were() -> None:
    coming = customers(pool().kinds, 300, SEED)
    first, second = (House(pool()).live(coming).waits() for _ in range(2))
    assert first == second
    assert {each.waited for each in coming} == {None}


def test_ticks_as_fast_as_the_clock_wait_as_long_as_at_every_event() -> None:
    crews = [Crew(f"agent{n}", 1, CREW.profile) for n in range(5)]
    setting = pool()._replace(crews=crews)
    coming = customers(setting.kinds, 300, SEED)
    at_once, on_ticks = fmean(House(setting).live(coming).waits()), fmean(by_ticks(setting, coming, SECOND).waits())
    assert at_once < on_ticks < at_once + 3


def test_whoever_is_taught_has_a_mean_of_his_own_for_each_label() -> None:
    setting = specialists(1, "optimal", SEED, 2)
    state = taught(setting, 3, None)
    handling = state.agents["agent07/000"].handling
    means = {label: round(total / count / 60 / SECOND, 3) for label, (count, total) in handling.items()}
    assert means == {label: round(setting.pace[label, "agent07"], 3) for label in ("label0", "label1")}


def test_due_time_serves_the_worst_class_best_and_wait_over_target_in_overload() -> None:
    figures = service_levels(4_000, SEED).figures
    usual, over = figures["load_48"], figures["overload_51"]
    worst = {policy: levels["worst"] for policy, levels in usual.items()}
    assert max(worst, key=lambda policy: worst[policy]) == "due_time"
    assert min(worst, key=lambda policy: worst[policy]) == "first_come"
    assert over["wait_over_target"]["worst"] > over["due_time"]["worst"]


def test_least_loaded_evens_out_a_skewed_ring_and_the_primary_skill_first_does_not() -> None:
    spread = {policy: each["occupancy_sd"] for policy, each in skewed_ring(3_000, SEED).figures.items()}
    assert spread["least_loaded"] < 0.5 * spread["longest_idle"] < 0.5 * spread["primary_skill_first"]


def test_fastest_first_gives_the_fast_more_to_do_and_shortens_waits() -> None:
    figures = unequal_speed(6_000, SEED).figures
    assert figures["fastest"]["wait_to_longest_idle"] < 1
    assert figures["fastest"]["occupancy_fast"] > figures["longest_idle"]["occupancy_fast"]


def test_packed_chats_leave_room_for_calls() -> None:
    figures = chats_beside_voice(3_000, SEED).figures
    assert figures["pack"]["voice_mean_wait"] < 0.9 * figures["spread"]["voice_mean_wait"]


def test_lending_late_beats_sharing_all_and_sharing_nothing_and_the_guard_keeps_a_full_house_stable() -> None:
    figures = bullseye(5_000, SEED).figures
    waits, full = ({name: each["mean_wait"] for name, each in figures[load].items()} for load in ("load_78", "load_96"))
    assert waits["lent_after_a_third"] < min(waits["everybody_at_once"], waits["never"])
    assert full["skill_dropped_without_guard"] > 2 * full["never"]
    assert full["skill_dropped_with_guard"] < 1.5 * full["never"]


def test_two_skills_bring_most_of_what_all_skills_bring() -> None:
    assert two_skills(2_500, SEED).figures["share_of_the_gain_of_full_pooling"] > 0.85


def test_ticks_wait_longer_near_saturation() -> None:
    waits = [each["mean_wait"] for each in ticks(3_000, SEED).figures.values()]
    assert waits == sorted(waits)


def test_who_looks_ahead_works_less_for_the_same_customers() -> None:
    settings = {name: specialists(48, name, SEED) for name in ("longest_idle", "optimal")}
    coming = customers(settings["optimal"].kinds, 2_000, SEED)
    worked = {name: House(each, taught(each, 10, None)).live(coming).occupancy() for name, each in settings.items()}
    assert worked["optimal"] < 0.85 * worked["longest_idle"]


def test_a_burst_that_is_assigned_together_takes_less_handling() -> None:
    burst = bursts(1, SEED).figures["10_labels"]["50_x_50"]
    assert burst["freed_together"] < min(burst["freed_one_by_one"], burst["quickest_agent_for_each"])


def test_a_row_can_be_printed_and_its_goals_say_whether_they_hold() -> None:
    row = Row("row", "a house", 3, {"wait": 0.5}, {}, [at_least("gain", 0.3, 0.2, "share"), at_most("wait", 0.5, 0.4)])
    assert [goal["holds"] for goal in row.goals] == [True, False]
    assert json.loads(json.dumps(row.told))["figures"] == {"wait": 0.5}
    assert all(question.quick < question.full for question in QUESTIONS)
