"""Static files, cached for a year under an address that changes with their content."""

import hashlib
from pathlib import Path

STATIC = "/static/"


class Assets:
    """The files below `folder`; a file that changes gets another address at once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, tuple[int, str]] = {}

    def address(self, path: str) -> str:
        """Return the address of a static file, with a hash of its content.

        Raises:
            FileNotFoundError: there is none: a template names it wrong.
        """
        file = self._folder / path
        changed = file.stat().st_mtime_ns
        known = self._known.get(path)
        if known is None or known[0] != changed:
            known = (changed, hashlib.sha256(file.read_bytes()).hexdigest()[:16])
            self._known[path] = known
        return f"{STATIC}{path}?v={known[1]}"
