"""A mailbox reader under test: what it handed over, and how long it would have waited."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from channels.email.account import Account
from channels.email.imap import Fetched, ImapMailbox, ImapTimings
from channels.email.imap_progress import Bookmark
from tests.channels.email.mails import NOW
from vocabulary.errors import TemporaryFailure

QUICK = ImapTimings(command_s=0.3, alive_s=0.3, idle_s=5)


class Records:
    """Takes mails and their bookmarks, or fails as it is told."""

    def __init__(self) -> None:
        self.taken: list[Fetched] = []
        self.sets: list[int] = []
        self.stored: dict[int, set[int]] = {}
        self.faults: dict[int, list[Exception]] = {}
        self.pauses: list[float] = []
        self._changed = asyncio.Condition()

    async def deliver(self, mails: Sequence[Fetched]) -> None:
        """Take mails, all or none; `faults` of a mail hold as long as it comes alone."""
        for mail in mails:
            if len(mails) > 1 and self.faults.get(mail.uid):
                fault = self.faults[mail.uid][0]
                raise fault if not isinstance(fault, TemporaryFailure) else self.faults[mail.uid].pop(0)
            if self.faults.get(mail.uid):
                raise self.faults[mail.uid].pop(0)
        async with self._changed:
            self.taken.extend(mails)
            self.sets.append(len(mails))
            self._changed.notify_all()

    async def known(self, uidvalidity: int, from_uid: int) -> frozenset[int]:
        """Return what was taken, and what was `stored` before."""
        stored = {mail.uid for mail in self.taken if mail.uidvalidity == uidvalidity}
        return frozenset(uid for uid in stored | self.stored.get(uidvalidity, set()) if uid >= from_uid)

    async def pause(self, seconds: float) -> None:
        """Note the wait and give others a turn."""
        async with self._changed:
            self.pauses.append(seconds)
            self._changed.notify_all()

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Wait until something that was handed over makes `is_so` true."""
        async with asyncio.timeout(20), self._changed:
            await self._changed.wait_for(is_so)

    async def until_uids(self, *uids: int) -> None:
        await self.until(lambda: set(uids) <= {mail.uid for mail in self.taken})

    @property
    def uids(self) -> list[int]:
        return [mail.uid for mail in self.taken]


@asynccontextmanager
async def reading(port: int, records: Records, **changes: object) -> AsyncIterator[ImapMailbox]:
    """Read the mailbox at `port` while the block lasts."""
    settings: dict[str, object] = {
        "host": "127.0.0.1",
        "port": port,
        "account": Account("support", "secret"),
        "tls": "none",
        "bookmark": None,
        "deliver": records.deliver,
        "known": records.known,
        "now": lambda: NOW,
        "pause": records.pause,
        "timings": QUICK,
        **changes,
    }
    mailbox = ImapMailbox(**settings)  # type: ignore[arg-type]  # what a test changes is its own to type
    task = asyncio.ensure_future(mailbox.run())
    try:
        yield mailbox
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def at(uid: int, uidvalidity: int = 1) -> Bookmark:
    return Bookmark(uidvalidity, uid)
