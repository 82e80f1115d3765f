"""An avalanche through the whole program: sixty mails of a kind, one click, all answered, taken back, and a way out."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.acceptance.axe import Inspector
from tests.acceptance.house import House, running_house
from tests.acceptance.mails import letter, send
from tests.acceptance.pages import Board, Visitor
from tests.acceptance.windows import Windows

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.needs_server("chromium")]

MANY = 60
AT_ONCE = """
[avalanche]
learns_first = "0s"
undo = "1h"
confidence = 0.3
"""
SAID = "My internet connection has not worked since this morning. The router shows a red light, nothing loads."
ANSWER = "There is a fault in your area. We are repairing it and expect it to be over by noon."


@pytest_asyncio.fixture(loop_scope="session")
async def flooded(tmp_path: Path, model: Path) -> AsyncIterator[House]:
    """A site to which many have written the same at once."""
    async with running_house(tmp_path, model, more=AT_ONCE) as house:
        for number in range(MANY):
            await send(house.site.mail_port, letter(f"c{number}@one-{number}.example", "No internet", SAID))
        yield house


async def test_sixty_of_a_kind_are_answered_with_one_click_taken_back_and_lead_to_a_person(
    flooded: House, windows: Windows, inspector: Inspector
) -> None:
    vera = await Board.at_work(windows, flooded.base, "vera")
    page, words = vera.page, vera.words
    banner = page.locator(".avalanche")
    await expect(banner).to_contain_text("Far more than usual about", timeout=30_000)
    waiting = await vera.figure("support", "waiting")
    await expect(waiting).to_have_text(str(MANY), timeout=30_000)

    await vera.tab_to(banner.get_by_role("button", name=re.compile("Answer all who wait")))
    await vera.press("Enter")
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label(words("avalanche.text", language="English")).fill(ANSWER)
    await expect(dialog.get_by_text(f"{MANY} get it")).to_be_visible()
    await inspector.look(page, "an answer for many")
    await dialog.get_by_role("button", name=f"Answer {MANY}").click()
    await expect(page.get_by_text(f"{MANY} were answered.")).to_be_visible()
    await expect(waiting).to_have_text("0")

    await page.get_by_role("button", name="Undo", exact=True).click()
    await expect(page.get_by_text(f"{MANY} wait again.")).to_be_visible()
    await expect(waiting).to_have_text(str(MANY))


async def test_a_chat_reads_the_answer_at_once_and_its_follow_up_reaches_a_person(
    flooded: House, windows: Windows
) -> None:
    vera = await Board.at_work(windows, flooded.base, "vera")
    celia = await Visitor.in_chat(windows, flooded.base, "Celia Customer")
    await celia.say(SAID)
    waiting = await vera.figure("support", "waiting")
    await expect(waiting).to_have_text(str(MANY + 1), timeout=30_000)
    banner = vera.page.locator(".avalanche")
    await banner.get_by_role("button", name=re.compile("Answer all who wait")).click(timeout=30_000)
    dialog = vera.page.get_by_role("dialog")
    await dialog.get_by_label(vera.words("avalanche.text", language="English")).fill(ANSWER)
    await dialog.get_by_role("button", name=f"Answer {MANY + 1}").click()
    await expect(celia.page.get_by_text(ANSWER)).to_be_visible()
    await expect(waiting).to_have_text("0")
    await celia.say("It still does not work, please help me.")
    await expect(waiting).to_have_text("1")
