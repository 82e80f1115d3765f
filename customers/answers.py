"""What a customer answers to the question who he is: that he won't say, or name, postcode and date of birth in one."""

import re
from collections.abc import Iterable

from customers.dates import says_number
from customers.folding import folded, words
from customers.matching import Said
from customers.spelling import number_said
from customers.spoken_words import HOMOPHONES, LETTERS

ANSWER_MAX = 200
"""A longer text is no answer: he goes on telling what he wants."""
_WORDS_MAX = 6
_NUMBERS_MIN = 3
"""So many numbers in words make a longer text an answer; one or two of them stand in any sentence."""
_SKIPS = frozenset({
    "skip", "pass", "none", "no", "nope", "dont", "not", "without",
    "pomin", "pomijam", "nie", "brak", "bez",
    "praleisti", "praleisk", "ne", "neturiu", "nera", "nezinau", "neatsimenu", "nepamenu", "nenoriu", "nesakysiu", "be",
    "kihagyom", "kihagy", "nem", "nincs", "nelkul",
    "propustit", "propuskayu", "net", "nety",
})  # fmt: skip
"""Words of a short answer that say so, folded."""
_BESIDE = frozenset(
    """
    a any at chat find give have here i id it know moment number one please now remember say sorry thank thanks
    that the this to want will you chce dziekuje go ja jego klienta mam numer numeru pamietam podac podam prosze
    przy sobie teraz tego wiem znam zadnego aciu atsimenu dabar as jo kliento noriu numeri numerio prasau sakysiu
    turiu zinau adom akarom emlekszem ilyen koszonom meg most nekem szamom szamot tudom van budu etogo u khochu
    menya nego nikakogo nomer nomera pomnyu seychas spasibo ya znayu
    """.split()
)
"""Words that may stand beside these, folded: with any other, he tells what he wants ("my router does not work")."""


def skips(text: str) -> bool:
    """Tell whether a short answer says that he has none, or won't say."""
    said = words(text)
    short = 0 < len(said) <= _WORDS_MAX and not any(sign.isdecimal() for sign in text)
    return short and bool(_SKIPS & set(said)) and set(said) <= _SKIPS | _BESIDE


def is_answer(text: str, languages: Iterable[str] = ("en",)) -> bool:
    """Tell whether a text may answer the question at all: it is short, and very short if it says no number."""
    said = words(text)
    if len(text) > ANSWER_MAX:
        return False
    if len(said) <= _WORDS_MAX or any(sign.isdecimal() for sign in text):
        return True
    return any(sum(says_number(word, language) for word in said) >= _NUMBERS_MIN for language in languages)


def may_be_number(text: str, languages: Iterable[str] = ("en",)) -> bool:
    """Tell whether a text may answer the question for a number: it has a digit, or says several or nothing else.

    One word is too little: it stands in "one moment, please", and no number is that short.
    """
    said = words(text)
    if len(text) > ANSWER_MAX or not said:
        return False
    if any(sign.isdecimal() for sign in text):
        return True
    least = 2 if len(said) <= _WORDS_MAX else _NUMBERS_MIN
    for language in languages:
        named = [word for word in said if word not in HOMOPHONES and number_said(word, language) is not None]
        others = (word for word in said if word not in named)
        if len(named) >= least or (named and all(len(word) == 1 or word in LETTERS for word in others)):
            return True
    return False


def details_in(text: str, languages: Iterable[str]) -> Said:
    """Return what a text that tells name, postcode and date of birth in one may say of each.

    Every part between commas and lines may be any of them, and so may one to three words together be a postcode.
    """
    cut = text[:ANSWER_MAX]
    parts = [part.strip() for part in re.split(r"[,;\n]|\band\b|\bi\b|\bir\b|\bés\b|\bи\b", cut) if part.strip()]
    said = folded(cut).replace(",", " ").split()
    runs = [" ".join(said[start : start + length]) for length in (1, 2, 3) for start in range(len(said))]
    codes = [run for run in runs if any(sign.isdecimal() for sign in run)]
    named = [part for part in parts if sum(sign.isalpha() for sign in part) > len(part) / 2]
    return Said(
        names=tuple(dict.fromkeys([*named, cut])),
        postcodes=tuple(dict.fromkeys([*parts, *codes]))[:60],
        birth_dates=tuple(dict.fromkeys([cut, *parts, *runs]))[:60],
        languages=tuple(dict.fromkeys([*languages, "en"])),
    )
