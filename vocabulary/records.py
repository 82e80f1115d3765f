"""Rows of the records, and the changes that one transaction may hold.

A `Change` is a value: the writer thread applies it. What belongs together travels in one `Transaction`.
"""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from vocabulary.instants import Instant

ERASED = "erased"
"""The attribute of a row of which nothing personal is left."""

UNVERIFIED = "unverified_sender"
"""The attribute of a message whose sender isn't proven to be the conversation's customer; and why nothing answers."""

PARTICIPANT = "participant"
"""The same of a message from somebody whom an agent sent copies: he takes part, and is not the customer."""

COPIES = "cc"
"""The attribute of a message that says which addresses get a copy of it."""


class Entry(msgspec.Struct, frozen=True):
    """One line of the journal: `body` is the event as JSON. The store numbers nothing: `seq` comes in, gap-free."""

    seq: int
    at: Instant
    type: str
    v: int
    body: bytes
    interaction: str | None = None
    agent: str | None = None
    queue: str | None = None


class InteractionRow(msgspec.Struct, frozen=True, kw_only=True):
    """An interaction as lists and searches need it; `body` is its whole state as JSON. Replaced at every change."""

    id: str
    number: int
    channel: str
    medium: str
    customer: str
    state: str
    queue: str
    agent: str | None
    label: str | None
    language: str | None
    created_at: Instant
    arrived_at: Instant
    enqueued_at: Instant
    due_at: Instant
    closed_at: Instant | None
    changed_seq: int
    body: bytes


class MessageRow(msgspec.Struct, frozen=True, kw_only=True):
    """One message or note. `number` is its place in the conversation; None until the core gave it one.

    `external_id` is unique within `channel`. `html` is sanitised already. `text` is what people read; `full_text` has
    the quotes and signatures too, where they were cut. `received`: the raw bytes it came in.
    """

    id: str
    interaction: str
    channel: str
    author: str
    at: Instant
    text: str
    number: int | None = None
    external_id: str | None = None
    agent: str | None = None
    subject: str = ""
    full_text: str | None = None
    html: str | None = None
    sender_name: str = ""
    sender_address: str = ""
    message_id: str | None = None
    references: tuple[str, ...] = ()
    received: str | None = None
    attributes: dict[str, Any] = {}


def is_erased(row: "MessageRow | CustomerRow") -> bool:
    """Tell whether what people wrote in `row` was erased: only that there was something is left."""
    return ERASED in row.attributes


