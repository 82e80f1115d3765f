"""Automatic replies that were stopped, on a supervisor's wallboard."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.acceptance.client import Sink
from tests.acceptance.mails import letter, send
from tests.acceptance.pages import Board
from tests.acceptance.site import SiteProcess
from tests.acceptance.windows import Windows

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.needs_server("chromium")]


@pytest_asyncio.fixture(loop_scope="session")
async def answering(tmp_path: Path, model: Path) -> AsyncIterator[SiteProcess]:
    """A site that stops at three automatic replies in an hour."""
    sink = Sink()
    await sink.listener.start()
    site = SiteProcess(tmp_path, sink_port=sink.listener.port, model=model)
    limited = site.config.read_text("utf-8").replace(
        "[site]\n", "[site]\nauto_replies_surge_min = 3\nauto_replies_surge_hours = 0\n"
    )
    site.config.write_text(limited, "utf-8")
    await site.start()
    yield site
    await site.kill()
    await sink.listener.stop()


async def test_a_supervisor_is_told_that_automatic_replies_are_stopped_and_lets_them_go_on(
    answering: SiteProcess, windows: Windows
) -> None:
    vera = await Board.at_work(windows, answering.base, "vera")
    alarm = vera.page.get_by_text("Far more automatic replies than usual went out")
    await expect(alarm).to_have_count(0)
    for number in range(4):
        await send(answering.mail_port, letter(f"c{number}@one-{number}.example", "Hello", "Where is my order?"))
    await expect(alarm).to_be_visible()
    await vera.page.get_by_role("button", name="Let them go out again").click()
    await expect(vera.page.get_by_text("Automatic replies go out again.")).to_be_visible()
    await expect(alarm).to_have_count(0)
