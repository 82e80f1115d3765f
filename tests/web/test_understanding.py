"""Labels as people say them, and a model that learns from that: through the API."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from app.model_versions import BY_SITE, POINTER, Pointer
from app.retraining import Schedule
from classifiers.artifact import to_bytes
from classifiers.background import NOTHING, Background
from classifiers.cascade import Classification
from classifiers.orders import Order
from classifiers.retraining import retrain
from classifiers.training import train
from tests.learning import WAYS, Learning, rows, starter
from tests.web.world import Client, World, world
from vocabulary.errors import PermanentFailure
from vocabulary.instants import DAY, SECOND
from vocabulary.records import CustomerRow, Put, SetAttributes, SettingRow

WARRANTY = (
    "the guarantee of my router has run out", "is the guarantee still valid for this phone",
    "I lost the guarantee card", "how long is the guarantee on the modem",
)  # fmt: skip


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A first model, trained once for all tests."""
    folder = tmp_path_factory.mktemp("first")
    model, _ = retrain(Order(starter=str(starter(folder))))
    return to_bytes(model)


@pytest_asyncio.fixture
async def site(tmp_path: Path, first: bytes) -> AsyncIterator[World]:
    """A site that has a model."""
    (tmp_path / "learning").mkdir()
    (tmp_path / "learning" / "model.npz").write_bytes(first)
    async with world(
        tmp_path, lessons={"queues": {"billing": "invoice"}, "dispositions": {"solved": "outage"}}
    ) as made:
        await made.learning.versions.prepare()
        yield made


async def arrives(site: World, text: str, **more: Any) -> dict[str, Any]:
    """Let an integration send `text`; return the interaction."""
    program = await site.program("integration")
    body = {"channel": "website", "text": text, "customer": {"email": f"{abs(hash(text))}@example.org"}, **more}
    found: dict[str, Any] = await program.post("/interactions", body, status=201)
    return found


async def all_said(site: World, boss: Client, label: str, *texts: str) -> None:
    """Let so many customers write, and a supervisor say each time what it is about."""
    for text in texts:
        id = (await arrives(site, text))["id"]
        await boss.post(f"/interactions/{id}/label", {"label": label})


async def retrained(site: World, boss: Client) -> dict[str, Any]:
    """Train a new version; return it with its report."""
    assert (await boss.post("/understanding/retrain", status=202))["state"] == "running"
    await site.learning.retraining.finished()
    told = (await boss.get("/understanding"))["training"]
    assert told["state"] == "done", told
    found: dict[str, Any] = await boss.get(f"/understanding/models/{told['version']}")
    return found


@asynccontextmanager
async def another_node(site: World, folder: Path) -> AsyncIterator[Learning]:
    """Have what a second node learns by, which keeps its files under `folder`."""
    other = Learning(site.engine, site.site.store, folder / "elsewhere", Schedule())
    try:
        yield other
    finally:
        await other.close()


def ways(*said: str) -> list[str]:
    return [way.format(each) for each in said for way in WAYS]


# -- saying it


async def test_an_agents_word_is_sure_shown_and_can_be_taken_back(site: World) -> None:
    await site.add_agent("anna", "support")
    anna = await site.person("anna", agent="anna")
    await anna.post("/agents/anna/presence", {"presence": "available", "lease": "10m"})
    id = (await arrives(site, WAYS[0].format("I was charged twice on my bill")))["id"]
    offer = (await anna.get("/agents/anna/offers"))["items"][0]
    await anna.post(f"/offers/{offer['id']}/accept")
    before = (await anna.get(f"/interactions/{id}"))["labels"]
    assert before[0][0] == "invoice"

    said = await anna.post(f"/interactions/{id}/label", {"label": "outage"})
    assert said["learnt"]
    shown = await anna.get(f"/interactions/{id}")
    assert (shown["labels"], shown["labelled_by"], shown["labels_before"]) == ([["outage", 1.0]], "anna", before)
    assert shown["queue"] == "support"
    assert "Anna said" in (await anna.get(f"/interactions/{id}/explain"))["text"]
    boss = await site.person("boss", "supervisor")
    assert (await boss.get("/understanding"))["rows"] == {"correction": 1}
    events = (await boss.get(f"/interactions/{id}/events"))["items"]
    assert [each["data"] for each in events if each["type"] == "Relabelled"] == [
        {"label": "outage", "labels": [{"name": "outage", "confidence": 1.0}], "by": "anna"}
    ]

    assert (await anna.call("DELETE", f"/interactions/{id}/label")).status == 200
    again = await anna.get(f"/interactions/{id}")
    assert (again["labels"], again["labelled_by"]) == (before, None)
    assert (await boss.get("/understanding"))["rows"] == {}
    assert (await anna.call("DELETE", f"/interactions/{id}/label")).status == 409


