"""Which mails of a mailbox are kept.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

WORD = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "fetched",
        sa.Column("channel", WORD, nullable=False),
        sa.Column("folder", WORD, nullable=False),
        sa.Column("uidvalidity", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("uid", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("received", WORD, nullable=False),
        sa.PrimaryKeyConstraint("channel", "folder", "uidvalidity", "uid", name="pk_fetched"),
    )
