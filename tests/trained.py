"""The model of the examples that come with Centrala: trained once for all test runs that see the same sources."""

import fcntl
import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from importlib.metadata import distributions
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[1]
# What trains, what it knows, and what that imports.
_SOURCES = ("classifiers", "customers", "vocabulary")
_FOLDER = ROOT / ".pytest_cache" / "trained"


class Trained(NamedTuple):
    """The bytes of a model's file, and what the command that made it said."""

    content: bytes
    summary: dict[str, Any]


@cache
def trained() -> Trained:
    """Return what `python -m classifiers.training` makes.

    The same sources make the same model, bit for bit, and that takes a processor a minute: so it is kept, and who asks
    while another run trains waits for its model.
    """
    _FOLDER.mkdir(parents=True, exist_ok=True)
    key = _fingerprint()
    file, told = _FOLDER / f"{key}.npz", _FOLDER / f"{key}.json"
    with (_FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not told.exists():
            for old in (*_FOLDER.glob("*.npz"), *_FOLDER.glob("*.json")):
                old.unlink()
            _train(file, told)
        return Trained(file.read_bytes(), json.loads(told.read_bytes()))


def _train(file: Path, told: Path) -> None:
    command = [sys.executable, "-m", "classifiers.training", "--out", str(file)]
    done = subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
    # It appears whole or not at all: a run may be killed here.
    part = told.with_suffix(".part")
    part.write_bytes(done.stdout)
    part.replace(told)


def _fingerprint() -> str:
    """Return the SHA-256 of all that goes into the model, in hexadecimal."""
    digest = hashlib.sha256()
    for part in _parts():
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()


def _parts() -> Iterator[bytes]:
    yield sys.version.encode()
    for name, version in sorted((each.name, each.version) for each in distributions()):
        yield f"{name} {version}".encode()
    for folder in _SOURCES:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                yield str(path.relative_to(ROOT)).encode()
                yield path.read_bytes()
