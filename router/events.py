"""Events: past facts, in the order they happened. Ids and labels only, no personal data.

An event carries all that `evolve` needs, so that replay never asks the policy of today about a decision of yesterday.
Each has `v`, its schema version; upgrades of older ones live in storage/codec.py.
"""

from typing import ClassVar

import msgspec

from agents.agent import Presence, Profile
from queues.bulk import Bulk
from queues.hours import Status
from queues.interaction import Heads, Label, RoomMode, UndoKind
from queues.overflow import Contact, Do
from queues.sla import Agreement, ClockName, Notify
from router.commands import AnswerResult, Author, CallOutcome, DeliveryResult
from vocabulary.ids import AgentId, ChannelName, CustomerId, InteractionId, MessageId, OfferId, QueueName
from vocabulary.instants import Instant, Span
from vocabulary.skills import LEVEL_MIN, Preference, Requirement


class Event(msgspec.Struct, frozen=True, kw_only=True, tag=True, omit_defaults=True, gc=False):
    """A fact. `at` is the instant of the decision that made it."""

    v: ClassVar[int] = 1
    at: Instant


class Admitted(Event, frozen=True, kw_only=True, gc=False):
    """Work came in. `rule` decided where it goes; `reasons` tell each step of admission."""

    interaction: InteractionId
    number: int
    channel: ChannelName
    medium: str
    customer: CustomerId
    queue: QueueName
    priority: int
    class_: int
    requirements: tuple[Requirement, ...] = ()
    preferences: tuple[Preference, ...] = ()
    tags: tuple[str, ...] = ()
    labels: tuple[Label, ...] = ()
    language: str | None = None
    segment: str | None = None
    also_segments: tuple[str, ...] = ()
    """What else the customer is, by precedence."""
    rule: str | None = None
    reasons: tuple[str, ...] = ()
    follows: InteractionId | None = None
    preferred_agent: AgentId | None = None
    automatic: tuple[str, ...] = ()
    """The signals that a machine wrote it."""
    contact: Contact | None = None
    """How later automatic replies may reach the customer; None: they can't."""
    heads: Heads | None = None
    """What the text tells beside its labels: department, urgency, sentiment."""
    ruled: bool = False
    """Nobody but the rules said where it goes: while it waits there, they may say so anew."""


class Enqueued(Event, frozen=True, kw_only=True, gc=False):
    """A leg began in `queue`. `arrived_at` is the first enqueue of this opening.

    `target`: the service level it is due by; `pace`: the same where the queue orders by wait over target, else 0.
    It may ring at `parallel` agents at once. `only_agent`: nobody else may be offered it.
    """

    interaction: InteractionId
    queue: QueueName
    leg: int
    arrived_at: Instant
    due_at: Instant
    credit: Span
    target: Span = 0
    pace: Span = 0
    parallel: int = 1
    only_agent: AgentId | None = None
    cause: str
    preferred_agent: AgentId | None = None
    hold_until: Instant | None = None
    requirements: tuple[Requirement, ...] | None = None
    last: tuple[AgentId, ...] = ()
    """Agents who are ranked last in this leg: who gave it away."""
    overflow_after: tuple[Span, ...] | None = None
    """Waits after which the queue may do something else with it; None: it never does."""
    step_at: Instant | None = None
    """When the first step of the queue comes due."""
    steps_anew: bool = False
    """What steps did in the leg before no longer counts, but for requirements and priority."""
    counted: bool = False
    """It counts as an arrival for the guard of steps."""
    since: Instant | None = None
    """From when the wait in this leg counts, if not from now: what was answered in bulk keeps its place."""


