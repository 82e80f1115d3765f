"""Views: what the API and the sockets answer with (docs/reference/sockets.md)."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

At = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
"""RFC 3339, UTC, milliseconds."""


class View(msgspec.Struct, frozen=True, kw_only=True, rename={"class_": "class"}):
    """An answer."""


class UserView(View, frozen=True, kw_only=True):
    """Who is logged in."""

    id: str
    name: str
    role: str
    agent: str | None
    language: str


class SessionView(View, frozen=True, kw_only=True):
    """A log-in; `csrf` goes into the X-CSRF-Token header of every unsafe call."""

    user: UserView
    csrf: str


class TicketView(View, frozen=True, kw_only=True):
    """Opens one socket, once."""

    ticket: str
    expires_at: At


class WaitView(View, frozen=True, kw_only=True):
    """The 10th to 90th percentile, in seconds."""

    low_s: float
    high_s: float


class ReachabilityView(View, frozen=True, kw_only=True):
    """What mail to a customer has shown, null where that is nothing.

    `undeliverable`: addresses that mail came back from for good. `no_automatic_mail`: he reported a mail as unwanted.
    `away`: his program answers that he is away, `away_until` until when, if it says so.
    """

    undeliverable: list[str] = []
    no_automatic_mail: bool = False
    away: bool = False
    away_until: At | None = None


class StandingReason(View, frozen=True, kw_only=True):
    """Why a customer is of a segment: a code with its terms."""

    code: str
    terms: dict[str, Any] = {}


class SegmentReason(View, frozen=True, kw_only=True):
    """A calculated segment, with all that it asks for and the customer fits."""

    segment: str
    reasons: list[StandingReason]


class StandingView(View, frozen=True, kw_only=True):
    """What a customer is worth; null is what nobody knows. Amounts are in `currency`.

    `segments` by precedence, `own` first: the one that staff or an integration has set. `key`: one of them raises
    the priority of his work or brings it a target. `spent` and `orders` of the last time, `value`: what he is
    expected to bring. `churn`: the probability that he has left, by his purchases, or that he won't renew his
    contract (`churn_of`), in a word `churn_band`: low, medium or high. `rfm`: scores from 1 to 5 for how lately,
    how often and for how much he bought. `tier`: A are those who bring the first 80 % of the turnover, B the next
    15 %, C the rest. `place` among `of` buyers by what they spent. `owner`: the agent whom he belongs to. `why`:
    the reasons in the reader's language, where one customer is asked for.
    """

    segments: list[str] = []
    key: bool = False
    own: str | None = None
    reasons: list[SegmentReason] = []
    why: list[str] = []
    orders: int | None = None
    spent: float | None = None
    currency: str | None = None
    value: float | None = None
    churn: float | None = None
    churn_of: str | None = None
    churn_band: str | None = None
    rfm: str | None = None
    tier: str | None = None
    place: int | None = None
    of: int | None = None
    owner: str | None = None
    first_purchase_at: At | None = None
    last_purchase_at: At | None = None
    contract_end: At | None = None
    calculated_at: At


class CustomerView(View, frozen=True, kw_only=True):
    """A person."""

    id: str
    name: str = ""
    email: str | None = None
    phone: str | None = None
    language: str | None = None
    segment: str | None = None
    standing: StandingView | None = None
    reachability: ReachabilityView | None = None


class EvidenceView(View, frozen=True, kw_only=True):
    """Something that speaks for (`bits` above 0) or against somebody being a customer.

    `kind` and `reason` are codes, `text` says it in words; `shown` is what it is about, mostly hidden. `by`: where it
    was seen. `strength` is that of this alone.
    """

    kind: str
    bits: float
    strength: Literal["weak", "medium", "strong"]
    reason: str
    text: str
    shown: str = ""
    by: str = ""


class KnownBy(View, frozen=True, kw_only=True):
    """An identity. `verified`: something has proven that it is his. `customer`: the part of the person that has it."""

    kind: str
    value: str
    verified: bool
    customer: str


class MergeView(View, frozen=True, kw_only=True):
    """A customer who is, or may be, the same person. `name` and `known_by` are his own; `into` is whose id both go by.

    `state`: merged or suggested. `by` is who said so, `automatic` where it was done by policy. `interaction`: what
    showed it.
    """

    customer: str
    into: str
    state: Literal["merged", "suggested"]
    name: str = ""
    known_by: list[KnownBy] = []
    at: At
    by: str = ""
    probability: float = 0.0
    strength: Literal["weak", "medium", "strong"] = "weak"
    evidence: list[EvidenceView] = []
    interaction: str | None = None


class CustomerDetail(CustomerView, frozen=True, kw_only=True):
    """A person, with all that he is known by. `blocked`: what he sends reaches no agent.

    `merged`: customers who are read as part of him. `suggestions`: who may be he, for a person to say. `evidence`: what
    his latest interaction was taken for his by.
    """

    created_at: At
    identities: list[tuple[str, str]] = []
    known_by: list[KnownBy] = []
    birth_date: str | None = None
    postcode: str | None = None
    merged: list[MergeView] = []
    suggestions: list[MergeView] = []
    evidence: list[EvidenceView] = []
    attributes: dict[str, Any] = {}
    blocked: bool = False


class PurchaseFaultView(View, frozen=True, kw_only=True):
    """What is wrong with one of the purchases that were sent, `item` counts from 0."""

    item: int
    field: str
    message: str


class PurchasesAnswer(View, frozen=True, kw_only=True):
    """What became of purchases: `new`, `changed` under a known number, `known` as they are; `faults` were not taken."""

    new: int
    changed: int
    known: int
    customers_new: int
    faults: list[PurchaseFaultView]


class PurchaseView(View, frozen=True, kw_only=True):
    """What a customer bought; `amount` is in minor units of `currency`."""

    order_id: str
    at: At
    amount: int
    currency: str
    product: str
    contract_end: At | None


class PurchasesPage(View, frozen=True, kw_only=True):
    """A page of purchases, the latest first."""

    items: list[PurchaseView]
    next: str | None


class ModelReport(View, frozen=True, kw_only=True):
    """How good an estimate is, measured on what it was not fitted to. `refused`: why there is none.

    `calibration_error` is the mean difference between what was foretold and what came (0 is best), `brier` the mean
    squared one, beside `brier_of_the_share` of whoever foretells the same of everybody; `auroc` is the probability that
    of two customers the right one was called likelier. `parameters` are those of the model.
    """

    model: str
    customers: int
    refused: str | None = None
    calibration_error: float | None = None
    brier: float | None = None
    brier_of_the_share: float | None = None
    auroc: float | None = None
    parameters: dict[str, float] = {}


class SegmentReport(View, frozen=True, kw_only=True):
    """A calculation of segments. `unrated`: purchases' currencies without a rate, which count nowhere."""

    at: At
    seconds: float
    customers: int
    buyers: int
    changed: int
    segments: dict[str, int]
    own: int
    unrated: list[str]
    alive: ModelReport
    value: ModelReport
    churn: ModelReport


