"""Files that are packed into others or into the text come out: winmail.dat, uuencode."""

import binascii
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.email.tnef import read_package
from tests.channels.email.mails import a_mail, parsed

BODY_TEXT = "Dzień dobry, proszę o fakturę."


def attribute(level: int, name: int, value: bytes) -> bytes:
    return struct.pack("<BII", level, name, len(value)) + value + struct.pack("<H", sum(value) & 0xFFFF)


def mapi(*properties: tuple[int, int, bytes]) -> bytes:
    """Return MAPI properties: type, identifier, value."""
    out = struct.pack("<I", len(properties))
    for kind, name, value in properties:
        out += struct.pack("<HH", kind, name)
        if name >= 0x8000:
            out += bytes(16) + struct.pack("<II", 1, 6) + "ab\0".encode("utf-16-le") + bytes(2)
        if kind in (0x1E, 0x1F, 0x102):
            out += struct.pack("<II", 1, len(value))
        out += value + bytes(-len(value) % 4)
    return out


def package(*attributes: bytes) -> bytes:
    return b"\x78\x9f\x3e\x22\x01\x00" + b"".join(attributes)


def unicode(text: str) -> bytes:
    return (text + "\0").encode("utf-16-le")


NAMED = (0x0003, 0x8001, b"\x01\0\0\0")
FLAG = (0x000B, 0x0E1B, b"\x01\0\0\0")
FILE = (
    attribute(2, 0x00069002, bytes(14)),
    attribute(2, 0x00018010, b"RAPORT~1.PDF\0"),
    attribute(2, 0x0006800F, b"%PDF-1.4"),
    attribute(
        2,
        0x00069005,
        mapi(NAMED, FLAG, (0x1F, 0x3707, unicode("raport żółty.pdf")), (0x1F, 0x370E, unicode("application/pdf"))),
    ),
)
CODEPAGE = attribute(1, 0x00069007, struct.pack("<II", 1250, 0))


def outlook(content: bytes, first: bytes = b"") -> bytes:
    body = first + b"--b\r\nContent-Type: application/ms-tnef; name=winmail.dat\r\n\r\n" + content + b"\r\n--b--\r\n"
    return a_mail(body, content_type="multipart/mixed; boundary=b")


def test_files_of_winmail_dat_are_taken_out_with_their_names() -> None:
    message = parsed(outlook(package(CODEPAGE, *FILE, *FILE[:3]), b"--b\r\n\r\nhello\r\n"))
    assert message.text == "hello"
    assert [(file.filename, file.content_type, file.content) for file in message.attachments] == [
        ("raport żółty.pdf", "application/pdf", b"%PDF-1.4"),
        ("RAPORT~1.PDF", "application/pdf", b"%PDF-1.4"),
    ]
    assert message.defects == ()


@pytest.mark.parametrize(
    "attributes",
    [
        [CODEPAGE, attribute(1, 0x0002800C, BODY_TEXT.encode("cp1250"))],
        [attribute(1, 0x00069003, mapi(NAMED, (0x1F, 0x1000, unicode(BODY_TEXT))))],
        [CODEPAGE, attribute(1, 0x00069003, mapi((0x102, 0x1013, f"<p>{BODY_TEXT}</p>".encode("cp1250"))))],
    ],
)
def test_the_text_of_winmail_dat_counts_where_the_mail_has_none(attributes: list[bytes]) -> None:
    message = parsed(outlook(package(*attributes)))
    assert message.text == BODY_TEXT
    assert message.attachments == ()
    assert parsed(outlook(package(*attributes), b"--b\r\n\r\nhello\r\n")).text == "hello"


RTF = rb"{\rtf1\ansi{\fonttbl\f0\fswiss Helvetica;}\f0\pard hello world\par Dzie\'f1 \u380?\par}"
# The example of MS-OXRTFCP 4.1: "{\rtf1\ansi\ansicpg1252\pard hello world}" and its compressed form.
COMPRESSED = bytes.fromhex(
    "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
)


def stored(rtf: bytes) -> bytes:
    return struct.pack("<IIII", len(rtf) + 12, len(rtf), 0x414C454D, 0) + rtf


def test_rich_text_leaves_its_words() -> None:
    assert parsed(outlook(package(CODEPAGE, attribute(1, 0x00069003, mapi((0x102, 0x1009, stored(RTF))))))).text == (
        "hello world\nDzień ż"
    )
    of_the_document = attribute(1, 0x00069003, mapi((0x102, 0x1009, COMPRESSED)))
    assert parsed(outlook(package(of_the_document))).text == "hello world"


def test_what_only_says_that_it_is_winmail_dat_stays_a_file() -> None:
    message = parsed(outlook(b"no package"))
    assert [(file.filename, file.content) for file in message.attachments] == [("winmail.dat", b"no package")]


def test_a_package_that_was_cut_gives_what_can_be_had() -> None:
    whole = package(CODEPAGE, attribute(1, 0x0002800C, b"hello\0"), *FILE)
    message = parsed(outlook(whole[:-160]))
    assert message.text == "hello"
    assert message.defects == ("winmail-broken",)


@given(st.binary(max_size=300), st.integers(0, 400), st.binary(max_size=8))
def test_any_package_is_read(tail: bytes, at: int, change: bytes) -> None:
    whole = package(CODEPAGE, attribute(1, 0x00069003, mapi(NAMED, (0x102, 0x1009, COMPRESSED))), *FILE)
    assert read_package(whole[:at] + change + whole[at + len(change) :] + tail) is not None or at < 4


def uuencoded(content: bytes, name: str = "a b.txt") -> bytes:
    lines = [binascii.b2a_uu(content[at : at + 45]) for at in range(0, len(content), 45)]
    return f"begin 644 {name}\n".encode() + b"".join(lines) + b"`\nend\n"


def test_files_in_the_text_are_taken_out() -> None:
    content = bytes(range(256))
    text = b"Hello,\nhere they are:\n" + uuencoded(content) + b"and\n" + uuencoded(b"x", "../b.pdf") + b"Anna\n"
    for break_ in (b"\n", b"\r\n"):
        message = parsed(a_mail(text.replace(b"\n", break_)))
        assert message.text == "Hello,\nhere they are:\n\nand\n\nAnna"
        assert [(file.filename, file.content_type, file.content) for file in message.attachments] == [
            ("a b.txt", "text/plain", content),
            ("b.pdf", "application/pdf", b"x"),
        ]


@pytest.mark.parametrize(
    "text",
    [
        "please begin 644 times\nend",
        "begin 644 a\nnot encoded at all\nend",
        "begin 644 a\n#86)C\n",  # it never ends
        "begin 644 a\nend",
        "begin with the end\nend",
    ],
)
def test_what_is_no_file_stays_text(text: str) -> None:
    message = parsed(a_mail(text.encode()))
    assert (message.text, message.attachments) == (text.strip("\n"), ())
