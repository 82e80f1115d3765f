"""What a message is about: the model if it is sure, else keyword rules, else "unknown" - and why. Never raises."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from classifiers.attribution import Decided, words_that_decided
from classifiers.background import NOTHING, Background
from classifiers.departments import department_of
from classifiers.examples import HEADS, LANGUAGES
from classifiers.features import TEXT_CHARS_MAX, tokens, whole_text
from classifiers.language import language_of, latin_of, read_as_russian
from classifiers.mending import read_mended, with_mended
from classifiers.model import LABEL, UNKNOWN, Model, Prediction
from classifiers.rules import DEFAULT_RULES, KeywordRule, labels_by_rules

LABELS_MAX = 5
WARMING = "Good morning, where is my parcel?"
"""A first text loads what all need: the language model takes half a second to unpack."""

_WORDS_FEW = 3
"""In so few words, a language is not told so surely that a model which knows one of them should be silent."""

_KNOWN_MIN, _KNOWN_ELSEWHERE_MIN = 0.25, 0.5
"""More than such a share of the words of a text must be known to a model, where the text is in none of the site's
languages: of those in another of the five; of those in any else. Spanish, German or Czech customers' questions have up
to half of their words in common with what the shipped model has learnt ("no", "de", "internet"), the five hardly any
with each other; 95 of 100 unseen English and Polish messages, and 90 of the other three, have more than a quarter."""

Labels = tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Classification:
    """The answer to "what is it about and in which language".

    Args:
        labels: best first with their confidence 0-1, at most 5; `UNKNOWN` alone if nothing is known.
        heads: department, urgency, sentiment -> the answer with its confidence 0-1, as far as known.
        language: ISO 639-1, or None if the text doesn't tell.
        method: what gave the labels.
        reason: the same in words, for `explain`; no text of the customer.
        failed: something broke; that nothing is known is no failure.
    """

    labels: Labels
    language: str | None
    method: Literal["model", "rules", "none"]
    reason: str
    failed: bool = False
    heads: Mapping[str, tuple[str, float]] = field(default_factory=dict)
    out_of_scope: bool = False
    """The model finds none of its labels, whatever keywords say."""

    @property
    def prediction(self) -> Prediction:
        """The decision about the label, to be judged as a model's answer is."""
        (label, confidence), *others = self.labels
        return Prediction(label, confidence, tuple(others), self.out_of_scope)


@dataclass(frozen=True, slots=True)
class Why:
    """The words that gave label `best` its lead over label `second`, with their points (classifiers/attribution.py).

    `exact`: they add up to the lead; else networks vote too, and it is a first-order attribution.
    """

    best: str | None = None
    second: str | None = None
    words: Decided = ()
    exact: bool = True


def classify(
    subject: str,
    text: str,
    *,
    model: Model | None,
    rules: Sequence[KeywordRule] = DEFAULT_RULES,
    usual: str | None = None,
    known: Background = NOTHING,
    languages: Sequence[str] = LANGUAGES,
) -> Classification:
    """Return what a message is about. Only the first 4,000 characters of `text` are read.

    Whatever goes wrong is an answer too, `UNKNOWN` with the reason: a broken model never blocks a message. `usual` is
    the language that the customer writes otherwise, `known` what else is known; its subject is `subject`. `languages`
    are those of the site: no other is the answer.
    """
    whole = whole_text(subject, text)
    language, lament = _language(whole, languages, usual)
    said = decided(whole, language, model=model, rules=rules, known=_with_subject(known, subject))
    return replace(said, reason=said.reason + lament, failed=said.failed or bool(lament))


def decided(
    text: str,
    language: str | None,
    *,
    model: Model | None,
    rules: Sequence[KeywordRule] = DEFAULT_RULES,
    known: Background = NOTHING,
) -> Classification:
    """Return the same for a whole text (`whole_text`) whose language is known."""
    try:
        return _answer(text, replace(known, language=language or ""), language, model, rules)
    except Exception as error:  # noqa: BLE001 - the message must go on, whatever a site's model or rules do
        # The kind alone: what an error says may hold the customer's words, and the reason enters the journal.
        return Classification(
            ((UNKNOWN, 0.0),), language, "none", f"classification failed: {type(error).__name__}", failed=True
        )


