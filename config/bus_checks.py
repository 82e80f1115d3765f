"""What is wrong with [bus]: a bus for several nodes beside a store for one, a password in the wrong place."""

from urllib.parse import urlsplit

from config.crosschecks import Checks, is_local


def check_bus(checks: Checks) -> None:
    """Look over [bus]."""
    bus, storage = checks.settings.bus, checks.settings.storage
    if not checks.sound(("bus",)) or bus.url == "memory:":
        return
    checks.password(("bus",), bus)
    path = ("bus", "url")
    if checks.sound(("storage",)) and storage.url.startswith("sqlite:"):
        checks.note(
            path,
            "Redis beside a store of SQLite",
            '"memory:", since one process alone uses a file of SQLite; several nodes need storage.url = "postgresql://..."',
        )
    place = urlsplit(bus.url)
    if place.password:
        checks.note(path, "a password in the address", "password_env or password_file beside it")
    if place.scheme == "redis" and not is_local(place.hostname or ""):
        checks.note(
            path,
            f"no protection on the way to {place.hostname}",
            '"rediss://...": commands with what customers wrote would travel unprotected',
            severity="warning",
        )
