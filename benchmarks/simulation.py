"""Customers a second through the real router, beside SimPy and Ciw with the same load in the same call.

`python -m benchmarks.simulation [--json] [--quick]`. Three houses: one pool of 50 agents, a ring of six pools, 1,000
agents with 100 skills. Rates are by process time, the best of a few rounds in which both sides take turns; warm-up and
set-up of agents are in ours, peers only simulate. SimPy serves with its `Resource` and `FilterStore`, which route
nothing: no priorities, capacity, deadlines or events.
"""

import argparse
import json
from collections.abc import Callable, Generator, Iterator, Sequence
from random import Random
from time import process_time
from typing import Any, NamedTuple

import ciw
import simpy

from simulation.reading import scenario_of
from simulation.simulate import simulate

SERVICE = 285
"""Mean seconds of a contact, exponential."""
HOUR = 3_600
SEED = 1
_FEWEST = 3_000
"""With fewer customers, most agents of the largest house would never have had one."""


class House(NamedTuple):
    """Pools of agents, and for each class of customers the erlangs and the pools that serve it."""

    name: str
    pools: Sequence[int]
    classes: Sequence[tuple[float, tuple[int, ...]]]
    goal: int
    stretch: int
    peers_get: float = 1.0
    """Customers for the peers as a share of ours: where they are slow, fewer say as much."""


POOL = House("M/M/50", [50], [(48.0, (0,))], 60_000, 150_000)
RING = House("ring of six pools", [15] * 6, [(14.0, (n, (n + 1) % 6)) for n in range(6)], 60_000, 150_000)
MANY = House(
    "1,000 agents, 100 skills", [10] * 100, [(9.3, (n, (n - 1) % 100)) for n in range(100)], 40_000, 100_000, 0.1
)

Measured = dict[str, float]
Peer = Callable[[House, int], Measured]