class Customers(View, frozen=True, kw_only=True):
    """A page of customers, by id."""

    items: list[CustomerDetail]
    next: str | None


class AskedView(View, frozen=True, kw_only=True):
    """What the customer was asked, to know who he is; `result`: found, not_found, skipped, or "" so far."""

    question: str
    tries: int
    result: str


class RequirementView(View, frozen=True, kw_only=True):
    """Skill and least level; `expires_after` is a span."""

    skill: str
    level: int
    expires_after: str | None = None


class RoomMember(View, frozen=True, kw_only=True):
    """An agent in the room of another's interaction: participant, monitor, whisper or barge."""

    agent: str
    mode: str


class Room(View, frozen=True, kw_only=True):
    """Who is in an interaction beside its owner."""

    owner: str | None
    items: list[RoomMember]


class WarmTransferView(View, frozen=True, kw_only=True):
    """A warm transfer that nobody has accepted yet. `note`: the message that is read first."""

    queue: str
    agent: str | None
    since: At
    until: At
    note: str


class UndoView(View, frozen=True, kw_only=True):
    """What can be taken back until then: move, priority or close."""

    kind: str
    until: At


class ClockView(View, frozen=True, kw_only=True):
    """A clock of its service-level agreement. Paused, it has `left_s` s left, and is due only once it runs again."""

    started_at: At
    due_at: At | None
    left_s: float | None
    stopped_at: At | None
    met: bool
    breached: bool


