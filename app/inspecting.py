"""What `centrala mail inspect` prints of one file, whatever its bytes are."""

import asyncio
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

import msgspec

from channels.email.inspect import inspect
from channels.email.resolver import SystemResolver
from channels.email.trust_checks import checked_trust
from classifiers.language import language_of
from reports.wording.text import CATALOGUES

SIZE_MAX = 25 * 1024 * 1024


def inspected(file: str, *, ids: Collection[str] = (), ask_dns: bool = False) -> dict[str, object]:
    """Return the description of the mail in `file` ("-": standard input); one that can't be read says so itself.

    Args:
        file: where it is.
        ids: names of the mail servers whose `Authentication-Results` count.
        ask_dns: check its signatures, which asks name servers for their keys.
    """
    try:
        raw = _read(file)
    except OSError as error:
        return {**inspect(b"", file=file), "defects": [f"unreadable: {error.strerror}"]}
    found = inspect(raw, file=file, ids=ids)
    if ask_dns:
        found["trust"] = msgspec.structs.asdict(asyncio.run(checked_trust(raw, None, SystemResolver())))
    automatic = msgspec.convert(found["automatic"], dict[str, Any])
    automatic["reasons"] = {signal: CATALOGUES["en"].signals[signal] for signal in automatic["signals"]}
    found["automatic"] = automatic
    return {**found, "language": language_of(str(found["reply_text"] or found["subject"] or ""))}


def _read(file: str) -> bytes:
    """Return at most one byte more than a mail may have: the parser then says that it is too large."""
    if file == "-":
        return sys.stdin.buffer.read(SIZE_MAX + 1)
    with Path(file).open("rb") as stream:
        return stream.read(SIZE_MAX + 1)
