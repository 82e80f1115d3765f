"""Whether somebody is a certain customer, by name, postcode and date of birth as he said, spelled or typed them.

Each is compared with what is written down (likeness.py) and falls into a level; a level's bits are log2(m / u), with m
its share among right pairs and u among wrong ones, as Winkler extends Fellegi and Sunter's model to partial agreement.
The levels were counted on 826 calls of the EVI data (English; speakers whose calls benchmarks/identification.py leaves
out) with all that was heard in three attempts.

Sources: Winkler 1990, String Comparator Metrics and Enhanced Decision Rules in the Fellegi-Sunter Model of Record
Linkage; EVI: Spithourakis et al. 2022, arXiv:2204.13496.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import islice

import msgspec

from customers.dates import birth_dates
from customers.evidence import Evidence, EvidenceKind
from customers.likeness import SOUND_ALIKE, date_likeness, name_likeness, postcode_likeness, postcodes_heard
from vocabulary.records import CustomerRow


class Levels(msgspec.Struct, frozen=True):
    """Bits of the levels of likeness that begin at `bounds`; the first is below all of them."""

    bounds: tuple[float, ...]
    bits: tuple[float, ...]

    def of(self, likeness: float) -> float:
        """Return the bits of the level that `likeness` falls into."""
        return self.bits[bisect_right(self.bounds, likeness)]


NAME = Levels((0.5, 0.6, 0.7, 0.8, 0.9, 0.97), (-5.8, -5.8, -2.9, 0.4, 4.9, 9.5, 11.5))
POSTCODE = Levels((0.45, 0.6, 0.7, 0.8, 0.9, 0.999), (-5.9, -1.9, 2.1, 6.9, 9.4, 9.9, 11.0))
BIRTH_DATE = Levels((0.5, 0.65, 0.75, 0.85, 0.95), (-6.0, -5.3, -2.0, -1.0, 2.6, 11.7))
SAME, SIMILAR = 0.95, 0.0
"""From this likeness on it is called the same; with more bits than this, nearly the same."""

KEYS_MAX = 400
"""So many postcodes are looked for at most."""


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody said of himself: for each, all readings of it, such as a recogniser's alternatives.

    `languages`: the ones that he may have said it in, the likeliest first.
    """

    names: tuple[str, ...] = ()
    postcodes: tuple[str, ...] = ()
    birth_dates: tuple[str, ...] = ()
    languages: tuple[str, ...] = ("en",)


def compared(said: Said, row: CustomerRow, by: str = "message") -> tuple[Evidence, ...]:
    """Return what the three say for or against somebody being customer `row`; what either doesn't tell is left out."""
    found: list[Evidence] = []
    if said.names and row.name:
        found.append(_evidence("name", NAME, name_likeness(said.names, row.name, said.languages), by))
    if said.postcodes and row.postcode:
        alike = postcode_likeness(said.postcodes, row.postcode, said.languages)
        found.append(_evidence("postcode", POSTCODE, alike, by))
    if said.birth_dates and row.birth_date:
        alike = date_likeness(said.birth_dates, row.birth_date, said.languages)
        found.append(_evidence("birth_date", BIRTH_DATE, alike, by))
    return tuple(found)


def _evidence(kind: EvidenceKind, levels: Levels, likeness: float, by: str) -> Evidence:
    bits = levels.of(likeness)
    how = "same" if likeness >= SAME else "similar" if bits > SIMILAR else "differs"
    return Evidence(kind=kind, bits=bits, reason=f"{kind}_{how}", by=by)


def likely_birth_dates(said: Said) -> tuple[str, ...]:
    """Return the dates to look for, as records write them."""
    heard = (each for text in said.birth_dates for each in birth_dates(text, said.languages))
    return tuple(sorted({each.iso for each in heard if each.is_whole}))


def likely_postcodes(said: Said) -> tuple[str, ...]:
    """Return the postcodes to look for: what was heard, then the same with one sign that sounds alike."""
    heard = dict.fromkeys(each.upper() for text in said.postcodes for each in postcodes_heard(text, said.languages))
    near = (each for code in heard for each in _one_sign_off(code))
    return tuple(islice(dict.fromkeys([*heard, *near]), KEYS_MAX))


def _one_sign_off(code: str) -> Iterable[str]:
    for place, sign in enumerate(code.lower()):
        for other in sorted({each for group in SOUND_ALIKE if sign in group for each in group} - {sign}):
            yield f"{code[:place]}{other.upper()}{code[place + 1 :]}"


def bits_of(evidence: Sequence[Evidence]) -> float:
    """Return what evidence adds up to."""
    return sum(each.bits for each in evidence)
