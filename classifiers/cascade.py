"""What a message is about: the model if it is sure, else keyword rules, else "unknown" - and why. Never raises."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from classifiers.features import TEXT_CHARS_MAX
from classifiers.language import language_of
from classifiers.model import UNKNOWN, Model
from classifiers.rules import DEFAULT_RULES, KeywordRule, labels_by_rules

LABELS_MAX = 5

Labels = tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Classification:
    """The answer to "what is it about and in which language".

    Args:
        labels: best first with their confidence 0-1, at most 5; `UNKNOWN` alone if nothing is known.
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


def classify(
    subject: str,
    text: str,
    *,
    model: Model | None,
    rules: Sequence[KeywordRule] = DEFAULT_RULES,
    usual: str | None = None,
) -> Classification:
    """Return what a message is about. Only the first 4,000 characters of `text` are read.

    Whatever goes wrong is an answer too, `UNKNOWN` with the reason: a broken model never blocks a message. `usual` is
    the language that the customer writes otherwise.
    """
    whole = f"{subject[:TEXT_CHARS_MAX]}\n{text[:TEXT_CHARS_MAX]}".strip()
    language, lament = _language(whole, usual)
    try:
        labels, method, reason = _labels(whole, model, rules)
    except Exception as error:  # noqa: BLE001 - the message must go on, whatever a site's model or rules do
        # The kind alone: what an error says may hold the customer's words, and the reason enters the journal.
        reason = f"classification failed: {type(error).__name__}"
        return Classification(((UNKNOWN, 0.0),), language, "none", reason + lament, failed=True)
    return Classification(labels, language, method, reason + lament, failed=bool(lament))


def _language(text: str, usual: str | None) -> tuple[str | None, str]:
    try:
        return language_of(text, usual=usual), ""
    except Exception as error:  # noqa: BLE001 - as above
        return None, f"; language identification failed: {type(error).__name__}"


def _labels(
    text: str, model: Model | None, rules: Sequence[KeywordRule]
) -> tuple[Labels, Literal["model", "rules", "none"], str]:
    doubt = "no model"
    if model is not None:
        said = model.predict(text)
        if not said.out_of_scope:
            labels = ((said.label, said.confidence), *said.alternatives)[:LABELS_MAX]
            return labels, "model", f"the model says {said.label} with probability {said.confidence:.2f}"
        doubt = f"the model finds none of its labels (best guess {said.alternatives[0][0]})"
    found = labels_by_rules(text, rules)[:LABELS_MAX]
    if found:
        return found, "rules", f"{doubt}; keywords speak for {found[0][0]}"
    return ((UNKNOWN, 0.0),), "none", f"{doubt}; no keyword matches"