async def test_who_wrote_and_where_is_kept_with_the_message_told_to_the_model_and_learnt(site: World) -> None:
    boss = await site.person("boss", "supervisor")
    eve = {"customer": {"email": "eve@example.org"}}
    first = await arrives(site, "the guarantee of my router has run out", **eve)
    await boss.post(f"/interactions/{first['id']}/label", {"label": "warranty"})
    second = await arrives(site, "and the other one", subject="Hello again", **eve)
    await boss.post(f"/interactions/{second['id']}/label", {"label": "warranty"})
    learnt = {each.text: each.known for each in await site.learning.lessons.all()}
    assert learnt == {
        "the guarantee of my router has run out": Background(channel="website"),
        "Hello again\nand the other one": Background("Hello again", "website", "", ("warranty",)),
    }

    of_old = [Background(former=("warranty",)), Background(former=("invoice",))] * 20
    rows = [(f"and the other one {number // 2}", ("warranty", "invoice")[number % 2]) for number in range(40)]
    site.learning.understanding.model = train(rows, backgrounds=of_old)
    asked = {"text": "and the other one", "channel": "website", "customer": second["customer"]["id"]}
    assert (await boss.post("/classify", asked))["labels"][0][0] == "warranty"
    third = await arrives(site, "and the other one", **eve)
    assert third["labels"][0][0] == "warranty"


async def test_agents_choose_what_there_is_and_supervisors_make_what_is_new(site: World) -> None:
    await site.add_agent("anna", "support")
    anna = await site.person("anna", agent="anna")
    await anna.post("/agents/anna/presence", {"presence": "available", "lease": "10m"})
    id = (await arrives(site, "hello"))["id"]
    refused = await anna.call("POST", f"/interactions/{id}/label", {"label": "gossip"})
    assert refused.status == 422
    assert "invoice, outage, warranty, unknown" in (await refused.json())["detail"]
    boss = await site.person("boss", "supervisor")
    await boss.post(f"/interactions/{id}/label", {"label": "gossip"})
    assert (await anna.get("/understanding/labels"))["items"][-1] == "unknown"
    assert "gossip" in (await anna.get("/understanding/labels"))["items"]
    bad = await boss.call("POST", f"/interactions/{id}/label", {"label": "a b"})
    assert bad.status == 422


async def test_a_transfer_and_a_disposition_teach_what_the_configuration_says(site: World) -> None:
    await site.add_agent("anna", "support")
    program = await site.program("integration")
    await program.post("/agents/anna/presence", {"presence": "available", "lease": "10m"})
    first, second = [(await arrives(site, text))["id"] for text in ("something about money", "no light on the box")]
    for offer in (await program.get("/agents/anna/offers"))["items"]:
        await program.post(f"/offers/{offer['id']}/accept")
    await program.post(f"/interactions/{first}/transfer", {"queue": "billing", "note": "yours"})
    await program.post(f"/interactions/{second}/end")
    await program.post(f"/interactions/{second}/wrap-up", {"disposition": "solved"})
    rows = {each.row.interaction: each.row for each in await site.site.store.training_texts()}
    assert {id: (row.label, row.source, row.by) for id, row in rows.items()} == {
        first: ("invoice", "transfer", "anna"),
        second: ("outage", "disposition", "anna"),
    }
    # What a person says counts more.
    boss = await site.person("boss", "supervisor")
    await boss.post(f"/interactions/{first}/label", {"label": "delivery", "source": "labelled"})
    assert {(each.label, each.source) for each in await site.learning.lessons.all()} == {
        ("delivery", "labelled"),
        ("outage", "disposition"),
    }


