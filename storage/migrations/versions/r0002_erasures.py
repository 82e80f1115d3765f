"""Customers who were erased.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

WORD = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "erasures",
        sa.Column("id", WORD, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by", WORD, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("addresses", sa.JSON(), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_erasures"),
    )
    op.create_index("ix_erasures_state_at", "erasures", ["state", "at"])
    # What was tried before is asked for at every start, before anything else is processed.
    op.create_index("ix_received_state_attempts", "received", ["state", "attempts"])
