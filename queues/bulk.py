"""One answer for many: what an avalanche is, whom an answer is for, and how it goes on by itself while it lasts.

Values only; `router/bulk.py` decides (semantics.md section 2, `waiting --answered in bulk--> answered_by_bot`).
"""

import msgspec

from vocabulary.ids import QueueName
from vocabulary.instants import Instant, Span


class Avalanche(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """Arrivals of one label exceed their forecast, of all of the site or (`queue`) of one queue.

    `arrivals` came within `window` ms before `since`, where `expected` were.
    """

    label: str
    since: Instant
    arrivals: int
    expected: float
    window: Span
    queue: QueueName | None = None


class Bulk(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """An answer for many, without its words: those are in the records.

    `languages` in which there are words; who speaks none of them gets those of `fallback`, if that is one of them, only
    where his language isn't known. With a `label`, it is for what is most surely about that, with at least
    `confidence` (0-1). Customers of the segments `leave_out` don't get it.
    """

    id: str
    languages: tuple[str, ...]
    label: str = ""
    fallback: str = ""
    confidence: float = 0.0
    leave_out: tuple[str, ...] = ()

    def words_for(self, language: str | None) -> str | None:
        """Return the language of the words that a customer gets who speaks `language`; None: there are none."""
        if language is None:
            return self.fallback if self.fallback in self.languages else None
        return language if language in self.languages else None


class Automation(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """What comes in gets the answer by itself, until `until`, `most` times at most, and, with `lasts`, only while the
    avalanche lasts. `answered`: how often it has been given.
    """

    bulk: Bulk
    until: Instant
    most: int
    by: str
    lasts: bool = False
    answered: int = 0


def key_of(label: str, queue: QueueName | None) -> str:
    """Return what an avalanche is kept under."""
    return f"{queue or ''}/{label}"
