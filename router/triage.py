"""Triage: the first rule whose conditions all hold decides (semantics.md section 3)."""

import re
from collections.abc import Iterator

import msgspec

from queues.interaction import Label
from router.commands import Admit
from router.figures import figures_hold
from router.policy import Action, Condition, Policy, Rule
from router.standing import segments_of
from router.state import State
from vocabulary.bounds import is_any
from vocabulary.instants import Instant
from vocabulary.skills import Requirement

LANGUAGE_SKILL = "lang:"
_HEADS = ("department", "urgency", "sentiment")


class Verdict(msgspec.Struct, frozen=True):
    """The rule that applied, what it decides for this interaction, and why the rules before it did not apply.

    `by_label`: it asks for a label, so what it decides stands on that.
    """

    rule: str
    then: Action
    reasons: tuple[str, ...]
    by_label: bool = False


def triage(command: Admit, state: State, policy: Policy, now: Instant) -> Verdict:
    """Return what the first rule that applies decides. The last rule applies always: configuration guarantees it."""
    reasons: list[str] = []
    for rule in policy.rules:
        missing = None if rule.always else _first_missing(rule, command, state, policy, now)
        if missing is None:
            then = _with_language(rule.then, command.language) if rule.then.language_skill else rule.then
            return Verdict(rule.name, then, tuple(reasons), by_label=bool(rule.when.label))
        reasons.append(f"{rule.name}:{missing}")
    raise AssertionError("the last rule must have no conditions")


def _first_missing(rule: Rule, command: Admit, state: State, policy: Policy, now: Instant) -> str | None:
    """Return the name of the first condition of `rule` that doesn't hold, or None."""
    for name, holds in _conditions(rule.when, command):
        if not holds:
            return name
    figures = figures_hold(rule.when, rule.then.queue, command.medium, state, policy, now)
    return next((name for name, holds in figures if not holds), None)


def _conditions(when: Condition, command: Admit) -> Iterator[tuple[str, bool]]:
    """Yield the conditions on the work itself."""
    if when.channel:
        yield "channel", command.channel in when.channel
    if when.medium:
        yield "medium", command.medium in when.medium
    if when.label:
        yield "label", _label_holds(when, command.labels)
    for head in _HEADS:
        if wanted := getattr(when, head):
            yield head, _head(command, head) in wanted
    if when.language:
        yield "language", command.language in when.language
    if when.segment:
        yield "segment", not set(when.segment).isdisjoint(segments_of(command))
    if when.automatic is not None:
        yield "automatic", bool(command.suppressed_by) == when.automatic
    if when.words:
        yield "words", _words_occur(when.words, f"{command.subject}\n{command.text}")
    for name, values in when.attributes.items():
        yield f"attributes.{name}", is_any(command.attributes.get(name), values)


def _label_holds(when: Condition, labels: tuple[Label, ...]) -> bool:
    return any(label.name in when.label and label.confidence >= when.confidence for label in labels)


def _head(command: Admit, name: str) -> str | None:
    """Return what the text tells of department, urgency or sentiment, if anything."""
    found = getattr(command.heads, name, None)
    return None if found is None else found.name


def _words_occur(words: tuple[str, ...], text: str) -> bool:
    return re.search("|".join(_pattern(word) for word in words), text.casefold()) is not None


def _pattern(word: str) -> str:
    ending = r"\w*" if word.endswith("*") else ""
    return rf"\b{re.escape(word.rstrip('*').casefold())}{ending}\b"


def _with_language(then: Action, language: str | None) -> Action:
    if language is None:
        return then
    skill = Requirement(f"{LANGUAGE_SKILL}{language}")
    return msgspec.structs.replace(then, requirements=(*then.requirements, skill))
