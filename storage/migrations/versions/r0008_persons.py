"""Customers who are one person, and what else they are told by.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

WORD = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    for name in ("birth_date", "postcode"):
        op.add_column("customers", sa.Column(name, WORD))
        present = sa.text(f'"{name}" IS NOT NULL')
        op.create_index(f"ix_customers_{name}", "customers", [name], sqlite_where=present, postgresql_where=present)
    op.create_table(
        "merges",
        sa.Column("id", WORD, nullable=False),
        sa.Column("customer", WORD, nullable=False),
        sa.Column("into", WORD, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by", WORD, nullable=False),
        sa.Column("probability", sa.Float(), nullable=False),
        sa.Column("interaction", WORD),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_merges"),
    )
    op.create_index("ix_merges_customer", "merges", ["customer"])
    op.create_index("ix_merges_into", "merges", ["into"])
    op.create_index("ix_merges_state_at", "merges", ["state", "at"])
