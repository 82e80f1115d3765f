"""A note for each message.

Revision ID: 9001
Revises: the newest of storage/migrations
"""

import sqlalchemy as sa
from alembic import op

from storage.schema import newest

revision = "9001"
down_revision = newest()
branch_labels = None
depends_on = None

REWRITES = ("messages",)


def upgrade() -> None:
    op.add_column("messages", sa.Column("note", sa.Text()))
    op.execute("UPDATE messages SET note = 'of ' || id")