async def test_a_warm_transfer_teaches_unless_it_ends_before_somebody_takes_it(site: World) -> None:
    await site.add_agent("anna", "support")
    await site.add_agent("ben", "billing")
    program = await site.program("integration")
    boss = await site.person("boss", "supervisor")
    await program.post("/agents/anna/presence", {"presence": "available", "lease": "10m"})
    id = (await arrives(site, "something about money"))["id"]
    (offer,) = (await program.get("/agents/anna/offers"))["items"]
    await program.post(f"/offers/{offer['id']}/accept")
    warm = {"queue": "billing", "note": "yours?", "warm": True}
    await program.post(f"/interactions/{id}/transfer", warm)
    assert (await program.call("DELETE", f"/interactions/{id}/transfer")).status == 200
    assert await site.site.store.training_of(id) == []

    await program.post("/agents/ben/presence", {"presence": "available", "lease": "10m"})
    await program.post(f"/interactions/{id}/transfer", warm)
    (offer,) = (await program.get("/agents/ben/offers"))["items"]
    await program.post(f"/offers/{offer['id']}/accept")
    assert (await boss.get(f"/interactions/{id}"))["agent"] == "ben"
    (row,) = await site.site.store.training_of(id)
    assert (row.label, row.source, row.by) == ("invoice", "transfer", "anna")


# -- who does not want it


async def test_nothing_is_learnt_where_the_site_does_not_learn(tmp_path: Path) -> None:
    async with world(tmp_path, lessons={"learn": False}) as site:
        boss = await site.person("boss", "supervisor")
        id = (await arrives(site, "the bill is wrong"))["id"]
        said = await boss.post(f"/interactions/{id}/label", {"label": "invoice"})
        assert (said["learnt"], said["interaction"]["labels"]) == (False, [["invoice", 1.0]])
        assert await site.site.store.training_texts() == []


async def test_nothing_is_learnt_of_a_customer_who_does_not_want_it(site: World) -> None:
    boss = await site.person("boss", "supervisor")
    found = await arrives(site, "the bill is wrong")
    customer = await site.site.store.customer(found["customer"]["id"])
    assert customer is not None
    row = CustomerRow(id=customer.id, created_at=customer.created_at, attributes={"no_learning": True})
    await site.site.write(Put(row))
    assert not (await boss.post(f"/interactions/{found['id']}/label", {"label": "invoice"}))["learnt"]


async def test_what_was_learnt_of_a_customer_goes_when_he_objects_and_is_never_trained_on(site: World) -> None:
    boss = await site.person("boss", "supervisor")
    found, other, third = [await arrives(site, text) for text in ("the bill is wrong", "no light", "no bill")]
    for one in (found, other, third):
        await boss.post(f"/interactions/{one['id']}/label", {"label": "invoice"})
    id = found["customer"]["id"]
    assert (await boss.call("PATCH", f"/customers/{id}", {"attributes": {"no_learning": True}})).status == 200
    assert await site.site.store.training_of(found["id"]) == []
    # However else it became known, a CRM for instance.
    await site.site.write(SetAttributes(CustomerRow, other["customer"]["id"], {"no_learning": True}))
    assert [each.text for each in await site.learning.lessons.all()] == ["no bill"]


async def test_whoever_is_erased_teaches_no_longer(site: World) -> None:
    boss = await site.person("boss", "supervisor")
    found = await arrives(site, "the bill is wrong")
    await boss.post(f"/interactions/{found['id']}/label", {"label": "invoice"})
    exported = await (await boss.call("GET", f"/customers/{found['customer']['id']}/export")).json()
    assert [row["label"] for row in exported["interactions"][0]["training"]] == ["invoice"]
    assert await site.site.erase(found["customer"]["id"], "boss", force=True) is None
    assert await site.site.store.training_of(found["id"]) == []
    assert await site.learning.lessons.all() == []