class AutoReplied(Event, frozen=True, kw_only=True, gc=False):
    """An automatic reply was decided; the effect sends it. `wait_ms`: expected wait, 10th-90th percentile.

    `address_hash` and `domain_hash` stand for where it goes, so that limits can count.
    """

    interaction: InteractionId
    autoresponse: str
    address_hash: str
    domain_hash: str | None = None
    article: str | None = None
    wait_ms: tuple[Span, Span] | None = None
    answers: int = 1
    """The number of the message that it answers."""
    question: str | None = None
    """What it asks the customer for, to know who he is."""

    options: tuple[str, ...] = ()
    """Articles of which it asks the customer to choose."""


class QuestionAnswered(Event, frozen=True, kw_only=True, gc=False):
    """The customer has answered who he is, or won't; nothing more is asked. `result`: found, not_found or skipped."""

    interaction: InteractionId
    question: str
    result: AnswerResult


class AutoReplySuppressed(Event, frozen=True, kw_only=True, gc=False):
    """No automatic reply, and why."""

    interaction: InteractionId
    autoresponse: str
    reasons: tuple[str, ...]


class AutoRepliesStopped(Event, frozen=True, kw_only=True, gc=False):
    """So many automatic replies went out in an hour that none does any more, until somebody looks.

    `usual`: the median of the hours of the last seven days in which any went out.
    """

    sent: int
    usual: int


class AutoRepliesReleased(Event, frozen=True, kw_only=True, gc=False):
    """Automatic replies go out again."""

    by: str


class KnowledgeChanged(Event, frozen=True, kw_only=True, gc=False):
    """An article was written, changed or removed; every node reads it anew."""

    article: str
    by: str
    removed: bool = False


class AnsweredByBot(Event, frozen=True, kw_only=True, gc=False):
    """The interaction rests with the bot's answer until `confirm_until`, unless the customer writes again.

    `probability`: that the article answers, 0 where nobody said. `chosen`: the customer picked it.

    With a `bulk`, it got the answer of that id together with others, in `language`, because `by` wanted it: its words
    are in the records, and `article` is "". A mail goes out at `goes_at`. `label`: that of the avalanche that it came
    with while answers were given by themselves. `address_hash` and `domain_hash` stand for where it goes.
    """

    interaction: InteractionId
    article: str
    confirm_until: Instant
    autoresponse: str = ""
    probability: float = 0.0
    chosen: bool = False
    bulk: str = ""
    language: str = ""
    by: str = ""
    label: str = ""
    goes_at: Instant | None = None
    undo_until: Instant | None = None
    address_hash: str | None = None
    domain_hash: str | None = None


class AvalancheBegan(Event, frozen=True, kw_only=True, gc=False):
    """`arrivals` about `label` came within `window_ms`, where `expected` were: far more than chance explains.

    `queue`: of that queue; None: of the whole site.
    """

    label: str
    arrivals: int
    expected: float
    window_ms: Span
    queue: QueueName | None = None


class AvalancheEnded(Event, frozen=True, kw_only=True, gc=False):
    """No more comes about `label` than usual, or (`by` somebody) what comes is to count as usual."""

    label: str
    by: str
    queue: QueueName | None = None


class AutomationBegan(Event, frozen=True, kw_only=True, gc=False):
    """What comes in about the label of `bulk` gets its answer by itself, until `until` and `most` times at most.

    `lasts`: only while the avalanche lasts.
    """

    bulk: Bulk
    until: Instant
    most: int
    by: str
    lasts: bool = False


class AutomationEnded(Event, frozen=True, kw_only=True, gc=False):
    """Nothing about `label` is answered by itself any more; `answered` were.

    `reason`: stopped (by `by`), time, most, avalanche_over or undone.
    """

    label: str
    bulk: str
    reason: str
    by: str
    answered: int


class AnswerAsked(Event, frozen=True, kw_only=True, gc=False):
    """Several articles are close: the bot asks the customer which, until `until`; then a person has it."""

    interaction: InteractionId
    autoresponse: str
    articles: tuple[str, ...]
    until: Instant


class AnswerHeldOut(Event, frozen=True, kw_only=True, gc=False):
    """It could have been answered by `article`, and goes to agents to learn what answers are worth."""

    interaction: InteractionId
    autoresponse: str
    article: str
    probability: float


