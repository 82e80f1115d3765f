"""A real Postfix hands mail to the listener: it waits while we can't take it, and tells senders what we refuse."""

import asyncio
import smtplib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trustme

from channels.email.listener import Delivery, ListenerLimits, MailListener
from tests.servers.postfix import Postfix, running_postfix
from vocabulary.errors import TemporaryFailure

pytestmark = pytest.mark.needs_server("postfix")

OURS = ("support@desk.example.org", "sales@desk.example.org")


class Mailroom:
    """Takes mails, after so many failures of each recipient."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = dict.fromkeys(OURS, 0) | {OURS[1]: failures}
        self.taken: list[Delivery] = []
        self.changed = asyncio.Condition()

    async def __call__(self, delivery: Delivery) -> None:
        (recipient,) = delivery.recipients
        if self.failures[recipient]:
            self.failures[recipient] -= 1
            raise TemporaryFailure("the disk is full")
        async with self.changed:
            self.taken.append(delivery)
            self.changed.notify_all()

    async def until(self, count: int) -> list[Delivery]:
        async with asyncio.timeout(60), self.changed:
            await self.changed.wait_for(lambda: len(self.taken) >= count)
        return self.taken


@asynccontextmanager
async def relaying(
    mailroom: Mailroom, limits: ListenerLimits | None = None, tls_context: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[MailListener, Postfix]]:
    """Run a listener and a Postfix that hands mail for desk.example.org to it."""
    listener = MailListener(
        host="127.0.0.1",
        port=0,
        protocol="lmtp",
        deliver=mailroom,
        accepts=OURS.__contains__,
        limits=limits,
        tls_context=tls_context,
    )
    await listener.start()
    with running_postfix(transports={"desk.example.org": f"lmtp:inet:127.0.0.1:{listener.port}"}) as postfix:
        try:
            yield listener, postfix
        finally:
            await asyncio.to_thread(postfix.stop)
            await listener.stop()


def send(port: int, number: int, *recipients: str, sender: str = "anna@customer.example") -> None:
    mail = f"From: {sender}\r\nSubject: Number {number}\r\n\r\nHello\r\n.dot\r\n".encode()
    with smtplib.SMTP("127.0.0.1", port) as client:
        client.sendmail(sender, recipients or OURS[:1], mail)


async def test_each_recipient_gets_an_answer_of_his_own_and_nothing_comes_twice() -> None:
    mailroom = Mailroom(failures=2)
    async with relaying(mailroom) as (listener, postfix):
        await asyncio.to_thread(send, postfix.port, 1, *OURS)
        taken = await mailroom.until(2)
        assert sorted(delivery.recipients[0] for delivery in taken) == sorted(OURS)
        assert all(b"\r\nSubject: Number 1\r\n" in delivery.raw for delivery in taken)
        assert all(delivery.raw.endswith(b"Hello\r\n.dot\r\n") for delivery in taken)
        assert (listener.counts.taken, listener.counts.put_off) == (2, 2)


async def test_what_is_refused_is_told_to_the_sender() -> None:
    async with relaying(Mailroom()) as (listener, postfix):
        await asyncio.to_thread(send, postfix.port, 1, "nobody@desk.example.org")
        (report,) = await asyncio.to_thread(postfix.delivered, to="anna@customer.example")
        assert b"550 5.1.1 No such mailbox here" in report
        assert listener.counts.refused == 1


async def test_a_burst_within_the_limits_of_a_peer_comes_whole() -> None:
    mailroom = Mailroom()
    limits = ListenerLimits(connections_per_peer=2, mails_per_peer_minute=1_200)
    async with relaying(mailroom, limits) as (_, postfix):
        await asyncio.gather(*(asyncio.to_thread(send, postfix.port, number) for number in range(60)))
        taken = await mailroom.until(60)
        subjects = {delivery.raw.partition(b"Subject: Number ")[2].partition(b"\r\n")[0] for delivery in taken}
        assert (len(taken), len(subjects)) == (60, 60)


async def test_postfix_encrypts_where_there_is_a_certificate() -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("localhost").configure_cert(context)
    mailroom = Mailroom()
    async with relaying(mailroom, tls_context=context) as (_, postfix):
        config = postfix.folder / "etc/main.cf"
        config.write_text(
            config.read_text().replace("lmtp_tls_security_level = none", "lmtp_tls_security_level = encrypt")
        )
        await asyncio.to_thread(postfix.hand_over, "other.example", "discard:")
        await asyncio.to_thread(send, postfix.port, 1)
        await mailroom.until(1)
