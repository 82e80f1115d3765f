"""How a site is doing: what it tells while it runs, and what its store says whether it runs or not."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, func, select

from app.site_figures import Figures, figures, local_url
from app.store_place import last_backup
from config.schema import Settings
from queues.lifecycle import OPEN
from storage.snapshot import contents, snapshot
from storage.tables import interactions, outbox, received
from vocabulary.instants import Instant, rfc3339

Counts = dict[str, int]

MODEL_PROBLEMS: Mapping[str, str] = {
    "mix_shifted": "customers write about other things than when it was made; `centrala model retrain`",
    "more_unknown": "more messages than before have no label; look at them on the page, then `centrala model retrain`",
    "less_sure": "it is less sure than before; `centrala model retrain`",
    "often_corrected": "agents correct it often; `centrala model retrain`, or go back with `centrala model rollback`",
    "too_sure": "it is right less often than it says; `centrala model retrain`",
}


class Mailbox(msgspec.Struct, frozen=True, kw_only=True):
    """How a mailbox is doing that is read over IMAP. `contact_age_s`: None before the first contact."""

    failing: bool
    lag: int
    contact_age_s: float | None
    server_count: int
    stored_count: int


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """All of it. What only a running site knows is None or empty without one; `problems` are for people to act on."""

    url: str
    running: bool
    version: str | None = None
    ready: bool = False
    not_ready: str | None = None
    store: str
    seq: int = 0
    last_at: str | None = None
    queues: dict[str, Counts] = {}
    agents: Counts = {}
    mailboxes: dict[str, Mailbox] = {}
    outbox: Counts = {}
    quarantined: int = 0
    last_backup: dict[str, Any] | None = None
    conservation_mismatch: int | None = None
    model: str | None = None
    model_problems: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


async def status(settings: Settings, store: Path | None, now: Instant) -> Status:
    """Return how the site of `settings` is doing.

    Args:
        settings: of the site.
        store: its file; None where the store is in PostgreSQL, of which only a running site tells.
        now: the present.
    """
    url = local_url(settings.web)
    told = await figures(url)
    found: dict[str, Any] = {"url": url, "running": told is not None, "store": settings.storage.url}
    if told is not None:
        found |= _told(told)
    if store is not None:
        found |= _kept(store, now)
    return Status(**found, problems=tuple(_problems(found)))


def _told(told: Figures) -> dict[str, Any]:
    """Return what a running site knows."""
    seq, mismatch = told.value("centrala_last_seq"), told.value("centrala_conservation_mismatch")
    queues: dict[str, Counts] = defaultdict(dict)
    for labels, value in told.of("centrala_interactions"):
        queues[labels["queue"]][labels["state"]] = int(value)
    return {
        "version": told.version,
        "ready": told.not_ready is None,
        "not_ready": told.not_ready,
        "seq": int(seq or 0),
        "queues": dict(queues),
        "agents": {labels["presence"]: int(value) for labels, value in told.of("centrala_agents")},
        "mailboxes": _mailboxes(told),
        "conservation_mismatch": None if mismatch is None else int(mismatch),
        "model": next((labels["version"] for labels, _ in told.of("centrala_model_info")), None),
        "model_problems": tuple(sorted(labels["problem"] for labels, _ in told.of("centrala_model_problem"))),
    }


def _mailboxes(told: Figures) -> dict[str, Mailbox]:
    """Return how each mailbox is doing; one of several folders of a channel is named "CHANNEL/FOLDER"."""
    found: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    for figure in ("failing", "lag", "contact_age_seconds", "server_mails", "stored_mails"):
        for labels, value in told.of(f"centrala_mailbox_{figure}"):
            found[labels["channel"], labels["folder"]][figure] = value
    folders = Counter(channel for channel, _ in found)
    return {
        channel if folders[channel] == 1 else f"{channel}/{folder}": Mailbox(
            failing=bool(of["failing"]),
            lag=int(of["lag"]),
            contact_age_s=None if of["contact_age_seconds"] < 0 else round(of["contact_age_seconds"], 1),
            server_count=int(of["server_mails"]),
            stored_count=int(of["stored_mails"]),
        )
        for (channel, folder), of in found.items()
    }


def _kept(store: Path, now: Instant) -> dict[str, Any]:
    """Return what the store's file says."""
    if not store.exists():
        return {}
    backup = last_backup(store)
    found: dict[str, Any] = {
        "last_backup": None
        if backup is None
        else {**msgspec.structs.asdict(backup), "at": rfc3339(backup.at), "age_s": max(0, now - backup.at) // 1000}
    }
    with snapshot(store) as connection:
        held = contents(connection)
        found |= {
            "seq": held.seq,
            "last_at": None if held.last_at is None else rfc3339(held.last_at),
            "queues": _queues(connection),
            "outbox": _by_state(connection, outbox.c.state),
            "quarantined": _by_state(connection, received.c.state).get("quarantined", 0),
        }
    return found


def _queues(connection: Connection) -> dict[str, Counts]:
    """Return the open interactions of each queue, by state."""
    columns = interactions.c
    query = select(columns.queue, columns.state, func.count()).group_by(columns.queue, columns.state)
    found: dict[str, Counts] = {}
    for queue, state, rows in connection.execute(query):
        if state in OPEN:
            found.setdefault(queue, {})[state] = rows
    return dict(sorted(found.items()))


def _by_state(connection: Connection, column: Any) -> Counts:
    query = select(column, func.count()).group_by(column)
    return {row[0]: row[1] for row in connection.execute(query)}


def _problems(found: Mapping[str, Any]) -> list[str]:
    """Return what somebody should act on, and how."""
    problems = []
    if not found["running"]:
        problems.append(
            f"No Centrala answers at {found['url']}: start it with `centrala serve`; `centrala doctor` helps."
        )
    elif not found["ready"]:
        problems.append(f"It takes no work in: {found['not_ready']}.")
    if found.get("conservation_mismatch"):
        problems.append(
            f"{found['conservation_mismatch']} interactions are in no state, or in two: `centrala db check` says which."
        )
    problems += [
        f"Mailbox {name} is not read just now; `centrala mail status` says why, `centrala doctor` tries it."
        for name, mailbox in found.get("mailboxes", {}).items()
        if mailbox.failing
    ]
    if found.get("quarantined"):
        problems.append(f"{found['quarantined']} mails could not be understood and are set aside; the log names them.")
    problems += [f"The model: {MODEL_PROBLEMS.get(code, code)}." for code in found.get("model_problems", ())]
    stuck = Counter(found.get("outbox", {}))
    if stuck["failed"] or stuck["uncertain"]:
        problems.append(f"Of outgoing mail {stuck['failed']} failed and {stuck['uncertain']} may have arrived or not.")
    return problems


def is_well(found: Status) -> bool:
    """Tell whether it runs, takes work in and has lost nothing; the other problems can wait for a person."""
    return found.running and found.ready and not found.conservation_mismatch


def as_text(found: Status) -> str:
    """Return a status for people to read."""
    lines = [_headline(found)]
    at = f", the last at {found.last_at}" if found.last_at else ""
    events = f"{found.seq:,} events{at}" if found.seq or found.running else "nothing in it yet"
    lines.append(f"{'Store':<11}{found.store}, {events}")
    for name, counts in found.queues.items():
        shown = ", ".join(f"{count:,} {state.replace('_', ' ')}" for state, count in counts.items() if count)
        lines.append(f"{'Queue':<11}{name}: {shown or 'empty'}")
    if found.running:
        agents = ", ".join(f"{count} {presence}" for presence, count in sorted(found.agents.items()))
        lines.append(f"{'Agents':<11}{agents or 'none'}")
    if found.running:
        lines.append(f"{'Model':<11}{found.model or 'none yet: keywords decide'}")
    for name, mailbox in found.mailboxes.items():
        age = "never reached" if mailbox.contact_age_s is None else f"last contact {_ago(mailbox.contact_age_s)}"
        kept = f"{mailbox.stored_count:,} of {mailbox.server_count:,} kept"
        lines.append(f"{'Mailbox':<11}{name}: {'FAILING' if mailbox.failing else 'read'}, {kept}, {age}")
    sent = ", ".join(f"{count:,} {state}" for state, count in sorted(found.outbox.items()))
    lines.append(f"{'Outbox':<11}{sent or 'empty'}")
    lines.append(f"{'Set aside':<11}{found.quarantined or 'nothing'}")
    backup = found.last_backup
    lines.append(
        f"{'Backup':<11}"
        + ("none yet: centrala backup FILE" if backup is None else f"{_ago(backup['age_s'])}, {backup['file']}")
    )
    if found.conservation_mismatch is not None:
        lines.append(f"{'Lost':<11}{found.conservation_mismatch or 'nothing'}")
    return "\n".join([*lines, *(f"! {problem}" for problem in found.problems)])


def _headline(found: Status) -> str:
    if not found.running:
        return f"{'Centrala':<11}not running at {found.url}"
    return f"{'Centrala':<11}{found.version} at {found.url}, {'ready' if found.ready else 'NOT READY'}"


def _ago(seconds: float) -> str:
    for unit, length in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit} ago"
    return f"{seconds:.0f} s ago"
