"""Nothing that anybody sends makes parsing fail, grow or lose the mail."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.email.inspect import inspect
from tests.channels.email.mails import a_mail, parsed

HTML = "text/html"


def nested(depth: int) -> bytes:
    levels = b"".join(
        b"--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n" % (level, level + 1) for level in range(depth)
    )
    return a_mail(levels + b"hello", content_type="multipart/mixed; boundary=b0")


def parts(count: int) -> bytes:
    return a_mail(b"--b\r\n\r\nx\r\n" * count + b"--b--", content_type="multipart/mixed; boundary=b")


BOMBS = {
    "parameters": (
        a_mail(content_type="text/plain" + "".join(f"; a*{at}*=%41" for at in range(3_000))),
        "too-many-parameters",
    ),
    "encoded words": (a_mail(subject=" ".join(["=?utf-8?q?a?="] * 4_000)), None),
    "addresses": (a_mail(to=", ".join(["a@b.example"] * 4_000)), "too-many-addresses"),
    "headers": (a_mail(extra=(("X-Many", "x"),) * 5_000), "too-many-headers"),
    "header block": (a_mail(extra=(("X-Many", "x" * 1_000),) * 300), "headers-too-long"),
    "one header": (a_mail(x_long="x" * 70_000), "header-too-long"),
    "parts": (parts(5_000), "too-many-parts"),
    "depth": (nested(900), "too-deep"),
    "boundaries": (a_mail(b"--b" * 100_000, content_type="multipart/mixed; boundary=b"), "too-many-boundaries"),
    "parentheses": (a_mail(to="(" * 50_000), None),
    "size": (a_mail(b"x" * (25 * 1024 * 1024)), "too-large"),
    "text": (a_mail(b"word " * 300_000), "text-too-long"),
    "markup": (a_mail(b"<b>x</b> " * 60_000, content_type=HTML), "html-too-long"),
    "nested markup": (a_mail(b"<div>" * 50_000, content_type=HTML), "html-hostile"),
    "nested markup closed by others": (a_mail(b"<div></b>" * 20_000, content_type=HTML), "html-hostile"),
    "attributes": (a_mail(b"<p " + b"a=b " * 9_000 + b">", content_type=HTML), "html-hostile"),
    "open comments": (a_mail(b"<!--" * 60_000, content_type=HTML), None),
    "line feeds": (a_mail(b"\n" * 5_000_000), None),
    "Message-ID cut short": (a_mail(message_id="<"), "no-message-id"),
    "uuencode": (a_mail(b"begin 644 a\r\n" * 100_000, content_transfer_encoding="x-uuencode"), "uuencode-broken"),
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_bomb_is_read_as_far_as_it_is_worth(name: str) -> None:
    raw, defect = BOMBS[name]
    message = parsed(raw)
    assert message.raw == raw
    assert message.sender is not None
    if name != "Message-ID cut short":
        assert defect is None or defect in message.defects
    else:
        assert message.message_id is None


def test_many_addresses_stop_at_the_limit() -> None:
    assert len(parsed(BOMBS["addresses"][0]).recipients) == 1_000


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=2_000))
def test_arbitrary_bytes_never_raise(raw: bytes) -> None:
    message = parsed(raw)
    assert message.raw == raw
    assert msgspec.json.encode(inspect(raw, file="x"))


PIECES = [
    b"From: ", b"To: ", b"Subject: ", b"Content-Type: ", b"Content-Disposition: attachment; filename", b"Content-ID: <",
    b"Content-Transfer-Encoding: ", b"Message-ID: <", b"References: ", b"multipart/mixed; boundary=b", b"--b", b"--b--",
    b"message/rfc822", b"multipart/report; report-type=delivery-status", b"message/delivery-status", b"text/html",
    b"; charset=", b"utf-8", b"gb18030", b"iso-2022-jp", b"base64", b"quoted-printable", b"x-uuencode",
    b"=?utf-8?q?=C5?=", b"=?utf-8?b?/w==?=", b"*0*=utf-8''%ff", b'="', b'"', b"(", b")", b"<", b">", b"@", b"[",
    b"]", b"\\", b";", b":", b",", b"\r\n", b"\n", b"\r", b"\r\n\r\n", b" ", b"\t", b"\x00", b"\xff", b"a@b.example",
    b"<p>", b"<table><td>", b"&#0;",
    b"On 1.1.2026 a@b.example wrote:", b"> quoted", b"-- ", b"Action: failed", b"Status: 5.1.1", b"begin 644 a",
]  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES) | st.binary(max_size=8), max_size=60).map(b"".join))
def test_pieces_of_mail_in_any_order_never_raise(raw: bytes) -> None:
    message = parsed(raw)
    assert msgspec.json.encode(message)
    assert msgspec.json.encode(inspect(raw, file="x"))
    shown = message.text + message.subject + message.reply_text + (message.html or "")
    assert not any(character < " " and character not in "\t\n" for character in shown)


@given(st.text(max_size=200))
def test_any_text_in_utf8_arrives_as_it_is_shown(text: str) -> None:
    message = parsed(a_mail(text.encode("utf-8", "replace"), content_type="text/plain; charset=utf-8"))
    assert message.defects == ()