class NextSending(View, frozen=True, kw_only=True):
    """What goes to the customer at `due_at`: message number `step` from 0, or with `calls` a call by `queue`."""

    id: str
    name: str | None
    due_at: At
    step: int
    calls: bool
    queue: str | None


class WordView(View, frozen=True, kw_only=True):
    """A word of the text. `points`: log odds that it gave the best label over the second; below 0 it spoke against."""

    word: str
    points: float


class ClassifyView(View, frozen=True, kw_only=True):
    """What a text is about. `labels`: best first, with confidence 0-1; `confidence` is that of the first.

    `heads`: department, urgency and sentiment with confidence, as far as known. `method`: model, rules or none.
    `words` tell what gave `best` its lead over `second` in the model, the most weighty first; they add up to it if
    `exact`, else they are a first-order attribution, because networks vote too. No model: no words.
    """

    labels: list[tuple[str, float]]
    heads: dict[str, tuple[str, float]]
    language: str | None
    confidence: float
    out_of_scope: bool
    method: str
    reason: str
    best: str | None
    second: str | None
    words: list[WordView]
    exact: bool


class InteractionView(View, frozen=True, kw_only=True):
    """An interaction. `messages` counts the conversation; `position` and `expected_wait` only while it waits.

    `heads`: department, urgency and mood of the text.
    """

    id: str
    number: int
    reference: str
    state: str
    queue: str
    channel: str
    medium: str
    customer: CustomerView
    agent: str | None
    priority: int
    class_: int
    requirements: list[RequirementView]
    labels: list[tuple[str, float]]
    heads: dict[str, tuple[str, float]]
    labelled_by: str | None = None
    labels_before: list[tuple[str, float]] = []
    language: str | None
    subject: str
    preview: str
    tags: list[str]
    created_at: At
    arrived_at: At
    enqueued_at: At
    due_at: At
    accepted_at: At | None
    wrap_up_until: At | None
    wrap_up_mode: str
    dispositions: list[str]
    disposition: str | None
    parked_until: At | None
    scheduled_at: At | None
    closed_at: At | None
    position: int | None
    expected_wait: WaitView | None
    messages: int
    unanswered_since: At | None
    attempts: int
    follows: str | None
    asked_who: AskedView | None = None
    warm_transfer: WarmTransferView | None = None
    room: list[RoomMember] = []
    undo: UndoView | None = None
    segment: str | None = None
    also_segments: list[str] = []
    sla: str | None = None
    clocks: dict[str, ClockView] = {}
    attributes: dict[str, Any] = {}
    """What an integration sent with it."""
    sendings: list[NextSending] = []
    time_zone: str | None = None
    """The customer's, where he has told it."""


class Interactions(View, frozen=True, kw_only=True):
    """A page of interactions, newest first."""

    items: list[InteractionView]
    next: str | None


class CallbackView(InteractionView, frozen=True, kw_only=True):
    """A callback; at `link` its customer changes or cancels it."""

    link: str | None = None


class Callbacks(View, frozen=True, kw_only=True):
    """A page of callbacks, newest first."""

    items: list[InteractionView]
    next: str | None


class SlotView(View, frozen=True, kw_only=True):
    """A window that can be booked: its places that are left, and its start as the customer's clock shows it."""

    starts_at: At
    ends_at: At
    local: str | None
    places: int


class Slots(View, frozen=True, kw_only=True):
    """Windows in their order; `next` is the `from` of the next page."""

    items: list[SlotView]
    next: str | None


class EmergencyView(View, frozen=True, kw_only=True):
    """The emergency switch of a queue."""

    queue: str
    on: bool
    action: dict[str, Any] | None


class AttachmentView(View, frozen=True, kw_only=True):
    """A file of a message; its bytes are at `/api/v1/attachments/{id}`.

    `inline`: it belongs into the text, at the place that names its `content_id`.
    """

    id: str
    filename: str
    content_type: str
    size: int
    inline: bool
    content_id: str | None


class Attachments(View, frozen=True, kw_only=True):
    """Files."""

    items: list[AttachmentView]


class RecipientView(View, frozen=True, kw_only=True):
    """What became of a message for one of those whom it goes to.

    `why` is a code and `reason` the same in words; `said` is what the mail server said. `until`: it goes, or is tried
    again, then.
    """

    address: str
    copy: bool
    delivery: str
    until: At | None
    why: str
    reason: str
    said: str


