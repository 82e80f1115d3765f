"""axe on every page in its states, in all languages, both colour schemes, and each page 320 px wide."""

import re
from typing import Any

import pytest
from playwright.async_api import Locator, expect

from reports.wording.text import LANGUAGES
from tests.acceptance.axe import FOLDER, Inspector, checksum
from tests.acceptance.house import House
from tests.acceptance.mails import letter, send
from tests.acceptance.pages import Board, Desk, Person, Visitor, Words
from tests.acceptance.windows import Windows, browsing


@pytest.fixture(scope="module")
def house_settings() -> dict[str, Any]:
    """Offers ring until the walk is over."""
    return {"ring": "30m"}


def phone(words: Words, begin: str) -> str:
    """Return a number of this language's customer: from one and the same, few requests are taken."""
    return f"+48 {begin} {100 + LANGUAGES.index(words.language)}"


# Each walk takes half a minute. make verify walks in all languages.
LONG = [language for language in LANGUAGES if language not in ("en", "pl")]
walking = browsing("en", "pl", *(pytest.param(language, marks=pytest.mark.slow) for language in LONG))


def test_axe_is_the_file_whose_origin_is_noted() -> None:
    assert re.findall(r"`([0-9a-f]{64})`", (FOLDER / "README.md").read_text()) == [checksum()]


@walking
async def test_pages_without_log_in_have_no_fault(
    house: House, windows: Windows, inspector: Inspector, language: str
) -> None:
    words = Words(language)
    somebody = Person(await windows.open(house.base, locale=words.locale), words)
    somebody.window.forgive("status of 401", "status of 404", "status of 422")
    for path in ("/", "/nowhere", "/api/docs"):
        await somebody.go(path)
        await inspector.look(somebody.page, path)

    await somebody.go("/login")
    await inspector.look(somebody.page, "log-in")
    nobody = Desk(somebody.window, words)
    await nobody.log_in("anna", "something else")
    await expect(somebody.page.get_by_role("alert")).to_have_text(words("login.wrong"))
    await inspector.look(somebody.page, "log-in refused")

    await somebody.go("/callback/demo")
    await inspector.look(somebody.page, "callback")
    await somebody.page.get_by_label(words("callback.another_day")).select_option(index=2)
    await somebody.button("callback.show_times").click()
    await somebody.button("callback.go").click()
    await expect(somebody.page.get_by_text(words("callback.error.slot.missing"))).to_be_visible()
    await inspector.look(somebody.page, "callback without a time")
    await somebody.page.locator(".slot").nth(20).click()
    await somebody.button("callback.go").click()
    await expect(somebody.page.get_by_role("alert")).to_be_visible()
    await inspector.look(somebody.page, "callback with errors")
    await somebody.page.get_by_label(words("callback.name")).fill("Celia Customer")
    await somebody.page.get_by_label(words("callback.phone")).fill(phone(words, "601 234"))
    await somebody.page.get_by_role("checkbox").check()
    await somebody.button("callback.go").click()
    await expect(somebody.page.get_by_role("heading", name=words("callback.done.title"))).to_be_visible()
    await inspector.look(somebody.page, "callback done")


