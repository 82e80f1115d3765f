"""The site's secret beside a backup: ids and addresses that were signed with it are worth nothing without it."""

import os
from pathlib import Path

from config.secrets import SecretRefused, secret_of
from vocabulary.errors import PermanentFailure


def beside(backup: Path) -> Path:
    """Return where the secret of `backup` is kept."""
    return backup.with_name(f"{backup.name}.secret")


def keep(secret: Path, backup: Path) -> Path:
    """Return the copy of `secret` beside `backup`, mode 0600.

    Raises:
        PermanentFailure: the secret can't be read, or another one is kept there already.
    """
    value = _read(secret)
    copy = beside(backup)
    if copy.exists() and _read(copy) == value:
        return copy
    try:
        _write(copy, value)
    except FileExistsError as error:
        raise PermanentFailure(
            f"{copy} exists already and holds another secret: choose another name for the backup"
        ) from error
    return copy


def put_back(backup: Path, secret: Path, *, stamp: str) -> str:
    """Bring back the secret that was kept beside `backup`, if one was; return in words what became of it.

    A secret that differs is kept as `secret`.before-restore-`stamp`.

    Raises:
        PermanentFailure: the copy can't be read.
    """
    copy = beside(backup)
    if not copy.exists():
        return (
            f"Secret: none was kept with this backup; {secret} stays as it is. Answers to mail of before the backup "
            "find their interactions only if it is the secret of then."
            if secret.exists()
            else f"Secret: {secret} is missing and none was kept with this backup. Put the one of then there before "
            "you start, or customers' answers will no longer find their interactions."
        )
    value = _read(copy)
    if secret.exists():
        if _read(secret) == value:
            return f"Secret: {secret} is the one that belongs to this backup."
        aside = secret.with_name(f"{secret.name}.before-restore-{stamp}")
        os.link(secret, aside)
        half = secret.with_name(f"{secret.name}.restoring")
        half.unlink(missing_ok=True)
        _write(half, value)
        half.replace(secret)
        return f"Secret: restored to {secret}; the other one is kept as {aside}."
    _write(secret, value)
    return f"Secret: restored to {secret}."


def _read(path: Path) -> bytes:
    try:
        return secret_of(path)
    except SecretRefused as error:
        raise PermanentFailure(str(error)) from error


def _write(path: Path, value: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(value + b"\n")
        file.flush()
        os.fsync(file.fileno())
