"""`python -m tests.simulation`: random days of a whole site, with crashes; exit code 1 if anything was violated."""

import argparse
import gc
import json
import math
import os
import secrets
import sys
import time  # noqa: TID251  # how long it took
import warnings
import zlib
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from typing import Any

import msgspec
import structlog

from tests.simulation import planted, schedule

AHEAD = 4
"""So many days a process are begun before the first of them is waited for: one that is long holds nobody up."""


def main() -> int:
    """Run what the arguments ask for."""
    arguments = _arguments()
    if os.environ.get("PYTHONHASHSEED") != "0":
        # Sets of texts are walked in an order that depends on it.
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**os.environ, "PYTHONHASHSEED": "0"})  # noqa: S606
    seed = secrets.randbelow(10**9) if arguments.seed is None else arguments.seed
    began = time.monotonic()
    with ProcessPoolExecutor(arguments.processes, initializer=_quiet) as processes:
        outcomes = _lived(_days(processes, arguments, seed), arguments)
        found = _planted(processes, arguments, seed) if arguments.planted else []
    result = {
        "seed": seed,
        "schedules": len(outcomes),
        "crashes": sum(len(_crashes(each)) for each in outcomes),
        "power_losses": sum(each.power_losses for each in outcomes),
        "violations": [msgspec.to_builtins(violation) for each in outcomes for violation in each.violations],
        "planted": found,
        "counts": _summed(outcomes),
        "places": _places(outcomes),
        # Of all that happened, instant by instant: the same seeds give the same.
        "trace": zlib.crc32(",".join(str(each.trace) for each in outcomes).encode()),
        "seconds": round(time.monotonic() - began, 1),
    }
    _tell(result, arguments.schedules, as_json=arguments.json)
    missed = [each for each in found if each["found_after"] is None]
    return 1 if result["violations"] or missed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--schedules", type=int, default=100, metavar="N", help="random days to live through")
    parser.add_argument("--minutes", type=float, metavar="M", help="begin no further day after so long")
    parser.add_argument("--seed", type=int, metavar="S", help="the first day; the next ones follow it (default: any)")
    parser.add_argument("--planted", action="store_true", help="also plant each known fault until it is found")
    parser.add_argument("--only", metavar="NAME", help="of the planted faults, those with this in their name")
    parser.add_argument("--within", type=int, default=1000, metavar="N", help="days in which a planted fault is found")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, metavar="N", help="run so many at once")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser.parse_args()


def _quiet() -> None:
    """Make this process ready: no logs, and nothing that will live on is looked through at each tidying up."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    # The coroutines of dead processes complain when they are thrown away.
    sys.unraisablehook = lambda _complaint: None
    warnings.simplefilter("ignore", RuntimeWarning)
    schedule.prepare()
    gc.collect()
    gc.freeze()


def _days(processes: ProcessPoolExecutor, arguments: argparse.Namespace, seed: int) -> Iterator[schedule.Outcome]:
    """Yield the days in their order, however fast each of them passes."""
    until = math.inf if arguments.minutes is None else time.monotonic() + 60 * arguments.minutes
    begun: deque[Future[schedule.Outcome]] = deque()
    for day in range(seed, seed + arguments.schedules):
        begun.append(processes.submit(schedule.run, day))
        if len(begun) > AHEAD * arguments.processes:
            yield begun.popleft().result()
        if time.monotonic() >= until:
            break
    while begun:
        yield begun.popleft().result()


def _lived(outcomes: Iterable[schedule.Outcome], arguments: argparse.Namespace) -> list[schedule.Outcome]:
    """Collect the days; say at once what is wrong with one."""
    lived = []
    for outcome in outcomes:
        lived.append(outcome)
        for each in outcome.violations:
            print(f"seed {each.seed}: {each.invariant}: {each.detail}", file=sys.stderr, flush=True)
        if len(lived) % 100 == 0 and not arguments.json:
            print(f"{len(lived)} of {arguments.schedules}", file=sys.stderr, flush=True)
    return lived


def _planted(processes: ProcessPoolExecutor, arguments: argparse.Namespace, seed: int) -> list[dict[str, Any]]:
    names = [name for name in planted.FAULTS if (arguments.only or "") in name]
    tasks = {name: processes.submit(planted.found_after, name, arguments.within, seed) for name in names}
    return [{"name": name, "found_after": task.result()} for name, task in tasks.items()]


def _crashes(outcome: schedule.Outcome) -> list[str]:
    return [each for each in outcome.crashes if each not in schedule.NO_CRASH]


def _summed(outcomes: Iterable[schedule.Outcome]) -> dict[str, int]:
    summed: dict[str, int] = {}
    for outcome in outcomes:
        for name, count in outcome.counts.items():
            summed[name] = summed.get(name, 0) + count
    return summed


def _places(outcomes: Iterable[schedule.Outcome]) -> dict[str, int]:
    """Return how often it died where."""
    places: dict[str, int] = {}
    for place in _all_crashes(outcomes):
        places[place] = places.get(place, 0) + 1
    return dict(sorted(places.items()))


def _all_crashes(outcomes: Iterable[schedule.Outcome]) -> Iterator[str]:
    for outcome in outcomes:
        for crash in outcome.crashes:
            yield crash.partition(" (")[0] if not crash.startswith("at write") else "at write"


def _tell(result: dict[str, Any], asked: int, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(result, indent=1))
        return
    days = f"{result['schedules']} days of {asked}" if result["schedules"] < asked else f"{asked} days"
    print(f"{days} with {result['crashes']} crashes in {result['seconds']} s, seed {result['seed']}")
    print(f"{len(result['violations'])} violations")
    for each in result["planted"]:
        after = each["found_after"]
        print(f"planted: {each['name']}: {'NOT FOUND' if after is None else f'found after {after}'}")


if __name__ == "__main__":
    sys.exit(main())
