"""Answers for many: their words, and who got them.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

WORD = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "bulk_answers",
        sa.Column("id", WORD, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by", WORD, nullable=False),
        sa.Column("label", WORD, nullable=False),
        sa.Column("texts", sa.JSON(), nullable=False),
        sa.Column("subjects", sa.JSON(), nullable=False),
        sa.Column("articles", sa.JSON(), nullable=False),
        sa.Column("queue", WORD, nullable=True),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("left_out", sa.JSON(), nullable=False),
        sa.Column("undo_until", sa.BigInteger(), nullable=False),
        sa.Column("undone_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_bulk_answers"),
    )
    op.create_index("ix_bulk_answers_at", "bulk_answers", ["at"])
    op.create_table(
        "bulk_members",
        sa.Column("bulk", WORD, nullable=False),
        sa.Column("interaction", WORD, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by_itself", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("bulk", "interaction", name="pk_bulk_members"),
    )
