"""The whole policy that `decide` reads: queues, channels, triage rules, automatic answers."""

from typing import Literal

import msgspec

from queues.hours import Hours, Status
from queues.policy import ChannelPolicy, QueuePolicy
from queues.sending import SendingPlan
from queues.sla import SlaPolicy
from vocabulary.ids import AgentId, QueueName
from vocabulary.instants import DAY, HOUR, MINUTE, Span
from vocabulary.skills import Preference, Requirement


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """When a triage rule applies: everything that is set must hold; an empty condition always holds.

    `words`: at least one of them occurs in subject or text (case folded; `*` at the end matches any ending).
    `segment`: the customer is of at least one of them. `attributes` of the customer or of what was sent, as text; a
    value that is a bound (">=0.6") compares numbers. The rest is about `queue`, or the rule's queue if None:
    `hours` of the table `hours_of`, or of the queue if None; how many wait, how long the oldest has waited, the middle
    of the last recorded expected wait, how many agents are staffed, and how many could take this medium now.
    """

    channel: tuple[str, ...] = ()
    medium: tuple[str, ...] = ()
    label: tuple[str, ...] = ()
    confidence: float = 0.0
    department: tuple[str, ...] = ()
    urgency: tuple[str, ...] = ()
    sentiment: tuple[str, ...] = ()
    language: tuple[str, ...] = ()
    segment: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    automatic: bool | None = None
    attributes: dict[str, tuple[str, ...]] = {}
    hours: tuple[Status, ...] = ()
    hours_of: str | None = None
    queue: QueueName | None = None
    waiting_min: int | None = None
    waiting_max: int | None = None
    longest_wait_min: Span | None = None
    expected_wait_min: Span | None = None
    expected_wait_max: Span | None = None
    staffed_min: int | None = None
    staffed_max: int | None = None
    free_min: int | None = None
    free_max: int | None = None


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """What a triage rule decides. `None` leaves it to a later default."""

    queue: QueueName
    priority: int = 0
    class_: int = 0
    requirements: tuple[Requirement, ...] = ()
    preferences: tuple[Preference, ...] = ()
    language_skill: bool = False
    """Also require `lang:xx` of the text's language, where it is known."""
    tags: tuple[str, ...] = ()
    autoresponse: str | None = None


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One triage rule; `name` is what `explain` shows."""

    name: str
    when: Condition = Condition()
    then: Action
    always: bool = False
    """Whether it has no condition; follows from `when`."""

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "always", self.when == Condition())


class Autoresponse(msgspec.Struct, frozen=True, kw_only=True):
    """An automatic answer: `acknowledge` sends the fixed text; `answer` sends a knowledge article that fits.

    `document` plans a sending: what the policy's `plans` have under its name.

    An `answer` needs a candidate article for which `precision` is proven (0-1), or where that is None, one of at least
    the probability `confidence` (0-1). Where none is, but one of the likeliest answers with probability `clarify`, the
    customer is asked which, and has `clarify_wait` ms; 0 never asks. Else it falls back to `otherwise`. A share
    `holdout` of what could be answered is not, to learn what answers are worth.
    """

    name: str
    kind: Literal["acknowledge", "answer", "document"]
    confidence: float = 0.6
    precision: float | None = None
    otherwise: str | None = None
    holdout: float = 0.0
    clarify: float = 0.0
    clarify_wait: Span = 15 * MINUTE


class SegmentPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """What being of a segment brings a customer.

    `priority` is added to the rule's, the largest of his segments'; `target`: his service-level target where the queue
    has none for the segment. He rather goes to whom he belongs (`owner`), else to `preferred_agent`.
    """

    priority: int = 0
    target: Span | None = None
    owner: bool = False
    preferred_agent: AgentId | None = None


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that configuration says to the core."""

    queues: dict[QueueName, QueuePolicy]
    channels: dict[str, ChannelPolicy]
    rules: tuple[Rule, ...]
    autoresponses: dict[str, Autoresponse] = {}
    hours: dict[str, Hours] = {}
    sla: dict[str, SlaPolicy] = {}
    segments: dict[str, SegmentPolicy] = {}
    """By precedence: of a customer's segments, the one that stands first here is his first."""
    plans: dict[str, SendingPlan] = {}
    auto_replies_max: int = 3
    """Automatic replies to one address within `auto_replies_within` ms."""
    auto_replies_within: Span = DAY
    auto_replies_domain_max: int = 20
    """Automatic replies to addresses of one domain within `auto_replies_domain_within` ms."""
    auto_replies_domain_within: Span = HOUR
    auto_replies_surge: int = 5
    """Automatic replies stop when so many times as many as usual went out in an hour, 0: never, ..."""
    auto_replies_surge_min: int = 100
    """... but at least so many, ..."""
    auto_replies_surge_hours: int = 24
    """... and once so many hours are known in which any went out: a new site has no usual hour yet."""
    bulk_undo: Span = MINUTE
    """How long an answer in bulk can be taken back; mails wait so long."""
    bulk_leave_out: tuple[str, ...] = ("key_account",)
    """Segments whose customers are left to people when many are answered at once."""
    disconnect_grace: Span = MINUTE
    """How long an agent who was cut off counts as coming back."""
    estimate_samples_min: int = 20
    """Expected wait is hidden below so many recent samples."""
    guarded: bool = False
    """Whether a step of any queue has a guard, which must know how much arrives; follows from `queues`."""

    def __post_init__(self) -> None:
        guarded = any(step.guard for queue in self.queues.values() for step in queue.steps)
        msgspec.structs.force_setattr(self, "guarded", guarded)


def names_segment(policy: Policy, segment: str) -> bool:
    """Tell whether anything is decided by `segment`."""
    by_itself = segment in policy.segments
    by_rules = any(segment in rule.when.segment for rule in policy.rules)
    by_targets = any(segment in queue.segment_targets for queue in policy.queues.values())
    by_promises = any(segment in sla.segments for sla in policy.sla.values())
    by_answers = segment in policy.bulk_leave_out
    return by_itself or by_rules or by_targets or by_promises or by_answers
