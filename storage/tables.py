"""Tables of the journal and the records, for every database alike.

The columns of a row's table are the fields of its struct in vocabulary/records.py, in their order; fields that are a
dict or a tuple are JSON. Instants are whole milliseconds.

Foreign keys stand only where a part is meaningless without its whole and goes with it: attachments, identities,
sessions. They are checked at once, so the whole is written first.
"""

from collections.abc import Mapping

import msgspec
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from vocabulary.records import (
    AgentRow,
    ArticleFileRow,
    ArticleRow,
    AttachmentRow,
    AuditRow,
    BookmarkRow,
    BulkMemberRow,
    BulkRow,
    CustomerRow,
    ErasureRow,
    FetchedRow,
    IdempotencyRow,
    IdentityRow,
    InteractionRow,
    JudgementRow,
    MergeRow,
    MessageRow,
    ModelRow,
    OutboxRow,
    PurchaseRow,
    ReceivedRow,
    SessionRow,
    SettingRow,
    StandingRow,
    TokenRow,
    TrainingRow,
    UploadRow,
    UserRow,
)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

# SQLite makes a table's key its place on the disk only if the type is spelled INTEGER (which holds 64 bits there).
Number = BigInteger().with_variant(Integer, "sqlite")

# By code points, as SQLite compares: the order of rows is then the same everywhere, and an index does not depend on the
# language rules of the machine, which change with its updates.
Word = String().with_variant(String(collation="C"), "postgresql")
Prose = Text().with_variant(Text(collation="C"), "postgresql")


def _index(table: Table, *columns: str, present: bool = False, only_with: str | None = None) -> None:
    """Index `columns`; with `present` only rows in which the first one has a value, or the column `only_with`."""
    needed = columns[0] if present else only_with
    where = text(f'"{needed}" IS NOT NULL') if needed is not None else None
    Index(None, *(table.c[name] for name in columns), sqlite_where=where, postgresql_where=where)