class UndeliveredView(View, frozen=True, kw_only=True):
    """A mail of ours that did not arrive, or may not have."""

    interaction: str
    reference: str
    queue: str
    agent: str | None
    customer: str
    message: str
    subject: str
    at: At
    delivery: str
    why: str
    reason: str
    said: str


class UndeliveredMails(View, frozen=True, kw_only=True):
    """Such mails, the latest first."""

    items: list[UndeliveredView]


class MailPreview(View, frozen=True, kw_only=True):
    """A mail as it would go out; `html` is safe to show."""

    sender: str
    to: str
    cc: list[str]
    subject: str
    text: str
    html: str


class MailboxView(View, frozen=True, kw_only=True):
    """A mailbox as a mail names it; `name` is only what its sender claims."""

    name: str
    address: str


class InvitationView(View, frozen=True, kw_only=True):
    """An event of a calendar that came with a mail, as its sender states it.

    `start` and `end` read `2026-03-02T10:00:00` in `time_zone` ("": the reader's own), or `2026-03-02` for whole days.
    """

    method: str = ""
    uid: str = ""
    summary: str = ""
    start: str = ""
    end: str = ""
    time_zone: str = ""
    location: str = ""
    organizer: MailboxView | None = None
    description: str = ""
    repeats: bool = False


class AutoRepliesView(View, frozen=True, kw_only=True):
    """Whether automatic replies go out; `stopped_since` null: they do."""

    stopped_since: At | None
    sent_this_hour: int


class TrustView(View, frozen=True, kw_only=True):
    """Whether a mail's sender is who it says: the verdict, why, and what SPF, DKIM and DMARC gave.

    `verdict`: proven, unproven, failed, temperror or unchecked. `third_party`: it came into somebody else's
    conversation, or from a sender whom nothing proves; it changes nothing there. `participant`: it is proven to be from
    somebody whom an agent sent a copy; answers go to the customer all the same.
    """

    verdict: str
    why: str
    domain: str
    spf: str
    dkim: str
    dmarc: str
    third_party: bool
    participant: bool


class MessageView(View, frozen=True, kw_only=True):
    """A message or a note.

    `address`: where a mail says it is from, whatever `name` says. `marks`: what to know before trusting it (how-to "See
    how a mail is understood"). `senders`: all its authors, if it names several. `forwarded_from`: who wrote what it
    passes on. `also_to`: whom else it names as its recipients, so who may want a copy of the answer. `html` is safe and
    loads nothing; `/api/v1/messages/{id}/letter` is a page of it, with its pictures.
    `sending`: what it was sent by, if it was planned or a rule sent it.

    `delivery` of a mail of ours: queued, sending, sent, deferred, failed, uncertain or taken_back; with several
    recipients, the worst. `undo_until`: its agent may take it back until then.
    """

    id: str
    number: int | None
    author: str
    agent: str | None
    name: str
    text: str
    html: str | None
    subject: str
    at: At
    delivery: str
    undo_until: At | None
    recipients: list[RecipientView]
    delivery_status: str
    report: str | None
    trust: TrustView | None
    also_in: list[str]
    attachments: list[AttachmentView]
    address: str
    marks: list[str]
    senders: list[MailboxView]
    forwarded_from: MailboxView | None
    also_to: list[MailboxView]
    invitations: list[InvitationView]
    sending: str | None = None


class Messages(View, frozen=True, kw_only=True):
    """A page of a conversation; `next` is the `after` of the next page."""

    items: list[MessageView]
    next: int | None


class OfferView(View, frozen=True, kw_only=True):
    """An offer, with what it is about and why it came to this agent."""

    id: str
    interaction: InteractionView | None
    agent: str
    state: str
    offered_at: At
    expires_at: At
    reason: str
    why: list[str]


class Offers(View, frozen=True, kw_only=True):
    """What rings at an agent."""

    items: list[OfferView]
    next: str | None = None


class HeldView(View, frozen=True, kw_only=True):
    """Something an agent holds."""

    id: str
    medium: str
    state: str
    since: At


class MembershipView(View, frozen=True, kw_only=True):
    """How an agent serves a queue."""

    priority: int
    delay_s: float


class MediumView(View, frozen=True, kw_only=True):
    """What a medium costs an agent, and how many at once; media whose work doesn't keep it away."""

    cost: int
    max: int | None
    wrap_up_cost: int
    parked_cost: int
    interrupts: list[str]


