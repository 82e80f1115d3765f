"""Mails that are made to keep their reader busy, to fill its memory or to break it: each under 25 MB."""

import binascii
import struct
from collections.abc import Callable, Iterator

SIZE = 25 * 1024 * 1024 - 4096
"""Bytes that a mail may have, less room for its headers."""


def mail(
    body: bytes = b"hello\r\n", kind: str = "text/plain", *headers: bytes, sender: bytes = b"a@b.example"
) -> bytes:
    """Return a mail with `headers` besides its own."""
    own = [b"From: " + sender, b"To: support@desk.example", b"Subject: x", b"Message-ID: <1@b.example>"]
    return b"\r\n".join([*own, b"Content-Type: " + kind.encode(), *headers]) + b"\r\n\r\n" + body


def filled(piece: bytes, size: int = SIZE) -> bytes:
    """Return `piece` as often as it fits in."""
    return piece * (size // len(piece))


def multipart(body: bytes, kind: str = "mixed") -> bytes:
    """Return a mail with parts between `--b`."""
    return mail(body, f"multipart/{kind}; boundary=b")


def nested(depth: int) -> bytes:
    """Return a mail with parts in parts."""
    levels = b"".join(
        b"--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n" % (level, level + 1) for level in range(depth)
    )
    return mail(levels, "multipart/mixed; boundary=b0")


def forwarded(depth: int) -> bytes:
    """Return a mail in a mail in a mail."""
    return mail(b"Content-Type: message/rfc822\r\n\r\n" * depth, "message/rfc822")


def html(markup: bytes) -> bytes:
    """Return a mail of HTML."""
    return mail(markup, "text/html; charset=utf-8")


def part(kind: bytes, content: bytes, *headers: bytes) -> bytes:
    """Return one part of a multipart."""
    return b"\r\n".join([b"--b", b"Content-Type: " + kind, *headers, b"", content, b""])


def tnef(*attributes: bytes) -> bytes:
    """Return a mail with a winmail.dat."""
    package = b"\x78\x9f\x3e\x22\x01\x00" + b"".join(attributes)
    return mail(package, "application/ms-tnef")


def attribute(name: int, value: bytes) -> bytes:
    """Return an attribute of winmail.dat."""
    return struct.pack("<BII", 1, name, len(value)) + value + b"\0\0"


def packed(count: int, *properties: bytes) -> bytes:
    """Return MAPI properties, said to be `count`."""
    return struct.pack("<I", count) + b"".join(properties)


def rich_text(content: bytes, kind: int, size: int) -> bytes:
    """Return an attribute with rich text that says it has `size` bytes."""
    body = struct.pack("<IIII", len(content) + 12, size, kind, 0) + content
    return attribute(0x00069003, packed(1, struct.pack("<HHII", 0x102, 0x1009, 1, len(body)), body))


def _headers() -> Iterator[tuple[str, Callable[[], bytes]]]:
    yield (
        "1,000 continued parameters",
        lambda: mail(b"", "text/plain" + "".join(f"; a*{at}*=%41" for at in range(1_000))),
    )
    yield (
        "3,000 continued parameters",
        lambda: mail(b"", "text/plain" + "".join(f"; a*{at}*=%41" for at in range(3_000))),
    )
    yield "20,000 encoded words", lambda: mail(b"", "text/plain", b"Subject: " + b"=?utf-8?q?a?= " * 20_000)
    yield "64 kB of encoded words", lambda: mail(b"", "text/plain", b"Subject: " + b"=?gb18030?b?x?= " * 4_000)
    yield "20,000 addresses", lambda: mail(b"", "text/plain", b"To: " + b"a@b.example, " * 20_000)
    yield "4,500 addresses a header", lambda: mail(b"", "text/plain", *[b"Cc: " + b"a@b.example, " * 4_500] * 4)
    yield "200,000 headers", lambda: mail(b"", "text/plain", *[b"X: 1"] * 200_000)
    yield "25 MB of headers", lambda: mail(b"", "text/plain", filled(b"X-Many: 1234567890\r\n"))
    yield "one header of 25 MB", lambda: mail(b"", "text/plain", b"X: " + filled(b"x"))
    yield "one folded header of 25 MB", lambda: mail(b"", "text/plain", b"X: " + filled(b"x\r\n "))
    yield (
        "undeclared letters in 1,000 headers",
        lambda: mail(b"", "text/plain", *[b"X: " + bytes(range(128, 256))] * 1_000),
    )
    yield "undeclared letters in 64 kB", lambda: mail(b"", "text/plain", b"Subject: " + bytes(range(128, 256)) * 500)
    yield "3,000 parentheses", lambda: mail(b"", "text/plain", b"To: " + b"(" * 3_000)
    yield "64 kB of quotes", lambda: mail(b"", "text/plain", b"To: " + b'"\\' * 32_000)
    yield "64 kB of brackets", lambda: mail(b"", "text/plain", b"To: " + b"<" * 64_000)
    yield "a Message-ID cut short", lambda: mail(b"", "text/plain", b"Message-ID: <")
    yield "an address cut short", lambda: mail(b"", sender=b"a@[")
    yield "100,000 references", lambda: mail(b"", "text/plain", b"References: " + b"<a@b>" * 100_000)
    yield "64 kB of one id", lambda: mail(b"", "text/plain", b"References: " + b"<" + b"a" * 64_000)
    yield (
        "spaces",
        lambda: mail(b"", "text/plain", b"To: " + b" " * 60_000 + b"x", b"Message-ID:" + b" " * 60_000 + b"x"),
    )
    yield (
        "letters of all alphabets as the sender",
        lambda: mail(b"", sender="aаα".encode() * 10_000 + b" <a@b.example>"),
    )


def _parts() -> Iterator[tuple[str, Callable[[], bytes]]]:
    yield "100,000 parts", lambda: multipart(b"--b\r\n\r\n\r\n" * 100_000)
    yield "25 MB of empty parts", lambda: multipart(filled(b"--b\r\n\r\n"))
    yield "25 MB of boundaries", lambda: multipart(filled(b"--b\r\n"))
    yield "25 MB of boundaries in one line", lambda: multipart(filled(b"--b"))
    yield "25 MB of nearly boundaries", lambda: multipart(filled(b"\n--bb"))
    yield "900 levels", lambda: nested(900)
    yield "3,000 levels", lambda: nested(3_000)
    yield "25 MB of levels", lambda: nested(400_000)
    yield (
        "one boundary for all levels",
        lambda: multipart(filled(b"--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n")),
    )
    yield "mails in mails", lambda: forwarded(800_000)
    yield (
        "1,000 parts with 25 kB of headers",
        lambda: multipart(part(b"text/x", b"x", filled(b"X: y\r\n", 25_000)) * 1_000),
    )
    yield (
        "1,000 parts with undeclared letters",
        lambda: multipart(part(b"text/plain", bytes(range(128, 256)) * 190) * 1_000),
    )
    yield (
        "1,000 parts with undeclared headers",
        lambda: multipart(part(b"text/plain", b"x", *[b"X: " + bytes(range(128, 256))] * 150) * 1_000),
    )
    yield "1,000 parts of HTML", lambda: multipart(part(b"text/html", b"<b>x</b>" * 3_000) * 1_000)
    yield (
        "1,000 files with long names",
        lambda: multipart(
            part(b"application/x", b"x", b"Content-Disposition: attachment; filename=" + b"x" * 20_000) * 1_000
        ),
    )
    yield (
        "1,000 calendars",
        lambda: multipart(part(b"text/calendar", filled(b"BEGIN:VEVENT\nEND:VEVENT\n", 25_000)) * 1_000),
    )
    yield "1,000 mails as files", lambda: multipart(part(b"message/rfc822", filled(b"X: y\r\n", 25_000)) * 1_000)


def _bodies() -> Iterator[tuple[str, Callable[[], bytes]]]:
    yield "25 MB of line feeds", lambda: mail(filled(b"\n"))
    yield "25 MB of carriage returns", lambda: mail(filled(b"\r"))
    yield "25 MB in one line", lambda: mail(filled(b"x"))
    yield "25 MB of NUL", lambda: mail(filled(b"\0"))
    yield "25 MB without headers", lambda: filled(b"\n")
    yield "25 MB of noise", lambda: filled(bytes(range(256)))
    yield "25 MB of overrides", lambda: mail(filled("\u202e".encode()), "text/plain; charset=utf-8")
    yield "25 MB of broken UTF-8", lambda: mail(filled(b"\xf0\x9f"), "text/plain; charset=utf-8")
    yield "25 MB of GB 18030", lambda: mail(filled(b"\x810\x810"), "text/plain; charset=gb18030")
    yield "25 MB of escapes", lambda: mail(filled(b"\x1b$B\x1b(B"), "text/plain; charset=iso-2022-jp")
    yield "25 MB of Shift JIS", lambda: mail(filled(b"\x81"), "text/plain; charset=shift_jis")
    yield "UTF-7", lambda: mail(b"+ADw-script+AD4-" * 1_000, "text/html; charset=utf-7")
    yield "a charset that is none", lambda: mail(b"x" * 1_000, "text/plain; charset=" + "hex" * 1_000)
    encoding = b"Content-Transfer-Encoding: "
    yield "25 MB of base64", lambda: mail(filled(b"QUJD"), "application/pdf", encoding + b"base64")
    yield "base64 in lines of one letter", lambda: mail(filled(b"Q\r\n"), "application/pdf", encoding + b"base64")
    yield "base64 of nothing but ends", lambda: mail(filled(b"=="), "application/pdf", encoding + b"base64")
    yield "25 MB of pieces of base64", lambda: mail(filled(b"QQ=="), "application/pdf", encoding + b"base64")
    yield "quoted-printable", lambda: mail(filled(b"=41"), "text/plain", encoding + b"quoted-printable")
    yield "soft line breaks", lambda: mail(filled(b"=\r\n"), "text/plain", encoding + b"quoted-printable")
    yield "spaced soft line breaks", lambda: mail(filled(b"= \t\r\n"), "text/plain", encoding + b"quoted-printable")
    line = binascii.b2a_uu(b"x" * 45)
    yield (
        "25 MB of uuencode",
        lambda: mail(b"begin 644 a\n" + filled(line) + b"`\nend\n", "application/x", encoding + b"x-uue"),
    )
    yield "uuencode in the text", lambda: mail(b"begin 644 a\n" + filled(line) + b"`\nend\n")
    yield "uuencode that never ends", lambda: mail(b"begin 644 a\n" + filled(line))
    yield "beginnings of uuencode", lambda: mail(filled(b"begin 644 a\n"))
    yield "many files in the text", lambda: mail(filled(b"begin 644 a\n!a   \n`\nend\n"))
    yield "short lines of uuencode", lambda: mail(b"begin 644 a\n" + filled(b"!!!!!\n"))


def _markup() -> Iterator[tuple[str, Callable[[], bytes]]]:
    yield "25 MB of <div>", lambda: html(filled(b"<div>"))
    yield "200 kB of <div>", lambda: html(b"<div>" * 40_000)
    yield "<b> and <p> in each other", lambda: html(b"<b><p>" * 30_000)
    yield (
        "<p> under 190 fonts",
        lambda: html(b"".join(b"<font color=c%d>" % at for at in range(190)) + b"<p>x" * 60_000),
    )
    yield "<p> under 90 fonts", lambda: html(b"".join(b"<font color=c%d>" % at for at in range(90)) + b"<p>x" * 60_000)
    yield (
        "cells under 190 fonts",
        lambda: html(b"".join(b"<font color=c%d>" % at for at in range(190)) + b"<table>" + b"<tr><td>x" * 25_000),
    )
    yield "<a> in <a>", lambda: html(b"<a href=x>" * 25_000)
    yield "<i> closed by others", lambda: html(b"<i><div></i>" * 20_000)
    yield "quotes in quotes", lambda: html(b"<blockquote>x" * 20_000)
    yield "190 quotes in each other", lambda: html((b"<blockquote>x" * 190 + b"</blockquote>" * 190) * 50)
    yield "quotes side by side", lambda: html(b"<blockquote>x</blockquote>" * 9_000)
    yield "tables in tables", lambda: html(b"<table><tr><td>" * 15_000)
    yield "tables side by side", lambda: html(b"<table><tr><td>x</td></tr></table>" * 8_000)
    yield "wide table", lambda: html(b"<table><tr>" + b"<td>x" * 50_000)
    yield "cells of 1,000 columns", lambda: html(b"<table>" + b"<tr><td colspan=1000 rowspan=65534>x" * 6_000)
    yield "lists in lists", lambda: html(b"<ul><li>" * 30_000)
    yield "250 kB of items", lambda: html(b"<ul>" + b"<li>x" * 50_000)
    yield "open comments", lambda: html(b"<!--" * 60_000)
    yield "open scripts", lambda: html(b"<script>" * 30_000)
    yield "open brackets", lambda: html(b"<" * 250_000)
    yield "9,000 attributes", lambda: html(b"<p " + b" ".join(b"a%d=b" % at for at in range(9_000)) + b">")
    yield "tags of 290 attributes", lambda: html((b"<p " + b" ".join(b"a%d=b" % at for at in range(290)) + b">") * 100)
    yield "entities", lambda: html(b"&lt;" * 60_000)
    yield "numbered entities", lambda: html(b"&#8238;" * 35_000)
    yield "styles", lambda: html(b'<p style="color:red;font-size:1px;padding:1px">x' * 5_000)
    yield "one style of 250 kB", lambda: html(b'<p style="' + b"color:red;" * 25_000 + b'">x')
    yield "brackets in a style", lambda: html((b'<p style="color:' + b"(" * 900 + b'">x') * 250)
    yield (
        "inscriptis' own styles",
        lambda: html(b'<p style="display:block;padding-left:99999em;margin-top:9999em">x' * 3_000),
    )
    yield "spaces", lambda: html(b"<p>" + b" " * 250_000)
    yield "pre", lambda: html(b"<pre>" + b"\n" * 250_000)
    yield "foreign content", lambda: html(b"<svg><math><mtext>" * 12_000)
    yield "select and options", lambda: html(b"<select><option>" * 15_000)


def _packed() -> Iterator[tuple[str, Callable[[], bytes]]]:
    yield "25 MB of winmail.dat's files", lambda: tnef(filled(attribute(0x00069002, b"")))
    yield (
        "25 MB of winmail.dat's properties",
        lambda: tnef(attribute(0x00069003, packed(0xFFFFFFFF, filled(struct.pack("<HHI", 3, 1, 0))))),
    )
    yield (
        "properties that say they are millions",
        lambda: tnef(
            filled(attribute(0x00069003, packed(0xFFFFFFFF, struct.pack("<HHI", 0x1001, 1, 0xFFFFFFFF) * 10)))
        ),
    )
    yield (
        "properties of nothing",
        lambda: tnef(
            filled(attribute(0x00069005, packed(2_000, struct.pack("<HHII", 0x101E, 1, 0xFFFFFFFF, 0) * 100)))
        ),
    )
    yield "winmail.dat that says it is 4 GB", lambda: tnef(struct.pack("<BII", 1, 0x6800F, 0xFFFFFFFF) + filled(b"x"))
    repeated = b"\xff" + struct.pack(">H", 0x00FF) * 8
    yield "rich text that grows", lambda: tnef(rich_text(filled(repeated, 10_000_000), 0x75465A4C, 0xFFFFFFFF))
    yield "rich text of groups", lambda: tnef(rich_text(filled(b"{", 10_000_000), 0x414C454D, 0xFFFFFFFF))
    yield "rich text of words", lambda: tnef(rich_text(filled(b"\\u9?\\'41", 10_000_000), 0x414C454D, 0xFFFFFFFF))
    yield (
        "winmail.dat a thousand times",
        lambda: multipart(
            part(
                b"application/ms-tnef",
                tnef(rich_text(filled(b"\\u9?", 20_000), 0x414C454D, 20_000)).partition(b"\r\n\r\n")[2],
            )
            * 1_000
        ),
    )


def _texts() -> Iterator[tuple[str, Callable[[], bytes]]]:
    daemon = b"MAILER-DAEMON@mx.example"
    yield "1 MB of quotes", lambda: mail(filled(b"> x\n", 1_000_000))
    yield "1 MB of introductions", lambda: mail(filled(b"On 1.1.2026 10:00 a@b.example\n", 1_000_000))
    yield (
        "1 MB of headers in the text",
        lambda: mail(filled(b"From: a@b.example 10:00\n", 1_000_000), "text/plain", b"Subject: FW: x"),
    )
    yield "1 MB of dashes", lambda: mail(filled(b"-", 1_000_000))
    yield "1 MB of addresses", lambda: mail(filled(b"a@b.", 1_000_000))
    yield "1 MB of dashes in lines", lambda: mail(filled(b"---- x wrote\n", 1_000_000))
    yield "long lines of words", lambda: mail(filled(b"wrote " * 160 + b"\n", 1_000_000))
    yield "a report of users", lambda: mail(filled(b"user mailbox account ", 1_000_000), sender=daemon)
    yield "a report of deliveries", lambda: mail(filled(b"deliver to ", 1_000_000), sender=daemon)
    yield "a report of addresses", lambda: mail(filled(b"<a@b.example>\n", 1_000_000), sender=daemon)
    yield "a report of names", lambda: mail(filled(b"a.", 1_000_000), sender=daemon)
    yield "a report of codes", lambda: mail(filled(b"5.1.", 1_000_000), sender=daemon)
    yield "a report of spaces", lambda: mail(b"recipient:" + filled(b" ", 1_000_000), sender=daemon)
    yield (
        "a report of recipients",
        lambda: multipart(part(b"message/delivery-status", filled(b"Action: failed\r\n\r\n", 20_000_000)), "report"),
    )
    yield (
        "a thousand reports",
        lambda: multipart(
            part(b"message/delivery-status", filled(b"Status: 5.1.1\r\n \r\n", 20_000)) * 1_000, "report"
        ),
    )
    yield "1 MB of soft breaks", lambda: mail(filled(b"a \n", 1_000_000), "text/plain; format=flowed")
    yield "1 MB of levels of quotes", lambda: mail(filled(b">" * 990 + b" \n", 1_000_000), "text/plain; format=flowed")
    answer = b"Auto-Submitted: auto-replied"
    yield "an answer that names ids", lambda: mail(filled(b"In-Reply-To: <a@b>\n ", 1_000_000), "text/plain", answer)
    yield "an answer that names nothing", lambda: mail(filled(b"Message-ID:\n", 1_000_000), "text/plain", answer)
    yield (
        "an answer in one folded line",
        lambda: mail(b"References:" + filled(b"\n >", 1_000_000), "text/plain", answer),
    )
    yield (
        "an answer of dates",
        lambda: mail(filled(b"out of office until 1.1.2026, back 12 ", 1_000_000), "text/plain", answer),
    )
    yield (
        "an answer of months",
        lambda: mail(filled(b"away from January until 5 February ", 1_000_000), "text/plain", answer),
    )
    results = b"Authentication-Results: desk.example; "
    yield "results of checks", lambda: mail(b"", "text/plain", results + b"dkim=pass header.d=b.example; " * 2_000)
    yield "comments in results", lambda: mail(b"", "text/plain", results + b"dkim=pass " + b"(" * 60_000)
    yield "900 seals", lambda: mail(b"", "text/plain", *[b"DKIM-Signature: v=1; d=b.example; h=from:from; b=x"] * 900)
    yield (
        "a calendar in one line",
        lambda: mail(b"BEGIN:VEVENT\nSUMMARY;A=" + filled(b'"x",', 1_000_000), "text/calendar"),
    )
    yield "a folded calendar", lambda: mail(b"BEGIN:VEVENT\nSUMMARY:" + filled(b"\n x", 1_000_000), "text/calendar")
    yield "a calendar of parameters", lambda: mail(b"BEGIN:VEVENT\nX" + filled(b";A=B", 1_000_000), "text/calendar")


BOMBS: dict[str, Callable[[], bytes]] = dict([*_headers(), *_parts(), *_bodies(), *_markup(), *_packed(), *_texts()])
