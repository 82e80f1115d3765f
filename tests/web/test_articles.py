"""The knowledge base by API: who writes articles, what they say and when they answer, and that it holds at once."""

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec

from channels.message import InboundMessage
from classifiers.background import NOTHING, Background
from classifiers.cascade import Classification
from router.events import AnsweredByBot, KnowledgeChanged
from router.policy import Action, Autoresponse, Rule
from tests.web.world import POLICY, START, World, world
from vocabulary.instants import HOUR, rfc3339

ANSWERING = msgspec.structs.replace(
    POLICY,
    rules=(Rule(name="everything", then=Action(queue="support", autoresponse="bot")),),
    autoresponses={"bot": Autoresponse(name="bot", kind="answer", confidence=0.6)},
)
HOURS: dict[str, Any] = {
    "id": "hours",
    "label": "hours",
    "languages": {
        "en": {"title": "Opening hours", "questions": ["When are you open?"], "answer": "From nine to five."}
    },
}


async def about_hours(subject: str, text: str, usual: str | None, known: Background = NOTHING) -> Classification:
    return Classification((("hours", 0.95),), "en", "rules", "a test")


async def asked(there: World, number: int) -> str:
    """Return what became of the question "When are you open?"."""
    message = InboundMessage(
        channel="website",
        medium="chat",
        external_id=f"q-{number}",
        received_at=there.clock.now(),
        text="When are you open?",
        reply_text="When are you open?",
        visitor=f"visitor-{number}",
    )
    admission = await there.intake.receive(message)
    return str(there.site.state.interactions[admission.interaction].state)


async def test_an_article_answers_from_the_moment_it_is_written_until_it_is_removed(tmp_path: Path) -> None:
    async with world(tmp_path, policy=ANSWERING, classify=about_hours) as there:
        boss = await there.person("boss", "supervisor")
        assert await asked(there, 1) == "waiting"
        written = await boss.post("/articles", HOURS, 201)
        assert (written["state"], written["origin"], written["by"]) == ("valid", "staff", "u-boss")
        assert await asked(there, 2) == "answered_by_bot"
        assert (await boss.call("DELETE", "/articles/hours")).status == 204
        assert await asked(there, 3) == "waiting"
        await boss.get("/articles/hours", 404)
        events = (await boss.get("/events?after=0&limit=100"))["items"]
        assert [event["type"] for event in events if event["type"] == AnsweredByBot.__name__] == ["AnsweredByBot"]
        changed = [event["data"] for event in events if event["type"] == KnowledgeChanged.__name__]
        assert changed == [{"article": "hours", "by": "u-boss"}, {"article": "hours", "by": "u-boss", "removed": True}]


async def test_what_is_out_of_validity_never_answers(tmp_path: Path) -> None:
    async with world(tmp_path, policy=ANSWERING, classify=about_hours) as there:
        boss = await there.program("supervisor")
        window = {"valid_from": rfc3339(START + HOUR), "valid_until": rfc3339(START + 2 * HOUR)}
        assert (await boss.post("/articles", {**HOURS, **window}, 201))["state"] == "early"
        states = []
        for number in range(3):
            states.append(await asked(there, number))
            there.clock.move(HOUR)
        assert states == ["waiting", "answered_by_bot", "waiting"]
        assert (await boss.get("/articles/hours"))["state"] == "over"
        answer = await boss.call("PATCH", "/articles/hours", {"valid_until": None})
        assert (await answer.json())["state"] == "valid"
        assert await asked(there, 4) == "answered_by_bot"


async def test_languages_are_added_changed_and_taken_away(there: World) -> None:
    boss = await there.person("boss", "supervisor")
    await boss.post("/articles", HOURS, 201)
    polish = {"title": "Godziny otwarcia", "questions": ["Kiedy jest otwarte?"], "answer": "Od dziewiątej do piątej."}
    changed = await (await boss.call("PATCH", "/articles/hours", {"languages": {"pl": polish}})).json()
    assert sorted(changed["languages"]) == ["en", "pl"]
    assert changed["languages"]["pl"] == polish
    left = await (await boss.call("PATCH", "/articles/hours", {"languages": {"en": None}})).json()
    assert sorted(left["languages"]) == ["pl"]
    refused = await boss.call("PATCH", "/articles/hours", {"languages": {"pl": None}})
    assert (refused.status, "at least one language" in await refused.text()) == (422, True)


