"""Bodies and queries that the API takes. What is not named here is refused."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from autoresponders.article import LANGUAGE
from queues.interaction import RoomMode
from queues.policy import OnClose, OnDisconnect, Order, OutsideHours, Placement, Strategy, WrapUpMode
from router.commands import CallOutcome
from vocabulary.skills import LEVEL_MAX, LEVEL_MIN

Name = Annotated[str, Meta(min_length=1, max_length=200)]
Code = Annotated[str, Meta(max_length=100)]
Text = Annotated[str, Meta(max_length=100_000)]
SomeText = Annotated[str, Meta(min_length=1, max_length=100_000)]
SpanText = Annotated[str, Meta(max_length=20, description='A time span such as "30s", "10m" or "1h 30m".')]
When = Annotated[str, Meta(max_length=40, extra_json_schema={"format": "date-time"})]
Language = Annotated[str, Meta(pattern=LANGUAGE, description="Such as pl or pt-BR.")]
Level = Annotated[int, Meta(ge=LEVEL_MIN, le=LEVEL_MAX)]
Weight = Annotated[int, Meta(ge=1, le=100)]
Priority = Annotated[int, Meta(ge=-100, le=100)]
Class = Annotated[int, Meta(ge=-1, le=1)]
Limit = Annotated[int, Meta(ge=1, le=200)]


class Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"class_": "class"}):
    """What a caller sends; unknown fields are refused, so that a typing error is no silent default."""


class Login(Body, frozen=True, kw_only=True):
    """A person's log-in."""

    login: Annotated[str, Meta(max_length=200)]
    password: Annotated[str, Meta(max_length=1000)]


class NewCustomer(Body, frozen=True, kw_only=True):
    """Who the work is from; any one of them identifies him."""

    id: Name | None = None
    email: Annotated[str, Meta(max_length=320)] | None = None
    phone: Annotated[str, Meta(max_length=40)] | None = None
    name: Name | None = None
    language: Language | None = None


class NewRequirement(Body, frozen=True, kw_only=True):
    """What an agent must hold; with `expires_after`, only so long."""

    skill: Name
    level: Level = LEVEL_MIN
    expires_after: SpanText | None = None
    weight: Weight = 1


class NewPreference(Body, frozen=True, kw_only=True):
    """Who is rather taken: members of `group`, or holders of `skill`; one of the two."""

    group: Name | None = None
    skill: Name | None = None
    level: Level = LEVEL_MIN
    weight: Weight = 1


class NewInteraction(Body, frozen=True, kw_only=True):
    """Work to admit. What is given here wins over the rules."""

    channel: Name | None = None
    external_id: Annotated[str, Meta(min_length=1, max_length=500)] | None = None
    medium: Name | None = None
    customer: NewCustomer = NewCustomer()
    subject: Annotated[str, Meta(max_length=1000)] = ""
    text: Text = ""
    queue: Name | None = None
    priority: Priority | None = None
    class_: Class | None = None
    requirements: Annotated[tuple[NewRequirement, ...], Meta(max_length=50)] | None = None
    preferences: Annotated[tuple[NewPreference | str, ...], Meta(max_length=50)] | None = None
    preferred_agent: Name | None = None
    direction: Literal["in", "out"] = "in"
    agent: Name | None = None
    """Who begins it, with `direction: "out"`; left out, the caller himself."""
    attributes: dict[str, Any] = {}


class InteractionQuery(Body, frozen=True, kw_only=True):
    """Which interactions; `state` may name several with commas, `q` searches texts and subjects.

    `key`: only of customers who go first by their segments, of what is open or may open again; without `q`.
    """

    state: str | None = None
    queue: str | None = None
    agent: str | None = None
    customer: str | None = None
    q: Annotated[str, Meta(max_length=200)] | None = None
    key: bool = False
    cursor: Annotated[int, Meta(ge=1)] | None = None
    limit: Limit = 50


