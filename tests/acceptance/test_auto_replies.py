"""Automatic replies that were stopped, on a supervisor's wallboard."""

from typing import Any

import pytest
from playwright.async_api import expect

from tests.acceptance.house import House
from tests.acceptance.mails import letter, send
from tests.acceptance.pages import Board
from tests.acceptance.windows import Windows

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.needs_server("chromium")]


@pytest.fixture(scope="module")
def house_settings() -> dict[str, Any]:
    """The site stops at three automatic replies in an hour."""
    return {"edits": {"[site]\n": "[site]\nauto_replies_surge_min = 3\nauto_replies_surge_hours = 0\n"}}


async def test_a_supervisor_is_told_that_automatic_replies_are_stopped_and_lets_them_go_on(
    house: House, windows: Windows
) -> None:
    vera = await Board.at_work(windows, house.base, "vera")
    alarm = vera.page.get_by_text("Far more automatic replies than usual went out")
    await expect(alarm).to_have_count(0)
    for number in range(4):
        await send(house.site.mail_port, letter(f"c{number}@one-{number}.example", "Hello", "Where is my order?"))
    await expect(alarm).to_be_visible()
    await vera.page.get_by_role("button", name="Let them go out again").click()
    await expect(vera.page.get_by_text("Automatic replies go out again.")).to_be_visible()
    await expect(alarm).to_have_count(0)
