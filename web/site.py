"""What pages and API need of the site behind them; the shell implements it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Literal, Protocol

import msgspec

from queues.policy import QueuePolicy
from router.commands import Command
from router.decision import Decision, Refusal
from router.events import AnyEvent
from router.policy import Policy
from router.state import State
from vocabulary.errors import PermanentFailure
from vocabulary.ids import CustomerId, InteractionId, MessageId, QueueName
from vocabulary.instants import Instant
from vocabulary.records import AuditRow, BulkRow, Change, MessageRow, ReceivedRow, UploadRow
from vocabulary.skills import Preference, Requirement
from vocabulary.stores import Store
from web.knowing import Knowing
from web.learning import Learning

RELEASED = "released"
"""In the envelope of what came in: a supervisor looked at it and wants it to be taken in."""


class ApiCustomer(msgspec.Struct, frozen=True, kw_only=True):
    """Who an interaction that comes by the API is from."""

    id: str | None = None
    email: str | None = None
    phone: str | None = None
    name: str | None = None
    language: str | None = None


class ApiInteraction(msgspec.Struct, frozen=True, kw_only=True, rename={"class_": "class"}):
    """Body of `POST /interactions` (contract.md)."""

    channel: str | None = None
    external_id: str | None = None
    medium: str | None = None
    customer: ApiCustomer = ApiCustomer()
    subject: str = ""
    text: str = ""
    queue: str | None = None
    priority: int | None = None
    class_: int | None = None
    requirements: tuple[Requirement, ...] | None = None
    preferences: tuple[Preference, ...] | None = None
    preferred_agent: str | None = None
    slot: Instant | None = None
    time_zone: str | None = None
    attributes: dict[str, Any] = {}


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """What an agent writes: words, as HTML too if he gave it, the ids of files that he brought, and who gets copies."""

    text: str = ""
    html: str | None = None
    files: tuple[str, ...] = ()
    copies: tuple[str, ...] = ()


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """A mail as it would go out; `html` is safe to show."""

    sender: str
    recipient: str
    copies: tuple[str, ...]
    subject: str
    text: str
    html: str


class Admission(msgspec.Struct, frozen=True):
    """What became of something that came in. `known`: it had come before, and nothing changed."""

    interaction: InteractionId
    message: MessageId | None
    known: bool


class Origin(msgspec.Struct, frozen=True):
    """What can be said of raw bytes without understanding them: whom they claim to be from, and about what."""

    sender: str = ""
    subject: str = ""


class NotTaken(PermanentFailure):
    """The core refuses for good what came in."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.detail)
        self.refusal = refusal


class Reach(msgspec.Struct, frozen=True):
    """How mail reaches a customer: what stands for his address and its domain; None: no address is known.

    `against`: why nothing automatic goes there: unsubscribed (from what one can unsubscribe from), complained or
    undeliverable.
    """

    address_hash: str | None
    domain_hash: str | None = None
    against: tuple[str, ...] = ()


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """Something prepared that agents and rules send: the words of its first message by language, names of its files."""

    name: str
    texts: dict[str, str]
    files: tuple[str, ...] = ()


class Logged(msgspec.Struct, frozen=True):
    """An event with its place in the log."""

    seq: int
    event: AnyEvent


class Listening(msgspec.Struct, frozen=True, kw_only=True):
    """How it goes where servers deliver: mails taken, refused for good, put off for now, since this process began."""

    taken: int
    refused: int
    put_off: int
    connections: int


class Fetching(msgspec.Struct, frozen=True, kw_only=True):
    """How it goes where mail is fetched.

    `is_elsewhere`: another node does. `lag`: mails that were seen and are not taken yet. `server_count` and
    `stored_count`, as compared at `counted_at`: what the server has, and how much of that is kept. `trouble`: a code
    (channels/email/imap.py), `told` what the server said, `next_try_at` when it is asked again.
    """

    is_elsewhere: bool = False
    lag: int = 0
    server_count: int = 0
    stored_count: int = 0
    counted_at: Instant | None = None
    last_contact_at: Instant | None = None
    next_try_at: Instant | None = None
    trouble: str | None = None
    told: str = ""
    failing_since: Instant | None = None


