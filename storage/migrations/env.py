"""What Alembic runs: the migrations go over the connection that storage/migrations/__init__.py hands it."""

from alembic import context

from storage.tables import metadata
from vocabulary.crashpoints import crashpoint


def _passed(ctx: object, step: object, heads: object, run_args: object) -> None:
    crashpoint("migrate.step")


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite's DDL is transactional, and the connection begins for itself: a kill in between leaves the old schema.
    transactional_ddl=True,
    on_version_apply=_passed,
)
with context.begin_transaction():
    context.run_migrations()
