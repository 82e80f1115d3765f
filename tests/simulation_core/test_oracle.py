"""Long runs against closed forms that were computed outside: `simulation/oracle_cases.json` in CENTRALA_DATA."""

import json
import os
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.simulation_core.scenes import agents, far, played, queue, run, stream, z_scores

UNIT = 300
"""Seconds that stand for the unit of time of a case."""

Case = dict[str, Any]


class Check(NamedTuple):
    """What a case expects at one place of the figures."""

    kind: str
    name: str
    expected: dict[str, float]


def cases() -> list[Case]:
    folder = os.environ.get("CENTRALA_DATA")
    path = Path(folder or "none") / "simulation" / "oracle_cases.json"
    found: list[Case] = json.loads(path.read_text(encoding="utf-8")) if folder and path.exists() else []
    return found


def rate(per_unit: float) -> float:
    return per_unit * 3600 / UNIT


def exponential(per_unit: float) -> str:
    return f'{{ distribution = "exponential", mean = {UNIT / per_unit} }}'


def the_queue(case: Case, name: str = "support") -> str:
    # A bound between two milliseconds would be another one for the router's policy; the figures use it as it is.
    return queue(name, f"target = {case['params'].get('T', 1 / 3) * UNIT}")


def single(case: Case) -> tuple[list[str], list[Check]]:
    told, expected = case["params"], case["expect"]
    patience = f"patience = {exponential(told['theta'])}" if "theta" in told else ""
    tables = [
        agents(count=told["c"]),
        the_queue(case),
        stream(rate=rate(told["lam"]), mean=UNIT / told["mu"], more=patience),
    ]
    if "theta" in told:
        wanted = {
            "p_wait": expected["pwait"],
            "abandon_rate": expected["pab"],
            "wait_mean_s": expected["wait_all"] * UNIT,
            "wait_mean_answered_s": expected["asa_served"] * UNIT,
            "service_level": expected["sl_offered"],
        }
        return tables, [Check("streams", "calls", wanted), Check("groups", "all", {"occupancy": expected["occ"]})]
    wanted = {"p_wait": expected["pwait"], "wait_mean_s": expected["asa"] * UNIT, "service_level": expected["sl"]}
    wanted |= {"wait_p90_s": expected["w90"] * UNIT, "wait_p99_s": expected["w99"] * UNIT}
    return tables, [Check("streams", "calls", wanted)]


def classes(case: Case) -> tuple[list[str], list[Check]]:
    told, expected = case["params"], case["expect"]
    rates = told.get("lams") or [told["l1"], told["l2"]]
    thetas = [told["theta1"], told["theta2"]] if "theta1" in told else [None, None]
    tables = [agents(count=told["c"]), the_queue(case)]
    checks = []
    for place, (each, theta) in enumerate(zip(rates, thetas, strict=True)):
        patience = f"\npatience = {exponential(theta)}" if theta else ""
        tables.append(stream(f"s{place}", rate(each), UNIT / told["mu"], f"class = {place}{patience}"))
        if theta:
            wanted = {"wait_mean_s": expected[f"w{place + 1}"] * UNIT, "abandon_rate": expected[f"pab{place + 1}"]}
        else:
            wanted = {"wait_mean_s": expected["asa"][place] * UNIT, "service_level": expected["sl"][place]}
            wanted["p_wait"] = expected["pwait"]
        checks.append(Check("streams", f"s{place}", wanted))
    return tables, checks


def graph(case: Case) -> tuple[list[str], list[Check]]:
    told, expected = case["params"], case["expect"]
    tables, checks = [], []
    for pool, count in enumerate(told["c"]):
        served = [f"q{place} = 1" for place, pools in enumerate(told["compat"]) if pool in pools]
        tables.append(agents(f"g{pool}", count, ", ".join(served)))
        checks.append(Check("groups", f"g{pool}", {"occupancy": expected["occ"][pool]}))
    laws = ", ".join(f"g{pool} = {exponential(speed)}" for pool, speed in enumerate(told["mu"]))
    for place, each in enumerate(told["lam"]):
        by_group = SPEEDS.format(laws)
        tables += [the_queue(case, f"q{place}"), stream(f"s{place}", rate(each), UNIT, by_group, queue=f"q{place}")]
        wanted = {"p_wait": expected["pwait"][place], "wait_mean_s": expected["asa"][place] * UNIT}
        checks.append(Check("streams", f"s{place}", wanted | {"service_level": expected["sl"][place]}))
    return tables, checks


