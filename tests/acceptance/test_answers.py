"""Simple questions answered by themselves, through the whole program: by mail, at the desk, on supervisors' page."""

from collections.abc import AsyncIterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import expect

from app.helped import helped_link
from config.secrets import secret_of
from tests.acceptance.axe import Inspector
from tests.acceptance.client import Api, eventually
from tests.acceptance.house import House, running_house
from tests.acceptance.mails import is_automatic, letter, read, send, text_of
from tests.acceptance.pages import Board, Desk, Visitor, Words
from tests.acceptance.windows import Windows, browsing

CUSTOMER = "celia@customers.example"
ANSWERING = f"""
[[autoresponses]]
name = "article"
kind = "answer"
precision = 0.9
holdout = 0.0
otherwise = "received"

[knowledge]
folder = "{files("autoresponders")}/knowledge"
"""
FIVE = 'languages = ["en", "pl", "lt", "hu", "ru"]'


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def answering(tmp_path_factory: pytest.TempPathFactory, model: Path) -> AsyncIterator[House]:
    """A site whose invoice questions are answered by the starter articles, once that is proven."""
    edits = {
        'languages = ["en", "pl"]': FIVE,
        'queue = "billing", autoresponse = "received"': 'queue = "billing", autoresponse = "article"',
    }
    folder = tmp_path_factory.mktemp("answering")
    async with running_house(folder, model, more=ANSWERING, edits=edits, ring="30m") as house:
        await eventually(lambda: proven(house.supervisor), seconds=120)
        yield house


async def proven(supervisor: Api) -> Any:
    (proof,) = (await supervisor.get("/autoresponses/proof"))["items"]
    return proof if proof["overall"]["least"] is not None else None


async def escalated(supervisor: Api) -> int:
    """Return how many automatic answers led to a person, of all autoresponses together."""
    overall = (await supervisor.get("/reports/autoresponses"))["items"][0]
    return int(overall["results"]["escalated"])


@pytest.mark.asyncio(loop_scope="session")
async def test_an_invoice_question_is_answered_by_itself_and_its_follow_up_reaches_a_person_with_the_context(
    answering: House,
) -> None:
    before = await escalated(answering.supervisor)
    foreseen = await answering.supervisor.post("/autoresponses/preview", text="Where do I find my invoice?")
    assert (foreseen["outcome"], foreseen["articles"]) == ("answers", ["invoice-copy"])
    question = letter(CUSTOMER, "Invoice", "Hello, where do I find my invoice?", Message_ID="<q@customers.example>")
    await send(answering.site.mail_port, question)
    answer = read(await answering.sink.mail(lambda mail: is_automatic(mail) and mail.recipients == (CUSTOMER,)))
    assert "chosen automatically" in text_of(answer)
    assert "My account > Invoices" in text_of(answer)
    assert "a human will take over" in text_of(answer)
    assert (await answering.interaction(subject="Invoice"))["state"] == "answered_by_bot"

    again = letter(
        CUSTOMER,
        str(answer["Subject"]),
        "But I can't log in there, I have lost my phone.",
        In_Reply_To=str(answer["Message-ID"]),
        References=f"<q@customers.example> {answer['Message-ID']}",
    )
    await send(answering.site.mail_port, again)
    waiting = await answering.interaction(state="waiting", subject="Invoice")
    assert waiting["queue"] == "billing"

    async def all_said() -> list[str] | None:
        said = (await answering.supervisor.get(f"/interactions/{waiting['id']}/messages"))["items"]
        return [one["author"] for one in said] if len(said) > 2 else None

    assert await eventually(all_said) == ["customer", "bot", "customer"]
    told = await answering.supervisor.get(f"/interactions/{waiting['id']}/explain")
    assert "invoice-copy" in told["text"]
    assert await escalated(answering.supervisor) == before + 1
    await answering.settle()


@pytest.mark.asyncio(loop_scope="session")
async def test_the_link_in_a_mail_asks_before_it_does_anything_and_leads_to_a_person_if_wanted(
    answering: House,
) -> None:
    pages = {}
    for name, said in (("yes", "yes"), ("no", "person")):
        await send(answering.site.mail_port, letter(f"{name}@customers.example", name, "Where do I find my invoice?"))
        found = await answering.interaction(subject=name, state="answered_by_bot")
        pages[name] = helped_link(
            answering.base, {"1": secret_of(answering.site.folder / "centrala.secret")}, found["id"]
        )
        async with aiohttp.ClientSession() as browser:
            async with browser.get(pages[name]) as page:
                assert "Did it help?" in await page.text()
            assert (await answering.interaction(subject=name))["state"] == "answered_by_bot"
            async with browser.post(pages[name], data={"helped": said}) as page:
                told = await page.text()
        assert ("Thank you for telling us" if said == "yes" else "A person will answer you") in told
    assert (await answering.interaction(subject="yes"))["state"] == "closed"
    assert (await answering.interaction(subject="no"))["state"] == "waiting"
    async with aiohttp.ClientSession() as browser, browser.get(f"{pages['yes'][:-1]}x") as page:
        assert page.status == 404
    await answering.settle()


