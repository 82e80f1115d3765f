"""What the shell and the pages need from a store, whoever implements it."""

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any, Protocol

from vocabulary.instants import Instant
from vocabulary.records import (
    AgentRow,
    ArticleFileRow,
    ArticleRow,
    AttachmentRow,
    AuditRow,
    BookmarkRow,
    Bought,
    BulkMemberRow,
    BulkRow,
    Checked,
    Contact,
    CustomerRow,
    Entry,
    ErasureRow,
    IdempotencyRow,
    IdentityRow,
    InteractionRow,
    JudgementRow,
    MergeRow,
    MessageRow,
    ModelRow,
    OutboxRow,
    PurchaseRow,
    ReceivedHead,
    ReceivedRow,
    SessionRow,
    SettingRow,
    Source,
    StandingRow,
    TokenRow,
    TrainingRow,
    TrainingText,
    Transaction,
    UploadRow,
    UserRow,
)


class Store(Protocol):
    """Journal and records of one site. Every call may raise TemporaryFailure."""

    async def commit(self, transaction: Transaction) -> None:
        """Make `transaction` durable (fsync included) before returning. Concurrent calls share one disk commit.

        Raises:
            OutOfOrder: `transaction.after` is not the journal's last number; nothing was written.
            TemporaryFailure: the disk failed; it is unknown whether anything was written.
        """

    async def last_seq(self) -> int: ...
    async def seq_before(self, at: Instant) -> int:
        """Return the number of the last entry before instant `at`, 0 if there is none."""

    def read(self, after: int, limit: int = 1000) -> AsyncIterator[Entry]:
        """Iterate over all entries behind `after`, in order, `limit` a page."""

    async def entries(self, after: int, limit: int, *, interaction: str | None = None) -> Sequence[Entry]: ...
    async def save_checkpoint(self, seq: int, at: Instant, body: bytes) -> None: ...
    async def load_checkpoint(self) -> tuple[int, bytes] | None:
        """Return the newest checkpoint's number and body."""

    # Records
    async def interaction(self, id: str) -> InteractionRow | None: ...
    async def interactions(
        self,
        *,
        state: Sequence[str] = (),
        queue: str | None = None,
        agent: str | None = None,
        customer: str | Sequence[str] | None = None,
        medium: str | None = None,
        q: str | None = None,
        before: int | None = None,
        limit: int = 50,
    ) -> Sequence[InteractionRow]:
        """Newest first by number; `before`: only smaller numbers (the cursor). `q` searches texts and subjects.

        Several customers: those of any of them.
        """

    async def messages(self, interaction: str, *, after: int = 0, limit: int = 500) -> Sequence[MessageRow]: ...
    async def message(self, id: str) -> MessageRow | None: ...
    async def known_message(self, id: str, channel: str, external_id: str) -> MessageRow | None:
        """Return the message that `channel` knows by `external_id`, or that has `id`: erased ones have only that."""

    async def messages_by_message_id(self, message_ids: Iterable[str]) -> Sequence[MessageRow]: ...
    async def attachments(self, message: str) -> Sequence[AttachmentRow]: ...
    async def attachment(self, id: str) -> AttachmentRow | None: ...
    async def received(self, *, state: str = "received", limit: int = 100) -> Sequence[ReceivedRow]: ...
    async def customer(self, id: str) -> CustomerRow | None: ...
    async def customer_by_identity(self, kind: str, value: str) -> CustomerRow | None: ...
    async def identities(self, customer: str) -> Sequence[IdentityRow]: ...
    async def identity(self, kind: str, value: str) -> IdentityRow | None: ...
    async def identities_among(self, kind: str, values: Sequence[str]) -> Sequence[IdentityRow]: ...
    async def customer_count(self) -> int: ...
    async def group(self, customer: str) -> tuple[str, ...]:
        """Return the ids of all who are one person with `customer`, first the one that they go by."""

    async def person(self, customer: str) -> Sequence[CustomerRow]:
        """Return the rows of that group, in its order; nothing if there is no such customer."""

    async def people(self, customers: Sequence[str]) -> dict[str, Sequence[CustomerRow]]:
        """Return the same for each of `customers`, in a few reads for all of them; who isn't there is left out."""

    async def identities_of(self, customers: Sequence[str]) -> Sequence[IdentityRow]:
        """Return what each of `customers` is known by."""

    async def latest_interactions(self, customers: Sequence[str]) -> Sequence[InteractionRow]:
        """Return the newest interaction of each of `customers` that has any, in no order."""

    async def first_messages(self, interactions: Sequence[str]) -> Sequence[MessageRow]:
        """Return the first message of each of `interactions` that has any, in no order."""

    async def person_identities(self, customer: str) -> Sequence[IdentityRow]:
        """Return what the person is known by: first what `customer` himself is."""

    async def merges(self, customers: Sequence[str]) -> Sequence[MergeRow]:
        """Return what is known of any of `customers` being somebody else too, whatever became of it."""

    async def merge(self, id: str) -> MergeRow | None: ...
    async def customers_by_traits(
        self, *, birth_dates: Sequence[str] = (), postcodes: Sequence[str] = (), limit: int = 200
    ) -> Sequence[CustomerRow]:
        """Return customers with one of these dates of birth, or one of these postcodes."""

    async def outbox(
        self, *, states: Sequence[str], due_before: Instant | None = None, limit: int = 100
    ) -> Sequence[OutboxRow]: ...
    async def outbox_row(self, id: str) -> OutboxRow | None: ...
    async def bookmark(self, channel: str, folder: str) -> BookmarkRow | None: ...
    async def fetched_uids(self, channel: str, folder: str, uidvalidity: int, *, from_uid: int = 0) -> Sequence[int]:
        """Return the UIDs of what is kept of a mailbox, `from_uid` and above, ascending."""

    async def bulk_answer(self, id: str) -> BulkRow | None: ...
    async def bulk_answers(self, *, limit: int = 50) -> Sequence[BulkRow]:
        """Return the latest answers for many, newest first."""

    async def bulk_members(self, bulk: str) -> Sequence[BulkMemberRow]: ...
    async def interactions_of(self, ids: Sequence[str]) -> Sequence[InteractionRow]:
        """Return those of these interactions that there are, in no order."""

    async def entries_of(self, interactions: Sequence[str], types: Sequence[str], since: Instant) -> Sequence[Entry]:
        """Return the entries of these types from `since` on, those about the same interaction in their order."""

    async def agents(self) -> Sequence[AgentRow]: ...
    async def user(self, id: str) -> UserRow | None: ...
    async def user_by_login(self, login: str) -> UserRow | None: ...
    async def users(self) -> Sequence[UserRow]: ...
    async def session(self, id: str) -> SessionRow | None: ...
    async def token(self, id: str) -> TokenRow | None: ...
    async def settings(self, begins: str) -> Sequence[SettingRow]:
        """Return the settings whose ids begin so, by id: some others are megabytes, `setting` returns one."""

    async def idempotent_answer(self, id: str) -> IdempotencyRow | None: ...
    async def scrub(self) -> None:
        """Make what was removed or overwritten unreadable in the files, the index and the log included.

        Raises:
            TemporaryFailure: a reader holds the log; try again.
        """

    # What came in and could not be processed; people (storage/subjects.py)
    async def received_row(self, id: str) -> ReceivedRow | None: ...
    async def received_tried(self, *, limit: int = 100) -> Sequence[ReceivedRow]: ...
    async def received_states(self, ids: Sequence[str]) -> dict[str, str]: ...
    async def received_page(
        self, *, states: Sequence[str], before: tuple[Instant, str] | None = None, limit: int = 50
    ) -> Sequence[ReceivedHead]:
        """Return what is in one of `states`, newest first; `before`: behind the row of that instant and id."""

    async def received_of(self, interaction: str) -> Sequence[ReceivedHead]: ...
    async def received_count(self, state: str) -> int: ...
    async def received_counts(self) -> dict[str, int]: ...
    async def customers(
        self, *, q: str | None = None, after: str | None = None, limit: int = 50
    ) -> Sequence[CustomerRow]:
        """Return customers by id, those behind `after`. `q`: it occurs in the name, or is an identity of his."""

    async def all_messages(self, interaction: str) -> Sequence[MessageRow]: ...
    async def attachment_ids(self, message: str) -> Sequence[str]: ...
    async def upload(self, id: str) -> UploadRow | None: ...
    async def uploads(self, *, interaction: str | None = None, by: str | None = None) -> Sequence[UploadRow]:
        """Return the files that wait for a message, oldest first, each without its bytes."""

    async def messages_from(self, addresses: Sequence[str]) -> Sequence[MessageRow]:
        """Return the messages that came from one of `addresses` (in lower case), whatever interaction they are in."""

    async def articles(self) -> Sequence[ArticleRow]:
        """Return every article by id, those that staff removed too."""

    async def article(self, id: str) -> ArticleRow | None: ...
    async def article_files(self, article: str | None = None) -> Sequence[ArticleFileRow]:
        """Return the files of an article, or of all, by name, each without its bytes."""

    async def article_file(self, id: str) -> ArticleFileRow | None: ...
    async def judgements(self, *, interaction: str | None = None, since: Instant = 0) -> Sequence[JudgementRow]:
        """Return how articles were judged from `since` on, oldest first, for one interaction only if given."""

    async def judgement_count(self) -> int: ...

    async def outbox_of(self, interaction: str) -> Sequence[OutboxRow]: ...
    async def audit_of(self, targets: Sequence[str]) -> Sequence[AuditRow]: ...
    async def idempotent_answers(self, *, after: str = "", limit: int = 500) -> Sequence[IdempotencyRow]: ...
    async def older_than(
        self, kind: type[IdempotencyRow | SessionRow | UploadRow | TrainingRow], before: Instant, *, limit: int = 500
    ) -> Sequence[str]: ...
    # What is learnt from work, and the model (storage/learning.py)
    async def training_row(self, id: str) -> TrainingRow | None: ...
    async def training_of(self, interaction: str) -> Sequence[TrainingRow]: ...
    async def training_of_customers(self, customers: Sequence[str]) -> Sequence[TrainingRow]: ...
    async def training_texts(self, *, after: str = "", limit: int = 500) -> Sequence[TrainingText]: ...
    async def training_counts(self, *, since: Instant = 0) -> dict[tuple[str, str], int]: ...
    async def training_checked(self, source: Source, *, since: Instant, but: str) -> Checked | None:
        """Return how the model did on the rows of a source from `since` on, those of which it had said `but` left out.

        None: there are none.
        """

    async def model(self, id: str) -> ModelRow | None: ...
    async def models(self) -> Sequence[ModelRow]: ...
    async def setting(self, id: str) -> SettingRow | None: ...
    async def erasure(self, customer: str) -> ErasureRow | None: ...
    async def erasures(self, *, state: str) -> Sequence[ErasureRow]: ...

    # What customers bought and what they are worth (storage/worth.py)
    async def standing(self, customer: str) -> StandingRow | None: ...
    async def standings(self, customers: Sequence[str]) -> Sequence[StandingRow]: ...
    async def purchases(
        self, customer: str, *, before: tuple[Instant, str] | None = None, limit: int = 50
    ) -> Sequence[PurchaseRow]:
        """Return what `customer` bought, the latest first; `before`: behind the row of that instant and id."""

    async def purchases_named(self, ids: Sequence[str]) -> Sequence[PurchaseRow]: ...
    async def identified(self, known: Sequence[tuple[str, str]]) -> dict[tuple[str, str], str]:
        """Return the customers whom these (kind, value) belong to."""

    async def bought(self, *, after: str, since: Instant, cut: Instant, customers: int) -> Sequence[Bought]:
        """Return what up to so many `customers` bought, by their ids, those behind `after`."""

    async def contracts(self, *, after: str, limit: int) -> Sequence[PurchaseRow]:
        """Return purchases that run until some day of up to `limit` customers, by customer and end."""

    async def merged(self) -> Sequence[MergeRow]:
        """Return all merges that hold."""

    async def contacts(self, customers: Sequence[str], since: Instant) -> Sequence[Contact]:
        """Return when these customers began interactions, and what about."""

    async def counts(self) -> dict[str, Any]:
        """Return how many rows each part of the records has, by state where it has one (conservation, status)."""

    async def check(self) -> Sequence[str]:
        """Return what is wrong with the store; nothing if it is sound."""

    async def close(self) -> None: ...
