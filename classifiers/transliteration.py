"""Russian in Latin letters, as customers type it without a Cyrillic keyboard: back into Cyrillic."""

import re

_PAIRS = (
    "shch щ|sch щ|sh ш|ch ч|zh ж|kh х|ts ц|yu ю|ju ю|iu ю|ya я|ja я|ia я|yo е|jo е|ye е|je е|ay ай|oy ой|ey ей|iy ий"
    "|yy ый|uy уй|aj ай|oj ой|ej ей|ij ий|yj ый|uj уй|a а|b б|c ц|d д|e е|f ф|g г|h х|i и|j й|k к|l л|m м|n н|o о|p п"
    "|q к|r р|s с|t т|u у|v в|w в|x х|y ы|z з|' ь|4 ч|6 ш"
)
_CYRILLIC = dict(pair.split(" ") for pair in _PAIRS.split("|"))
_LATIN = re.compile("|".join(sorted(map(re.escape, _CYRILLIC), key=len, reverse=True)))


def to_cyrillic(text: str) -> str:
    """Return `text` (lower case) with its Latin letters in Cyrillic, by the longest match: "zdravstvujte" reads as
    "здравствуйте". The common spellings are mixed freely (GOST 7.79 B, passports, chats); soft signs nobody typed stay
    away, and "ё" is "е".
    """
    return _LATIN.sub(lambda found: _CYRILLIC[found[0]], text)
