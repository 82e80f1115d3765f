"""What a customer's short message says to the bot: which of its answers he means, a person, or that it helped.

Only whole messages of a few known words are understood; whatever else stands in one is for a person.
"""

import re
from collections.abc import Callable, Sequence

PERSON = "person"
WORDS_MAX = 8
_WORD = re.compile(r"\w+")
_NUMBER = re.compile(r"\W*(?:nr|no|number|numer|numeris|szam|номер)?\W*(\d{1,2})\W*")

_THANKS = frozenset(
    "thanks thank you thx ty very much a lot great perfect ok okay super cool it that this helped helps was helpful "
    "worked works all clear "
    "dzieki dziekuje bardzo serdecznie to pomoglo pomogla mi juz wszystko jasne dobrze swietnie super "
    "aciu tai labai dekui dekoju padejo viskas aisku gerai puiku "
    "koszonom szepen koszi nagyon segitett sikerult minden vilagos rendben szuper tokeletes igy ez az "
    "спасибо большое благодарю вам огромное это помогло всё все понятно ясно хорошо отлично получилось супер".split()
)
_THANKING = frozenset("thanks thank thx ty dzieki dziekuje aciu dekui dekoju koszonom koszi спасибо благодарю".split())
_HELPED = frozenset("helped helps helpful worked works pomoglo padejo segitett sikerult помогло получилось".split())
_NOT = frozenset("not no didn nie ne nem не".split())
_PERSON_WORDS = frozenset(
    "person human agent people czlowiek czlowiekiem konsultant konsultantem zmogus zmogumi konsultantas "
    "ember emberrel ugyintezo ugyintezovel munkatars munkatarssal "
    "человек человеком оператор оператором сотрудник".split()
)


def choice_of(text: str, titles: Sequence[str], fold: Callable[[str], str]) -> int | str | None:
    """Return the place of the answer that `text` picks of `titles`, `PERSON`, or None if it picks nothing for sure."""
    said = fold(text).strip()
    number = _NUMBER.fullmatch(said)
    if number is not None:
        picked = int(number[1])
        return picked - 1 if 1 <= picked <= len(titles) else PERSON if picked == len(titles) + 1 else None
    words = _WORD.findall(said)
    if not words or len(words) > WORDS_MAX:
        return None
    if _PERSON_WORDS & set(words):
        return PERSON
    named = [place for place, title in enumerate(titles) if _names(words, _WORD.findall(fold(title)))]
    return named[0] if len(named) == 1 else None


def _names(words: Sequence[str], title: Sequence[str]) -> bool:
    """Tell whether all that was said stands in the title, but for a number before it."""
    said = [word for word in words if not word.isdecimal()]
    return bool(said) and all(any(part[:5] == word[:5] for part in title) for word in said)


def is_thanks(text: str, fold: Callable[[str], str]) -> bool:
    """Tell whether the whole of `text` says thanks, or that it helped: then nobody need read it."""
    words = _WORD.findall(fold(text))
    if not 0 < len(words) <= WORDS_MAX or _NOT & set(words):
        return False
    known = _THANKS | _THANKING | _HELPED
    return all(word in known for word in words) and bool((_THANKING | _HELPED) & set(words))
