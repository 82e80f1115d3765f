"""Rows to learn from, and the versions of the site's model.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

WORD = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "training",
        sa.Column("id", WORD, nullable=False),
        sa.Column("interaction", WORD, nullable=False),
        sa.Column("message", WORD, nullable=False),
        sa.Column("label", WORD, nullable=False),
        sa.Column("source", WORD, nullable=False),
        sa.Column("by", WORD, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("head", WORD, nullable=False),
        sa.Column("language", WORD),
        sa.Column("said", WORD),
        sa.Column("confidence", sa.Float()),
        sa.PrimaryKeyConstraint("id", name="pk_training"),
    )
    op.create_index("ix_training_interaction", "training", ["interaction"])
    op.create_index("ix_training_at", "training", ["at"])
    op.create_table(
        "models",
        sa.Column("id", WORD, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by", WORD, nullable=False),
        sa.Column("fingerprint", WORD, nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_models"),
    )
