"""Fuzzing that is guided by the code it reaches: `python -m tests.fuzz.guided FOLDER -runs=N`.

Needs `pip install atheris` (https://github.com/google/atheris), which nothing else here does. FOLDER collects the mails
that reach new code; it begins with some of the grammar's. Options are libFuzzer's. What breaks is written to a file.
It looks at what comes before contents are read: parts, headers, addresses, parameters, ids, signals of machines. With
`--whole` it reads all of a mail, at a tenth of the speed.
"""

import sys
from pathlib import Path
from random import Random  # noqa: TID251  # with its seed

import atheris  # type: ignore[import-not-found,import-untyped,unused-ignore]  # only whoever runs this has it

with atheris.instrument_imports(include=["channels.email"]):
    from tests.fuzz.reading import read, read_head

from tests.fuzz.grammar import mail

FIRST = 300
LENGTH_MAX = 2_048


def whole(raw: bytes) -> None:
    """Read all of it."""
    read(raw, thorough=False)


def main() -> None:
    target = whole if "--whole" in sys.argv else read_head
    arguments = [argument for argument in sys.argv if argument != "--whole"]
    folder = next(argument for argument in arguments[1:] if not argument.startswith("-"))
    Path(folder).mkdir(parents=True, exist_ok=True)
    for seed in range(FIRST):
        raw = mail(Random(seed))  # noqa: S311  # no secret
        if len(raw) <= LENGTH_MAX:
            (Path(folder) / f"grammar-{seed}").write_bytes(raw)
    atheris.Setup([*arguments, f"-max_len={LENGTH_MAX}", "-timeout=20"], target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
