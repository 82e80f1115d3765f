"""In which language a text is written, also where it is two words without diacritics."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from classifiers.examples import LANGUAGES
from classifiers.folding import folded

_CHARS_MAX = 1_000
_WORDS_SURE = 12
"""Longer texts need no help: py3langid alone is right on nearly all of them."""

_FOREIGN_MARGIN = 20.0
"""Lead of another language from which on it is one: 96 % of Czech to 100 % of German sentences, none of ours."""

_ADDRESS = re.compile(r"\S*(?:@|://|www\.)\S*")
_WORD = re.compile(r"[^\W\d_]+")
_FREQUENT_WEIGHT = 8.0
"""Points of a frequent word, in the units of the language model's scores (differences of log probabilities)."""

# Words that are frequent in one of the languages and rare in the others, without diacritics.
_FREQUENT = {
    "en": "the i you my and is are to of have how what can hi hello please where when not it for in want your",
    "pl": "nie jest jak czy sie mam moj moja moje prosze dzien dobry gdzie kiedy dla ale przez jestem dziekuje chce",
    "lt": "ir as kaip yra kur kada labas noriu mano prasau aciu diena ar bet del jus man ne taip negaliu kodel",
    "hu": "nem es hogy van egy az mikor hol nincs szeretnek szeretnem koszonom jo napot kerem mennyi miert",
    "ru": "не на что как где когда мой моя здравствуйте привет почему можно есть добрый день спасибо пожалуйста хочу",
}


def language_of(text: str, *, languages: Sequence[str] = LANGUAGES) -> str | None:
    """Return the one of `languages` (ISO 639-1) in which `text` is written.

    None: it has no letters, or is clearly in another language than these.

    Raises:
        ValueError: one of `languages` is unknown to the language model.
    """
    words = _WORD.findall(_ADDRESS.sub(" ", text[:_CHARS_MAX]).lower())
    if not words:
        return None
    # Spaces before and behind the text tell where words begin and end: 94.7 % instead of 92.3 % on single words.
    padded = f" {' '.join(words)} "
    everywhere = _all_languages().rank(padded)
    ranked = {language: score for language, score in everywhere if language in languages}
    if len(ranked) < len(set(languages)):
        raise ValueError(f"the language model knows none of {sorted(set(languages) - set(ranked))}")
    if len(words) < _WORDS_SURE:
        for language, points in _evidence(words).items():
            if language in ranked:
                ranked[language] += points
    best = max(ranked, key=lambda language: ranked[language])
    return best if everywhere[0][1] - ranked[best] < _FOREIGN_MARGIN else None


def _evidence(words: Iterable[str]) -> Mapping[str, float]:
    """Return what the frequent words among `words` say for each language."""
    points = dict.fromkeys(_FREQUENT, 0.0)
    for word in words:
        for language in _frequent().get(folded(word), ()):
            points[language] += _FREQUENT_WEIGHT
    return points


@cache
def _frequent() -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for language, words in _FREQUENT.items():
        for word in words.split():
            found[folded(word)] = (*found.get(folded(word), ()), language)
    return found


@cache
def _all_languages() -> LanguageIdentifier:
    """Return py3langid's model (4.6 MB, half a second to unpack), loaded at the first text and kept."""
    return LanguageIdentifier.from_model_file(MODEL_FILE)
