"""In which language a text is written, also where it is two words without diacritics."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from classifiers.background import Background
from classifiers.examples import LANGUAGES
from classifiers.spelling import WORD, scores, words_known
from classifiers.transliteration import to_cyrillic

_CHARS_MAX = 1_000
_WORDS_SURE = 12
"""Longer texts need no help: py3langid alone is right on nearly all of them."""

_FOREIGN_MARGIN = 20.0
"""Lead of another language from which on it is one: 96 % of Czech to 100 % of German sentences, none of ours."""

_WORDS_FEW = 3
"""Up to so many words tell another language by their spelling too; in longer texts it may be a name's."""

_STRANGE = (0.139, -0.185, 1.80, -0.017, -1.49)
_STRANGE_FROM = 2.0
"""Weights of: another language's lead, log probability a letter, letters that the language lacks, letters; and a bias.
Fitted on names of countries, languages and currencies (CLDR) in 22 languages: of our own words, 2 of 1,000 are lost."""

_USUAL = 6.0
"""Points of the language that a customer usually writes, in a text of a few words: as much as three letters tell."""

_OF_THE_SITE = 2.0
"""Points of the site's languages over the rest of the five: its own words aren't lost to a language that it lacks. Of
single words on a site of English and Polish, 96.0 and 95.2 % are right and 97.5 % of the other three's told apart."""

_FURTHER, _FURTHER_CYRILLIC = -2.0, -2.6
"""Log probability a letter that a word is given in a language of which no spelling was counted: what unseen words of
the five have in their own (-1.5 to -2.4). On a site of German and Polish, of single words 90 and 94 % are right, of
pairs 98 %; -1.5 takes Polish words for German ones, -2.5 German ones for English. Of Russian we know fewer words: on a
site of Ukrainian and Russian, of pairs 93 and 89 % are right, and with -2.0 99 and 70 %."""

_EVERYDAY, _KNOWN = 6.0, 0.3
"""Points of a known word: everyday ones of these further languages; of the five, whose spelling counts, where all else
is alike."""

_TRANSLITERATED, _TRANSLITERATED_MIN = 0.25, 6.0
"""So much likelier, as a log, Russian has to be that is typed in Latin letters, a letter and in all: it is rare."""

_ALPHABETS = {
    "en": frozenset("abcdefghijklmnopqrstuvwxyz"),
    "pl": frozenset("abcdefghijklmnopqrstuvwxyząćęłńóśźż"),
    "lt": frozenset("abcdefghijklmnopqrstuvwxyząčęėįšųūž"),
    "hu": frozenset("abcdefghijklmnopqrstuvwxyzáéíóöőúüű"),
    "ru": frozenset("абвгдежзийклмнопрстуфхцчшщъыьэюяё"),
}

_WESTERN = str.maketrans("õû", "őű")
_LOOKED_AT, _SECOND_LANGUAGE = 500, 0.05

_ADDRESS = re.compile(r"\S*(?:@|://|www\.)\S*")


def language_of(text: str, *, languages: Sequence[str] = LANGUAGES, usual: str | None = None) -> str | None:
    """Return the one of `languages` (ISO 639-1) in which `text` is written, the main one if it is mixed.

    Missing diacritics and Russian in Latin letters don't matter. None: it has no letters, or is in another language
    than these: in another of the five of which we know the spelling, or clearly in any else.

    Args:
        text: only its first 1,000 characters are read.
        languages: the languages that the answer may be, those of the site; of `vocabulary.languages.RECOGNISED`, for
            no text is found to be in another.
        usual: what the customer writes otherwise; it decides where a few words leave a doubt.
    """
    words = _hungarian_mended(WORD.findall(_ADDRESS.sub(" ", text[:_CHARS_MAX]).lower()))
    if not words:
        return None
    # Spaces before and behind the text tell where words begin and end: 94.7 % instead of 92.3 % on single words.
    everywhere = _all_languages().rank(f" {' '.join(words)} ")
    first, most = everywhere[0]
    alone = {language: score for language, score in everywhere if language in languages or language in LANGUAGES}
    # What looks like Russian in Latin letters may be Croatian, or Czech without diacritics, where the site speaks that:
    # it need only be more like that than like the five, or than like all others where the site has Russian too.
    rival = first if "ru" in languages else next(iter(alone))
    if (rival in LANGUAGES or rival not in languages) and _is_transliterated(words):
        return "ru" if "ru" in languages else None
    ranked = _with_spelling(alone, words) if len(words) < _WORDS_SURE else dict(alone)
    for language in ranked.keys() & set(languages):
        ranked[language] += _OF_THE_SITE
    if usual is not None and usual in ranked and usual in languages and len(words) <= _WORDS_FEW:
        ranked[usual] += _USUAL
    best = max(ranked, key=lambda language: ranked[language])
    is_another = _is_another(words, best, most - alone[best]) or _is_said_elsewhere(words, best, languages)
    return None if best not in languages or is_another else best


