"""From reasons to text: `text_of` says a list of them in one of `LANGUAGES`.

How a hole is filled follows from its name: `{..._ms}` is a span, `{agent}` and `{agents}` are names, `{fails}`,
`{condition}`, `{medium}` and their like are words of the language; whatever else is said as it is.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from reports.wording import en, hu, lt, pl, ru
from reports.wording.catalogue import Catalogue, Forms
from vocabulary.instants import DAY, HOUR, MINUTE, SECOND, Span

CATALOGUES: Mapping[str, Catalogue] = {
    "en": en.WORDS,
    "pl": pl.WORDS,
    "lt": lt.WORDS,
    "hu": hu.WORDS,
    "ru": ru.WORDS,
}
LANGUAGES = tuple(CATALOGUES)
"""The languages of explanations, the fallback first."""

NAMED_MAX = 5
"""So many agents are named in one line; more are only counted."""
_HOLE = re.compile(r"{(\w+)}")


def text_of(reasons: Iterable[Mapping[str, Any]], language: str, names: Mapping[str, str] | None = None) -> str:
    """Return `reasons`, as an explanation holds them, in words: one line each, in `language` or else in English.

    `names`: of agents by id; who is not in it is called by his id.
    """
    words = CATALOGUES.get(language, CATALOGUES[LANGUAGES[0]])
    return "\n".join(sentence(words, one["code"], one.get("terms", {}), names or {}) for one in reasons)


def fails_text(code: str | None, language: str, names: Mapping[str, str] | None = None) -> str | None:
    """Return in words what an agent fails; None stays None: he fails nothing."""
    words = CATALOGUES.get(language, CATALOGUES[LANGUAGES[0]])
    return None if code is None else _fails(words, code, names or {})


_PASSES = frozenset({"try_later", "unreachable", "not_secure", "not_let_in"})


def signal_text(code: str, language: str) -> str:
    """Return why something automatic was not sent, in words; a code without words is returned as it is."""
    return CATALOGUES.get(language, CATALOGUES["en"]).signals.get(code, code)


def delivery_text(why: str, language: str, *, failed: bool) -> str:
    """Return in words why a mail did not go or arrive, "" if nothing says why; `failed`: it won't be tried again."""
    words = CATALOGUES.get(language, CATALOGUES[LANGUAGES[0]]).deliveries
    if not why:
        return ""
    said = words.get(why, words["other"])
    return f"{words['gave_up']} {said}" if failed and why in _PASSES else said


def evidence_text(reason: str, shown: str, language: str) -> str:
    """Return in words what somebody was known by; a reason that has none, as it is."""
    words = CATALOGUES.get(language, CATALOGUES[LANGUAGES[0]]).evidence
    return words.get(reason, reason).replace("{shown}", shown)


