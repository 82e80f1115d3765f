"""PostgreSQL's full-text index: the words of each message, found by us, so that every server finds the same.

`unaccent` would need rights that a site's own database user seldom has; `to_tsvector` takes an address for one word.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Select, column, select, table, text

from storage import tables
from storage.search_words import words_of
from storage.statements import Target
from vocabulary.records import Change, MessageRow, Put, PutNew, Remove, Set

_WORDS = "INSERT INTO message_search (position, words) SELECT position, array_to_tsvector(%s::text[]) FROM messages"
_INDEX_NEW = f"{_WORDS} WHERE id = %s ON CONFLICT (position) DO NOTHING"
_INDEX = (
    f"{_WORDS} WHERE id = %s ON CONFLICT (position) DO UPDATE SET words = excluded.words "
    "WHERE message_search.words IS DISTINCT FROM excluded.words"
)
_search = table("message_search", column("position"), column("words"))


def index(target: Target, changes: Iterable[Change]) -> None:
    """Bring the index into step with `changes`, which have been made."""
    texts, statements, edited = [], {Put: _INDEX, PutNew: _INDEX_NEW}, []
    for id, touching in _touching(changes).items():
        change = touching[0]
        if len(touching) == 1 and isinstance(change, Put | PutNew):
            assert isinstance(change.row, MessageRow)
            texts.append((type(change), (list(words_of(change.row.subject, change.row.text)), id)))
        elif len(touching) > 1 or isinstance(change, Set):
            edited.append(id)
    for operation, statement in statements.items():
        if rows := [row for kind, row in texts if kind is operation]:
            target.executemany(statement, rows)
    for id in edited:
        found = target.execute("SELECT subject, text FROM messages WHERE id = %s", (id,)).fetchone()
        if found is not None:
            target.execute(_INDEX, (list(words_of(*found)), id))


def _touching(changes: Iterable[Change]) -> dict[str, list[Change]]:
    """Return by message what was done to its words; what is removed takes them with it."""
    touching: dict[str, list[Change]] = {}
    for change in changes:
        if isinstance(change, Put | PutNew):
            if isinstance(change.row, MessageRow):
                touching.setdefault(change.row.id, []).append(change)
        elif change.kind is MessageRow and _touches(change):
            touching.setdefault(change.id, []).append(change)
    return touching


def _touches(change: Change) -> bool:
    return isinstance(change, Remove) or (isinstance(change, Set) and bool(change.values.keys() & {"subject", "text"}))


def found(words: Sequence[str]) -> Select[Any]:
    """Select the interactions with a message in which a word begins with each of `words`."""
    beginnings = " & ".join(f"'{word}':*" for word in words_of(*words))
    matching = text("message_search.words @@ CAST(:words AS tsquery)").bindparams(words=beginnings)
    joined = tables.messages.join(_search, _search.c.position == tables.messages.c.position)
    return select(tables.messages.c.interaction).select_from(joined).where(matching)
