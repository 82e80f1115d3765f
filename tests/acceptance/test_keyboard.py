"""A shift at the desk without a mouse."""

import pytest
from playwright.async_api import expect

from tests.acceptance.house import House
from tests.acceptance.mails import letter, reply_to, send, text_of
from tests.acceptance.pages import Desk
from tests.acceptance.windows import Windows

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.needs_server("chromium")]


async def test_a_shift_needs_no_mouse(house: House, windows: Windows) -> None:
    anna = await Desk.at_work(windows, house.base, "anna")
    await expect(anna.presence).to_be_visible()
    await anna.press("F9")
    menu = anna.page.get_by_role("banner").locator(".menu-panel")
    await expect(anna.button("presence.available", within=menu)).to_be_focused()
    await anna.press("Enter")
    check = anna.page.get_by_role("dialog")
    shown = anna.presence.filter(has_text="Available")
    await expect(shown.or_(check)).to_be_visible()
    if await check.is_visible():
        await anna.tab_to(check.get_by_role("button", name="Go available"))
        await anna.press("Enter")
    await expect(shown).to_be_visible()

    question = letter("celia@customers.example", "By hand", "An invoice for a keyboard, please.")
    await send(house.site.mail_port, question)
    await expect(anna.offers).to_be_visible()
    await anna.press("F2")
    await expect(anna.reply).to_be_focused()
    await anna.page.keyboard.type("Here it is.")
    await anna.press("Control+Enter")
    assert text_of(await reply_to(house.sink, "celia@customers.example")) == "Here it is."

    await anna.press("F4")
    result = anna.page.get_by_label("Result")
    await expect(result).to_be_focused()
    # Letter by letter a busy machine would choose something else: a list forgets them after a second.
    while await result.input_value() != "refund":
        await anna.press("ArrowDown")
    await anna.press("Control+Enter")
    await expect(anna.conversation).to_have_count(0)
    assert (await house.interaction(subject="By hand"))["disposition"] == "refund"

    await anna.press("F9")
    away = anna.button("reason.break", within=menu)
    await expect(anna.button("presence.available", within=menu)).to_be_focused()
    while not await away.evaluate("(element) => element === document.activeElement"):
        await anna.press("ArrowDown")
    await anna.press("Enter")
    await expect(anna.presence).to_contain_text("Break")

    await anna.tab_to(anna.button("desk.my_menu"))
    await anna.press("Enter")
    await anna.tab_to(anna.button("ui.log_out"))
    await anna.press("Enter")
    await expect(anna.page.get_by_role("heading", name="Log in")).to_be_visible()
    await anna.page.goto("/desk")
    await expect(anna.page.get_by_role("heading", name="Log in")).to_be_visible()


async def test_a_wrong_password_is_told_and_may_be_typed_again(house: House, windows: Windows) -> None:
    anna = Desk(await windows.open(house.base))
    anna.window.forgive("status of 401")
    await anna.go("/login")
    await anna.log_in("anna", "something else")
    await expect(anna.page.get_by_role("alert")).to_have_text("Login or password is wrong.")
    await expect(anna.page.get_by_label("Login")).to_be_focused()
    await anna.tab_to(anna.page.get_by_label("Password"))
    await anna.press("Control+a")
    await anna.page.keyboard.type("a password for tests")
    await anna.press("Enter")
    await expect(anna.presence).to_be_visible()
