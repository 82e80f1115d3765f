"""Mails of files, folders and mailbox files, brought to a running site."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from app.remote import RefusedBySite, Remote
from vocabulary.errors import TemporaryFailure

AT_ONCE = 8
TRIES = 5
_OF_THE_MAIL = {400, 413, 422}
_MAILDIR = {"cur", "new"}
"""In these folders of a Maildir every file is a mail."""

Say = Callable[[str], None]


class Counts(msgspec.Struct):
    """What became of the mails: `new` ones, those `known` already, in quarantine, not yet understood, not taken."""

    mails: int = 0
    new: int = 0
    known: int = 0
    quarantined: int = 0
    waiting: int = 0
    failed: int = 0
    skipped_files: int = 0


class Mail(msgspec.Struct, frozen=True):
    """A mail, and what to call it."""

    name: str
    raw: bytes


class Import:
    """One run. Made again it takes up where it was: what is known costs a look."""

    def __init__(self, site: Remote, path: str, say: Say) -> None:
        """Take the site, the address that takes mails with its query, and who hears of what went wrong."""
        self._site = site
        self._path = path
        self._say = say
        self.counts = Counts()

    async def run(self, places: Sequence[Path]) -> None:
        """Bring every mail of `places`, several at once; one that fails is told, and the others go on.

        Raises:
            RefusedBySite: it refuses whatever is sent: no such channel, not allowed.
            TemporaryFailure: it can't be reached any more.
        """
        mails = self._found(places)
        turn = asyncio.Lock()

        async def work() -> None:
            while True:
                async with turn:
                    mail = await asyncio.to_thread(next, mails, None)
                if mail is None:
                    return
                self.counts.mails += 1
                await self._bring(mail)

        workers = [asyncio.ensure_future(work()) for _ in range(AT_ONCE)]
        try:
            await asyncio.gather(*workers)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)

    async def _bring(self, mail: Mail) -> None:
        try:
            answer = await self._answered(mail.raw)
        except RefusedBySite as refusal:
            if refusal.status not in _OF_THE_MAIL:
                raise
            self.counts.failed += 1
            self._say(f"{mail.name}: {refusal}")
            return
        if answer["state"] == "quarantined":
            self.counts.quarantined += 1
            self._say(f"{mail.name}: kept in the quarantine as {answer['id']}: {answer['error']}")
        elif answer["known"]:
            self.counts.known += 1
        elif answer["state"] == "received":
            self.counts.waiting += 1
        else:
            self.counts.new += 1

    async def _answered(self, raw: bytes) -> dict[str, str]:
        for attempt in range(TRIES):
            try:
                answer: dict[str, str] = await self._site.post_bytes(self._path, raw, "message/rfc822")
            except TemporaryFailure:
                if attempt == TRIES - 1:
                    raise
                await self._site.pause(2**attempt)
            else:
                return answer
        raise AssertionError("the last try returns or raises")

    # -- files

    def _found(self, places: Sequence[Path]) -> Iterator[Mail]:
        """Yield the mails one by one, so that a large mailbox file is never in memory."""
        for place in places:
            if place.is_dir():
                for file in sorted(each for each in place.rglob("*") if each.is_file()):
                    if file.suffix.lower() in (".eml", ".mbox") or file.parent.name in _MAILDIR:
                        yield from self._in_file(file)
                    else:
                        self.counts.skipped_files += 1
            else:
                yield from self._in_file(place)

    def _in_file(self, file: Path) -> Iterator[Mail]:
        try:
            with file.open("rb") as stream:
                is_mbox = stream.read(5) == b"From "
            if is_mbox:
                yield from _in_mbox(file)
            else:
                yield Mail(str(file), file.read_bytes())
        except OSError as error:
            self.counts.failed += 1
            self._say(f"{file}: {error.strerror}")


def _in_mbox(file: Path) -> Iterator[Mail]:
    """Yield the mails of a mailbox file; a line "From " behind an empty one begins the next (RFC 4155)."""
    lines: list[bytes] = []
    number = 0
    blank = True
    with file.open("rb") as stream:
        for line in stream:
            if blank and line.startswith(b"From "):
                if number:
                    yield Mail(f"{file}, mail {number}", _unquoted(lines))
                number, lines = number + 1, []
            else:
                lines.append(line)
            blank = not line.strip(b"\r\n")
    if number:
        yield Mail(f"{file}, mail {number}", _unquoted(lines))


def _unquoted(lines: list[bytes]) -> bytes:
    """Return the mail without the empty line that separates it from the next, and ">From " as it was written."""
    if lines and not lines[-1].strip(b"\r\n"):
        lines = lines[:-1]
    return b"".join(line[1:] if line.lstrip(b">").startswith(b"From ") and line[:1] == b">" else line for line in lines)
