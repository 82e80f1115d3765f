"""A note for each message.

Revision ID: 9001
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "9001"
down_revision = "0001"
branch_labels = None
depends_on = None

REWRITES = ("messages",)


def upgrade() -> None:
    op.add_column("messages", sa.Column("note", sa.Text()))
    op.execute("UPDATE messages SET note = 'of ' || id")