class AnswerConfirmed(Event, frozen=True, kw_only=True, gc=False):
    """The customer said that the automatic answer helped."""

    interaction: InteractionId


class WarningRaised(Event, frozen=True, kw_only=True, gc=False):
    """A step of admission failed; the interaction went on without it."""

    interaction: InteractionId
    warning: str


class MessageAdded(Event, frozen=True, kw_only=True, gc=False):
    """Message number `number` of the conversation. `silent_at`: it is parked then if the customer says nothing.

    `goes_at`: it goes out then, unless its agent takes it back before.
    `automatic`: signals that no automatic reply may follow it; those of the first message came with its admission.
    `sending`: it belongs to that sending, and goes by mail.
    """

    interaction: InteractionId
    message: MessageId
    number: int
    author: Author
    agent: AgentId | None = None
    silent_at: Instant | None = None
    automatic: tuple[str, ...] = ()
    goes_at: Instant | None = None
    sending: str | None = None


class MessageTakenBack(Event, frozen=True, kw_only=True, gc=False):
    """Its agent took a message back before it went out."""

    interaction: InteractionId
    message: MessageId
    agent: AgentId


class DeliveryBegun(Event, frozen=True, kw_only=True, gc=False):
    """A message of ours that could be taken back goes out now."""

    interaction: InteractionId
    message: MessageId


class DeliveryReported(Event, frozen=True, kw_only=True, gc=False):
    """What became of sending one of our messages. `agent`: who has, or had, the interaction, or else wrote it; only
    with bad news.
    """

    interaction: InteractionId
    message: MessageId
    result: DeliveryResult
    agent: AgentId | None = None


class DeliveryAskedAgain(Event, frozen=True, kw_only=True, gc=False):
    """Somebody wants a message of ours sent once more, or to another address."""

    interaction: InteractionId
    message: MessageId
    by: str


class Offered(Event, frozen=True, kw_only=True, gc=False):
    """`interaction` rings at `agent` until `expires_at` and occupies `cost` of his units."""

    offer: OfferId
    interaction: InteractionId
    agent: AgentId
    cost: int
    expires_at: Instant
    flagged: bool = False
    """Allowed beyond his capacity."""


class OfferAccepted(Event, frozen=True, kw_only=True, gc=False):
    """The agent took it; he owns the interaction."""

    offer: OfferId
    interaction: InteractionId
    agent: AgentId


class OfferDeclined(Event, frozen=True, kw_only=True, gc=False):
    """The agent didn't take it; it is not offered to him again before `barred_until`."""

    offer: OfferId
    interaction: InteractionId
    agent: AgentId
    reason: str
    barred_until: Instant


class OfferExpired(Event, frozen=True, kw_only=True, gc=False):
    """Nobody answered. `misses` in a row; the agent gets nothing before `cooling_until`."""

    offer: OfferId
    interaction: InteractionId
    agent: AgentId
    misses: int
    cooling_until: Instant


class OfferWithdrawn(Event, frozen=True, kw_only=True, gc=False):
    """Taken back.

    `reason` is customer_left, lost_race, agent_disconnected, agent_unavailable, moved, closed, converted or emergency.
    """

    offer: OfferId
    interaction: InteractionId
    agent: AgentId
    reason: str
    barred_until: Instant


class BreakerTripped(Event, frozen=True, kw_only=True, gc=False):
    """More than half of a queue's agents missed within a minute: nobody is taken off. No word of it until `until`."""

    queue: QueueName
    missed: tuple[AgentId, ...]
    until: Instant


class Abandoned(Event, frozen=True, kw_only=True, gc=False):
    """The customer left before anybody answered. `short`: sooner than the queue's bound, so it doesn't count."""

    interaction: InteractionId
    reopen_until: Instant
    short: bool = False