def ring(case: Case) -> tuple[list[str], list[Check]]:
    """Six pools; each class is served by its pool and the next."""
    told, expected = case["params"], case["expect"]
    pools, skills = told["pools"], told["skills"]
    tables, checks = [], []
    for place in range(pools):
        served = ", ".join(f"q{(place - step) % pools} = 1" for step in range(skills))
        tables.append(agents(f"g{place}", told["c"], served))
        tables += [the_queue(case, f"q{place}"), stream(f"s{place}", rate(told["lam"]), UNIT, queue=f"q{place}")]
        wanted = {"p_wait": expected["pwait"], "wait_mean_s": expected["asa"] * UNIT}
        checks.append(Check("streams", f"s{place}", wanted))
    return tables, checks


def omnichannel(case: Case) -> tuple[list[str], list[Check]]:
    """Calls take a whole agent and go first; chats are put where others are already."""
    told, expected = case["params"], case["expect"]
    assert told["K"] == 3, "an agent has three chats at most unless told otherwise, which scenarios can't"
    packed = 'strategy = "least_loaded"\nplacement = "pack"'
    tables = [agents(count=told["c"], queues="voice = 1, chat = 2"), the_queue(case, "voice"), queue("chat", packed)]
    checks = []
    for name in ("voice", "chat"):
        medium = f'medium = "{name}"'
        tables.append(stream(name, rate(told[f"lam_{name}"]), UNIT / told["mu"], medium, queue=name))
        wanted = {"p_wait": expected[f"pw_{name}"], "wait_mean_s": expected[f"asa_{name}"] * UNIT}
        checks.append(Check("streams", name, wanted))
    return tables, checks


def fastest(case: Case) -> tuple[list[str], list[Check]]:
    """Agents of two speeds, the faster first; the router has to find out by itself who is."""
    told, expected = case["params"], case["expect"]
    tables = [agents(f"g{pool}", count) for pool, count in enumerate(told["c"])]
    laws = ", ".join(f"g{pool} = {exponential(speed)}" for pool, speed in enumerate(told["mu"]))
    tables += [queue(more='strategy = "fastest"'), stream(rate=rate(told["lam"]), mean=UNIT, more=SPEEDS.format(laws))]
    wanted = {"p_wait": expected["pwait"], "wait_mean_s": expected["asa"] * UNIT}
    work = [Check("groups", f"g{pool}", {"occupancy": each}) for pool, each in enumerate(expected["occ"])]
    return tables, [Check("streams", "calls", wanted), *work]


SPEEDS = "service_by_group = {{ {} }}"

# NP3 needs an agent who leaves his own queue once the other is long: no queue policy says that.
TOLD = {
    **dict.fromkeys(("C2", "C3", "C7", "A1", "A2"), single),
    **dict.fromkeys(("P2", "PA2"), classes),
    **dict.fromkeys(("N1", "N4", "W1", "M1", "K1", "H1"), graph),
    "R2": ring,
    "O1": omnichannel,
    "H1F": fastest,
}
LIGHT = {"C2", "A2", "PA2", "N4", "K1", "H1"}
"""Cases that say something with few customers already."""

LIGHT_CUSTOMERS = 40_000
CUSTOMERS = int(os.environ.get("CENTRALA_ORACLE_CUSTOMERS", "200000"))
NEEDED = {"C7": 5, "P2": 4}
"""How many times the usual number it takes, so near saturation, until 20 batches are independent of each other."""


def fitting(only: set[str]) -> list[Any]:
    return [pytest.param(case, id=case["id"]) for case in cases() if case["id"] in only]


def scores_of(case: Case, customers: int) -> dict[str, float]:
    tables, checks = TOLD[case["id"]](case)
    figures = played(run(f"customers = {customers}\nwarm_up = {200 * UNIT}"), *tables)
    scores = {
        f"{check.name}.{figure}": score
        for check in checks
        for figure, score in z_scores(figures, check.expected, check.kind, check.name).items()
    }
    print(case["id"], {name: round(score, 2) for name, score in scores.items()})  # noqa: T201  # shown with -s
    return scores


@pytest.mark.parametrize("case", fitting(LIGHT))
def test_router_does_as_the_closed_form_says_of_light_cases(case: Case) -> None:
    assert far(scores_of(case, LIGHT_CUSTOMERS)) == {}


@pytest.mark.slow
@pytest.mark.parametrize("case", fitting(set(TOLD)))
def test_router_does_as_the_closed_form_says(case: Case) -> None:
    assert far(scores_of(case, CUSTOMERS * NEEDED.get(case["id"], 1))) == {}
