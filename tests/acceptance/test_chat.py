"""A chat between a customer's window and an agent's."""

import re

import pytest
from playwright.async_api import WebSocketRoute, expect

from tests.acceptance.client import eventually
from tests.acceptance.house import House
from tests.acceptance.pages import Desk, Visitor
from tests.acceptance.windows import Windows

ACKNOWLEDGED = (
    "Thank you for your message. This confirmation is automatic: your message has reached us under the number {}. "
    "A person will read it and answer you. If you "
    "would like to add something, just reply to this message."
)

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.needs_server("chromium")]


async def test_a_chat_goes_both_ways_and_survives_a_reload_of_either_side(house: House, windows: Windows) -> None:
    customer = await Visitor.in_chat(windows, house.base, "Celia Customer")
    await customer.say("Hello, a question about my invoice")
    await expect(customer.status).to_contain_text("You are next in line.")
    acknowledged = await _acknowledged(house, customer, "waiting")

    anna = await Desk.available(windows, house.base)
    await expect(anna.offers).to_contain_text("Celia Customer")
    await expect(anna.offers).to_contain_text("Hello, a question about my invoice")
    await anna.accept()
    await expect(customer.log.get_by_text("Anna Test joined the conversation")).to_be_visible()
    await expect(customer.status).to_have_text("")

    await anna.say("Good morning! Which invoice is it?")
    await expect(customer.said.last).to_have_text("Good morning! Which invoice is it?")
    await customer.say("The one of May")
    talk = ["Hello, a question about my invoice", acknowledged, "Good morning! Which invoice is it?", "The one of May"]
    await expect(anna.said).to_have_text(talk)
    await expect(customer.said).to_have_text(talk)

    await customer.page.reload()
    await expect(customer.said).to_have_text(talk)
    await expect(customer.page.get_by_text("You are talking to Anna Test")).to_be_visible()
    await customer.page.goto("about:blank")
    await anna.say("I have it here")
    await customer.page.go_back()
    await customer.say("Thank you")
    talk += ["I have it here", "Thank you"]
    await expect(customer.said).to_have_text(talk)
    await expect(anna.said).to_have_text(talk)

    await anna.page.reload()
    await expect(anna.said).to_have_text(talk)
    await anna.page.goto("about:blank")
    await customer.say("And the amount?")
    await anna.page.go_back()
    talk += ["And the amount?", "It was corrected"]
    await expect(anna.said).to_have_text(talk[:-1])
    await anna.say("It was corrected")
    await expect(customer.said).to_have_text(talk)
    await expect(anna.said).to_have_text(talk)

    await anna.end()
    await expect(customer.log.get_by_text("The conversation has ended")).to_be_visible()
    await anna.finish("refund")
    chat = await house.interaction(medium="chat", queue="billing")
    assert (chat["state"], chat["disposition"], chat["queue"], chat["agent"]) == ("closed", "refund", "billing", "anna")


async def test_a_chat_goes_on_by_itself_after_the_server_was_killed(house: House, windows: Windows) -> None:
    customer = await Visitor.in_chat(windows, house.base, "Kim Customer")
    anna = await Desk.available(windows, house.base)
    for person in (customer, anna):
        person.window.forgive_a_dead_server()
    await customer.say("Before")
    acknowledged = await _acknowledged(house, customer, "offered")
    await anna.accept()
    await anna.say("Still before")
    await expect(customer.said).to_have_text(["Before", acknowledged, "Still before"])

    await house.site.kill()
    await customer.say("Said to nobody")
    await anna.say("Answered to nobody")
    await expect(customer.page.get_by_text("Trying to reconnect")).to_be_visible()
    await expect(anna.page.get_by_text("Connection lost.")).to_be_visible()
    await house.site.start()

    talk = ["Before", acknowledged, "Still before", "Answered to nobody", "Said to nobody"]
    for person in (customer, anna):

        async def has_all(person: Visitor | Desk = person) -> bool | None:
            return True if sorted(await person.said.all_inner_texts()) == sorted(talk) else None

        await eventually(has_all, seconds=40)
    assert await customer.said.all_inner_texts() == await anna.said.all_inner_texts()
    await expect(customer.page.get_by_text("Trying to reconnect")).to_have_count(0)
    await expect(anna.page.get_by_text("Connection lost.")).to_have_count(0)
    await customer.say("After")
    await expect(anna.said.last).to_have_text("After")
    await anna.say("After too")
    await expect(customer.said.last).to_have_text("After too")
    await expect(customer.said).to_have_count(7)


async def test_words_that_came_while_only_the_socket_was_cut_are_not_missed_behind_a_reply(
    house: House, windows: Windows
) -> None:
    anna = await Desk.available(windows, house.base)
    wire = Wire()
    await anna.page.route_web_socket(re.compile("/ws/desk"), wire.connect)
    await anna.page.reload()
    customer = await Visitor.in_chat(windows, house.base, "Lee Customer")
    await customer.say("Before")
    acknowledged = await _acknowledged(house, customer, "offered")
    await anna.accept()
    await expect(anna.said).to_have_text(["Before", acknowledged])

    await wire.cut()
    await customer.say("Said meanwhile")
    await expect(customer.said).to_have_count(3)
    await anna.say("Answered meanwhile")
    await expect(customer.said.last).to_have_text("Answered meanwhile")
    await expect(anna.said.last).to_have_text("Answered meanwhile")
    await wire.mend()
    talk = ["Before", acknowledged, "Said meanwhile", "Answered meanwhile"]
    await expect(anna.said).to_have_text(talk)
    await expect(customer.said).to_have_text(talk)


class Wire:
    """The way of a page's sockets to the server, which can be cut while other calls go through."""

    def __init__(self) -> None:
        self._is_whole = True
        self._sockets: list[WebSocketRoute] = []

    def connect(self, socket: WebSocketRoute) -> None:
        self._sockets.append(socket)
        if self._is_whole:
            socket.connect_to_server()

    async def cut(self) -> None:
        """Close what is open; who connects now hears nothing."""
        self._is_whole = False
        await self._close()

    async def mend(self) -> None:
        """Let through who connects again."""
        self._is_whole = True
        await self._close()

    async def _close(self) -> None:
        sockets, self._sockets = self._sockets, []
        for socket in sockets:
            await socket.close(code=1011)


async def _acknowledged(house: House, customer: Visitor, state: str) -> str:
    """Return the automatic answer to the customer's first message, once he has it."""
    text = ACKNOWLEDGED.format((await house.interaction(medium="chat", state=state))["reference"])
    await expect(customer.said.last).to_have_text(text)
    return text
