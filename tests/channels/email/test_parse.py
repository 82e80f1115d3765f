"""Ordinary and odd mails become the message that their writers meant."""

import base64
import hashlib

import pytest

from channels.message import Address
from tests.channels.email.mails import NOW, a_mail, parsed

MULTIPART = """\
This is a mail in MIME format.
--outer
Content-Type: multipart/related; boundary=related

--related
Content-Type: multipart/alternative; boundary="inner x"

--inner x
Content-Type: text/plain; charset=utf-8

Dzień dobry
--inner x
Content-Type: text/html; charset=utf-8

<p>Dzień <b>dobry</b> <img src="cid:logo@x"></p>
--inner x--
--related
Content-Type: image/png
Content-ID: <logo@x>
Content-Disposition: inline; filename=logo.png
Content-Transfer-Encoding: base64

iVBORw0KGgo=
--related--
--outer
Content-Type: application/pdf; name="=?utf-8?q?faktura_=C5=BC.pdf?="
Content-Disposition: attachment; filename*0*=utf-8''fak%20; filename*1*=tura%C5%BC; filename*2=.pdf
Content-Transfer-Encoding: base64

JVBERi0=
--outer
Content-Type: message/rfc822

From: old@customer.example
Subject: earlier

forwarded text
--outer--
epilogue
"""


def test_an_id_longer_than_a_line_is_none() -> None:
    long, longer = (f"<{'ż' * length}@x>" for length in (490, 500))
    assert [parsed(a_mail(message_id=id)).message_id for id in (long, longer)] == [long, None]


def test_others_whom_a_mail_names_are_neither_its_sender_nor_ours_and_stand_once() -> None:
    to = "Desk <support+x1@desk.example.org>, Boris <boris@customer.example>, nobody"
    copies = "BORIS@customer.example, anna@Customer.example, Carla <carla@elsewhere.example>"
    found = parsed(a_mail(to=to, cc=copies)).also_to
    assert found == (Address("Boris", "boris@customer.example"), Address("Carla", "carla@elsewhere.example"))
    many = ", ".join(f"c{number}@customer.example" for number in range(30))
    assert len(parsed(a_mail(cc=many)).also_to) == 20


def test_plain_mail_is_read_whole() -> None:
    raw = a_mail()
    message = parsed(raw)
    assert (message.channel, message.medium, message.received_at, message.raw) == ("support", "email", NOW, raw)
    assert message.subject == "My order"
    assert message.sender == Address("Anna Example", "anna@customer.example")
    assert message.recipients == (Address("", "support@desk.example.org"),)
    assert message.text == "Hello,\nwhere is my order?"
    assert message.message_id == "<one@customer.example>"
    assert message.html is None
    assert message.attachments == ()
    assert message.defects == ()
    assert not message.automatic.is_automatic


@pytest.mark.parametrize(
    "charset, codec, text",
    [
        ("windows-1250", "cp1250", "Dzień dobry, proszę o fakturę: zażółć gęślą jaźń"),
        ("koi8-r", "koi8_r", "Здравствуйте, где мой заказ?"),
        ("ISO-8859-2", "iso8859_2", "Jó napot, hol van a rendelésem? Őszintén, űrhajó"),
        ("windows-1257", "cp1257", "Laba diena, kur mano užsakymas? Ačiū, žąsis"),
        ("utf-8", "utf-8", "Grüße aus Köln – 你好 😀"),
    ],
)
@pytest.mark.parametrize("encoding", ["quoted-printable", "base64", "8bit"])
def test_letters_of_every_charset_arrive(charset: str, codec: str, text: str, encoding: str) -> None:
    octets = text.encode(codec)
    body = {
        "quoted-printable": "".join(f"={byte:02X}" for byte in octets).encode(),
        "base64": base64.b64encode(octets),
        "8bit": octets,
    }[encoding]
    message = parsed(a_mail(body, content_type=f'text/plain; charset="{charset}"', content_transfer_encoding=encoding))
    assert message.text == text
    assert message.defects == ()


def test_undeclared_letters_are_guessed_and_marked() -> None:
    text = "Здравствуйте, скажите пожалуйста, где мой заказ и когда он придёт?"
    message = parsed(a_mail(text.encode("koi8_r")))
    assert message.text == text
    assert "charset-guessed" in message.defects


@pytest.mark.parametrize("charset", ["utf-7", "hex", "rot13", "idna", "punycode", "a\0b", "unicode_escape", ""])
def test_charset_that_is_none_never_makes_markup(charset: str) -> None:
    message = parsed(a_mail(b"+ADw-script+AD4- \\x3c caf\xc3\xa9", content_type=f'text/plain; charset="{charset}"'))
    assert "+ADw-script+AD4- \\x3c" in message.text