class CustomerDisconnected(Event, frozen=True, kw_only=True, gc=False):
    """The customer's socket is gone; he counts as left at `leaves_at`."""

    interaction: InteractionId
    leaves_at: Instant


class CustomerReconnected(Event, frozen=True, kw_only=True, gc=False):
    """The customer's socket is back."""

    interaction: InteractionId


class Ended(Event, frozen=True, kw_only=True, gc=False):
    """The contact is over; wrap-up runs and costs `cost`, until `wrap_up_until` if timed. `by`: agent or customer."""

    interaction: InteractionId
    agent: AgentId
    by: str
    cost: int = 0
    wrap_up_until: Instant | None = None


class WrapUpExtended(Event, frozen=True, kw_only=True, gc=False):
    """The wrap-up got longer."""

    interaction: InteractionId
    agent: AgentId
    wrap_up_until: Instant


class WrappedUp(Event, frozen=True, kw_only=True, gc=False):
    """The wrap-up is done and the interaction closed. `disposition` is `timeout` if the timer wrote it."""

    interaction: InteractionId
    agent: AgentId
    disposition: str | None
    reopen_until: Instant


class Resumed(Event, frozen=True, kw_only=True, gc=False):
    """Active again with its owner: from parking, or from wrap-up because the customer wrote."""

    interaction: InteractionId
    agent: AgentId
    cost: int
    cause: str


class Parked(Event, frozen=True, kw_only=True, gc=False):
    """Set aside; costs `cost` meanwhile. It closes by itself at `close_at`."""

    interaction: InteractionId
    agent: AgentId
    cause: str
    cost: int = 0
    until: Instant | None = None
    close_at: Instant | None = None


class Transferred(Event, frozen=True, kw_only=True, gc=False):
    """The owner gave it away, to a queue or to agent `to`; a new leg follows."""

    interaction: InteractionId
    agent: AgentId
    queue: QueueName
    note: MessageId
    to: AgentId | None = None


class WarmTransferAsked(Event, frozen=True, kw_only=True, gc=False):
    """The owner wants to hand it over to somebody of `queue`, or to `only_agent`; it stays with him until one accepts.

    What follows `until` (then it is over) is what the leg would have; `expired`, `groups`: what expired and was added
    before.
    """

    interaction: InteractionId
    agent: AgentId
    queue: QueueName
    note: MessageId
    until: Instant
    due_at: Instant
    credit: Span
    target: Span = 0
    pace: Span = 0
    only_agent: AgentId | None = None
    requirements: tuple[Requirement, ...] = ()
    expired: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


class WarmTransferAccepted(Event, frozen=True, kw_only=True, gc=False):
    """`agent` takes it from `sender`: leg number `leg`, in `queue`, begins and is answered in the same decision."""

    interaction: InteractionId
    agent: AgentId
    sender: AgentId
    queue: QueueName
    leg: int
    steps_anew: bool = False


class WarmTransferEnded(Event, frozen=True, kw_only=True, gc=False):
    """It stays with its owner `agent`: `reason` is declined, expired, nobody, cancelled, or what became of it.

    Or what became of the agent who was asked: agent_offline, agent_disconnected, agent_unavailable, agent_removed.
    """

    interaction: InteractionId
    agent: AgentId
    queue: QueueName
    reason: str


class OnlyAgentLifted(Event, frozen=True, kw_only=True, gc=False):
    """It no longer waits for `agent` alone, but for anybody of its queue: he left, or doesn't take it."""

    interaction: InteractionId
    agent: AgentId
    reason: str


class RoomJoined(Event, frozen=True, kw_only=True, gc=False):
    """`agent` is in the room and occupies `cost` of his units. `by`: who asked for it."""

    interaction: InteractionId
    agent: AgentId
    mode: RoomMode
    cost: int
    by: str
    flagged: bool = False


class RoomLeft(Event, frozen=True, kw_only=True, gc=False):
    """`agent` is no longer in the room, where he was in `mode`."""

    interaction: InteractionId
    agent: AgentId
    mode: RoomMode
    cause: str


