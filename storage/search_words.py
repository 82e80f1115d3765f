"""The words of a text as the search compares them, alike to what SQLite's tokenizer `unicode61` makes of it."""

import re
from collections.abc import Sequence
from unicodedata import combining, normalize

_WORD = re.compile(r"[^\W_]+")
_WORD_MAX = 100
"""Longer words are cut, sought ones too."""

_SIZE_MAX = 500_000
"""Bytes of different words that are kept of one message; PostgreSQL takes a million at most."""

# Behind it come Greek and Cyrillic, where the same marks make other letters: й is no и with an accent.
_LATIN_END = 0x250


class _Plain(dict[int, str | None]):
    """For `str.translate`: Latin letters without their accents, everything else as it is."""

    def __missing__(self, code: int) -> str | None:
        letter = chr(code)
        base = normalize("NFD", letter)[0]
        plain = base if ord(base) < _LATIN_END else letter
        self[code] = None if combining(letter) else plain
        return self[code]


_plain = _Plain()


def words_of(*texts: str) -> Sequence[str]:
    """Return the different words of `texts`: small letters, accents left aside. What is beyond half a megabyte is not.

    Sought words and words of messages go through this alike.
    """
    words: dict[str, None] = {}
    size = 0
    for text in texts:
        small = text.lower()
        plain = small if small.isascii() else normalize("NFC", small).translate(_plain)
        for found in _WORD.finditer(plain):
            word = found[0][:_WORD_MAX]
            if word in words:
                continue
            size += len(word.encode())
            if size > _SIZE_MAX:
                return tuple(words)
            words[word] = None
    return tuple(words)
