"""No notes without text.

Revision ID: 9002
Revises: 9001
"""

from alembic import op

revision = "9002"
down_revision = "9001"
branch_labels = None
depends_on = None

REWRITES = ()


def upgrade() -> None:
    op.execute("UPDATE messages SET note = NULL WHERE text = ''")