class TakenOver(Event, frozen=True, kw_only=True, gc=False):
    """`agent` owns it in the place of `before`, in the same leg."""

    interaction: InteractionId
    agent: AgentId
    before: AgentId
    by: str
    cost: int
    flagged: bool = False


class Assigned(Event, frozen=True, kw_only=True, gc=False):
    """`by` chose `agent`, himself or another: what is offered to him next is his without asking."""

    interaction: InteractionId
    agent: AgentId
    by: str


class OutboundStarted(Event, frozen=True, kw_only=True, gc=False):
    """An agent began it; it is his, and never waited."""

    interaction: InteractionId
    agent: AgentId
    queue: QueueName
    cost: int


class SpamMarked(Event, frozen=True, kw_only=True, gc=False):
    """`by` says that it is spam."""

    interaction: InteractionId
    customer: CustomerId
    by: str


class Relabelled(Event, frozen=True, kw_only=True, gc=False):
    """`by` says what it is about, which from now on `labels` tell; rules don't run again.

    `label` None: what was said is taken back.
    """

    interaction: InteractionId
    label: str | None = None
    labels: tuple[Label, ...] = ()
    by: str


class Understood(Event, frozen=True, kw_only=True, gc=False):
    """By what its customer has written since, or has told of himself, this is what it is about and who he is.

    `rule` now decides where it goes, `reasons` tell why no rule before did. `moves`: it begins a leg there.
    """

    interaction: InteractionId
    labels: tuple[Label, ...] = ()
    heads: Heads | None = None
    language: str | None = None
    segment: str | None = None
    also_segments: tuple[str, ...] = ()
    preferences: tuple[Preference, ...] = ()
    tags: tuple[str, ...] = ()
    rule: str
    reasons: tuple[str, ...] = ()
    queue: QueueName
    moves: bool = False


class Undone(Event, frozen=True, kw_only=True, gc=False):
    """`by` took back a move, a change of priority, a close or an answer in bulk: it is as it was before, in `state`.

    `leg`: a new one where it waits again. `enqueued_at`: from when that leg's clocks count. `cost`: what it occupies of
    its owner.
    """

    interaction: InteractionId
    kind: UndoKind
    by: str
    state: str
    queue: QueueName
    leg: int
    enqueued_at: Instant
    cost: int = 0


class OwnerLost(Event, frozen=True, kw_only=True, gc=False):
    """Its owner is gone; a new leg follows at the old place, or it closes."""

    interaction: InteractionId
    agent: AgentId
    cause: str


class Moved(Event, frozen=True, kw_only=True, gc=False):
    """Staff moved it to `queue`; a new leg follows. Its reason in words is in the line `audit` of the audit log."""

    interaction: InteractionId
    queue: QueueName
    by: str
    audit: str | None = None
    undo_until: Instant | None = None


class Reprioritised(Event, frozen=True, kw_only=True, gc=False):
    """A new place in the queue."""

    interaction: InteractionId
    priority: int
    class_: int
    due_at: Instant
    by: str
    audit: str | None = None
    undo_until: Instant | None = None


class Closed(Event, frozen=True, kw_only=True, gc=False):
    """Ended without a wrap-up; `reason` is a code."""

    interaction: InteractionId
    reason: str
    by: str
    reopen_until: Instant
    audit: str | None = None
    undo_until: Instant | None = None


class SlaAgreed(Event, frozen=True, kw_only=True, gc=False):
    """A service-level agreement holds for it from now on: that of its admission, or a newer one that `by` asked for."""

    interaction: InteractionId
    agreement: Agreement
    by: str = ""


class ClockStarted(Event, frozen=True, kw_only=True, gc=False):
    """A clock of its agreement runs, and is due at `due_at`. `next_at`: a warning before that, or the same instant.

    `breached`: it opened again and was late before.
    """

    interaction: InteractionId
    clock: ClockName
    started_at: Instant
    due_at: Instant
    next_at: Instant | None = None
    breached: bool = False


