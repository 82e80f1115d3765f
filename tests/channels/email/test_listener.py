"""Mail over real sockets is taken once it is durable, and refused in a way that its server understands."""

import asyncio
import smtplib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import msgspec
import pytest
import trustme

from channels.email.listener import Delivery, ListenerCounts, ListenerLimits, MailListener
from channels.email.smtp import Envelope, Outcome, SmtpSender
from vocabulary.errors import PermanentFailure, TemporaryFailure

RAW = b"Subject: x\r\n\r\nhello\r\n.dot\r\n"
PEER = ("127.0.0.1", "peer")
OURS = {"support@desk.example.org", "sales@desk.example.org"}


@asynccontextmanager
async def listening(
    deliver: Callable[[Delivery], Awaitable[None]], protocol: str = "smtp", **changes: object
) -> AsyncIterator[MailListener]:
    settings: dict[str, object] = {"host": "127.0.0.1", "port": 0, "accepts": OURS.__contains__, **changes}
    # What a test changes is its own to type.
    listener = MailListener(protocol=protocol, deliver=deliver, **settings)  # type: ignore[arg-type]
    await listener.start()
    try:
        yield listener
    finally:
        await listener.stop()


class Dialogue:
    """A peer that says one line after another."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def say(self, line: bytes) -> str:
        self.writer.write(line + b"\r\n")
        return await self.hear()

    async def hear(self) -> str:
        while True:
            line = (await self.reader.readline()).decode()
            if line[3:4] != "-":
                return line.strip()

    async def begin(self, *recipients: str, hello: bytes = b"EHLO peer") -> None:
        assert (await self.hear()).startswith("220")
        assert (await self.say(hello)).startswith("250")
        assert (await self.say(b"MAIL FROM:<anna@customer.example>")).startswith("250")
        for recipient in recipients:
            assert (await self.say(f"RCPT TO:<{recipient}>".encode())).startswith("250")
        assert (await self.say(b"DATA")).startswith("354")


@asynccontextmanager
async def dialogue(listener: MailListener) -> AsyncIterator[Dialogue]:
    reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
    try:
        yield Dialogue(reader, writer)
    finally:
        writer.close()


class Mailroom:
    """Takes mails, or fails as it is told for a recipient."""

    def __init__(self, faults: dict[str, Exception] | None = None) -> None:
        self.faults = faults or {}
        self.taken: list[Delivery] = []

    async def __call__(self, delivery: Delivery) -> None:
        for recipient in delivery.recipients:
            if recipient in self.faults:
                raise self.faults[recipient]
        self.taken.append(delivery)


def by_peer(taken: Delivery) -> Delivery:
    """Return what was taken, without who handed it over, once that is this machine and it greeted."""
    assert taken.peer == "127.0.0.1"
    assert taken.greeting
    return msgspec.structs.replace(taken, peer="", greeting="")


async def test_mail_arrives_byte_for_byte() -> None:
    mailroom = Mailroom()
    async with listening(mailroom) as listener:
        sender = SmtpSender(host="127.0.0.1", port=listener.port, tls="none")
        results = [
            await sender.send(RAW, Envelope(sender=envelope, recipient="support@desk.example.org"))
            for envelope in ("anna@customer.example", "")
        ]
        await sender.close()
    assert [result.outcome for result in results] == [Outcome.SENT] * 2
    assert [by_peer(taken) for taken in mailroom.taken] == [
        Delivery("anna@customer.example", ("support@desk.example.org",), RAW),
        Delivery("", ("support@desk.example.org",), RAW),
    ]


async def test_the_standard_library_is_understood() -> None:
    mailroom = Mailroom()

    def send(port: int) -> dict[str, tuple[int, bytes]]:
        with smtplib.SMTP("127.0.0.1", port) as client:
            return client.sendmail("anna@customer.example", [*sorted(OURS), "nobody@desk.example.org"], RAW)

    async with listening(mailroom) as listener:
        refused = await asyncio.to_thread(send, listener.port)
    assert {name: code for name, (code, _) in refused.items()} == {"nobody@desk.example.org": 550}
    assert [by_peer(taken) for taken in mailroom.taken] == [Delivery("anna@customer.example", tuple(sorted(OURS)), RAW)]


async def test_250_waits_for_the_delivery() -> None:
    began, durable = asyncio.Event(), asyncio.Event()

    async def deliver(delivery: Delivery) -> None:
        began.set()
        await durable.wait()

    async with listening(deliver) as listener, dialogue(listener) as peer:
        await peer.begin("support@desk.example.org")
        answer = asyncio.ensure_future(peer.say(b"x\r\n."))
        await began.wait()
        assert not answer.done()
        durable.set()
        assert (await answer).startswith("250")


@pytest.mark.parametrize(
    "fault, code",
    [
        (TemporaryFailure("disk full"), "451"),
        (PermanentFailure("no"), "554"),
        (OSError(28, "disk full"), "451"),
        (KeyError("x"), "451"),
    ],
)
async def test_failure_is_answered_by_its_kind(fault: Exception, code: str) -> None:
    mailroom = Mailroom({"support@desk.example.org": fault})
    async with listening(mailroom) as listener, dialogue(listener) as peer:
        await peer.begin("support@desk.example.org")
        answer = await peer.say(b"x\r\n.")
        assert answer.startswith(code)
        assert "disk full" not in answer
        assert (await peer.say(b"NOOP")).startswith("250")


async def test_delivery_that_takes_too_long_is_tried_again() -> None:
    async def deliver(delivery: Delivery) -> None:
        await asyncio.Event().wait()

    async with listening(deliver, limits=ListenerLimits(deliver_s=0.01)) as listener, dialogue(listener) as peer:
        await peer.begin("support@desk.example.org")
        assert (await peer.say(b"x\r\n.")).startswith("451")


async def test_lmtp_answers_for_each_recipient() -> None:
    mailroom = Mailroom({"sales@desk.example.org": TemporaryFailure("later")})
    async with listening(mailroom, protocol="lmtp") as listener, dialogue(listener) as peer:
        await peer.begin("support@desk.example.org", "sales@desk.example.org", hello=b"LHLO peer")
        assert (await peer.say(b"x\r\n.")).startswith("250")
        assert (await peer.hear()).startswith("451")
        assert (await peer.say(b"NOOP")).startswith("250")
    assert [delivery.recipients for delivery in mailroom.taken] == [("support@desk.example.org",)]


async def test_lmtp_refuses_a_large_mail_for_each_recipient() -> None:
    async with listening(Mailroom(), protocol="lmtp", size_max=1_000) as listener, dialogue(listener) as peer:
        await peer.begin("support@desk.example.org", "sales@desk.example.org", hello=b"LHLO peer")
        assert (await peer.say(b"x\r\n" * 1_000 + b".")).startswith("552")
        assert (await peer.hear()).startswith("552")
        assert (await peer.say(b"NOOP")).startswith("250")


async def test_lmtp_knows_no_ehlo() -> None:
    async with listening(Mailroom(), protocol="lmtp") as listener, dialogue(listener) as peer:
        await peer.hear()
        assert (await peer.say(b"EHLO peer")).startswith("500")


@pytest.mark.parametrize("body", [b"a\nb", b"a\rb", b"a\n.\r\nMAIL FROM:<x@y.example>\r\n", b"a\r\n.\rb", b"\n.\nb"])
@pytest.mark.parametrize("protocol", ["smtp", "lmtp"])
async def test_bare_line_breaks_are_refused(body: bytes, protocol: str) -> None:
    mailroom = Mailroom()
    async with listening(mailroom, protocol=protocol) as listener, dialogue(listener) as peer:
        await peer.begin("support@desk.example.org", hello=b"LHLO peer" if protocol == "lmtp" else b"EHLO peer")
        assert (await peer.say(body + b"\r\n.")).startswith("554")
    assert mailroom.taken == []


async def test_long_lines_of_real_mail_are_taken() -> None:
    mailroom = Mailroom()
    async with listening(mailroom) as listener, dialogue(listener) as peer:
        await peer.begin("support@desk.example.org")
        assert (await peer.say(b"x" * 30_000 + b"\r\n.")).startswith("250")
    assert len(mailroom.taken[0].raw) == 30_002


async def test_size_is_refused_early_and_late() -> None:
    async with listening(Mailroom(), size_max=1_000) as listener:
        async with dialogue(listener) as peer:
            await peer.hear()
            await peer.say(b"EHLO peer")
            assert (await peer.say(b"MAIL FROM:<anna@customer.example> SIZE=2000")).startswith("552")
        async with dialogue(listener) as peer:
            await peer.begin("support@desk.example.org")
            assert (await peer.say(b"x\r\n" * 1_000 + b".")).startswith("552")
            assert (await peer.say(b"NOOP")).startswith("250")


async def test_peer_that_never_stops_is_cut() -> None:
    async with listening(Mailroom(), size_max=1_000) as listener, dialogue(listener) as peer:
        await peer.begin("support@desk.example.org")
        peer.writer.write(b"x" * 2_000_000)
        with suppress(ConnectionError):
            assert await peer.reader.read() == b""
        assert peer.reader.at_eof() or peer.reader.exception() is not None


@pytest.mark.parametrize(
    "address", ["", "nobody@desk.example.org", "support@desk.example.org>", '"(((" <x>', "(" * 400, "a b@c"]
)
async def test_address_that_is_not_ours_is_refused(address: str) -> None:
    mailroom = Mailroom()
    async with listening(mailroom) as listener, dialogue(listener) as peer:
        await peer.hear()
        await peer.say(b"EHLO peer")
        await peer.say(b"MAIL FROM:<>")
        assert (await peer.say(f"RCPT TO:<{address}>".encode()))[:1] == "5"


async def test_too_many_recipients_are_put_off() -> None:
    mailroom = Mailroom()
    limits = ListenerLimits(recipients=1)
    async with listening(mailroom, limits=limits) as listener, dialogue(listener) as peer:
        await peer.hear()
        await peer.say(b"EHLO peer")
        await peer.say(b"MAIL FROM:<anna@customer.example>")
        assert (await peer.say(b"RCPT TO:<support@desk.example.org>")).startswith("250")
        assert (await peer.say(b"RCPT TO:<sales@desk.example.org>")).startswith("452")
        await peer.say(b"DATA")
        assert (await peer.say(b"x\r\n.")).startswith("250")
    assert [delivery.recipients for delivery in mailroom.taken] == [("support@desk.example.org",)]


async def test_more_mail_at_once_than_there_is_room_for_is_put_off() -> None:
    mailroom = Mailroom()
    limits = ListenerLimits(bytes_at_once=100_000)
    async with listening(mailroom, limits=limits) as listener, dialogue(listener) as first, dialogue(listener) as other:
        await first.begin("support@desk.example.org")
        await other.hear()
        await other.say(b"EHLO peer")
        first.writer.write(b"x" * 50_000 + b"\r\n")
        while not (await other.say(b"MAIL FROM:<anna@customer.example>")).startswith("452 4.3.1"):
            assert (await other.say(b"RSET")).startswith("250")
        assert (await first.say(b".")).startswith("250")
        assert (await other.say(b"MAIL FROM:<anna@customer.example>")).startswith("250")
    assert len(mailroom.taken) == 1


async def test_what_became_of_the_mails_is_counted() -> None:
    mailroom = Mailroom()
    async with listening(mailroom, now=lambda: 7) as listener, dialogue(listener) as peer:
        await peer.begin("support@desk.example.org")
        await peer.say(b"x\r\n.")
        await peer.say(b"MAIL FROM:<anna@customer.example>")
        await peer.say(b"RCPT TO:<nobody@desk.example.org>")
        assert listener.counts == ListenerCounts(taken=1, refused=1, put_off=0, connections=1, taken_at=7)


async def test_a_peer_that_takes_too_long_over_a_mail_is_cut() -> None:
    limits = ListenerLimits(idle_s=0.05)
    async with listening(Mailroom(), limits=limits) as listener, dialogue(listener) as peer:
        await peer.begin("support@desk.example.org")
        with suppress(ConnectionError):
            while not peer.reader.at_eof():
                peer.writer.write(b"x\r\n")
                await peer.writer.drain()
                await asyncio.sleep(0)  # noqa: TID251 - the drip itself
        assert peer.reader.at_eof() or peer.reader.exception() is not None


async def test_commands_may_come_in_one_piece() -> None:
    mailroom = Mailroom()
    async with listening(mailroom) as listener, dialogue(listener) as peer:
        await peer.hear()
        peer.writer.write(
            b"EHLO peer\r\nMAIL FROM:<anna@customer.example>\r\nRCPT TO:<support@desk.example.org>\r\nDATA\r\n"
        )
        assert [(await peer.hear())[:3] for _ in range(4)] == ["250", "250", "250", "354"]
        peer.writer.write(b"x\r\n.\r\nMAIL FROM:<>\r\nRSET\r\nQUIT\r\n")
        assert [(await peer.hear())[:3] for _ in range(4)] == ["250", "250", "250", "221"]
    assert mailroom.taken == [Delivery("anna@customer.example", ("support@desk.example.org",), b"x\r\n", *PEER)]


async def test_letters_beyond_ascii_are_taken_in_addresses_and_bodies() -> None:
    mailroom = Mailroom()
    raw = "Subject: zażółć\r\n\r\nžąsis\r\n".encode()
    async with listening(mailroom) as listener, dialogue(listener) as peer:
        await peer.hear()
        offers = await offered(peer)
        assert {"8BITMIME", "SMTPUTF8", "PIPELINING", "SIZE 26214400"} <= offers
        assert not any(offer.startswith("AUTH") for offer in offers)
        sender = "MAIL FROM:<żółw@przykład.example> BODY=8BITMIME SMTPUTF8"
        assert (await peer.say(sender.encode())).startswith("250")
        assert (await peer.say(b"RCPT TO:<support@desk.example.org>")).startswith("250")
        await peer.say(b"DATA")
        assert (await peer.say(raw + b".")).startswith("250")
    assert mailroom.taken == [Delivery("żółw@przykład.example", ("support@desk.example.org",), raw, *PEER)]


async def offered(peer: Dialogue, hello: bytes = b"EHLO peer") -> set[str]:
    peer.writer.write(hello + b"\r\n")
    lines = [(await peer.reader.readline()).decode().strip()]
    while lines[-1][3] == "-":
        lines.append((await peer.reader.readline()).decode().strip())
    return {line[4:] for line in lines}


@pytest.mark.parametrize("question", [b"VRFY support@desk.example.org", b"VRFY <nobody@desk.example.org>", b"EXPN all"])
async def test_nobody_is_told_which_mailboxes_there_are(question: bytes) -> None:
    async with listening(Mailroom()) as listener, dialogue(listener) as peer:
        await peer.hear()
        await peer.say(b"EHLO peer")
        answer = await peer.say(question)
        assert answer[:3] in ("252", "502")
        assert answer[:3] == (await peer.say(question.replace(b"nobody", b"support")))[:3]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def certificate(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    return context


async def test_mail_comes_encrypted_where_there_is_a_certificate(
    authority: trustme.CA, certificate: ssl.SSLContext
) -> None:
    mailroom = Mailroom()
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    async with listening(mailroom, tls_context=certificate) as listener:
        sender = SmtpSender(host="localhost", port=listener.port, tls="starttls", tls_context=trusting)
        result = await sender.send(RAW, Envelope(sender="", recipient="support@desk.example.org"))
        await sender.close()
    assert result.outcome is Outcome.SENT
    assert mailroom.taken == [Delivery("", ("support@desk.example.org",), RAW, "127.0.0.1", "localhost")]


@pytest.mark.parametrize("protocol, hello", [("smtp", b"EHLO peer"), ("lmtp", b"LHLO peer")])
async def test_what_was_said_before_the_encryption_counts_for_nothing(
    authority: trustme.CA, certificate: ssl.SSLContext, protocol: str, hello: bytes
) -> None:
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    mailroom = Mailroom()
    async with (
        listening(mailroom, protocol=protocol, tls_context=certificate) as listener,
        dialogue(listener) as peer,
    ):
        await peer.hear()
        assert "STARTTLS" in await offered(peer, hello)
        assert (await peer.say(b"STARTTLS\r\nMAIL FROM:<evil@customer.example>")).startswith("220")
        await peer.writer.start_tls(trusting, server_hostname="localhost")
        assert (await peer.say(b"RCPT TO:<support@desk.example.org>")).startswith("503")
        offers = await offered(peer, hello)
        assert not any(offer.startswith(("STARTTLS", "AUTH")) for offer in offers)


async def test_too_many_connections_and_mails_are_put_off() -> None:
    limits = ListenerLimits(connections_per_peer=2, mails_per_peer_minute=1)
    mailroom = Mailroom()
    async with listening(mailroom, limits=limits) as listener:
        async with dialogue(listener) as first, dialogue(listener) as second, dialogue(listener) as third:
            await first.begin("support@desk.example.org")
            assert (await second.hear()).startswith("220")
            assert (await third.hear()).startswith("421")
            assert (await first.say(b"x\r\n.")).startswith("250")
            await second.say(b"EHLO peer")
            assert (await second.say(b"MAIL FROM:<anna@customer.example>")).startswith("452 4.7.1")
            assert (await second.say(b"RCPT TO:<support@desk.example.org>")).startswith("503")
            assert (await second.say(b"QUIT")).startswith("221")
            assert await second.reader.read() == b""
        async with dialogue(listener) as fourth:
            assert (await fourth.hear()).startswith("220")
    assert len(mailroom.taken) == 1


async def test_stop_lets_a_delivery_finish_and_ends_the_rest() -> None:
    began, durable = asyncio.Event(), asyncio.Event()

    async def deliver(delivery: Delivery) -> None:
        began.set()
        await durable.wait()

    async with listening(deliver) as listener, dialogue(listener) as busy, dialogue(listener) as idle:
        await idle.hear()
        await busy.begin("support@desk.example.org")
        answer = asyncio.ensure_future(busy.say(b"x\r\n."))
        await began.wait()
        stopping = asyncio.ensure_future(listener.stop())
        durable.set()
        await stopping
        assert (await answer).startswith("250")
        assert await idle.reader.read() == b""


async def test_fault_of_ours_says_nothing_about_us() -> None:
    mailroom = Mailroom({"support@desk.example.org": KeyError("secret")})
    async with listening(mailroom) as listener, dialogue(listener) as peer:
        await peer.begin("support@desk.example.org")
        assert "secret" not in await peer.say(b"x\r\n.")