async def test_articles_are_found_by_label_language_and_words(there: World) -> None:
    boss = await there.person("boss", "supervisor")
    for number in range(3):
        await boss.post("/articles", {**HOURS, "id": f"a-{number}", "label": f"label-{number}"}, 201)
    ids = [each["id"] for each in (await boss.get("/articles?q=nine%20five&limit=2"))["items"]]
    assert ids == ["a-0", "a-1"]
    rest = await boss.get("/articles?cursor=a-1")
    assert ([each["id"] for each in rest["items"]], rest["next"]) == (["a-2"], None)
    assert [each["id"] for each in (await boss.get("/articles?label=label-1"))["items"]] == ["a-1"]
    assert (await boss.get("/articles?language=pl"))["items"] == []


async def test_a_slip_is_told_with_its_place(there: World) -> None:
    boss = await there.person("boss", "supervisor")
    for body, path in (
        ({**HOURS, "id": "Not An Id"}, "id"),
        ({**HOURS, "languages": {}}, "languages"),
        ({**HOURS, "valid_from": "tomorrow"}, "valid_from"),
        ({**HOURS, "valid_from": rfc3339(START), "valid_until": rfc3339(START)}, "valid_until"),
    ):
        problem = await boss.post("/articles", body, 422)
        assert [error["path"] for error in problem["errors"]] == [path]
    await boss.post("/articles", HOURS, 201)
    assert (await boss.post("/articles", HOURS, 409))["reason"] == "known"


async def test_files_go_with_an_article(there: World) -> None:
    boss = await there.person("boss", "supervisor")
    await boss.post("/articles", HOURS, 201)
    headers = {"X-CSRF-Token": boss.csrf or "", "Origin": boss.origin}
    path = "/api/v1/articles/hours/files?filename=map.txt&language=en"
    answer = await boss.http.post(path, data=b"Turn left.", headers=headers)
    file = await answer.json()
    assert (answer.status, file["filename"], file["content_type"], file["size"]) == (201, "map.txt", "text/plain", 10)
    assert (await boss.get("/articles/hours"))["files"] == [file]
    refused = await boss.http.post("/api/v1/articles/hours/files?filename=x.exe", data=b"MZ\x90", headers=headers)
    assert refused.status == 422
    assert (await boss.call("DELETE", f"/articles/hours/files/{file['id']}")).status == 204
    assert (await boss.get("/articles/hours"))["files"] == []


async def test_operators_read_articles_and_change_none(there: World) -> None:
    anna = await there.person("anna", "operator", "anna")
    assert (await anna.get("/articles"))["items"] == []
    await anna.post("/articles", HOURS, 403)
    assert (await anna.call("DELETE", "/articles/hours")).status == 403


MARKDOWN = """# Opening hours
id: hours
label: hours

- When are you open?

From nine to five.

# Copy of an invoice
id: copy
label: invoice
language: pl

- Gdzie jest faktura?

Na Twoim koncie.
"""


async def imported(there: World, text: str, name: str = "en.md", status: int = 200, **query: str) -> Any:
    """Return what the answer to an uploaded file is."""
    boss = await there.program("supervisor")
    path = f"/api/v1/articles/import?{urlencode({'filename': name, **query})}"
    answer = await boss.http.post(path, data=text.encode())
    assert answer.status == status, await answer.text()
    return await answer.json()


