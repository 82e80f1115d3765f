"""Files that wait for their message, and why a mail did not arrive.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

WORD = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "uploads",
        sa.Column("id", WORD, nullable=False),
        sa.Column("interaction", WORD, nullable=False),
        sa.Column("by", WORD, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("filename", WORD, nullable=False),
        sa.Column("content_type", WORD, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("inline", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_uploads"),
    )
    op.create_index("ix_uploads_interaction", "uploads", ["interaction"])
    op.create_index("ix_uploads_by", "uploads", ["by"])
    op.add_column("outbox", sa.Column("why", WORD, nullable=False, server_default=""))
