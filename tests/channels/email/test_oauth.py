"""Access tokens: fetched, kept while they are good, fetched anew, and understood by mail servers."""

import asyncio
from base64 import b64decode
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from channels.email.account import Account
from channels.email.oauth import FetchedTokens, GivenTokens, TokenRefused
from channels.email.smtp import Envelope, Outcome, SmtpSender
from tests.channels.email.fake_imap import imap_server
from tests.channels.email.mailbox import Records, reading
from tests.channels.email.mails import a_mail
from tests.channels.email.token_endpoint import USER, TokenEndpoint, token_endpoint
from tests.servers.dovecot import running_dovecot
from vocabulary.errors import TemporaryFailure


def tokens_of(endpoint: TokenEndpoint, **changes: Any) -> FetchedTokens:
    settings = {"url": endpoint.url, "client_id": "app", "client_secret": "app-secret", **changes}
    return FetchedTokens(**settings)


async def test_a_token_is_used_until_it_nears_its_end() -> None:
    async with token_endpoint() as endpoint:
        tokens = tokens_of(endpoint, scope="mail")
        assert await asyncio.gather(*(tokens.token() for _ in range(3))) == ["token-1"] * 3
        endpoint.expires_in = "0"
        tokens.forget()
        assert [await tokens.token() for _ in range(2)] == ["token-2", "token-3"]
        sent = {"grant_type": "client_credentials", "client_id": "app", "client_secret": "app-secret", "scope": "mail"}
        assert endpoint.asked == [sent] * 3


@pytest.mark.parametrize("life", [None, "soon", -5])
async def test_a_life_that_tells_nothing_does_no_harm(life: object) -> None:
    async with token_endpoint() as endpoint:
        endpoint.expires_in = life
        assert await tokens_of(endpoint).token() == "token-1"


async def test_a_new_refresh_token_takes_the_place_of_the_old() -> None:
    async with token_endpoint() as endpoint:
        endpoint.rotates = True
        kept = ["refresh-1"]
        tokens = tokens_of(endpoint, refresh_token=lambda: kept[-1], renewed=kept.append)
        await tokens.token()
        tokens.forget()
        await tokens.token()
        assert kept == ["refresh-1", "refresh-2", "refresh-3"]
        assert [form["refresh_token"] for form in endpoint.asked] == ["refresh-1", "refresh-2"]


async def test_a_new_refresh_token_that_cannot_be_kept_is_used_even_so() -> None:
    def full(token: str) -> None:
        raise OSError(28, "disk full")

    async with token_endpoint() as endpoint:
        endpoint.rotates = True
        tokens = tokens_of(endpoint, refresh_token=lambda: "refresh-1", renewed=full)
        await tokens.token()
        tokens.forget()
        assert await tokens.token() == "token-2"


@pytest.mark.parametrize(
    "fault, kind, told",
    [
        ((400, '{"error": "invalid_grant", "error_description": "expired"}'), TokenRefused, "invalid_grant: expired"),
        ((401, "no"), TokenRefused, "answers 401"),
        ((302, ""), TemporaryFailure, "answers 302"),
        ((429, "slower"), TemporaryFailure, "answers 429"),
        ((503, "[]"), TemporaryFailure, "answers 503"),
        ((200, "<html>"), TemporaryFailure, "answers 200"),
        ((200, '{"access_token": ""}'), TemporaryFailure, "answers 200"),
        ((400, '{"error": "temporarily_unavailable"}'), TemporaryFailure, "temporarily_unavailable"),
    ],
)
async def test_a_refusal_is_told_from_a_bad_moment(fault: tuple[int, str], kind: type[Exception], told: str) -> None:
    async with token_endpoint() as endpoint:
        tokens = tokens_of(endpoint)
        endpoint.faults = [fault]
        with pytest.raises(TemporaryFailure, match=told) as raised:
            await tokens.token()
        assert type(raised.value) is kind
        assert "app-secret" not in str(raised.value)
        assert len(endpoint.asked) == 1
        assert await tokens.token() == "token-2"


async def test_an_endpoint_that_is_not_there_is_a_bad_moment() -> None:
    tokens = FetchedTokens(url="http://127.0.0.1:1/token", client_id="app")
    with pytest.raises(TemporaryFailure, match="can't be asked") as raised:
        await tokens.token()
    assert not isinstance(raised.value, TokenRefused)


def test_secrets_cross_no_network_in_the_clear() -> None:
    with pytest.raises(ValueError, match="not https"):
        FetchedTokens(url="http://login.example.org/token", client_id="app")


def given(token: str) -> GivenTokens:
    return GivenTokens(lambda: token)


async def test_a_mailbox_is_read_with_a_token() -> None:
    async with imap_server(a_mail(b"x")) as server:
        server.tokens = {"good": "żółw@example.org"}
        records = Records()
        async with reading(server.port, records, account=Account("żółw@example.org", tokens=given("good"))):
            await records.until_uids(1)
        assert "LOGIN" not in server.commands


