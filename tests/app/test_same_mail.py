"""One mail in several mailboxes, and several mails under one id (I-3)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from app.intake import Intake
from app.mail_intake import MailIntake
from app.mail_threads import REUSED_ID
from app.sender_checks import SenderChecks
from channels.email.listener import Delivery
from queues.policy import ChannelPolicy
from tests.app.test_engine import Running
from tests.builders import policy
from tests.web.world import unknown
from vocabulary.records import InteractionRow, MessageRow

SUPPORT, SALES = "support@example.org", "sales@example.org"
BOXES = {SUPPORT: "mail", SALES: "sales"}


class Post:
    """Two mailboxes of one site."""

    def __init__(self, running: Running, intake: MailIntake) -> None:
        self.running = running
        self.intake = intake

    async def delivers(self, raw: bytes, *recipients: str) -> None:
        await self.intake.delivered(Delivery("ola@example.net", recipients, raw))

    async def interactions(self, count: int) -> list[InteractionRow]:
        """Return what is there, once nothing waits to be understood."""
        work = asyncio.create_task(self.intake.run())
        async with asyncio.timeout(20):
            while (await self.running.store.received_counts()).get("received"):
                pass
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        found = list(await self.running.store.interactions(limit=50))
        assert len(found) == count
        return found

    async def messages(self, interaction: InteractionRow) -> list[MessageRow]:
        return list(await self.running.store.messages(interaction.id))


@asynccontextmanager
async def post_of(folder: Path, *, once: bool) -> AsyncIterator[Post]:
    running = Running(folder / "centrala.db")
    house = policy()
    for name in ("mail", "sales"):
        house.channels[name] = ChannelPolicy(name=name, medium="email")
    await running.start(house)
    keys = (b"k" * 32,)
    intake = Intake(
        engine=running.engine,
        store=running.store,
        classify=unknown,
        keys=keys,
        domain="example.org",
        same_mail_once=once,
    )
    mail_intake = MailIntake(
        engine=running.engine,
        store=running.store,
        intake=intake,
        own_addresses=frozenset(BOXES),
        channel_of=BOXES.get,
        senders=SenderChecks({}),
        keys=keys,
        domain="example.org",
    )
    try:
        yield Post(running, mail_intake)
    finally:
        await running.stop()


@pytest.fixture
async def post(tmp_path: Path) -> AsyncIterator[Post]:
    async with post_of(tmp_path, once=True) as post:
        yield post


def mail(text: str, *, id: str = "<one@example.net>", sender: str = "ola@example.net", more: str = "") -> bytes:
    head = f"From: {sender}\r\nTo: {SUPPORT}, {SALES}\r\nSubject: Hi\r\nMessage-ID: {id}\r\n{more}"
    return f"{head}\r\n{text}\r\n".encode()


async def test_a_mail_to_two_mailboxes_is_one_interaction_that_names_the_other_one(post: Post) -> None:
    await post.delivers(mail("Hello"), SUPPORT, SALES)
    (only,) = await post.interactions(1)
    (message,) = await post.messages(only)
    assert (message.channel, message.attributes["also_in"]) == ("mail", ["sales"])
    assert await post.running.store.received_counts() == {"admitted": 2}


async def test_it_is_one_too_where_servers_changed_it_on_the_way_and_it_comes_later_and_again(post: Post) -> None:
    await post.delivers(b"Received: by one\r\n" + mail("Hello"), SUPPORT)
    await post.interactions(1)
    for _ in range(2):
        await post.delivers(b"Received: by two\r\nDelivered-To: x\r\n" + mail("Hello"), SALES)
        await post.delivers(b"Received: by two\r\n" + mail("Hello"), SUPPORT)
    (only,) = await post.interactions(1)
    (message,) = await post.messages(only)
    assert message.attributes["also_in"] == ["sales"]


async def test_it_is_one_in_each_mailbox_where_the_site_wants_that(tmp_path: Path) -> None:
    async with post_of(tmp_path, once=False) as post:
        await post.delivers(mail("Hello"), SUPPORT, SALES)
        both = await post.interactions(2)
        assert {each.channel for each in both} == {"mail", "sales"}
        attributes = [message.attributes for each in both for message in await post.messages(each)]
        assert [each.get("also_in") for each in attributes] == [None, None]


async def test_another_mail_under_the_same_id_is_another_interaction_and_says_so(post: Post) -> None:
    await post.delivers(mail("Hello"), SUPPORT)
    await post.interactions(1)
    await post.delivers(mail("Hello, but not so"), SALES)
    found = await post.interactions(2)
    defects = [message.attributes.get("defects", []) for each in found for message in await post.messages(each)]
    assert sorted(REUSED_ID in each for each in defects) == [False, True]


async def test_an_answer_finds_its_senders_own_mail_whoever_else_took_its_id(post: Post) -> None:
    await post.delivers(mail("Hello"), SUPPORT)
    (first,) = await post.interactions(1)
    await post.delivers(mail("I was here first", sender="eve@example.com"), SUPPORT)
    await post.interactions(2)
    more = "In-Reply-To: <one@example.net>\r\n"
    await post.delivers(mail("One thing more", id="<two@example.net>", more=more), SUPPORT)
    await post.interactions(2)
    assert [message.text for message in await post.messages(first)] == ["Hello", "One thing more"]