class AgentView(View, frozen=True, kw_only=True):
    """An agent. `media`: which he takes now; `limits`: what each costs him."""

    id: str
    name: str
    presence: str
    reason: str
    since: At
    connected: bool
    after_current: str | None
    media: dict[str, bool]
    limits: dict[str, MediumView]
    capacity: int
    used: int
    interactions: list[HeldView]
    queues: dict[str, MembershipView]
    skills: dict[str, int]
    groups: list[str]
    cooling_until: At | None


class Agents(View, frozen=True, kw_only=True):
    """All agents."""

    items: list[AgentView]
    next: str | None = None


class Colleague(View, frozen=True, kw_only=True):
    """What every agent may know of another."""

    id: str
    name: str
    presence: str


class StepView(View, frozen=True, kw_only=True):
    """What is asked less, or whom else it asks, of what has waited so long."""

    after_s: float
    drop: list[str]
    lower: dict[str, int]
    groups: list[str]
    priority: int
    guard: bool


class QueueView(View, frozen=True, kw_only=True):
    """A queue's settings."""

    name: str
    target_s: float
    credit_s: float
    short_s: float
    strategy: str
    placement: str | None
    order: str
    parallel: int
    steps: list[StepView]
    hours: str | None
    sla: str | None
    segment_targets_s: dict[str, float]
    silent_after_s: dict[str, float]
    parked_close_after_s: dict[str, float]
    undo_s: float
    letter: str | None
    offer_s: dict[str, float]
    wrap_up: str
    wrap_up_after_s: float
    dispositions: list[str]
    disposition_required: bool
    misses_max: int
    callback_slot_s: float
    callback_places: int
    callback_days_max: int
    outside_hours: str
    on_close: str
    message_channel: str | None
    overflow: list[dict[str, Any]]
    agents: list[str]


class Queues(View, frozen=True, kw_only=True):
    """All queues."""

    items: list[QueueView]
    next: str | None = None


class LiveView(View, frozen=True, kw_only=True):
    """A row of the wallboard: the figures of one queue now."""

    name: str
    waiting: int
    longest_wait_since: At | None
    longest_wait_s: float
    offered_legs: int
    answered: int
    service_level: float | None
    asa_s: float | None
    abandon_rate: float | None
    abandoned: int
    short_abandoned: int
    expected_wait: WaitView | None
    staffed: int
    free: int
    ringing: int
    busy: int
    wrap_up: int
    away: int
    offers_pending: int
    backlog: int
    target_s: float
    at: At


class QuarantinedView(View, frozen=True, kw_only=True):
    """Something that came in and could not be processed; its bytes are at `/api/v1/quarantine/{id}/raw`.

    `sender` and `subject` are what the bytes claim. `kind`: `mail`, or `message` of another channel, kept as JSON.
    """

    id: str
    channel: str
    kind: str
    received_at: At
    size: int
    attempts: int
    error: str
    sender: str
    subject: str


class Quarantine(View, frozen=True, kw_only=True):
    """A page of the quarantine, newest first; `total` counts all of it."""

    items: list[QuarantinedView]
    next: str | None
    total: int


class InboxView(View, frozen=True, kw_only=True):
    """How mail comes in by a channel: by `imap` it is fetched from a folder, by `lmtp` and `smtp` servers deliver it.

    `state`: ok, failing, or elsewhere (another node reads it). `trouble`: login, token, folder, busy, silent,
    certificate, connection, store or mail; `told` is what the server said, `next_try_at` when it is asked again.
    `lag`: mails seen and not taken yet. `server_count`: mails in the folder, `stored_count`: how many of them are kept,
    as compared at `counted_at`; what is missing is fetched. Of deliveries, since this process began: mails `taken`,
    `refused` for good, `put_off` for the moment; `connections` now.
    """

    channel: str
    address: str
    protocol: str
    server: str
    folder: str
    state: str
    trouble: str | None
    told: str
    failing_since: At | None
    next_try_at: At | None
    last_mail_at: At | None
    last_contact_at: At | None
    lag: int
    server_count: int
    stored_count: int
    counted_at: At | None
    taken: int
    refused: int
    put_off: int
    connections: int


class Inboxes(View, frozen=True, kw_only=True):
    """All of them."""

    items: list[InboxView]


