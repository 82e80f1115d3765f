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
    assert len(await house.interactions(medium="callback", queue="support")) == 1