# -- learning


async def test_what_is_corrected_is_known_after_the_training_and_a_rollback_forgets_it(site: World) -> None:
    boss = await site.person("boss", "supervisor")
    question = "good morning, is the guarantee still valid for this tablet"
    assert (await arrives(site, question))["labels"][0][0] != "warranty"
    first = (await boss.get("/understanding"))["live"]
    await all_said(site, boss, "warranty", *ways(*WARRANTY[:2]))

    made = await retrained(site, boss)
    report = made["report"]
    assert (made["state"], made["passes"], report["against"]) == ("candidate", True, first)
    assert report["rows"]["by_source"] == {"correction": 24}
    assert report["gate"]["only_after"] > 0 == report["gate"]["only_before"]
    assert report["per_class"]["warranty"]["recall_before"] == 0 < report["per_class"]["warranty"]["recall_after"]
    assert report["week"]["messages"] == 25
    assert {example["to"] for example in report["week"]["examples"]} == {"warranty"}
    assert all(example["number"].startswith("C-") for example in report["week"]["examples"])
    # Nothing has changed yet.
    assert (await boss.get("/understanding"))["live"] == first

    await boss.post(f"/understanding/models/{made['id']}/use")
    assert (await boss.get("/understanding"))["live"] == made["id"]
    assert (await arrives(site, question + "?"))["labels"][0][0] == "warranty"

    assert (await boss.post("/understanding/rollback"))["live"] == first
    assert (await arrives(site, question + "??"))["labels"][0][0] != "warranty"
    none = await boss.call("POST", "/understanding/rollback", {})
    assert (none.status, (await none.json())["reason"]) == (409, "no_former_model")
    audit = await site.site.store.audit_of([first, made["id"]])
    assert {(line.action, line.target, line.who) for line in audit} == {
        ("model_use", first, "centrala"),
        ("model_use", made["id"], "u-boss"),
        ("model_rollback", first, "u-boss"),
    }


async def test_a_worse_model_is_refused_until_somebody_says_yes(site: World) -> None:
    boss = await site.person("boss", "supervisor")
    first = (await boss.get("/understanding"))["live"]
    # Somebody confuses them, again and again.
    wrong = [text for text, label in rows() if label == "delivery"]
    await all_said(site, boss, "outage", *(f"{text} {mark}" for text in wrong for mark in ".!"))
    made = await retrained(site, boss)
    assert (made["passes"], made["report"]["gate"]["worse"]) == (False, ["starter"])
    refused = await boss.call("POST", f"/understanding/models/{made['id']}/use", {})
    problem = await refused.json()
    assert (refused.status, problem["reason"]) == (409, "model_is_worse")
    assert "worse with 100% confidence. Say yes" in problem["detail"]
    assert (await boss.get("/understanding"))["live"] == first
    await boss.post(f"/understanding/models/{made['id']}/use", {"yes": True})
    assert (await boss.get("/understanding"))["live"] == made["id"]
    (line,) = await site.site.store.audit_of([made["id"]])
    assert (line.detail["yes"], line.detail["gate"]["passes"]) == (True, False)


async def test_what_was_compared_with_another_version_than_the_live_one_is_refused_until_somebody_says_yes(
    site: World,
) -> None:
    boss = await site.person("boss", "supervisor")
    await all_said(site, boss, "warranty", *ways(*WARRANTY[:1]))
    one = await retrained(site, boss)
    site.clock.move(SECOND)
    await all_said(site, boss, "warranty", *ways(*WARRANTY[1:2]))
    two = await retrained(site, boss)
    assert (one["judged"], two["judged"], one["passes"], two["passes"]) == ("judged", "judged", True, True)
    first = one["report"]["against"]
    await boss.post(f"/understanding/models/{two['id']}/use")
    told = {each["id"]: each for each in (await boss.get("/understanding/models"))["items"]}
    assert {id: (each["judged"], each["passes"]) for id, each in told.items()} == {
        first: ("not_here", True),
        one["id"]: ("against_another", False),
        two["id"]: ("judged", True),
    }
    refused = await boss.call("POST", f"/understanding/models/{one['id']}/use", {})
    problem = await refused.json()
    assert (refused.status, problem["reason"]) == (409, "model_not_compared")
    assert f"was compared with version {first}, and {two['id']} is live now" in problem["detail"]
    assert (await boss.get("/understanding"))["live"] == two["id"]
    # What was live before has shown what it does: that may be used again, and what then fits is compared again.
    await boss.post(f"/understanding/models/{first}/use")
    assert (await boss.get(f"/understanding/models/{one['id']}"))["passes"]
    await boss.post(f"/understanding/models/{two['id']}/use")
    await boss.post(f"/understanding/models/{one['id']}/use", {"yes": True})
    (line,) = await site.site.store.audit_of([one["id"]])
    assert (line.detail["yes"], line.detail["against"], line.detail["before"]) == (True, first, two["id"])