class MailboxState(msgspec.Struct, frozen=True, kw_only=True):
    """How mail comes in by an e-mail channel, or by a folder of it."""

    channel: str
    address: str
    protocol: Literal["imap", "lmtp", "smtp"]
    server: str
    folder: str = ""
    last_mail_at: Instant | None = None
    listening: Listening | None = None
    fetching: Fetching | None = None


class ImportedMail(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a mail that was brought from elsewhere: the `state` of its bytes, under `id`.

    `known`: the site has had it already. `received`: it waits to be understood.
    """

    id: str
    state: Literal["received", "admitted", "quarantined", "discarded"]
    known: bool
    interaction: InteractionId | None = None
    error: str = ""


class BulkWish(msgspec.Struct, frozen=True, kw_only=True):
    """One answer for many: whom it is about, what they get, and whether what comes in gets it by itself.

    `label` "": whatever it is about. `languages`, `channels`: those only; () for all. `confidence` None: as configured.
    `everybody`: segments that are left to people get it too. `article`: of the knowledge base, in each of its
    languages; `texts`, `subjects`: words by language, instead of its own. `automate`: for so many ms; `lasts`: no
    longer than the avalanche.
    """

    label: str = ""
    queue: QueueName | None = None
    languages: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    confidence: float | None = None
    everybody: bool = False
    article: str | None = None
    texts: dict[str, str] = {}
    subjects: dict[str, str] = {}
    automate: int | None = None
    lasts: bool = False


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """An article that may answer many: its titles and its words by language."""

    id: str
    titles: dict[str, str]
    texts: dict[str, str]


class BulkPreview(msgspec.Struct, frozen=True, kw_only=True):
    """How many would get an answer, by language of the words and by medium, how many not by reason, and the words."""

    gets: int
    by_language: dict[str, int]
    by_medium: dict[str, int]
    left_out: dict[str, int]
    texts: dict[str, str]


class BulkDone(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an answer for many, or of taking it back: how many got it, or are back, and how many not."""

    id: str
    answered: int
    left_out: dict[str, int]
    undo_until: Instant
    automated_until: Instant | None = None


class BulkReport(msgspec.Struct, frozen=True, kw_only=True):
    """What has become of those who got an answer for many.

    `confirmed`: the customer said that it helped. `resting`: the time to object runs. `silent`: it closed without a
    word, which may mean anything. `left`: the customer ended it himself. `came_back`: he wanted a person, or wrote
    again. `again`: he has begun something new about the same since. `undone`: taken back. `saved_min_s`,
    `saved_max_s`: time that agents would have taken for those who said so, and for all who didn't come back; None
    where nobody has handled the label yet.
    """

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


class Answering(Protocol):
    """Answers for many."""

    languages: list[str]

    def prepared(self, label: str) -> Sequence[Prepared]: ...
    def confidence_of(self, label: str) -> float: ...
    @property
    def automate_for(self) -> int: ...
    def preview(self, wish: BulkWish) -> BulkPreview | Refusal: ...
    async def answer(self, id: str, wish: BulkWish, by: str, audit: AuditRow) -> BulkDone | Refusal:
        """Give the answer `id`, as some part of it at a time; `audit` is the line that tells of it."""

    async def undo(self, row: BulkRow, by: str, audit: AuditRow) -> BulkDone | Refusal: ...
    async def report(self, row: BulkRow) -> BulkReport: ...


class Understood(msgspec.Struct, frozen=True, kw_only=True):
    """What a text is about, and the words that decided: each with its log odds for the best label over the second.

    `best`, `second`: these two labels; of them, `words` tells; None where no model has said so. `labels` with their
    confidence 0-1; `heads`: department, urgency, sentiment.
    """

    labels: tuple[tuple[str, float], ...]
    heads: dict[str, tuple[str, float]]
    language: str | None
    out_of_scope: bool
    method: str
    reason: str
    best: str | None
    second: str | None
    words: tuple[tuple[str, float], ...]
    exact: bool
    """The words' points add up to the lead exactly; else they are a first-order approximation (networks vote too)."""


class PurchaseFault(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with one of the purchases that were sent, `item` counts from 0."""

    item: int
    field: str
    message: str


class PurchasesTaken(msgspec.Struct, kw_only=True):
    """What became of purchases: `new` ones, those `changed` under a known order number, those `known` as they are.

    `customers_new`: who was known by nothing that stands in them. Those with `faults` were not taken, all others were.
    """

    new: int = 0
    changed: int = 0
    known: int = 0
    customers_new: int = 0
    faults: list[PurchaseFault] = []


class Site(Protocol):
    """One running site."""

    @property
    def name(self) -> str: ...
    @property
    def policy(self) -> Policy: ...
    @property
    def state(self) -> State:
        """Return the state; read only. It may be ahead of what is durable by one batch."""

    @property
    def seq(self) -> int:
        """Return the number of the last durable event."""

    @property
    def letters(self) -> frozenset[str]:
        """Return the names of the letters that the configuration has."""

    @property
    def store(self) -> Store: ...
    @property
    def trouble(self) -> str | None:
        """Return why nothing can be taken in now, None if it can."""

    @property
    def learning(self) -> Learning:
        """Return what is learnt from work, and the versions of the model."""

    def mailboxes(self) -> Sequence[MailboxState]:
        """Return how mail comes in by each e-mail channel."""

    @property
    def knowledge(self) -> Knowing: ...
    @property
    def bulk(self) -> Answering: ...
    def now(self) -> Instant: ...
    def new_id(self, prefix: str) -> str: ...

    async def submit(self, command: Command, changes: Sequence[Change] = ()) -> Decision:
        """Return what the core decided, once it is durable together with `changes`.

        A refusal writes nothing, neither events nor `changes`.

        Raises:
            TemporaryFailure: the writer is overloaded or the store failed.
        """

    async def write(self, *changes: Change) -> None:
        """Make changes of the records durable that no decision depends on."""

    async def admit(self, interaction: ApiInteraction) -> Admission:
        """Take in work that an integration sends.

        Raises:
            NotTaken: the core refuses it, a window that is full for instance.
        """

    async def take_purchases(self, rows: Sequence[Mapping[str, str]], *, dry_run: bool) -> PurchasesTaken:
        """Keep what customers bought, rows by the names of `customers.purchases.COLUMNS`; with `dry_run` only look."""

    async def recalculate(self) -> dict[str, Any] | None:
        """Calculate everybody's segments anew and return the report; None if that is going on already."""

    async def segment_report(self) -> dict[str, Any] | None:
        """Return the report of the last calculation, None if there was none."""

    @property
    def number_kinds(self) -> Sequence[str]:
        """Return the kinds of numbers that customers may be known by."""

    def phone_of(self, text: str) -> str | None:
        """Return the number that `text` says as E.164, or None if it is none that can be called."""

    async def understood(
        self, subject: str, text: str, *, channel: str = "", customer: CustomerId | None = None
    ) -> Understood:
        """Return what the classifier says of a text that came by `channel` from `customer`; nothing is kept of it."""

    async def why_labelled(self, interaction: InteractionId) -> Understood | None:
        """Return the same of the customer's first message; None if there is none, or it was erased."""

    def callback_link(self, interaction: InteractionId) -> str | None:
        """Return the address at which a customer changes or cancels his callback; None where there is none."""

    async def start(self, interaction: ApiInteraction, agent: str) -> tuple[Decision, Admission]:
        """Let `agent` begin an interaction with a customer; `text`, if there is any, is his first message."""

    async def reply(
        self, interaction: InteractionId, agent: str, said: Written, *, note: bool = False, id: MessageId | None = None
    ) -> tuple[Decision, MessageId]:
        """Add an agent's reply or note; the customer gets the reply.

        Raises:
            PermanentFailure: a file or an address of it can't be used; the message says which and why.
        """

    async def preview(self, interaction: InteractionId, agent: str, said: Written) -> Preview:
        """Return the mail that `reply` would send.

        Raises:
            PermanentFailure: there would be none.
        """

    async def bring(
        self, interaction: InteractionId, by: str, name: str, content: bytes, *, inline: bool = False
    ) -> UploadRow:
        """Keep a file that will go with a message.

        Raises:
            PermanentFailure: it is of a kind that we don't take, or too much waits already.
        """

    def content_id(self, upload: str) -> str:
        """Return the name under which the words of a message show the picture `upload`: `![...](cid:NAME)`."""

    async def take_back(self, interaction: InteractionId, message: MessageId, agent: str) -> Decision:
        """Take back a reply that has not begun to go out."""

    async def deliver_again(
        self, interaction: InteractionId, message: MessageId, by: str, to: str | None = None
    ) -> Decision:
        """Send a message once more that did not arrive, to another address if one is given.

        Raises:
            PermanentFailure: nothing of it failed, or the address can't be right.
        """

    @property
    def documents(self) -> Sequence[Document]:
        """Return what is prepared to be sent, by name."""

    @property
    def time_zone(self) -> str:
        """Return the name of the site's zone."""

    async def sending_events(self, interaction: InteractionId) -> Sequence[AnyEvent]:
        """Return the events of an interaction that tell of its sendings."""

    async def draft(
        self,
        interaction: InteractionId,
        said: Written,
        *,
        subject: str,
        by: str,
        agent: str | None,
        sending: str,
        document: str,
    ) -> Sequence[Change]:
        """Return what keeps `said` until its sending is due: the message that `web.sending_views.message_of` names.

        Raises:
            PermanentFailure: a file is missing or refused, or an address is none.
        """

    async def reach_of(self, customer: str) -> Reach:
        """Return how mail reaches a customer."""

    async def html_of(self, message: MessageRow, *, remote_images: bool) -> str | None:
        """Return the sanitised HTML of a message, if it has any; with pictures from elsewhere where it can be had."""

    def origin_of(self, received: ReceivedRow) -> Origin:
        """Return what raw bytes that could not be processed claim of themselves, safe to show."""

    def replayed(self, received: ReceivedRow) -> None:
        """Take up raw bytes whose row says `received` again."""

    async def import_mail(self, channel: str, raw: bytes, *, answer: bool, archived: bool) -> ImportedMail | None:
        """Keep a mail as if it had come by e-mail channel `channel`, and say what became of it; None: no such channel.

        With `answer` automatic answers may go out; with `archived` it is history, and closed at once.
        """

    async def exported(self, customer: str) -> AsyncIterator[bytes] | None:
        """Return all that is known of a customer, as the pieces of one JSON document; None if he is unknown."""

    async def merge(self, customer: str, into: str, by: str) -> Refusal | None:
        """Read a customer as part of another from now on, or say why not."""

    async def unmerge(self, customer: str, other: str | None, by: str) -> Refusal | None:
        """Part two customers again, or say that they are never to be one; without `other`, take the last merge back."""

    async def erase(self, customer: str, by: str, *, force: bool = False) -> Refusal | None:
        """Erase what is personal about a customer, or say why not; with `force` what is open is closed first.

        Raises:
            TemporaryFailure: it has begun and goes on by itself.
        """

    async def put_queue(self, queue: QueuePolicy) -> None:
        """Let there be a queue with this policy; it holds for the next decision and over restarts."""

    async def remove_queue(self, name: QueueName, move_to: QueueName | None, by: str) -> Refusal | None:
        """Remove a queue that was made by API, or say why not."""

    async def admission_events(self, interaction: InteractionId) -> Sequence[AnyEvent]:
        """Return the first events of an interaction's log: how it came in."""

    def subscribe(self) -> AbstractAsyncContextManager[AsyncIterator[Logged]]:
        """Follow durable events from now on. A reader who can't keep up gets `Lagged` (vocabulary.errors)."""

    async def keep_lease(self, agent: str, span_ms: int) -> None:
        """Keep `agent` connected without a socket for `span_ms` ms."""

    async def agent_socket_opened(self, agent: str) -> None: ...
    async def agent_socket_closed(self, agent: str) -> None:
        """Tell that one of the agent's sockets closed; loss counts once the last one has been gone for 2 s."""
