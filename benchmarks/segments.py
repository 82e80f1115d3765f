"""Customers' worth: how fast purchases come in and segments are calculated, and how right the estimates are.

Customers are simulated whose truth is known: when each left, what he bought in the year after, who renewed. Beside
each figure stands the naive way on the same customers in the same run: a transaction for each row, "whoever hasn't
bought for half a year has left", mean times frequency, the share of everybody. Seconds are CPU time of this process
and its children.
"""

import argparse
import asyncio
import csv
import json
import resource
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app import logs
from app.engine import Engine
from app.purchase_file import PurchaseFile
from app.purchasing import Purchases
from app.segmenting import Counting, Segmenting
from benchmarks.simulated_buyers import END, Buyer, buyers, contracts
from classifiers.churning import churn_of_contracts
from classifiers.judging import judged
from customers.standing import Definition
from router.policy import Policy
from storage.bus import LocalBus
from storage.sqlite import SqliteStore
from vocabulary.bounds import Bound
from vocabulary.instants import DAY, Instant, Span, rfc3339
from vocabulary.records import CustomerRow, IdentityRow, PurchaseRow, PutNew, Transaction

ROWS, ROWS_QUICK = 1_000_000, 30_000
IMPORTED, FILLED_AT_ONCE, NAIVE_ROWS = 50_000, 2_000, 1_000
HALF_A_YEAR = 182.5
DEFINITIONS = (
    Definition(name="key_account", top_value=0.05),
    Definition(name="departing", bounds=(("churn", Bound(">=", 0.6)),)),
    Definition(name="new", customer_within=60 * DAY),
)


class _Clock:
    """The instant at which the simulation ends."""

    def now(self) -> Instant:
        return END

    def not_before(self, at: Instant) -> None:
        """It stands still."""

    async def sleep(self, span: Span) -> None:
        raise AssertionError(f"nothing here waits {span} ms")


def run(rows: int, seed: int) -> dict[str, Any]:
    """Return all figures of `rows` purchases."""
    people = list(buyers(rows, seed))
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_measured(people, Path(folder), seed))