def main() -> None:
    """Print figures and goals as one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.simulation", description=main.__doc__)
    parser.add_argument("--json", action="store_true", help="one line instead of an indented text")
    parser.add_argument("--quick", action="store_true", help="a few thousand customers instead of many")
    chosen = parser.parse_args()
    print(json.dumps(measured(quick=chosen.quick), indent=None if chosen.json else 2))


def measured(*, quick: bool) -> dict[str, object]:
    """Return all figures and goals of one run."""
    customers, rounds = (4_000, 1) if quick else (50_000, 3)
    figures = {
        "mm50": _side_by_side(POOL, customers, rounds, {"simpy": _simpy_resource, "ciw": _ciw}),
        "ring": _side_by_side(RING, customers, rounds, {"simpy": _simpy_store}),
        "many_skills": _side_by_side(MANY, customers, rounds, {"simpy": _simpy_store}),
    }
    houses = dict(zip(figures, (POOL, RING, MANY), strict=True))
    rates = {name: figures[name]["centrala"]["customers_per_s"] for name in houses}
    return {
        "benchmark": "simulation",
        **figures,
        "goals": [
            *(_goal(house.name, rates[name], house.goal) for name, house in houses.items()),
            *(_goal(f"{house.name}, stretch", rates[name], house.stretch) for name, house in houses.items()),
        ],
    }


def _goal(name: str, value: float, goal: int) -> dict[str, object]:
    return {"name": name, "value": value, "goal": goal, "unit": "customers/s", "holds": value >= goal}


def _side_by_side(house: House, customers: int, rounds: int, peers: dict[str, Peer]) -> dict[str, Any]:
    """Return the best round of each side, and how many times a peer's rate ours is."""
    sides: dict[str, Peer] = {"centrala": _centrala, **peers}
    asked = {"centrala": customers, **dict.fromkeys(peers, max(_FEWEST, round(customers * house.peers_get)))}
    found: dict[str, list[Measured]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, side in sides.items():
            found[name].append(side(house, asked[name]))
    best = {name: max(each, key=lambda one: one["customers_per_s"]) for name, each in found.items()}
    ours = best["centrala"]["customers_per_s"]
    ratios = {f"ratio_to_{name}": round(ours / best[name]["customers_per_s"], 2) for name in peers}
    return {**best, **ratios}


# -- ours


def _centrala(house: House, customers: int) -> Measured:
    scenario = scenario_of(_scenario(house, customers), _no_file)
    began = process_time()
    figures = simulate(scenario)
    spent = process_time() - began
    waits = [(stream["offered"], stream["wait_mean_s"]) for stream in figures["streams"].values()]
    return _told(customers, spent, sum(number * wait for number, wait in waits if number) / customers) | {
        "decisions_per_s": round(figures["decisions"] / spent)
    }


def _told(customers: int, spent: float, mean_wait: float) -> Measured:
    return {
        "customers": customers,
        "customers_per_s": round(customers / spent),
        "mean_wait_s": round(mean_wait, 3),
        "seconds": round(spent, 2),
    }


def _no_file(name: str) -> str:
    raise AssertionError(name)


def _scenario(house: House, customers: int) -> str:
    """One queue; every class needs a skill that its pools have."""
    tables = [f'[run]\nseed = {SEED}\ncustomers = {customers}\n[[queues]]\nname = "support"\n']
    for pool, count in enumerate(house.pools):
        skills = ", ".join(f"s{n} = 5" for n, (_, pools) in enumerate(house.classes) if pool in pools)
        tables.append(
            f'[[agents]]\ngroup = "g{pool}"\ncount = {count}\nqueues = {{ support = 1 }}\nskills = {{ {skills} }}\n'
        )
    for number, (erlangs, _) in enumerate(house.classes):
        tables.append(
            f'[[arrivals]]\nstream = "s{number}"\nqueue = "support"\nrate_per_hour = {erlangs * HOUR / SERVICE}\n'
            f'service = {{ distribution = "exponential", mean = {SERVICE} }}\nrequirements = ["s{number}>=3"]\n'
        )
    return "".join(tables)


# -- SimPy


def _simpy_resource(house: House, customers: int) -> Measured:
    environment = simpy.Environment()
    agents = simpy.Resource(environment, house.pools[0])
    waits: list[float] = []

    def customer(_: tuple[int, ...], service: float) -> Iterator[Any]:
        came = environment.now
        with agents.request() as request:
            yield request
            waits.append(environment.now - came)
            yield environment.timeout(service)

    return _simpy(environment, house, customers, customer, waits)


def _simpy_store(house: House, customers: int) -> Measured:
    """Serve with a store of free agents, of whom each customer takes the first that fits."""
    environment = simpy.Environment()
    free = simpy.FilterStore(environment)
    free.items.extend(pool for pool, count in enumerate(house.pools) for _ in range(count))
    waits: list[float] = []

    def customer(pools: tuple[int, ...], service: float) -> Iterator[Any]:
        came = environment.now
        agent = yield free.get(lambda pool: pool in pools)
        waits.append(environment.now - came)
        yield environment.timeout(service)
        yield free.put(agent)

    return _simpy(environment, house, customers, customer, waits)


def _simpy(
    environment: simpy.Environment,
    house: House,
    customers: int,
    customer: Callable[[tuple[int, ...], float], Any],
    waits: list[float],
) -> Measured:
    draw = Random(SEED)
    served = [pools for _, pools in house.classes]
    rates = [erlangs for erlangs, _ in house.classes]
    every = SERVICE / sum(rates)

    def source() -> Generator[simpy.Event, Any, None]:
        for _ in range(customers):
            yield environment.timeout(draw.expovariate(1 / every))
            pools = served[0] if len(served) == 1 else draw.choice(served)
            environment.process(customer(pools, draw.expovariate(1 / SERVICE)))

    assert len(set(rates)) == 1, "classes are drawn as equally likely"
    environment.process(source())
    began = process_time()
    environment.run()
    return _told(customers, process_time() - began, sum(waits) / customers)


# -- Ciw


def _ciw(house: House, customers: int) -> Measured:
    ((erlangs, _),) = house.classes
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(erlangs / SERVICE)],
        service_distributions=[ciw.dists.Exponential(1 / SERVICE)],
        number_of_servers=[house.pools[0]],
    )
    ciw.seed(SEED)
    run = ciw.Simulation(network)
    began = process_time()
    run.simulate_until_max_customers(customers, method="Finish")
    spent = process_time() - began
    waits = [record.waiting_time for record in run.get_all_records()]
    return _told(customers, spent, sum(waits) / len(waits))


if __name__ == "__main__":
    main()
