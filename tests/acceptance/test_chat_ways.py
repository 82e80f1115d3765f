"""A customer who waits in the chat and takes a callback, or leaves a message instead."""

from typing import Any

import pytest
from playwright.async_api import Locator, expect

from tests.acceptance.axe import Inspector
from tests.acceptance.house import House
from tests.acceptance.pages import Desk, Visitor, Words
from tests.acceptance.windows import Windows

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.needs_server("chromium")]


@pytest.fixture(scope="module")
def house_settings() -> dict[str, Any]:
    """Nobody works, so a callback and a message are offered; windows are open around the clock."""
    nobody = "when = { unstaffed = true }"
    overflow = f"overflow = [{{ {nobody}, do = {{ callback = true }} }}, {{ {nobody}, do = {{ message = true }} }}]"
    return {"support": f'message_channel = "mail"\ncallback_places = 1\n{overflow}'}


def told(visitor: Visitor) -> Locator:
    """What is read out of other ways, and of what came of them."""
    return visitor.page.locator(".ways-told")


async def waiting(house: House, windows: Windows, name: str, words: Words, **options: Any) -> Visitor:
    visitor = Visitor(await windows.open(house.base, locale=words.locale, **options), words)
    await visitor.go("/chat/demo")
    await visitor.start(name)
    await visitor.say("Where is my parcel?" if words.language == "en" else "Gdzie jest moja paczka?")
    await expect(told(visitor)).to_contain_text(words("chat.ways.title"))
    return visitor


async def test_a_callback_is_booked_by_keyboard_and_is_there_after_a_reload(house: House, windows: Windows) -> None:
    visitor = await waiting(house, windows, "Celia Customer", Words(), timezone_id="America/New_York")
    await expect(visitor.page.get_by_role("status").filter(has_text="we can ring you back")).to_be_visible()
    await visitor.field.focus()
    opener = visitor.page.get_by_role("button", name="Call me back")
    await visitor.press("Shift+Tab", "Shift+Tab")
    await expect(opener).to_be_focused()
    await visitor.press("Enter")
    phone = visitor.page.get_by_label("Phone number")
    await expect(phone).to_be_focused()
    await visitor.page.keyboard.type("12")
    await visitor.press("Enter")
    await expect(phone).to_have_attribute("aria-invalid", "true")
    await expect(phone).to_have_accessible_description("For example +48 512 345 678 This number is too short.")
    await expect(visitor.page.get_by_role("alert").filter(has_text="This number is too short.")).to_be_visible()

    await phone.fill("601 234 567")
    await visitor.page.get_by_label("At a time that I choose").check()
    await expect(visitor.page.get_by_role("combobox", name="Time")).to_be_visible()
    await visitor.page.reload()
    # What he had typed and chosen is still there.
    await expect(phone).to_have_value("601 234 567")
    await expect(visitor.page.get_by_label("At a time that I choose")).to_be_checked()
    # Of today there may be a single time left.
    await visitor.page.get_by_role("combobox", name=visitor.words("callback.day")).select_option(index=1)
    time = visitor.page.get_by_role("combobox", name="Time")
    await time.select_option(index=1)
    chosen = await time.locator("option:checked").inner_text()
    await phone.press("Enter")
    title = visitor.page.get_by_role("heading", name="We will call you at +48601234567")
    await expect(title).to_be_focused()
    await expect(told(visitor)).to_contain_text(chosen)
    await expect(visitor.log).to_contain_text("The chat is over: we will call you")

    callback = await house.interaction(medium="callback", state="scheduled")
    await visitor.page.reload()
    await expect(title).to_be_visible()
    await expect(told(visitor)).to_contain_text(callback["reference"])
    async with visitor.page.expect_popup() as popup:
        await visitor.page.get_by_role("link", name="Cancel or choose another time").click()
    booking = await popup.value
    await booking.get_by_role("button", name="Cancel the callback").click()
    await expect(booking.get_by_text("The callback is cancelled.")).to_be_visible()
    await expect(title).to_have_count(0)
    await visitor.say("I have another question")
    await expect(told(visitor)).to_contain_text("Rather not wait?")


async def test_a_callback_now_rings_with_the_number_that_was_given(house: House, windows: Windows) -> None:
    visitor = await waiting(house, windows, "Kim Customer", Words())
    await visitor.button("chat.way.callback").click()
    await visitor.page.get_by_label("Phone number").fill("+48 602 345 678")
    await visitor.button("chat.way.callback.go").click()
    await expect(told(visitor)).to_contain_text("We will call you at +48602345678")
    anna = await Desk.available(windows, house.base)
    await anna.accept()
    call = anna.conversation.get_by_role("region", name="Callback")
    await expect(call.get_by_role("link")).to_have_attribute("href", "tel:+48602345678")
    await expect(anna.said.first).to_have_text("Where is my parcel?")


async def test_an_agent_who_comes_takes_the_choice_away_and_the_visitor_writes_on(
    house: House, windows: Windows
) -> None:
    visitor = await waiting(house, windows, "Lee Customer", Words())
    await visitor.button("chat.way.callback").click()
    await expect(visitor.page.get_by_label("Phone number")).to_be_focused()
    anna = await Desk.available(windows, house.base)
    await anna.accept()
    await expect(told(visitor)).to_have_text("")
    await expect(visitor.field).to_be_focused()


@pytest.mark.parametrize("language", ["en", "pl"])
async def test_a_message_is_left_and_no_state_of_it_has_a_fault(
    house: House, windows: Windows, inspector: Inspector, language: str
) -> None:
    words = Words(language)
    visitor = await waiting(house, windows, "Ola Customer", words)
    await inspector.look(visitor.page, "chat, ways")
    await visitor.button("chat.way.callback").click()
    await visitor.page.get_by_label(words("chat.way.when.slot")).check()
    await visitor.button("chat.way.callback.go").click()
    await expect(visitor.page.get_by_role("alert").filter(has_text=words("callback.error.phone.empty"))).to_be_visible()
    await inspector.look(visitor.page, "chat, callback with errors")

    await visitor.button("chat.way.message").first.click()
    email = visitor.page.get_by_label(words("chat.start.email"))
    await email.fill("ola")
    await email.press("Enter")
    await expect(email).to_have_attribute("aria-invalid", "true")
    await email.fill("ola@customers.example")
    await visitor.page.get_by_label(words("chat.way.message.text")).fill("It is order 7")
    await inspector.look(visitor.page, "chat, message")
    await email.press("Enter")
    await expect(told(visitor)).to_contain_text("ola@customers.example")
    await inspector.look(visitor.page, "chat, message left")
    mail = await house.interaction(medium="email", state="waiting")
    assert (mail["channel"], mail["preview"]) == ("mail", "It is order 7")