async def test_a_model_that_is_put_there_as_a_file_leaves_an_audit_line(site: World, tmp_path: Path) -> None:
    boss = await site.person("boss", "supervisor")
    first = (await boss.get("/understanding"))["live"]
    (tmp_path / "learning" / "model.npz").write_bytes(to_bytes(train(rows()[:96])))
    await site.learning.versions.prepare()
    live = (await boss.get("/understanding"))["live"]
    (line,) = await site.site.store.audit_of([live])
    assert (line.action, line.who, line.detail) == (
        "model_use",
        "centrala",
        {"before": first, "from_file": "model.npz"},
    )
    assert (await boss.get(f"/understanding/models/{live}"))["judged"] == "not_here"


async def test_a_candidate_runs_beside_the_live_model_and_decides_nothing(site: World) -> None:
    boss = await site.person("boss", "supervisor")
    await all_said(site, boss, "warranty", *ways(*WARRANTY[:2]))
    made = await retrained(site, boss)
    await boss.post(f"/understanding/models/{made['id']}/shadow")
    texts = ["is the guarantee still valid for this tablet", "where is my parcel"]
    ids = []
    for text in texts:
        found = await arrives(site, text)
        ids.append(found["id"])
        assert found["labels"][0][0] != "warranty"
        await site.learning.shadows.look(found["id"], text, await site.learning.understanding.classify("", text))
    told = (await boss.get("/understanding"))["shadow"]
    assert (told["version"], told["agreed"], told["differed"]) == (made["id"], 1, 1)
    assert (told["examples"][0]["interaction"], told["examples"][0]["to"]) == (ids[0], "warranty")
    # What keywords decide counts as what they decide, whatever the model alone would say.
    decided = Classification((("warranty", 0.6),), "en", "rules", "a test", heads={"urgency": ("high", 0.9)})
    await site.learning.shadows.look(ids[0], texts[0], decided)
    told = (await boss.get("/understanding"))["shadow"]
    assert (told["agreed"], told["differed"], told["heads"]) == (2, 1, {"urgency": 1})
    await boss.post(f"/understanding/models/{made['id']}/shadow", {"on": False})
    assert (await boss.get("/understanding"))["shadow"] is None


async def test_the_least_sure_are_asked_about_and_each_kind_once(site: World) -> None:
    boss = await site.person("boss", "supervisor")
    sure = (await arrives(site, WAYS[1].format("where is my parcel")))["id"]
    odd = [(await arrives(site, text))["id"] for text in ("my guarantee card is lost", "lost is my guarantee card")]
    asked = (await boss.get("/understanding/to-label"))["items"]
    ids = [each["interaction"] for each in asked]
    assert len(set(odd) & set(ids)) == 1
    assert ids.index(next(id for id in odd if id in ids)) < ids.index(sure)
    await boss.post(f"/interactions/{ids[0]}/label", {"label": "warranty", "source": "labelled"})
    left = [each["interaction"] for each in (await boss.get("/understanding/to-label"))["items"]]
    assert ids[0] not in left
    assert (await boss.get("/understanding"))["rows"] == {"labelled": 1}


