"""Promise 8: a page that comes back gets each message that it missed exactly once, in the one order there is."""

import asyncio

import pytest

from channels.chat.tokens import new_visitor, token_of
from tests.channels.chat.house import Draws, House, Talk
from tests.channels.chat.live import KEYS, Tab, endpoint_of, serving

VISITOR = new_visitor(b"0123456789abcdef")
TOKEN = token_of(VISITOR, KEYS)
LAST = "the last word"


async def talk_on(house: House, talk: Talk, draws: Draws, messages: int) -> None:
    """Speak, with notes between that the customer must not see; pauses are of any length."""
    for number in range(messages):
        await draws.turns(30)
        if draws.below(5) == 0:
            house.note(talk)
        house.speak(talk, f"text {number}")
    house.speak(talk, LAST)


def acked(tab: Tab) -> set[str]:
    return {frame["client_id"] for frame in tab.frames if frame["type"] == "ack"}


def all_of(talk: Talk) -> list[tuple[str, int]]:
    return [(talk.id, message.seq) for message in talk.messages]


@pytest.mark.parametrize("seed", range(25))
async def test_a_page_that_reloads_while_messages_arrive_gets_each_once(seed: int) -> None:
    draws = Draws(seed)
    # In every fourth house, followers are so slow that they lag.
    house = House(draws=draws, inbox_max=2 if seed % 4 == 0 else 10_000)
    talk = house.begin(VISITOR)
    async with serving(endpoint_of(house)) as server, asyncio.TaskGroup() as tasks:
        tasks.create_task(talk_on(house, talk, draws, 40))
        tab = Tab(TOKEN)
        while not talk.messages or talk.messages[-1].text != LAST or tab.after < talk.seq:
            async with tab.on(server):
                patience = draws.below(12)
                while patience and not (talk.messages and talk.messages[-1].text == LAST and tab.after == talk.seq):
                    patience -= 1
                    await tab.frame()
    assert tab.seen == all_of(talk)


@pytest.mark.parametrize("seed", range(15))
async def test_two_tabs_that_talk_at_once_see_one_order(seed: int) -> None:
    draws = Draws(1_000 + seed)
    house = House(draws=draws)
    talk = house.begin(VISITOR)

    async def chat(tab: Tab, name: str) -> None:
        for number in range(10):
            await tab.say(f"{name}-{number}")

    async with serving(endpoint_of(house)) as server, Tab(TOKEN).on(server) as one, Tab(TOKEN).on(server) as two:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(chat(one, "one"))
            tasks.create_task(chat(two, "two"))
            tasks.create_task(talk_on(house, talk, draws, 10))
        for tab in (one, two):
            await tab.until_seen(talk.seq)
            assert tab.seen == all_of(talk)
            acks = [frame["client_id"] for frame in tab.frames if frame["type"] == "ack"]
            assert len(acks) == len(set(acks)) == 10
    assert sorted(message.client_id for message in talk.messages if message.client_id) == sorted(
        f"{name}-{number}" for name in ("one", "two") for number in range(10)
    )


@pytest.mark.parametrize("seed", range(10))
async def test_what_was_not_acked_before_a_restart_is_said_again_and_stands_once(seed: int) -> None:
    draws = Draws(2_000 + seed)
    house = House(draws=draws)
    tab, unsent = Tab(TOKEN), [f"m{number}" for number in range(12)]
    while unsent:
        # Each round is another server process before the same disk.
        async with serving(endpoint_of(house)) as server, tab.on(server):
            for client_id in unsent:
                await tab.send("message", client_id=client_id, text=client_id)
            patience = 1 + draws.below(8)
            while patience and not acked(tab).issuperset(unsent):
                patience -= 1
                await tab.frame()
        unsent = [client_id for client_id in unsent if client_id not in acked(tab)]
    talk = house.talk(VISITOR)
    async with serving(endpoint_of(house)) as server, tab.on(server):
        await tab.until_seen(talk.seq)
    assert [message.client_id for message in talk.messages] == [f"m{number}" for number in range(12)]
    assert tab.seen == all_of(talk)


async def test_a_history_longer_than_the_queue_is_sent_whole() -> None:
    house = House()
    talk = house.begin(VISITOR)
    for number in range(1_000):
        house.speak(talk, f"text {number} " + "x" * 4_000)
    async with serving(endpoint_of(house)) as server, Tab(TOKEN).on(server) as tab:
        await tab.until_seen(1_000)
    assert tab.seen == all_of(talk)


async def test_a_page_whose_news_lagged_is_repaired_without_coming_back() -> None:
    house = House(inbox_max=2)
    talk = house.begin(VISITOR)
    async with serving(endpoint_of(house)) as server, Tab(TOKEN).on(server) as tab:
        for number in range(10):
            house.speak(talk, f"text {number}")
        await tab.until_seen(10)
        house.speak(talk, LAST)
        await tab.until_seen(11)
    assert tab.seen == all_of(talk)
