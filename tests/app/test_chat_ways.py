"""What a customer who waits in the chat is offered instead, over a real socket and the real writer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestServer

from app.bookings import link_of
from app.chat_ways import ChatWays
from app.conversations import ChatConversations
from app.intake import Intake
from app.reply_limits import ReplyLimits
from app.wishes import Wishes
from autoresponders.templates import shipped_wordings
from channels.chat.tokens import visitor_of
from channels.message import Address, InboundMessage
from customers.blocking import blocked
from customers.evidence import IDENTIFIED
from queues.interaction import Interaction
from queues.overflow import Do, Overflow, When
from router.commands import AcceptOffer, Close
from tests.app.test_engine import Running
from tests.builders import policy, queue
from tests.channels.chat.live import KEYS, Tab, endpoint_of, serving
from tests.web.world import unknown
from vocabulary.instants import HOUR, MINUTE, instant_of
from vocabulary.records import Put
from web.limits import Window

LANGUAGES = ("en", "pl", "lt", "hu", "ru")
NOBODY = When(unstaffed=True)
BOTH = (Overflow(when=NOBODY, do=Do(callback=True)), Overflow(when=NOBODY, do=Do(message=True)))
PHONE = "512 345 678"


class Shop:
    """A site with a chat, in which nobody works."""

    def __init__(self, running: Running, server: TestServer, intake: Intake) -> None:
        self.running = running
        self.server = server
        self.intake = intake

    @property
    def interactions(self) -> dict[str, Interaction]:
        return self.running.engine.state.interactions

    @asynccontextmanager
    async def waiting(self, text: str = "Hello", **hello: Any) -> AsyncIterator[Tab]:
        """A customer who has said something and is told what he may do instead of waiting."""
        tab = Tab()
        async with tab.on(self.server, **hello):
            await tab.say("m1", text)
            if not any(frame.get("ways") for frame in tab.frames):
                await tab.until(lambda frame: bool(frame.get("ways")))
            yield tab

    def of(self, tab: Tab) -> Interaction:
        assert tab.conversation is not None
        return self.interactions[tab.conversation]


@asynccontextmanager
async def shop_of(folder: Path, **values: Any) -> AsyncIterator[Shop]:
    running = Running(folder / "centrala.db")
    support = queue(**{"overflow": BOTH, "message_channel": "mail", "callback_places": 1, **values})
    await running.start(policy(support))
    engine, store = running.engine, running.store
    keys = (b"k" * 32,)
    intake = Intake(engine=engine, store=store, classify=unknown, keys=keys, domain="demo.example")
    ways = ChatWays(
        engine=engine,
        store=store,
        wordings=shipped_wordings(LANGUAGES),
        region="PL",
        by_phone=Window(3, HOUR),
        link_of=lambda id: link_of("https://example.org", {"1": keys[0]}, id),
        limits=ReplyLimits(keys[0]),
    )
    conversations = ChatConversations(engine=engine, store=store, intake=intake, ways=ways, company="Acme")
    news = asyncio.create_task(conversations.run())
    try:
        async with serving(endpoint_of(conversations, languages=LANGUAGES, clock=engine.clock)) as server:
            yield Shop(running, server, intake)
    finally:
        news.cancel()
        await asyncio.gather(news, return_exceptions=True)
        await running.stop()


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    async with shop_of(tmp_path) as shop:
        yield shop


def offered(tab: Tab) -> dict[str, Any]:
    """Return what the customer was told that he may do."""
    ways: dict[str, Any] = next(frame["ways"] for frame in tab.frames if frame.get("ways"))
    return ways


async def answer(tab: Tab, kind: str) -> dict[str, Any]:
    return await tab.until(lambda frame: frame["type"] == kind)


async def error(tab: Tab, client_id: str) -> str:
    frame = await tab.until(lambda frame: frame["type"] == "error" and frame.get("client_id") == client_id)
    code: str = frame["code"]
    return code


async def slots(tab: Tab, **values: Any) -> dict[str, Any]:
    await tab.send("slots", **values)
    return await answer(tab, "slots")


# -- what is offered


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "we can ring you back"),
        ("pl", "możemy oddzwonić"),
        ("lt", "galime jums paskambinti"),
        ("hu", "visszahívjuk"),
        ("ru", "можем вам перезвонить"),
    ],
)
async def test_what_overflow_offers_is_told_in_the_customers_language(shop: Shop, language: str, words: str) -> None:
    async with shop.waiting(language=language) as tab:
        ways = offered(tab)
    assert (ways["callback"], ways["message"], ways["language"]) == (True, True, language)
    assert words in ways["text"]
    assert ways["phone_example"].startswith("+")


async def test_what_is_offered_is_there_again_after_a_reload_and_gone_once_an_agent_comes(shop: Shop) -> None:
    async with shop.waiting() as tab:
        told = offered(tab)
    async with tab.on(shop.server):
        assert tab.frames[-1]["ways"] == told
        await shop.running.staff()
        await shop.running.engine.submit(AcceptOffer(f"{tab.conversation}.1", "a"))
        await answer(tab, "joined")
        await tab.send("callback", client_id="c1", phone=PHONE)
        assert await error(tab, "c1") == "not_waiting"
    async with tab.on(shop.server):
        assert "ways" not in tab.frames[-1]


async def test_what_is_not_offered_is_refused(tmp_path: Path) -> None:
    async with shop_of(tmp_path, overflow=BOTH[:1]) as shop, shop.waiting() as tab:
        assert "message" not in offered(tab)
        await tab.send("leave_message", client_id="c1", email="ola@example.org")
        assert await error(tab, "c1") == "not_offered"


async def test_before_anything_was_said_there_is_nothing_to_choose(shop: Shop) -> None:
    tab = Tab()
    async with tab.on(shop.server):
        await tab.send("callback", client_id="c1", phone=PHONE)
        assert await error(tab, "c1") == "not_waiting"


# -- a callback


async def test_a_callback_now_keeps_the_place_and_is_shown_again_after_a_reload(shop: Shop) -> None:
    async with shop.waiting() as tab:
        arrived_at = shop.of(tab).arrived_at
        await tab.send("callback", client_id="c1", phone=PHONE, time_zone="Europe/Warsaw")
        assert (await answer(tab, "ended"))["reason"] == "callback"
        taken = (await answer(tab, "taken"))["taken"]
    assert (taken["way"], taken["to"], "starts_at" in taken) == ("callback", "+48512345678", False)
    assert taken["link"].startswith("https://example.org/booking/")
    held = shop.of(tab)
    assert (held.medium, held.state, held.arrived_at) == ("callback", "waiting", arrived_at)
    # What the bot confirms may stand behind it by now.
    said = (await shop.running.store.messages(held.id))[0]
    kept = {name: value for name, value in said.attributes.items() if name != IDENTIFIED}
    assert kept == {"phone": "+48512345678", "time_zone": "Europe/Warsaw"}
    # What a visitor types is no identity: it would give him the conversations of whoever has that number.
    assert [each.kind for each in await shop.running.store.identities(held.customer)] == ["visitor"]
    async with tab.on(shop.server):
        # News of the conversation may stand behind the welcome by now.
        assert [frame for frame in tab.frames if frame["type"] == "welcome"][-1]["taken"] == taken


async def test_a_wish_that_is_repeated_is_one_callback(shop: Shop) -> None:
    async with shop.waiting() as tab:
        for _ in range(2):
            await tab.send("callback", client_id="c1", phone=PHONE)
        await answer(tab, "taken")
        await tab.send("ping")
        await answer(tab, "pong")
        assert not [frame for frame in tab.frames if frame["type"] == "error"]
    assert len(shop.interactions) == 1


async def test_a_time_is_chosen_and_is_taken_for_others(shop: Shop) -> None:
    async with shop.waiting() as tab:
        free = await slots(tab)
        assert free["length_s"] == 1800
        second = free["items"][1]
        await tab.send("callback", client_id="c1", phone=PHONE, slot=second)
        taken = (await answer(tab, "taken"))["taken"]
        assert (taken["starts_at"], instant_of(taken["ends_at"])) == (second, instant_of(second) + 30 * MINUTE)
        assert taken["calendar"] == f"{taken['link']}/callback.ics"
    async with shop.waiting() as other:
        assert second not in (await slots(other))["items"]
        await other.send("callback", client_id="c1", phone=PHONE, slot=second)
        assert await error(other, "c1") == "slot_full"
        assert shop.of(other).medium == "chat"


async def test_later_times_are_asked_for(shop: Shop) -> None:
    async with shop.waiting() as tab:
        free = await slots(tab)
        assert (len(free["items"]), free["more"]) == (400, True)
        later = await slots(tab, after=free["items"][-1])
        assert instant_of(later["items"][0]) == instant_of(free["items"][-1]) + 30 * MINUTE


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"phone": ""}, "phone.empty"),
        ({"phone": "12"}, "phone.too_short"),
        ({"phone": "112"}, "phone.emergency"),
        ({"slot": "soon"}, "bad_frame"),
        ({"slot": "2020-01-01T00:00:00Z"}, "slot_over"),
        ({"slot": "2099-01-01T00:00:00Z"}, "slot_too_far"),
    ],
)
async def test_what_cannot_be_done_says_why_and_the_chat_waits_on(
    shop: Shop, values: dict[str, Any], code: str
) -> None:
    async with shop.waiting() as tab:
        await tab.send("callback", **{"client_id": "c1", "phone": PHONE, **values})
        assert await error(tab, "c1") == code
        assert (shop.of(tab).medium, shop.of(tab).state) == ("chat", "waiting")


async def test_one_number_is_asked_for_three_times_an_hour(shop: Shop) -> None:
    for number in range(4):
        async with shop.waiting() as tab:
            await tab.send("callback", client_id=f"c{number}", phone=PHONE)
            if number < 3:
                await answer(tab, "taken")
            else:
                assert await error(tab, "c3") == "phone.too_often"


async def test_what_is_said_after_it_begins_a_new_conversation(shop: Shop) -> None:
    async with shop.waiting() as tab:
        called = tab.conversation
        await tab.send("callback", client_id="c1", phone=PHONE)
        await answer(tab, "taken")
        await tab.say("m2", "Another question")
        assert tab.conversation != called
        assert shop.of(tab).medium == "chat"


async def test_a_callback_that_is_over_is_over_on_the_page(shop: Shop) -> None:
    async with shop.waiting() as tab:
        await tab.send("callback", client_id="c1", phone=PHONE)
        await answer(tab, "taken")
        assert tab.conversation is not None
        await shop.running.engine.submit(Close(tab.conversation, "solved", "vera"))
        ended = await tab.until(lambda frame: frame["type"] == "ended" and frame["reason"] == "solved")
        assert ended["reason"] == "solved"
    async with tab.on(shop.server):
        assert "taken" not in tab.frames[-1]


async def test_callbacks_of_the_same_person_that_did_not_begin_here_are_not_shown(shop: Shop) -> None:
    async with shop.waiting() as tab:
        chat = shop.of(tab)
    asked = InboundMessage(
        channel="form",
        medium="callback",
        external_id="x1",
        received_at=shop.running.engine.clock.now(),
        text="A secret",
        reply_text="A secret",
        sender=Address("Ola", ""),
        phone="+48512345678",
    )
    await shop.intake.receive(asked, wishes=Wishes(customer=chat.customer))
    async with tab.on(shop.server):
        assert tab.frames[-1]["conversation"]["id"] == chat.id


# -- a message


async def test_a_message_goes_on_as_mail_from_the_address_that_he_gave(shop: Shop) -> None:
    async with shop.waiting() as tab:
        await tab.send("leave_message", client_id="c1", email=" ola@example.org ", text="It is about order 7")
        taken = (await answer(tab, "taken"))["taken"]
        assert taken == {"way": "message", "to": "ola@example.org"}
    held = shop.of(tab)
    assert (held.medium, held.channel, held.state) == ("email", "mail", "waiting")
    said = [(row.text, row.sender_address) for row in await shop.running.store.messages(held.id)]
    assert said == [("Hello", ""), ("It is about order 7", "ola@example.org")]
    async with tab.on(shop.server):
        assert tab.frames[-1]["taken"] == taken


async def test_who_adds_nothing_is_answered_to_what_he_said(shop: Shop) -> None:
    async with shop.waiting() as tab:
        await tab.send("leave_message", client_id="c1", email="ola@example.org")
        await answer(tab, "taken")
    (said,) = await shop.running.store.messages(shop.of(tab).id)
    assert (said.text, said.sender_address) == ("Hello", "ola@example.org")


@pytest.mark.parametrize("email", ["", "ola", "@", "ola@", "a b@example.org", "ola@example", "ola@example.org,x@y.pl"])
async def test_what_is_no_address_is_refused(shop: Shop, email: str) -> None:
    async with shop.waiting() as tab:
        await tab.send("leave_message", client_id="c1", email=email)
        assert await error(tab, "c1") == "bad_email"


async def test_mails_that_follow_are_not_read_out_in_the_chat(shop: Shop) -> None:
    async with shop.waiting() as tab:
        await tab.send("leave_message", client_id="c1", email="ola@example.org")
        await answer(tab, "taken")
        mail = InboundMessage(
            channel="mail",
            medium="email",
            external_id="<1@example.org>",
            received_at=shop.running.engine.clock.now(),
            text="A mail",
            reply_text="A mail",
            sender=Address("Ola", "ola@example.org"),
        )
        await shop.intake.receive(mail, continues=tab.conversation)
    fresh = Tab(tab.token)
    async with fresh.on(shop.server):
        await fresh.until_seen(1)
        await fresh.send("ping")
        await answer(fresh, "pong")
    assert [frame["text"] for frame in fresh.frames if frame["type"] == "message"] == ["Hello"]


# -- who is blocked


def is_refused(frame: dict[str, Any]) -> bool:
    return (frame["type"], frame.get("reason")) == ("ended", "blocked_sender")


async def test_who_is_blocked_is_told_so_and_reaches_nobody(shop: Shop) -> None:
    async with shop.waiting() as tab:
        assert tab.conversation is not None
        await shop.running.engine.submit(Close(tab.conversation, "spam", "vera"))
        await answer(tab, "ended")
        assert tab.token is not None
        visitor = visitor_of(tab.token, KEYS)
        customer = await shop.running.store.customer_by_identity("visitor", visitor or "")
        assert customer is not None
        mark = blocked(customer.attributes, 0, "vera")
        await shop.running.engine.write(Put(type(customer)(id=customer.id, created_at=0, attributes=mark)))
        await tab.say("m2", "Buy!")
        # He is told before his ack or behind it, as the news comes.
        if not any(is_refused(frame) for frame in tab.frames):
            await tab.until(is_refused)
        assert (shop.of(tab).state, shop.of(tab).disposition) == ("closed", "blocked_sender")
    assert {each.state for each in shop.interactions.values()} == {"closed"}