class AttachmentRow(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a message."""

    id: str
    message: str
    filename: str
    content_type: str
    content: bytes
    content_id: str | None = None
    inline: bool = False


class UploadRow(msgspec.Struct, frozen=True, kw_only=True):
    """A file that `by` has brought for a message of `interaction` which is still being written.

    `inline`: a picture that stands among the words.
    """

    id: str
    interaction: str
    by: str
    at: Instant
    filename: str
    content_type: str
    content: bytes
    size: int
    inline: bool = False


class ReceivedRow(msgspec.Struct, frozen=True, kw_only=True):
    """Raw bytes of something that came in; kept first. state: received, admitted, quarantined, discarded."""

    id: str
    channel: str
    at: Instant
    raw: bytes
    envelope: dict[str, Any] = {}
    state: str = "received"
    attempts: int = 0
    error: str = ""
    interaction: str | None = None


class ReceivedHead(msgspec.Struct, frozen=True):
    """The beginning of something that came in: `row.raw` is cut, `size` is the length of all of it."""

    row: ReceivedRow
    size: int

    @property
    def is_whole(self) -> bool:
        """Whether nothing is cut."""
        return len(self.row.raw) == self.size


class CustomerRow(msgspec.Struct, frozen=True, kw_only=True):
    """A person, or what one of his ways to write to us shows of him: several may be merged (`MergeRow`).

    `birth_date` reads `1982-05-03`; `postcode` is in capitals, without blanks and dashes (customers/traits.py).
    """

    id: str
    created_at: Instant
    name: str = ""
    language: str | None = None
    segment: str | None = None
    attributes: dict[str, Any] = {}
    birth_date: str | None = None
    postcode: str | None = None


IdentityKind = Literal["email", "phone", "visitor", "external", "number"]


class IdentityRow(msgspec.Struct, frozen=True, kw_only=True):
    """What a customer is known by; (kind, value) is unique.

    A `number` reads `order:2024-991`: the kind of number, a colon, the number. `verified`: something has proven that
    it is his; nobody's word for it is enough.
    """

    kind: IdentityKind
    value: str
    customer: str
    verified: bool = False


MergeState = Literal["suggested", "merged", "dismissed", "undone"]


class MergeRow(msgspec.Struct, frozen=True, kw_only=True):
    """That customer `customer` is, or may be, the same person as `into`. One row for each two.

    While it is `merged` both are read as one, under the id `into`; their own rows, identities and interactions stay as
    they are, so that undoing it leaves nothing to restore. `dismissed` and `undone`: they are not the same, as somebody
    said. `interaction`: what showed it. `evidence` is that of customers/evidence.py.
    """

    id: str
    customer: str
    into: str
    state: MergeState
    at: Instant
    by: str = ""
    probability: float = 0.0
    interaction: str | None = None
    evidence: tuple[dict[str, Any], ...] = ()


class PurchaseRow(msgspec.Struct, frozen=True, kw_only=True):
    """What a customer bought. `id` is the shop's order number; `amount` is in minor units of `currency` (ISO 4217),
    below 0 for money that went back. `contract_end`: until when what he bought runs, where it is a contract.
    """

    id: str
    customer: str
    at: Instant
    amount: int
    currency: str
    product: str = ""
    contract_end: Instant | None = None


class StandingRow(msgspec.Struct, frozen=True, kw_only=True):
    """What a customer is worth to the house. `id` is the customer's.

    `own`: the segment that staff or an integration has set; it goes before all that is calculated. `segments`: the
    calculated ones, by precedence; `facts`: what they were calculated from, and why (customers/standing.py).
    """

    id: str
    at: Instant
    own: str | None = None
    segments: tuple[str, ...] = ()
    facts: dict[str, Any] = {}


class Bought(msgspec.Struct, frozen=True):
    """What a customer has bought in one currency: his `days` with purchases, the first and the last of them.

    `amount` and `orders` are of all time, `amount_since` and `orders_since` of the time that was asked for. Money that
    went back counts in amounts only. `days_before` and `last_before` tell the same of the time before the cut.
    """

    customer: str
    currency: str
    days: int
    orders: int
    first_at: Instant | None
    last_at: Instant | None
    amount: int
    amount_since: int
    orders_since: int
    days_before: int
    last_before: Instant | None


class Contact(msgspec.Struct, frozen=True):
    """That a customer contacted us, what about, and in what mood: negative, neutral or positive, None: nobody knows."""

    customer: str
    at: Instant
    label: str | None
    mood: str | None = None


class OutboxRow(msgspec.Struct, frozen=True, kw_only=True):
    """Something to do outside. state: pending, sending, sent, deferred, failed, uncertain (reliability.md R5),
    or taken_back: its agent thought better of it.

    `why` is a code for what `reason` says in a server's words or ours (`channels/email/refusals.py`).
    """

    id: str
    kind: str
    interaction: str | None
    payload: bytes
    created_at: Instant
    state: str = "pending"
    attempts: int = 0
    due_at: Instant = 0
    reason: str = ""
    message: str | None = None
    message_id: str | None = None
    why: str = ""


class BookmarkRow(msgspec.Struct, frozen=True, kw_only=True):
    """How far a mailbox has been read."""

    channel: str
    folder: str
    uidvalidity: int
    uid: int


class FetchedRow(msgspec.Struct, frozen=True, kw_only=True):
    """That a mail of a mailbox is kept, as the `received` row of that id."""

    channel: str
    folder: str
    uidvalidity: int
    uid: int
    received: str


class AgentRow(msgspec.Struct, frozen=True, kw_only=True):
    """An agent's person; the profile that routes is in the journal too."""

    id: str
    name: str
    profile: bytes
    email: str = ""
    disabled: bool = False


class UserRow(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who can log in. role: operator, supervisor, admin. `password` is an argon2 hash.

    Sessions that began before `sessions_from` are over: a new password ends them.
    """

    id: str
    login: str
    name: str
    role: str
    password: str
    agent: str | None = None
    language: str = "en"
    disabled: bool = False
    sessions_from: Instant = 0


class SessionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A log-in. `id` is the hash of the cookie; the cookie itself is nowhere."""

    id: str
    user: str
    csrf: str
    created_at: Instant
    seen_at: Instant


class TokenRow(msgspec.Struct, frozen=True, kw_only=True):
    """An API token. `id` is its hash."""

    id: str
    role: str
    created_at: Instant
    agent: str | None = None
    name: str = ""
    revoked: bool = False


class IdempotencyRow(msgspec.Struct, frozen=True, kw_only=True):
    """What an unsafe API call answered, for its repetition. `id` is a hash of principal and key."""

    id: str
    fingerprint: str
    status: int
    body: bytes
    at: Instant


class SettingRow(msgspec.Struct, frozen=True, kw_only=True):
    """What staff set by API over the configuration file: `id` is `queue:NAME`, `body` the queue's policy as JSON.

    `store_probe` is written to find out whether the store can be written again (app/store_watch.py).
    """

    id: str
    body: bytes


Source = Literal["correction", "labelled", "disposition", "transfer"]
"""How a label became known, the surest first: an agent corrected it, somebody was asked and said it, its agent gave a
disposition that stands for it, it was handed over to a queue that does."""
BY_A_PERSON: tuple[Source, ...] = ("correction", "labelled")
"""What somebody said of the label itself."""


class TrainingRow(msgspec.Struct, frozen=True, kw_only=True):
    """What a message is about, as work showed it: a row to learn from. The text stays where it is, in `message`.

    `head`: what kind of label it is. `said` with `confidence`: what the model had said, None: nothing. `by`: who.
    """

    id: str
    interaction: str
    message: str
    label: str
    source: Source
    by: str
    at: Instant
    head: str = "label"
    language: str | None = None
    said: str | None = None
    confidence: float | None = None


class Checked(msgspec.Struct, frozen=True):
    """How sure the model was of `n` rows, and which share of them it had right, both 0-1."""

    n: int
    confidence: float
    right: float


class TrainingText(msgspec.Struct, frozen=True):
    """A row to learn from with the text that it is about, what its message tells beside that, and whose it is."""

    row: TrainingRow
    subject: str
    text: str
    channel: str = ""
    attributes: dict[str, Any] = {}
    customer: str = ""


class ModelRow(msgspec.Struct, frozen=True, kw_only=True):
    """A version of the site's model: the model file as `content`, and what was measured of it (`report`).

    `fingerprint` stands for the rows that it was trained on, of which `rows` tells how many.
    """

    id: str
    at: Instant
    by: str
    fingerprint: str
    rows: int
    size: int
    content: bytes
    report: dict[str, Any] = {}


class ArticleRow(msgspec.Struct, frozen=True, kw_only=True):
    """An article of the knowledge base. `texts`: its title, questions and answer by language.

    It answers from `valid_from` on and before `valid_until`, None: without that bound. origin: file, or staff once
    somebody has written or changed it here; then its file no longer counts. `removed`: staff took it away though its
    file still has it.
    """

    id: str
    label: str
    texts: dict[str, Any] = {}
    valid_from: Instant | None = None
    valid_until: Instant | None = None
    origin: str = "staff"
    removed: bool = False
    changed_at: Instant = 0
    by: str = ""


class ArticleFileRow(msgspec.Struct, frozen=True, kw_only=True):
    """A file that goes with an article's answer, in one language or (`language` "") in all."""

    id: str
    article: str
    language: str
    filename: str
    content_type: str
    content: bytes
    size: int


class JudgementRow(msgspec.Struct, frozen=True, kw_only=True):
    """Whether an article answered, or would have answered, a question; what promises of precision are proven by.

    source: thumb (an agent judged a suggestion), inserted (he used it), corrected (somebody says that an automatic
    answer was wrong), confirmed, escalated or recontacted (what its customer did), imported or starter (labelled:
    `text` and the right `article`, "" where none is). `features`: how the two were compared then; labelled pairs are
    compared anew with every change.
    """

    id: str
    at: Instant
    source: str
    article: str
    language: str
    right: bool = True
    by: str = ""
    interaction: str | None = None
    text: str = ""
    features: dict[str, Any] = {}


class ErasureRow(msgspec.Struct, frozen=True, kw_only=True):
    """That a customer was erased, or is being erased. `id` is the customer's. state: running, done.

    `addresses`: where he wrote from, needed until it is done and then forgotten too.
    """

    id: str
    at: Instant
    by: str
    state: str = "running"
    addresses: tuple[str, ...] = ()
    done_at: Instant | None = None


class BulkRow(msgspec.Struct, frozen=True, kw_only=True):
    """One answer for many, as somebody gave it: `texts` and `subjects` by language, and the articles that they are of.

    `label`, `queue`: whom it was for; `terms`: the rest of that. `undo_until`: it could be taken back until then, and
    was, `undone_at`. `left_out`: how many did not get it, by reason.
    """

    id: str
    at: Instant
    by: str
    label: str
    texts: dict[str, str]
    subjects: dict[str, str] = {}
    articles: dict[str, str] = {}
    queue: str | None = None
    terms: dict[str, Any] = {}
    left_out: dict[str, int] = {}
    undo_until: Instant = 0
    undone_at: Instant | None = None


class BulkMemberRow(msgspec.Struct, frozen=True, kw_only=True):
    """That an interaction got an answer for many; `by_itself`: because it came in while such answers were given."""

    bulk: str
    interaction: str
    at: Instant
    by_itself: bool = False


class AuditRow(msgspec.Struct, frozen=True, kw_only=True):
    """Who did what, when and to what."""

    id: str
    at: Instant
    who: str
    action: str
    target: str
    detail: dict[str, Any] = {}


Row = (
    InteractionRow
    | MessageRow
    | AttachmentRow
    | UploadRow
    | ReceivedRow
    | CustomerRow
    | IdentityRow
    | MergeRow
    | PurchaseRow
    | StandingRow
    | OutboxRow
    | BookmarkRow
    | FetchedRow
    | AgentRow
    | UserRow
    | SessionRow
    | TokenRow
    | IdempotencyRow
    | SettingRow
    | TrainingRow
    | ModelRow
    | ArticleRow
    | ArticleFileRow
    | JudgementRow
    | ErasureRow
    | BulkRow
    | BulkMemberRow
    | AuditRow
)


class Put(msgspec.Struct, frozen=True):
    """Write the row, in the place of one with the same key."""

    row: Row


class PutNew(msgspec.Struct, frozen=True):
    """Write the row unless one with the same key (or the same unique value) stands; then leave that as it is."""

    row: Row


class Set(msgspec.Struct, frozen=True):
    """Change columns of the row of `kind` with `id`: `Set(OutboxRow, "o-1", {"state": "sent"})`.

    `given`: only while the row has these (plain) values, so that nobody's newer word is lost to who had read an older.
    """

    kind: type[Row]
    id: str
    values: dict[str, Any]
    given: dict[str, Any] = {}


class SetAttributes(msgspec.Struct, frozen=True):
    """Change single attributes of the row of `kind` with `id`: put `values` in, take `gone` out, leave the others.

    Two who change different attributes at once both have their way. A row that was erased stays as it is.
    """

    kind: type[CustomerRow | MessageRow]
    id: str
    values: dict[str, Any] = {}
    gone: tuple[str, ...] = ()


class Remove(msgspec.Struct, frozen=True):
    """Delete the row of `kind` with `id`."""

    kind: type[Row]
    id: str


Change = Put | PutNew | Set | SetAttributes | Remove


def attributes_changed(row: CustomerRow | MessageRow, attributes: Mapping[str, Any]) -> list[Change]:
    """Return what gives the row `attributes` instead of those that were read; nothing if they are the same."""
    # As they are kept: to Python, 1 is True.
    before, after = (
        {name: msgspec.json.encode(one) for name, one in of.items()} for of in (row.attributes, attributes)
    )
    values = {name: value for name, value in attributes.items() if before.get(name) != after[name]}
    gone = tuple(name for name in before if name not in attributes)
    return [SetAttributes(type(row), row.id, values, gone)] if values or gone else []


class Transaction(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes durable together, or not at all.

    `after`: the journal's last number as the writer knows it. Any other and the whole is refused: the fence
    between two writers. Left out where there are no entries.
    """

    entries: tuple[Entry, ...] = ()
    after: int | None = None
    changes: tuple[Change, ...] = ()