@walking
async def test_chat_page_and_desk_have_no_fault(
    house: House, windows: Windows, inspector: Inspector, language: str
) -> None:
    words = Words(language)
    desk = await Desk.at_work(windows, house.base, "anna", words)
    await expect(desk.presence).to_be_visible()
    await inspector.look(desk.page, "desk, offline")
    await desk.presence.click()
    await inspector.look(desk.page, "desk, states")
    await desk.press("Escape")
    await desk.become_available()
    await _dialogs_of_the_header(desk, inspector)

    visitor = Visitor(await windows.open(house.base, locale=words.locale), words)
    await visitor.go("/chat/demo")
    await inspector.look(visitor.page, "chat, start")
    await visitor.start("Celia Customer")
    await visitor.say("A question about my invoice")
    await expect(visitor.status).not_to_have_text("")
    await inspector.look(visitor.page, "chat, waiting")
    await expect(desk.offers).to_have_count(1)
    await inspector.look(desk.page, "desk, offer")
    await desk.button("desk.offer.decline").click()
    await inspector.look(desk.page, "desk, offer's menu")
    await desk.press("Escape")

    await desk.accept()
    await desk.say("Good morning!")
    await expect(visitor.said.last).to_have_text("Good morning!")
    await inspector.look(visitor.page, "chat, talking")
    await visitor.button("chat.leave").click()
    await inspector.look(visitor.page, "chat, leaving")
    await visitor.button("chat.leave.no").click()
    await _conversation(desk, inspector)
    await _without_connection(visitor, inspector, "chat")
    await _without_connection(desk, inspector, "desk")
    await desk.end()
    await inspector.look(desk.page, "desk, wrap-up")
    await expect(visitor.log.get_by_text(words("chat.ended"))).to_be_visible()
    await inspector.look(visitor.page, "chat, ended")
    await desk.finish("refund")

    await _letter_and_callback(house, windows, desk, inspector)
    desk.window.forgive("status of 403")
    await desk.page.goto("/supervisor")
    await expect(desk.page.get_by_role("alert").first).to_be_visible()
    await inspector.look(desk.page, "wallboard, not allowed")


async def _dialogs_of_the_header(desk: Desk, inspector: Inspector) -> None:
    await desk.button("desk.my_menu").click()
    await inspector.look(desk.page, "desk, settings")
    await desk.button("alerts.check").click()
    await _dialog(desk, inspector, "desk, alerts")
    await desk.button("keys.short").click()
    await _dialog(desk, inspector, "desk, keys")


async def _dialog(person: Person, inspector: Inspector, state: str) -> None:
    dialog = person.page.get_by_role("dialog")
    await expect(dialog).to_be_visible()
    await inspector.look(person.page, state)
    await person.press("Escape")
    await expect(dialog).to_have_count(0)


async def _conversation(desk: Desk, inspector: Inspector) -> None:
    await inspector.look(desk.page, "desk, chat")
    await desk.button("composer.note", within=desk.conversation).first.click()
    await desk.page.keyboard.type("A note")
    await desk.button("composer.add_note", within=desk.conversation).click()
    await expect(desk.said.filter(has_text="A note")).to_be_visible()
    await inspector.look(desk.page, "desk, note")
    await desk.button("composer.reply", within=desk.conversation).click()
    await desk.conversation.get_by_role("button", name=desk.words("desk.transfer")).click()
    dialog = desk.page.get_by_role("dialog")
    await desk.button("desk.transfer.go", within=dialog).click()
    await expect(dialog.get_by_role("alert").first).to_be_visible()
    await _dialog(desk, inspector, "desk, transfer with errors")
    await desk.conversation.get_by_role("button", name=desk.words("desk.park")).click()
    await inspector.look(desk.page, "desk, parking")
    await desk.press("Escape")


async def _without_connection(person: Visitor | Desk, inspector: Inspector, state: str) -> None:
    """Look at what is kept until the connection is back."""
    person.window.forgive_a_dead_server()
    await person.window.context.set_offline(True)
    await person.say("Said to nobody")
    await expect(person.page.locator(".going")).to_be_visible()
    await expect(person.page.get_by_role("status").filter(has=person.page.locator(".banner"))).to_be_visible()
    await inspector.look(person.page, f"{state}, no connection")
    await person.window.context.set_offline(False)
    await expect(person.page.locator(".going")).to_have_count(0)