async def test_a_token_that_the_server_refuses_is_not_used_again() -> None:
    async with imap_server() as server, token_endpoint() as endpoint:
        server.tokens = {"token-2": USER}
        records = Records()
        account = Account(USER, tokens=tokens_of(endpoint))
        async with reading(server.port, records, account=account) as mailbox:
            await server.idling.wait()
            assert mailbox.health.error is None
        assert records.pauses == [300]
        assert len(endpoint.asked) == 2


async def test_a_provider_that_gives_no_token_is_told_and_asked_seldom() -> None:
    async with imap_server() as server, token_endpoint() as endpoint:
        records = Records()
        account = Account(USER, tokens=tokens_of(endpoint, refresh_token=lambda: "withdrawn"))
        server.tokens = {"token-1": USER}
        async with reading(server.port, records, account=account) as mailbox:
            await records.until(lambda: len(records.pauses) == 3)
            assert mailbox.health.trouble is not None
            assert mailbox.health.trouble.code == "token"
            assert "invalid_grant: no longer" in mailbox.health.trouble.told
        assert records.pauses == [300, 600, 900]


async def test_a_server_without_tokens_gets_none() -> None:
    async with imap_server() as server:
        records = Records()
        async with reading(server.port, records, account=Account(USER, tokens=given("good"))) as mailbox:
            await records.until(lambda: len(records.pauses) == 1)
            assert "offers no XOAUTH2" in (mailbox.health.error or "")


@pytest.mark.needs_server("dovecot")
async def test_dovecot_asks_the_provider_whose_a_token_is() -> None:
    async with token_endpoint() as endpoint:
        with running_dovecot(introspection=endpoint.url.replace("/token", "/introspect")) as dovecot:
            await asyncio.to_thread(dovecot.put, a_mail(b"by token"))
            good, bad = Records(), Records()
            account = Account(USER, tokens=tokens_of(endpoint, refresh_token=lambda: "refresh-1"))
            async with reading(dovecot.port, good, account=account, timings=None):
                await good.until_uids(1)
            async with reading(dovecot.port, bad, account=Account(USER, tokens=given("forged")), timings=None) as box:
                await bad.until(lambda: len(bad.pauses) == 1)
                assert (box.health.trouble and box.health.trouble.code) == "login"
            assert bad.pauses == [300]


async def _line(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readline()
    except ConnectionError:
        return b""


class TokenSmtp:
    """An SMTP server that lets in who shows one of `good`, and takes every mail."""

    def __init__(self, good: Callable[[], set[str]]) -> None:
        self.good = good
        self.mails = 0
        self.running: list[asyncio.Task[None]] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.running.append(asyncio.ensure_future(self._converse(reader, writer)))

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers = {b"EHLO": b"250-fake\r\n250 AUTH XOAUTH2", b"DATA": b"354 go on", b".": b"250 2.0.0 taken"}
        writer.write(b"220 fake\r\n")
        while line := await _line(reader):
            verb, *words = line.split()
            answer = self._let_in(words[1]) if verb == b"AUTH" else answers.get(verb, b"250 OK")
            if answer[:3] == b"334":
                writer.write(answer + b"\r\n")
                assert await reader.readline() == b"\r\n", "what tells of a refusal gets an empty answer"
                answer = b"535 5.7.8 Not you"
            writer.write(answer + b"\r\n")
            if verb == b"DATA":
                await reader.readuntil(b"\r\n.\r\n")
                self.mails += 1
                writer.write(b"250 2.0.0 taken\r\n")
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    def _let_in(self, said: bytes) -> bytes:
        good = {f"user={USER}\1auth=Bearer {token}\1\1" for token in self.good()}
        return b"235 2.7.0 Come in" if b64decode(said).decode() in good else b"334 eyJzdGF0dXMiOiI0MDEifQ=="


async def sent_with(tokens: FetchedTokens, smtp: TokenSmtp) -> list[tuple[Outcome, str]]:
    server = await asyncio.start_server(smtp.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    sender = SmtpSender(host="127.0.0.1", port=port, username=USER, tokens=tokens, tls="none")
    results = [
        await sender.send(b"Subject: x\r\n\r\nx\r\n", Envelope(sender="", recipient="anna@customer.example"))
        for _ in range(2)
    ]
    await sender.close()
    server.close()
    await asyncio.gather(*smtp.running)
    await server.wait_closed()
    return [(result.outcome, result.reason) for result in results]


async def test_mail_goes_out_with_a_token_and_a_refused_one_is_fetched_anew() -> None:
    async with token_endpoint() as endpoint:
        smtp = TokenSmtp(lambda: endpoint.tokens - {"token-1"})
        first, second = await sent_with(tokens_of(endpoint), smtp)
        assert (first[0], "Not you" in first[1]) == (Outcome.DEFERRED, True)
        assert (second[0], smtp.mails) == (Outcome.SENT, 1)


async def test_mail_waits_while_the_provider_gives_no_token() -> None:
    async with token_endpoint() as endpoint:
        smtp = TokenSmtp(lambda: endpoint.tokens)
        results = await sent_with(tokens_of(endpoint, refresh_token=lambda: "withdrawn"), smtp)
        assert [outcome for outcome, _ in results] == [Outcome.DEFERRED] * 2
        assert "invalid_grant" in results[0][1]
