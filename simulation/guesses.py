"""What a journal can't tell, drawn from what it tells: how long a customer would have waited, how long he would take.

Whoever was answered has shown only that he was patient for so long. How patient such customers are all in all is known
from those who left, among all who still waited then (Kaplan & Meier 1958, doi:10.1080/01621459.1958.10501452); each
answered one gets a patience from that curve beyond his own wait. Where the curve ends above 0, the rest never leave.
Whoever was not answered gets the contact of somebody who was, in the same queue and medium.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable

from simulation.laws import substream
from simulation.past import Contact, Work
from vocabulary.instants import Span

_Kind = tuple[str, str]


class Guesses:
    """Draws by the id of the work and the seed, so that two replays guess alike. `contacts` counts drawn contacts."""

    def __init__(self, works: Iterable[Work], seed: int) -> None:
        self._seed = seed
        self._patience: dict[_Kind, _Curve] = {}
        self._contacts: dict[_Kind, list[Contact]] = {}
        seen: dict[_Kind, list[tuple[Span, bool]]] = {}
        for work in works:
            kind = _kind(work)
            if work.left is not None:
                seen.setdefault(kind, []).append((work.left, True))
            elif work.waited is not None or work.closed is not None:
                seen.setdefault(kind, []).append((work.waited or work.closed or 0, False))
            self._contacts.setdefault(kind, []).extend(contact for contact in work.contacts if contact.whole)
        self._patience = {kind: _Curve(waits) for kind, waits in seen.items()}
        self._all = [contact for several in self._contacts.values() for contact in several]

    def patience(self, work: Work) -> Span | None:
        """Return how long the customer would wait, or None if he never leaves."""
        if work.left is not None:
            return work.left
        curve = self._patience.get(_kind(work))
        if curve is None:
            return None
        return curve.beyond(work.waited or work.closed or 0, substream(self._seed, work.id, "patience").random())

    def contact(self, work: Work, number: int) -> tuple[Contact, bool]:
        """Return the customer's contact `number` (from 0), and whether it is a guess."""
        if number < len(work.contacts) and work.contacts[number].whole:
            return work.contacts[number], False
        drawn = self._drawn(work, number)
        if number < len(work.contacts):
            # It was still going on when the journal ended, so it is at least that long.
            begun = work.contacts[number]
            return Contact(talk=max(begun.talk, drawn.talk), wrap_up=drawn.wrap_up), True
        return drawn, True

    def _drawn(self, work: Work, number: int) -> Contact:
        known = self._contacts.get(_kind(work)) or self._all
        if not known:
            return Contact()
        chosen = substream(self._seed, work.id, "contact", number).choice(known)
        return Contact(talk=chosen.talk, wrap_up=chosen.wrap_up, disposition=chosen.disposition)


def _kind(work: Work) -> _Kind:
    return work.enqueued.queue, work.admitted.medium


class _Curve:
    """The share of customers who are still patient after a wait, falling where somebody left."""

    def __init__(self, waits: list[tuple[Span, bool]]) -> None:
        ascending = sorted(waits, key=lambda wait: (wait[0], not wait[1]))
        self._at: list[Span] = []
        self._patient: list[float] = []
        patient = 1.0
        for place, (wait, left) in enumerate(ascending):
            if left:
                patient *= 1 - 1 / (len(ascending) - place)
                self._at.append(wait)
                self._patient.append(patient)

    def beyond(self, waited: Span, chance: float) -> Span | None:
        """Return a patience above `waited` for a `chance` from 0 to 1; None if it has no end."""
        known = bisect_right(self._at, waited)
        still = self._patient[known - 1] if known else 1.0
        # The curve falls: its mirror image ascends.
        place = bisect_left(self._patient, -still * chance, key=lambda share: -share)
        return self._at[max(place, known)] if max(place, known) < len(self._at) else None
