"""How long offers rang, as the journal says."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from router.events import OfferAccepted, OfferDeclined, Offered, OfferExpired, OfferWithdrawn
from storage.codec import decode
from vocabulary.records import Entry

_ENTRIES = 'SELECT seq, "at", type, v, body, interaction, agent, queue FROM journal ORDER BY seq'
_ENDS = (OfferAccepted, OfferDeclined, OfferExpired, OfferWithdrawn)


class Pending(NamedTuple):
    """An offer that ended. Instants in seconds of the wall clock."""

    offer: str
    ended_as: str
    offered_at: float
    ended_at: float
    endings: int

    @property
    def rang_s(self) -> float:
        return self.ended_at - self.offered_at


def pending_offers(database: Path) -> list[Pending]:
    """Return all offers that have ended, in the order of their beginnings."""
    began: dict[str, float] = {}
    ended: dict[str, list[tuple[str, float]]] = {}
    with closing(sqlite3.connect(database)) as connection:
        for columns in connection.execute(_ENTRIES):
            event = decode(Entry(*columns))
            if isinstance(event, Offered):
                began[event.offer] = event.at / 1000
            elif isinstance(event, _ENDS):
                ended.setdefault(event.offer, []).append((type(event).__name__, event.at / 1000))
    return [
        Pending(offer, ended[offer][0][0], at, ended[offer][0][1], len(ended[offer]))
        for offer, at in began.items()
        if offer in ended
    ]
