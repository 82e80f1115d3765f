"""A callback from the customer's form to the end of the call."""

import re

import pytest
from playwright.async_api import expect

from tests.acceptance.house import House
from tests.acceptance.pages import Desk, Person
from tests.acceptance.windows import Windows

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.needs_server("chromium")]


async def test_a_form_without_javascript_leads_to_a_call_a_retry_and_a_closed_callback(
    house: House, windows: Windows
) -> None:
    customer = Person(await windows.open(house.base, java_script_enabled=False))
    customer.window.forgive("status of 422")  # what was typed wrongly is answered with the form once more
    await customer.go("/callback/demo")
    await customer.page.get_by_label("Name").fill("Celia Customer")
    await customer.page.get_by_label("Phone number").fill("12")
    await customer.page.get_by_label("What is it about?").fill("A fee on my invoice")
    await customer.page.get_by_role("checkbox").check()
    await customer.button("callback.go").click()
    await expect(customer.page.get_by_role("alert")).to_have_text("Please correct what is marked below.")
    phone = customer.page.get_by_label("Phone number")
    await expect(phone).to_have_attribute("aria-invalid", "true")
    await expect(phone).to_have_accessible_description(re.compile("This number is too short"))
    await expect(customer.page.get_by_label("Name")).to_have_value("Celia Customer")
    assert await house.interactions(medium="callback", queue="billing") == []

    await phone.fill("601 234 567")
    await customer.button("callback.go").click()
    await expect(customer.page.get_by_role("heading", name="Thank you")).to_be_visible()
    callback = await house.interaction(medium="callback", queue="billing")
    await expect(customer.page.get_by_text(callback["reference"])).to_be_visible()
    await customer.page.reload()
    assert len(await house.interactions(medium="callback", queue="billing")) == 1

    anna = await Desk.available(windows, house.base)
    await expect(anna.offers).to_contain_text("Celia Customer")
    await expect(anna.offers).to_contain_text("A fee on my invoice")
    await anna.accept()
    call = anna.conversation.get_by_role("region", name="Callback")
    await expect(call.get_by_role("link")).to_have_attribute("href", "tel:+48601234567")
    await anna.button("outcome.no_answer", within=call).click()
    await expect(anna.conversation).to_have_count(0)
    again = await house.interaction(id=callback["id"], state="scheduled")
    assert again["attempts"] == 1


async def test_a_time_is_booked_without_javascript_and_shown_with_its_links(house: House, windows: Windows) -> None:
    customer = Person(await windows.open(house.base, java_script_enabled=False))
    customer.window.forgive("status of 422")
    await customer.go("/callback/demo")
    page = customer.page
    await page.get_by_label("Name").fill("Ola Customer")
    await page.get_by_label("Phone number").fill("+48 603 456 789")
    await page.get_by_role("checkbox").check()
    day = page.get_by_label("Another day")
    await day.select_option(index=3)
    wanted = await day.locator("option:checked").inner_text()
    await customer.button("callback.show_times").click()
    shown = page.get_by_role("group", name=re.compile(re.escape(wanted)))
    await expect(shown).to_be_visible()
    await expect(page.get_by_label("Name")).to_have_value("Ola Customer")

    await customer.button("callback.go").click()
    await expect(page.get_by_text("Please choose a time.")).to_be_visible()
    await shown.get_by_role("radio", name="10:30–11:00").check()
    # Enter in a field sends the form, and does not show times.
    await page.get_by_label("Name").press("Enter")
    await expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    await expect(page.get_by_text(f"We will call you on {wanted}, 10:30–11:00 (UTC).")).to_be_visible()
    booked = await house.interaction(medium="callback", state="scheduled", queue="support")
    assert "T10:30:00" in booked["scheduled_at"]
    await expect(page.get_by_text(booked["reference"])).to_be_visible()
    link = page.get_by_role("link", name="Save it in your calendar")
    answer = await page.request.get(await link.get_attribute("href") or "")
    assert (answer.status, "BEGIN:VEVENT" in await answer.text()) == (200, True)
    await page.get_by_role("link", name="Cancel or choose another time").click()
    await customer.button("booking.cancel").click()
    await expect(page.get_by_text("The callback is cancelled.")).to_be_visible()


async def test_a_blocked_sender_is_told_that_the_form_cannot_help_him(house: House, windows: Windows) -> None:
    customer = Person(await windows.open(house.base))
    customer.window.forgive("status of 409")

    async def ask(topic: str) -> None:
        await customer.go("/callback/demo")
        await customer.page.get_by_label("Name").fill("Sam Seller")
        await customer.page.get_by_label("Phone number").fill("+48 604 567 890")
        await customer.page.get_by_label("What is it about?").fill(topic)
        await customer.page.get_by_role("checkbox").check()
        await customer.button("callback.go").click()

    await ask("Buy!")
    await expect(customer.page.get_by_role("heading", name="Thank you")).to_be_visible()
    callback = await house.interaction(medium="callback", state="waiting")
    await house.supervisor.call("POST", f"/interactions/{callback['id']}/spam", {})
    await ask("Buy more!")
    await expect(customer.page.get_by_role("alert")).to_have_text(customer.words("callback.error.form.refused"))
    kept = await house.interaction(medium="callback", disposition="blocked_sender")
    assert (kept["state"], kept["customer"]["id"]) == ("closed", callback["customer"]["id"])
    await house.supervisor.call("PATCH", f"/customers/{kept['customer']['id']}", {"blocked": False})
    await ask("I am sorry")
    await expect(customer.page.get_by_role("heading", name="Thank you")).to_be_visible()


async def test_times_are_shown_by_the_visitors_clock_where_scripts_run(house: House, windows: Windows) -> None:
    customer = Person(await windows.open(house.base, timezone_id="America/New_York"))
    await customer.go("/callback/demo")
    await expect(customer.page.get_by_text("Times in America/New_York")).to_be_visible()
    at_home = Person(await windows.open(house.base, timezone_id="UTC"))
    await at_home.go("/callback/demo")
    await expect(at_home.page.get_by_text("Times in UTC")).to_be_visible()
    assert "time_zone" not in at_home.page.url


async def test_a_form_sent_twice_is_one_callback_which_ends_with_its_wrap_up(house: House, windows: Windows) -> None:
    customer = Person(await windows.open(house.base))
    await customer.go("/callback/demo")
    await customer.page.get_by_label("Name").fill("Kim Customer")
    await customer.page.get_by_label("Phone number").fill("+48 602 345 678")
    await customer.page.get_by_role("checkbox").check()
    await customer.button("callback.go").dblclick()
    await expect(customer.page.get_by_role("heading", name="Thank you")).to_be_visible()

    anna = await Desk.available(windows, house.base)
    await expect(anna.offers).to_have_count(1)
    await expect(anna.offers).to_contain_text("Kim Customer")
    await anna.accept()
    callback = await house.interaction(medium="callback", state="active")
    await expect(customer.page.get_by_text(callback["reference"])).to_be_visible()
    await anna.button("outcome.reached", within=anna.conversation.get_by_role("region", name="Callback")).click()
    await anna.end()
    await anna.finish()
    assert (await house.interaction(id=callback["id"]))["state"] == "closed"
    asked = [one["customer"]["name"] for one in await house.interactions(medium="callback")]
    assert asked.count("Kim Customer") == 1
