"""Which schema a file has, and which is today's. A start should not wait for the machinery that would change it."""

import sqlite3
from functools import cache
from pathlib import Path

_STEPS = Path(__file__).parent / "migrations" / "versions"


@cache
def newest() -> str:
    """Return the number of the newest step: rNNNN_what.py has number NNNN."""
    return max(step.name[1:5] for step in _STEPS.glob("r[0-9]*_*.py"))


def schema_of(connection: sqlite3.Connection) -> str | None:
    """Return the number of the last step that a file has had, None if it has had none."""
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone():
        return None
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return None if row is None else str(row[0])
