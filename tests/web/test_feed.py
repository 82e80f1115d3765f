"""What readers of the feed may rely on, whatever goes wrong."""

import asyncio

import pytest

from router.events import AgentConnected
from tests.web.world import START, World
from vocabulary.errors import Lagged
from web.context import CONTEXT
from web.feed import ALL, FeedEnded, Inbox, agent_key
from web.site import Logged


def logged(seq: int) -> Logged:
    return Logged(seq, AgentConnected(at=START, agent="anna"))


async def test_events_arrive_in_order() -> None:
    inbox = Inbox()
    for seq in (1, 2, 3):
        inbox.put(logged(seq))
    assert [(await inbox.next()).seq for _ in range(3)] == [1, 2, 3]


async def test_reader_who_lags_is_told_once_and_hears_all_that_follows() -> None:
    inbox = Inbox()
    for seq in range(1, 1002):
        inbox.put(logged(seq))
    with pytest.raises(Lagged):
        await inbox.next()
    inbox.put(logged(1002))
    assert (await inbox.next()).seq == 1002


async def test_nothing_is_kept_between_the_loss_and_its_notice() -> None:
    inbox = Inbox()
    inbox.lose()
    inbox.put(logged(1))
    with pytest.raises(Lagged):
        await inbox.next()
    inbox.put(logged(2))
    assert (await inbox.next()).seq == 2


async def test_end_is_heard_before_what_still_waits() -> None:
    inbox = Inbox()
    inbox.put(logged(1))
    inbox.end()
    for _ in range(2):
        with pytest.raises(FeedEnded):
            await inbox.next()


async def test_event_that_was_not_taken_in_time_is_still_there() -> None:
    inbox = Inbox()
    waiting = asyncio.create_task(inbox.next())
    await asyncio.wait([waiting], timeout=0)
    inbox.put(logged(1))
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert (await inbox.next()).seq == 1


async def test_reader_hears_what_concerns_him_and_nothing_else(there: World) -> None:
    feed = there.app[CONTEXT].feed
    with feed.follow(agent_key("anna")) as hers, feed.follow(ALL) as everything:
        await there.add_agent("bert")
        await there.add_agent("anna")
        assert (await hers.next()).seq == 2
        assert [(await everything.next()).seq for _ in range(2)] == [1, 2]
    assert not feed.is_followed(agent_key("anna"))