async def _measured(people: list[Buyer], folder: Path, seed: int) -> dict[str, Any]:
    file, sample = folder / "orders.csv", folder / "sample.csv"
    imported_people = _first(people, IMPORTED)
    rows = _write(file, imported_people)
    _write(sample, people[: NAIVE_ROWS // 4])
    store = await SqliteStore.open(folder / "centrala.db")
    engine = Engine(
        store=store, bus=LocalBus(_nothing), policy=Policy(queues={}, channels={}, rules=()), clock=_Clock(),
        outbox_of=lambda *_: [], rows_of=lambda *_: [],
    )  # fmt: skip
    purchases = Purchases(engine=engine, store=store, phone_of=lambda _: None, key=b"k" * 32, zone=UTC)
    naive = await _timed(lambda: _one_by_one(sample, purchases))
    imported = await _timed(lambda: PurchaseFile(file, dry_run=False, say=print).bring(purchases.take))
    again = await _timed(lambda: PurchaseFile(file, dry_run=False, say=print).bring(purchases.take))
    filled = await _filled(store, people[len(imported_people) :])
    parts = Segmenting(engine=engine, store=store, definitions=DEFINITIONS, counting=Counting(discount=0.0))
    calculated = await _timed(parts.calculate)
    report = await parts.report()
    assert report is not None
    repeated = await _timed(parts.calculate)
    ids = await store.identified([("external", one.id) for one in people])
    kept = {row.id: row.facts for row in await store.standings(list(ids.values()))}
    await store.close()
    facts = [kept[ids["external", one.id]] for one in people]
    return {
        "purchases": rows + filled,
        "customers": len(people),
        "import_rows_per_s": rows / imported,
        "import_known_rows_per_s": rows / again,
        "import_one_by_one_rows_per_s": _count(sample) / naive,
        "calculation_s": calculated,
        "calculation_again_s": repeated,
        "segments": report["segments"],
        "held_out": report["alive"],
        "alive": _alive(people, facts),
        "value": _value(people, facts),
        "contracts": _contracts(seed),
    }


def _alive(people: list[Buyer], facts: list[dict[str, Any]]) -> dict[str, Any]:
    """Return how good the probabilities to have left are about who had, and the rule of thumb."""
    gone = np.array([one.left < END for one in people])
    churn = np.array([each["churn"] for each in facts])
    silent = np.array([(END - one.bought[-1]) / DAY for one in people])
    thumb = (silent > HALF_A_YEAR).astype(float)
    by_silence = judged(silent, gone)["auroc"]
    return {"model": judged(churn, gone), "half_a_year": judged(thumb, gone), "silence_auroc": by_silence}


def _value(people: list[Buyer], facts: list[dict[str, Any]]) -> dict[str, Any]:
    """Return how far what was expected of the next year is from what came: per customer, and in all."""
    came = np.array([one.next_year for one in people])
    expected = np.array([each["value"] for each in facts])
    # Mean times frequency: he goes on as he did since his first purchase.
    ages = np.maximum(np.array([(END - one.bought[0]) / DAY for one in people]), 30.0)
    naive = np.array([sum(one.amounts) for one in people]) / ages * 365
    return {"model": _errors(expected, came), "mean_times_frequency": _errors(naive, came)}


def _errors(expected: NDArray[np.float64], came: NDArray[np.float64]) -> dict[str, float]:
    return {
        "mean_absolute_error": float(np.abs(expected - came).mean()),
        "rank_correlation": float(np.corrcoef(_ranks(expected), _ranks(came))[0, 1]),
        "sum_over_sum": float(expected.sum() / came.sum()),
    }


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[inverse])


def _contracts(seed: int) -> dict[str, Any]:
    """Return how good foretold ends of contracts are, on customers whose true probability is known."""
    known, left, whose, truth = contracts(6_000, seed)
    learnt = 4_000
    foretold, report = churn_of_contracts(known[:learnt], left[:learnt], whose[:learnt], known[learnt:])
    later = left[learnt:].astype(bool)
    off = float(np.abs(foretold - truth[learnt:]).mean())
    return {
        "model": judged(foretold, later) | {"mean_error_of_the_probability": off},
        "truth": judged(truth[learnt:], later),
        "in_its_report": report["calibration_error"],
    }


# -- carrying it out


async def _timed(work: Callable[[], Any]) -> float:
    """Return the CPU seconds that `work` takes, those of children included."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    before = process_time()
    await work()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return process_time() - before + used.ru_utime + used.ru_stime - children.ru_utime - children.ru_stime


async def _one_by_one(file: Path, purchases: Purchases) -> None:
    with file.open(newline="") as stream:
        for row in csv.DictReader(stream):
            await purchases.take([row])


def _write(file: Path, people: list[Buyer]) -> int:
    with file.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("order_id", "at", "amount", "currency", "external_id", "email"))
        count = 0
        for row in _rows(people):
            writer.writerow(row)
            count += 1
    return count


def _first(people: list[Buyer], rows: int) -> list[Buyer]:
    """Return the first customers who have bought about `rows` times together: so many are brought as a file."""
    made, count = 0, 0
    while count < len(people) and made < rows:
        made += len(people[count].bought)
        count += 1
    return people[:count]


async def _filled(store: SqliteStore, people: list[Buyer]) -> int:
    """Put the purchases of `people` into the store as an import leaves them; return how many they are."""
    count = 0
    for start in range(0, len(people), FILLED_AT_ONCE):
        changes: list[PutNew] = []
        some = people[start : start + FILLED_AT_ONCE]
        changes += [PutNew(CustomerRow(id=f"c-{one.id}", created_at=one.bought[0])) for one in some]
        changes += [PutNew(IdentityRow(kind="external", value=one.id, customer=f"c-{one.id}")) for one in some]
        bought = [_purchase(one, place) for one in some for place in range(len(one.bought))]
        await store.commit(Transaction(changes=(*changes, *map(PutNew, bought))))
        count += len(bought)
    return count


def _purchase(one: Buyer, place: int) -> PurchaseRow:
    amount = round(100 * one.amounts[place])
    id = f"{one.id}-{place}"
    return PurchaseRow(id=id, customer=f"c-{one.id}", at=one.bought[place], amount=amount, currency="EUR")


def _rows(people: list[Buyer]) -> Iterator[tuple[str, ...]]:
    for one in people:
        for place, (at, amount) in enumerate(zip(one.bought, one.amounts, strict=True)):
            yield f"{one.id}-{place}", rfc3339(at), f"{amount:.2f}", "EUR", one.id, f"{one.id}@example.org"


def _count(file: Path) -> int:
    with file.open() as stream:
        return sum(1 for _ in stream) - 1


async def _nothing(order: Any) -> None:
    """Nobody forwards commands here."""


def goals(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what is to hold."""
    alive, value, ends = found["alive"], found["value"], found["contracts"]
    rate = found["import_rows_per_s"]
    aims = [
        ("import_rows_per_s", rate, 5_000, "rows/s", True),
        ("import_over_one_by_one", rate / found["import_one_by_one_rows_per_s"], 5, "times", True),
        ("calculation_s", found["calculation_s"], 60, "s", False),
        ("alive_calibration_error", alive["model"]["calibration_error"], 0.03, "", False),
        ("alive_brier_over_half_a_year", alive["model"]["brier"] / alive["half_a_year"]["brier"], 0.9, "", False),
        ("alive_auroc_over_silence", alive["model"]["auroc"] - alive["silence_auroc"], 0.0, "", True),
        (
            "value_error_over_mean_times_frequency",
            value["model"]["mean_absolute_error"] / value["mean_times_frequency"]["mean_absolute_error"],
            0.8,
            "",
            False,
        ),
        ("contracts_calibration_error", ends["model"]["calibration_error"], 0.05, "", False),
        ("contracts_brier_above_truth", ends["model"]["brier"] - ends["truth"]["brier"], 0.01, "", False),
        ("contracts_auroc_below_truth", ends["truth"]["auroc"] - ends["model"]["auroc"], 0.02, "", False),
    ]  # fmt: skip
    return [
        {"name": name, "value": figure, "goal": goal, "unit": unit, "holds": figure >= goal if more else figure <= goal}
        for name, figure, goal, unit, more in aims
    ]


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help=f"{ROWS_QUICK:,} purchases")
    parser.add_argument("--rows", type=int)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    logs.set_up("error", "text")
    found = run(options.rows or (ROWS_QUICK if options.quick else ROWS), options.seed)
    print(json.dumps({"benchmark": "segments", "seed": options.seed, **found, "goals": goals(found)}))


if __name__ == "__main__":
    main()