async def test_a_file_is_looked_through_before_anything_is_written_and_then_answers(tmp_path: Path) -> None:
    async with world(tmp_path, policy=ANSWERING, classify=about_hours) as there:
        told = await imported(there, MARKDOWN)
        assert [(each["line"], each["id"], each["language"], each["change"]) for each in told["articles"]] == [
            (1, "hours", "en", "new"),
            (9, "copy", "pl", "new"),
        ]
        assert (told["faults"], told["written"], await there.site.store.articles()) == ([], False, [])
        assert (await imported(there, MARKDOWN, write="true"))["written"]
        assert await asked(there, 1) == "answered_by_bot"
        again = await imported(there, MARKDOWN.replace("nine", "eight"))
        assert [(each["change"], each["fields"]) for each in again["articles"]] == [
            ("changed", ["answer"]),
            ("same", []),
        ]
        there.clock.move(HOUR)
        await imported(there, MARKDOWN.replace("nine", "eight"), write="true")
        rows = {row.id: row for row in await there.site.store.articles()}
        assert rows["hours"].texts["en"]["answer"] == "From eight to five."
        assert (rows["hours"].changed_at, rows["copy"].changed_at) == (START + HOUR, START)


async def test_a_file_leaves_other_languages_as_they_are_and_its_kept_back_questions_judge(tmp_path: Path) -> None:
    async with world(tmp_path, policy=ANSWERING, classify=about_hours) as there:
        boss = await there.person("boss", "supervisor")
        await boss.post("/articles", {**HOURS, "valid_until": "2030-01-01T00:00:00.000Z"}, 201)
        table = (
            "id,label,title,answer,questions,kept_back\nhours,hours,Godziny,Od 9.,Kiedy?,O której?\n,,,,Kto wygrał?,\n"
        )
        told = await imported(there, table, "pl.csv", write="true")
        assert told["kept_back"] == 2
        article = await boss.get("/articles/hours")
        assert (sorted(article["languages"]), article["valid_until"]) == (["en", "pl"], "2030-01-01T00:00:00.000Z")
        pairs = {(row.source, row.language, row.text, row.article) for row in await there.site.store.judgements()}
        assert pairs == {("imported", "pl", "O której?", "hours"), ("imported", "pl", "Kto wygrał?", "")}


async def test_questions_that_a_file_leaves_out_stay(there: World) -> None:
    await imported(there, MARKDOWN, write="true")
    boss = await there.person("boss", "supervisor")
    id = (await imported(there, MARKDOWN))["articles"][0]["id"]
    before = (await boss.get(f"/articles/{id}"))["languages"]["en"]
    told = await imported(there, f"# Another title\nid: {id}\nlabel: hours\n\nAnother answer.\n", write="true")
    assert "questions" not in told["articles"][0]["fields"]
    after = (await boss.get(f"/articles/{id}"))["languages"]["en"]
    assert after == {**before, "title": "Another title", "answer": "Another answer."}


async def test_an_article_that_would_never_be_valid_is_not_written(there: World) -> None:
    dated = "# A\nid: dated\nlabel: hours\n{}: 2026-0{}-01T00:00:00Z\n\nx\n"
    await imported(there, dated.format("valid_until", 3), write="true")
    for write in ("false", "true"):
        problem = await imported(there, dated.format("valid_from", 4), status=422, write=write)
        assert problem["errors"][0]["path"] == "dated: valid_until"
    boss = await there.person("boss", "supervisor")
    assert (await boss.get("/articles/dated"))["valid_from"] is None


async def test_a_file_with_a_fault_is_not_written_and_says_in_which_line(tmp_path: Path) -> None:
    async with world(tmp_path, policy=ANSWERING, classify=about_hours) as there:
        wrong = MARKDOWN.replace("label: invoice\n", "")
        told = await imported(there, wrong)
        assert told["faults"] == [{"line": 9, "code": "missing", "value": "label", "message": "label is missing"}]
        problem = await imported(there, wrong, status=422, write="true")
        assert (problem["reason"], problem["errors"]) == (
            "faulty_file",
            [{"path": "line 9", "message": "label is missing."}],
        )
        assert await there.site.store.articles() == []
        anna = await there.person("anna")
        assert (await anna.call("POST", "/articles/import?filename=a.md", {})).status == 403