def _hungarian_mended(words: Sequence[str]) -> Sequence[str]:
    """Return Hungarian words with the letters that they lose where a program knows Western alphabets only."""
    mended = [word.translate(_WESTERN) for word in words]
    # Hardly any text has such letters.
    return mended if mended != words and words_known(mended)["hu"] > words_known(words)["hu"] else words


def _with_spelling(alone: Mapping[str, float], words: Sequence[str]) -> dict[str, float]:
    """Return the scores of languages together with what the spelling of `words` tells of each."""
    known = dict(zip(LANGUAGES, scores(words), strict=True))
    letters = sum(map(len, words)) + len(words)  # the end of a word counts as one
    unseen = (_FURTHER_CYRILLIC if _is_cyrillic("".join(words)) else _FURTHER) * letters
    everyday = words_known(words)
    return {
        language: score
        + known.get(language, unseen)
        + everyday[language] * (_KNOWN if language in known else _EVERYDAY)
        for language, score in alone.items()
    }


def with_languages(
    texts: Sequence[str], known: Sequence[Background], languages: Sequence[str] = LANGUAGES
) -> list[Background]:
    """Return what is `known` beside each text with the language that it is found to be in, one of `languages`.

    Where hardly any is in a second one that tells nothing, and is left out: judged by some of many texts.
    """
    some = Counter(language_of(text, languages=languages) for text in texts[:: max(1, len(texts) // _LOOKED_AT)])
    found = sorted(count for language, count in some.items() if language is not None)
    if len(found) < 2 or found[-2] < _SECOND_LANGUAGE * sum(found):
        return list(known)
    return [
        replace(each, language=language_of(text, languages=languages) or "")
        for text, each in zip(texts, known, strict=True)
    ]


def read_as_russian(text: str) -> str:
    """Return `text` in Cyrillic if it is Russian in Latin letters, with the Latin words behind; else as it is.

    So a model that has learnt Cyrillic words understands it. Names that are Latin anyway ("wifi") are not lost.
    """
    beginning = text[:_CHARS_MAX]
    words = WORD.findall(_ADDRESS.sub(" ", beginning).lower()) if beginning.isascii() else []
    if not words or not _is_transliterated(words):
        return text
    return f"{to_cyrillic(text.lower())}\n{text}"


def latin_of(text: str) -> Mapping[str, str]:
    """Return the words that `read_as_russian` makes of `text` -> the words as they were typed."""
    return {to_cyrillic(word.lower()): word for word in WORD.findall(text)}


def _is_another(words: Sequence[str], best: str, lead: float) -> bool:
    """Tell whether `words` are in none of our languages, though `best` is the most alike."""
    if len(words) > _WORDS_FEW or best not in _ALPHABETS:
        return lead >= _FOREIGN_MARGIN
    if words_known(words)[best] == len(set(words)):
        return False
    # Names in another alphabet ("google переводчик") are not strange.
    words = [word for word in words if _is_cyrillic(word) is (best == "ru")] or words
    letters = sum(map(len, words)) + len(words) - 1
    likely = scores(words)[LANGUAGES.index(best)] / letters
    strange = sum(letter not in _ALPHABETS[best] for word in words for letter in word)
    signs = (lead, likely, strange, min(letters, 40), 1.0)
    return sum(sign * weight for sign, weight in zip(signs, _STRANGE, strict=True)) > _STRANGE_FROM


def _is_cyrillic(letters: str) -> bool:
    return not _ALPHABETS["ru"].isdisjoint(letters)


def _is_said_elsewhere(words: Sequence[str], best: str, languages: Sequence[str]) -> bool:
    """Tell whether a language that the site lacks has more of a few words among its everyday ones than `best`.

    Of a `best` that is none of the five, we don't know enough words to tell.
    """
    if len(words) >= _WORDS_SURE or best not in LANGUAGES:
        return False
    known = words_known(words)
    own = max(known[language] for language in {best, *languages} & set(LANGUAGES))
    return any(known[other] > own for other in known.keys() - {*languages, *LANGUAGES})


def _is_transliterated(words: Sequence[str]) -> bool:
    """Tell whether `words`, all in plain Latin letters, are Russian ones that were typed so."""
    if not all(word.isascii() for word in words):
        return False
    seen = words[:_WORDS_SURE]
    cyrillic = [to_cyrillic(word) for word in seen]
    by_words = words_known(seen)
    if by_words and max(by_words.values()) > words_known(cyrillic)["ru"]:
        return False
    letters, typed = sum(map(len, cyrillic)), sum(map(len, seen))
    # The two spellings differ in length: "shch" is one letter.
    lead = scores(cyrillic)[LANGUAGES.index("ru")] / letters - max(scores(seen)[:-1]) / typed
    return lead > _TRANSLITERATED and lead * letters > _TRANSLITERATED_MIN


@cache
def _all_languages() -> LanguageIdentifier:
    """Return py3langid's model (4.6 MB, half a second to unpack), loaded at the first text and kept."""
    return LanguageIdentifier.from_model_file(MODEL_FILE)