def why(
    subject: str, text: str, *, model: Model | None, language: str | None = None, known: Background = NOTHING
) -> Why:
    """Return the words that gave the model's best label its lead over the second; empty without a model.

    `language`: as `classify` found it.
    """
    if model is None:
        return Why()
    whole = whole_text(subject, text)
    head = model.heads[LABEL]
    russian = read_as_russian(whole)
    read, meant = with_mended(model.features, russian)
    known = replace(_with_subject(known, subject), language=language or "")
    ranked = [label for label, _ in _ranked(model.predict(read, known))]
    if len(ranked) < 2:
        return Why()
    latin = latin_of(whole) if russian != whole else {}
    as_typed = {**latin, **{known: latin.get(typed.casefold(), typed) for known, typed in meant.items()}}
    words = words_that_decided(model.features, head, read, ranked[0], ranked[1], known=known, as_typed=as_typed)
    return Why(ranked[0], ranked[1], words, exact=head.nets is None and model.features.embedding is None)


def _with_subject(known: Background, subject: str) -> Background:
    return replace(known, subject=subject[:TEXT_CHARS_MAX]) if subject else known


def _language(text: str, languages: Sequence[str], usual: str | None) -> tuple[str | None, str]:
    try:
        return language_of(text, languages=languages, usual=usual), ""
    except Exception as error:  # noqa: BLE001 - as above
        return None, f"; language identification failed: {type(error).__name__}"


def _answer(
    text: str, known: Background, language: str | None, model: Model | None, rules: Sequence[KeywordRule]
) -> Classification:
    doubt = "no model"
    heads: Mapping[str, tuple[str, float]] = {}
    # Whoever types Russian in Latin letters is recognised by his language already; no language is what he has on a site
    # without Russian, whose model may know it all the same.
    is_russian = language in {"ru", None}
    why_not = None if model is None else unread(text, language, model)
    if why_not is not None:
        doubt = why_not
    elif model is not None:
        answers = model.answers(read_by(model, text) if is_russian else read_mended(model.features, text), known)
        said = answers[LABEL]
        heads = heads_of(answers)
        if not said.out_of_scope:
            reason = f"the model says {said.label} with probability {said.confidence:.2f}"
            return Classification(_ranked(said)[:LABELS_MAX], language, "model", reason, heads=heads)
        best = said.alternatives[0][0] if said.alternatives else "none"
        doubt = f"the model finds none of its labels (best guess {best})"
    found = labels_by_rules(text, rules)[:LABELS_MAX]
    outside = model is not None
    if found:
        reason = f"{doubt}; keywords speak for {found[0][0]}"
        return Classification(found, language, "rules", reason, heads=heads, out_of_scope=outside)
    reason = f"{doubt}; no keyword matches"
    return Classification(((UNKNOWN, 0.0),), language, "none", reason, heads=heads, out_of_scope=outside)


def read_by(model: Model, text: str) -> str:
    """Return a whole text as `model` reads it: Russian in Cyrillic, and behind it what mistyped words mean."""
    return read_mended(model.features, read_as_russian(text))


def unread(text: str, language: str | None, model: Model) -> str | None:
    """Return why `model` has no say of `text`, None where it has one: what it can't read, it is no less sure of.

    "12:30" was about a meter with 0.68, and German about a tariff with 0.87: such confidence was never calibrated.
    """
    if not any(map(str.isalpha, text)):
        return "there is no letter in it"
    if language is not None:
        return None
    # A word that is read in Cyrillic stands there twice: the words as they were typed are what it is a share of.
    words = [word for word in tokens(text) if word.isalpha()]
    if len(words) <= _WORDS_FEW:
        return None
    elsewhere, lament = _language(text, LANGUAGES, None)
    read = [word for word in tokens(read_as_russian(text)) if word.isalpha()]
    known = sum(word in model.features.blocks[0].rows for word in read) / len(words)
    if lament or known > (_KNOWN_ELSEWHERE_MIN if elsewhere is None else _KNOWN_MIN):
        return None
    return f"it is in a language that the model has not learnt ({known:.0%} of its words are known)"


def _ranked(said: Prediction) -> Labels:
    """Return the labels with their probabilities, the best guess first where the text is out of scope."""
    return said.alternatives if said.out_of_scope else ((said.label, said.confidence), *said.alternatives)


def heads_of(answers: Mapping[str, Prediction]) -> Mapping[str, tuple[str, float]]:
    """Return what is said beside the label; a text of no label is for no department."""
    label = answers[LABEL]
    found = {
        name: (answers[name].label, answers[name].confidence)
        for name in HEADS
        if name in answers and not answers[name].out_of_scope
    }
    if label.out_of_scope:
        found.pop("department", None)
    elif "department" not in found and (department := department_of(_ranked(label))) is not None:
        found = {"department": department, **found}
    return found
