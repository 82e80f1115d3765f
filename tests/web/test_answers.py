"""Answers by themselves, as customers see them: sure ones, questions back, thanks, and a person with the context."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from classifiers.background import NOTHING, Background
from classifiers.cascade import Classification
from router.policy import Action, Autoresponse, Rule
from tests.web.world import POLICY, START, World, world
from vocabulary.instants import DAY, MINUTE

BOT = Autoresponse(name="bot", kind="answer", confidence=0.9, otherwise="ack", clarify=0.5)
ANSWERING = msgspec.structs.replace(
    POLICY,
    rules=(Rule(name="everything", then=Action(queue="billing", autoresponse="bot")),),
    autoresponses={"bot": BOT, "ack": Autoresponse(name="ack", kind="acknowledge")},
)
COPY: dict[str, Any] = {
    "title": "Copy of an invoice",
    "questions": ["Where can I find my invoice?", "I need a copy of my invoice"],
    "answer": "You find it under My account.",
}
DUE: dict[str, Any] = {
    "title": "When an invoice is due",
    "questions": ["When is my invoice due?", "Until when must I pay my invoice?"],
    "answer": "Two weeks after it was sent.",
}


async def about_invoices(subject: str, text: str, usual: str | None, known: Background = NOTHING) -> Classification:
    return Classification((("invoice", 0.95),), "en", "rules", "a test")


@pytest.fixture
async def answering(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path, policy=ANSWERING, classify=about_invoices) as there:
        boss = await there.program("supervisor")
        for id, text in (("copy", COPY), ("due", DUE)):
            await boss.post("/articles", {"id": id, "label": "invoice", "languages": {"en": text}}, 201)
        await there.add_agent("anna", "billing")
        yield there


async def state_of(there: World, id: str) -> str:
    return str(there.site.state.interactions[id].state)


@pytest.mark.parametrize("medium", ["chat", "email"])
async def test_an_invoice_question_is_answered_and_its_follow_up_reaches_a_person_with_the_context(
    answering: World, medium: str
) -> None:
    id = await answering.asks("Where can I find my invoice?", medium=medium)
    assert await state_of(answering, id) == "answered_by_bot"
    (_, question), (author, answer) = await answering.said_in(id)
    assert (author, question) == ("bot", "Where can I find my invoice?")
    assert "chosen automatically" in answer
    assert COPY["answer"] in answer
    assert "a human will take over" in answer
    answering.clock.move(MINUTE)
    anna = await answering.program("integration")
    await anna.post("/agents/anna/presence", {"presence": "available", "lease": "10m"})
    assert await answering.asks("But the one of May is missing there", number=2, medium=medium) == id
    assert await state_of(answering, id) == "offered"
    history = [each["text"] for each in (await anna.get(f"/interactions/{id}/messages"))["items"]]
    assert [len(history), history[0], history[2]] == [3, question, "But the one of May is missing there"]
    assert "copy" in str((await anna.get(f"/interactions/{id}/explain"))["text"])


async def test_a_customer_is_asked_which_answer_he_means_picks_it_and_gets_it(answering: World) -> None:
    id = await answering.asks("my invoice", visitor="w")
    question = (await answering.said_in(id))[-1][1]
    options = [line for line in question.splitlines() if line[:1].isdigit()]
    assert [option[:2] for option in options] == ["1.", "2.", "3."]
    assert options[2] == "3. A person, please"
    picked = next(option[0] for option in options if "due" in option)
    await answering.asks(picked, visitor="w", number=2)
    assert await state_of(answering, id) == "answered_by_bot"
    assert DUE["answer"] in (await answering.said_in(id))[-1][1]


async def test_a_customer_who_wants_a_person_instead_keeps_his_place(answering: World) -> None:
    id = await answering.asks("my invoice")
    answering.clock.move(5 * MINUTE)
    await answering.asks("A person, please", number=2)
    held = answering.site.state.interactions[id]
    assert (held.state, held.arrived_at) == ("waiting", START)
    await answering.asks("1", number=3)
    assert [author for author, _ in await answering.said_in(id)] == ["customer", "bot", "customer", "customer"]


async def test_thanks_close_what_was_answered_and_nobody_has_to_read_them(answering: World) -> None:
    id = await answering.asks("Where can I find my invoice?")
    await answering.asks("Thank you, that helped!", number=2)
    assert await state_of(answering, id) == "closed"
    boss = await answering.program("supervisor")
    types = [event["type"] for event in (await boss.get(f"/interactions/{id}/events"))["items"]]
    assert types[-2:] == ["AnswerConfirmed", "Closed"]


async def test_files_of_an_article_go_with_its_mail(answering: World) -> None:
    boss = await answering.program("supervisor")
    await boss.http.post("/api/v1/articles/copy/files?filename=how.txt", data=b"Click there.")
    id = await answering.asks("Where can I find my invoice?", medium="email")
    message = (await answering.site.store.messages(id))[-1]
    (file,) = await answering.site.store.attachments(message.id)
    assert (file.filename, file.content) == ("how.txt", b"Click there.")


async def test_silence_closes_it_after_the_window(answering: World) -> None:
    id = await answering.asks("Where can I find my invoice?")
    answering.clock.move(DAY)
    await answering.asks("Something else entirely", visitor="other")
    assert await state_of(answering, id) == "closed"
