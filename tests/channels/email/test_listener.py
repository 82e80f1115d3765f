"""Mail over real sockets is taken once it is durable, and refused in a way that its server understands."""

import asyncio
import smtplib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import msgspec
import pytest

from channels.email.listener import Delivery, ListenerLimits, MailListener
from channels.email.smtp import Envelope, Outcome, SmtpSender
from vocabulary.errors import PermanentFailure, TemporaryFailure

RAW = b"Subject: x\r\n\r\nhello\r\n.dot\r\n"
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


async def test_too_many_recipients_connections_and_mails_are_put_off() -> None:
    limits = ListenerLimits(recipients=1, connections_per_peer=2, mails_per_peer_minute=1)
    mailroom = Mailroom()
    async with listening(mailroom, limits=limits) as listener:
        async with dialogue(listener) as first, dialogue(listener) as second, dialogue(listener) as third:
            await first.begin("support@desk.example.org")
            assert (await second.hear()).startswith("220")
            assert (await third.hear()).startswith("421")
            assert (await first.say(b"x\r\n.")).startswith("250")
            await second.say(b"EHLO peer")
            await second.say(b"MAIL FROM:<anna@customer.example>")
            await second.say(b"RCPT TO:<support@desk.example.org>")
            assert (await second.say(b"RCPT TO:<sales@desk.example.org>")).startswith("452")
            await second.say(b"DATA")
            assert (await second.say(b"x\r\n.")).startswith("451")
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
