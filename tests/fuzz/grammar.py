"""Mails as a grammar writes them, and operators that let them lie. Every choice is drawn from a `Random`."""

import binascii
import struct
from base64 import b64encode
from collections.abc import Callable, Sequence
from random import Random  # noqa: TID251  # a generator with its seed, or hypothesis's own
from typing import TypeVar

T = TypeVar("T")
Lie = Callable[[Random, bytes], bytes]

CHARSETS = (
    "utf-8",
    "us-ascii",
    "iso-8859-2",
    "windows-1250",
    "koi8-r",
    "gb18030",
    "iso-2022-jp",
    "shift_jis",
    "euc-kr",
    "utf-7",
    "utf-16",
    "hex",
    "rot13",
    "idna",
    "punycode",
    "unicode_escape",
    "",
    "x" * 50,
    "u\0f",
    "UTF_8",
)
ENCODINGS = (
    "7bit",
    "8bit",
    "binary",
    "base64",
    "quoted-printable",
    "x-uuencode",
    "x-unknown",
    "",
    "base64; x",
    '"base64"',
)
TYPES = (
    "text/plain",
    "text/html",
    "text/calendar",
    "image/png",
    "application/pdf",
    "application/ms-tnef",
    "message/rfc822",
    "message/delivery-status",
    "message/disposition-notification",
    "message/feedback-report",
    "text/rfc822-headers",
    "application/pkcs7-mime",
    "application/pgp-encrypted",
    "text/",
    "/",
    "text",
    "text/x; y",
    "TEXT/Plain",
)
KINDS = ("mixed", "alternative", "related", "report", "digest", "signed", "encrypted", "x")
WORDS = (
    "Hello",
    "żółć",
    "Здравствуйте",
    "你好",
    "",
    " ",
    "a" * 100,
    "\u202egpj.exe",
    "\ud83d",
    "=?utf-8?q?x?=",
    "<b>",
    "&#0;",
    "On 1.1.2026 10:00 a@b.example wrote:",
    "> quoted",
    "-- ",
    "-----Original Message-----",
    "From: a@b.example",
    "550 5.1.1",
    "---------- Forwarded message ---------",
    "begin 644 a",
    "BEGIN:VEVENT",
    "SUMMARY:x",
    "DTSTART:20260302T100000Z",
    "END:VEVENT",
    "-----BEGIN PGP MESSAGE-----",
    "user unknown",
    "\0",
    "\x1b",
    "\u2028",
)
ADDRESSES = (
    "a@b.example",
    "A <a@b.example>",
    '"a, b" <a@b.example>',
    "=?utf-8?q?a=40c?= <a@b.example>",
    "<>",
    "a@[",
    "(",
    '"',
    "x:;",
    "a@b.example (c (d))",
    "<@r:a@b>",
    "раураl@b.example",
    "a@xn--80ak6aa92e.com",
    "a" * 400 + "@b",
    ", ,;",
    "<a@b",
)
TAGS = (
    "<p>",
    "</p>",
    "<div>",
    "<table>",
    "<tr>",
    "<td colspan=9>",
    "<a href='//x'>",
    "<img src=http://t.example/x>",
    "<img src=cid:x>",
    "<script>",
    "<style>",
    "<!--",
    "-->",
    "<svg>",
    "<math>",
    "<b style='color:red'>",
    "<p onclick=x()>",
    "<",
    "&amp;",
    "&#8238;",
    "<iframe src=x>",
    "<template>",
    '<p style="background:url(x)">',
    "]]>",
    "<pre>",
    "<ul><li>",
)
HEADERS = (
    "From",
    "To",
    "Cc",
    "Reply-To",
    "Sender",
    "Subject",
    "Date",
    "Message-ID",
    "In-Reply-To",
    "References",
    "Return-Path",
    "Auto-Submitted",
    "Precedence",
    "List-Id",
    "X-Failed-Recipients",
    "Received",
    "Content-ID",
    "Content-Type",
    "Content-Disposition",
    "Content-Transfer-Encoding",
    "MIME-Version",
    "X-",
    "",
    "X Y",
)


def one(draw: Random, among: Sequence[T]) -> T:
    """Return one of them."""
    return among[draw.randrange(len(among))]


def mail(draw: Random) -> bytes:
    """Return a mail, which may lie."""
    raw = entity(draw, 0, is_mail=True)
    for _ in range(draw.randrange(4)):
        raw = one(draw, LIES)(draw, raw)
    return raw


