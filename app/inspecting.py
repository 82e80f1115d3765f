"""What `centrala mail inspect` prints of one file, whatever its bytes are."""

import sys
from pathlib import Path

from channels.email.inspect import inspect
from classifiers.language import language_of

SIZE_MAX = 25 * 1024 * 1024


def inspected(file: str) -> dict[str, object]:
    """Return the description of the mail in `file` ("-": standard input); one that can't be read says so itself."""
    try:
        raw = _read(file)
    except OSError as error:
        return {**inspect(b"", file=file), "defects": [f"unreadable: {error.strerror}"]}
    found = inspect(raw, file=file)
    return {**found, "language": language_of(str(found["reply_text"] or found["subject"] or ""))}


def _read(file: str) -> bytes:
    """Return at most one byte more than a mail may have: the parser then says that it is too large."""
    if file == "-":
        return sys.stdin.buffer.read(SIZE_MAX + 1)
    with Path(file).open("rb") as stream:
        return stream.read(SIZE_MAX + 1)