async def test_operators_neither_train_nor_use(site: World) -> None:
    anna = await site.person("anna", agent="anna")
    for path in ("/understanding/retrain", "/understanding/rollback", "/understanding/models/m-1/use"):
        assert (await anna.call("POST", path, {})).status == 403
    assert (await anna.call("GET", "/understanding")).status == 403


async def test_another_node_takes_up_what_becomes_live(site: World, tmp_path: Path) -> None:
    boss = await site.person("boss", "supervisor")
    async with another_node(site, tmp_path) as other:
        await other.versions.prepare()
        assert other.site.live == site.learning.site.live
        await all_said(site, boss, "warranty", *ways(*WARRANTY[:2]))
        made = await retrained(site, boss)
        await boss.post(f"/understanding/models/{made['id']}/use")
        await other.versions.look()
        assert other.site.live == made["id"]
        said = await other.understanding.classify("", "is the guarantee still valid for this tablet")
        assert said.labels[0][0] == "warranty"


async def test_who_is_first_after_a_start_is_understood_by_the_live_version(site: World, tmp_path: Path) -> None:
    async with another_node(site, tmp_path) as other:
        # Neither what the records alone have, for a file of somebody's own may come to stand here, ...
        await other.versions.open()
        assert other.site.live is None
        # ... nor that file: `prepare` takes it over.
        file = tmp_path / "elsewhere" / "model.npz"
        file.write_bytes(b"of somebody's own")
        await other.versions.open()
        assert (other.site.live, file.read_bytes()) == (None, b"of somebody's own")
        file.write_bytes((tmp_path / "learning" / "model.npz").read_bytes())
        await other.versions.open()
        assert other.site.live == site.learning.site.live
        said = await other.understanding.classify("", WAYS[0].format("where is my parcel"))
        assert said.labels[0][0] == "delivery"


async def outdated(site: World, first: bytes, **report: Any) -> str:
    """Let the live version be one that another version of Centrala has written."""
    id = await site.learning.versions.add(_of_schema(3, first), report, BY_SITE)
    await site.engine.write(Put(SettingRow(id=POINTER, body=msgspec.json.encode(Pointer(live=id)))))
    return id


def _of_schema(number: int, content: bytes) -> bytes:
    mark, _, rest = content.split(b" ", 2)
    return b"%s %d %s" % (mark, number, rest)


async def test_a_live_model_of_another_version_of_centrala_is_trained_anew(tmp_path: Path, first: bytes) -> None:
    async with world(tmp_path) as site:
        versions = site.learning.versions
        old = await outdated(site, first)
        await versions.prepare()
        boss = await site.person("boss", "supervisor")
        live = (await boss.get("/understanding"))["live"]
        assert live not in (None, old)
        assert (await arrives(site, WAYS[0].format("where is my parcel")))["labels"][0][0] == "delivery"
        (line,) = await site.site.store.audit_of([live])
        assert (line.action, line.who, line.detail["before"]) == ("model_use", "centrala", old)
        # What can't classify here is not put to use by hand either.
        for path in (f"models/{old}/use", f"models/{old}/shadow"):
            refused = await boss.call("POST", f"/understanding/{path}", {})
            assert (refused.status, (await refused.json())["reason"]) == (409, "model_unusable")
        refused = await boss.call("POST", "/understanding/rollback", {})
        assert (await refused.json())["reason"] == "no_former_model"
        async with another_node(site, tmp_path) as other:
            await other.versions.prepare()
            assert other.site.live == live


async def test_a_file_of_another_version_of_centrala_is_not_thrown_away_but_retraining_works(
    tmp_path: Path, first: bytes
) -> None:
    async with world(tmp_path) as site:
        old = await outdated(site, first, from_file=True)
        with pytest.raises(PermanentFailure, match="from the rows that it was made of"):
            await site.learning.versions.prepare()
        boss = await site.person("boss", "supervisor")
        assert {each["id"] for each in (await boss.get("/understanding/models"))["items"]} == {old}
        made = await retrained(site, boss)
        await boss.post(f"/understanding/models/{made['id']}/use")
        assert (await boss.get("/understanding"))["live"] == made["id"]