async def _letter_and_callback(house: House, windows: Windows, desk: Desk, inspector: Inspector) -> None:
    mail = letter("Celia Customer <celia@customers.example>", "A fee", "An invoice, please.\n\n> quoted\n> text\n")
    mail.add_alternative("<p>An <b>invoice</b>, please.</p><table><tr><td>1</td></tr></table>", subtype="html")
    mail.add_attachment(b"figures", maintype="application", subtype="pdf", filename="invoice.pdf")
    await send(house.site.mail_port, mail)
    await desk.accept()
    await expect(desk.said.first).to_be_visible()
    await inspector.look(desk.page, "desk, letter")
    await desk.button("email.as_html", within=desk.thread).click()
    await inspector.look(desk.page, "desk, letter as HTML")
    await desk.end()
    await desk.finish()

    await send(house.site.mail_port, letter("Celia Customer <celia@customers.example>", "Once more", "An invoice."))
    await desk.accept()
    history = desk.page.get_by_role("complementary").get_by_role("button", name="A fee").first
    await history.click()
    await expect(desk.page.get_by_role("dialog").get_by_role("article").first).to_be_visible()
    await _dialog(desk, inspector, "desk, earlier contact")
    await desk.end()
    await desk.finish()

    customer = Person(await windows.open(house.base, locale=desk.words.locale), desk.words)
    await customer.go("/callback/demo")
    await customer.page.get_by_label(desk.words("callback.name")).fill("Kim Customer")
    await customer.page.get_by_label(desk.words("callback.phone")).fill(phone(desk.words, "602 345"))
    await customer.page.get_by_role("checkbox").check()
    await customer.button("callback.go").click()
    await desk.accept()
    await expect(desk.page.get_by_role("region", name=desk.words("desk.call.title"), exact=True)).to_be_visible()
    await inspector.look(desk.page, "desk, callback")


@walking
async def test_wallboard_has_no_fault(house: House, windows: Windows, inspector: Inspector, language: str) -> None:
    words = Words(language)
    board = await Board.at_work(windows, house.base, "vera", words)
    await expect(await board.figure("billing", "waiting")).to_be_visible()
    await inspector.look(board.page, "wallboard, empty")
    visitor = await Visitor.in_chat(windows, house.base, "Celia Customer", words)
    await visitor.say("A question about my invoice")
    await expect(await board.figure("billing", "waiting")).to_have_text("1")
    await inspector.look(board.page, "wallboard")
    await board.button("desk.my_menu").click()
    await inspector.look(board.page, "wallboard, settings")
    await board.press("Escape")

    await board.page.get_by_role("button", name=words("board.force.of", name="Anna Test")).click()
    await _dialog(board, inspector, "wallboard, change of state")
    dialog = board.page.get_by_role("dialog")
    await board.page.get_by_role("button", name="billing", exact=True).click()
    await expect(dialog.get_by_role("button", name="Celia Customer")).to_be_visible()
    await inspector.look(board.page, "wallboard, queue")
    await dialog.get_by_role("button", name="Celia Customer").click()
    await expect(dialog.get_by_role("article").first).to_be_visible()
    await inspector.look(board.page, "wallboard, transcript")
    for tab, content in (("timeline", dialog.get_by_role("listitem")), ("explain", dialog.get_by_role("table"))):
        await board.button(f"board.tab.{tab}", within=dialog).click()
        await expect(content.first).to_be_visible()
        await inspector.look(board.page, f"wallboard, {tab}")
    for name in ("priority", "move", "close"):
        await _steering(board, inspector, dialog, name)
    await board.page.goto("/desk")
    await expect(board.page.get_by_role("alert").first).to_be_visible()
    await inspector.look(board.page, "desk, no agent")


async def _steering(board: Board, inspector: Inspector, dialog: Locator, name: str) -> None:
    actions = dialog.get_by_role("group", name=board.words("desk.actions"))
    await board.button(f"steer.{name}", within=actions).click()
    await expect(dialog).to_have_count(2)
    await inspector.look(board.page, f"wallboard, {name}")
    await board.press("Escape")
    await expect(dialog).to_have_count(1)
