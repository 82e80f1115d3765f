"""Where in a TOML text each key stands. `tomllib` says what a file holds, never where."""

import re
from collections.abc import Iterator

from config.faults import KeyPath

_TOKEN = re.compile(
    r"""
      (?P<string> \"{3}(?:\\.|[^\\])*?\"{3,5} | '{3}.*?'{3,5} | "(?:\\.|[^"\\\n])*" | '[^'\n]*' )
    | (?P<comment> \#[^\n]* )
    | (?P<newline> \n )
    | (?P<sign> [\[\]{}=,.] )
    | (?P<word> [^\s\[\]{}=,.\#"']+ | ["'][^\n]* )
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPED = re.compile(r'\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([btnfr"\\]))')
_SHORT = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "\\": "\\"}


class Located(list[tuple[KeyPath, int]]):
    """Every key that a text sets, in the order of the text, with its line."""

    def line_of(self, path: KeyPath) -> int:
        """Return the line of `path`, else of the first key inside it, else of what is around it; at last 1."""
        while path:
            for located, line in self:
                if located[: len(path)] == path:
                    return line
            path = path[:-1]
        return 1

    def repeated(self) -> tuple[KeyPath, int, int] | None:
        """Return the first key that stands twice, with both lines; TOML allows that for no key."""
        seen: dict[KeyPath, int] = {}
        for path, line in self:
            if path in seen:
                return path, seen[path], line
            seen[path] = line
        return None


def locate(text: str) -> Located:
    """Return the lines of all keys, tables and list items of `text`.

    Meant for valid TOML. Other text is read as far as it makes sense: a key that stands twice is listed twice.
    """
    reader = _Reader(text)
    while reader.kind != "end":
        reader.statement()
    return reader.located


class _Reader:
    """Reads statement by statement; knows the current token, the open table and how long lists of tables are."""

    def __init__(self, text: str) -> None:
        self.located = Located()
        self._tokens = _tokens(text)
        self._table: KeyPath = ()
        self._lengths: dict[KeyPath, int] = {}
        self._line = 1
        self._next()

    def statement(self) -> None:
        """Read one line's worth: a header, a key with its value, or nothing."""
        if self._skip("["):
            self._header(many=self._skip("["))
        elif self.kind in {"word", "string"}:
            self._pair(self._table)
        else:
            self._next()

    def _header(self, *, many: bool) -> None:
        line, keys = self._line, self._key()
        path: KeyPath = ()
        for key in keys[:-1]:
            path = self._inside((*path, key))
        path = (*path, *keys[-1:])
        if many:
            self._lengths[path] = self._lengths.get(path, 0) + 1
            path = self._inside(path)
        self._table = path
        self.located.append((path, line))
        while self.kind not in {"newline", "end"}:
            self._next()

    def _inside(self, path: KeyPath) -> KeyPath:
        """Return `path`, or its last item where it is a list of tables."""
        return (*path, self._lengths[path] - 1) if path in self._lengths else path

    def _pair(self, table: KeyPath) -> None:
        line, keys = self._line, self._key()
        path = (*table, *keys)
        self.located.append((path, line))
        if self._skip("="):
            self._value(path)

    def _key(self) -> list[str]:
        keys = []
        while self.kind in {"word", "string"}:
            keys.append(_plain(self._text) if self.kind == "string" else self._text)
            self._next()
            if not self._skip("."):
                break
        return keys

    def _value(self, path: KeyPath) -> None:
        if self._skip("["):
            self._list(path)
        elif self._skip("{"):
            self._inline_table(path)
        else:
            while self.kind not in {"newline", "end", "]", "}", ","}:
                self._next()

    def _list(self, path: KeyPath) -> None:
        item = 0
        while self.kind not in {"end", "]"}:
            if self.kind in {"newline", ",", "}", "="}:
                self._next()
                continue
            self.located.append(((*path, item), self._line))
            self._value((*path, item))
            item += 1
        self._skip("]")

    def _inline_table(self, path: KeyPath) -> None:
        while self.kind in {"word", "string", ","}:
            if not self._skip(","):
                self._pair(path)
        self._skip("}")

    def _skip(self, sign: str) -> bool:
        """Step over `sign` if it stands here; tell whether it did."""
        if self.kind != sign:
            return False
        self._next()
        return True

    def _next(self) -> None:
        self.kind, self._text, self._line = next(self._tokens, ("end", "", self._line))


def _tokens(text: str) -> Iterator[tuple[str, str, int]]:
    """Yield (kind, text, line); a sign is its own kind, and text that isn't closed is a word to the end of its line."""
    line, read = 1, 0
    for match in _TOKEN.finditer(text):
        line += text.count("\n", read, match.start())
        read = match.start()
        kind = match.lastgroup or ""
        if kind != "comment":
            yield match[0] if kind == "sign" else kind, match[0], line


def _plain(quoted: str) -> str:
    """Return what a quoted key says."""
    if quoted.startswith("'"):
        return quoted[1:-1]
    return _ESCAPED.sub(lambda found: _SHORT.get(found[3]) or chr(int(found[1] or found[2], 16)), quoted[1:-1])
