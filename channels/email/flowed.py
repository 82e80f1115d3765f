"""Text whose lines were broken by a program, not by its writer (format=flowed, RFC 3676), put together again."""

import re

_QUOTE = re.compile(r">*")
_SIGNATURE = "-- "


def unflowed(text: str, *, delete_space: bool = False) -> str:
    """Return `text` with its soft line breaks undone; quotes keep one ">" a level.

    A line that ends with a space goes on in the next one of the same level; with `delete_space` that space was only
    put there to say so.
    """
    lines: list[list[str]] = []
    level: int | None = None  # of the line that goes on
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        depth = len(_QUOTE.match(line)[0])  # type: ignore[index]  # it always matches
        bare = line[depth:].removeprefix(" ")
        flows = bare.endswith(" ") and bare != _SIGNATURE
        piece = bare[:-1] if flows and delete_space else bare
        if level == depth and bare != _SIGNATURE:
            lines[-1].append(piece)
        else:
            lines.append([f"{'>' * depth} {piece}" if depth else piece])
        level = depth if flows else None
    return "\n".join(map("".join, lines))