journal = Table(
    "journal",
    metadata,
    Column("seq", Number, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("type", Word, nullable=False),
    Column("v", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("interaction", Word),
    Column("agent", Word),
    Column("queue", Word),
    # Of the entry and all before it: storage/chain.py.
    Column("digest", LargeBinary, nullable=False),
)
_index(journal, "interaction", present=True)
_index(journal, "at", "seq")

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("seq", Number, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

interactions = Table(
    "interactions",
    metadata,
    Column("id", Word, primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("channel", Word, nullable=False),
    Column("medium", Word, nullable=False),
    Column("customer", Word, nullable=False),
    Column("state", Word, nullable=False),
    Column("queue", Word, nullable=False),
    Column("agent", Word),
    Column("label", Word),
    Column("language", Word),
    Column("created_at", BigInteger, nullable=False),
    Column("arrived_at", BigInteger, nullable=False),
    Column("enqueued_at", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("closed_at", BigInteger),
    Column("changed_seq", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
_index(interactions, "number")
_index(interactions, "state", "number")
_index(interactions, "queue", "number")
_index(interactions, "customer", "number")
_index(interactions, "agent", "number", present=True)

messages = Table(
    "messages",
    metadata,
    # What the full-text index knows the message by; it survives rewriting and VACUUM.
    Column("position", Number, primary_key=True, autoincrement=True),
    Column("id", Word, nullable=False, unique=True),
    Column("interaction", Word, nullable=False),
    Column("channel", Word, nullable=False),
    Column("author", Word, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("text", Prose, nullable=False),
    Column("number", BigInteger),
    Column("external_id", Word),
    Column("agent", Word),
    Column("subject", Prose, nullable=False),
    Column("full_text", Prose),
    Column("html", Prose),
    Column("sender_name", Word, nullable=False),
    Column("sender_address", Word, nullable=False),
    Column("message_id", Word),
    Column("references", JSON, nullable=False),
    Column("received", Word),
    Column("attributes", JSON, nullable=False),
    # In a unique constraint NULL equals nothing, so messages without an external id don't hinder each other.
    UniqueConstraint("channel", "external_id"),
)
_index(messages, "interaction", "number")
_index(messages, "message_id", present=True)

attachments = Table(
    "attachments",
    metadata,
    Column("id", Word, primary_key=True),
    Column("message", Word, ForeignKey("messages.id", ondelete="CASCADE"), nullable=False),
    Column("filename", Word, nullable=False),
    Column("content_type", Word, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("content_id", Word),
    Column("inline", Boolean, nullable=False),
)
_index(attachments, "message")

uploads = Table(
    "uploads",
    metadata,
    Column("id", Word, primary_key=True),
    Column("interaction", Word, nullable=False),
    Column("by", Word, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("filename", Word, nullable=False),
    Column("content_type", Word, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("inline", Boolean, nullable=False),
)
_index(uploads, "interaction")
_index(uploads, "by")

received = Table(
    "received",
    metadata,
    Column("id", Word, primary_key=True),
    Column("channel", Word, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("envelope", JSON, nullable=False),
    Column("state", Word, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("error", Prose, nullable=False),
    Column("interaction", Word),
)
_index(received, "state", "at")
_index(received, "state", "attempts")
_index(received, "interaction", present=True)

customers = Table(
    "customers",
    metadata,
    Column("id", Word, primary_key=True),
    Column("created_at", BigInteger, nullable=False),
    Column("name", Word, nullable=False),
    Column("language", Word),
    Column("segment", Word),
    Column("attributes", JSON, nullable=False),
    Column("birth_date", Word),
    Column("postcode", Word),
)
_index(customers, "birth_date", present=True)
_index(customers, "postcode", present=True)

identities = Table(
    "identities",
    metadata,
    Column("kind", Word, primary_key=True),
    Column("value", Word, primary_key=True),
    Column("customer", Word, ForeignKey("customers.id", ondelete="CASCADE"), nullable=False),
    Column("verified", Boolean, nullable=False),
)
_index(identities, "customer")

merges = Table(
    "merges",
    metadata,
    Column("id", Word, primary_key=True),
    Column("customer", Word, nullable=False),
    Column("into", Word, nullable=False),
    Column("state", Word, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("by", Word, nullable=False),
    Column("probability", Float, nullable=False),
    Column("interaction", Word),
    Column("evidence", JSON, nullable=False),
)
_index(merges, "customer")
_index(merges, "into")
_index(merges, "state", "at")

purchases = Table(
    "purchases",
    metadata,
    Column("id", Word, primary_key=True),
    Column("customer", Word, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("currency", Word, nullable=False),
    Column("product", Word, nullable=False),
    Column("contract_end", BigInteger),
)
# All that is summed up of a customer stands in the index: a million rows are read in their order.
_index(purchases, "customer", "at", "currency", "amount")
_index(purchases, "customer", "contract_end", only_with="contract_end")

standings = Table(
    "standings",
    metadata,
    Column("id", Word, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("own", Word),
    Column("segments", JSON, nullable=False),
    Column("facts", JSON, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Word, primary_key=True),
    Column("kind", Word, nullable=False),
    Column("interaction", Word),
    Column("payload", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("state", Word, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("reason", Prose, nullable=False),
    Column("message", Word),
    Column("message_id", Word),
    Column("why", Word, nullable=False, server_default=""),
)
_index(outbox, "state", "due_at")
_index(outbox, "interaction", present=True)

bookmarks = Table(
    "bookmarks",
    metadata,
    Column("channel", Word, primary_key=True),
    Column("folder", Word, primary_key=True),
    Column("uidvalidity", BigInteger, nullable=False),
    Column("uid", BigInteger, nullable=False),
)

fetched = Table(
    "fetched",
    metadata,
    Column("channel", Word, primary_key=True),
    Column("folder", Word, primary_key=True),
    Column("uidvalidity", BigInteger, primary_key=True, autoincrement=False),
    Column("uid", BigInteger, primary_key=True, autoincrement=False),
    Column("received", Word, nullable=False),
)

agents = Table(
    "agents",
    metadata,
    Column("id", Word, primary_key=True),
    Column("name", Word, nullable=False),
    Column("profile", LargeBinary, nullable=False),
    Column("email", Word, nullable=False),
    Column("disabled", Boolean, nullable=False),
)

users = Table(
    "users",
    metadata,
    Column("id", Word, primary_key=True),
    Column("login", Word, nullable=False, unique=True),
    Column("name", Word, nullable=False),
    Column("role", Word, nullable=False),
    Column("password", Word, nullable=False),
    Column("agent", Word),
    Column("language", Word, nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("sessions_from", BigInteger, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", Word, primary_key=True),
    Column("user", Word, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("csrf", Word, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
)
_index(sessions, "user")

tokens = Table(
    "tokens",
    metadata,
    Column("id", Word, primary_key=True),
    Column("role", Word, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("agent", Word),
    Column("name", Word, nullable=False),
    Column("revoked", Boolean, nullable=False),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("id", Word, primary_key=True),
    Column("fingerprint", Word, nullable=False),
    Column("status", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False),
)
_index(idempotency, "at")

settings = Table(
    "settings",
    metadata,
    Column("id", Word, primary_key=True),
    Column("body", LargeBinary, nullable=False),
)

training = Table(
    "training",
    metadata,
    Column("id", Word, primary_key=True),
    Column("interaction", Word, nullable=False),
    Column("message", Word, nullable=False),
    Column("label", Word, nullable=False),
    Column("source", Word, nullable=False),
    Column("by", Word, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("head", Word, nullable=False),
    Column("language", Word),
    Column("said", Word),
    Column("confidence", Float),
)
_index(training, "interaction")
_index(training, "at")

models = Table(
    "models",
    metadata,
    Column("id", Word, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("by", Word, nullable=False),
    Column("fingerprint", Word, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("report", JSON, nullable=False),
)

articles = Table(
    "articles",
    metadata,
    Column("id", Word, primary_key=True),
    Column("label", Word, nullable=False),
    Column("texts", JSON, nullable=False),
    Column("valid_from", BigInteger),
    Column("valid_until", BigInteger),
    Column("origin", Word, nullable=False),
    Column("removed", Boolean, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("by", Word, nullable=False),
)

article_files = Table(
    "article_files",
    metadata,
    Column("id", Word, primary_key=True),
    Column("article", Word, nullable=False),
    Column("language", Word, nullable=False),
    Column("filename", Word, nullable=False),
    Column("content_type", Word, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("size", BigInteger, nullable=False),
)
_index(article_files, "article")

judgements = Table(
    "judgements",
    metadata,
    Column("id", Word, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("source", Word, nullable=False),
    Column("article", Word, nullable=False),
    Column("language", Word, nullable=False),
    Column("right", Boolean, nullable=False),
    Column("by", Word, nullable=False),
    Column("interaction", Word),
    Column("text", Prose, nullable=False),
    Column("features", JSON, nullable=False),
)
_index(judgements, "interaction", present=True)

erasures = Table(
    "erasures",
    metadata,
    Column("id", Word, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("by", Word, nullable=False),
    Column("state", Word, nullable=False),
    Column("addresses", JSON, nullable=False),
    Column("done_at", BigInteger),
)
_index(erasures, "state", "at")

bulk_answers = Table(
    "bulk_answers",
    metadata,
    Column("id", Word, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("by", Word, nullable=False),
    Column("label", Word, nullable=False),
    Column("texts", JSON, nullable=False),
    Column("subjects", JSON, nullable=False),
    Column("articles", JSON, nullable=False),
    Column("queue", Word),
    Column("terms", JSON, nullable=False),
    Column("left_out", JSON, nullable=False),
    Column("undo_until", BigInteger, nullable=False),
    Column("undone_at", BigInteger),
)
_index(bulk_answers, "at")

bulk_members = Table(
    "bulk_members",
    metadata,
    Column("bulk", Word, primary_key=True),
    Column("interaction", Word, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("by_itself", Boolean, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Word, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("who", Word, nullable=False),
    Column("action", Word, nullable=False),
    Column("target", Word, nullable=False),
    Column("detail", JSON, nullable=False),
)
_index(audit, "at")
_index(audit, "target")

Kind = type[msgspec.Struct]

TABLES: Mapping[Kind, Table] = {
    InteractionRow: interactions,
    MessageRow: messages,
    AttachmentRow: attachments,
    UploadRow: uploads,
    ReceivedRow: received,
    CustomerRow: customers,
    IdentityRow: identities,
    MergeRow: merges,
    PurchaseRow: purchases,
    StandingRow: standings,
    OutboxRow: outbox,
    BookmarkRow: bookmarks,
    FetchedRow: fetched,
    AgentRow: agents,
    UserRow: users,
    SessionRow: sessions,
    TokenRow: tokens,
    IdempotencyRow: idempotency,
    SettingRow: settings,
    TrainingRow: training,
    ModelRow: models,
    ArticleRow: articles,
    ArticleFileRow: article_files,
    JudgementRow: judgements,
    ErasureRow: erasures,
    BulkRow: bulk_answers,
    BulkMemberRow: bulk_members,
    AuditRow: audit,
}
"""Where each kind of row lives."""


_KEYS: Mapping[Kind, tuple[str, ...]] = {
    IdentityRow: ("kind", "value"),
    BookmarkRow: ("channel", "folder"),
    BulkMemberRow: ("bulk", "interaction"),
    FetchedRow: ("channel", "folder", "uidvalidity", "uid"),
}


def key_of(kind: Kind) -> tuple[str, ...]:
    """Return the columns that tell rows of `kind` apart: `id`, or what stands for it."""
    return _KEYS.get(kind, ("id",))
