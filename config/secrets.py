"""Passwords and the site's secret: from the environment or from files that only their owner may read."""

import os
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

_BYTES_MAX = 16_384


class SecretRefused(ValueError):
    """A secret can't be had. `found` and `expected` are as in a fault; the secret itself is in neither."""

    def __init__(self, key: str, found: str, expected: str) -> None:
        super().__init__(f"{key}: found {found}, expected {expected}")
        self.key = key
        self.found = found
        self.expected = expected


class Guarded(Protocol):
    """A table that may name a password: receivers over IMAP, senders, agents."""

    @property
    def password_env(self) -> str | None: ...

    @property
    def password_file(self) -> Path | None: ...


def password_of(table: Guarded, environment: Mapping[str, str]) -> str | None:
    """Return the password that `table` names, None if it names none.

    Raises:
        SecretRefused: the variable is not set, or the file is missing, empty or open to others.
    """
    if table.password_env is not None:
        password = environment.get(table.password_env, "")
        if not password:
            raise SecretRefused(
                "password_env", f'no environment variable "{table.password_env}"', "one that holds the password"
            )
        return password
    if table.password_file is not None:
        return _first_line(table.password_file, "password_file")
    return None


def secret_of(path: Path) -> bytes:
    """Return the site's secret from the file at `path`.

    Raises:
        SecretRefused: the file is missing, empty or open to others.
    """
    return _first_line(path, "secret_file").encode()


def create_secret(path: Path) -> None:
    """Write a new secret (256 bits) to `path`, mode 0600.

    Raises:
        FileExistsError: there is a file already; it is left alone.
    """
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(32) + "\n")


def private_bytes(path: Path, key: str, expected: str) -> bytes:
    """Return what is in a file that only its owner may read.

    Raises:
        SecretRefused: the file is missing, too long, or open to others.
    """
    try:
        # The handle that is checked is the one that is read: nobody can swap the file in between.
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if not stat.S_ISREG(mode):
                raise SecretRefused(key, f"no plain file at {path}", expected)
            if mode & 0o077:
                raise SecretRefused(key, f"{path} with mode {stat.S_IMODE(mode):04o}", f"mode 0600: chmod 600 {path}")
            content = file.read(_BYTES_MAX + 1)
    except OSError as error:
        raise SecretRefused(key, f"{path}: {error.strerror}", expected) from error
    if len(content) > _BYTES_MAX:
        raise SecretRefused(key, f"{path}: more than {_BYTES_MAX} bytes", expected)
    return content


def _first_line(path: Path, key: str) -> str:
    """Return the first line of a file that only its owner may read."""
    wanted = "a file of mode 0600 whose first line is the secret"
    try:
        line = private_bytes(path, key, wanted).decode("utf-8").split("\n", 1)[0].rstrip("\r")
    except UnicodeDecodeError as error:
        raise SecretRefused(key, f"{path}: no UTF-8 text", wanted) from error
    if not line:
        raise SecretRefused(key, f"an empty first line in {path}", wanted)
    return line
