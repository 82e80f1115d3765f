"""What a reader should know of a mail before he trusts it is read off it, and nothing else is."""

import pytest

from channels.email.marks import MARKS
from channels.message import Address
from tests.channels.email.mails import a_mail, parsed

OVERRIDE = "\N{RIGHT-TO-LEFT OVERRIDE}"


def parts(*bodies: bytes) -> bytes:
    return b"".join(b"--b\r\n" + body + b"\r\n" for body in bodies) + b"--b--\r\n"


def mail_of(sender: str) -> bytes:
    return a_mail(remove=("from",), extra=(("From", sender),))


def a_file(kind: str, content: bytes = b"x") -> bytes:
    return f"Content-Type: {kind}\r\n\r\n".encode() + content


def test_an_ordinary_mail_has_no_marks() -> None:
    assert parsed(a_mail(reply_to="Anna Example <ANNA@customer.example>")).marks == ()


@pytest.mark.parametrize(
    "sender",
    [
        "Анна Иванова <anna@пример.рф>",
        "Ольга <olga@xn--e1afmkfd.xn--p1ai>",
        "Žemyna Šimkutė <z@paštas.lt>",
        "Ελένη Παπαδοπούλου <eleni@example.gr>",
        "anna@customer.example <anna@customer.example>",
        '"Anna (Support)" <anna@customer.example>',
        "山田 Yamada太郎 <y@例え.jp>",
        "Jan 2µm <jan@customer.example>",
    ],
)
def test_people_of_all_alphabets_are_themselves(sender: str) -> None:
    assert parsed(mail_of(sender)).marks == ()


@pytest.mark.parametrize(
    "sender, mark",
    [
        ('"boss@bank.example" <x@evil.example>', "name-is-another-address"),
        ("=?utf-8?q?a=40good=2Eexample?= <x@evil.example>", "name-is-another-address"),
        ("x@evil.example (boss@bank.example)", "name-is-another-address"),
        ("PаyPal <service@customer.example>", "homograph"),  # a Cyrillic а
        ("Support <support@pаypal.example>", "homograph"),
        ("Support <support@xn--pypal-4ve.example>", "homograph"),
        ("Support <support@аррӏе.com>", "homograph"),  # Cyrillic throughout
        ("Support <ѕuрроrt@customer.example>", "homograph"),
        ("Anna <anna@customer.example>, Boss <boss@bank.example>", "several-senders"),
        (f"Anna {OVERRIDE}tnuocca <anna@customer.example>", "direction-overrides"),
    ],
)
def test_a_sender_who_looks_like_another_is_marked(sender: str, mark: str) -> None:
    assert parsed(mail_of(sender)).marks == (mark,)


def test_two_from_headers_are_both_shown() -> None:
    message = parsed(a_mail(extra=(("From", "Boss <boss@bank.example>"),)))
    assert message.marks == ("several-senders",)
    assert message.senders == (
        Address("Anna Example", "anna@customer.example"),
        Address("Boss", "boss@bank.example"),
    )


def test_replies_to_somebody_else_are_marked() -> None:
    assert parsed(a_mail(reply_to="x@evil.example")).marks == ("reply-to-differs",)
    both = "x@evil.example, anna+private@customer.example"
    assert parsed(a_mail(reply_to=both)).marks == ()


@pytest.mark.parametrize(
    "raw",
    [
        a_mail(subject=f"{OVERRIDE}exe.gpj"),
        a_mail(subject="=?utf-8?b?4oCuZXhlLmdwag==?="),
        a_mail(f"see {OVERRIDE}gpj".encode(), content_type="text/plain; charset=utf-8"),
        a_mail(b"<p>&#8238;gpj</p>", content_type="text/html"),
        a_mail(
            b"x", content_type="application/pdf", content_disposition="attachment; filename*=utf-8''%E2%80%AEgpj.exe"
        ),
    ],
)
def test_text_that_was_turned_around_is_put_right_and_marked(raw: bytes) -> None:
    message = parsed(raw)
    assert message.marks == ("direction-overrides",)
    assert OVERRIDE not in f"{message.subject}{message.text}{message.html}{message.attachments}"


CMS = b"0\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07"
SEALED = [
    ("multipart/signed; protocol=\"application/pkcs7-signature\"; boundary=b",
     parts(a_file("text/plain", b"hello"), a_file("application/pkcs7-signature; name=smime.p7s")), "signed-smime"),
    ("multipart/signed; protocol=\"application/pgp-signature\"; boundary=b",
     parts(a_file("text/plain", b"hello"), a_file("application/pgp-signature")), "signed-pgp"),
    ("multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=b",
     parts(a_file("application/pgp-encrypted"), a_file("application/octet-stream")), "encrypted-pgp"),
    ("application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m", b"x", "encrypted-smime"),
    ("application/x-pkcs7-mime; smime-type=signed-data; name=smime.p7m", b"x", "signed-smime"),
    ("application/pkcs7-mime; name=smime.p7m", CMS + b"\x02\xa0", "signed-smime"),
    ("application/pkcs7-mime; name=smime.p7m", CMS + b"\x03\xa0", "encrypted-smime"),
    ("text/plain", b"-----BEGIN PGP SIGNED MESSAGE-----\r\n\r\nhello\r\n", "signed-pgp"),
    ("text/plain", b"-----BEGIN PGP MESSAGE-----\r\n\r\nhQ\r\n-----END PGP MESSAGE-----\r\n", "encrypted-pgp"),
]  # fmt: skip


@pytest.mark.parametrize("kind, body, mark", SEALED)
def test_sealed_mail_is_marked_and_kept(kind: str, body: bytes, mark: str) -> None:
    raw = a_mail(body, content_type=kind)
    message = parsed(raw)
    assert message.marks == (mark,)
    assert message.raw == raw
    assert message.attachments or message.text.strip() == body.decode().replace("\r\n", "\n").strip()


def test_pictures_from_elsewhere_are_marked_and_load_only_on_demand() -> None:
    from channels.email.parse import parse

    raw = a_mail(b'<p>a</p><img src="https://tracker.example/x.gif"><img src="cid:logo">', content_type="text/html")
    message = parsed(raw)
    assert message.marks == ("remote-images",)
    assert message.html == '<p>a</p><img><img src="cid:logo">'
    shown = parse(raw, channel="support", received_at=0, remote_images=True)
    assert shown.html == '<p>a</p><img src="https://tracker.example/x.gif"><img src="cid:logo">'
    assert shown.external_id == message.external_id


def test_looks_stay_in_their_box() -> None:
    raw = a_mail(
        b'<p style="color: red; position: fixed; background: url(//tracker.example)">a</p>'
        b'<p style="color: #0a0; position: fixed; font-size: 14px; margin: -999px; display: none">b</p>',
        content_type="text/html",
    )
    assert parsed(raw).html == '<p>a</p><p style="color:#0a0;font-size:14px">b</p>'


def test_marks_have_one_order() -> None:
    raw = a_mail(
        b"-----BEGIN PGP MESSAGE-----",
        subject=f"{OVERRIDE}x",
        reply_to="x@evil.example",
        extra=(("From", "boss@bank.example"),),
    )
    marks = parsed(raw).marks
    assert len(marks) == 4
    assert [mark for mark in MARKS if mark in marks] == list(marks)