@pytest.mark.parametrize(
    "header, subject",
    [
        ("=?utf-8?B?xbvDs8WCxIc=?=", "Żółć"),
        ("=?iso-8859-2?Q?Za=BF=F3=B3=E6?= =?iso-8859-2?Q?_g=EA=B6l=B1?=", "Zażółć gęślą"),
        ("=?utf-8?q?=C5?= =?utf-8?q?=BB?=", "Ż"),
        ("Re: =?koi8-r?b?+sHLwdo=?= 5", "Re: Заказ 5"),
        ("=?utf-8?b?xbvDs8WCxIc?=", "Żółć"),
        ("=?utf-8?q?not ended", "=?utf-8?q?not ended"),
        ("=?utf-8?q?a=0D=0AX-Evil:_1?=", "a X-Evil: 1"),
        ("=?x-unknown?q?caf=E9?=", "café"),
        ("\N{RIGHT-TO-LEFT OVERRIDE}gpj.exe", "gpj.exe"),
    ],
)
def test_subject_is_decoded_once_onto_one_line(header: str, subject: str) -> None:
    assert parsed(a_mail(subject=header)).subject == subject


def test_nested_parts_give_text_html_and_files() -> None:
    raw = a_mail(MULTIPART.replace("\n", "\r\n").encode(), content_type='multipart/mixed; boundary="outer"')
    message = parsed(raw)
    assert message.text == "Dzień dobry"
    assert message.html == '<p>Dzień <b>dobry</b> <img src="cid:logo@x"></p>'
    logo, invoice, forwarded = message.attachments
    assert (logo.filename, logo.content_type, logo.content_id, logo.inline) == ("logo.png", "image/png", "logo@x", True)
    assert (invoice.filename, invoice.content, invoice.inline) == ("fak turaż.pdf", b"%PDF-", False)
    assert (forwarded.content_type, forwarded.filename) == ("message/rfc822", "part-3.eml")
    assert b"forwarded text" in forwarded.content
    assert message.defects == ()


def test_line_breaks_of_any_kind_read_alike() -> None:
    raw = a_mail(MULTIPART.replace("\n", "\r\n").encode(), content_type='multipart/mixed; boundary="outer"')
    texts = {parsed(raw.replace(b"\r\n", break_)).text for break_ in (b"\r\n", b"\n", b"\r")}
    assert texts == {"Dzień dobry"}


def test_mail_with_html_only_gets_its_text_from_there() -> None:
    html = "<html><head><title>x</title><style>p{}</style></head><body><p>Hello</p><ul><li>one</li></ul></body></html>"
    message = parsed(a_mail(html.encode(), content_type="text/html; charset=utf-8"))
    assert "Hello" in message.text
    assert "one" in message.text
    assert "p{}" not in message.text


@pytest.mark.parametrize(
    "html, reply",
    [
        ("<p>Own</p><p>On 2.3.2026, Jan wrote:</p><blockquote>hello<blockquote>old</blockquote></blockquote>", "Own"),
        ("<p>On 2.3.2026 10:00, Jan wrote:</p><blockquote><p>hello</p><p>there</p></blockquote><p>Own</p>", "Own"),
        ("Own<blockquote>On 2.3.2026 10:00, Jan wrote:<br>hello</blockquote>", "Own"),
        ("a<blockquote>one?</blockquote>yes<blockquote>two?</blockquote>no", "a\n> one?\nyes\n> two?\nno"),
        ('Own <blockquote style="margin:0 0 0 40px;border:none">indented</blockquote>', "Own\nindented"),
    ],
)
def test_quotes_of_formatted_mail_are_quotes(html: str, reply: str) -> None:
    found = parsed(a_mail(html.encode(), content_type="text/html; charset=utf-8")).reply_text
    assert "\n".join(line.strip() for line in found.split("\n") if line.strip()) == reply


@pytest.mark.parametrize(
    "html",
    [
        '<img src="http://tracker.example/x.gif">',
        '<img src="//tracker.example/x.gif">',
        '<img src="data:image/svg+xml,x">',
        '<a href="//evil.example">x</a>',
        '<a href="/\\evil.example">x</a>',
        '<a href="java\tscript:alert(1)">x</a>',
        '<p style="background:url(http://tracker.example)" onclick="x()">x</p>',
        '<iframe src="https://evil.example"></iframe><form action="https://evil.example"><input></form>',
        "<svg><script>alert(1)</script></svg><script>alert(1)</script><style>@import 'http://tracker.example'</style>",
        '<link rel=stylesheet href="http://tracker.example"><base href="http://evil.example">',
        '<table background="http://tracker.example"><tr><td>x</table>',
    ],
)
def test_html_loads_nothing_and_runs_nothing(html: str) -> None:
    shown = parsed(a_mail(html.encode(), content_type="text/html")).html or ""
    for forbidden in ("tracker", "evil", "script", "onclick", "data:", "style", "<form", "<iframe"):
        assert forbidden not in shown


def test_links_open_elsewhere_and_tell_nothing() -> None:
    message = parsed(a_mail(b'<a href="https://shop.example/x">x</a>', content_type="text/html"))
    assert message.html is not None
    assert 'rel="noopener noreferrer nofollow"' in message.html
    assert 'target="_blank"' in message.html


