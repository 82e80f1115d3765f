"""Articles of the knowledge base, and how they were judged.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

WORD = sa.String().with_variant(sa.String(collation="C"), "postgresql")
PROSE = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "articles",
        sa.Column("id", WORD, nullable=False),
        sa.Column("label", WORD, nullable=False),
        sa.Column("texts", sa.JSON(), nullable=False),
        sa.Column("valid_from", sa.BigInteger()),
        sa.Column("valid_until", sa.BigInteger()),
        sa.Column("origin", WORD, nullable=False),
        sa.Column("removed", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("by", WORD, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_articles"),
    )
    op.create_table(
        "article_files",
        sa.Column("id", WORD, nullable=False),
        sa.Column("article", WORD, nullable=False),
        sa.Column("language", WORD, nullable=False),
        sa.Column("filename", WORD, nullable=False),
        sa.Column("content_type", WORD, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_article_files"),
    )
    op.create_index("ix_article_files_article", "article_files", ["article"])
    op.create_table(
        "judgements",
        sa.Column("id", WORD, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("source", WORD, nullable=False),
        sa.Column("article", WORD, nullable=False),
        sa.Column("language", WORD, nullable=False),
        sa.Column("right", sa.Boolean(), nullable=False),
        sa.Column("by", WORD, nullable=False),
        sa.Column("interaction", WORD),
        sa.Column("text", PROSE, nullable=False),
        sa.Column("features", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_judgements"),
    )
    present = sa.text('"interaction" IS NOT NULL')
    op.create_index(
        "ix_judgements_interaction", "judgements", ["interaction"], sqlite_where=present, postgresql_where=present
    )
