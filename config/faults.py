"""What is wrong with a configuration file: one clear line each, with file, line and key."""

import difflib
import json
import re
from collections.abc import Iterable
from typing import Literal

import msgspec

Severity = Literal["fault", "warning"]
KeyPath = tuple[str | int, ...]
"""Keys and places in lists from the top of the file: ("rules", 0, "then", "queue")."""


_BARE = re.compile("[A-Za-z0-9_-]+")


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong; a `warning` doesn't keep Centrala from starting.

    `path` is written like `queues.billing.offer.chat` or `rules[0].then.queue` (lists count from 0). `found` is how the
    file says it, or a phrase such as "an unknown key". `line` counts from 1.
    """

    file: str
    line: int
    path: str
    found: str
    expected: str
    did_you_mean: str | None = None
    severity: Severity = "fault"

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}: {self.path}: "
        guess = f'; did you mean "{self.did_you_mean}"?' if self.did_you_mean else ""
        note = "warning: " if self.severity == "warning" else ""
        return f"{where}{note}found {self.found}, expected {self.expected}{guess}"


class ConfigurationError(Exception):
    """The file can't be used. `faults` holds everything that is wrong with it, in the order of lines."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, self.faults)))


def path_text(path: KeyPath) -> str:
    """Return `path` as faults show it; keys that TOML would quote are quoted."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            key = step if _BARE.fullmatch(step) else json.dumps(step, ensure_ascii=False)
            text += f".{key}" if text else key
    return text or "(file)"


def found_text(value: object) -> str:
    """Return `value` about as the file writes it, cut to a readable length."""
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, str | bool) else str(value)
    return text if len(text) <= 60 else f"{text[:56]}..."


def closest(word: str, known: Iterable[str]) -> str | None:
    """Return the name in `known` that `word` is most likely a slip of, or None if nothing is near."""
    names = sorted(set(known) - {word})
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.6) or difflib.get_close_matches(
        word.casefold(), names, n=1, cutoff=0.6
    )
    if near:
        return near[0]
    # Names of two or three letters fall below the ratio with one changed or two swapped ("di" or "it" for "id").
    return next((name for name in names if len(name) <= 3 and _is_slip(word.casefold(), name)), None)


def _is_slip(word: str, name: str) -> bool:
    different = sum(one != other for one, other in zip(word, name, strict=False))
    return len(word) == len(name) and (different == 1 or sorted(word) == sorted(name))


def choices(names: Iterable[str], conjunction: str = "or") -> str:
    """Return `names` as a phrase: "a", "b" or "c"."""
    quoted = [json.dumps(name, ensure_ascii=False) for name in names]
    return f" {conjunction} ".join([", ".join(quoted[:-1]), quoted[-1]]) if len(quoted) > 1 else "".join(quoted)