async def test_one_training_at_a_time_whichever_node_begins_it(site: World, tmp_path: Path) -> None:
    boss = await site.person("boss", "supervisor")
    await all_said(site, boss, "warranty", *ways(*WARRANTY[:1]))
    async with another_node(site, tmp_path) as other:
        trainings = (site.learning.retraining, other.retraining)
        await other.versions.look()
        begun = await asyncio.gather(*(each.start("boss") for each in (*trainings, *trainings)))
        refusals = [refusal for refusal in begun if refusal is not None]
        assert [refusal.reason for refusal in refusals] == ["training"] * 3
        assert (await other.retraining.state()).state == "running"
        await asyncio.gather(*(each.finished() for each in trainings))
        told = await other.retraining.state()
        assert (told.state, len(await site.learning.versions.all())) == ("done", 2)
        assert told == await site.learning.retraining.state()


async def test_a_node_that_stopped_knows_that_it_trains_no_longer(site: World, tmp_path: Path) -> None:
    retraining = site.learning.retraining
    assert await retraining.start("boss") is None
    # Before it has done anything at all.
    await retraining.close()
    told = await retraining.state()
    assert (told.state, told.problem) == ("failed", "it broke off: the node that trained has stopped")
    async with another_node(site, tmp_path) as other:
        assert (await other.retraining.state()).state == "running"
        site.clock.move(DAY)
        assert (await other.retraining.state()).state == "failed"
        assert await retraining.start("boss") is None
        await retraining.close()


async def test_why_a_training_broke_is_told(tmp_path: Path) -> None:
    async with world(tmp_path) as site:
        (tmp_path / "learning" / "starter.csv").write_text("text,label\nhello,invoice\n", "utf-8")
        boss = await site.person("boss", "supervisor")
        await boss.post("/understanding/retrain", status=202)
        await site.learning.retraining.finished()
        told = (await boss.get("/understanding"))["training"]
        assert told["state"] == "failed"
        assert "a model needs at least two" in told["problem"]


async def test_it_trains_by_itself_when_it_is_time_and_uses_what_is_no_worse(tmp_path: Path) -> None:
    schedule = Schedule(every="weekly", use="better")
    async with world(tmp_path, schedule=schedule) as site:
        await site.learning.versions.prepare()
        boss = await site.person("boss", "supervisor")
        first = (await boss.get("/understanding"))["live"]
        await all_said(site, boss, "warranty", *ways(*WARRANTY[:2]))
        await site.learning.retraining.once()
        assert (await boss.get("/understanding"))["live"] == first
        site.clock.move(7 * DAY)
        await site.learning.retraining.once()
        told = await (await site.program("supervisor")).get("/understanding")
        assert (told["training"]["state"], told["live"]) == ("done", told["training"]["version"])
        assert told["live"] != first


async def test_the_command_line_trains_lists_uses_and_goes_back(site: World) -> None:
    boss = await site.person("boss", "supervisor")
    await site.program("supervisor")
    first = (await boss.get("/understanding"))["live"]
    await all_said(site, boss, "warranty", *ways(*WARRANTY[:2]))

    async def told(*arguments: str) -> subprocess.CompletedProcess[str]:
        options = ("--url", site.origin, "--token", "token-of-supervisor-None")
        command = [sys.executable, "-m", "app.cli", "model", *arguments, *options]
        return await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)

    site.clock.move(SECOND)
    made = await told("retrain", "--json")
    assert made.returncode == 0, made.stderr
    version = json.loads(made.stdout)["id"]
    listed = (await told("list")).stdout
    assert [line.split()[:2] for line in listed.splitlines()[1:]] == [[version, "candidate"], [first, "live"]]
    assert (await told("use", version)).stdout == f"{version} is live.\n"
    assert (await told("rollback")).stdout == f"{first} is live.\n"
    again = await told("rollback")
    assert again.returncode == 1
    assert "No other version of the model was live before." in again.stderr


