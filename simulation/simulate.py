"""Simulate a scenario on the real router: the same decisions as in service, on a virtual clock."""

from msgspec.structs import replace

from simulation.books import Books
from simulation.day import Day
from simulation.results import Figures, results
from simulation.scenario import Scenario


def simulate(scenario: Scenario, *, seed: int | None = None, replications: int | None = None) -> Figures:
    """Return the figures of `scenario` as `centrala simulate` prints them, but `seconds`.

    `seed` and `replications`, where given, stand in for those of the scenario. The same seed gives the same figures;
    two scenarios with one seed see the same customers: when they come, what they need and how patient they are.
    """
    run = scenario.run
    chosen = replace(
        run,
        seed=run.seed if seed is None else seed,
        replications=run.replications if replications is None else replications,
    )
    scenario = replace(scenario, run=chosen)
    books = Books(scenario)
    for replication in range(chosen.replications):
        Day(scenario, chosen.seed, replication, books).run()
    return results(scenario, books)
