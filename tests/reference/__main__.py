"""`python -m tests.reference --operations 1000000 --seed 1`: the core against the reference model, on random houses."""

import argparse
import json
import sys
import time  # noqa: TID251 - prints how fast it was

from tests.reference.planted import FAULTS, HOUSE, found_after
from tests.reference.sides import run, shrunk, told


def main() -> int:
    """Run, print what was done, and a shrunk counter-example if there is one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--operations", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--house", help="one house of an earlier run, as it was printed: 7/123")
    parser.add_argument("--planted", action="store_true", help="tell after how many each planted fault is found")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    if asked.planted:
        after = {name: found_after(name, asked.operations, str(asked.seed)) for name in FAULTS}
        print(json.dumps(after, indent=None if asked.json else 2))  # noqa: T201
        return int(None in after.values())
    started, done, number = time.perf_counter(), 0, 0
    while done < asked.operations:
        seed = asked.house or f"{asked.seed}/{number}"
        result = run(seed, HOUSE)
        done += len(result.steps)
        number += 1
        if result.found:
            steps, found = shrunk(result.policy, result.steps)
            print(f"House {seed}: differs after {len(result.steps)} commands, {len(steps)} of them are enough:")  # noqa: T201
            print(told(result.policy, steps, found))  # noqa: T201
            return 1
        if asked.house:
            break
    seconds = time.perf_counter() - started
    figures = {
        "operations": done,
        "houses": number,
        "seed": asked.seed,
        "seconds": round(seconds, 1),
        "operations_per_s": round(done / seconds),
    }
    print(json.dumps(figures) if asked.json else f"The same decisions: {figures}")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
