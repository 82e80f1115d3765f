"""What keeps a text from being TOML, said by line and key. `tomllib` names a place, often one line too late."""

import json
import re
from pathlib import Path

from config.faults import Fault, KeyPath, path_text
from config.lines import Located, locate

_REASON = re.compile(r"(?P<what>.*?) \(at (?:line (?P<line>\d+), column \d+|end of document)\)", re.DOTALL)
_STATEMENT = re.compile(r"\s*(?:\[|[\w.\"'-]+\s*=)")
_VALUE = 'a value: "text" in quotes, a number, true, false, [a list] or { a table }'
_WANTED = (
    ("Invalid value", _VALUE),
    ("Invalid initial character for a key", "a name before the ="),
    ("Expected newline", 'nothing more on this line (text stands in "quotes")'),
    ("Expected '='", '"=" and a value after the name'),
    ("Expected ']'", 'a closing "]"'),
    ("Unclosed array", 'a comma, or a closing "]"'),
    ("Unclosed inline table", 'a comma, or a closing "}"'),
    ("Illegal character '\\n'", "a closing quote on the same line"),
    ("Expected \"'''\"", "a closing '''"),
    ('Expected \'"""\'', 'a closing """'),
    ("Unterminated string", "a closing quote"),
    ("Cannot ", "each key once"),
    ("Exceeds the limit", "a number of fewer digits"),
)


def syntax_fault(text: str, path: Path, reason: str) -> Fault:
    """Return the fault for what `tomllib` says of `text`."""
    located = locate(text)
    repeated = located.repeated()
    if repeated is not None:
        key, first, second = repeated
        again = f"the key a second time (first on line {first})"
        return Fault(file=str(path), line=second, path=path_text(key), found=again, expected="each key once")
    match = _REASON.fullmatch(reason)
    what = match["what"] if match else reason
    lines = text.split("\n")
    line = _line_of(text, what, match["line"] if match else None)
    key, begun = _statement_at(located, line)
    if begun < line and (line > len(lines) or _STATEMENT.match(lines[line - 1]) or not lines[line - 1].strip()):
        # The next statement, or the end, stands where a value should have ended: what is wrong began before.
        line = begun
    found = json.dumps(lines[line - 1].strip()[:60], ensure_ascii=False)
    wanted = next((words for begin, words in _WANTED if what.startswith(begin)), f"TOML ({what})")
    return Fault(file=str(path), line=line, path=path_text(key), found=found, expected=wanted)


def _line_of(text: str, what: str, line: str | None) -> int:
    """Return the line that the reason names; for text that never ends, where it begins."""
    for quotes in ("'''", '"""'):
        if line is None and quotes in what:
            return text.count("\n", 0, text.rfind(quotes)) + 1
    return int(line) if line else text.count("\n") + 1


def _statement_at(located: Located, line: int) -> tuple[KeyPath, int]:
    """Return the last key at or before `line`, with its line."""
    before = [(path, at) for path, at in located if at <= line and path and isinstance(path[-1], str)]
    return before[-1] if before else ((), line)
