"""Commands: orders to the core. They may carry personal data (texts to match rules on); the journal never sees them."""

from typing import Any, Literal

import msgspec

from agents.agent import Presence, Profile
from queues.bulk import Bulk
from queues.interaction import Heads, Label, RoomMode
from queues.overflow import Do
from vocabulary.ids import AgentId, ChannelName, CustomerId, InteractionId, MessageId, OfferId, QueueName
from vocabulary.instants import Instant, Span
from vocabulary.skills import Preference, Requirement

Author = Literal["customer", "agent", "bot", "note", "report"]
"""Who wrote a message; a note is an agent's and never leaves the house. A report is a program's about a message of ours
(not delivered, read, out of office): it stands in the conversation and changes nothing there."""

CallOutcome = Literal["reached", "no_answer", "busy", "voicemail", "wrong_number"]


class Candidate(msgspec.Struct, frozen=True):
    """A knowledge article that may answer, with the probability that it does.

    `proven`: the highest share of right answers, of those that are promised, which is proven for such a probability.
    """

    article: str
    probability: float
    proven: float = 0.0


CONFIRMED = "confirmed"
"""What a customer says to an automatic answer that helped; no article is called so."""

BLOCKED_SENDER, IMPORTED = "blocked_sender", "imported"
"""Dispositions of what a blocked sender sent, and of history that was brought from elsewhere."""


class Admit(msgspec.Struct, frozen=True, kw_only=True):
    """A new piece of work. `id` derives from channel and external id, so a repeat is refused as `known`.

    Fields that staff or an integration sends (`queue`, `priority`, `class_`, `requirements`) win over rules.
    `address_hash` stands for the address that an automatic reply would go to; None = no way to reply. `domain_hash`
    stands for its domain, None where one limit for all of it would hit people who don't know each other.
    `suppressed_by`: signals of automatic mail; with any, no automatic reply is sent. `mailable`: there is an e-mail
    address to write to. `also_segments`: what else the customer is beside `segment`, by precedence. `slot`: the
    start of a window in which the customer wants to be called. `blocked`: staff have blocked the sender; it is
    closed at once. So is what is `archived`: history that is brought from elsewhere. `unidentified`: nothing shows
    for sure who he is, so a queue that wants to know may ask. `mail_hash`, `mail_domain_hash` stand for where
    documents are mailed to; `unsubscribed`: he wants no offers. `out_of_scope`: the text is about none of the labels
    that are known; those that stand here are guesses, and nothing is sent by them. `subject`, `text` and `attributes`
    (of the customer, or sent with it) serve the rules only and are not kept.
    """

    id: InteractionId
    channel: ChannelName
    medium: str
    customer: CustomerId
    message: MessageId | None = None
    subject: str = ""
    text: str = ""
    labels: tuple[Label, ...] = ()
    heads: Heads | None = None
    language: str | None = None
    segment: str | None = None
    also_segments: tuple[str, ...] = ()
    queue: QueueName | None = None
    priority: int | None = None
    class_: int | None = None
    requirements: tuple[Requirement, ...] | None = None
    preferences: tuple[Preference, ...] | None = None
    tags: tuple[str, ...] = ()
    preferred_agent: AgentId | None = None
    address_hash: str | None = None
    domain_hash: str | None = None
    mailable: bool = False
    suppressed_by: tuple[str, ...] = ()
    out_of_scope: bool = False
    candidates: tuple[Candidate, ...] = ()
    follows: InteractionId | None = None
    scheduled_at: Instant | None = None
    slot: Instant | None = None
    warnings: tuple[str, ...] = ()
    attributes: dict[str, Any] = {}
    blocked: bool = False
    mail_hash: str | None = None
    mail_domain_hash: str | None = None
    unsubscribed: bool = False
    archived: bool = False
    unidentified: bool = False

    @property
    def closed_as(self) -> str | None:
        """Return the disposition of what is closed at once, None of what is work."""
        return BLOCKED_SENDER if self.blocked else IMPORTED if self.archived else None


AnswerResult = Literal["found", "not_found", "skipped"]
"""What came of a customer's answer to the question who he is."""


class AddMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message in an open conversation, or one that opens it again. `agent` for `agent` and `note`.

    `suppressed_by`: signals that no automatic reply may follow a customer's message, as of `Admit`. `sending`: it is a
    message of that sending. `bulk`: it is the answer of that id, and only wanted while it stands. `chosen`: what a
    customer's message says to the bot: the article that he means, of those he was asked about, or `CONFIRMED`; None:
    neither. `answer`: what came of it, if it answers the question who he is. `anew`: what a customer's interaction is
    about by now and who he is, as if it came in just so; where the rules alone have put it, they look again.
    """

    interaction: InteractionId
    message: MessageId
    author: Author
    agent: AgentId | None = None
    suppressed_by: tuple[str, ...] = ()
    sending: str | None = None
    bulk: str = ""
    answer: AnswerResult | None = None
    chosen: str | None = None
    anew: Admit | None = None


class AcceptOffer(msgspec.Struct, frozen=True):
    """`agent` takes the offer. Idempotent for the agent who has it."""

    offer: OfferId
    agent: AgentId


class DeclineOffer(msgspec.Struct, frozen=True):
    """`agent` doesn't take the offer; `reason` is a code."""

    offer: OfferId
    agent: AgentId
    reason: str


class WantPerson(msgspec.Struct, frozen=True):
    """The bot's answer did not satisfy the customer."""

    interaction: InteractionId


class ConfirmAnswer(msgspec.Struct, frozen=True):
    """The bot's answer helped, says the customer."""

    interaction: InteractionId


class Leave(msgspec.Struct, frozen=True):
    """The customer left."""

    interaction: InteractionId


class CustomerGone(msgspec.Struct, frozen=True):
    """The customer's last socket closed; the channel's grace begins."""

    interaction: InteractionId


class CustomerBack(msgspec.Struct, frozen=True):
    """The customer's socket is there again."""

    interaction: InteractionId


class End(msgspec.Struct, frozen=True):
    """The owner ends the contact; wrap-up begins. `wrap_up` asks for one where the mode is `optional`."""

    interaction: InteractionId
    agent: AgentId
    wrap_up: bool = False


class WrapUp(msgspec.Struct, frozen=True):
    """The owner is done. `note` is a message id in the records, if there is one."""

    interaction: InteractionId
    agent: AgentId
    disposition: str | None = None


class ExtendWrapUp(msgspec.Struct, frozen=True):
    """The owner needs longer."""

    interaction: InteractionId
    agent: AgentId


class Transfer(msgspec.Struct, frozen=True):
    """The owner hands over to a queue, to agent `to`, or to whoever holds `requirements`; `note` is a message id.

    With a queue, `requirements` are set anew; alone, they are looked for in the current queue. `warm`: it stays with
    the owner until somebody accepts.
    """

    interaction: InteractionId
    agent: AgentId
    queue: QueueName | None
    note: MessageId
    requirements: tuple[Requirement, ...] | None = None
    to: AgentId | None = None
    warm: bool = False


class CancelTransfer(msgspec.Struct, frozen=True):
    """The owner keeps it after all: the warm transfer that he asked for is over."""

    interaction: InteractionId
    agent: AgentId


class JoinRoom(msgspec.Struct, frozen=True):
    """`agent` joins the room of another's active interaction, or is in it in another mode.

    `by`: its owner who invites him, a supervisor, or himself. `beyond_capacity`: whether he has room doesn't matter.
    """

    interaction: InteractionId
    agent: AgentId
    mode: RoomMode
    by: str
    beyond_capacity: bool = False


class LeaveRoom(msgspec.Struct, frozen=True):
    """`agent` is no longer in the room."""

    interaction: InteractionId
    agent: AgentId


class TakeOver(msgspec.Struct, frozen=True):
    """`agent` becomes the owner of what another agent works on, without a new leg."""

    interaction: InteractionId
    agent: AgentId
    by: str
    beyond_capacity: bool = False


class Assign(msgspec.Struct, frozen=True):
    """What waits or rings is `agent`'s at once: he pulls it himself (`by` is he), or a supervisor assigns it."""

    interaction: InteractionId
    agent: AgentId
    by: str
    beyond_capacity: bool = False


class UndoAct(msgspec.Struct, frozen=True):
    """Take back the latest move, change of priority or forced close."""

    interaction: InteractionId
    by: str


class MarkSpam(msgspec.Struct, frozen=True):
    """It is spam, says `by`: closed, whatever its state."""

    interaction: InteractionId
    by: str
    audit: str | None = None


class Relabel(msgspec.Struct, frozen=True):
    """It is about `label`, says `by`; None: it is about what it was before somebody said otherwise."""

    interaction: InteractionId
    label: str | None
    by: str


class StartOutbound(msgspec.Struct, frozen=True, kw_only=True):
    """`agent` contacts a customer: a new interaction that is his at once. Without a queue, his own first one."""

    id: InteractionId
    channel: ChannelName
    medium: str
    customer: CustomerId
    agent: AgentId
    queue: QueueName | None = None
    language: str | None = None
    tags: tuple[str, ...] = ()


class Move(msgspec.Struct, frozen=True):
    """A supervisor moves what waits to `queue`. `audit`: the line of the audit log that has his reason in words."""

    interaction: InteractionId
    queue: QueueName
    by: str
    audit: str | None = None


