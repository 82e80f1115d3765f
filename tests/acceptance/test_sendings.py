"""What is sent later, as agents and supervisors plan it in a browser; and a process that is killed while it sends."""

import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from playwright.async_api import expect

from tests.acceptance.axe import Inspector
from tests.acceptance.client import Api, Sink, eventually
from tests.acceptance.house import House
from tests.acceptance.mails import letter, read, send, text_of
from tests.acceptance.pages import Board, Desk, Words
from tests.acceptance.site import SiteProcess
from tests.acceptance.windows import Windows, browsing

CUSTOMER = "celia@customers.example"
DOCUMENTS = """
[hours.office]
week = { mon-sun = ["00:00-24:00"] }

[[autoresponses]]
name = "prices"
kind = "document"
text = { en = "Here are our prices.", pl = "Oto nasze ceny." }
escalate = { after = "7d", callback = "billing" }

[[autoresponses.steps]]
after = "3d"
text = { en = "Have you seen them?", pl = "Czy udało się zajrzeć?" }
"""


@pytest.fixture(scope="module")
def house_settings() -> dict[str, Any]:
    return {"more": DOCUMENTS, "ring": "30m"}


@browsing("en", "pl")
async def test_an_agent_plans_a_document_and_his_words_and_a_supervisor_cancels(
    house: House, windows: Windows, inspector: Inspector, language: str
) -> None:
    words = Words(language)
    customer = f"{language}-{CUSTOMER}"
    anna = await Desk.available(windows, house.base, words=words)
    await send(house.site.mail_port, letter(f"Celia <{customer}>", f"An offer, {language}", "Could you make an offer?"))
    await anna.accept()
    await anna.button("later.button", within=anna.conversation).click()
    dialog = anna.page.get_by_role("dialog")
    await expect(dialog).to_contain_text("Here are our prices.")
    await dialog.get_by_label(words("later.unless")).check()
    await inspector.look(anna.page, "send later")
    await anna.button("later.plan", within=dialog).click()
    await expect(dialog).to_have_count(0)
    planned = anna.conversation.get_by_role("list", name=words("later.planned")).get_by_role("listitem")
    await expect(planned).to_have_count(1)
    await expect(planned).to_contain_text("prices")

    await anna.reply.fill("As we said on the phone.")
    await anna.button("later.button", within=anna.conversation).click()
    await expect(dialog.get_by_role("textbox", name=words("later.text"))).to_have_value("As we said on the phone.")
    await dialog.get_by_label(words("later.when.now")).check()
    await anna.button("later.send", within=dialog).click()
    await expect(dialog).to_have_count(0)
    await expect(anna.said.last).to_have_text("As we said on the phone.")
    await expect(anna.reply).to_have_value("")
    mail = read(await house.sink.mail(lambda each: each.recipients == (customer,) and b"phone" in each.raw))
    assert (text_of(mail), mail["Auto-Submitted"]) == ("As we said on the phone.", None)

    vera = await Board.at_work(windows, house.base, "vera", words)
    row = (await vera.from_menu("later.planned")).get_by_role("row").filter(has_text="prices")
    await expect(row).to_have_count(1)
    await expect(row).to_contain_text("Celia")
    await inspector.look(vera.page, "planned sendings")
    await row.get_by_role("button", name=re.compile("prices")).click()
    await expect(vera.page.get_by_role("dialog")).to_contain_text(words("later.none"))
    await expect(planned).to_have_count(0)


@pytest.mark.parametrize("place", ["out.row_committed", "out.row_committed:2", "out.data_sent", "out.reply_read"])
async def test_a_process_that_dies_while_it_sends_sends_once_at_most(
    tmp_path: Path, sink: Sink, model: Path, place: str
) -> None:
    """The first place is between what is due and its message, the second between the message and its mail."""
    site = SiteProcess(tmp_path, sink_port=sink.listener.port, model=model, more=DOCUMENTS)
    token = site.token("integration")
    await site.start()
    try:
        async with Api(site.base, token) as api:
            body = {"channel": "mail", "subject": "Offer", "text": "An offer, please", "queue": "billing"}
            id = (await api.post("/interactions", **body, customer={"email": CUSTOMER}))["id"]
            # Its receipt is out before anything dies.
            await sink.mail(lambda each: each.recipients == (CUSTOMER,))
        await site.stop()
        site.environment["CENTRALA_CRASH_AT"] = place
        await site.start()
        async with Api(site.base, token) as api:
            # It may die before it has answered; what was planned is on disk by then.
            with suppress(aiohttp.ClientError):
                await api.call("POST", f"/interactions/{id}/sendings", {"name": "prices"})
            await site.dies()
        del site.environment["CENTRALA_CRASH_AT"]
        await site.start()
        async with Api(site.base, token) as api:

            async def over() -> list[str] | None:
                (sending,) = (await api.get(f"/interactions/{id}/sendings"))["items"]
                deliveries = [each["delivery"] for each in sending["sent"]]
                return deliveries if not {"queued", "sending"} & set(deliveries) else None

            deliveries = await eventually(over)
            said = (await api.get(f"/interactions/{id}/messages"))["items"]
    finally:
        await site.kill()
    mails = [each for each in sink.mails if b"Here are our prices" in each.raw]
    assert [each["text"].startswith("Here are our prices.\n\n") for each in said].count(True) == 1
    assert len(mails) <= 1
    # What the server may have is never sent again by a machine; what it can't have is sent.
    assert (deliveries, len(mails)) == ((["sent"], 1) if place.startswith("out.row") else (["uncertain"], len(mails)))