class ClockPaused(Event, frozen=True, kw_only=True, gc=False):
    """The clock stands still with `left` ms of its time left."""

    interaction: InteractionId
    clock: ClockName
    left: Span


class ClockResumed(Event, frozen=True, kw_only=True, gc=False):
    """The clock runs on, and is due at `due_at`."""

    interaction: InteractionId
    clock: ClockName
    due_at: Instant
    next_at: Instant | None = None


class ClockStopped(Event, frozen=True, kw_only=True, gc=False):
    """The clock is over. `met`: what it waited for came, in time or not."""

    interaction: InteractionId
    clock: ClockName
    met: bool = False


class SlaWarned(Event, frozen=True, kw_only=True, gc=False):
    """The clock will soon be due; what is done about it follows. `notify`: who is told (page, email, webhook)."""

    interaction: InteractionId
    clock: ClockName
    due_at: Instant
    next_at: Instant
    notify: tuple[Notify, ...] = ()


class SlaBreached(Event, frozen=True, kw_only=True, gc=False):
    """The clock was due and what it waits for had not come; what is done about it follows."""

    interaction: InteractionId
    clock: ClockName
    due_at: Instant
    notify: tuple[Notify, ...] = ()


class CallTried(Event, frozen=True, kw_only=True, gc=False):
    """A callback was attempted."""

    interaction: InteractionId
    agent: AgentId
    outcome: CallOutcome
    attempt: int


class Scheduled(Event, frozen=True, kw_only=True, gc=False):
    """It waits for an instant, then for an agent."""

    interaction: InteractionId
    due: Instant
    cause: str


class RequirementExpired(Event, frozen=True, kw_only=True, gc=False):
    """One requirement no longer counts."""

    interaction: InteractionId
    skill: str
    level: int = LEVEL_MIN


class WaitReached(Event, frozen=True, kw_only=True, gc=False):
    """It has waited `wait_ms` in this leg: agents with that delay see it now."""

    interaction: InteractionId
    wait_ms: Span


class StepTaken(Event, frozen=True, kw_only=True, gc=False):
    """The queue's step `after` was taken: from now on only `requirements` count, and agents of `groups` serve it too.

    `next_at`: when the next step comes due.
    """

    interaction: InteractionId
    after: Span
    requirements: tuple[Requirement, ...]
    groups: tuple[str, ...]
    priority: int
    due_at: Instant
    next_at: Instant | None = None


class StepHeld(Event, frozen=True, kw_only=True, gc=False):
    """The queue's step `after` is held back, for it would overload those whom it adds: `load` is theirs, per cent.

    It is looked at again at `until`.
    """

    interaction: InteractionId
    after: Span
    load: int
    until: Instant


class StepsChanged(Event, frozen=True, kw_only=True, gc=False):
    """The next step comes due at `next_at`, or none does: the configuration changed, or what was due has no effect."""

    interaction: InteractionId
    next_at: Instant | None = None


class HoldEnded(Event, frozen=True, kw_only=True, gc=False):
    """The preferred agent no longer has it to himself."""

    interaction: InteractionId


class BarLifted(Event, frozen=True, kw_only=True, gc=False):
    """It may be offered to `agent` again."""

    interaction: InteractionId
    agent: AgentId


class Forgotten(Event, frozen=True, kw_only=True, gc=False):
    """Its reopen window is over; it lives on in the records only."""

    interaction: InteractionId


class WaitEstimated(Event, frozen=True, kw_only=True, gc=False):
    """Its expected wait, 10th to 90th percentile."""

    interaction: InteractionId
    low_ms: Span
    high_ms: Span


class OverflowDue(Event, frozen=True, kw_only=True, gc=False):
    """It has waited `wait_ms` in this leg: rules of overflow with that wait count from now on.

    `again`: the wait at which it is looked at once more, since its queue closes then.
    """

    interaction: InteractionId
    wait_ms: Span
    again: Span | None = None