def entity(draw: Random, depth: int, *, is_mail: bool = False) -> bytes:
    """Return headers and a body, with parts in it perhaps."""
    fields = own_headers(draw) if is_mail else []
    if depth < 4 and draw.randrange(3) == 0:
        boundary = one(draw, ("b", "b b", "--", "x" * 70, f"b{depth}"))
        kind, body = f'multipart/{one(draw, KINDS)}; boundary="{boundary}"', parts(draw, boundary.encode(), depth)
        fields.append(f"Content-Type: {kind}{parameters(draw)}".encode())
    else:
        kind = one(draw, TYPES)
        encoding = one(draw, ENCODINGS)
        fields.append(f'Content-Type: {kind}; charset="{one(draw, CHARSETS)}"{parameters(draw)}'.encode())
        fields.append(f"Content-Transfer-Encoding: {encoding}".encode())
        if draw.randrange(3) == 0:
            disposition = one(draw, ("attachment", "inline", "x"))
            fields.append(f"Content-Disposition: {disposition}{parameters(draw)}".encode())
        body = encoded(draw, content(draw, kind, depth), encoding)
    return b"\r\n".join(fields) + b"\r\n\r\n" + body


def own_headers(draw: Random) -> list[bytes]:
    """Return what stands above a mail; some of it several times, some never."""
    found = []
    for _ in range(draw.randrange(3, 12)):
        name = one(draw, HEADERS)
        if name in ("From", "To", "Cc", "Reply-To", "Sender", "Return-Path", "X-Failed-Recipients"):
            value = ", ".join(one(draw, ADDRESSES) for _ in range(draw.randrange(1, 4)))
        elif name in ("Message-ID", "In-Reply-To", "References"):
            value = " ".join(
                one(draw, ("<a@b>", "<o-1.i-2@desk.example>", "<", "a@b", "<>")) for _ in range(draw.randrange(3))
            )
        else:
            value = one(draw, WORDS)
        found.append(f"{name}: {value}".encode("utf-8", "surrogatepass"))
    return found


def parameters(draw: Random) -> str:
    """Return parameters: plain, quoted, continued, encoded, too many."""
    found = []
    for at in range(draw.randrange(4)):
        value = one(draw, WORDS)
        found.append(
            one(
                draw,
                (
                    f"; name={value}",
                    f'; filename="{value}"',
                    f"; filename*=utf-8''%ff%00{at}",
                    f"; filename*{draw.randrange(12)}*={value}",
                    f"; name*{at}={value}",
                    "; protocol=application/pgp-signature",
                    "; report-type=delivery-status",
                    ";" * draw.randrange(5),
                ),
            )
        )
    return "".join(found).encode("utf-8", "replace").decode()


def parts(draw: Random, boundary: bytes, depth: int) -> bytes:
    """Return parts between their delimiters."""
    body = b"".join(b"--" + boundary + b"\r\n" + entity(draw, depth + 1) + b"\r\n" for _ in range(draw.randrange(4)))
    return one(draw, (b"", b"preamble\r\n")) + body + one(draw, (b"--" + boundary + b"--\r\n", b"", b"epilogue"))


def content(draw: Random, kind: str, depth: int) -> bytes:
    """Return what a part of this kind holds."""
    if kind == "text/html":
        return "".join(one(draw, (*TAGS, *WORDS)) for _ in range(draw.randrange(30))).encode("utf-8", "surrogatepass")
    if kind == "application/ms-tnef":
        return tnef(draw)
    if kind == "text/calendar":
        lines = (
            "SUMMARY:x",
            "DTSTART;TZID=a:20260302T100000",
            'ORGANIZER;CN="a,b":mailto:a@b.example',
            " x",
            "BEGIN:",
            "",
        )
        inner = "\n".join(one(draw, lines) for _ in range(draw.randrange(6)))
        return f"METHOD:REQUEST\nBEGIN:VEVENT\n{inner}\n{one(draw, ('END:VEVENT', 'END', 'END:X'))}".encode()
    if kind == "message/rfc822" and depth < 4:
        return entity(draw, depth + 1, is_mail=True)
    if kind.startswith("message/"):
        names = (
            "Action: failed",
            "Status: 5.1.1",
            "Final-Recipient: rfc822; a@b.example",
            "Disposition: x; displayed",
            "",
            "X",
        )
        return "\r\n".join(one(draw, names) for _ in range(draw.randrange(12))).encode()
    text = "\n".join(" ".join(one(draw, WORDS) for _ in range(draw.randrange(4))) for _ in range(draw.randrange(12)))
    return text.encode(one(draw, ("utf-8", "cp1250", "koi8-r", "utf-16")), "replace")


def tnef(draw: Random) -> bytes:
    """Return a winmail.dat."""
    names = (0x9007, 0x800C, 0x9003, 0x9002, 0x8010, 0x800F, 0x9005, 0x1234)
    made = b"\x78\x9f\x3e\x22\x01\x00"
    for _ in range(draw.randrange(6)):
        kind, name = (
            one(draw, (3, 0x1E, 0x1F, 0x102, 0x101E, 0x1003, 13)),
            one(draw, (0x1000, 0x1009, 0x1013, 0x3707, 0x8001)),
        )
        text = one(
            draw, (b"a\0", "ż\0".encode("utf-16-le"), b"{\\rtf1 \\u9?\\par}", b"\x08\0\0\0\x08\0\0\0LZFu\0\0\0\0\0abc")
        )
        value = one(
            draw, (text, struct.pack("<IHHII", draw.randrange(3), kind, name, 1, len(text)) + text, b"\xff" * 12)
        )
        made += struct.pack("<BII", 1, one(draw, names), max(0, len(value) + draw.randrange(-1, 2))) + value + b"\0\0"
    return made