class ImportedView(View, frozen=True, kw_only=True):
    """What became of a mail that was brought: `id` of its bytes.

    `state`: admitted; quarantined, with the `error`; discarded; or received, if it waits to be understood. `known`: it
    had come before, and nothing changed.
    """

    id: str
    state: str
    known: bool
    interaction: str | None
    error: str


class ReplayView(View, frozen=True, kw_only=True):
    """What is taken up again."""

    id: str
    state: str


class EventView(View, frozen=True, kw_only=True, omit_defaults=True):
    """A fact of the log."""

    seq: int
    at: At
    type: str
    v: int
    interaction: str | None = None
    agent: str | None = None
    queue: str | None = None
    data: dict[str, Any] = msgspec.field(default_factory=dict)


class Events(View, frozen=True, kw_only=True):
    """A page of the log; `next` is the `after` of the next page, and repeats yours at the end of the log."""

    items: list[EventView]
    next: int


class PreparedView(View, frozen=True, kw_only=True):
    """An article that may answer many: titles and words by language."""

    id: str
    titles: dict[str, str]
    texts: dict[str, str]


class WaitingView(View, frozen=True, kw_only=True):
    """How many wait with a label, how many of them surely enough for an answer, and the mean confidence (0-1)."""

    label: str
    waiting: int
    sure: int
    confidence: float
    languages: dict[str, int]


class AvalancheView(View, frozen=True, kw_only=True):
    """Far more comes about `label` than usual; `queue` null: on the whole site.

    `arrivals` came within `window_s` before `since`, where `forecast` were expected. `waiting`: who waits with it now.
    `articles` that may answer. `automation`: what comes in is answered by itself.
    """

    label: str
    queue: str | None
    since: At
    arrivals: int
    forecast: float
    window_s: float
    waiting: WaitingView
    articles: list[PreparedView]


class AutomationView(View, frozen=True, kw_only=True):
    """What comes in about `label` is answered by itself, with the answer `bulk`; `answered` times so far."""

    label: str
    bulk: str
    until: At
    by: str
    answered: int
    most: int
    while_it_lasts: bool


class AvalanchesView(View, frozen=True, kw_only=True):
    """All avalanches, what is answered by itself, and what waits by label, most first.

    `prepared`: articles by label. `automate_for_s`: the time that is proposed. `undo_s`: how long an answer can be
    taken back.
    """

    items: list[AvalancheView]
    automations: list[AutomationView]
    waiting: list[WaitingView]
    prepared: dict[str, list[PreparedView]]
    languages: list[str]
    automate_for_s: float
    undo_s: float


class BulkPreviewView(View, frozen=True, kw_only=True):
    """How many would get an answer, by language and medium; how many not, by reason, also in words; and the texts."""

    gets: int
    by_language: dict[str, int]
    by_medium: dict[str, int]
    left_out: dict[str, int]
    reasons: dict[str, str]
    texts: dict[str, str]


class BulkDoneView(View, frozen=True, kw_only=True):
    """How many got an answer, or wait again after it was taken back; how many not, by reason, also in words."""

    id: str
    answered: int
    left_out: dict[str, int]
    reasons: dict[str, str]
    undo_until: At
    automated_until: At | None


class BulkView(View, frozen=True, kw_only=True):
    """An answer for many that was given."""

    id: str
    at: At
    by: str
    label: str
    queue: str | None
    texts: dict[str, str]
    articles: dict[str, str]
    left_out: dict[str, int]
    undo_until: At
    undone_at: At | None


class BulksView(View, frozen=True, kw_only=True):
    """The latest answers for many, newest first."""

    items: list[BulkView]


class BulkReportView(View, frozen=True, kw_only=True):
    """What has become of those who got it.

    `confirmed`: they said that it helped. `resting`: they may still object. `silent`: closed without a word; that is no
    proof that it helped. `left`: the customer ended it himself. `came_back` to a person; `again`: began something new
    about the same within 7 days. `saved_min_s`: agents' time for those who confirmed; `saved_max_s`: for all who didn't
    come back.
    """

    bulk: BulkView
    got: int
    by_itself: int
    confirmed: int
    resting: int
    silent: int
    left: int
    came_back: int
    again: int
    undone: int
    handling_s: float | None
    saved_min_s: float | None
    saved_max_s: float | None
