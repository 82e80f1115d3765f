"""The sender and a real Postfix agree on what became of a mail."""

from collections.abc import Iterator

import pytest

from channels.email.smtp import Envelope, Outcome, SendResult, SmtpSender
from tests.servers.postfix import BOUNCING, GREYLISTED, REFUSED, SIZE_MAX, Postfix, running_postfix

pytestmark = pytest.mark.needs_server("postfix")
RAW = b"From: support@desk.example.org\r\nSubject: x\r\nMessage-ID: <1@desk.example.org>\r\n\r\nhello\r\n.dot\r\n"


@pytest.fixture(scope="module")
def _running() -> Iterator[Postfix]:
    with running_postfix() as server:
        yield server


@pytest.fixture
def server(_running: Postfix) -> Postfix:
    _running.forget()
    return _running


async def sent(server: Postfix, recipient: str, raw: bytes = RAW) -> SendResult:
    sender = SmtpSender(host="127.0.0.1", port=server.port, tls="none")
    try:
        return await sender.send(raw, Envelope(sender="support@desk.example.org", recipient=recipient))
    finally:
        await sender.close()


async def test_mail_arrives_with_the_text_that_was_written(server: Postfix) -> None:
    assert (await sent(server, "anna@customer.example")).outcome is Outcome.SENT
    (mail,) = server.delivered(to="anna@customer.example")
    assert mail.partition(b"\n\n")[2] == b"hello\n.dot\n"


async def test_refused_recipient_fails_with_the_servers_words(server: Postfix) -> None:
    result = await sent(server, REFUSED)
    assert (result.outcome, result.code) == (Outcome.FAILED, 550)
    assert "no such mailbox here" in result.reason


async def test_greylisted_recipient_is_deferred_and_taken_later(server: Postfix) -> None:
    result = await sent(server, GREYLISTED)
    assert (result.outcome, result.code) == (Outcome.DEFERRED, 450)
    server.answer(GREYLISTED, "OK")
    assert (await sent(server, GREYLISTED)).outcome is Outcome.SENT
    assert server.delivered(to=GREYLISTED)


async def test_mail_that_is_too_big_is_refused_before_it_is_sent(server: Postfix) -> None:
    result = await sent(server, "anna@customer.example", RAW + b"x" * SIZE_MAX)
    assert (result.outcome, result.code) == (Outcome.FAILED, 552)


async def test_mail_that_nobody_takes_further_on_comes_back_as_a_report(server: Postfix) -> None:
    assert (await sent(server, f"anna@{BOUNCING}")).outcome is Outcome.SENT
    (report,) = server.delivered(to="support@desk.example.org")
    assert b"Status: 5.1.1" in report
    assert b"<1@desk.example.org>" in report
