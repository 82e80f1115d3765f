"""Content-Transfer-Encoding undone (RFC 2045 section 6), also where the sender got it wrong."""

import binascii
import re

from channels.email.encoded_words import base64_content

IDENTITY = ("", "7bit", "8bit", "binary")
_SPACE_AFTER_SOFT_BREAK = re.compile(rb"=[ \t]+(\r?\n)")
_UU_BEGIN = re.compile(rb"begin [0-7]{3,4} [^\r\n]{0,200}\r?\n")


def transferred(body: bytes, encoding: str) -> tuple[bytes, str | None]:
    """Return the content of `body`, and the defect found on the way or None. Never raises."""
    name = encoding.partition(";")[0].strip(" \t\"'").lower()
    if name in IDENTITY:
        return body, None
    if name == "quoted-printable":
        return binascii.a2b_qp(_SPACE_AFTER_SOFT_BREAK.sub(rb"=\1", body)), None
    if name == "base64":
        content, whole = base64_content(body)
        return content, None if whole else "base64-broken"
    if name in ("x-uuencode", "uuencode", "x-uue"):
        return _uudecoded(body)
    return body, "transfer-encoding-unknown"


def _uudecoded(body: bytes) -> tuple[bytes, str | None]:
    begin = _UU_BEGIN.search(body)
    if begin is None:
        return body, "uuencode-broken"
    lines: list[bytes] = []
    for line in body[begin.end() :].splitlines():
        if line.strip() in (b"", b"`", b"end"):
            return b"".join(lines), None
        try:
            lines.append(binascii.a2b_uu(line))
        except binascii.Error:
            break
    return b"".join(lines), "uuencode-broken"
