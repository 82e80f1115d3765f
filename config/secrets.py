"""Passwords and the site's secret: from the environment or from files that only their owner may read."""

import os
import secrets
import ssl
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
    return secret_named(table, "password", environment)


def secret_named(table: object, name: str, environment: Mapping[str, str]) -> str | None:
    """Return the secret that the keys `NAME_env` or `NAME_file` of `table` name, None if they name none.

    Raises:
        SecretRefused: the variable is not set, or the file is missing, empty or open to others.
    """
    variable: str | None = getattr(table, f"{name}_env")
    file: Path | None = getattr(table, f"{name}_file")
    if variable is not None:
        secret = environment.get(variable, "")
        if not secret:
            what = name.replace("_", " ")
            raise SecretRefused(f"{name}_env", f'no environment variable "{variable}"', f"one that holds the {what}")
        return secret
    return _first_line(file, f"{name}_file") if file is not None else None


def replace_secret(path: Path, secret: str) -> None:
    """Write `secret` into the file at `path` in the place of the old one, mode 0600, all of it or nothing.

    Raises:
        OSError: it can't be written.
    """
    beside = path.with_name(f"{path.name}.new")
    beside.unlink(missing_ok=True)
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(secret + "\n")
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


class Certified(Protocol):
    """A table that may name a certificate: mail listeners."""

    @property
    def tls_cert(self) -> Path | None: ...

    @property
    def tls_key(self) -> Path | None: ...


def certificate_of(table: Certified) -> ssl.SSLContext | None:
    """Return what shows the certificate that `table` names, None if it names none.

    Raises:
        SecretRefused: a file is missing, or the two don't belong together, or the key is open to others.
    """
    if table.tls_cert is None or table.tls_key is None:
        return None
    _first_line(table.tls_key, "tls_key")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    wanted = "a certificate and its key (PEM)"
    try:
        # Asked for a pass phrase, OpenSSL would wait for the terminal.
        context.load_cert_chain(table.tls_cert, table.tls_key, password=lambda: "")
    except ssl.SSLError as error:
        raise SecretRefused("tls_cert", f"{table.tls_cert} and its key: {error.reason or error}", wanted) from error
    except OSError as error:
        raise SecretRefused("tls_cert", f"{table.tls_cert}: {error.strerror}", wanted) from error
    return context


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
