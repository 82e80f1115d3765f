"""Journal, checkpoints and records.

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WORD = sa.String().with_variant(sa.String(collation="C"), "postgresql")
PROSE = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

# SQLite's full-text index holds no text of its own (`content`), and triggers keep it in step with the messages.
SEARCH_SQLITE = (
    """
    CREATE VIRTUAL TABLE message_search USING fts5(
        subject, text, content='messages', content_rowid='position', tokenize='unicode61 remove_diacritics 2'
    )
    """,
    """
    CREATE TRIGGER message_search_insert AFTER INSERT ON messages BEGIN
        INSERT INTO message_search(rowid, subject, text) VALUES (new.position, new.subject, new.text);
    END
    """,
    """
    CREATE TRIGGER message_search_delete AFTER DELETE ON messages BEGIN
        INSERT INTO message_search(message_search, rowid, subject, text)
        VALUES ('delete', old.position, old.subject, old.text);
    END
    """,
    """
    CREATE TRIGGER message_search_update AFTER UPDATE OF subject, text ON messages
    WHEN old.subject IS NOT new.subject OR old.text IS NOT new.text BEGIN
        INSERT INTO message_search(message_search, rowid, subject, text)
        VALUES ('delete', old.position, old.subject, old.text);
        INSERT INTO message_search(rowid, subject, text) VALUES (new.position, new.subject, new.text);
    END
    """,
)


# PostgreSQL's holds the words that storage/search_words.py finds; the writer keeps it in step with the messages.
SEARCH_POSTGRESQL = (
    """
    CREATE TABLE message_search (
        position bigint PRIMARY KEY REFERENCES messages (position) ON DELETE CASCADE,
        words tsvector NOT NULL
    )
    """,
    "CREATE INDEX ix_message_search_words ON message_search USING gin (words)",
)


def upgrade() -> None:
    op.create_table(
        "agents",
        sa.Column("id", WORD, nullable=False),
        sa.Column("name", WORD, nullable=False),
        sa.Column("profile", sa.LargeBinary(), nullable=False),
        sa.Column("email", WORD, nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_agents"),
    )
    op.create_table(
        "audit",
        sa.Column("id", WORD, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("who", WORD, nullable=False),
        sa.Column("action", WORD, nullable=False),
        sa.Column("target", WORD, nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.create_index("ix_audit_at", "audit", ["at"])
    op.create_index("ix_audit_target", "audit", ["target"])
    op.create_table(
        "bookmarks",
        sa.Column("channel", WORD, nullable=False),
        sa.Column("folder", WORD, nullable=False),
        sa.Column("uidvalidity", sa.BigInteger(), nullable=False),
        sa.Column("uid", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "folder", name="pk_bookmarks"),
    )
    op.create_table(
        "checkpoints",
        sa.Column("seq", NUMBER, autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_checkpoints"),
    )
    op.create_table(
        "customers",
        sa.Column("id", WORD, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("name", WORD, nullable=False),
        sa.Column("language", WORD, nullable=True),
        sa.Column("segment", WORD, nullable=True),
        sa.Column("attributes", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_customers"),
    )
    op.create_table(
        "idempotency",
        sa.Column("id", WORD, nullable=False),
        sa.Column("fingerprint", WORD, nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_idempotency"),
    )
    op.create_index("ix_idempotency_at", "idempotency", ["at"])
    op.create_table(
        "interactions",
        sa.Column("id", WORD, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("channel", WORD, nullable=False),
        sa.Column("medium", WORD, nullable=False),
        sa.Column("customer", WORD, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("queue", WORD, nullable=False),
        sa.Column("agent", WORD, nullable=True),
        sa.Column("label", WORD, nullable=True),
        sa.Column("language", WORD, nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("arrived_at", sa.BigInteger(), nullable=False),
        sa.Column("enqueued_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("changed_seq", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_interactions"),
    )
    op.create_index(
        "ix_interactions_agent_number",
        "interactions",
        ["agent", "number"],
        sqlite_where=sa.text('"agent" IS NOT NULL'),
        postgresql_where=sa.text('"agent" IS NOT NULL'),
    )
    op.create_index("ix_interactions_customer_number", "interactions", ["customer", "number"])
    op.create_index("ix_interactions_number", "interactions", ["number"])
    op.create_index("ix_interactions_queue_number", "interactions", ["queue", "number"])
    op.create_index("ix_interactions_state_number", "interactions", ["state", "number"])
    op.create_table(
        "journal",
        sa.Column("seq", NUMBER, autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("type", WORD, nullable=False),
        sa.Column("v", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("interaction", WORD, nullable=True),
        sa.Column("agent", WORD, nullable=True),
        sa.Column("queue", WORD, nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_journal"),
    )
    op.create_index("ix_journal_at_seq", "journal", ["at", "seq"])
    op.create_index(
        "ix_journal_interaction",
        "journal",
        ["interaction"],
        sqlite_where=sa.text('"interaction" IS NOT NULL'),
        postgresql_where=sa.text('"interaction" IS NOT NULL'),
    )
    op.create_table(
        "messages",
        sa.Column("position", NUMBER, autoincrement=True, nullable=False),
        sa.Column("id", WORD, nullable=False),
        sa.Column("interaction", WORD, nullable=False),
        sa.Column("channel", WORD, nullable=False),
        sa.Column("author", WORD, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("text", PROSE, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=True),
        sa.Column("external_id", WORD, nullable=True),
        sa.Column("agent", WORD, nullable=True),
        sa.Column("subject", PROSE, nullable=False),
        sa.Column("full_text", PROSE, nullable=True),
        sa.Column("html", PROSE, nullable=True),
        sa.Column("sender_name", WORD, nullable=False),
        sa.Column("sender_address", WORD, nullable=False),
        sa.Column("message_id", WORD, nullable=True),
        sa.Column("references", sa.JSON(), nullable=False),
        sa.Column("received", WORD, nullable=True),
        sa.Column("attributes", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_messages"),
        sa.UniqueConstraint("channel", "external_id", name="uq_messages_channel_external_id"),
        sa.UniqueConstraint("id", name="uq_messages_id"),
    )
    op.create_index("ix_messages_interaction_number", "messages", ["interaction", "number"])
    op.create_index(
        "ix_messages_message_id",
        "messages",
        ["message_id"],
        sqlite_where=sa.text('"message_id" IS NOT NULL'),
        postgresql_where=sa.text('"message_id" IS NOT NULL'),
    )
    op.create_table(
        "outbox",
        sa.Column("id", WORD, nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("interaction", WORD, nullable=True),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("reason", PROSE, nullable=False),
        sa.Column("message", WORD, nullable=True),
        sa.Column("message_id", WORD, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
    )
    op.create_index(
        "ix_outbox_interaction",
        "outbox",
        ["interaction"],
        sqlite_where=sa.text('"interaction" IS NOT NULL'),
        postgresql_where=sa.text('"interaction" IS NOT NULL'),
    )
    op.create_index("ix_outbox_state_due_at", "outbox", ["state", "due_at"])
    op.create_table(
        "received",
        sa.Column("id", WORD, nullable=False),
        sa.Column("channel", WORD, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("envelope", sa.JSON(), nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", PROSE, nullable=False),
        sa.Column("interaction", WORD, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_received"),
    )
    op.create_index(
        "ix_received_interaction",
        "received",
        ["interaction"],
        sqlite_where=sa.text('"interaction" IS NOT NULL'),
        postgresql_where=sa.text('"interaction" IS NOT NULL'),
    )
    op.create_index("ix_received_state_at", "received", ["state", "at"])
    op.create_table(
        "tokens",
        sa.Column("id", WORD, nullable=False),
        sa.Column("role", WORD, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("agent", WORD, nullable=True),
        sa.Column("name", WORD, nullable=False),
        sa.Column("revoked", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tokens"),
    )
    op.create_table(
        "users",
        sa.Column("id", WORD, nullable=False),
        sa.Column("login", WORD, nullable=False),
        sa.Column("name", WORD, nullable=False),
        sa.Column("role", WORD, nullable=False),
        sa.Column("password", WORD, nullable=False),
        sa.Column("agent", WORD, nullable=True),
        sa.Column("language", WORD, nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("sessions_from", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("login", name="uq_users_login"),
    )
    op.create_table(
        "attachments",
        sa.Column("id", WORD, nullable=False),
        sa.Column("message", WORD, nullable=False),
        sa.Column("filename", WORD, nullable=False),
        sa.Column("content_type", WORD, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("content_id", WORD, nullable=True),
        sa.Column("inline", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["message"], ["messages.id"], name="fk_attachments_message", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_attachments"),
    )
    op.create_index("ix_attachments_message", "attachments", ["message"])
    op.create_table(
        "identities",
        sa.Column("kind", WORD, nullable=False),
        sa.Column("value", WORD, nullable=False),
        sa.Column("customer", WORD, nullable=False),
        sa.Column("verified", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["customer"], ["customers.id"], name="fk_identities_customer", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("kind", "value", name="pk_identities"),
    )
    op.create_index("ix_identities_customer", "identities", ["customer"])
    op.create_table(
        "settings",
        sa.Column("id", WORD, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_settings"),
    )
    op.create_table(
        "sessions",
        sa.Column("id", WORD, nullable=False),
        sa.Column("user", WORD, nullable=False),
        sa.Column("csrf", WORD, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user"], ["users.id"], name="fk_sessions_user", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
    )
    op.create_index("ix_sessions_user", "sessions", ["user"])
    for statement in SEARCH_SQLITE if op.get_bind().dialect.name == "sqlite" else SEARCH_POSTGRESQL:
        op.execute(sa.text(statement))
