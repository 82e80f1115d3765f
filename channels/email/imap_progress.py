"""Which mails of a folder are stored, which to ask for next, and which break their connection."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence

import msgspec

OVERLAP = 500
"""UIDs below the bookmark that are looked at again: servers show some late."""
BATCH = 50
BATCH_BYTES = 4 * 1024 * 1024
TRIES = 8
"""How often a mail may break its connection: over three minutes, so that a server's bad moment isn't blamed on it."""


class Bookmark(msgspec.Struct, frozen=True):
    """How far a mailbox has been read: all mails up to `uid` are stored, as long as UIDVALIDITY stays."""

    uidvalidity: int
    uid: int


class Progress:
    """What is known of one folder between connections."""

    def __init__(self, bookmark: Bookmark | None) -> None:
        """Begin at `bookmark`, or at the folder's first mail."""
        self._bookmark = bookmark or Bookmark(0, 0)
        self._taken: set[int] = set()
        self._order: list[int] = []
        self._head = 0
        self._tries: Counter[int] = Counter()
        self._alone: set[int] = set()

    @property
    def uidvalidity(self) -> int:
        """Return the UIDVALIDITY that all UIDs here belong to."""
        return self._bookmark.uidvalidity

    @property
    def reached(self) -> int:
        """Return the UID of the bookmark."""
        return self._bookmark.uid

    def begin(self, uidvalidity: int) -> None:
        """Start a connection; under a new UIDVALIDITY all UIDs mean other mails, and the folder is read anew."""
        if uidvalidity != self._bookmark.uidvalidity:
            self.__init__(Bookmark(uidvalidity, 0))  # type: ignore[misc]  # nothing known before holds

    def criteria(self) -> tuple[str, ...]:
        """Return what to search for."""
        return ("UID", f"{self._lowest()}:*") if self._bookmark.uid else ("ALL",)

    def fresh(self, found: Sequence[int]) -> list[int]:
        """Return those of `found` (ascending) that aren't stored; "n:*" finds the last mail even below n."""
        lowest = self._lowest()
        self._taken = {uid for uid in self._taken if uid >= lowest}
        self._order = [uid for uid in found if uid >= lowest]
        self._head = 0
        self._advance()
        return [uid for uid in self._order if uid not in self._taken]

    @property
    def highest(self) -> int:
        """Return the highest UID that was found or taken."""
        return max(self._order[-1] if self._order else 0, self._bookmark.uid)

    def also(self, newer: Sequence[int]) -> list[int]:
        """Note mails (ascending) above all that were found, and return them."""
        self._order.extend(newer)
        return list(newer)

    def missing(self, found: Sequence[int], stored: Collection[int]) -> list[int]:
        """Return those of `found` that are neither `stored` nor taken since."""
        return [uid for uid in found if uid not in stored and uid not in self._taken]

    def taken(self, uids: Iterable[int]) -> None:
        """Note that these mails are stored, or gone."""
        for uid in uids:
            self._bookmark = self.bookmark_with((uid,))
            self._taken.add(uid)
            self._tries.pop(uid, None)
            self._alone.discard(uid)
            self._advance()

    def bookmark_with(self, uids: Collection[int]) -> Bookmark:
        """Return the bookmark to store with mails `uids`: no mail below it is missing, none above it was stored."""
        reached, at = self._bookmark.uid, self._head
        while at < len(self._order) and (self._order[at] in uids or self._order[at] in self._taken):
            reached = max(reached, self._order[at])
            at += 1
        return Bookmark(self.uidvalidity, reached)

    def failed(self, batch: Sequence[int]) -> None:
        """Note that asking for `batch` broke the connection; from now on each of it is asked for alone."""
        if len(batch) == 1:
            self._tries[batch[0]] += 1
        self._alone.update(batch)

    def is_hopeless(self, uid: int, *, also_headers: bool = False) -> bool:
        """Tell whether to give up on the mail's body, or even on its headers."""
        return self._tries[uid] >= (2 * TRIES if also_headers else TRIES)

    def batches(self, uids: Sequence[int], sizes: dict[int, int], size_max: int) -> Iterator[list[int]]:
        """Yield what to ask for together; too large mails alone, those that once broke a connection alone and last."""
        batch: list[int] = []
        total = 0
        for uid in uids:
            if uid in self._alone:
                continue
            size = sizes.get(uid, 0)
            if batch and (len(batch) >= BATCH or total + size > BATCH_BYTES or size > size_max):
                yield batch
                batch, total = [], 0
            batch.append(uid)
            total += size if size <= size_max else BATCH_BYTES
        if batch:
            yield batch
        yield from ([uid] for uid in sorted(self._alone.intersection(uids), key=lambda uid: (self._tries[uid], uid)))

    def _advance(self) -> None:
        while self._head < len(self._order) and self._order[self._head] in self._taken:
            self._head += 1

    def _lowest(self) -> int:
        return max(1, self._bookmark.uid - OVERLAP)