class MessageQuery(Body, frozen=True, kw_only=True):
    """Messages with numbers above `after`."""

    after: Annotated[int, Meta(ge=0)] = 0
    limit: Limit = 100


class LetterQuery(Body, frozen=True, kw_only=True):
    """Whether pictures are loaded from wherever the sender keeps them: he then learns who reads his mail, and when."""

    remote_images: bool = False


class EventQuery(Body, frozen=True, kw_only=True):
    """Events behind the sequence number `after`."""

    after: Annotated[int, Meta(ge=0)] = 0
    limit: Annotated[int, Meta(ge=1, le=1000)] = 100


class OfferQuery(Body, frozen=True, kw_only=True):
    """Wait up to `wait` seconds for the first offer."""

    wait: Annotated[int, Meta(ge=0, le=60)] = 0


class TextToClassify(Body, frozen=True, kw_only=True):
    """A text as a customer might write it; only its first 4,000 characters are read.

    `channel`, `customer` (his id): where it came from; they count where the model has learnt from such rows.
    """

    text: Annotated[str, Meta(max_length=100_000)]
    subject: Annotated[str, Meta(max_length=1_000)] = ""
    channel: Annotated[str, Meta(max_length=200)] = ""
    customer: Annotated[str, Meta(max_length=200)] | None = None


class ExplainQuery(Body, frozen=True, kw_only=True):
    """The language of `text` (en, pl, lt, hu, ru); left out, the best of Accept-Language."""

    language: Annotated[str, Meta(max_length=35)] | None = None


Address = Annotated[str, Meta(min_length=3, max_length=320, description="An e-mail address.")]


class NewMessage(Body, frozen=True, kw_only=True):
    """A reply to the customer, or a note that stays in the house.

    By mail, `text` may have a little Markdown; `html` takes its place in HTML mail, made safe. `attachments` are ids of
    files that were brought (`POST /interactions/{id}/attachments`), or of those of a message that was taken back.
    """

    kind: Literal["reply", "note"]
    text: Text = ""
    html: Text | None = None
    attachments: Annotated[tuple[Name, ...], Meta(max_length=20)] = ()
    cc: Annotated[tuple[Address, ...], Meta(max_length=20)] = ()


class DraftMail(Body, frozen=True, kw_only=True):
    """What would be sent."""

    text: Text = ""
    html: Text | None = None
    cc: Annotated[tuple[Address, ...], Meta(max_length=20)] = ()


class UploadQuery(Body, frozen=True, kw_only=True):
    """What the file is called; `inline`: a picture that stands among the words."""

    filename: Annotated[str, Meta(max_length=1000)] = ""
    inline: bool = False


class UndeliveredQuery(Body, frozen=True, kw_only=True):
    """How many at most."""

    limit: Limit = 50


class SendAgain(Body, frozen=True, kw_only=True):
    """Where to: left out, to the same address."""

    to: Address | None = None


class NewSending(Body, frozen=True, kw_only=True):
    """What to send, and when.

    `name` is a prepared document; `text` are own words, in the place of its first message or alone, with `html`,
    `attachments` and `cc` as in a reply. `at` is an instant,
    or without an offset what clocks show in `time_zone` (the site's if left out); without it, it goes as the document
    says, else at once. `within` names hours. `follow_up`: what the document says follows if the customer doesn't
    answer. `unless_answered`: the first message isn't sent either if he writes before.
    """

    name: Name | None = None
    subject: Annotated[str, Meta(max_length=500)] = ""
    text: Text = ""
    html: Text | None = None
    attachments: Annotated[tuple[Name, ...], Meta(max_length=20)] = ()
    cc: Annotated[tuple[Address, ...], Meta(max_length=20)] = ()
    at: Annotated[str, Meta(min_length=10, max_length=40)] | None = None
    time_zone: Annotated[str, Meta(max_length=60)] | None = None
    within: Name | None = None
    follow_up: bool = True
    unless_answered: bool = False


