"""winmail.dat: what Outlook packs into one file (Transport Neutral Encapsulation Format, MS-OXTNEF), within limits.

Attributes of the message and of its files follow each other, each with its length; MAPI properties inside some of them.
Only what a reader needs is read: the texts, and the files with their names.
"""

import re
import struct

import msgspec

from channels.email.charset import decoded

SIGNATURE = b"\x78\x9f\x3e\x22"
FILES_MAX = 200
_ATTRIBUTES_MAX = 5_000
_PROPERTIES_MAX = 2_000
_RTF_MAX = 1024 * 1024
_TEXT_MAX = 1_000_000

_OBJECT = struct.Struct("<BII")
_LONG = struct.Struct("<I")
_PROPERTY = struct.Struct("<HH")
_RTF_HEADER = struct.Struct("<IIII")

# Attributes (MS-OXTNEF 2.1.3): identifiers without their types.
_CODEPAGE, _BODY, _MESSAGE_PROPERTIES = 0x9007, 0x800C, 0x9003
_FILE_BEGINS, _FILE_NAME, _FILE_CONTENT, _FILE_PROPERTIES = 0x9002, 0x8010, 0x800F, 0x9005
# MAPI properties (MS-OXPROPS).
_P_BODY, _P_HTML, _P_RTF = 0x1000, 0x1013, 0x1009
_P_CONTENT, _P_FILENAME, _P_LONG_FILENAME, _P_MIME, _P_CONTENT_ID = 0x3701, 0x3704, 0x3707, 0x370E, 0x3712
# MAPI types: bytes of those with a fixed length (MS-OXCDATA 2.11.1), padded to four.
_FIXED = {0x0001: 0, 0x0002: 4, 0x0003: 4, 0x0004: 4, 0x0005: 8, 0x0006: 8, 0x0007: 8, 0x000A: 4, 0x000B: 4,
          0x0014: 8, 0x0040: 8, 0x0048: 16}  # fmt: skip
_STRING8, _UNICODE, _OBJECT_TYPE, _BINARY, _MULTIPLE = 0x001E, 0x001F, 0x000D, 0x0102, 0x1000
# With it compressed RTF begins, before its own first byte (MS-OXRTFCP 2.1.2.1).
_DICTIONARY = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript "
    rb"\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0"
    b"\r\n"
    rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)  # fmt: skip
_COMPRESSED, _STORED = 0x75465A4C, 0x414C454D

_RTF_TOKEN = re.compile(
    r"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\(.)|([{}])|[\r\n]+|([^\\{}\r\n]+)", re.DOTALL
)
_RTF_SILENT = {"fonttbl", "colortbl", "stylesheet", "info", "pict", "object", "header", "footer", "generator"}
_RTF_BREAKS = {"par": "\n", "line": "\n", "sect": "\n\n", "row": "\n", "tab": "\t", "cell": "\t", "bullet": "•",
               "endash": "–", "emdash": "—", "lquote": "‘", "rquote": "’", "ldblquote": "“",
               "rdblquote": "”"}  # fmt: skip


class PackedFile(msgspec.Struct):
    """A file in the package; `filename` is as its sender wrote it."""

    filename: str = ""
    content_type: str = ""
    content_id: str = ""
    content: bytes = b""


class Package(msgspec.Struct):
    """What winmail.dat holds: the text, the HTML, the files. `broken` where it ended before it should."""

    text: str = ""
    html: str = ""
    files: list[PackedFile] = []
    broken: bool = False


def read_package(content: bytes) -> Package | None:
    """Return what is in `content`, None if it is no winmail.dat. Never raises."""
    if not content.startswith(SIGNATURE):
        return None
    package = Package(files=[])
    codepage, rtf = "windows-1252", b""
    at = 6
    for _ in range(_ATTRIBUTES_MAX):
        if at + _OBJECT.size > len(content):
            break
        _, name, size = _OBJECT.unpack_from(content, at)
        at += _OBJECT.size
        value = content[at : at + size]
        package.broken |= len(value) < size
        at += size + 2
        kind = name & 0xFFFF
        if kind == _CODEPAGE and size >= 4:
            codepage = f"cp{_LONG.unpack_from(value + bytes(4))[0]}"
        elif kind == _BODY:
            package.text = package.text or _string(value, codepage)
        elif kind == _MESSAGE_PROPERTIES:
            rtf = rtf or _take_texts(package, value, codepage)
        elif kind == _FILE_BEGINS:
            if len(package.files) >= FILES_MAX:
                package.broken = True
                break
            package.files.append(PackedFile())
        elif package.files:
            _take_file(package.files[-1], kind, value, codepage)
    if not package.text and not package.html:
        package.text = _rtf_text(_decompressed(rtf), codepage)
    package.files = [file for file in package.files if file.content or file.filename]
    return package


def _take_texts(package: Package, value: bytes, codepage: str) -> bytes:
    """Take the body as text and as HTML; return its compressed RTF, which counts only where there is neither."""
    properties = _properties(value)
    if _P_BODY in properties:
        package.text = package.text or _text(properties[_P_BODY], codepage)
    if _P_HTML in properties:
        package.html = package.html or _text(properties[_P_HTML], codepage)
    return properties.get(_P_RTF, (0, b""))[1]