class Overflowed(Event, frozen=True, kw_only=True, gc=False):
    """A rule of overflow applied, for the reasons `because`; what it does follows.

    `rule` counts the queue's from 0; -1: the emergency switch, -2: what the queue does on closing. `groups` of agents
    serve it too from now on; `to` is the queue that it moves to.
    """

    interaction: InteractionId
    queue: QueueName
    rule: int
    because: tuple[str, ...]
    groups: tuple[str, ...] = ()
    to: QueueName | None = None


class WayOffered(Event, frozen=True, kw_only=True, gc=False):
    """The customer is offered something else than waiting: a `callback`, or to leave a `message`."""

    interaction: InteractionId
    way: str


class Converted(Event, frozen=True, kw_only=True, gc=False):
    """It goes on as work of another medium, answered by `channel`; a new leg or an appointment follows.

    `address_hash` and `domain_hash` stand for the address that the customer has given for it.
    """

    interaction: InteractionId
    medium: str
    channel: ChannelName
    cause: str
    address_hash: str | None = None
    domain_hash: str | None = None


class CustomerTold(Event, frozen=True, kw_only=True, gc=False):
    """The customer is told something that he must know, where he can be written to. `notice` names the wording.

    `due`: when the window begins in which he will be called.
    """

    interaction: InteractionId
    notice: str
    due: Instant | None = None


class SendingPlanned(Event, frozen=True, kw_only=True, gc=False):
    """Something will be sent at `due_at`: what the configuration has under `plan`, or words that somebody wrote.

    `by`: a rule (`router`), or who planned it. `agent`: in whose name it goes. The rest is as in `PlanSending`.
    """

    interaction: InteractionId
    sending: str
    by: str
    due_at: Instant
    plan: str = ""
    agent: AgentId | None = None
    address_hash: str | None = None
    domain_hash: str | None = None
    within: str | None = None
    written: bool = False
    alone: bool = False
    unless_answered: bool = False


class SendingDue(Event, frozen=True, kw_only=True, gc=False):
    """Step number `step` of a sending is sent, in the name of `agent` or by itself.

    `next_at`: when the next step, or the call, is due unless the customer answers; None: that was all.
    `automatic`: it counts for the limits of where it goes, `address_hash` and `domain_hash`. `reopen_until`: an answer
    opens the interaction again until then, where it is over.
    """

    interaction: InteractionId
    sending: str
    step: int
    plan: str = ""
    agent: AgentId | None = None
    written: bool = False
    automatic: bool = False
    address_hash: str | None = None
    domain_hash: str | None = None
    next_at: Instant | None = None
    reopen_until: Instant | None = None


class SendingHeld(Event, frozen=True, kw_only=True, gc=False):
    """Step number `step` is not sent now but at `until`, because of `reason`."""

    interaction: InteractionId
    sending: str
    step: int
    reason: str
    until: Instant


class SendingCancelled(Event, frozen=True, kw_only=True, gc=False):
    """What was left of a sending is not sent.

    `reason`: answered, cancelled (by staff), unsubscribed, complained, undeliverable, not_sent (a message failed),
    spam, erased, no_automatic_mail (it is switched off), or plan_gone (the configuration has it no more).
    """

    interaction: InteractionId
    sending: str
    step: int
    reason: str
    by: str


class SendingEscalated(Event, frozen=True, kw_only=True, gc=False):
    """Nobody has answered a sending: its customer is to be called, by `queue`."""

    interaction: InteractionId
    sending: str
    plan: str
    queue: QueueName


class HoursChanged(Event, frozen=True, kw_only=True, gc=False):
    """A queue is open, closed, or closed for a holiday, until `until` at least."""

    queue: QueueName
    status: Status
    until: Instant | None = None


class EmergencySet(Event, frozen=True, kw_only=True, gc=False):
    """A queue's emergency switch is on: `action` is done with what waits and with what comes."""

    queue: QueueName
    action: Do
    by: str


