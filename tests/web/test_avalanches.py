"""One answer for all who wait with a matter, by API: preview, answer, undo, what comes meanwhile, report."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.avalanche_watch import AvalancheWatch
from app.wishes import Wishes
from channels.message import InboundMessage
from classifiers.background import NOTHING, Background
from classifiers.cascade import Classification
from reports.avalanche import Terms
from router.commands import ReportAvalanche
from tests.web.test_sockets import until
from tests.web.world import Client, World, world
from vocabulary.instants import DAY, HOUR, MINUTE, SECOND

OUTAGE = {"texts": {"en": "We know, and work on it.", "pl": "Wiemy i pracujemy nad tym."}}


async def _classified(subject: str, text: str, usual: str | None = None, known: Background = NOTHING) -> Classification:
    """Say what the text says itself: label, confidence and language."""
    label, confidence, language = text.split()[:3]
    return Classification(((label, float(confidence)),), language, "model", "")


@pytest.fixture
async def there(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path, classify=_classified) as made:
        yield made


class Desk:
    def __init__(self, there: World, boss: Client, shop: Client) -> None:
        self.there, self.boss, self.shop = there, boss, shop
        self.number = 0

    async def chats(self, said: str = "outage 0.9 en", customer: str | None = None) -> str:
        """Let a visitor write in a chat."""
        self.number += 1
        visitor, now = f"v-{self.number}", self.there.clock.now()
        message = InboundMessage(
            channel="website",
            medium="chat",
            external_id=f"{visitor}:1",
            received_at=now,
            text=said,
            reply_text=said,
            visitor=visitor,
        )
        return (await self.there.intake.receive(message, wishes=Wishes(customer=customer))).interaction

    async def writes(self, said: str = "outage 0.9 en", channel: str = "website", **customer: Any) -> str:
        if channel == "website":
            return await self.chats(said, customer.get("id"))
        self.number += 1
        address = {"email": f"c{self.number}@shop{self.number}.example"} if channel == "mail" else {}
        body = {
            "channel": channel,
            "external_id": f"x-{self.number}",
            "customer": {"id": f"c-{self.number}", **address, **customer},
            "text": said,
        }
        return str((await self.shop.post("/interactions", body, 201))["id"])

    async def state(self, id: str) -> str:
        return str((await self.boss.get(f"/interactions/{id}"))["state"])

    async def bot_says(self, id: str) -> list[str]:
        found = (await self.boss.get(f"/interactions/{id}/messages"))["items"]
        return [each["text"] for each in found if each["author"] == "bot"]

    async def answer(self, **more: Any) -> Any:
        return await self.boss.post("/avalanches/outage/answer", {**OUTAGE, **more})


@pytest.fixture
async def desk(there: World) -> Desk:
    await there.add_agent("anna", "support")
    # A log-in would end while days pass.
    return Desk(there, await there.program("supervisor"), await there.program("integration"))


async def test_preview_says_who_would_get_it_who_not_and_why(desk: Desk) -> None:
    await desk.writes()
    await desk.writes("outage 0.95 pl", "mail")
    await desk.writes("outage 0.5 en")
    await desk.writes("outage 0.9 hu")
    await desk.writes("invoice 0.9 en")
    await desk.writes("outage 0.9 en", "callback", phone="+48600100100")
    found = await desk.boss.post("/avalanches/outage/preview", OUTAGE)
    assert (found["gets"], found["by_language"], found["by_medium"]) == (2, {"en": 1, "pl": 1}, {"chat": 1, "email": 1})
    assert found["left_out"] == {"low_confidence": 1, "no_words": 1, "spoken": 1}
    assert found["reasons"]["low_confidence"] == "what it is about is not sure enough"
    assert "We know, and work on it." in found["texts"]["en"]
    assert "person" in found["texts"]["en"]
    assert (await desk.boss.get("/bulk-answers"))["items"] == []


async def test_files_of_the_article_go_with_the_mails_that_it_answers(desk: Desk) -> None:
    text = {"title": "Outage", "questions": ["Why does nothing work?"], "answer": "We work on it."}
    article = {"id": "outage", "label": "outage", "languages": {"en": text, "pl": {**text, "answer": "Pracujemy."}}}
    await desk.boss.post("/articles", article, 201)
    for name, language in (("map.txt", ""), ("plan.txt", "&language=en"), ("mapa.txt", "&language=pl")):
        path = f"/api/v1/articles/outage/files?filename={name}{language}"
        assert (await desk.boss.http.post(path, data=name.encode())).status == 201
    asked = [await desk.writes(f"outage 0.9 {language}", "mail") for language in ("en", "pl")]
    asked.append(await desk.writes())
    done = await desk.boss.post("/avalanches/outage/answer", {"article": "outage"})
    assert done["answered"] == len(asked)
    desk.there.clock.move(HOUR)
    await desk.there.send_mail()
    store = desk.there.site.store
    names = [
        [sorted(file.filename for file in await store.attachments(row.id)) for row in await store.messages(id)][-1]
        for id in asked
    ]
    assert names == [["map.txt", "plan.txt"], ["map.txt", "mapa.txt"], []]


async def test_key_accounts_are_left_to_people_unless_a_supervisor_says_otherwise(desk: Desk) -> None:
    customer = await desk.boss.post("/customers", {"external_id": "c-key", "segment": "key_account"}, 201)
    id = await desk.writes(id=customer["id"])
    assert (await desk.answer())["left_out"] == {"left_out": 1}
    assert (await desk.answer(include={"everybody": True}))["answered"] == 1
    assert await desk.state(id) == "answered_by_bot"


async def test_chats_read_it_at_once_and_mails_wait_for_second_thoughts(desk: Desk) -> None:
    chat, mail = await desk.writes(), await desk.writes("outage 0.9 pl", "mail")
    done = await desk.answer()
    assert (done["answered"], done["left_out"]) == (2, {})
    await desk.there.send_mail()
    assert (len(await desk.bot_says(chat)), await desk.bot_says(mail)) == (1, [])
    desk.there.clock.move(MINUTE)
    await desk.there.send_mail()
    (said,) = await desk.bot_says(mail)
    assert "Wiemy i pracujemy nad tym." in said


async def test_undo_takes_back_mails_tells_chats_and_everybody_waits_as_before(desk: Desk) -> None:
    chat, mail = await desk.writes(), await desk.writes("outage 0.9 pl", "mail")
    before = {id: await desk.boss.get(f"/interactions/{id}") for id in (chat, mail)}
    await desk.answer()
    await desk.there.send_mail()
    undone = await desk.boss.post("/avalanches/outage/undo")
    assert undone["answered"] == 2
    desk.there.clock.move(MINUTE)
    await desk.there.send_mail()
    assert await desk.bot_says(mail) == []
    assert "mistake" in (await desk.bot_says(chat))[-1]
    for id, was in before.items():
        now = await desk.boss.get(f"/interactions/{id}")
        assert [now[key] for key in ("state", "arrived_at", "enqueued_at", "due_at", "position")] == [
            was[key] for key in ("state", "arrived_at", "enqueued_at", "due_at", "position")
        ]
    problem = await desk.boss.post("/avalanches/outage/undo", {}, 404)
    assert problem["reason"] == "unknown_bulk"


async def test_undo_is_over_when_the_mails_have_gone(desk: Desk) -> None:
    await desk.writes()
    await desk.answer()
    desk.there.clock.move(MINUTE)
    assert (await desk.boss.post("/avalanches/outage/undo", {}, 409))["reason"] == "undo_over"


async def test_who_writes_again_comes_back_to_a_person_at_his_place(desk: Desk) -> None:
    first = await desk.writes("outage 0.9 en", "mail")
    was = await desk.boss.get(f"/interactions/{first}")
    await desk.answer()
    desk.there.clock.move(2 * HOUR)
    await desk.there.send_mail()
    await desk.writes("invoice 0.9 en")
    await desk.there.say(first, "That does not help.", sender="c1@shop1.example")
    now = await desk.boss.get(f"/interactions/{first}")
    assert (now["state"], now["position"]) == ("waiting", 1)
    assert (now["arrived_at"], now["enqueued_at"]) == (was["arrived_at"], was["enqueued_at"])


async def test_the_same_call_again_answers_nobody_twice(desk: Desk) -> None:
    id = await desk.writes()
    body, path = OUTAGE, "/avalanches/outage/answer"
    first = await desk.boss.post(path, body, key="k-1")
    assert await desk.boss.post(path, body, key="k-1") == first
    await desk.there.send_mail()
    assert len(await desk.bot_says(id)) == 1


async def test_those_who_wait_in_a_queue_are_answered_whatever_it_is_about(desk: Desk) -> None:
    await desk.writes("invoice 0.3 en")
    await desk.writes("outage 0.2 en")
    path = "/avalanches/any/answer"
    assert (await desk.boss.post(path, OUTAGE, 422))["errors"][0]["path"] == "include.queue"
    assert (await desk.boss.post(path, {**OUTAGE, "include": {"queue": "nope"}}, 422))["status"] == 422
    assert (await desk.boss.post(path, {**OUTAGE, "include": {"queue": "support"}}))["answered"] == 2


async def test_an_article_of_the_knowledge_base_answers_in_each_of_its_languages(desk: Desk) -> None:
    article = {
        "id": "outage-info",
        "label": "outage",
        "languages": {
            "en": {"title": "Outage", "questions": ["No power?"], "answer": "Since nine there is no power."},
            "pl": {"title": "Awaria", "questions": ["Nie ma prądu?"], "answer": "Od dziewiątej nie ma prądu."},
        },
    }
    await desk.boss.post("/articles", article, 201)
    await desk.there.site.submit(ReportAvalanche("outage", None, 60, 4.5, HOUR))
    (seen,) = (await desk.boss.get("/avalanches"))["items"]
    assert [each["id"] for each in seen["articles"]] == ["outage-info"]
    id = await desk.writes("outage 0.9 pl")
    done = await desk.boss.post("/avalanches/outage/answer", {"article": "outage-info"})
    await desk.there.send_mail()
    assert (done["answered"], "Od dziewiątej" in (await desk.bot_says(id))[0]) == (1, True)
    assert (await desk.boss.post("/avalanches/outage/answer", {"article": "gone"}, 422))["reason"] == "unknown_article"
    assert (await desk.boss.post("/avalanches/outage/answer", {}, 422))["reason"] == "no_words"


async def test_what_comes_in_meanwhile_is_answered_until_it_is_ended(desk: Desk) -> None:
    done = await desk.answer(automate_for="2h")
    assert done["automated_until"] is not None
    first = await desk.writes()
    assert await desk.state(first) == "answered_by_bot"
    (seen,) = (await desk.boss.get("/avalanches"))["automations"]
    assert (seen["label"], seen["answered"], seen["while_it_lasts"]) == ("outage", 1, False)
    assert (await desk.boss.post("/avalanches/outage/end"))["automations"] == []
    assert await desk.state(await desk.writes()) == "waiting"
    assert (await desk.boss.post("/avalanches/outage/end", {}, 409))["reason"] == "no_avalanche"
    problem = await desk.boss.post("/avalanches/outage/answer", {**OUTAGE, "automate_for": "soon"}, 422)
    assert problem["errors"][0]["path"] == "automate_for"
    lasting = {**OUTAGE, "automate_for": "1h", "while_it_lasts": True}
    assert (await desk.boss.post("/avalanches/outage/answer", lasting, 409))["reason"] == "no_avalanche"


async def test_report_tells_who_came_back_and_calls_silence_silence(desk: Desk) -> None:
    rests, back, undone = [await desk.writes() for _ in range(3)]
    done = await desk.answer()
    await desk.boss.post(f"/interactions/{undone}/undo")
    await desk.there.say(back, "No.", sender="")
    report = await desk.boss.get(f"/bulk-answers/{done['id']}")
    assert [report[key] for key in ("got", "resting", "silent", "came_back", "undone")] == [3, 1, 0, 1, 1]
    assert report["saved_max_s"] is None
    desk.there.clock.move(DAY + MINUTE)
    await desk.writes("invoice 0.9 en")
    report = await desk.boss.get(f"/bulk-answers/{done['id']}")
    assert (await desk.state(rests), report["resting"], report["silent"]) == ("closed", 0, 1)


async def test_whoever_writes_again_about_the_same_was_not_helped(desk: Desk) -> None:
    one, two = [desk.there.site.state.interactions[await desk.writes()].customer for _ in range(2)]
    done = await desk.answer()
    desk.there.clock.move(HOUR)
    await desk.writes(id=one)
    await desk.writes("invoice 0.9 en", id=two)
    report = await desk.boss.get(f"/bulk-answers/{done['id']}")
    assert (report["got"], report["again"], report["resting"]) == (2, 1, 1)
    desk.there.clock.move(8 * DAY)
    await desk.writes(id=two)
    assert (await desk.boss.get(f"/bulk-answers/{done['id']}"))["again"] == 1


async def test_hundreds_are_answered_and_taken_back_in_one_call_each(desk: Desk) -> None:
    for _ in range(300):
        await desk.writes()
    done = await desk.answer()
    assert done["answered"] == 300
    assert (await desk.boss.post("/avalanches/outage/undo"))["answered"] == 300
    report = await desk.boss.get(f"/bulk-answers/{done['id']}")
    assert (report["got"], report["undone"]) == (300, 300)


# -- detection


async def watched(desk: Desk) -> AvalancheWatch:
    site = desk.there.site
    watch = AvalancheWatch(engine=site._engine, store=site.store, terms=Terms(), zone=ZoneInfo("UTC"))
    await watch.load()
    return watch


async def test_sixty_of_a_kind_are_an_avalanche_on_the_wallboard_and_in_its_activity(desk: Desk) -> None:
    watch = await watched(desk)
    async with desk.boss.socket("/ws/wallboard") as socket:
        assert (await until(socket, "snapshot"))[-1]["avalanches"] == []
        for _ in range(60):
            await desk.writes()
            desk.there.clock.move(SECOND)
        await watch._catch_up()
        frame = (await until(socket, "avalanches"))[-1]
        (told,) = frame["items"]
        assert (told["label"], told["queue"], told["automated_until"]) == ("outage", None, None)
        assert told["arrivals"] >= 15 > told["forecast"]
    (seen,) = (await desk.boss.get("/avalanches"))["items"]
    assert (seen["waiting"]["waiting"], seen["waiting"]["languages"]) == (60, {"en": 60})
    assert desk.there.app_metrics("centrala_avalanche", label="outage", queue="") == 1
    explained = await desk.boss.get(f"/interactions/{await desk.writes()}/explain")
    assert "Far more than usual comes about" in str(explained)
    desk.there.clock.move(HOUR)
    await watch.look()
    assert (await desk.boss.get("/avalanches"))["items"] == []


async def test_what_was_learnt_outlives_a_restart(desk: Desk) -> None:
    watch = await watched(desk)
    for _ in range(20):
        await desk.writes("invoice 0.9 en")
        desk.there.clock.move(30 * MINUTE)
        await watch._catch_up()
        await watch.look()
    again = await watched(desk)
    now = desk.there.clock.now()
    await again.look()
    known = [each.watch.forecast("invoice", None, now + DAY, HOUR) for each in (watch, again)]
    assert known[0] == known[1]
    assert 1.0 < known[0].mean < 4.0
