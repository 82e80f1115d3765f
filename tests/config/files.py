"""Files to check: a small valid one, and the shipped ones with something changed."""

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from config.faults import Fault
from config.loader import Reading, read_text

SMALL = """\
[queues.support]
target = "20s"

[[rules]]
then = { queue = "support" }
"""


def shipped(name: str) -> str:
    """Return the text of a file that comes with Centrala."""
    return (files("config") / name).read_text("utf-8")


def reading(text: str, environment: Mapping[str, str] | None = None) -> Reading:
    """Return what `text` says, as if it stood beside the shipped files."""
    return read_text(text, Path(str(files("config"))) / "centrala.toml", environment or {})


def faults(text: str, environment: Mapping[str, str] | None = None) -> tuple[Fault, ...]:
    """Return everything that is wrong with `text`."""
    return reading(text, environment).faults


def lines(text: str, environment: Mapping[str, str] | None = None) -> list[str]:
    """Return the faults of `text` as a user sees them, the folder left out."""
    return [str(fault).rpartition("/")[2] for fault in faults(text, environment)]