async def test_what_comes_in_is_watched_against_what_the_model_was_made_for(tmp_path: Path, first: bytes) -> None:
    async def unsure(subject: str, text: str, usual: str | None = None, known: Background = NOTHING) -> Classification:
        found = Classification((("invoice", 0.6),), None, "model", "it says so")
        return found if "bill" in text else Classification((("unknown", 0.0),), None, "none", "it finds none")

    async with world(tmp_path, classify=unsure) as site:
        # In the week before it was made, hardly anything was without a label, and half of it was about deliveries.
        week = {
            "messages": 400,
            "mix": {"invoice": 190, "delivery": 190, "oos": 20},
            "unknown": {"before": 0.05, "after": 0.05},
            "confidence": {"before": 0.9, "after": 0.9},
        }
        id = await site.learning.versions.add(first, {"week": week}, "boss")
        await site.learning.versions.use(id, "boss", yes=False)
        boss = await site.person("boss", "supervisor")
        ids = [(await arrives(site, f"{'my bill' if number % 2 else 'hello'} {number}"))["id"] for number in range(200)]
        for each in ids[:40]:
            await boss.post(f"/interactions/{each}/label", {"label": "outage"})
        await site.learning.watch.look()
        seen = (await boss.get("/understanding"))["watched"]
        assert (seen["messages"], seen["unknown"], seen["corrections"], seen["corrected"]) == (200, 0.5, 40, 0.2)
        assert seen["confidence"] == pytest.approx(0.6)
        assert seen["problems"] == ["mix_shifted", "more_unknown", "less_sure", "often_corrected"]
        assert seen["shift"] > 1
        assert site.app_metrics("centrala_model_unknown_share") == 0.5
        assert site.app_metrics("centrala_model_problem", problem="less_sure") == 1
        assert site.app_metrics("centrala_model_problem", problem="too_sure") is None


async def test_a_model_without_a_week_before_it_is_watched_against_its_first_messages(
    tmp_path: Path, first: bytes
) -> None:
    async def says(subject: str, text: str, usual: str | None = None, known: Background = NOTHING) -> Classification:
        found = Classification((("invoice", 0.9),), None, "model", "it says so")
        return found if "bill" in text else Classification((("unknown", 0.0),), None, "none", "it finds none")

    async with world(tmp_path, classify=says) as site:
        # What rules decided before there was a model tells nothing about it.
        for number in range(60):
            await arrives(site, f"hello, {number}")
        site.clock.move(SECOND)
        id = await site.learning.versions.add(first, {"mix": {"invoice": 1}}, "boss")
        await site.learning.versions.use(id, "boss", yes=False)
        for number in range(199):
            await arrives(site, f"my bill {number}")
        assert (await site.learning.watch.look()).unknown_then is None
        await arrives(site, "my bill")
        seen = await site.learning.watch.look()
        assert (seen.mix_then, seen.unknown_then, seen.problems) == ({"invoice": 1.0}, 0.0, ())
        assert seen.confidence_then == pytest.approx(0.9)
        for number in range(60):
            await arrives(site, f"hello {number}")
        seen = await site.learning.watch.look()
        assert (seen.unknown_then, seen.problems) == (0.0, ("mix_shifted", "more_unknown"))
        # A week later the messages that it began with are out of sight, and what it did on them still stands.
        site.clock.move(8 * DAY)
        assert (await site.learning.watch.look()).unknown_then == 0.0


async def test_what_was_labelled_when_asked_tells_whether_it_is_too_sure(tmp_path: Path) -> None:
    async def sure(subject: str, text: str, usual: str | None = None, known: Background = NOTHING) -> Classification:
        return Classification((("invoice", 0.9),), None, "model", "it says so")

    async with world(tmp_path, classify=sure) as site:
        boss = await site.person("boss", "supervisor")
        for number in range(50):
            id = (await arrives(site, f"what is it about {number}"))["id"]
            label = "invoice" if number % 2 else "outage"
            await boss.post(f"/interactions/{id}/label", {"label": label, "source": "labelled"})
        seen = await site.learning.watch.look()
        assert (seen.checked, seen.checked_right, seen.problems) == (50, 0.5, ("too_sure",))
        assert seen.checked_confidence == pytest.approx(0.9)
