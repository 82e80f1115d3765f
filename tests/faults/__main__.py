"""`python -m tests.faults`: real faults against real processes; exit code 1 if anything that must hold did not."""

import argparse
import asyncio
import json
import os
import secrets
import sys
import time  # noqa: TID251  # how long it took
from typing import Any

import msgspec
import structlog

from tests.faults import clock_rows, disk_rows, kill_rows, offer_rows, process_rows
from tests.faults.kills import Kills, run, summary
from tests.faults.table import ROWS, Result, Row, machine, tried_all

MODULES = (process_rows, kill_rows, disk_rows, clock_rows, offer_rows)
"""Whose rows are entered by importing them."""
KILLS = 200


def main() -> int:
    """Run what the arguments ask for."""
    arguments = _arguments()
    seed = secrets.randbelow(10**9) if arguments.seed is None else arguments.seed
    # Parts of the product run in this process too, and the table is all that is to be read.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    began = time.monotonic()
    results = asyncio.run(
        tried_all(_chosen(arguments), quick=arguments.quick, seed=seed, told=_progress, times_max=arguments.times)
    )
    kills = asyncio.run(run(arguments.kills, seed, told=_kills_progress(arguments.kills))) if arguments.kills else None
    result = {
        "seed": seed,
        "machine": machine(),
        "rows": [msgspec.to_builtins(each) for each in results],
        "kills": None if kills is None else summary(kills),
        "seconds": round(time.monotonic() - began, 1),
    }
    print(json.dumps(result, indent=2) if arguments.json else _readable(result))
    failed = any(each.passed is False for each in results)
    return 1 if failed or (kills is not None and kills.violations) else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--rows", metavar="F-23,F-25", help="only these rows; none: no row, only the kills")
    parser.add_argument("--kills", type=int, default=None, metavar="N", help=f"kills at all places (default: {KILLS})")
    parser.add_argument("--times", type=int, metavar="N", help="try nothing in a row more often than this")
    parser.add_argument("--seed", type=int, metavar="S", help="repeat what depends on chance (default: any)")
    parser.add_argument("--quick", action="store_true", help="the rows of every test run, on a smaller scale")
    arguments = parser.parse_args()
    if arguments.kills is None:
        arguments.kills = 0 if arguments.rows not in (None, "none") else 40 if arguments.quick else KILLS
    return arguments


def _chosen(arguments: argparse.Namespace) -> list[Row]:
    if arguments.rows == "none":
        return []
    if arguments.rows:
        unknown = set(names := arguments.rows.split(",")) - set(ROWS)
        if unknown:
            sys.exit(f"--rows: there is no row {', '.join(sorted(unknown))}; rows: {', '.join(ROWS)}")
        return [ROWS[name] for name in names]
    return [each for each in sorted(ROWS.values(), key=_place) if each.quick or not arguments.quick]


def _place(row: Row) -> tuple[str, int]:
    """Return by what rows are ordered: F-05 comes before F-12, F-12 before F-115."""
    kind, _, number = row.id.partition(" ")[0].partition("-")
    return kind, int(number)


def _progress(result: Result) -> None:
    print(f"{_verdict(result.passed):7} {result.id:10} {result.seconds:6.1f} s  {result.detail}", file=sys.stderr)


def _kills_progress(wanted: int) -> Any:
    began = time.monotonic()

    def told(total: Kills) -> None:
        pace = total.kills / max(0.001, time.monotonic() - began)
        found = f", {len(total.violations)} violations" if total.violations else ""
        print(f"{total.kills} of {wanted} kills, {pace:.1f} a second{found}", file=sys.stderr, flush=True)

    return told


def _verdict(passed: bool | None) -> str:
    return "skipped" if passed is None else "passed" if passed else "FAILED"


def _readable(result: dict[str, Any]) -> str:
    lines = []
    for each in result["rows"]:
        lines.append(f"{_verdict(each['passed']):7} {each['id']:10} {each['fault']}")
        lines.append(f"{'':18} {each['expected']}{': ' + each['detail'] if each['detail'] else ''}")
        if each["figures"]:
            lines.append(f"{'':18} {json.dumps(each['figures'])}")
    if result["kills"] is not None:
        lines.append(json.dumps(result["kills"], indent=2))
    lines.append(f"{result['seconds']} s on {os.cpu_count()} cores, seed {result['seed']}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