class SendingQuery(Body, frozen=True, kw_only=True):
    """Which planned sendings: by their interaction's queue, by document, by who planned them."""

    queue: str | None = None
    name: str | None = None
    by: str | None = None
    cursor: Annotated[str, Meta(max_length=100)] | None = None
    limit: Limit = 50


class TransferTo(Body, frozen=True, kw_only=True):
    """Where to: a queue, an agent, or requirements; `note` is what the next one reads first.

    With a queue, `requirements` are set anew; alone, they are looked for in the current queue. `warm`: it stays until
    somebody accepts.
    """

    note: SomeText
    queue: Name | None = None
    agent: Name | None = None
    requirements: Annotated[tuple[NewRequirement, ...], Meta(max_length=50)] | None = None
    warm: bool = False


class PriorityChange(Body, frozen=True, kw_only=True):
    """A new priority and, if given, class."""

    priority: Priority
    class_: Class | None = None
    reason: SomeText


class MoveTo(Body, frozen=True, kw_only=True):
    """Another queue for what waits."""

    queue: Name
    reason: SomeText


class LabelSaid(Body, frozen=True, kw_only=True):
    """What it is about; `unknown`: about none of the labels. `source`: labelled, where somebody was asked."""

    label: Annotated[str, Meta(min_length=1, max_length=63)]
    source: Literal["correction", "labelled"] = "correction"


class ToLabelQuery(Body, frozen=True, kw_only=True):
    """How many messages to be asked about."""

    limit: Annotated[int, Meta(ge=1, le=100)] = 20


class UseModel(Body, frozen=True, kw_only=True):
    """`yes`: use it even if it is worse than the one that is used now, or was not compared with it."""

    yes: bool = False


class ShadowOn(Body, frozen=True, kw_only=True):
    """Whether it runs beside the live one."""

    on: bool = True


class AssignTo(Body, frozen=True, kw_only=True):
    """Who gets it at once; agents may name themselves only. `beyond_capacity`: his room doesn't matter."""

    agent: Name | None = None
    beyond_capacity: bool = False


class JoinRoom(Body, frozen=True, kw_only=True):
    """Who joins, and how; left out, the caller himself."""

    mode: RoomMode = "participant"
    agent: Name | None = None
    beyond_capacity: bool = False


class RoomQuery(Body, frozen=True, kw_only=True):
    """Who leaves; left out, the caller himself."""

    agent: Name | None = None


class SpamMark(Body, frozen=True, kw_only=True):
    """It is spam. `block`: remember it of the sender."""

    block: bool = True
    reason: Text = ""


class ParkUntil(Body, frozen=True, kw_only=True):
    """Set aside, until the customer writes, the owner resumes, or an instant."""

    until: When | None = None


class EndContact(Body, frozen=True, kw_only=True):
    """The contact is over. `wrap_up` asks for one where the queue leaves the choice."""

    wrap_up: bool = False


class WrapUpDone(Body, frozen=True, kw_only=True):
    """What came of it."""

    disposition: Code | None = None
    note: Text | None = None


class CloseBecause(Body, frozen=True, kw_only=True):
    """Why it is closed."""

    reason: Annotated[str, Meta(min_length=1, max_length=100)]


class DeclineBecause(Body, frozen=True, kw_only=True):
    """Why the agent does not take it."""

    reason: Code = "other"


class Outcome(Body, frozen=True, kw_only=True):
    """What came of calling back."""

    outcome: CallOutcome


class QueueMembership(Body, frozen=True, kw_only=True):
    """How an agent serves a queue: 1 is first; he sees work once it has waited `delay` (a span such as "30s")."""

    priority: Annotated[int, Meta(ge=1, le=100)] = 1
    delay: SpanText | int = "0s"


class QueueStep(Body, frozen=True, kw_only=True):
    """What is asked less, or whom else it asks, of what has waited `after`; steps are in the order of that.

    `guard`: not while those whom it adds have too much work of their own.
    """

    after: SpanText
    drop: list[Name] = []
    lower: dict[str, Level] = {}
    groups: list[Name] = []
    priority: Annotated[int, Meta(ge=0, le=200)] = 0
    guard: bool = True