def sentence(words: Catalogue, code: str, terms: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """Return the sentence of `code` with its holes filled."""
    text = _form(words, words.sentences[code], terms.get("count", 0))
    filled = _HOLE.sub(lambda hole: _filled(words, hole[1], terms[hole[1]], names), text)
    # An abbreviation at the end brings its own full stop.
    return filled.removesuffix(".") if filled.endswith("..") else filled


def _form(words: Catalogue, forms: Forms, count: int) -> str:
    if isinstance(forms, str):
        return forms
    return forms.get(f"={count}") or forms[words.plural(count)]


def _filled(words: Catalogue, name: str, value: Any, names: Mapping[str, str]) -> str:
    if name.endswith("_ms"):
        return span_text(words, value)
    speak = _SPEAKERS.get(name)
    return str(value) if speak is None else speak(words, value, names)


def span_text(words: Catalogue, span: Span) -> str:
    """Return a span with its two greatest units at most: "40 s", "1 h 5 min", "2 days"; days from two on."""
    day, hour, minute, second = words.units
    seconds = -(-span // SECOND)
    if seconds < 60:
        return f"{seconds} {second}"
    minutes = seconds * SECOND // MINUTE
    if minutes < 60:
        rest = seconds % 60 if minutes < 10 else 0
        return f"{minutes} {minute}" + (f" {rest} {second}" if rest else "")
    if span < 2 * DAY:
        hours, rest = divmod(minutes, HOUR // MINUTE)
        return f"{hours} {hour}" + (f" {rest} {minute}" if rest else "")
    days, rest = divmod(span // HOUR, 24)
    return f"{days} {day}" + (f" {rest} {hour}" if rest and days < 10 else "")


def _agent(words: Catalogue, value: Any, names: Mapping[str, str]) -> str:
    return names.get(value, str(value))


def _agents(words: Catalogue, value: Any, names: Mapping[str, str]) -> str:
    listed = ", ".join(names.get(id, id) for id in value[:NAMED_MAX])
    return listed if len(value) <= NAMED_MAX else f"{listed}, …"


def _fails(words: Catalogue, value: Any, names: Mapping[str, str]) -> str:
    kind, _, detail = value.partition(":")
    skill, _, level = detail.rpartition(">=")
    terms = {"presence": words.presences.get(detail, detail), "skill": skill, "level": level}
    return str(words.fails[kind].format(**terms, agent=names.get(detail, detail)))


def _condition(words: Catalogue, value: Any, names: Mapping[str, str]) -> str:
    kind, _, detail = value.partition(".")
    return str(words.conditions.get(kind, kind).format(detail))


def _signals(words: Catalogue, value: Any, names: Mapping[str, str]) -> str:
    return ", ".join(words.signals.get(signal, signal) for signal in value)


def _document(words: Catalogue, value: Any, names: Mapping[str, str]) -> str:
    return str(value) or words.signals["own_words"]


def _changes(words: Catalogue, value: Any, names: Mapping[str, str]) -> str:
    """Return what a step of the queue changes: `[[kind, ...], ...]` with what each kind is about."""
    return ", ".join(words.changes[kind].format(*details) for kind, *details in value)


def _medium(words: Catalogue, value: Any, names: Mapping[str, str]) -> str:
    return words.media.get(value, value)


def _question(words: Catalogue, value: Any, names: Mapping[str, str]) -> str:
    return words.questions.get(value, value)


def _segments(words: Catalogue, value: Any, names: Mapping[str, str]) -> str:
    return ", ".join(segment.replace("_", " ") for segment in value)


def _strategy(words: Catalogue, value: Any, names: Mapping[str, str]) -> str:
    return words.strategies[value]


def _clock(words: Catalogue, value: Any, names: Mapping[str, str]) -> str:
    return words.clocks[value]


def _share(words: Catalogue, value: Any, names: Mapping[str, str]) -> str:
    return words.percent.format(n=round(100 * value))


def _rank(words: Catalogue, value: Any, names: Mapping[str, str]) -> str:
    """Return the terms of a ranking that say something about the agent."""
    said = (_rank_term(words, name, term) for name, term in value.items())
    return ", ".join(phrase for phrase in said if phrase)


def _rank_term(words: Catalogue, name: str, term: Any) -> str:
    name, _, wish = name.partition(" ")
    if term is False:
        return ""
    if term is None or (name == "handling_ms" and not term):
        return words.terms.get(f"{name}_unknown", "")
    number = abs(term)
    return words.terms[name].format(
        wish=wish, number=f"{number:g}", share=_share(words, number, {}), span=span_text(words, round(number))
    )


_SPEAKERS: Mapping[str, Callable[[Catalogue, Any, Mapping[str, str]], str]] = {
    "agent": _agent,
    "agents": _agents,
    "fails": _fails,
    "condition": _condition,
    "signals": _signals,
    "changes": _changes,
    "document": _document,
    "share": _share,
    "rank": _rank,
    "medium": _medium,
    "segments": _segments,
    "strategy": _strategy,
    "question": _question,
    "clock": _clock,
}
