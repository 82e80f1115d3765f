"""What `centrala mail inspect` prints of files, whatever their bytes are."""

import asyncio
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from app.parsing import ParsingChildren, ParsingFailed
from channels.email.inspect import inspect
from channels.email.parse import SIZE_MAX
from classifiers.language import language_of


def inspected(files: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Yield the description of the mail in each of `files` ("-": standard input), in their order.

    They are read in a process of its own, within its limits. One that can't be read says so itself.
    """
    with asyncio.Runner() as runner:
        children = ParsingChildren(children=1)
        try:
            for file in files:
                yield runner.run(_inspected(children, file))
        finally:
            runner.run(children.close())


async def _inspected(children: ParsingChildren, file: str) -> dict[str, Any]:
    try:
        found = await children.inspected(_read(file))
    except OSError as error:
        return _unread(file, f"unreadable: {error.strerror}")
    except ParsingFailed as failure:
        return _unread(file, f"unreadable: {failure}")
    return {**found, "file": _named(file), "language": language_of(str(found["reply_text"] or found["subject"] or ""))}


def _unread(file: str, defect: str) -> dict[str, Any]:
    return {**inspect(b"", file=_named(file)), "defects": [defect]}


def _read(file: str) -> bytes:
    """Return at most one byte more than a mail may have: the parser then says that it is too large."""
    if file == "-":
        return sys.stdin.buffer.read(SIZE_MAX + 1)
    with Path(file).open("rb") as stream:
        return stream.read(SIZE_MAX + 1)


def _named(file: str) -> str:
    """Return the name as UTF-8 can hold it; names of files are bytes."""
    return os.fsencode(file).decode("utf-8", "replace")
