"""What is wrong with [storage]: an address that can't be read, a password in the wrong place or without protection."""

from config.crosschecks import Checks, is_local
from config.schema import Storage

_PROTECTED = {"require", "verify-ca", "verify-full"}
_EXAMPLE = '"postgresql://user@host:5432/database?sslmode=verify-full"'


def check_storage(checks: Checks) -> None:
    """Look over [storage]."""
    storage = checks.settings.storage
    if checks.sound(("storage",)) and not storage.url.startswith("sqlite:"):
        checks.password(("storage",), storage)
        _check_address(checks, storage)


def _check_address(checks: Checks, storage: Storage) -> None:
    # Only a site on PostgreSQL pays for loading its driver.
    from psycopg import Error
    from psycopg.conninfo import conninfo_to_dict

    path = ("storage", "url")
    try:
        parts = conninfo_to_dict(storage.url)
    except Error:
        # Its words may quote a password.
        checks.note(path, "an address that PostgreSQL's library can't read", f"one such as {_EXAMPLE}")
        return
    if "password" in parts:
        checks.note(path, "a password in the address", "password_env or password_file beside it")
    if not all(port.isdecimal() for port in str(parts.get("port", "5432")).split(",")):
        checks.note(path, "a port that is no number", f"one such as {_EXAMPLE}")
    if "dbname" not in parts:
        checks.note(path, "no database", f"one behind the host: {_EXAMPLE}")
    hosts = str(parts.get("host") or parts.get("hostaddr") or "").split(",")
    away = [host for host in hosts if host and not host.startswith(("/", "@")) and not is_local(host)]
    if away and parts.get("sslmode") not in _PROTECTED:
        checks.note(
            path,
            f"no sslmode that protects the way to {away[0]}",
            '"sslmode=verify-full" (or verify-ca, require): letters and passwords would travel unprotected',
            severity="warning",
        )
