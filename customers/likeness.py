"""How alike what was heard or typed is to what is written down, from 0 to 1; signs that sound alike differ less."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import combinations

from customers.dates import Reading, birth_dates, digits_of
from customers.folding import words
from customers.spelling import spelled
from customers.traits import plain_code

SOUND_ALIKE = (
    "bcdegptvz3", "mn", "fsx6", "ahjk8", "iy59r", "qu2", "0ol", "17lir", "wv", "4fr", "szx", "ckq", "td", "vf5b",
)  # fmt: skip
"""Signs whose names are mistaken for each other when they are said, or that look alike when they are read."""
_ALIKE = {pair: 0.45 for group in SOUND_ALIKE for pair in combinations(sorted(set(group)), 2)} | {
    ("0", "o"): 0.05, ("1", "i"): 0.15, ("1", "l"): 0.15, ("2", "z"): 0.4, ("5", "s"): 0.4, ("8", "b"): 0.45,
}  # fmt: skip
_GAP = 0.8


@lru_cache(maxsize=50_000)
def distance(one: str, other: str) -> float:
    """Return the least cost of turning one text into the other; a sign that is none like it costs 1, a gap 0.8.

    Two signs that change places cost 0.9 together: a slip of the fingers.
    """
    before: list[float] = []
    row = [place * _GAP for place in range(len(other) + 1)]
    for i, sign in enumerate(one, 1):
        row, previous, older = [i * _GAP], row, before
        for j, meant in enumerate(other, 1):
            same = previous[j - 1] + (0 if sign == meant else _ALIKE.get((min(sign, meant), max(sign, meant)), 1))
            best = min(same, previous[j] + _GAP, row[j - 1] + _GAP)
            if i > 1 and j > 1 and sign == other[j - 2] and one[i - 2] == meant and sign != meant:
                best = min(best, older[j - 2] + 0.9)
            row.append(best)
        before = previous
    return row[-1]


def likeness(said: str, written: str) -> float:
    """Return how alike two texts of signs are."""
    longest = max(len(said), len(written))
    return 1.0 if not longest else max(0.0, 1 - distance(said, written) / longest)


def postcode_likeness(heard: Iterable[str], written: str, languages: Sequence[str] = ("en",)) -> float:
    """Return how alike the most fitting of what was heard is to a postcode, in whichever of the languages."""
    target = plain_code(written).lower()
    if not target:
        return 0.0
    readings = (each for text in heard for each in postcodes_heard(text, tuple(languages)))
    return max((likeness(each, target) for each in readings), default=0.0)


@lru_cache(maxsize=20_000)
def postcodes_heard(text: str, languages: tuple[str, ...] = ("en",)) -> tuple[str, ...]:
    """Return the letters and digits that `text` may spell: as words of each language, and as they stand."""
    readings = dict.fromkeys([*(spelled(text, language) for language in languages), "".join(words(text))])
    return tuple(each for each in readings if 0 < len(each) <= 14)


def name_likeness(heard: Iterable[str], written: str, languages: Sequence[str] = ("en",)) -> float:
    """Return how alike the most fitting of what was heard is to a name: said, spelled, or only a part of it.

    The parts of a name may come in any order. One part alone that fits gives at most 0.75, as others share it.
    """
    parts = tuple(words(written))
    return max((_name_likeness(text, parts, tuple(languages)) for text in heard), default=0.0) if parts else 0.0


PART_MAX = 0.75


@lru_cache(maxsize=50_000)
def _name_likeness(text: str, parts: tuple[str, ...], languages: tuple[str, ...]) -> float:
    said = words(text)
    if not said:
        return 0.0
    whole = "".join(parts)
    spellings = dict.fromkeys(spelled(text, language) for language in languages)
    best = max([likeness("".join(said), whole), *(likeness(each, whole) for each in spellings if len(each) > 3)])
    by_part = [max(word_likeness(word, part) for word in said) for part in parts]
    spelled_part = max((likeness(each, part) for each in spellings for part in parts if len(part) > 2), default=0.0)
    together = sum(by_part) / len(by_part) if min(by_part) >= 0.4 else 0.0
    part = PART_MAX * max(*by_part, spelled_part)
    return max(best, together, part)


@lru_cache(maxsize=100_000)
def word_likeness(said: str, written: str) -> float:
    """Return how alike two words are, by their letters or by their sound."""
    by_letters = likeness(said, written)
    by_sound = likeness(sound(said), sound(written))
    return max(by_letters, 0.95 * by_sound if by_sound == 1 else 0.85 * by_sound)


_SOUNDS = (
    ("ph", "f"), ("ough", "o"), ("augh", "o"), ("igh", "i"), ("gh", "g"), ("ck", "k"), ("sch", "s"), ("sh", "s"),
    ("sz", "s"), ("zs", "z"), ("cz", "c"), ("ch", "c"), ("ts", "c"), ("tz", "c"), ("zh", "z"), ("rz", "z"),
    ("kh", "h"), ("th", "t"), ("wr", "r"), ("kn", "n"), ("mb", "m"), ("ey", "i"), ("ie", "i"), ("ee", "i"),
    ("ea", "i"), ("ay", "a"), ("ai", "a"), ("ei", "i"), ("oo", "u"), ("ou", "u"), ("ow", "o"), ("ks", "x"),
    ("q", "k"), ("w", "v"), ("j", "y"), ("y", "i"), ("c", "k"),
)  # fmt: skip


@lru_cache(maxsize=100_000)
def sound(word: str) -> str:
    """Return a rough key of how a folded word sounds in the languages of the house; double letters are one.

    >>> sound("philip") == sound("fillip"), sound("kowalsky") == sound("kowalski")
    (True, True)
    """
    for written, said in _SOUNDS:
        word = word.replace(written, said)
    kept = [sign for place, sign in enumerate(word) if place == 0 or sign != word[place - 1]]
    joined = "".join(kept)
    return joined[:-1] if len(joined) > 3 and joined.endswith("e") else joined


def date_likeness(heard: Iterable[str], written: str, languages: Sequence[str] = ("en",)) -> float:
    """Return how alike the most fitting of what was heard is to the date `written`, as `1982-05-03`."""
    year, month, day = (int(part) for part in written.split("-"))
    target = Reading(year, month, day)
    return max((_date_likeness(text, target, tuple(languages)) for text in heard), default=0.0)


@lru_cache(maxsize=100_000)
def _date_likeness(text: str, target: Reading, languages: tuple[str, ...]) -> float:
    understood = max((_same_parts(each, target) for each in birth_dates(text, languages)), default=0.0)
    written = f"{target.day:02d}{target.month:02d}{target.year}"
    digits = max(likeness(digits_of(text, language), written) for language in languages)
    return max(understood, 0.9 * digits)


def _same_parts(one: Reading, other: Reading) -> float:
    """Return 1 for the same date, less for each part that is another, most for a year."""
    year = 0.0 if one.year == other.year else 0.1 if not one.year else _apart(one.year, other.year, 0.22, 0.5)
    month = 0.0 if one.month == other.month else 0.35
    day = 0.0 if one.day == other.day else 0.15 if not one.day else _apart(one.day, other.day, 0.15, 0.35)
    if month and (one.month, one.day) == (other.day, other.month):
        return 0.9 - year
    return max(0.0, 1 - year - month - day)


def _apart(one: int, other: int, near: float, far: float) -> float:
    """Return `near` if two numbers differ in one digit, else `far`."""
    a, b = f"{one:04d}", f"{other:04d}"
    return near if sum(x != y for x, y in zip(a, b, strict=True)) == 1 else far
