"""What pages and API do through the site."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest

from app.leases import Leases
from app.queue_settings import QueueSettings
from app.replies import Replies
from app.site import RunningSite
from router.commands import AcceptOffer
from tests.app.test_engine import Running
from tests.builders import admit
from web.site import Written

NOBODY: Any = cast(Any, None)


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    running = Running(tmp_path / "centrala.db")
    await running.start()
    yield running
    await running.stop()


async def test_a_reply_that_its_author_sends_again_is_added_once(running: Running) -> None:
    """He was told to try again when nobody knew whether it was written: it was."""
    engine, store = running.engine, running.store
    site = RunningSite(
        name="Test",
        engine=engine,
        store=store,
        intake=NOBODY,
        leases=Leases(engine),
        queues=QueueSettings(engine, store),
        mail_intake=NOBODY,
        eraser=NOBODY,
        replies=Replies(engine=engine, store=store, outgoing=NOBODY, domain="demo.example"),
        learning=NOBODY,
    )
    await running.staff()
    await engine.submit(admit("i-1"))
    (offer,) = engine.state.offers
    await engine.submit(AcceptOffer(offer, "a"))
    first, id = await site.reply("i-1", "a", Written(text="Hello"), id="m-7")
    assert [type(event).__name__ for event in first.events] == ["MessageAdded"]
    again, same = await site.reply("i-1", "a", Written(text="Hello"), id="m-7")
    assert (again.events, again.refusal, same) == ((), None, id)
    assert engine.state.interactions["i-1"].messages == 2
