"""Files that people bring: what they are by their first bytes, and which of them we take (reliability.md section 5)."""

import re
from collections.abc import Iterator

from vocabulary.errors import PermanentFailure

FILE_MAX = 10_000_000
"""Bytes of one file."""
TOGETHER_MAX = 18_000_000
"""Bytes of the files of one message: in base64 it stays below the 25 MB that most servers take."""
PIXELS_MAX = 40_000_000
NAME_MAX = 200
_OFFICE = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "odt": "application/vnd.oasis.opendocument.text",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "odp": "application/vnd.oasis.opendocument.presentation",
}
_OLD_OFFICE = {"doc": "application/msword", "xls": "application/vnd.ms-excel", "ppt": "application/vnd.ms-powerpoint"}
_TEXTS = {"txt": "text/plain", "log": "text/plain", "md": "text/plain", "csv": "text/csv", "ics": "text/calendar"}
_BEGINNINGS: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"OggS", "audio/ogg"),
    (b"{\\rtf", "application/rtf"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"\x1f\x8b", "application/gzip"),
)
_JPEG_SIZES = frozenset({*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0)})
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")

TAKEN = "pictures, PDF, texts, office documents, sound, video and archives"


def kind_of(name: str, content: bytes) -> str:
    """Return the media type of a file that we take: its bytes decide, its name only between those that look alike.

    Raises:
        PermanentFailure: it is empty, of a kind that we don't take, or a picture of too many points.
    """
    if not content:
        raise PermanentFailure("the file is empty")
    kind = _by_bytes(name, content)
    if kind is None:
        raise PermanentFailure(f"such files are not taken; there may be {TAKEN}")
    if kind.startswith("image/"):
        width, height = _size(kind, content)
        if width * height > PIXELS_MAX:
            raise PermanentFailure(f"the picture has {width} x {height} points; there may be 40 million")
    return kind


def plain_name(name: str) -> str:
    """Return the last part of a file's name without what can't be seen."""
    last = _CONTROL.sub("", re.split(r"[/\\]", name)[-1]).strip().lstrip(".")
    return last[-NAME_MAX:] or "file"


def _by_bytes(name: str, content: bytes) -> str | None:
    for beginning, kind in _BEGINNINGS:
        if content.startswith(beginning):
            return kind
    ending = name.rpartition(".")[2].casefold()
    if content.startswith(b"RIFF"):
        return {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}.get(content[8:12])
    if content[4:8] == b"ftyp":
        return "audio/mp4" if content[8:12] == b"M4A " else "video/mp4"
    if content.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _OFFICE.get(ending, "application/zip")
    if content.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _OLD_OFFICE.get(ending)
    return _TEXTS.get(ending) if _is_text(content) else None


def _is_text(content: bytes) -> bool:
    """Tell whether it is plain text: no NUL, and no markup or script in a text's clothes."""
    head = content[:4096].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return b"\0" not in content and not head.startswith((b"<!doctype", b"<html", b"<?xml", b"<svg", b"<script", b"#!"))


def _size(kind: str, content: bytes) -> tuple[int, int]:
    """Return width and height of a picture, (0, 0) where its head says nothing."""
    match kind:
        case "image/png":
            return int.from_bytes(content[16:20]), int.from_bytes(content[20:24])
        case "image/gif":
            return int.from_bytes(content[6:8], "little"), int.from_bytes(content[8:10], "little")
        case "image/webp":
            return _webp_size(content)
        case _:
            return next(_jpeg_sizes(content), (0, 0))


def _webp_size(content: bytes) -> tuple[int, int]:
    if content[12:16] == b"VP8X":
        return int.from_bytes(content[24:27], "little") + 1, int.from_bytes(content[27:30], "little") + 1
    if content[12:16] == b"VP8L":
        bits = int.from_bytes(content[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return int.from_bytes(content[26:28], "little") & 0x3FFF, int.from_bytes(content[28:30], "little") & 0x3FFF


def _jpeg_sizes(content: bytes) -> Iterator[tuple[int, int]]:
    at = 2
    while at + 9 <= len(content) and content[at] == 0xFF:
        marker, length = content[at + 1], int.from_bytes(content[at + 2 : at + 4])
        if marker in _JPEG_SIZES:
            yield int.from_bytes(content[at + 7 : at + 9]), int.from_bytes(content[at + 5 : at + 7])
        at += 2 + length
