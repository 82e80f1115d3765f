"""What people may send along is told by its bytes, not by its name."""

import pytest

from vocabulary.errors import PermanentFailure
from vocabulary.files import kind_of, plain_name

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (100).to_bytes(4) + (50).to_bytes(4) + b"\x08\x06\0\0\0"
JPEG = (
    b"\xff\xd8\xff\xe0\0\x10JFIF" + b"\0" * 10 + b"\xff\xc0\0\x11\x08" + (50).to_bytes(2) + (100).to_bytes(2) + b"\x03"
)


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("screen.png", PNG, "image/png"),
        ("screen.exe", PNG, "image/png"),
        ("photo.jpg", JPEG, "image/jpeg"),
        ("offer.pdf", b"%PDF-1.7\n", "application/pdf"),
        ("prices.csv", "a;b\nż;1\n".encode(), "text/csv"),
        ("note.txt", b"hello", "text/plain"),
        ("letter.docx", b"PK\x03\x04....", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("things.zip", b"PK\x03\x04....", "application/zip"),
        ("old.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/vnd.ms-excel"),
        ("a.webp", b"RIFF\0\0\0\0WEBPVP8 " + b"\0" * 20, "image/webp"),
        ("a.mp4", b"\0\0\0\x18ftypmp42", "video/mp4"),
    ],
)
def test_kind_is_that_of_the_bytes(name: str, content: bytes, kind: str) -> None:
    assert kind_of(name, content) == kind


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.txt", b""),
        ("program.exe", b"MZ\x90\0"),
        ("program.pdf", b"MZ\x90\0"),
        ("page.html", b"<html><script>alert(1)</script>"),
        ("page.txt", b"  <!DOCTYPE html><script>alert(1)</script>"),
        ("picture.svg", b"<svg onload=alert(1)>"),
        ("picture.png", b"<svg onload=alert(1)>"),
        ("data.xml", b"<?xml version='1.0'?>"),
        ("run.txt", b"#!/bin/sh\nrm -rf /\n"),
        ("binary.txt", b"a\0b"),
        ("mail.msg", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
        ("noname", b"hello"),
    ],
)
def test_what_is_not_on_the_list_is_refused(name: str, content: bytes) -> None:
    with pytest.raises(PermanentFailure):
        kind_of(name, content)


@pytest.mark.parametrize(
    "content",
    [
        PNG[:16] + (20_000).to_bytes(4) + (20_000).to_bytes(4),
        JPEG.replace((50).to_bytes(2) + (100).to_bytes(2), (20_000).to_bytes(2) * 2),
        b"GIF89a" + (20_000).to_bytes(2, "little") * 2,
        b"RIFF\0\0\0\0WEBPVP8X" + b"\0" * 8 + (19_999).to_bytes(3, "little") * 2,
    ],
)
def test_picture_that_would_fill_the_memory_is_refused(content: bytes) -> None:
    with pytest.raises(PermanentFailure, match="20000 x 20000"):
        kind_of("a.png", content)


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("C:\\users\\me\\offer.pdf", "offer.pdf"),
        ("../../etc/passwd", "passwd"),
        (".htaccess", "htaccess"),
        ("a\r\nb\0.pdf", "ab.pdf"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("  ", "file"),
        ("x" * 300 + ".pdf", "x" * 196 + ".pdf"),
    ],
)
def test_name_is_plain(name: str, plain: str) -> None:
    assert plain_name(name) == plain
