"""Content-Transfer-Encoding undone (RFC 2045 section 6), also where the sender got it wrong."""

import binascii
import itertools
import re

from channels.email.encoded_words import base64_content

# How programs write them, letters and digits alone: "7-bit", "8bits", "quoted printable" ...
_IDENTITY = frozenset(
    {"", "7bit", "8bit", "7bits", "8bits", "binary", "none", "plain", "text", "ascii", "usascii", "utf8"}
)
_QUOTED = frozenset({"quotedprintable", "quotedprintible", "quoteprintable", "qp"})
_BASE64 = frozenset({"base64", "bas64", "64base", "b64"})
_UUENCODE = frozenset({"xuuencode", "uuencode", "xuue", "uue"})
_NOT_NAME = re.compile(r"[^a-z0-9]")
_UU_LINES_MAX = 1_000_000
_UU_FILES_MAX = 100
_UU_LINE = re.compile(rb"[^\r\n]+")
_UU_BEGIN = re.compile(rb"^begin [0-7]{3,4} ([^\r\n]{1,200})\r?\n", re.MULTILINE)


def transferred(body: bytes, encoding: str) -> tuple[bytes, str | None]:
    """Return the content of `body`, and the defect found on the way or None. Never raises."""
    name = encoding.partition(";")[0].strip(" \t\"'").lower()
    bare = _NOT_NAME.sub("", name) if name.isascii() and "/" not in name else name
    if bare in _IDENTITY:
        return body, None
    if bare in _QUOTED:
        return binascii.a2b_qp(_without_space_after_soft_breaks(body)), None
    if bare in _BASE64:
        content, whole = base64_content(body)
        return content, None if whole else "base64-broken"
    if bare in _UUENCODE:
        return _uudecoded(body)
    return body, "transfer-encoding-unknown"


def _without_space_after_soft_breaks(body: bytes) -> bytes:
    # Some server on the way added it; four plain replacements, for a pattern costs seconds where breaks are millions.
    for space in (b" ", b"\t"):
        for line_break in (b"\r\n", b"\n"):
            body = body.replace(b"=" + space + line_break, b"=" + line_break)
    return body


def _uudecoded(body: bytes) -> tuple[bytes, str | None]:
    begin = _UU_BEGIN.search(body)
    if begin is None:
        return body, "uuencode-broken"
    content, end = _uu_content(body, begin.end())
    return content, None if end is not None else "uuencode-broken"


def without_uuencoded(body: bytes) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    """Return `body` without the uuencoded files in it, and these: name and content. What isn't whole stays text."""
    if b"begin " not in body:
        return body, []
    kept: list[bytes] = []
    files: list[tuple[bytes, bytes]] = []
    at = 0
    for begin in itertools.islice(_UU_BEGIN.finditer(body), _UU_FILES_MAX):
        content, end = _uu_content(body, begin.end()) if begin.start() >= at else (b"", None)
        if end is not None and content:
            kept.append(body[at : begin.start()])
            files.append((begin[1], content))
            at = end
    return b"".join([*kept, body[at:]]), files


def _uu_content(body: bytes, at: int) -> tuple[bytes, int | None]:
    """Return what the lines from `at` on hold, and where they end; None if they break off."""
    content = bytearray()
    for count, line in enumerate(_UU_LINE.finditer(body, at)):
        if line[0].strip() == b"end":
            return bytes(content), line.end()
        if line[0].strip() in (b"", b"`"):
            continue
        try:
            content += binascii.a2b_uu(line[0])
        except binascii.Error:
            break
        if count >= _UU_LINES_MAX:
            break
    return bytes(content), None
