"""Print a table of all opponents."""

import argparse

from rich.console import Console
from rich.table import Table

from tests.loops.opponents import OPPONENTS
from tests.loops.rig import against, against_another_site


def main() -> None:
    """Let each opponent answer for some hours."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=1, help="virtual hours against each")
    hours = parser.parse_args().hours
    table = Table("opponent", "mails out", "in a conversation", "to an address", "conversations", "after the third")
    for found in (*(against(each, hours=hours) for each in OPPONENTS), against_another_site(hours=hours)):
        row = (found.out, found.per_thread, found.per_address, found.interactions, found.growth)
        table.add_row(found.name, *map(str, row))
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
