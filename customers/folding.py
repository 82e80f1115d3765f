"""Words as they are compared: small Latin letters without marks, whatever the language."""

import re
import unicodedata

_PLAIN = str.maketrans("łđøßæœþð", "ldosaotd")
# As names are usually written in Latin letters; what several systems write differently sounds alike (likeness.py).
_CYRILLIC = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "e", "ж": "zh", "з": "z", "и": "i", "й": "y",
    "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f",
    "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "sh", "ъ": "", "ы": "y", "ь": "", "э": "e", "ю": "yu", "я": "ya",
}  # fmt: skip
_LATIN = str.maketrans(_CYRILLIC)
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


def folded(text: str) -> str:
    """Return `text` in small Latin letters without marks.

    >>> folded("Łódź"), folded("Юлия"), folded("ŠIMKŪNAS")
    ('lodz', 'yuliya', 'simkunas')
    """
    # й is и with a mark to Unicode: letters of our own tables come first.
    small = text.casefold().translate(_LATIN).translate(_PLAIN)
    plain = unicodedata.normalize("NFKD", small)
    return "".join(sign for sign in plain if not unicodedata.combining(sign))


def words(text: str) -> list[str]:
    """Return the words and numbers of `text`, folded; an apostrophe joins."""
    return [re.sub("['’]", "", word) for word in _WORD.findall(folded(text))]
