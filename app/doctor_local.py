"""What the doctor looks at on this machine, the store left aside."""

import os
import shutil
import sys
import tempfile
from pathlib import Path

from app.clock import SystemClock
from app.findings import Finding, failed, ok, warning
from app.stores import is_embedded, store_path
from classifiers import artifact
from classifiers.embedding import embedding_of
from config.faults import ConfigurationError
from config.loader import check, load
from config.schema import Settings
from config.secrets import SecretRefused, secret_of
from vocabulary.errors import PermanentFailure
from vocabulary.instants import Instant, instant_of, rfc3339

PYTHON_MIN = (3, 11)
SPACE_MIN, SPACE_WARNING = 100_000_000, 2_000_000_000
"""Bytes free on the disk of the store."""
BUILT_AT: Instant = instant_of("2026-01-01T00:00:00Z")
"""A clock that shows less is wrong: this was written later."""


def python() -> Finding:
    """Look at the interpreter."""
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] < PYTHON_MIN:
        wanted = ".".join(map(str, PYTHON_MIN))
        return failed("Python", version, f"install Python {wanted} or newer, and Centrala in it")
    return ok("Python", f"{version} ({sys.executable})")


def configuration(path: Path) -> tuple[Settings | None, list[Finding]]:
    """Read the configuration; without it there is nothing else to look at."""
    try:
        settings = load(path)
    except ConfigurationError as error:
        first, *rest = error.faults
        more = f" (and {len(rest)} more)" if rest else ""
        remedy = f"centrala config check {path}" if path.exists() else "name it with --config, or: centrala init DIR"
        return None, [failed("configuration", f"{first}{more}", remedy)]
    notes = [warning("configuration", str(fault), "see there") for fault in check(path) if fault.severity == "warning"]
    return settings, [ok("configuration", f"{path}: in order"), *notes]


def of_machine(settings: Settings, folder: Path) -> list[Finding]:
    """Look at secret, folder, disk, clock and model."""
    store = store_path(settings, folder) if is_embedded(settings) else None
    home = store.parent if store is not None else folder
    return [
        _secret(settings.site.secret_file, store),
        _folder(home),
        _space(home),
        _clock(),
        _model(folder / "model.npz", settings.understanding.embedding),
    ]


def _secret(path: Path, store: Path | None) -> Finding:
    if not path.exists():
        if store is not None and not store.exists():
            return ok("secret", f"{path} is made at the first start")
        remedy = "put the one back that the store was made with (from your backup); without it answers are orphaned"
        return failed("secret", f"{path} is missing", remedy)
    try:
        secret_of(path)
    except SecretRefused as refused:
        return failed("secret", refused.found, f"expected: {refused.expected}")
    return ok("secret", f"{path}, for its owner only")


def _folder(folder: Path) -> Finding:
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"x")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        remedy = f"make it, and let it belong to the user that runs Centrala: chown USER {folder}; chmod 700 {folder}"
        return failed("folder", f"{folder} can't be written: {error.strerror or error}", remedy)
    return ok("folder", f"{folder} can be written")


def _space(folder: Path) -> Finding:
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return failed("disk", str(error), "see above")
    found = f"{free / 1e9:,.1f} GB free"
    if free < SPACE_MIN:
        return failed("disk", found, "make room now: a full disk takes no work in (what is there stays readable)")
    if free < SPACE_WARNING:
        return warning("disk", found, "make room: backups and upgrades need as much again as the store has")
    return ok("disk", found)


def _clock() -> Finding:
    now = SystemClock().now()
    if now < BUILT_AT:
        return failed("clock", f"it shows {rfc3339(now)}", "set it, and keep it right: timedatectl set-ntp true")
    return ok("clock", rfc3339(now))


def _model(path: Path, embedding: str | None) -> Finding:
    if not path.exists():
        return ok("model", f"{path} is trained from the shipped examples at the first start")
    try:
        vectors = embedding_of(embedding)
    except PermanentFailure as failure:
        return failed("model", str(failure), "mend [understanding] embedding, or take it out")
    try:
        model = artifact.load(path, vectors)
    except artifact.OtherEmbedding as failure:
        return failed(
            "model", str(failure), "name that one in [understanding], or make a new one: centrala model retrain"
        )
    except artifact.OtherSchema as failure:
        return warning("model", str(failure), "start Centrala: it trains a new one; one of your own is yours to train")
    except PermanentFailure as failure:
        return failed("model", str(failure), "remove it to have one trained at the next start; rules decide until then")
    return ok("model", f"{path}: {len(model.labels)} labels, checksum right")