@pytest.mark.parametrize(
    "encoding, body, content, defects",
    [
        ("base64", b"SGVsbG8", b"Hello", ("base64-broken",)),
        ("base64", b"SGVs\r\n!!bG8=\r\n", b"Hello", ()),
        ("base64", b"SGVs bG8=SGVsbG8=", b"HelloHello", ("base64-broken",)),
        ("quoted-printable", b"a=\r\nb=3", b"ab=3", ()),
        ("quoted-printable", b"a= \r\nb=\t\nc", b"abc", ()),
        ("x-uuencode", b"begin 644 a\r\n%2&5L;&\\\r\n`\r\nend\r\n", b"Hello", ()),
        ("7-bit", b"as it is", b"as it is", ()),
        ("8bits", b"as it is", b"as it is", ()),
        ("Quoted Printable", b"a=3Db", b"a=b", ()),
        ("base-64;", b"SGVsbG8=", b"Hello", ()),
        ("text/html", b"as it is", b"as it is", ("transfer-encoding-unknown",)),
        ("x-unknown", b"as it is", b"as it is", ("transfer-encoding-unknown",)),
    ],
)
def test_broken_transfer_encodings_give_what_can_be_had(
    encoding: str, body: bytes, content: bytes, defects: tuple[str, ...]
) -> None:
    message = parsed(a_mail(body, content_type="application/x-thing", content_transfer_encoding=encoding))
    assert message.attachments[0].content == content
    assert message.defects == defects


@pytest.mark.parametrize(
    "header, expected",
    [
        ("anna@b.example", [("", "anna@b.example")]),
        ('"Example, Anna" <anna@B.EXAMPLE>', [("Example, Anna", "anna@b.example")]),
        ('"a \\"b\\" c" <x@b.example>', [('a "b" c', "x@b.example")]),
        ("anna@b.example (Anna (the) First)", [("Anna the First", "anna@b.example")]),
        ("Team: a@b.example, B <b@b.example>;, c", [("", "a@b.example"), ("B", "b@b.example"), ("", "c")]),
        ("undisclosed-recipients:;", []),
        ("<@relay.example:anna@b.example>", [("", "anna@b.example")]),
        ("=?utf-8?q?a=40good=2Eexample?= <x@evil.example>", [("a@good.example", "x@evil.example")]),
        ("=?utf-8?q?A=2C_B_=3Cgood=40x=2Eexample=3E?= <x@evil.example>", [("A, B <good@x.example>", "x@evil.example")]),
        ("Żółć <anna@żółć.example>", [("Żółć", "anna@żółć.example")]),
        ("MAILER-DAEMON <>", [("MAILER-DAEMON", "")]),
        ("a@[", [("", "a@[")]),
        ("Pete <pete(his account)@silly.example (his host)>", [("Pete", "pete@silly.example")]),
        ("a@b.example c@d.example", [("", "a@b.example"), ("", "c@d.example")]),
        ("", []),
    ],
)  # fmt: skip
def test_addresses_are_read_by_structure_first(header: str, expected: list[tuple[str, str]]) -> None:
    assert parsed(a_mail(to=header)).recipients == tuple(Address(name, address) for name, address in expected)


def test_blank_lines_before_the_headers_are_looked_over() -> None:
    for blank in (b"\r\n", b"   \n\n", b" \t\r\n \r\n"):
        message = parsed(blank + a_mail())
        assert (message.subject, message.text) == ("My order", "Hello,\nwhere is my order?")
        assert message.external_id == parsed(a_mail()).external_id
    assert parsed(b"\r\nHello,\r\nSubject: x\r\n").subject == ""


def test_two_from_headers_are_marked() -> None:
    message = parsed(a_mail(extra=(("From", "boss@bank.example"),)))
    assert message.sender == Address("Anna Example", "anna@customer.example")
    assert message.defects == ("several-from",)


def test_same_mail_delivered_twice_has_one_id() -> None:
    raw = a_mail()
    by_another_way = b"Received: by relay.example\r\n" + raw
    with_other_breaks = raw.replace(b"\r\n", b"\n")
    ids = {parsed(each).external_id for each in (raw, by_another_way, with_other_breaks)}
    assert len(ids) == 1


def test_same_message_id_with_another_body_is_another_mail() -> None:
    assert parsed(a_mail(b"one")).external_id != parsed(a_mail(b"two")).external_id


def test_mail_without_message_id_is_known_by_its_bytes() -> None:
    raw = a_mail(remove=("message-id",))
    message = parsed(raw)
    assert message.message_id is None
    assert message.external_id == f"raw-{hashlib.sha256(raw).hexdigest()}"
    assert message.defects == ("no-message-id",)


def test_file_names_never_hold_paths_or_tricks() -> None:
    names = {
        r"..\..\windows\system.ini": "system.ini",
        "../../etc/passwd": "passwd",
        "a%00b%0d%0a.txt": "ab .txt",
        "%E2%80%AEgpj.exe": "gpj.exe",
        "": "part-1.pdf",
    }
    for stated, shown in names.items():
        quoted = stated.replace("\\", "%5C")
        raw = a_mail(b"x", content_type="application/pdf", content_disposition=f"attachment; filename*=utf-8''{quoted}")
        assert parsed(raw).attachments[0].filename == shown


def test_envelope_sender_reaches_the_guard() -> None:
    assert parsed(a_mail(), envelope_sender="").automatic.signals == ("null-sender",)