class OverflowWhen(Body, frozen=True, kw_only=True):
    """When work overflows: all that is set must hold."""

    wait: SpanText | None = None
    length: Annotated[int, Meta(ge=0, le=1_000_000)] | None = None
    expected_wait: SpanText | None = None
    unstaffed: bool = False
    closed: bool = False
    holiday: bool = False
    emergency: bool = False


class OverflowDo(Body, frozen=True, kw_only=True):
    """What is done then; of `move`, `message` and `close` at most one."""

    priority: Annotated[int, Meta(ge=-200, le=200)] = 0
    groups: Annotated[tuple[Name, ...], Meta(max_length=50)] = ()
    callback: bool = False
    reply: Name | None = None
    move: Name | None = None
    message: bool = False
    close: Annotated[str, Meta(pattern=r"^[a-z0-9_.:-]{1,40}$")] | None = None


class OverflowRule(Body, frozen=True, kw_only=True):
    """A rule of overflow: all that hold apply in their order, each once, until one takes the work out of the queue."""

    when: OverflowWhen
    do: OverflowDo


class QueueSettings(Body, frozen=True, kw_only=True):
    """A queue's settings; spans such as "20s". What is left out has its default (PUT) or stays (PATCH)."""

    target: SpanText | None = None
    segment_targets: dict[str, SpanText] | None = None
    credit: SpanText | None = None
    short: SpanText | None = None
    strategy: Strategy | None = None
    placement: Placement | None = None
    order: Order | None = None
    parallel: Annotated[int, Meta(ge=1, le=50)] | None = None
    steps: Annotated[list[QueueStep], Meta(max_length=20)] | None = None
    hours: Name | None = None
    offer: dict[str, SpanText] | None = None
    hold: dict[str, SpanText] | None = None
    misses_max: Annotated[int, Meta(ge=1, le=100)] | None = None
    wrap_up: WrapUpMode | None = None
    wrap_up_after: SpanText | None = None
    wrap_up_extension: SpanText | None = None
    wrap_up_extensions_max: Annotated[int, Meta(ge=0, le=100)] | None = None
    dispositions: list[Name] | None = None
    disposition_required: bool | None = None
    on_disconnect: dict[str, OnDisconnect] | None = None
    disconnect_grace: SpanText | None = None
    owner_hold: SpanText | None = None
    warm_wait: SpanText | None = None
    monitoring: bool | None = None
    callback_attempts: Annotated[int, Meta(ge=1, le=20)] | None = None
    callback_retry: SpanText | None = None
    callback_slot: SpanText | None = None
    callback_places: Annotated[int, Meta(ge=0, le=10_000)] | None = None
    callback_days_max: Annotated[int, Meta(ge=1, le=90)] | None = None
    outside_hours: OutsideHours | None = None
    on_close: OnClose | None = None
    message_channel: Name | None = None
    overflow: Annotated[list[OverflowRule], Meta(max_length=20)] | None = None
    sla: Name | None = None
    silent_after: dict[str, SpanText] | None = None
    parked_close_after: dict[str, SpanText] | None = None
    undo: SpanText | None = None
    letter: Name | None = None


class MediumShare(Body, frozen=True, kw_only=True):
    """What one interaction of a medium costs of the agent's units, and how many at once.

    `wrap_up_cost` and `parked_cost` replace `cost` then; it is offered on top of work of the media in `interrupts`.
    """

    cost: Annotated[int, Meta(ge=0, le=10_000)]
    max: Annotated[int, Meta(ge=0, le=1000)] | None = None
    wrap_up_cost: Annotated[int, Meta(ge=0, le=10_000)] | None = None
    parked_cost: Annotated[int, Meta(ge=0, le=10_000)] = 0
    interrupts: tuple[Name, ...] = ()


