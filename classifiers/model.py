"""A trained model: what a message is about, how sure that is, and whether it is about something else altogether."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from classifiers.background import NOTHING, Background
from classifiers.features import Features
from classifiers.head import UNKNOWN, Head, Prediction, Scores

__all__ = ["LABEL", "OUT_OF_SCOPE", "UNKNOWN", "Model", "Prediction"]

LABEL = "label"
"""The head that every model has."""

OUT_OF_SCOPE = "oos"
"""The label of training rows that belong to no label."""


@dataclass(frozen=True, slots=True)
class Model:
    """One pass over a message, and as many heads as were trained, each with its own question.

    What is known beside the text has a say where the rows that were learnt from had it.

    Args:
        features: the terms that all heads know.
        heads: name -> head; `LABEL` is among them.
        rows: how many texts it was trained on.
        fingerprint: SHA-256 of these texts and their labels, in hexadecimal.
        report: what cross-validation told of `LABEL` (`classifiers.evaluation.report_of`), as JSON.
    """

    features: Features
    heads: Mapping[str, Head]
    rows: int
    fingerprint: str = ""
    report: Mapping[str, Any] = field(default_factory=dict)

    @property
    def labels(self) -> tuple[str, ...]:
        """What a message may be about."""
        return self.heads[LABEL].labels

    @property
    def promises(self) -> Mapping[float, float]:
        """Precision -> the confidence of a label above which the training data promise it."""
        return self.heads[LABEL].promises

    @property
    def cv_accuracy(self) -> float:
        """Share of right labels among texts in scope that a model had not seen, by cross-validation; 0: unknown."""
        return float(self.report.get("accuracy", 0.0))

    def scores(self, text: str, known: Background = NOTHING) -> Scores:
        """Return the linear score of every column, (n_columns,): what scikit-learn's `decision_function` gives."""
        return self.heads[LABEL].linear_scores(self.features.view(text, known))

    def predict(self, text: str, known: Background = NOTHING) -> Prediction:
        """Return what `text` is about. Only its first 4,000 characters are read."""
        return self.heads[LABEL].predict(self.features.view(text, known))

    def answers(self, text: str, known: Background = NOTHING) -> dict[str, Prediction]:
        """Return what each head says of `text`, by the head's name."""
        view = self.features.view(text, known)
        return {name: head.predict(view) for name, head in self.heads.items()}