@browsing("en", "pl")
async def test_a_visitor_says_by_a_button_that_the_answer_helped(
    answering: House, windows: Windows, inspector: Inspector, language: str
) -> None:
    words = Words(language)
    questions = {"en": "Where do I find my invoice?", "pl": "Gdzie znajdę swoją fakturę?"}
    visitor = await Visitor.in_chat(windows, answering.base, f"Dora {language}", words)
    await visitor.say(questions[language])
    await expect(visitor.said.last).to_contain_text("PDF")
    await expect(visitor.button("chat.person")).to_be_visible()
    await inspector.look(visitor.page, "an automatic answer in a chat")
    await visitor.button("chat.helped").click()
    await expect(visitor.said.filter(has_text=words("chat.helped.said"))).to_have_count(1)
    await expect(visitor.button("chat.helped")).to_have_count(0)
    found = await answering.interaction(medium="chat", state="closed", language=language)
    events = (await answering.supervisor.get(f"/interactions/{found['id']}/events"))["items"]
    assert "AnswerConfirmed" in [event["type"] for event in events]


@browsing("en", "pl")
async def test_an_agent_takes_a_suggestion_by_tab_and_judges_it_by_one_key(
    answering: House, windows: Windows, inspector: Inspector, language: str
) -> None:
    words = Words(language)
    anna = await Desk.available(windows, answering.base, words=words)
    text = "I can't remember my password, how do I set a new one?"
    await send(answering.site.mail_port, letter(f"Celia <{language}-{CUSTOMER}>", f"Password {language}", text))
    await anna.accept()
    shown = anna.conversation.get_by_role("region", name=words("suggest.title"))
    await expect(shown.get_by_role("button", name="Forgotten password", exact=True)).to_be_visible()
    await inspector.look(anna.page, "suggested answers")
    await anna.reply.focus()
    await anna.press("Tab")
    await expect(anna.reply).not_to_have_value("")
    assert "Choose Forgotten password" in await anna.reply.input_value()
    await expect(anna.reply).to_be_focused()
    await expect(anna.said.filter(has_text="Choose Forgotten password")).to_have_count(0)
    await anna.press("Escape", "j")
    right = shown.get_by_role("button", name=words("suggest.right", title="Forgotten password"))
    await expect(right).to_have_attribute("aria-pressed", "true")
    await anna.send.click()
    await expect(anna.said.filter(has_text="Choose Forgotten password")).to_have_count(1)
    await answering.settle()


@browsing("en", "pl")
async def test_a_supervisor_writes_an_article_and_tries_a_question(
    answering: House, windows: Windows, inspector: Inspector, language: str
) -> None:
    words = Words(language)
    vera = await Board.at_work(windows, answering.base, "vera", words)
    dialog = await vera.from_menu("knowledge.title")
    await expect(dialog.get_by_text("invoice-copy")).to_be_visible()
    await inspector.look(vera.page, "knowledge base")
    await dialog.get_by_label(words("knowledge.question")).fill("Where do I find my invoice?")
    await vera.button("knowledge.ask", within=dialog).click()
    await expect(dialog.locator(".knowledge-said")).to_contain_text("invoice-copy")
    await vera.button("knowledge.new", within=dialog).click()
    name = f"parking-{language}"
    await dialog.get_by_label(words("knowledge.id")).fill(name)
    await dialog.get_by_label(words("knowledge.label"), exact=True).fill("hours")
    await dialog.get_by_label(words("knowledge.text_title")).fill("Parking")
    await dialog.get_by_label(words("knowledge.questions")).fill("Where can I park?")
    await dialog.get_by_label(words("knowledge.answer"), exact=True).fill("Behind the house.")
    await inspector.look(vera.page, "an article")
    await vera.button("knowledge.save", within=dialog).click()
    await expect(dialog.get_by_text(name)).to_be_visible()
    kept = await answering.supervisor.get(f"/articles/{name}")
    assert kept["languages"][language]["answer"] == "Behind the house."
    await dialog.get_by_role("button", name="Parking", exact=True).click()
    await vera.button("knowledge.remove", within=dialog).click()
    await expect(dialog.get_by_text(name)).to_have_count(0)


@browsing("en", "pl")
async def test_a_supervisor_imports_a_file_of_articles_once_its_faults_are_mended(
    answering: House, windows: Windows, inspector: Inspector, language: str
) -> None:
    words = Words(language)
    vera = await Board.at_work(windows, answering.base, "vera", words)
    dialog = await vera.from_menu("knowledge.title")
    await vera.button("knowledge.import", within=dialog).click()
    name = f"cloakroom-{language}"
    wrong = f"# Cloakroom\nid: {name}\n\n- Where do I leave my coat?\n\nAt the door.\n"
    chooser = dialog.get_by_label(words("knowledge.import.file"))

    async def choose(text: str) -> None:
        file = {"name": f"articles.{language}.md", "mimeType": "text/markdown", "buffer": text.encode()}
        await chooser.set_input_files(file)  # type: ignore[arg-type]  # a mapping of this shape is a file

    await choose(wrong)
    await expect(dialog.get_by_text(words("knowledge.import.fault.missing", value="label"))).to_be_visible()
    await expect(vera.button("knowledge.import.write", within=dialog)).to_be_disabled()
    await inspector.look(vera.page, "a file of articles with a fault")
    await choose(wrong.replace("\n\n-", "\nlabel: hours\n\n-"))
    row = dialog.get_by_role("row").filter(has_text=name)
    await expect(row).to_contain_text(words("knowledge.import.change.new"))
    await inspector.look(vera.page, "what a file of articles changes")
    await vera.button("knowledge.import.write", within=dialog).click()
    await expect(vera.page.get_by_text(words("knowledge.import.written"))).to_be_visible()
    await expect(dialog.get_by_text(name)).to_be_visible()
    kept = await answering.supervisor.get(f"/articles/{name}")
    assert kept["languages"][language]["questions"] == ["Where do I leave my coat?"]