class AgentProfile(Body, frozen=True, kw_only=True):
    """An agent, whole."""

    name: Name
    email: Annotated[str, Meta(max_length=320)] = ""
    skills: dict[str, Level] = {}
    queues: dict[str, QueueMembership] = {}
    capacity: Annotated[int, Meta(ge=0, le=10_000)] = 100
    media: dict[str, MediumShare] = {}
    groups: tuple[Name, ...] = ()


class AgentChange(Body, frozen=True, kw_only=True):
    """What changes of an agent; what is left out stays."""

    name: Name | None = None
    email: Annotated[str, Meta(max_length=320)] | None = None
    skills: dict[str, Level] | None = None
    queues: dict[str, QueueMembership] | None = None
    capacity: Annotated[int, Meta(ge=0, le=10_000)] | None = None
    media: dict[str, MediumShare] | None = None
    groups: tuple[Name, ...] | None = None


class CustomerQuery(Body, frozen=True, kw_only=True):
    """Which customers: `q` occurs in the name, or is an address, number or external id. `cursor`: `next` of a page."""

    q: Annotated[str, Meta(min_length=1, max_length=320)] | None = None
    cursor: Annotated[str, Meta(max_length=200)] | None = None
    limit: Limit = 50


BirthDate = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
Numbers = dict[
    Annotated[str, Meta(max_length=63, pattern=r"^\w[\w.-]*$")],
    Annotated[list[Annotated[str, Meta(min_length=1, max_length=100)]], Meta(max_length=200)],
]


class NewPerson(Body, frozen=True, kw_only=True):
    """A customer to write down. `external_id`: what your own system calls him.

    `numbers`: by the names of `[identification.numbers]`, such as `{"order": ["2024-991"]}`.
    """

    name: Annotated[str, Meta(max_length=200)] = ""
    email: Annotated[str, Meta(min_length=3, max_length=320)] | None = None
    phone: Annotated[str, Meta(max_length=40)] | None = None
    external_id: Name | None = None
    language: Language | None = None
    segment: Annotated[str, Meta(max_length=100)] | None = None
    attributes: dict[str, Any] = {}
    birth_date: BirthDate | None = None
    postcode: Annotated[str, Meta(max_length=20)] | None = None
    numbers: Numbers = {}


class MergeInto(Body, frozen=True, kw_only=True):
    """The customer whose id the person goes by from then on."""

    into: Annotated[str, Meta(min_length=1, max_length=200)]


class PartFrom(Body, frozen=True, kw_only=True, rename={"from_": "from"}):
    """Who is somebody else. Left out: whoever this customer became part of, else who became part of him last."""

    from_: Annotated[str, Meta(min_length=1, max_length=200)] | None = None


class NewPurchase(Body, frozen=True, kw_only=True):
    """What a customer bought. `order_id` is your own; a known one with other contents is corrected.

    `at` and `contract_end` are dates or RFC 3339, `amount` is in `currency` (ISO 4217), below 0 for money that went
    back. These four must be there, and of `external_id`, `email` and `phone` at least one, which say whose it is; who
    is unknown is written down.
    """

    # What must be there is asked of each row, so that one that lacks it doesn't have the others refused.
    order_id: str | None = None
    at: str | None = None
    amount: str | int | float | None = None
    currency: str | None = None
    external_id: str | None = None
    email: str | None = None
    phone: str | None = None
    name: str | None = None
    language: str | None = None
    product: str | None = None
    contract_end: str | None = None


class NewPurchases(Body, frozen=True, kw_only=True):
    """Up to 1,000 purchases; those that are in order are taken. `dry_run`: nothing is written."""

    items: Annotated[list[NewPurchase], Meta(min_length=1, max_length=1_000)]
    dry_run: bool = False


class PurchasePage(Body, frozen=True, kw_only=True):
    """A page of purchases; `cursor` is the `next` of the page before."""

    cursor: Annotated[str, Meta(max_length=300)] | None = None
    limit: Limit = 50


class EraseQuery(Body, frozen=True, kw_only=True):
    """`force`: what is open is closed first."""

    force: bool = False


