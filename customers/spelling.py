"""What somebody spells: letters by name, by the spelling alphabet, "b for Bravo", "double u", digits as words."""

from customers.folding import words
from customers.spoken_words import AS_IN, DOUBLES, ENDINGS, LETTERS, NUMBERS, spoken_in

_TELLING = 4
"""A word of so many letters behind "for" is there for its first letter."""
_LETTERS_AT_ONCE = 4
"""So many letters that make no word of ours are what a recogniser has run together."""
_STEM_MIN = 3


def spelled(text: str, language: str = "en") -> str:
    """Return the letters and digits that `text` spells, in small letters.

    >>> spelled("B for Bravo, double u, nine nine"), spelled("whiskey twenty 0 alpha bravo")
    ('bw99', 'w200ab')
    """
    said = words(text)
    out: list[str] = []
    place, doubled = 0, False
    while place < len(said):
        word, rest = said[place], said[place + 1 : place + 4]
        if word in DOUBLES and rest:
            if rest[0] in ("u", "you", "yu", "ewe"):
                out.append("w")
                place += 2
            else:
                doubled = True
                place += 1
            continue
        taken, signs = _named(word, rest) or (1, _signs(word, rest, language))
        out.append(signs * 2 if doubled and len(signs) == 1 else signs)
        doubled = False
        place += taken
    return "".join(out)


def _named(word: str, rest: list[str]) -> tuple[int, str] | None:
    """Return how many words "b for Bravo" takes, and its letter; None if it is none."""
    for skipped in (1, 2):
        between, named = rest[:skipped], "".join(rest[skipped : skipped + 1])
        tells = len(named) >= _TELLING and named.isalpha() and number_said(named) is None
        if tells and all(each in AS_IN for each in between):
            return 2 + skipped, named[0]
    return None


def _signs(word: str, rest: list[str], language: str) -> str:
    if word in LETTERS:
        return LETTERS[word]
    number = number_said(word, language)
    if number is not None and not word.isdecimal():
        if 20 <= number <= 90 and rest and 0 < (number_said(rest[0], language) or 0) < 10:
            return str(number // 10)
        return str(number)
    if any(sign.isdecimal() for sign in word) or len(word) <= _LETTERS_AT_ONCE:
        return word
    # A word that nobody would say by accident: it is one of some spelling alphabet.
    return word[0]


def number_said(word: str, language: str = "en") -> int | None:
    """Return the number that a word is when one counts; one that only begins like it ("stop", "Семён") is none."""
    if word.isdecimal():
        return int(word)
    language = spoken_in(language)
    known = NUMBERS[language]
    if word in known:
        return known[word]
    for end in range(len(word) - 1, _STEM_MIN - 1, -1):
        number, ending = known.get(word[:end]), word[end:]
        if number is None:
            continue
        if ending in ENDINGS[language]:
            return number
        # Hungarian writes "eighty-two" as one word.
        if language == "hu" and 20 <= number <= 90 and number % 10 == 0 and 0 < known.get(ending, 0) < 10:
            return number + known[ending]
    return None
