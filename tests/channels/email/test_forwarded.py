"""A mail that passes on another one is known, and so is who wrote that; in five languages."""

import pytest

from channels.message import Address
from tests.channels.email.mails import a_mail, parsed

ZOFIA = Address("Zofia Nowak", "zofia@first.example")


def forwarded(text: str, subject: str = "Your order") -> bytes:
    return a_mail(text.encode(), content_type="text/plain; charset=utf-8", subject=subject)


INLINE = [
    (
        "---------- Forwarded message ---------\n"
        "From: Zofia Nowak <zofia@first.example>\nDate: Mon, 2 Mar 2026 at 10:00\nSubject: x\n\nhello"
    ),
    (
        "---------- Forwarded message ---------\n"
        "Od: Zofia Nowak <zofia@first.example>\nDate: pon., 2 mar 2026 o 10:00\nSubject: x\nTo: a@b.example\n\nhello"
    ),
    (
        "Begin forwarded message:\n"
        "\nFrom: Zofia Nowak <zofia@first.example>\nSubject: x\nDate: 2 March 2026\nTo: a@b.example\n\nhello"
    ),
    (
        "Początek przekazywanej wiadomości:\n"
        "\nOd: Zofia Nowak <zofia@first.example>\nTemat: x\nData: 2 marca 2026\nDo: a@b.example\n\nhello"
    ),
    (
        "-------- Treść przekazanej wiadomości --------\n"
        "Temat: x\nData: Mon, 2 Mar 2026 10:00\nNadawca: Zofia Nowak <zofia@first.example>\n\nhello"
    ),
    "-------- Przekazana wiadomość --------\nOd: Zofia Nowak <zofia@first.example>\nData: x\n\nhello",
    (
        "---------- Persiųstas laiškas ---------\n"
        "Nuo: Zofia Nowak <zofia@first.example>\nData: 2026-03-02\nTema: x\n\nhello"
    ),
    "-------- Persiųsta žinutė --------\nTema: x\nNuo: Zofia Nowak <zofia@first.example>\nKam: a@b.example\n\nhello",
    "---------- Továbbított üzenet ---------\nFeladó: Zofia Nowak <zofia@first.example>\nDate: 2026. márc. 2.\n\nhello",
    "-------- Továbbított levél --------\nTárgy: x\nDátum: 2026\nFeladó: Zofia Nowak <zofia@first.example>\n\nhello",
    "Továbbított levél kezdete:\n\nFeladó: Zofia Nowak <zofia@first.example>\nTárgy: x\n\nhello",
    "---------- Пересылаемое сообщение ---------\nОт: Zofia Nowak <zofia@first.example>\nДата: 2 марта 2026\n\nhello",
    "-------- Перенаправленное сообщение --------\nТема: x\nДата: x\nОт: Zofia Nowak <zofia@first.example>\n\nhello",
    '-------- Пересылаемое сообщение --------\n02.03.2026, 10:00, "Zofia Nowak" <zofia@first.example>:\n\nhello',
    "Начало переадресованного сообщения:\n\nОт: Zofia Nowak <zofia@first.example>\nТема: x\n\nhello",
]


@pytest.mark.parametrize("text", INLINE)
def test_a_line_in_any_language_says_that_a_mail_is_passed_on(text: str) -> None:
    message = parsed(forwarded(f"Please help.\n\n{text}\n"))
    assert message.marks == ("forwarded",)
    assert message.forwarded_from == ZOFIA
    assert message.reply_text.startswith("Please help.")
    assert message.reply_text.endswith("hello")


OUTLOOK = [
    ("FW: x", "From: Zofia Nowak <zofia@first.example>\nSent: Monday, March 2, 2026 10:00\nTo: Anna\nSubject: x"),
    ("PD: x", "Od: Zofia Nowak [mailto:zofia@first.example]\nWysłano: 2 marca 2026\nDo: Anna\nTemat: x"),
    ("Fwd: x", "*From:* Zofia Nowak <zofia@first.example>\n*Sent:* 2 March 2026\n*To:* Anna\n*Subject:* x"),
    ("Persiųsta: x", "Nuo: Zofia Nowak <zofia@first.example>\nIšsiųsta: 2026 m.\nKam: Anna\nTema: x"),
    ("TOVÁBBÍTÁS: x", "Feladó: Zofia Nowak <zofia@first.example>\nKüldve: 2026. március 2.\nCímzett: Anna\nTárgy: x"),
    ("FW: x", "От: Zofia Nowak <zofia@first.example>\nОтправлено: 2 марта 2026 г.\nКому: Anna\nТема: x"),
]


@pytest.mark.parametrize("subject, block", OUTLOOK)
def test_headers_below_a_subject_that_says_so_are_passed_on(subject: str, block: str) -> None:
    message = parsed(forwarded(f"Please help.\n\n{block}\n\nhello\n", subject))
    assert message.marks == ("forwarded",)
    assert message.forwarded_from == ZOFIA
    assert message.reply_text.endswith("hello")


def test_a_reply_with_the_same_headers_is_a_reply() -> None:
    for subject in ("RE: x", "RE: FW: x", "x"):
        message = parsed(forwarded(f"Please help.\n\n{OUTLOOK[0][1]}\n\nhello\n", subject))
        assert message.marks == ()
        assert message.reply_text == "Please help."


def attached(kind: str) -> bytes:
    body = (
        b"--b\r\n\r\nsee below\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n"
        b"From: Zofia Nowak <zofia@first.example>\r\nSubject: x\r\n\r\nhello\r\n--b--\r\n"
    )
    return a_mail(body, content_type=f"{kind}; boundary=b")


def test_a_mail_that_came_as_a_file_is_passed_on() -> None:
    message = parsed(attached("multipart/mixed"))
    assert (message.marks, message.forwarded_from) == (("forwarded",), ZOFIA)


@pytest.mark.parametrize("kind", ["multipart/report", "multipart/digest"])
def test_reports_and_digests_pass_nothing_on(kind: str) -> None:
    assert parsed(attached(kind)).marks == ()


def test_a_report_passes_nothing_on() -> None:
    raw = attached("multipart/mixed").replace(b"see below", b"550 user unknown")
    raw = raw.replace(b"Anna Example <anna@customer.example>", b"MAILER-DAEMON@mx.example")
    assert parsed(raw).marks == ()


def test_the_author_may_be_unknown() -> None:
    message = parsed(forwarded("---------- Forwarded message ---------\n\nhello"))
    assert (message.marks, message.forwarded_from) == (("forwarded",), None)
