"""What `centrala mail inspect` prints of files, whatever their bytes are."""

import asyncio
import os
import sys
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from app.parsing import ParsingChildren, ParsingFailed
from channels.email.inspect import inspect
from channels.email.parse import SIZE_MAX
from channels.email.resolver import SystemResolver
from channels.email.trust_checks import checked_trust
from classifiers.language import language_of
from reports.wording.text import CATALOGUES
from vocabulary.errors import TemporaryFailure


def inspected(files: Iterable[str], *, ids: Collection[str] = (), ask_dns: bool = False) -> Iterator[dict[str, Any]]:
    """Yield the description of the mail in each of `files` ("-": standard input), in their order.

    They are read in a process of its own, within its limits. One that can't be read says so itself.

    Args:
        files: where they are.
        ids: names of the mail servers whose `Authentication-Results` count.
        ask_dns: check their signatures, which asks name servers for the keys.
    """
    with asyncio.Runner() as runner:
        children = ParsingChildren(children=1)
        try:
            for file in files:
                yield runner.run(_inspected(children, file, tuple(ids), ask_dns=ask_dns))
        finally:
            runner.run(children.close())


async def _inspected(children: ParsingChildren, file: str, ids: tuple[str, ...], *, ask_dns: bool) -> dict[str, Any]:
    try:
        raw = _read(file)
        found = await children.inspected(raw, ids)
    except OSError as error:
        return _unread(file, f"unreadable: {error.strerror}")
    except (ParsingFailed, TemporaryFailure) as failure:
        return _unread(file, f"unreadable: {failure}")
    if ask_dns:
        found["trust"] = msgspec.structs.asdict(await checked_trust(raw, None, SystemResolver()))
    signals = found["automatic"]["signals"]
    found["automatic"]["reasons"] = {signal: CATALOGUES["en"].signals[signal] for signal in signals}
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
