"""Whether a store is sound: its structure, its journal, the states that the journal gives, and what the records say."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, func, select

from app.kept_state import unpacked
from app.rows import interaction_row
from queues.lifecycle import InteractionState
from router import checkpoint
from router.evolve import evolve
from router.state import State
from storage import checks, queries
from storage.codec import decode
from storage.mapping import maker_of
from storage.snapshot import Contents, contents, snapshot
from storage.tables import checkpoints, interactions, messages, outbox, received
from vocabulary.errors import PermanentFailure
from vocabulary.records import Entry, InteractionRow

PAGE = 2_000
NAMED_MAX = 10
"""So many of a kind are named; more of them say nothing new."""

RESTORE = "Restore the last good backup: centrala restore FILE. The present file is kept beside it."
REPORT = "Keep a copy of the store and report this with the output of `centrala db check --json`: it should not happen."
REBUILD = "Harmless: the journal says the same. It is replaced by the next one, within 5,000 events."


class Problem(msgspec.Struct, frozen=True):
    """Something that is wrong, and what to do about it."""

    what: str
    remedy: str


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What a check found. `checkpoints`: those whose state was compared with the one that the journal gives."""

    contents: Contents
    checkpoints: int
    problems: tuple[Problem, ...]


def checked(path: Path) -> Checked:
    """Return what is wrong with the store at `path`, at one instant of it; a site may be writing to it.

    Raises:
        PermanentFailure: it can't even be opened.
    """
    with snapshot(path) as connection:
        held = contents(connection)
        found = [Problem(each, RESTORE) for each in _damage(connection)]
        compared = 0
        if not found:
            # What follows believes the journal.
            try:
                state, compared, wrong = _replayed(connection)
                found += wrong
                found += _disagreements(connection, state)
            except PermanentFailure as failure:
                found.append(Problem(f"journal: {failure}", REPORT))
    return Checked(contents=held, checkpoints=compared, problems=tuple(found))


def _damage(connection: Connection) -> list[str]:
    return (
        checks.sqlite_problems(connection) + checks.journal_problems(connection) + checks.content_problems(connection)
    )


def _entries(connection: Connection) -> Iterator[Entry]:
    after = 0
    while page := connection.execute(queries.entries(after, PAGE)).all():
        yield from (Entry(*tuple(row)) for row in page)
        after = page[-1].seq


def _replayed(connection: Connection) -> tuple[State, int, list[Problem]]:
    """Return the state that the whole journal gives, how many checkpoints were compared, and those that differ."""
    kept = {row.seq: row.body for row in connection.execute(select(checkpoints.c.seq, checkpoints.c.body))}
    state, compared, problems = State(), 0, []
    for entry in _entries(connection):
        evolve(state, decode(entry))
        if entry.seq in kept:
            compared += 1
            problems += _differs(entry.seq, kept[entry.seq], state)
    return state, compared, problems


def _differs(seq: int, kept: bytes, state: State) -> list[Problem]:
    """Compare a checkpoint with the state that the journal gives up to there."""
    try:
        saved, _ = unpacked(kept)
    except ValueError:
        return [Problem(f"checkpoint {seq}: another version of Centrala wrote it", REBUILD)]
    if checkpoint.encode(saved) == checkpoint.encode(state):
        return []
    return [Problem(f"checkpoint {seq}: its state is not the one that the journal gives up to there", REPORT)]


# -- records


def _disagreements(connection: Connection, state: State) -> list[Problem]:
    """Return where the records say something else than the state, or than each other."""
    return [
        Problem(what, REPORT)
        for what in (
            *_named("interaction", _unlike(connection, state)),
            *_conserved(connection, state),
            *_orphans(connection, "message", messages),
            *_orphans(connection, "outbox row", outbox),
            *_orphans(connection, "mail", received),
            *_stateless(connection),
        )
    ]


def _unlike(connection: Connection, state: State) -> Iterator[str]:
    """Yield the interactions that are in the state and in the records otherwise, or not at all."""
    make = maker_of(InteractionRow)
    missing = set(state.interactions)
    for columns in connection.execute(select(interactions).execution_options(yield_per=PAGE)).mappings():
        row = make(columns)
        missing.discard(row.id)
        held = state.interactions.get(row.id)
        if held is not None and (differing := _differing(row, interaction_row(held, row.changed_seq))):
            yield f"{row.id}: the records and the journal differ in {differing}"
    yield from (f"{id}: the records don't have it" for id in sorted(missing))


def _differing(row: InteractionRow, expected: InteractionRow) -> str:
    given, wanted = msgspec.structs.asdict(row), msgspec.structs.asdict(expected)
    return ", ".join(name for name in _COMPARED if given[name] != wanted[name])


_COMPARED = tuple(name for name in InteractionRow.__struct_fields__ if name not in ("changed_seq", "body"))


def _conserved(connection: Connection, state: State) -> Iterator[str]:
    """Every interaction that was ever admitted is in the records, in one state (promise 2)."""
    kept = connection.execute(select(func.count()).select_from(interactions)).scalar_one()
    if kept != state.admitted:
        yield f"conservation: {state.admitted} interactions were admitted, the records have {kept}"


def _orphans(connection: Connection, name: str, table: Table) -> list[str]:
    """Return the rows of `table` that belong to an interaction which isn't there."""
    known = select(interactions.c.id)
    lost = select(table.c.id).where(table.c.interaction.is_not(None), table.c.interaction.not_in(known))
    return _named(name, (f"{row.id}: its interaction is not in the records" for row in connection.execute(lost)))


_STATES: Mapping[Table, frozenset[str]] = {
    interactions: frozenset(map(str, InteractionState)),
    received: frozenset({"received", "admitted", "quarantined", "discarded"}),
    outbox: frozenset({"pending", "sending", "sent", "deferred", "failed", "uncertain", "taken_back"}),
}


def _stateless(connection: Connection) -> Iterator[str]:
    for table, states in _STATES.items():
        query = select(table.c.state, func.count()).group_by(table.c.state)
        for state, rows in connection.execute(query):
            if state not in states:
                yield f"{table.name}: {rows} rows are in state {state!r}, which does not exist"


def _named(kind: str, found: Iterable[str]) -> list[str]:
    """Return the first of `found`, and how many there are beyond."""
    named: list[str] = []
    more = 0
    for each in found:
        if len(named) < NAMED_MAX:
            named.append(f"{kind} {each}")
        else:
            more += 1
    return [*named, f"{kind}: {more} more like these"] if more else named


def as_json(found: Checked) -> dict[str, Any]:
    """Return a check as `db check --json` prints it."""
    return {
        "sound": not found.problems,
        **msgspec.to_builtins(found.contents),
        "checkpoints": found.checkpoints,
        "problems": msgspec.to_builtins(found.problems),
    }