class Reprioritise(msgspec.Struct, frozen=True):
    """A supervisor changes priority (-100 to 100) and, if given, class."""

    interaction: InteractionId
    priority: int
    by: str
    class_: int | None = None
    audit: str | None = None


class Park(msgspec.Struct, frozen=True):
    """The owner sets it aside until the customer writes, he resumes, or `until`."""

    interaction: InteractionId
    agent: AgentId
    until: Instant | None = None


class Resume(msgspec.Struct, frozen=True):
    """The owner takes his parked interaction up again."""

    interaction: InteractionId
    agent: AgentId


class Close(msgspec.Struct, frozen=True):
    """Ended by staff or rule, whatever its state; `reason` is a code, words of it are in the line `audit`."""

    interaction: InteractionId
    reason: str
    by: str
    audit: str | None = None


class RenewSla(msgspec.Struct, frozen=True):
    """Today's service-level agreement is to hold for an interaction that came in under another."""

    interaction: InteractionId
    by: str


class CallAttempted(msgspec.Struct, frozen=True):
    """What came of calling the customer back."""

    interaction: InteractionId
    agent: AgentId
    outcome: CallOutcome


class AcceptCallback(msgspec.Struct, frozen=True):
    """The customer would rather be called: now, in the place that he has, or in the window that begins at `slot`."""

    interaction: InteractionId
    slot: Instant | None = None


class RescheduleCallback(msgspec.Struct, frozen=True):
    """The customer wants to be called in the window that begins at `slot`."""

    interaction: InteractionId
    slot: Instant


class CancelCallback(msgspec.Struct, frozen=True):
    """A callback is no longer wanted; `by` is `customer` or who says so for him."""

    interaction: InteractionId
    by: str


class LeaveMessage(msgspec.Struct, frozen=True):
    """The customer would rather have an answer by e-mail; he has given an address.

    `address_hash` and `domain_hash` stand for it, as of `Admit`: whose it is, nobody knows.
    """

    interaction: InteractionId
    address_hash: str | None = None
    domain_hash: str | None = None


class RecordEstimate(msgspec.Struct, frozen=True):
    """The expected wait of what waits: the 10th to 90th percentile, ms. Later ones replace it."""

    interaction: InteractionId
    low_ms: Span
    high_ms: Span


class PlanSending(msgspec.Struct, frozen=True, kw_only=True):
    """Something will be sent to the customer: what `plan` names, words that somebody wrote (`written`), or both.

    `by` plans it; `agent`: in whose name the first message goes. `at`: when, instead of what the plan says; an instant
    that is over counts as now. `within`: only while these hours are open, instead of the plan's. `alone`: nothing
    follows. `unless_answered`: not if the customer writes before. `address_hash`, `domain_hash`: of where it goes.
    """

    interaction: InteractionId
    sending: str
    by: str
    plan: str = ""
    agent: AgentId | None = None
    address_hash: str | None = None
    domain_hash: str | None = None
    at: Instant | None = None
    within: str | None = None
    written: bool = False
    alone: bool = False
    unless_answered: bool = False


class CancelSending(msgspec.Struct, frozen=True):
    """What has not been sent yet of a sending is not wanted any more, or (`not_sent`) can't be sent."""

    interaction: InteractionId
    sending: str
    by: str
    reason: str = "cancelled"


class StopSendings(msgspec.Struct, frozen=True):
    """Nothing more is sent to a customer; `reason` is a code: unsubscribed or erased.

    `unsubscribed` concerns only what a customer can unsubscribe from.
    """

    customer: CustomerId
    reason: str
    by: str


class SetEmergency(msgspec.Struct, frozen=True):
    """The emergency switch of a queue: on, with what is done, or off (None). An empty action leaves it to the rules."""

    queue: QueueName
    action: Do | None
    by: str


class DefineAgent(msgspec.Struct, frozen=True):
    """An agent exists with this profile, or has a new one."""

    agent: AgentId
    profile: Profile


class RemoveAgent(msgspec.Struct, frozen=True):
    """An agent's account is gone or disabled. Refused while he holds work, unless `move`: then it goes back."""

    agent: AgentId
    move: bool = False


class SetPresence(msgspec.Struct, frozen=True):
    """What `agent` declares, or a supervisor forces (`by`). `media`: switches; None leaves them."""

    agent: AgentId
    presence: Presence
    by: str
    reason: str = ""
    after_current: bool = False
    media: dict[str, bool] | None = None


class Connect(msgspec.Struct, frozen=True):
    """The agent has a live connection: a socket or a lease."""

    agent: AgentId


class Disconnect(msgspec.Struct, frozen=True):
    """His last socket is gone or his lease ended."""

    agent: AgentId