def encoded(draw: Random, body: bytes, encoding: str) -> bytes:
    """Return `body` as its encoding has it, or not."""
    if draw.randrange(8) == 0:
        return body
    if "base64" in encoding:
        return b64encode(body)
    if encoding == "quoted-printable":
        return binascii.b2a_qp(body)
    if encoding == "x-uuencode":
        return uuencoded(draw, body)
    return body


def uuencoded(draw: Random, body: bytes) -> bytes:
    """Return `body` uuencoded; a length may be wrong."""
    lines = [binascii.b2a_uu(body[at : at + 45]) for at in range(0, len(body), 45)]
    if lines and draw.randrange(4) == 0:
        lines[0] = bytes([32 + draw.randrange(64)]) + lines[0][1:]
    return b"begin 644 a.bin\n" + b"".join(lines) + one(draw, (b"`\nend\n", b"end\n", b""))


# -- lies


def _place(draw: Random, raw: bytes) -> tuple[int, int]:
    first, second = draw.randrange(len(raw) + 1), draw.randrange(len(raw) + 1)
    return min(first, second), max(first, second)


def cut(draw: Random, raw: bytes) -> bytes:
    """End it early."""
    return raw[: draw.randrange(len(raw) + 1)]


def lose(draw: Random, raw: bytes) -> bytes:
    """Lose a piece from the middle."""
    start, end = _place(draw, raw)
    return raw[:start] + raw[min(end, start + 200) :]


def repeat(draw: Random, raw: bytes) -> bytes:
    """Say a piece many times: headers, boundaries, parameters."""
    start, end = _place(draw, raw)
    piece = raw[start : min(end, start + 60)]
    return raw[:start] + piece * one(draw, (2, 3, 50, 1_200)) + raw[start:]


def lose_a_boundary(draw: Random, raw: bytes) -> bytes:
    """Leave out a line with a boundary."""
    lines = raw.split(b"\n")
    marks = [at for at, line in enumerate(lines) if line.startswith(b"--")]
    if marks:
        del lines[one(draw, marks)]
    return b"\n".join(lines)


def repeat_a_line(draw: Random, raw: bytes) -> bytes:
    """Say a line once more elsewhere."""
    lines = raw.split(b"\n")
    lines.insert(draw.randrange(len(lines) + 1), one(draw, lines))
    return b"\n".join(lines)


def swap_words(draw: Random, raw: bytes) -> bytes:
    """Claim another charset, encoding or type than it has."""
    lists = (CHARSETS, ENCODINGS, TYPES)
    among = [word.encode() for word in one(draw, lists) if word]
    return raw.replace(one(draw, among), one(draw, among), 1)


def insert(draw: Random, raw: bytes) -> bytes:
    """Put in what is out of place."""
    at = draw.randrange(len(raw) + 1)
    odd = (
        b"\0",
        b"\xff",
        b"\x80\x81",
        b"\r",
        b"\n",
        b"\r\n\r\n",
        b"\t",
        b" ",
        b'"',
        b"\\",
        b"=",
        b"=?",
        b"?=",
        b"(",
        b"<",
        b";",
        b":",
        b"*",
        b"''",
        b"%",
        b"--",
        b"\x1b$B",
        "\u202e".encode(),
        b"=?utf-8?b?/w==?=",
        b"\xed\xa0\x80",
    )
    return raw[:at] + one(draw, odd) * draw.randrange(1, 4) + raw[at:]


def flip(draw: Random, raw: bytes) -> bytes:
    """Change bytes."""
    changed = bytearray(raw)
    for _ in range(min(len(raw), draw.randrange(1, 8))):
        changed[draw.randrange(len(changed))] = draw.randrange(256)
    return bytes(changed)


def other_breaks(draw: Random, raw: bytes) -> bytes:
    """End lines in another way."""
    return raw.replace(b"\r\n", one(draw, (b"\n", b"\r", b"\n\r", b"\r\r\n", b"\n ")))


def swallow(draw: Random, raw: bytes) -> bytes:
    """Let it hold itself."""
    start, end = _place(draw, raw)
    return raw[:start] + raw + raw[end:]


LIES: tuple[Lie, ...] = (
    cut,
    lose,
    repeat,
    lose_a_boundary,
    repeat_a_line,
    swap_words,
    insert,
    flip,
    other_breaks,
    swallow,
)
