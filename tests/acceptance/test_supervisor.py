"""The wallboard: what it shows by itself, what a supervisor finds and changes there."""

import pytest
from playwright.async_api import expect

from tests.acceptance.house import House
from tests.acceptance.pages import Board, Desk, Visitor
from tests.acceptance.windows import Windows

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.needs_server("chromium")]


async def test_the_wallboard_follows_a_chat_and_leads_to_its_words_in_two_clicks(
    house: House, windows: Windows
) -> None:
    vera = await Board.at_work(windows, house.base, "vera")
    waiting, busy, answered = [await vera.figure("billing", name) for name in ("waiting", "busy", "answered")]
    await expect(waiting).to_have_text("0")
    before = int(await answered.inner_text())
    await vera.page.evaluate("document.body.dataset.since = 'the test began'")

    customer = await Visitor.in_chat(windows, house.base, "Celia Customer")
    await customer.say("A question about my invoice")
    await expect(waiting).to_have_text("1")

    await vera.page.get_by_role("button", name="billing", exact=True).click()
    await vera.page.get_by_role("dialog").get_by_role("button", name="Celia Customer").click()
    transcript = vera.page.get_by_role("dialog").get_by_role("article")
    await expect(transcript.filter(has_text="A question about my invoice")).to_be_visible()
    await vera.press("Escape", "Escape")
    await expect(vera.page.get_by_role("dialog")).to_have_count(0)

    anna = await Desk.available(windows, house.base)
    await anna.accept()
    await expect(waiting).to_have_text("0")
    await expect(busy).to_have_text("1")
    await expect(answered).to_have_text(str(before + 1))
    await expect(vera.page.locator("body[data-since]")).to_have_count(1)


async def test_a_forced_state_is_told_to_the_agent_with_its_reason(house: House, windows: Windows) -> None:
    anna = await Desk.available(windows, house.base)
    vera = await Board.at_work(windows, house.base, "vera")
    change = vera.page.get_by_role("button", name="Change the state of Anna Test")
    await change.click()
    dialog = vera.page.get_by_role("dialog")
    await dialog.get_by_label("State").select_option("Away")
    await dialog.get_by_label("Reason").select_option("Training")
    await dialog.get_by_role("button", name="Change state").click()
    await expect(dialog).to_have_count(0)

    await expect(anna.presence).to_contain_text("Away")
    await expect(anna.presence).to_contain_text("Training")
    await expect(anna.page.get_by_role("alert").filter(has_text="Training")).to_be_visible()
    card = vera.page.get_by_role("listitem").filter(has=change)
    await expect(card).to_contain_text("Away · Training")


async def test_the_wallboard_says_that_its_figures_are_old_when_the_server_is_gone(
    house: House, windows: Windows
) -> None:
    vera = await Board.at_work(windows, house.base, "vera")
    vera.window.forgive_a_dead_server()
    await expect(await vera.figure("billing", "waiting")).to_be_visible()
    old = vera.page.get_by_role("alert").filter(has_text="The figures are old")
    await expect(old).to_have_count(0)
    assert await house.site.stop() == 0
    await expect(old).to_be_visible()
    await house.site.start()
    await expect(old).to_have_count(0, timeout=60_000)