class EmergencyCleared(Event, frozen=True, kw_only=True, gc=False):
    """A queue's emergency switch is off."""

    queue: QueueName
    by: str


class AgentDefined(Event, frozen=True, kw_only=True, gc=False):
    """An agent has this profile."""

    agent: AgentId
    profile: Profile


class AgentRemoved(Event, frozen=True, kw_only=True, gc=False):
    """An agent is no more."""

    agent: AgentId


class PresenceChanged(Event, frozen=True, kw_only=True, gc=False):
    """What the agent is; `by` is himself, a supervisor or `router`. `after_current`: applies when his work ends."""

    agent: AgentId
    presence: Presence
    reason: str = ""
    by: str
    after_current: bool = False
    media_off: tuple[str, ...] | None = None


class AgentConnected(Event, frozen=True, kw_only=True, gc=False):
    """He is there."""

    agent: AgentId


class AgentDisconnected(Event, frozen=True, kw_only=True, gc=False):
    """He was cut off; unless he comes back, he is disconnected from `grace_until` on. None: he had gone before."""

    agent: AgentId
    grace_until: Instant | None


class OwnerAway(Event, frozen=True, kw_only=True, gc=False):
    """Its owner is cut off or offline; it waits for him until `until`."""

    interaction: InteractionId
    agent: AgentId
    until: Instant


class GraceEnded(Event, frozen=True, kw_only=True, gc=False):
    """Its owner did not come back in time, and it stays with him all the same."""

    interaction: InteractionId
    agent: AgentId


class CoolDownEnded(Event, frozen=True, kw_only=True, gc=False):
    """He may be offered work again."""

    agent: AgentId


AnyEvent = (
    Admitted
    | Enqueued
    | AutoReplied
    | QuestionAnswered
    | AutoReplySuppressed
    | AutoRepliesStopped
    | AutoRepliesReleased
    | KnowledgeChanged
    | AnsweredByBot
    | AvalancheBegan
    | AvalancheEnded
    | AutomationBegan
    | AutomationEnded
    | AnswerAsked
    | AnswerHeldOut
    | AnswerConfirmed
    | WarningRaised
    | MessageAdded
    | MessageTakenBack
    | DeliveryBegun
    | DeliveryReported
    | DeliveryAskedAgain
    | Offered
    | OfferAccepted
    | OfferDeclined
    | OfferExpired
    | OfferWithdrawn
    | BreakerTripped
    | Abandoned
    | CustomerDisconnected
    | CustomerReconnected
    | Ended
    | WrapUpExtended
    | WrappedUp
    | Resumed
    | Parked
    | Transferred
    | WarmTransferAsked
    | WarmTransferAccepted
    | WarmTransferEnded
    | OnlyAgentLifted
    | RoomJoined
    | RoomLeft
    | TakenOver
    | Assigned
    | OutboundStarted
    | SpamMarked
    | Relabelled
    | Understood
    | Undone
    | OwnerLost
    | Moved
    | Reprioritised
    | Closed
    | SlaAgreed
    | ClockStarted
    | ClockPaused
    | ClockResumed
    | ClockStopped
    | SlaWarned
    | SlaBreached
    | CallTried
    | Scheduled
    | RequirementExpired
    | WaitReached
    | StepTaken
    | StepHeld
    | StepsChanged
    | HoldEnded
    | BarLifted
    | Forgotten
    | WaitEstimated
    | OverflowDue
    | Overflowed
    | WayOffered
    | Converted
    | CustomerTold
    | SendingPlanned
    | SendingDue
    | SendingHeld
    | SendingCancelled
    | SendingEscalated
    | HoursChanged
    | EmergencySet
    | EmergencyCleared
    | AgentDefined
    | AgentRemoved
    | PresenceChanged
    | AgentConnected
    | AgentDisconnected
    | OwnerAway
    | GraceEnded
    | CoolDownEnded
)