def _take_file(file: PackedFile, kind: int, value: bytes, codepage: str) -> None:
    if kind == _FILE_NAME:
        file.filename = file.filename or _string(value, codepage)
    elif kind == _FILE_CONTENT:
        file.content = value
    elif kind == _FILE_PROPERTIES:
        properties = _properties(value)
        for name in (_P_LONG_FILENAME, _P_FILENAME):
            if name in properties:
                file.filename = _text(properties[name], codepage) or file.filename
                break
        if _P_MIME in properties:
            file.content_type = _text(properties[_P_MIME], codepage)
        if _P_CONTENT_ID in properties:
            file.content_id = _text(properties[_P_CONTENT_ID], codepage)
        if not file.content and _P_CONTENT in properties:
            kind_, packed = properties[_P_CONTENT]
            # An embedded message is a package of its own behind the identifier of its kind.
            file.content = packed[16:] if kind_ == _OBJECT_TYPE else packed


def _properties(value: bytes) -> dict[int, tuple[int, bytes]]:
    """Return the MAPI properties in `value`: type and bytes by identifier; as far as they can be read."""
    found: dict[int, tuple[int, bytes]] = {}
    at = 4
    for _ in range(min(_PROPERTIES_MAX, _LONG.unpack_from(value)[0] if len(value) >= 4 else 0)):
        if at + _PROPERTY.size > len(value):
            break
        kind, name = _PROPERTY.unpack_from(value, at)
        at = _after_name(value, at + _PROPERTY.size) if name >= 0x8000 else at + _PROPERTY.size
        plain = kind & ~_MULTIPLE
        is_fixed = plain in _FIXED
        count = 1
        if kind & _MULTIPLE or not is_fixed:
            count = _number(value, at)
            at += 4
        if is_fixed:
            found.setdefault(name, (plain, value[at : at + _FIXED[plain]]))
            at += _FIXED[plain] * count
            continue
        for turn in range(count):
            size = _number(value, at)
            at += 4
            if turn == 0:
                found.setdefault(name, (plain, value[at : at + size]))
            at += size + -size % 4
            if at > len(value):
                return found
    return found


def _after_name(value: bytes, at: int) -> int:
    """Return where the value of a named property begins: behind a GUID and a number or a text (MS-OXTNEF 2.1.3.4)."""
    is_text = _number(value, at + 16) == 1
    if not is_text:
        return at + 24
    size = _number(value, at + 20)
    return at + 24 + size + -size % 4


def _number(value: bytes, at: int) -> int:
    number: int = _LONG.unpack_from(value, at)[0] if at + 4 <= len(value) else 0
    return number


def _text(of: tuple[int, bytes], codepage: str) -> str:
    kind, octets = of
    if kind == _UNICODE:
        return octets[: 4 * _TEXT_MAX].decode("utf-16-le", "replace").rstrip("\0")
    return _string(octets, codepage)


def _string(octets: bytes, codepage: str) -> str:
    return decoded(octets[: 4 * _TEXT_MAX].rstrip(b"\0"), "utf-8" if codepage == "cp65001" else codepage)[0]


def _decompressed(content: bytes) -> bytes:
    """Return the RTF in `content` (MS-OXRTFCP): eight items behind each control byte, letters or references."""
    if len(content) < _RTF_HEADER.size:
        return b""
    _, raw_size, kind, _ = _RTF_HEADER.unpack_from(content)
    limit = min(raw_size, _RTF_MAX)
    if kind == _STORED:
        return content[16 : 16 + limit]
    if kind != _COMPRESSED:
        return b""
    out = bytearray(_DICTIONARY)
    begin, at = len(out), 16
    while at < len(content) and len(out) - begin < limit:
        control = content[at]
        at += 1
        for bit in range(8):
            if at >= len(content):
                break
            if not control >> bit & 1:
                out.append(content[at])
                at += 1
                continue
            reference = int.from_bytes(content[at : at + 2], "big")
            at += 2
            # A place in a ring of 4096 bytes, of which the last byte written is at `len(out) - 1`.
            back = (len(out) - (reference >> 4)) % 4096
            if back == 0:
                return bytes(out[begin : begin + limit])
            for _ in range((reference & 15) + 2):
                out.append(out[-back] if back <= len(out) else 0x20)
    return bytes(out[begin : begin + limit])


def _rtf_text(rtf: bytes, codepage: str) -> str:
    """Return the words of `rtf` without their looks. HTML in RTF (MS-OXRTFEX) leaves its text, too."""
    pieces: list[str] = []
    octets = bytearray()
    silent: list[bool] = [False]
    is_hidden = False  # between \htmlrtf and \htmlrtf0 stands what is there for readers of RTF only
    skip = 0
    for match in _RTF_TOKEN.finditer(rtf.decode("latin-1")):
        word, number, octet, sign, brace, plain = match.groups()
        if brace == "{":
            silent.append(silent[-1])
            if len(silent) > 500:
                break
        elif brace == "}":
            if len(silent) > 1:
                silent.pop()
        elif word in _RTF_SILENT or sign == "*":
            silent[-1] = True
        elif word == "htmlrtf":
            is_hidden = number != "0"
        elif not (silent[-1] or is_hidden):
            if octet:
                if skip:
                    skip -= 1
                else:
                    octets.append(int(octet, 16))
                continue
            pieces += _flushed(octets, codepage)
            if word == "u" and number:
                code = int(number) % 65_536
                pieces.append(chr(code) if not 0xD800 <= code < 0xE000 else "\N{REPLACEMENT CHARACTER}")
                skip = 1
            elif plain:
                pieces.append(plain[skip:] if skip else plain)
                skip = 0
            elif word:
                pieces.append(_RTF_BREAKS.get(word, ""))
            elif sign and sign in "\\{}":
                pieces.append(sign)
            elif sign == "~":
                pieces.append(" ")
    pieces += _flushed(octets, codepage)
    return "".join(pieces)[:_TEXT_MAX].strip()


def _flushed(octets: bytearray, codepage: str) -> list[str]:
    if not octets:
        return []
    text = decoded(bytes(octets), codepage)[0]
    octets.clear()
    return [text]
