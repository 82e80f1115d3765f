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
    AttachmentRow,
    AuditRow,
    BookmarkRow,
    CustomerRow,
    ErasureRow,
    IdempotencyRow,
    IdentityRow,
    InteractionRow,
    MessageRow,
    OutboxRow,
    ReceivedRow,
    SessionRow,
    SettingRow,
    TokenRow,
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


def _index(table: Table, *columns: str, present: bool = False) -> None:
    """Index `columns`; with `present` only rows in which the first one has a value."""
    where = text(f'"{columns[0]}" IS NOT NULL') if present else None
    Index(None, *(table.c[name] for name in columns), sqlite_where=where, postgresql_where=where)


journal = Table(
    "journal",
    metadata,
    Column("seq", Number, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("type", String, nullable=False),
    Column("v", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("interaction", String),
    Column("agent", String),
    Column("queue", String),
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
    Column("id", String, primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("channel", String, nullable=False),
    Column("medium", String, nullable=False),
    Column("customer", String, nullable=False),
    Column("state", String, nullable=False),
    Column("queue", String, nullable=False),
    Column("agent", String),
    Column("label", String),
    Column("language", String),
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
    Column("id", String, nullable=False, unique=True),
    Column("interaction", String, nullable=False),
    Column("channel", String, nullable=False),
    Column("author", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("text", Text, nullable=False),
    Column("number", BigInteger),
    Column("external_id", String),
    Column("agent", String),
    Column("subject", Text, nullable=False),
    Column("full_text", Text),
    Column("html", Text),
    Column("sender_name", String, nullable=False),
    Column("sender_address", String, nullable=False),
    Column("message_id", String),
    Column("references", JSON, nullable=False),
    Column("received", String),
    Column("attributes", JSON, nullable=False),
    # In a unique constraint NULL equals nothing, so messages without an external id don't hinder each other.
    UniqueConstraint("channel", "external_id"),
)
_index(messages, "interaction", "number")
_index(messages, "message_id", present=True)

attachments = Table(
    "attachments",
    metadata,
    Column("id", String, primary_key=True),
    Column("message", String, ForeignKey("messages.id", ondelete="CASCADE"), nullable=False),
    Column("filename", String, nullable=False),
    Column("content_type", String, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("content_id", String),
    Column("inline", Boolean, nullable=False),
)
_index(attachments, "message")

received = Table(
    "received",
    metadata,
    Column("id", String, primary_key=True),
    Column("channel", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("envelope", JSON, nullable=False),
    Column("state", String, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("error", Text, nullable=False),
    Column("interaction", String),
)
_index(received, "state", "at")
_index(received, "interaction", present=True)

customers = Table(
    "customers",
    metadata,
    Column("id", String, primary_key=True),
    Column("created_at", BigInteger, nullable=False),
    Column("name", String, nullable=False),
    Column("language", String),
    Column("segment", String),
    Column("attributes", JSON, nullable=False),
)

identities = Table(
    "identities",
    metadata,
    Column("kind", String, primary_key=True),
    Column("value", String, primary_key=True),
    Column("customer", String, ForeignKey("customers.id", ondelete="CASCADE"), nullable=False),
    Column("verified", Boolean, nullable=False),
)
_index(identities, "customer")

outbox = Table(
    "outbox",
    metadata,
    Column("id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("interaction", String),
    Column("payload", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("state", String, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("message", String),
    Column("message_id", String),
)
_index(outbox, "state", "due_at")
_index(outbox, "interaction", present=True)

bookmarks = Table(
    "bookmarks",
    metadata,
    Column("channel", String, primary_key=True),
    Column("folder", String, primary_key=True),
    Column("uidvalidity", BigInteger, nullable=False),
    Column("uid", BigInteger, nullable=False),
)

agents = Table(
    "agents",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("profile", LargeBinary, nullable=False),
    Column("email", String, nullable=False),
    Column("disabled", Boolean, nullable=False),
)

users = Table(
    "users",
    metadata,
    Column("id", String, primary_key=True),
    Column("login", String, nullable=False, unique=True),
    Column("name", String, nullable=False),
    Column("role", String, nullable=False),
    Column("password", String, nullable=False),
    Column("agent", String),
    Column("language", String, nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("sessions_from", BigInteger, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", String, primary_key=True),
    Column("user", String, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("csrf", String, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
)
_index(sessions, "user")

tokens = Table(
    "tokens",
    metadata,
    Column("id", String, primary_key=True),
    Column("role", String, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("agent", String),
    Column("name", String, nullable=False),
    Column("revoked", Boolean, nullable=False),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("id", String, primary_key=True),
    Column("fingerprint", String, nullable=False),
    Column("status", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False),
)
_index(idempotency, "at")

settings = Table(
    "settings",
    metadata,
    Column("id", String, primary_key=True),
    Column("body", LargeBinary, nullable=False),
)

erasures = Table(
    "erasures",
    metadata,
    Column("id", String, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("by", String, nullable=False),
    Column("state", String, nullable=False),
    Column("addresses", JSON, nullable=False),
    Column("done_at", BigInteger),
)
_index(erasures, "state", "at")

audit = Table(
    "audit",
    metadata,
    Column("id", String, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("who", String, nullable=False),
    Column("action", String, nullable=False),
    Column("target", String, nullable=False),
    Column("detail", JSON, nullable=False),
)
_index(audit, "at")
_index(audit, "target")

Kind = type[msgspec.Struct]

TABLES: Mapping[Kind, Table] = {
    InteractionRow: interactions,
    MessageRow: messages,
    AttachmentRow: attachments,
    ReceivedRow: received,
    CustomerRow: customers,
    IdentityRow: identities,
    OutboxRow: outbox,
    BookmarkRow: bookmarks,
    AgentRow: agents,
    UserRow: users,
    SessionRow: sessions,
    TokenRow: tokens,
    IdempotencyRow: idempotency,
    SettingRow: settings,
    ErasureRow: erasures,
    AuditRow: audit,
}
"""Where each kind of row lives."""


_KEYS: Mapping[Kind, tuple[str, ...]] = {IdentityRow: ("kind", "value"), BookmarkRow: ("channel", "folder")}


def key_of(kind: Kind) -> tuple[str, ...]:
    """Return the columns that tell rows of `kind` apart: `id`, or what stands for it."""
    return _KEYS.get(kind, ("id",))
