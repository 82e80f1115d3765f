"""Which store a site has, and whether it is the one that the site's secret belongs to."""

import asyncio
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from app.machine import Machine
from config.schema import Settings
from config.secrets import SecretRefused, create_secret, password_of, secret_of
from storage.sqlite import SqliteStore
from vocabulary.errors import PermanentFailure
from vocabulary.instants import SECOND, Span
from vocabulary.records import PutNew, SettingRow, Transaction

if TYPE_CHECKING:
    from storage.postgresql import PostgresqlStore
    from storage.postgresql_server import Server

AnyStore: TypeAlias = "SqliteStore | PostgresqlStore"

IN_PROCESS = "memory:"
"""The bus of a site that has one process."""
PATIENCE: Span = 5 * SECOND
PATIENCE_MIN: Span = SECOND // 2
_SECRET = "secret"


async def open_store(
    settings: Settings,
    folder: Path,
    environment: Mapping[str, str],
    machine: Machine | None = None,
    *,
    check: bool = True,
) -> AnyStore:
    """Return the store that `storage.url` names; relative files count from `folder`.

    `check`: as SqliteStore.open has it.

    Raises:
        PermanentFailure: it can't be used; the message says what to do.
        TemporaryFailure: its server can't be reached.
    """
    if not is_embedded(settings):
        # Only a site on PostgreSQL pays for loading its driver.
        from storage.postgresql import PostgresqlStore

        password = await asyncio.to_thread(_password, settings, environment)
        return await PostgresqlStore.open(settings.storage.url, password=password, patience=_patience(settings))
    machine = Machine() if machine is None else machine
    path = store_path(settings, folder)
    return await SqliteStore.open(path, connect=machine.connect, inline=machine.inline, check=check)


def _patience(settings: Settings) -> Span:
    """Return how long a writer waits for another one that stands still.

    Whoever takes over has waited for a lease already, and nobody is served meanwhile.
    """
    return PATIENCE if settings.bus.url == IN_PROCESS else max(PATIENCE_MIN, settings.bus.lease // 2)


def server_of(settings: Settings, environment: Mapping[str, str]) -> "Server":
    """Return the way to the database of a site on PostgreSQL.

    Raises:
        PermanentFailure: its password can't be had.
    """
    from storage.postgresql_server import Server

    return Server(settings.storage.url, _password(settings, environment))


def _password(settings: Settings, environment: Mapping[str, str]) -> str | None:
    try:
        return password_of(settings.storage, environment)
    except SecretRefused as refused:
        raise PermanentFailure(f"storage.{refused}") from refused


def is_embedded(settings: Settings) -> bool:
    """Tell whether the store is a file of this machine."""
    return settings.storage.url.startswith("sqlite:")


def store_path(settings: Settings, folder: Path) -> Path:
    """Return the file of the embedded store."""
    assert is_embedded(settings), settings.storage.url
    return folder / settings.storage.url.partition(":///")[2]


async def ensure_secret(settings: Settings, folder: Path, environment: Mapping[str, str]) -> None:
    """Make the site's secret at first start.

    Raises:
        PermanentFailure: it is missing beside a store that was made with one, or can't be read.
    """
    secret = settings.site.secret_file
    if not secret.exists():
        if where := await _made_with_another(settings, folder, environment):
            raise PermanentFailure(
                f"{secret} is missing, but {where} was made with it: restore it from your backup, or copy it from "
                "another node, or customers' answers will no longer find their interactions"
            )
        create_secret(secret)
    try:
        secret_of(secret)
    except SecretRefused as error:
        raise PermanentFailure(str(error)) from error


async def _made_with_another(settings: Settings, folder: Path, environment: Mapping[str, str]) -> str | None:
    """Return what the store is called if it has been used already."""
    if is_embedded(settings):
        path = store_path(settings, folder)
        return str(path) if path.exists() else None
    store = await open_store(settings, folder, environment)
    try:
        return store.name if await _kept(store) is not None else None
    finally:
        await store.close()


async def require_secret(store: AnyStore, secret: bytes) -> None:
    """Make sure that all nodes on a database have the same secret; the first one decides. A file has one node only.

    Raises:
        PermanentFailure: the store was made with another one: it is another site's, or the file was lost.
    """
    if isinstance(store, SqliteStore):
        return
    mark = blake2b(secret, digest_size=16, person=b"site secret").digest()
    kept = await _kept(store)
    if kept is None:
        await store.commit(Transaction(changes=(PutNew(SettingRow(id=_SECRET, body=mark)),)))
        kept = await _kept(store)
    if kept != mark:
        raise PermanentFailure(
            f"{store.name} was made with another secret than site.secret_file holds: each site needs a store of its "
            "own, and all nodes of one site need the same secret; copy the file from where it is right"
        )


async def _kept(store: AnyStore) -> bytes | None:
    row = await store.setting(_SECRET)
    return row.body if row is not None else None
