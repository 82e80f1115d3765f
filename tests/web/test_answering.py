"""What would be answered and why, what agents are offered, and how judgements prove a promise; by API."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from app.answers import Answers
from app.labelling import labelled
from classifiers.background import NOTHING, Background
from classifiers.cascade import Classification
from router.events import Admitted
from router.policy import Action, Autoresponse, Condition, Rule
from storage.codec import decode
from tests.web.world import POLICY, Client, World, unknown, world
from vocabulary.instants import DAY, HOUR
from vocabulary.records import JudgementRow, Remove
from web.site import Logged

PROMISING = msgspec.structs.replace(
    POLICY,
    rules=(Rule(name="everything", then=Action(queue="billing", autoresponse="bot")),),
    autoresponses={"bot": Autoresponse(name="bot", kind="answer", precision=0.9)},
)
COPY: dict[str, Any] = {
    "title": "Copy of an invoice",
    "questions": ["Where can I find my invoice?", "I need a copy of my invoice"],
    "answer": "You find it under My account.",
}
ASKED = "Where can I find my invoice?"


async def about_invoices(subject: str, text: str, usual: str | None, known: Background = NOTHING) -> Classification:
    is_known = "invoice" in text
    return Classification((("invoice", 0.95) if is_known else ("unknown", 0.0),), "en", "rules", "a test")


@pytest.fixture
async def promising(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path, policy=PROMISING, classify=about_invoices) as there:
        boss = await there.program("supervisor")
        await boss.post("/articles", {"id": "copy", "label": "invoice", "languages": {"en": COPY}}, 201)
        await there.add_agent("anna", "billing")
        yield there


def pairs(count: int, article: str | None = "copy", text: str = ASKED) -> list[dict[str, Any]]:
    return [{"text": f"{text} number {n}", "article": article, "language": "en"} for n in range(count)]


async def foreseen(boss: Client, text: str = ASKED, **more: Any) -> Any:
    return await boss.post("/autoresponses/preview", {"text": text, **more})


async def test_nothing_is_answered_before_it_is_proven_and_kept_pairs_prove_it(promising: World) -> None:
    boss = await promising.program("supervisor")
    before = await foreseen(boss)
    assert (before["outcome"], before["articles"]) == ("suggests", [])
    assert before["candidates"][0]["threshold"]["scope"] == "none"
    assert "Nothing proves a precision of 0.9" in before["text"]
    assert promising.site.state.interactions[await promising.asks(ASKED, visitor="a")].state == "waiting"
    tried = await boss.post("/autoresponses/evaluate", {"pairs": pairs(100)})
    assert (tried["n"], tried["right"], tried["kept"]) == (100, 100, 0)
    assert (await foreseen(boss))["outcome"] == "suggests"
    kept = await boss.post("/autoresponses/evaluate", {"pairs": pairs(100), "keep": True})
    assert (kept["kept"], kept["promises"][0]["answered"]) == (100, 100)
    after = await foreseen(boss)
    assert (after["outcome"], after["articles"], after["autoresponse"]) == ("answers", ["copy"], "bot")
    assert after["candidates"][0]["threshold"]["scope"] == "article"
    assert promising.site.state.interactions[await promising.asks(ASKED, visitor="b")].state == "answered_by_bot"


async def test_a_judgement_that_is_turned_over_is_learnt_anew(promising: World) -> None:
    boss = await promising.program("supervisor")
    ids = [await promising.asks(ASKED, visitor=f"v{number}") for number in range(80)]
    for id in ids:
        await boss.post(f"/interactions/{id}/suggestions/copy/judge", {"right": True})
    assert (await foreseen(boss))["outcome"] == "suggests"
    await promising.knowledge.learn_if_due()
    assert (await foreseen(boss))["outcome"] == "answers"
    proof = promising.knowledge.proof
    await promising.knowledge.learn_if_due()
    assert promising.knowledge.proof is proof
    promising.clock.move(HOUR)
    # Not the one that was judged last: what is read goes by when, not by which comes last.
    for id in ids[:20]:
        await boss.post(f"/interactions/{id}/suggestions/copy/judge", {"right": False})
    await promising.knowledge.learn_if_due()
    assert sum(right for _, _, right in promising.knowledge.proof.kept) < len(promising.knowledge.proof.kept)
    assert (await foreseen(boss))["outcome"] == "suggests"


async def test_judgements_that_are_gone_prove_nothing_any_more(promising: World) -> None:
    boss = await promising.program("supervisor")
    await boss.post("/autoresponses/evaluate", {"pairs": pairs(100), "keep": True})
    rows = await promising.site.store.judgements()
    await promising.site.write(*(Remove(JudgementRow, row.id) for row in rows[:90]))
    await promising.knowledge.learn_if_due()
    assert (await foreseen(boss))["outcome"] == "suggests"


async def test_a_question_that_could_not_be_classified_is_asked_again(tmp_path: Path) -> None:
    failing = [True]

    async def slow(subject: str, text: str, usual: str | None, known: Background = NOTHING) -> Classification:
        if failing[0]:
            return Classification((("unknown", 0.0),), None, "none", "it took too long", failed=True)
        return await about_invoices(subject, text, usual, known)

    async with world(tmp_path, policy=PROMISING, classify=slow) as there:
        boss = await there.program("supervisor")
        await boss.post("/articles", {"id": "copy", "label": "invoice", "languages": {"en": COPY}}, 201)
        await boss.post("/autoresponses/evaluate", {"pairs": pairs(100), "keep": True})
        assert len(there.knowledge.proof.kept) == 0
        failing[0] = False
        await there.knowledge.learn_if_due()
        assert all(right for _, _, right in there.knowledge.proof.kept)
        assert (await foreseen(boss))["outcome"] == "answers"


async def test_no_article_is_looked_for_where_none_answers_by_itself(tmp_path: Path) -> None:
    async with world(tmp_path, policy=POLICY, classify=about_invoices) as there:
        boss = await there.program("supervisor")
        await boss.post("/articles", {"id": "copy", "label": "invoice", "languages": {"en": COPY}}, 201)
        said = await labelled(about_invoices, ASKED, None, NOTHING)
        assert [each.article.id for each in there.knowledge.found(ASKED, "en", said.labels)] == ["copy"]
        assert there.knowledge.candidates(said, "en") == ()


async def test_what_is_out_of_scope_is_routed_by_its_keywords_and_answered_by_nothing(tmp_path: Path) -> None:
    async def outside(subject: str, text: str, usual: str | None, known: Background = NOTHING) -> Classification:
        is_outside = "template" in text
        return Classification((("invoice", 0.6),), "en", "rules", "a test", out_of_scope=is_outside)

    sure = {"bot": Autoresponse(name="bot", kind="answer", confidence=0.0)}
    policy = msgspec.structs.replace(PROMISING, autoresponses=sure)
    async with world(tmp_path, policy=policy, classify=outside) as there:
        boss = await there.program("supervisor")
        await boss.post("/articles", {"id": "copy", "label": "invoice", "languages": {"en": COPY}}, 201)
        text = "Write a template of an invoice for me, where I can find it"
        answered, id = await there.asks(ASKED, visitor="a"), await there.asks(text, visitor="b")
        assert there.site.state.interactions[answered].state == "answered_by_bot"
        assert there.site.state.interactions[id].state == "waiting"
        assert there.site.state.interactions[id].labels[0].name == "invoice"
        told = await foreseen(boss, text)
        assert (told["outcome"], told["articles"]) == ("suggests", [])
        assert "none of its labels" in told["text"]


async def test_wrong_answers_among_the_kept_ones_break_the_promise(promising: World) -> None:
    boss = await promising.program("supervisor")
    await boss.post("/autoresponses/evaluate", {"pairs": [*pairs(100), *pairs(40, None)], "keep": True})
    (proof,) = (await boss.get("/autoresponses/proof"))["items"]
    assert proof["overall"]["least"] is None
    assert 0 < proof["right"] < proof["kept"] < 140
    assert (await foreseen(boss))["outcome"] == "suggests"


async def test_a_preview_says_what_is_against_an_answer(promising: World) -> None:
    boss = await promising.program("supervisor")
    assert "No article" in (await foreseen(boss, "Hol van az iroda?", language="hu"))["text"]
    assert "101 words" in (await foreseen(boss, "invoice " * 101))["text"]
    problem = await boss.post("/autoresponses/preview", {"text": "x", "channel": "nowhere"}, 422)
    assert problem["errors"][0]["path"] == "channel"
    assert promising.site.state.interactions == {}


async def test_a_preview_decides_as_intake_does(tmp_path: Path) -> None:
    async def classify(subject: str, text: str, usual: str | None, known: Background) -> Classification:
        is_urgent = "now" in text or known.subject == "Now"
        labels = (("invoice", 0.8), ("noise", 0.04)) if len(text) <= 4_000 else (("flood", 0.9),)
        return Classification(labels, "en", "model", "a test", heads={"urgency": ("high", 0.9)} if is_urgent else {})

    policy = msgspec.structs.replace(
        POLICY,
        rules=(
            Rule(name="noise", when=Condition(label=("noise", "flood")), then=Action(queue="support")),
            Rule(name="words", when=Condition(words=("unsubscribe",)), then=Action(queue="support")),
            Rule(name="urgent", when=Condition(urgency=("high",)), then=Action(queue="billing")),
            Rule(name="everything", then=Action(queue="support")),
        ),
    )
    async with world(tmp_path, policy=policy, classify=classify) as there:
        boss = await there.program("supervisor")
        for n, (text, rule) in enumerate(
            [
                ("I need it now", "urgent"),
                ("My invoice", "everything"),
                (f"{'My invoice! ' * 400} now, unsubscribe", "everything"),
                ("unsubscribe", "words"),
            ]
        ):
            told = await foreseen(boss, text, channel="website")
            labels = [(each["name"], each["confidence"]) for each in told["labels"]]
            assert (told["rule"], labels) == (rule, [("invoice", 0.8)]), text
            id = await there.asks(text, visitor=f"v-{n}")
            (admitted, *_) = [decode(entry) for entry in await there.site.store.entries(0, 100, interaction=id)]
            assert isinstance(admitted, Admitted)
            assert (admitted.rule, admitted.queue) == (told["rule"], told["queue"])
        assert (await foreseen(boss, "My invoice", subject="Now"))["rule"] == "urgent"


async def test_an_agent_is_offered_answers_uses_them_and_judges_them_by_one_key(promising: World) -> None:
    id = await promising.asks(ASKED)
    anna = await promising.program("integration")
    await anna.post("/agents/anna/presence", {"presence": "available", "lease": "10m"})
    await anna.post(f"/offers/{id}.1/accept", {})
    (one,) = (await anna.get(f"/interactions/{id}/suggestions"))["items"]
    assert (one["article"], one["answer"], one["band"], one["sent"]) == ("copy", COPY["answer"], "high", False)
    assert (await anna.get(one["source"].removeprefix("/api/v1")))["id"] == "copy"
    assert (await anna.call("POST", f"/interactions/{id}/suggestions/copy/used", {})).status == 204
    judged = await anna.post(f"/interactions/{id}/suggestions/copy/judge", {"right": False})
    assert judged["items"][0]["judged"] is False
    judged = await anna.post(f"/interactions/{id}/suggestions/copy/judge", {"right": True})
    assert judged["items"][0]["judged"] is True
    rows = await promising.site.store.judgements(interaction=id)
    assert sorted((row.source, row.right) for row in rows) == [("inserted", True), ("thumb", True)]
    await anna.post(f"/interactions/{id}/suggestions/nothing/judge", {"right": True}, 404)


async def test_suggestions_are_for_what_was_not_answered_yet_and_hidden_if_unlikely(promising: World) -> None:
    id = await promising.asks("Good morning")
    anna = await promising.program("integration")
    assert (await anna.get(f"/interactions/{id}/suggestions"))["items"] == []
    await promising.asks(ASKED, number=2)
    assert [one["article"] for one in (await anna.get(f"/interactions/{id}/suggestions"))["items"]] == ["copy"]


async def test_an_operator_sees_suggestions_of_his_own_work_only(promising: World) -> None:
    id = await promising.asks(ASKED)
    bert = await promising.person("bert", "operator", "bert")
    await bert.get(f"/interactions/{id}/suggestions", 403)
    await bert.post("/autoresponses/evaluate", {"pairs": pairs(1)}, 403)
    await bert.get("/reports/autoresponses", 403)


async def test_the_report_tells_outcomes_with_intervals_and_counts_silence_as_none(promising: World) -> None:
    boss = await promising.program("supervisor")
    await boss.post("/autoresponses/evaluate", {"pairs": pairs(100), "keep": True})
    for visitor in ("silent", "thanks", "again"):
        await promising.asks(ASKED, visitor=visitor)
    await promising.asks("Thanks, that helped", visitor="thanks", number=2)
    promising.clock.move(HOUR)
    await promising.asks("It is not there", visitor="again", number=2)
    promising.clock.move(7 * DAY)
    boss = await promising.program("supervisor")
    report = await boss.get("/reports/autoresponses")
    everything, bot = report["items"]
    assert (everything["autoresponse"], bot["autoresponse"]) == (None, "bot")
    assert bot["results"] == {"confirmed": 1, "silent": 1, "recontacted": 0, "escalated": 1, "open": 0}
    assert bot["confirmed"]["value"] == pytest.approx(1 / 3, abs=0.001)
    assert bot["confirmed"]["low"] < 0.1
    assert "Silence is no success" in report["definitions"]["results"]
    await boss.get("/reports/autoresponses?from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z", 422)


async def test_an_article_that_no_longer_is_one_can_not_be_right(promising: World) -> None:
    boss = await promising.program("supervisor")
    problem = await boss.post("/autoresponses/evaluate", {"pairs": pairs(1, "gone")}, 422)
    assert problem["errors"][0]["path"] == "pairs[0].article"


async def test_an_answer_about_something_else_than_a_person_says_was_wrong_and_can_be_judged(promising: World) -> None:
    boss = await promising.program("supervisor")
    await boss.post("/autoresponses/evaluate", {"pairs": pairs(100), "keep": True})
    id = await promising.asks(ASKED)
    await promising.asks("No, I mean my phone", number=2)
    (shown,) = (await boss.get(f"/interactions/{id}/suggestions"))["items"]
    assert (shown["article"], shown["sent"], shown["judged"]) == ("copy", True, None)
    await boss.post(f"/interactions/{id}/label", {"label": "roaming"})
    (*_, relabelled) = [decode(entry) for entry in await promising.site.store.entries(0, 100, interaction=id)]
    await promising.site.knowledge.heard(relabelled)
    rows = await promising.site.store.judgements(interaction=id)
    assert [(row.source, row.right) for row in rows] == [("corrected", False)]


async def judged(there: World, id: str) -> list[tuple[str, bool]]:
    return [(row.source, row.right) for row in await there.site.store.judgements(interaction=id)]


def restarted(there: World) -> Answers:
    return Answers(engine=there.engine, store=there.site.store, knowledge=there.knowledge, classify=about_invoices)


async def test_answers_whose_customers_go_on_break_the_promise_that_thanks_keep(promising: World) -> None:
    boss = await promising.program("supervisor")
    await boss.post("/autoresponses/evaluate", {"pairs": pairs(100), "keep": True})
    for number in range(60):
        await promising.asks(ASKED, visitor=f"v{number}")
        words = "Thanks, that helped" if number % 2 else "This is wrong"
        await promising.asks(words, visitor=f"v{number}", number=2)
    await promising.site.knowledge.catch_up()
    await promising.knowledge.learn_if_due()
    rows = [row for row in await promising.site.store.judgements() if row.interaction is not None]
    assert sorted(row.source for row in rows) == ["confirmed"] * 30 + ["escalated"] * 30
    assert all(row.right == (row.source == "confirmed") for row in rows)
    assert (await foreseen(boss))["outcome"] == "suggests"


async def test_what_became_of_an_answer_counts_once_and_a_person_has_the_last_word(promising: World) -> None:
    boss = await promising.program("supervisor")
    await boss.post("/autoresponses/evaluate", {"pairs": pairs(100), "keep": True})
    ids = {visitor: await promising.asks(ASKED, visitor=visitor) for visitor in ("silent", "again", "right")}
    await promising.asks("No, I mean my phone", visitor="right", number=2)
    promising.clock.move(2 * DAY)
    await promising.asks("Where is it?", visitor="again", number=2)
    await promising.site.knowledge.catch_up()
    assert {visitor: await judged(promising, id) for visitor, id in ids.items()} == {
        "silent": [],
        "again": [("recontacted", False)],
        "right": [("escalated", False)],
    }
    (shown,) = (await boss.get(f"/interactions/{ids['right']}/suggestions"))["items"]
    assert (shown["sent"], shown["judged"]) == (True, None)
    await boss.post(f"/interactions/{ids['right']}/suggestions/copy/judge", {"right": True})
    promising.clock.move(HOUR)
    await promising.asks("And once more", visitor="again", number=3)
    before = await promising.site.store.judgements()
    for answers in (promising.site.knowledge, restarted(promising)):
        await answers.catch_up()
        assert await promising.site.store.judgements() == before
    assert await judged(promising, ids["right"]) == [("thumb", True)]


async def test_what_happened_while_nobody_listened_is_taken_up_and_what_is_heard_twice_counts_once(
    promising: World,
) -> None:
    boss = await promising.program("supervisor")
    await boss.post("/autoresponses/evaluate", {"pairs": pairs(100), "keep": True})
    id = await promising.asks(ASKED)
    await promising.asks("Thanks, that helped", number=2)
    await promising.site.knowledge.catch_up()
    assert await judged(promising, id) == [("confirmed", True)]
    promising.clock.move(DAY)
    await promising.asks("It is not there", number=3)
    assert await judged(promising, id) == [("confirmed", True)]
    answers = restarted(promising)
    await answers.catch_up()
    assert await judged(promising, id) == [("recontacted", False)]
    async for entry in promising.site.store.read(0):
        await answers.see(Logged(entry.seq, decode(entry)))
    assert await judged(promising, id) == [("recontacted", False)]


async def test_another_answer_is_judged_anew_and_other_questions_are_not(promising: World) -> None:
    boss = await promising.program("supervisor")
    for number in range(80):
        id = await promising.asks(ASKED, visitor=f"v{number}")
        await boss.post(f"/interactions/{id}/suggestions/copy/judge", {"right": True})
    await promising.knowledge.learn_if_due()
    assert (await foreseen(boss))["outcome"] == "answers"
    more = {
        **COPY,
        "title": "An invoice once more",
        "questions": [*COPY["questions"], "Is there a copy of my invoice?"],
    }
    assert (await boss.call("PATCH", "/articles/copy", {"languages": {"en": more}})).status == 200
    assert (await foreseen(boss))["candidates"][0]["threshold"]["scope"] == "article"
    await promising.knowledge.learn_if_due()
    assert (await foreseen(boss))["candidates"][0]["threshold"]["scope"] == "article"
    other = {**more, "answer": "We don't make copies."}
    assert (await boss.call("PATCH", "/articles/copy", {"languages": {"en": other}})).status == 200
    # At once, and after it has learnt.
    for _ in range(2):
        (shown,) = (await foreseen(boss))["candidates"]
        assert (shown["threshold"]["scope"], shown["threshold"]["n"]) == ("none", 0)
        await promising.knowledge.learn_if_due()
    assert (await boss.call("PATCH", "/articles/copy", {"languages": {"en": more}})).status == 200
    assert (await foreseen(boss))["outcome"] == "answers"


async def test_what_became_of_an_answer_tells_of_what_was_sent(promising: World) -> None:
    boss = await promising.program("supervisor")
    await boss.post("/autoresponses/evaluate", {"pairs": pairs(100), "keep": True})
    id = await promising.asks(ASKED)
    sent = promising.knowledge.content("copy")
    changed = {"languages": {"en": {**COPY, "answer": "We don't make copies."}}}
    assert (await boss.call("PATCH", "/articles/copy", changed)).status == 200
    await promising.asks("This is wrong", number=2)
    await promising.site.knowledge.catch_up()
    (row,) = await promising.site.store.judgements(interaction=id)
    assert (row.source, row.features["content"]) == ("escalated", sent)
    assert promising.knowledge.content("copy") != sent


async def test_an_answer_is_judged_by_what_its_question_was_taken_for_even_if_nobody_could_tell_now(
    promising: World,
) -> None:
    boss = await promising.program("supervisor")
    await boss.post("/autoresponses/evaluate", {"pairs": pairs(100), "keep": True})
    id = await promising.asks(ASKED)
    await promising.asks("This is wrong", number=2)
    answers = Answers(
        engine=promising.engine, store=promising.site.store, knowledge=promising.knowledge, classify=unknown
    )
    await answers.catch_up()
    (row,) = await promising.site.store.judgements(interaction=id)
    assert (row.right, row.features["features"]["confidence"]) == (False, 0.95)


async def test_what_is_left_of_judgements_of_an_erased_customer_says_nothing_of_him(promising: World) -> None:
    id = await promising.asks(ASKED)
    admin = await promising.program("admin")
    await admin.post(f"/interactions/{id}/suggestions/copy/judge", {"right": True})
    customer = promising.site.state.interactions[id].customer
    assert (await admin.call("DELETE", f"/customers/{customer}?force=true")).status == 204
    (row,) = await promising.site.store.judgements()
    assert (row.interaction, row.text, row.right) == (None, "", True)
