"""Writes the pages that are made from the code: `python -m docs.generate`. A test compares them with what is kept."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from config import reference as configuration
from docs import api, command_line, events, lifecycle

FOLDER = Path(__file__).parent

PAGES: Mapping[str, Callable[[], str]] = {
    "reference/api.md": api.page,
    "reference/command-line.md": command_line.page,
    "reference/configuration.md": configuration.page,
    "reference/events.md": events.page,
    "reference/lifecycle.md": lifecycle.page,
}
"""Each page's place below docs/, and what makes it."""


def main() -> None:
    """Write every page, and say which of them changed."""
    for name, page in PAGES.items():
        path, text = FOLDER / name, page()
        changed = not path.exists() or path.read_text("utf-8") != text
        if changed:
            path.write_text(text, "utf-8")
        sys.stdout.write(f"{'written ' if changed else 'the same'}  docs/{name}\n")


if __name__ == "__main__":
    main()
