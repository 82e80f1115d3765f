"""Who writes, through the whole program: asked in the chat, found by the answer, merged and parted at the desk."""

from typing import Any

import pytest
from playwright.async_api import expect

from tests.acceptance.axe import Inspector
from tests.acceptance.house import House
from tests.acceptance.pages import Desk, Visitor
from tests.acceptance.windows import Windows

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.needs_server("chromium")]


@pytest.fixture(scope="module")
def house_settings() -> dict[str, Any]:
    """The queue asks for the customer number; who is found is suggested to the agent."""
    return {
        "support": 'ask = "customer_number"',
        "more": "\n[identification]\nnumbers = { customer = 'K-\\d{6}' }\nregion = \"PL\"\n",
    }


async def test_a_stranger_is_asked_found_suggested_merged_and_parted(
    house: House, windows: Windows, inspector: Inspector
) -> None:
    ola = await house.supervisor.post(
        "/customers",
        name="Ola Nowak",
        email="ola@customers.example",
        segment="gold",
        numbers={"customer": ["K-123456"]},
    )
    customer = await Visitor.in_chat(windows, house.base, "Ola Nowak")
    await customer.say("My parcel has not come")
    await expect(customer.said.last).to_contain_text("your customer number, please?")
    await expect(customer.status).to_contain_text("You are next in line.")
    await customer.say("kay one two three four six five")
    await expect(customer.said.last).to_contain_text("Thank you, we have found you.")
    await expect(customer.status).to_contain_text("You are next in line.")

    anna = await Desk.available(windows, house.base)
    await anna.accept()
    panel = anna.page.get_by_role("complementary", name=anna.words("customer.panel"))
    card = panel.get_by_role("region", name=anna.words("person.suggestion"))
    await expect(card).to_contain_text("Ola Nowak, ola@customers.example")
    await expect(card).to_contain_text("The name is the same.")
    await expect(panel).to_contain_text("Was asked for: customer number. Found by the answer.")
    await inspector.look(anna.page, "a suggestion")

    merge = anna.button("person.merge", within=card)
    await merge.focus()
    await anna.press("Enter")
    await expect(card).to_have_count(0)
    await expect(panel).to_contain_text("Merged with")
    await expect(panel.get_by_text("gold", exact=True)).to_be_visible()
    await inspector.look(anna.page, "merged")
    interaction = await house.interaction(medium="chat", queue="support")
    assert interaction["customer"]["id"] == ola["id"]

    await anna.button("person.undo", within=panel).click()
    await expect(panel.get_by_text("Merged with")).to_have_count(0)
    interaction = await house.interaction(medium="chat", queue="support")
    assert interaction["customer"]["id"] != ola["id"]
    # What a person has parted is not suggested again.
    await expect(card).to_have_count(0)
