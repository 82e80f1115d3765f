"""Parameters of Content-Type and Content-Disposition (RFC 2045, 2231), read within limits."""

import re

import msgspec

from channels.email.charset import decoded
from channels.email.encoded_words import decode_words

PARAMETERS_MAX = 100

_PARAMETER = re.compile(r';\s*([^\s=;"]{1,80})\s*=\s*("(?:[^"\\]|\\.)*"?|[^;]*)', re.DOTALL)
_SECTION = re.compile(r"([^*]+)(?:\*(\d{1,3}))?(\*)?")
_PERCENT = re.compile(rb"%([0-9A-Fa-f]{2})")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_COMMENT = re.compile(r"\([^()]*\)")


class Parameters(msgspec.Struct, frozen=True):
    """A structured header's value: what comes first, in lower case, and its parameters by lower-case name."""

    value: str = ""
    named: dict[str, str] = {}
    too_many: bool = False


def read_parameters(header: str | None) -> Parameters:
    """Return what `header` says; the first of several parameters of one name counts. Never raises."""
    if not header:
        return Parameters()
    plain: dict[str, str] = {}
    sections: dict[str, dict[int, tuple[str, bool]]] = {}
    count = 0
    for match in _PARAMETER.finditer(header):
        count += 1
        if count > PARAMETERS_MAX:
            break
        _keep(match[1].lower(), _unquoted(match[2]), plain, sections)
    joined = {name: _joined(parts) for name, parts in sections.items()}
    value = _COMMENT.sub("", header.partition(";")[0]).strip().lower()
    return Parameters(value, plain | joined, count > PARAMETERS_MAX)


def _keep(name: str, value: str, plain: dict[str, str], sections: dict[str, dict[int, tuple[str, bool]]]) -> None:
    section = _SECTION.fullmatch(name)
    if section is None or "*" not in name:
        plain.setdefault(name, decode_words(value) if "=?" in value else value)
        return
    parts = sections.setdefault(section[1], {})
    parts.setdefault(int(section[2] or 0), (value, section[3] is not None))


def _unquoted(value: str) -> str:
    if not value.startswith('"'):
        return _COMMENT.sub("", value).strip()
    inner = value[1:-1] if len(value) > 1 and value.endswith('"') else value[1:]
    return _ESCAPE.sub(r"\1", inner)


def _joined(parts: dict[int, tuple[str, bool]]) -> str:
    """Return the value of the continuations `parts`; only the first one names a charset (RFC 2231 4.1)."""
    charset = ""
    content = b""
    for index, number in enumerate(sorted(parts)):
        text, is_encoded = parts[number]
        if index == 0 and is_encoded and text.count("'") >= 2:
            charset, _, text = text.split("'", 2)
        octets = text.encode("utf-8", "replace")
        content += _PERCENT.sub(lambda match: bytes([int(match[1], 16)]), octets) if is_encoded else octets
    return decoded(content, charset or None)[0]
