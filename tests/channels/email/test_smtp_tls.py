"""Nothing crosses a network in the clear, whoever sits between us and the server (F-65)."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
import trustme

from channels.email.smtp import Envelope, Outcome, SendResult, SmtpSender, Timeouts, Tls
from tests.channels.email.fake_smtp import FakeSmtp
from tests.servers.postfix import Postfix, running_postfix

RAW = b"From: support@desk.example.org\r\nSubject: x\r\n\r\nsecret words\r\n"
SHORT = Timeouts(connect_s=5, command_s=5, data_s=5, final_dot_s=5, total_s=10)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusted(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


class Eavesdropper(FakeSmtp):
    """A server that hears every byte that reaches it before any encryption."""

    def __init__(self, script: dict[str, str | list[str]], certificate: trustme.LeafCert | None = None) -> None:
        super().__init__(script)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if certificate is not None:
            certificate.configure_cert(self.context)

    async def _say(self, writer: asyncio.StreamWriter, stage: str) -> str | None:
        said = await super()._say(writer, stage)
        if stage == "STARTTLS" and said is not None and said.startswith("220"):
            await writer.start_tls(self.context)
        return said


@asynccontextmanager
async def listening(server: Eavesdropper, tls: Tls) -> AsyncIterator[Eavesdropper]:
    context = server.context if tls == "implicit" else None
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=context)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        server.hang_up()
        await listener.wait_closed()


async def sent(port: int, tls: Tls, trusted: ssl.SSLContext) -> SendResult:
    sender = SmtpSender(
        host="localhost",
        port=port,
        tls=tls,
        tls_context=trusted,
        username="desk",
        password="the password",
        timeouts=SHORT,
    )
    try:
        return await sender.send(RAW, Envelope(sender="support@desk.example.org", recipient="anna@customer.example"))
    finally:
        await sender.close()


OFFERS = "250-fake\r\n250-AUTH PLAIN LOGIN\r\n250 STARTTLS"
GREETED: dict[str, str | list[str]] = {"EHLO": OFFERS, "STARTTLS": "220 go on", "AUTH": "235 welcome"}


def certificates(authority: trustme.CA) -> dict[str, trustme.LeafCert]:
    long_ago, over = datetime(2020, 1, 1, tzinfo=UTC), datetime(2021, 1, 1, tzinfo=UTC)
    return {
        "good": authority.issue_cert("localhost"),
        "of another host": authority.issue_cert("mail.evil.example"),
        "expired": authority.issue_cert("localhost", not_before=long_ago, not_after=over),
        "of a stranger": trustme.CA().issue_cert("localhost"),
    }


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
async def test_server_with_a_good_certificate_gets_password_and_mail(
    authority: trustme.CA, trusted: ssl.SSLContext, tls: Tls
) -> None:
    async with listening(Eavesdropper(GREETED, certificates(authority)["good"]), tls) as server:
        assert (await sent(server.port, tls, trusted)).outcome is Outcome.SENT
    assert any(command.startswith("AUTH") for command in server.commands)
    assert b"secret words" in server.mails[0]


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
@pytest.mark.parametrize("fault", ["of another host", "expired", "of a stranger"])
async def test_certificate_that_is_not_in_order_gets_nothing(
    authority: trustme.CA, trusted: ssl.SSLContext, tls: Tls, fault: str
) -> None:
    async with listening(Eavesdropper(GREETED, certificates(authority)[fault]), tls) as server:
        result = await sent(server.port, tls, trusted)
    assert (result.outcome, result.why) == (Outcome.DEFERRED, "not_secure")
    assert {command.partition(" ")[0].upper() for command in server.commands} <= {"EHLO", "STARTTLS"}
    assert server.mails == []


@pytest.mark.parametrize(
    "script",
    [
        {"EHLO": "250-fake\r\n250 AUTH PLAIN LOGIN"},  # stripped from the list
        {"EHLO": OFFERS, "STARTTLS": "502 5.5.1 no such command"},
        {"EHLO": OFFERS, "STARTTLS": "454 4.7.0 TLS not available due to local problem"},
    ],
)
async def test_server_that_has_starttls_taken_away_gets_nothing(
    trusted: ssl.SSLContext, script: dict[str, str | list[str]]
) -> None:
    async with listening(Eavesdropper(script), "starttls") as server:
        result = await sent(server.port, "starttls", trusted)
    assert result.outcome is Outcome.DEFERRED
    assert {command.partition(" ")[0].upper() for command in server.commands} <= {"EHLO", "STARTTLS", "QUIT"}
    assert server.mails == []


async def test_what_was_said_before_the_encryption_counts_for_nothing(
    authority: trustme.CA, trusted: ssl.SSLContext
) -> None:
    """Somebody puts an answer of his own behind the one to STARTTLS, for us to take as said under encryption."""
    injected = {**GREETED, "STARTTLS": "220 go on\r\n250-evil\r\n250 AUTH PLAIN"}
    async with listening(Eavesdropper(injected, certificates(authority)["good"]), "starttls") as server:
        result = await sent(server.port, "starttls", trusted)
    assert result.outcome in (Outcome.DEFERRED, Outcome.SENT)
    assert not any(command.startswith("AUTH") for command in server.commands) or result.outcome is Outcome.SENT


@pytest.fixture(scope="module")
def postfix(authority: trustme.CA) -> Iterator[Postfix]:
    certificate = authority.issue_cert("localhost")
    chain = b"".join(blob.bytes() for blob in (certificate.private_key_pem, *certificate.cert_chain_pems))
    with running_postfix(certificate=chain, tls="encrypt") as server:
        yield server


@pytest.mark.needs_server("postfix")
async def test_postfix_takes_mail_over_starttls_only(postfix: Postfix, trusted: ssl.SSLContext) -> None:
    envelope = Envelope(sender="support@desk.example.org", recipient="anna@customer.example")
    for tls, outcome in (("starttls", Outcome.SENT), ("none", Outcome.DEFERRED)):
        sender = SmtpSender(host="localhost", port=postfix.port, tls=tls, tls_context=trusted, timeouts=SHORT)  # type: ignore[arg-type]  # one of the kinds
        result = await sender.send(RAW, envelope)
        await sender.close()
        assert result.outcome is outcome, result
    (mail,) = postfix.delivered(to="anna@customer.example")
    assert b"with ESMTPS" in mail
