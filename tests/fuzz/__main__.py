"""`python -m tests.fuzz --runs N`: reads mails of the grammar, each of a seed that repeats it, and tells what broke."""

import argparse
import json
import sys
import time  # noqa: TID251  # tells how long it took
import traceback
from base64 import b64encode
from random import Random  # noqa: TID251  # with its seed

import msgspec

from tests.fuzz.grammar import mail
from tests.fuzz.reading import read, read_head

FAILURES_MAX = 20


class Outcome(msgspec.Struct):
    """What a run found."""

    seed: int
    runs: int = 0
    bytes: int = 0
    seconds: float = 0.0
    slowest_s: float = 0.0
    slowest_seed: int = 0
    defects: dict[str, int] = {}
    marks: dict[str, int] = {}
    failures: list[dict[str, object]] = []


def long_run(*, seed: int, runs: int, head: bool = False) -> Outcome:
    """Read the mails of the seeds from `seed` on, until too many fail; of each only its `head` perhaps."""
    outcome = Outcome(seed=seed)
    begun = time.perf_counter()
    for each in range(seed, seed + runs):
        raw = mail(Random(each))  # noqa: S311  # no secret
        outcome.runs += 1
        outcome.bytes += len(raw)
        before = time.process_time()
        try:
            if head:
                read_head(raw)
                continue
            message = read(raw, thorough=each % 8 == 0)
        except Exception:  # noqa: BLE001  # that is what it looks for
            outcome.failures.append(
                {"seed": each, "error": traceback.format_exc(limit=-3), "mail": b64encode(raw).decode()}
            )
            if len(outcome.failures) >= FAILURES_MAX:
                break
            continue
        took = time.process_time() - before
        if took > outcome.slowest_s:
            outcome.slowest_s, outcome.slowest_seed = took, each
        for found, counts in ((message.defects, outcome.defects), (message.marks, outcome.marks)):
            for name in found:
                counts[name] = counts.get(name, 0) + 1
    outcome.seconds = time.perf_counter() - begun
    return outcome


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000, metavar="N", help="so many mails (default: 10,000)")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="the first one; the next ones follow it")
    parser.add_argument("--head", action="store_true", help="read only what comes before contents, three times as fast")
    arguments = parser.parse_args()
    outcome = long_run(seed=arguments.seed, runs=arguments.runs, head=arguments.head)
    sys.stdout.write(json.dumps(msgspec.to_builtins(outcome), indent=1) + "\n")
    return 1 if outcome.failures else 0


if __name__ == "__main__":
    sys.exit(main())
