"""What pages and API need of a site that learns from work; the shell implements it."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

import msgspec

from queues.interaction import Interaction
from router.decision import Refusal
from vocabulary.instants import Instant
from vocabulary.records import Change, CustomerRow, Source


class ToLabel(msgspec.Struct, frozen=True, kw_only=True):
    """A message that a person should say something of: the less sure, the more it teaches. `doubt`: 0-1."""

    interaction: str
    number: int
    subject: str
    text: str
    language: str | None
    labels: list[tuple[str, float]]
    doubt: float
    arrived_at: Instant


State = Literal["live", "shadow", "former", "candidate"]
Judged = Literal["judged", "against_another", "not_here"]


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """A version of the model. `state`: live, shadow, former (was live) or candidate. `passes`: used without a yes.

    `judged`: what its figures are worth: judged here; against another version than the one that is live now; or not
    here, since it came as a file.
    """

    id: str
    at: Instant
    by: str
    state: State
    judged: Judged
    passes: bool
    fingerprint: str
    rows: int
    size: int
    report: dict[str, Any]


class Training(msgspec.Struct, frozen=True, kw_only=True):
    """How training goes, or went last. `share` of it is done; `version`: what came of it; `problem`: why nothing."""

    state: Literal["never", "running", "done", "failed"] = "never"
    step: str = ""
    share: float = 0.0
    by: str = ""
    started_at: Instant | None = None
    ended_at: Instant | None = None
    version: str | None = None
    problem: str = ""


class ShadowFigures(msgspec.Struct, frozen=True, kw_only=True):
    """How what a candidate would have led to has compared with what was decided.

    `agreed` and `differed` are about the label; `heads`: how often department, urgency or mood would have been another.
    """

    version: str
    since: Instant
    agreed: int = 0
    differed: int = 0
    heads: dict[str, int] = {}
    pairs: list[tuple[str, str, int]] = []
    examples: list[dict[str, Any]] = []


class Watched(msgspec.Struct, frozen=True, kw_only=True):
    """How the live model does on what has come in since it is live, in the last week at most, against what was then.

    Shares and probabilities are 0-1; None: too little is known. `shift` is the population stability index of the mix
    of labels. `checked`: messages that were labelled when asked, with the model's confidence and how often it was
    right. `problems` are codes.
    """

    since: Instant
    messages: int = 0
    unknown: float | None = None
    unknown_then: float | None = None
    confidence: float | None = None
    confidence_then: float | None = None
    mix: dict[str, float] = {}
    mix_then: dict[str, float] = {}
    shift: float | None = None
    corrections: int = 0
    corrected: float | None = None
    checked: int = 0
    checked_confidence: float | None = None
    checked_right: float | None = None
    problems: tuple[str, ...] = ()


class Learning(Protocol):
    """What the site learns from work, and the versions of its model."""

    @property
    def live(self) -> str | None:
        """Return the version that classifies here now; None: none yet, rules do."""

    @property
    def watched(self) -> Watched | None:
        """Return how the live model did when it was last looked at."""

    async def labels(self) -> Sequence[str]:
        """Return the labels that a person may choose, by name; the last one says that it is about none of them."""

    async def said(self, found: Interaction, label: str, source: Source, by: str) -> Sequence[Change]:
        """Return what keeps that a person said what `found` is about; nothing where nothing may be learnt from it."""

    async def taken_back(self, found: Interaction) -> Sequence[Change]:
        """Return what forgets what a person said."""

    async def handed_over(self, found: Interaction, queue: str, by: str, *, warm: bool) -> Sequence[Change]:
        """Return what keeps what a transfer to `queue` tells about the message; a `warm` one, as long as it stands."""

    async def objected(self, before: CustomerRow, attributes: Mapping[str, Any]) -> Sequence[Change]:
        """Return what forgets what was learnt of a customer, if by his new `attributes` he doesn't want that."""

    async def ended(self, found: Interaction, disposition: str, by: str) -> Sequence[Change]:
        """Return what keeps what a disposition tells about the message."""

    async def to_label(self, limit: int) -> Sequence[ToLabel]:
        """Return the messages of late to ask a person about, the most telling first."""

    async def rows(self) -> dict[str, int]:
        """Return how many rows there are to learn from, by source."""

    async def versions(self) -> Sequence[Version]:
        """Return the versions of the model, newest first."""

    async def version(self, id: str) -> Version | None: ...

    async def use(self, id: str, by: str, *, yes: bool) -> Refusal | None:
        """Let a version be the live one, everywhere; one that is worse, or not compared with it, only with `yes`."""

    async def roll_back(self, by: str) -> Refusal | None:
        """Let the version that was live before be it again."""

    async def shadow(self, id: str | None, by: str) -> Refusal | None:
        """Let a version run beside the live one, which goes on deciding; None: let none."""

    async def shadow_figures(self) -> ShadowFigures | None: ...

    async def retrain(self, by: str) -> Refusal | None:
        """Begin to train a new version, unless one is being trained."""

    async def training(self) -> Training: ...
