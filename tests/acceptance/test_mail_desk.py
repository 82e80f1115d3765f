"""Mail at the desk: files beside the words, second thoughts, and what is done about mail that did not arrive."""

import base64
import re
from email.message import EmailMessage

import pytest
from playwright.async_api import Locator, expect

from tests.acceptance.house import House
from tests.acceptance.mails import letter, reply_to, send, text_of
from tests.acceptance.pages import Desk
from tests.acceptance.windows import Windows
from tests.vocabulary.test_files import PNG

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.needs_server("chromium")]

_GIVE = """
    ([name, type, content, event]) => {
      const field = document.querySelector(".composer textarea");
      const given = new DataTransfer();
      const bytes = Uint8Array.from(atob(content), (sign) => sign.charCodeAt(0));
      given.items.add(new File([bytes], name, { type }));
      const more = { bubbles: true, cancelable: true };
      field.dispatchEvent(event === "paste"
        ? new ClipboardEvent("paste", { clipboardData: given, ...more })
        : new DragEvent(event, { dataTransfer: given, ...more }));
    }
"""


async def writing_to(house: House, windows: Windows, customer: str, subject: str, **headers: str) -> Desk:
    """Return the desk of an agent who has a customer's mail before him."""
    desk = await Desk.available(windows, house.base)
    await send(house.site.mail_port, letter(customer, subject, "An invoice, please.", **headers))
    await desk.accept()
    await expect(desk.reply).to_be_focused()
    return desk


async def give(desk: Desk, name: str, kind: str, content: bytes, event: str) -> None:
    """Paste or drop a file, as the browser tells the page of it."""
    await desk.page.evaluate(_GIVE, [name, kind, base64.b64encode(content).decode(), event])


def waiting(desk: Desk) -> Locator:
    return desk.page.locator(".waiting-files li")


def files(mail: EmailMessage) -> dict[str | None, bytes]:
    return {part.get_filename(): part.get_content() for part in mail.walk() if part.get_filename()}


async def test_files_are_chosen_dropped_and_pasted_removed_and_sent(house: House, windows: Windows) -> None:
    desk = await writing_to(house, windows, "fiona@customers.example", "Files")
    chooser = desk.page.locator(".composer input[type=file]")
    await chooser.set_input_files({"name": "offer.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 offer"})
    await give(desk, "prices.csv", "text/csv", b"a;b\n", "drop")
    await give(desk, "secret.csv", "text/csv", b"c;d\n", "drop")
    await give(desk, "page.html", "text/html", b"<html>", "drop")
    await expect(waiting(desk).filter(has_text="page.html")).to_contain_text("Such files are not taken")
    desk.window.forgive("status of 422")
    await desk.page.get_by_role("button", name="Remove secret.csv").click()
    await desk.page.get_by_role("button", name="Remove page.html").click()
    await desk.reply.fill("Look here: ")
    await desk.reply.press("End")
    await give(desk, "screen.png", "image/png", PNG, "paste")
    await expect(desk.reply).to_have_value(re.compile(r"Look here: !\[screen.png\]\(cid:.+\)"))
    await expect(waiting(desk)).to_have_count(3)
    await desk.page.reload()
    await expect(waiting(desk)).to_have_count(3)
    await desk.send.click()
    mail = await reply_to(house.sink, "fiona@customers.example")
    assert files(mail) == {"offer.pdf": b"%PDF-1.7 offer", "prices.csv": "a;b\n", "screen.png": PNG}
    assert text_of(mail) == "Look here: [screen.png]"
    html = mail.get_body(("html",))
    assert html is not None
    assert '<img src="cid:' in html.get_content()
    await expect(desk.thread.locator("article.message.agent").locator("img.inline-picture")).to_be_visible()
    await expect(desk.thread.locator("article.message.agent").get_by_role("link", name="offer.pdf")).to_be_visible()


async def test_reply_is_taken_back_into_the_composer_and_sent_anew(house: House, windows: Windows) -> None:
    desk = await writing_to(house, windows, "undine@customers.example", "Undo")
    await desk.say("It comes todai.")
    mine = desk.thread.locator("article.message.agent")
    await expect(mine.locator(".delivery")).to_contain_text("Goes out in")
    await mine.get_by_role("button", name="Undo").click()
    await expect(desk.reply).to_have_value("It comes todai.")
    await expect(mine.locator(".delivery")).to_have_text("Taken back, never sent")
    await desk.reply.fill("It comes today.")
    await desk.reply.press("Control+Enter")
    assert text_of(await reply_to(house.sink, "undine@customers.example")) == "It comes today."
    await expect(mine.last.locator(".delivery")).to_have_text("Sent")
    assert sum(mail.recipients == ("undine@customers.example",) for mail in house.sink.mails) == 2  # and the receipt


async def test_mail_that_failed_says_why_and_goes_elsewhere(house: House, windows: Windows) -> None:
    house.sink.refused = {"gone@customers.example"}
    desk = await writing_to(house, windows, "gone@customers.example", "Moved")
    await desk.say("Here it is.")
    mine = desk.thread.locator("article.message.agent")
    await expect(mine.locator(".why")).to_contain_text("There is no mailbox with this address.")
    await mine.get_by_role("button", name="To another address").click()
    await desk.page.get_by_label("Address").fill("new@customers.example")
    await mine.get_by_role("button", name="Send", exact=True).click()
    assert text_of(await reply_to(house.sink, "new@customers.example")) == "Here it is."
    await expect(mine.locator(".delivery")).to_have_text("Sent")


async def test_mail_is_looked_at_before_it_goes_and_has_copies(house: House, windows: Windows) -> None:
    desk = await writing_to(house, windows, "carla@customers.example", "Copies")
    await desk.reply.fill("All is **well**.")
    await desk.button("composer.cc").click()
    await desk.page.get_by_label("Copy to").fill("boss@customers.example")
    await desk.button("composer.preview").click()
    shown = desk.page.get_by_role("dialog")
    await expect(shown).to_contain_text("carla@customers.example")
    await expect(shown.frame_locator("iframe").locator("strong")).to_have_text("well")
    await desk.page.keyboard.press("Escape")
    await desk.send.click()
    mails = [await reply_to(house.sink, f"{name}@customers.example") for name in ("carla", "boss")]
    assert [(mail["Cc"], mail["Message-ID"]) for mail in mails] == [
        ("boss@customers.example", mails[0]["Message-ID"])
    ] * 2


async def test_answer_to_all_goes_to_whom_the_customers_mail_names(house: House, windows: Windows) -> None:
    others = "Support <support@test.example>, Boris <boris@customers.example>, alma@customers.example"
    desk = await writing_to(house, windows, "alma@customers.example", "All", Cc=others)
    await expect(desk.thread.locator(".also-to")).to_have_text("Also to Boris <boris@customers.example>")
    await desk.reply.fill("Here it is.")
    await desk.button("composer.reply_all").click()
    await expect(desk.page.get_by_label("Copy to")).to_have_value("boris@customers.example")
    await desk.send.click()
    mails = [await reply_to(house.sink, f"{name}@customers.example") for name in ("alma", "boris")]
    assert [(mail["To"], mail["Cc"]) for mail in mails] == [("alma@customers.example", "boris@customers.example")] * 2


async def test_who_has_ended_it_hears_that_his_mail_did_not_arrive(house: House, windows: Windows) -> None:
    house.sink.refused = {"away@customers.example"}
    desk = await writing_to(house, windows, "away@customers.example", "Ended")
    await desk.say("Here it is.")
    await desk.end()
    await desk.finish("refund")
    await expect(desk.page.locator(".toasts")).to_contain_text("was not delivered")
