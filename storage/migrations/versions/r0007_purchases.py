"""What customers bought, and what they are worth.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

WORD = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "purchases",
        sa.Column("id", WORD, nullable=False),
        sa.Column("customer", WORD, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", WORD, nullable=False),
        sa.Column("product", WORD, nullable=False),
        sa.Column("contract_end", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_purchases"),
    )
    op.create_index("ix_purchases_customer_at_currency_amount", "purchases", ["customer", "at", "currency", "amount"])
    present = sa.text('"contract_end" IS NOT NULL')
    op.create_index(
        "ix_purchases_customer_contract_end",
        "purchases",
        ["customer", "contract_end"],
        sqlite_where=present,
        postgresql_where=present,
    )
    op.create_table(
        "standings",
        sa.Column("id", WORD, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("own", WORD, nullable=True),
        sa.Column("segments", sa.JSON(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_standings"),
    )
    # Until now staff set every segment there is.
    op.execute(
        sa.text(
            "INSERT INTO standings (id, at, own, segments, facts) "
            "SELECT id, created_at, segment, '[]', '{}' FROM customers WHERE segment IS NOT NULL"
        )
    )