class CustomerChange(Body, frozen=True, kw_only=True):
    """What changes of a customer; what is left out stays. `segment`, `birth_date` and `postcode`: "" takes it away.

    Addresses and numbers are added to those that he is known by.

    `blocked`: what a blocked customer sends is closed at once and reaches no agent. `clear`: of what mail to him has
    shown, what no longer holds.
    """

    clear: list[Literal["undeliverable", "no_automatic_mail", "away"]] = []
    name: Annotated[str, Meta(max_length=200)] | None = None
    language: Language | None = None
    segment: Annotated[str, Meta(max_length=100)] | None = None
    attributes: dict[str, Any] | None = None
    blocked: bool | None = None
    email: Annotated[str, Meta(min_length=3, max_length=320)] | None = None
    phone: Annotated[str, Meta(max_length=40)] | None = None
    external_id: Name | None = None
    birth_date: Annotated[str, Meta(pattern=r"^(|[0-9]{4}-[0-9]{2}-[0-9]{2})$")] | None = None
    postcode: Annotated[str, Meta(max_length=20)] | None = None
    numbers: Numbers = {}


class QuarantineQuery(Body, frozen=True, kw_only=True):
    """A page of the quarantine; `cursor` is the `next` of the page before."""

    cursor: Annotated[str, Meta(max_length=100, pattern=r"^[0-9]{1,15}:[A-Za-z0-9-]{1,80}$")] | None = None
    limit: Limit = 50


class RawQuery(Body, frozen=True, kw_only=True):
    """How many bytes, from the first; all of them if left out."""

    limit: Annotated[int, Meta(ge=1)] | None = None


class ImportQuery(Body, frozen=True, kw_only=True):
    """Whether automatic answers may go out to it, and whether it is history: closed at once, no work for anybody."""

    answer: bool = False
    closed: bool = False


class DiscardBecause(Body, frozen=True, kw_only=True):
    """Why it is not wanted; it stands in the audit log."""

    reason: Annotated[str, Meta(min_length=1, max_length=500)]


class RemovalQuery(Body, frozen=True, kw_only=True):
    """A queue that takes what the agent holds; without it, an agent who holds work is not removed."""

    move_to: Name | None = None


class PresenceChange(Body, frozen=True, kw_only=True):
    """What the agent declares. `lease` keeps one without a socket; his calls renew it."""

    presence: Literal["available", "busy", "away", "offline"]
    reason: Code = ""
    after_current: bool = False
    lease: SpanText | None = None
    media: dict[str, bool] | None = None


Words = dict[Language, Annotated[str, Meta(max_length=20_000)]]
"""What is said, by language."""


class BulkInclude(Body, frozen=True, kw_only=True):
    """Who of all who wait: of one queue, of some channels or languages; how sure the label must be (0-1).

    `everybody`: customers of the segments that are left to people too.
    """

    queue: Name | None = None
    channels: tuple[Name, ...] = ()
    languages: tuple[Language, ...] = ()
    confidence: Annotated[float, Meta(ge=0, le=1)] | None = None
    everybody: bool = False


class AnswerMany(Body, frozen=True, kw_only=True):
    """An article of the knowledge base, or words by language in its place or beside it, and for whom.

    `automate_for`: what comes in about the label gets the answer by itself for so long; `while_it_lasts`: no longer
    than its avalanche.
    """

    article: Name | None = None
    texts: Words = {}
    subjects: dict[Language, Annotated[str, Meta(max_length=200)]] = {}
    include: BulkInclude = BulkInclude()
    automate_for: SpanText | None = None
    while_it_lasts: bool = False


class UndoMany(Body, frozen=True, kw_only=True):
    """Which answer; the latest of the label if left out."""

    bulk: Name | None = None


class EndOfAvalanche(Body, frozen=True, kw_only=True):
    """Which one: of a queue, or of the whole site. `automation_only`: it goes on, but nothing is answered by itself."""

    queue: Name | None = None
    automation_only: bool = False


class LatestQuery(Body, frozen=True, kw_only=True):
    """How many."""

    limit: Limit = 50