class Together(msgspec.Struct, frozen=True):
    """Several agents who come at once: nobody chooses work before all of them are there.

    Where queues look ahead they are then assigned together. If one of `commands` is refused, all are.
    """

    commands: tuple[Connect | SetPresence, ...]


DeliveryResult = Literal[
    "sent", "deferred", "failed", "uncertain", "bounced", "delayed", "delivered", "read", "complained"
]
"""The last five are what a report said later."""


class TakeBack(msgspec.Struct, frozen=True):
    """An agent takes back what he has written, if it has not begun to go out."""

    interaction: InteractionId
    message: MessageId
    agent: AgentId


class BeginDelivery(msgspec.Struct, frozen=True):
    """A message that could be taken back goes out, unless it was."""

    interaction: InteractionId
    message: MessageId


class DeliverAgain(msgspec.Struct, frozen=True):
    """A message that did not arrive is sent once more."""

    interaction: InteractionId
    message: MessageId
    by: str


BAD_NEWS: frozenset[DeliveryResult] = frozenset({"failed", "uncertain", "bounced"})
"""What an agent ought to hear of, whatever else he does."""


class ReportDelivery(msgspec.Struct, frozen=True):
    """What became of sending one of our messages; a `failed` one is for its agent to see.

    `wrote`: the agent who did; he hears of it where nobody has the interaction.
    """

    interaction: InteractionId
    message: MessageId
    result: DeliveryResult
    wrote: AgentId | None = None


class ReleaseAutoReplies(msgspec.Struct, frozen=True):
    """Somebody has looked at why so many automatic replies went out: they may go on."""

    by: str


class AnswerInBulk(msgspec.Struct, frozen=True):
    """`by` gives all of `interactions` that wait, and that `bulk` is for, the same answer."""

    bulk: Bulk
    interactions: tuple[InteractionId, ...]
    by: str


class UndoInBulk(msgspec.Struct, frozen=True):
    """`by` takes the answer `bulk` back from those of `interactions` that still rest with it."""

    bulk: str
    interactions: tuple[InteractionId, ...]
    by: str


class BeginAutomation(msgspec.Struct, frozen=True):
    """What comes in about the label of `bulk` is to get its answer by itself, for `span` ms, `most` times at most.

    `lasts`: no longer than the avalanche of the label. It takes the place of another one of the label.
    """

    bulk: Bulk
    span: Span
    most: int
    by: str
    lasts: bool = False


class EndAutomation(msgspec.Struct, frozen=True):
    """Nothing about `label` is to be answered by itself any more."""

    label: str
    by: str
    reason: str = "stopped"


class ReportAvalanche(msgspec.Struct, frozen=True):
    """More came about `label` than was forecast, see `AvalancheBegan`; one that is known changes nothing."""

    label: str
    queue: QueueName | None
    arrivals: int
    expected: float
    window_ms: Span


class EndAvalanche(msgspec.Struct, frozen=True):
    """It is over, or `by` says that it is none; answers that were given while it lasts end with it."""

    label: str
    queue: QueueName | None
    by: str


class ChangeKnowledge(msgspec.Struct, frozen=True):
    """An article of the knowledge base was written, changed or removed; its words travel beside, as rows."""

    article: str
    by: str
    removed: bool = False


class Reconcile(msgspec.Struct, frozen=True):
    """Look at everything again: after a start, under a policy that may be new."""


class Tick(msgspec.Struct, frozen=True):
    """Time alone may have changed something."""


Command = (
    Admit
    | AddMessage
    | AcceptOffer
    | DeclineOffer
    | WantPerson
    | ConfirmAnswer
    | Leave
    | CustomerGone
    | CustomerBack
    | End
    | WrapUp
    | ExtendWrapUp
    | Transfer
    | CancelTransfer
    | JoinRoom
    | LeaveRoom
    | TakeOver
    | Assign
    | UndoAct
    | MarkSpam
    | Relabel
    | StartOutbound
    | Move
    | Reprioritise
    | Park
    | Resume
    | Close
    | RenewSla
    | CallAttempted
    | AcceptCallback
    | RescheduleCallback
    | CancelCallback
    | LeaveMessage
    | RecordEstimate
    | PlanSending
    | CancelSending
    | StopSendings
    | SetEmergency
    | DefineAgent
    | RemoveAgent
    | SetPresence
    | Connect
    | Disconnect
    | Together
    | TakeBack
    | BeginDelivery
    | DeliverAgain
    | ReportDelivery
    | ReleaseAutoReplies
    | AnswerInBulk
    | UndoInBulk
    | BeginAutomation
    | EndAutomation
    | ReportAvalanche
    | EndAvalanche
    | ChangeKnowledge
    | Reconcile
    | Tick
)
