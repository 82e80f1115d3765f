"""What the API answers of labels, what to learn from, and the versions of the model."""

from typing import Any

from web.answers import At, InteractionView, View


class LabelsView(View, frozen=True, kw_only=True):
    """The labels that a person may choose; the last one says that it is about none of them."""

    items: list[str]


class ToLabelView(View, frozen=True, kw_only=True):
    """A message to ask a person about. `doubt`: how unsure the model is, 0-1. `labels`: what it said, best first."""

    interaction: str
    reference: str
    subject: str
    text: str
    language: str | None
    labels: list[tuple[str, float]]
    doubt: float
    arrived_at: At


class ToLabelList(View, frozen=True, kw_only=True):
    """The messages that teach most if a person says what they are about, the most telling first."""

    items: list[ToLabelView]


class LabelledView(View, frozen=True, kw_only=True):
    """The interaction as it is now. `learnt`: it became a row to learn from, since the site and the customer let it."""

    interaction: InteractionView
    learnt: bool


class VersionView(View, frozen=True, kw_only=True):
    """A version of the model. `state`: live, shadow, former or candidate. `passes`: it may be used without a yes.

    `judged`: `judged`; `against_another`: it was compared with another version than the one that is live now, which
    needs a yes; `not_here`: it came as a file, and nothing was measured.

    `report` has what was measured beside the model that was live then: accuracy before and after, per class,
    confusion, calibration, and what would have changed last week; in lists it is left out.
    """

    id: str
    at: At
    by: str
    state: str
    fingerprint: str
    rows: int
    size: int
    judged: str
    passes: bool
    accuracy_before: float | None
    accuracy_after: float | None
    report: dict[str, Any] | None = None


class VersionList(View, frozen=True, kw_only=True):
    """The versions, newest first."""

    items: list[VersionView]


class TrainingView(View, frozen=True, kw_only=True):
    """How training goes, or went last. `state`: never, running, done or failed; `share` of it is done."""

    state: str
    step: str
    share: float
    by: str
    started_at: At | None
    ended_at: At | None
    version: str | None
    problem: str


class ShadowView(View, frozen=True, kw_only=True):
    """How what a candidate would have led to has compared with what was decided of what came in since.

    `agreed` and `differed` are about the label; `heads`: how often department, urgency or mood would have been another.
    """

    version: str
    since: At
    agreed: int
    differed: int
    heads: dict[str, int]
    pairs: list[tuple[str, str, int]]
    examples: list[dict[str, Any]]


class WatchedView(View, frozen=True, kw_only=True):
    """How the live model does on what came in since; `..._then`: the same when it was made.

    `shift`: population stability index of the mix of labels. `checked`: messages labelled when asked. `problems`:
    mix_shifted, more_unknown, less_sure, often_corrected, too_sure.
    """

    since: At
    messages: int
    unknown: float | None
    unknown_then: float | None
    confidence: float | None
    confidence_then: float | None
    mix: dict[str, float]
    mix_then: dict[str, float]
    shift: float | None
    corrections: int
    corrected: float | None
    checked: int
    checked_confidence: float | None
    checked_right: float | None
    problems: list[str]


class UnderstandingView(View, frozen=True, kw_only=True):
    """The model and what it learns from. `live`: the version that classifies on this node; None: rules do.

    `rows`: what there is to learn from, by source.
    """

    live: str | None
    rows: dict[str, int]
    training: TrainingView
    shadow: ShadowView | None
    watched: WatchedView | None
