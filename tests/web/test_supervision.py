"""Transfers, rooms, assignment, taking back and spam by API (contract.md, semantics.md section 15)."""

from typing import Any

import pytest

from tests.web.test_sockets import until
from tests.web.world import Client, World


class Floor:
    """Anna holds a chat of support; Bert serves billing, Carl support; the boss supervises and is an agent too."""

    def __init__(self, people: dict[str, Client], chat: str) -> None:
        self.people = people
        self.chat = chat

    def path(self, act: str) -> str:
        return f"/interactions/{self.chat}/{act}"

    def __getattr__(self, name: str) -> Client:
        return self.people[name]

    async def seen(self) -> Any:
        return await self.boss.get(f"/interactions/{self.chat}")


@pytest.fixture
async def floor(there: World) -> Floor:
    shop = await there.program("integration")
    people = {"shop": shop}
    for name, queue in (("anna", "support"), ("bert", "billing"), ("carl", "support"), ("boss", "billing")):
        await there.add_agent(name, queue)
        role = "supervisor" if name == "boss" else "operator"
        people[name] = await there.person(name, role, agent=name)
    await shop.post("/agents/anna/presence", {"presence": "available", "lease": "10m"})
    chat = (await shop.post("/interactions", {"channel": "website", "text": "Hello"}, 201))["id"]
    await people["anna"].post(f"/offers/{chat}.1/accept")
    for name in ("bert", "carl", "boss"):
        await shop.post(f"/agents/{name}/presence", {"presence": "available", "lease": "10m"})
    return Floor(people, chat)


async def offers(client: Client, agent: str) -> list[str]:
    return [one["id"] for one in (await client.get(f"/agents/{agent}/offers"))["items"]]


# -- transfers


async def test_transfer_to_an_agent_rings_at_him_alone(floor: Floor) -> None:
    given = await floor.anna.post(floor.path("transfer"), {"agent": "bert", "note": "He knows the invoice"})
    assert (given["state"], given["queue"], given["agent"]) == ("offered", "support", None)
    assert await offers(floor.bert, "bert") == [f"{floor.chat}.2"]
    messages = (await floor.bert.get(floor.path("messages")))["items"]
    assert messages[-1]["text"] == "He knows the invoice"


async def test_transfer_to_who_is_offline_is_409(floor: Floor) -> None:
    await floor.bert.post("/agents/bert/presence", {"presence": "offline"})
    problem = await floor.anna.post(floor.path("transfer"), {"agent": "bert", "note": "n"}, 409)
    assert problem["reason"] == "target_offline"
    messages = (await floor.anna.get(floor.path("messages")))["items"]
    assert [one["author"] for one in messages] == ["customer"]


async def test_transfer_by_requirements_stays_in_the_queue(floor: Floor) -> None:
    body = {"requirements": [{"skill": "lang:pl", "level": 3}], "note": "She speaks Polish"}
    given = await floor.anna.post(floor.path("transfer"), body)
    assert (given["state"], given["queue"], given["requirements"][0]["skill"]) == ("waiting", "support", "lang:pl")


async def test_warm_transfer_stays_until_it_is_accepted(floor: Floor) -> None:
    asked = await floor.anna.post(floor.path("transfer"), {"queue": "billing", "note": "An invoice", "warm": True})
    assert (asked["state"], asked["agent"], asked["warm_transfer"]["queue"]) == ("active", "anna", "billing")
    (offer,) = await offers(floor.bert, "bert")
    await floor.bert.post(f"/offers/{offer}/accept")
    seen = await floor.seen()
    assert (seen["state"], seen["agent"], seen["queue"], seen["warm_transfer"]) == ("active", "bert", "billing", None)
    await floor.anna.post(floor.path("messages"), {"kind": "reply", "text": "late"}, 403)
    assert (await floor.anna.get(floor.path("messages")))["items"] != []


async def test_sender_hears_of_a_refusal_and_may_cancel(floor: Floor) -> None:
    async with floor.anna.socket("/ws/desk") as ws:
        await until(ws, "snapshot")
        await floor.anna.post(floor.path("transfer"), {"agent": "bert", "note": "n", "warm": True})
        (offer,) = await offers(floor.bert, "bert")
        await floor.bert.post(f"/offers/{offer}/decline", {"reason": "lunch"})
        ended = (await until(ws, "transfer_ended"))[-1]
        assert (ended["interaction"], ended["reason"]) == (floor.chat, "declined")
    await floor.anna.post(floor.path("transfer"), {"queue": "billing", "note": "n", "warm": True})
    answer = await floor.anna.call("DELETE", floor.path("transfer"))
    assert (answer.status, (await answer.json())["warm_transfer"]) == (200, None)


async def test_desk_hears_that_a_warm_transfer_was_accepted(floor: Floor) -> None:
    async with floor.anna.socket("/ws/desk") as ws:
        await until(ws, "snapshot")
        await floor.anna.post(floor.path("transfer"), {"queue": "billing", "note": "n", "warm": True})
        (offer,) = await offers(floor.bert, "bert")
        await floor.bert.post(f"/offers/{offer}/accept")
        gone = (await until(ws, "interaction_gone"))[-1]
    assert (gone["id"], gone["reason"]) == (floor.chat, "transferred")


# -- rooms


async def test_owner_invites_an_agent_who_then_writes_to_the_customer(floor: Floor) -> None:
    await floor.bert.get(floor.path("messages"), 403)
    room = await floor.anna.post(floor.path("room"), {"agent": "bert"})
    assert room == {"owner": "anna", "items": [{"agent": "bert", "mode": "participant"}]}
    said = await floor.bert.post(floor.path("messages"), {"kind": "reply", "text": "Bert here"}, 201)
    assert said["agent"] == "bert"
    left = await floor.bert.call("DELETE", floor.path("room"))
    assert (left.status, (await left.json())["items"]) == (200, [])
    await floor.bert.post(floor.path("messages"), {"kind": "reply", "text": "again"}, 403)


async def test_agents_neither_barge_in_nor_invite_themselves(floor: Floor) -> None:
    for body in ({}, {"mode": "barge"}, {"agent": "carl"}):
        await floor.carl.post(floor.path("room"), body, 403)
    beyond: dict[str, Any] = {"agent": "bert", "beyond_capacity": True}
    for body in ({"mode": "barge", "agent": "bert"}, beyond):
        await floor.anna.post(floor.path("room"), body, 403)


async def test_who_whispers_writes_notes_only(floor: Floor) -> None:
    await floor.boss.post(floor.path("room"), {"mode": "whisper"})
    problem = await floor.boss.post(floor.path("messages"), {"kind": "reply", "text": "Hello"}, 403)
    assert problem["reason"] == "whispers_only"
    await floor.boss.post(floor.path("messages"), {"kind": "note", "text": "Offer a refund"}, 201)
    assert (await floor.seen())["room"] == [{"agent": "boss", "mode": "whisper"}]


async def test_who_monitors_is_not_seen_by_agents(there: World, floor: Floor) -> None:
    problem = await floor.boss.post(floor.path("room"), {"mode": "monitor"}, 403)
    assert problem["reason"] == "monitoring_off"
    admin = await there.person("root", "admin")
    assert (await admin.call("PATCH", "/queues/support", {"monitoring": True})).status == 200
    assert (await floor.boss.post(floor.path("room"), {"mode": "monitor"}))["items"] == [
        {"agent": "boss", "mode": "monitor"}
    ]
    assert (await floor.anna.get(floor.path("room")))["items"] == []
    assert (await floor.anna.get(f"/interactions/{floor.chat}"))["room"] == []
    types = [one["type"] for one in (await floor.anna.get(floor.path("events")))["items"]]
    assert "RoomJoined" not in types
    assert "RoomJoined" in [one["type"] for one in (await floor.boss.get(floor.path("events")))["items"]]
    sent_out = await floor.anna.call("DELETE", floor.path("room") + "?agent=boss")
    assert sent_out.status == 200
    assert (await floor.boss.get(floor.path("room")))["items"] == [{"agent": "boss", "mode": "monitor"}]


async def test_supervisor_takes_over(floor: Floor) -> None:
    taken = await floor.boss.post(floor.path("takeover"))
    assert (taken["state"], taken["agent"]) == ("active", "boss")
    await floor.boss.post(floor.path("messages"), {"kind": "reply", "text": "I take care of it"}, 201)
    await floor.anna.post(floor.path("messages"), {"kind": "reply", "text": "late"}, 403)
    await floor.anna.get(floor.path("messages"))


# -- assignment


async def waiting(floor: Floor, **body: Any) -> str:
    made = await floor.shop.post("/interactions", {"channel": "website", "text": "Hi", **body}, 201)
    return str(made["id"])


RARE = {"requirements": [{"skill": "rare"}]}


async def test_agents_pull_for_themselves_from_their_queues(floor: Floor) -> None:
    await floor.carl.post("/agents/carl/presence", {"presence": "busy"})
    await floor.anna.post("/agents/anna/presence", {"presence": "busy"})
    chat = await waiting(floor)
    await floor.bert.post(f"/interactions/{chat}/assign", status=403)
    await floor.carl.post(f"/interactions/{chat}/assign", {"agent": "anna"}, 403)
    await floor.carl.post(f"/interactions/{chat}/assign", {"beyond_capacity": True}, 403)
    pulled = await floor.carl.post(f"/interactions/{chat}/assign")
    assert (pulled["state"], pulled["agent"]) == ("active", "carl")


async def test_supervisor_assigns_to_anybody_and_beyond_capacity_when_flagged(floor: Floor) -> None:
    for number in range(3):
        chat = await waiting(floor, **RARE)
        assert (await floor.boss.post(f"/interactions/{chat}/assign", {"agent": "bert"}))["agent"] == "bert", number
    chat = await waiting(floor, **RARE)
    problem = await floor.boss.post(f"/interactions/{chat}/assign", {"agent": "bert"}, 409)
    assert problem["reason"] == "no_room"
    flagged = {"agent": "bert", "beyond_capacity": True}
    assert (await floor.boss.post(f"/interactions/{chat}/assign", flagged))["agent"] == "bert"


async def test_program_without_an_agent_must_name_one(floor: Floor) -> None:
    chat = await waiting(floor, **RARE)
    problem = await floor.shop.post(f"/interactions/{chat}/assign", {}, 422)
    assert problem["errors"][0]["path"] == "agent"


# -- taking back


@pytest.mark.parametrize("act", ["move", "priority", "close"])
async def test_acts_of_supervisors_need_a_reason(floor: Floor, act: str) -> None:
    bodies: dict[str, dict[str, Any]] = {"move": {"queue": "billing"}, "priority": {"priority": 5}, "close": {}}
    body = bodies[act]
    problem = await floor.boss.post(floor.path(act), body, 422)
    assert "reason" in str(problem)


async def test_move_is_undone_within_ten_seconds(there: World, floor: Floor) -> None:
    chat = await waiting(floor, **RARE)
    moved = await floor.boss.post(f"/interactions/{chat}/move", {"queue": "billing", "reason": "About an invoice"})
    assert (moved["queue"], moved["undo"]["kind"]) == ("billing", "move")
    undone = await floor.boss.post(f"/interactions/{chat}/undo")
    assert (undone["queue"], undone["state"], undone["undo"]) == ("support", "waiting", None)
    await floor.boss.post(f"/interactions/{chat}/move", {"queue": "billing", "reason": "Again"})
    there.clock.move(10_000)
    assert (await floor.boss.post(f"/interactions/{chat}/undo", status=409))["reason"] == "undo_over"
    await floor.anna.post(f"/interactions/{chat}/undo", status=403)


async def test_reasons_in_words_stay_out_of_the_log(there: World, floor: Floor) -> None:
    words = "Mrs Nowak asked us to forget it"
    await floor.boss.post(floor.path("close"), {"reason": words})
    events = (await floor.boss.get(floor.path("events")))["items"]
    closed = next(one for one in events if one["type"] == "Closed")
    assert (closed["data"]["reason"], words in str(events)) == ("by_staff", False)
    assert closed["data"]["audit"].startswith("audit-")


# -- spam


async def test_spam_closes_and_blocks_its_sender_until_it_is_undone(floor: Floor) -> None:
    marked = await floor.anna.post(floor.path("spam"), {"reason": "Advertisement"})
    assert (marked["state"], marked["disposition"]) == ("closed", "spam")
    customer = marked["customer"]["id"]
    assert (await floor.boss.get(f"/customers/{customer}"))["attributes"]["blocked"]["by"] == "anna"
    await floor.boss.post(floor.path("undo"))
    assert "blocked" not in (await floor.boss.get(f"/customers/{customer}"))["attributes"]
    assert (await floor.seen())["agent"] == "anna"


async def test_spam_need_not_block(floor: Floor) -> None:
    marked = await floor.anna.post(floor.path("spam"), {"block": False})
    assert (await floor.boss.get(f"/customers/{marked['customer']['id']}"))["attributes"] == {}


async def mail_of(boss: Client, number: int) -> Any:
    """Let the same person write once more, in a new interaction."""
    body = {
        "channel": "website",
        "customer": {"email": "spam@example.org"},
        "text": "Buy!",
        "external_id": f"x{number}",
    }
    return await boss.post("/interactions", body, 201)


async def test_a_blocked_sender_reaches_nobody_until_a_supervisor_unblocks_him(floor: Floor) -> None:
    first = await mail_of(floor.boss, 1)
    await floor.boss.post(f"/interactions/{first['id']}/spam")
    second = await mail_of(floor.boss, 2)
    assert (second["state"], second["disposition"], second["agent"]) == ("closed", "blocked_sender", None)
    listed = (await floor.boss.get("/interactions?state=closed"))["items"]
    assert second["id"] in [each["id"] for each in listed]
    assert [each["text"] for each in (await floor.boss.get(f"/interactions/{second['id']}/messages"))["items"]] == [
        "Buy!"
    ]
    why = await floor.boss.get(f"/interactions/{second['id']}/explain?language=en")
    assert "Its sender is blocked" in why["text"]

    customer = f"/customers/{first['customer']['id']}"
    assert (await floor.boss.get(customer))["blocked"] is True
    kept = await floor.boss.call("PATCH", customer, {"attributes": {"plan": "gold"}})
    assert (await kept.json())["attributes"].keys() == {"plan", "blocked"}
    free = await floor.boss.call("PATCH", customer, {"blocked": False})
    assert (await free.json())["attributes"] == {"plan": "gold"}
    assert (await mail_of(floor.boss, 3))["state"] == "offered"


async def test_a_supervisor_blocks_and_an_operator_does_not(floor: Floor) -> None:
    customer = f"/customers/{(await mail_of(floor.boss, 1))['customer']['id']}"
    assert (await floor.anna.call("PATCH", customer, {"blocked": True})).status == 403
    marked = await floor.boss.call("PATCH", customer, {"blocked": True})
    assert (await marked.json())["attributes"]["blocked"]["by"] == "boss"
    assert (await mail_of(floor.boss, 2))["disposition"] == "blocked_sender"


# -- what agents begin


async def test_agent_begins_an_interaction_that_is_his(floor: Floor) -> None:
    body = {
        "direction": "out",
        "channel": "website",
        "text": "Your parcel is here",
        "customer": {"email": "ola@example.org", "name": "Ola Nowak"},
    }
    made = await floor.bert.post("/interactions", body, 201, key="once")
    assert (made["state"], made["agent"], made["queue"]) == ("active", "bert", "billing")
    assert (made["customer"]["email"], made["preview"]) == ("ola@example.org", "Your parcel is here")
    assert (await floor.bert.post("/interactions", body, 201, key="once"))["id"] == made["id"]
    messages = (await floor.bert.get(f"/interactions/{made['id']}/messages"))["items"]
    assert [(one["author"], one["agent"]) for one in messages] == [("agent", "bert")]


async def test_same_external_id_begins_one_interaction(floor: Floor) -> None:
    body = {"direction": "out", "channel": "website", "external_id": "x-1", "text": "Hello", "agent": "bert"}
    first = await floor.shop.post("/interactions", body, 201)
    again = await floor.shop.post("/interactions", body, 200)
    assert (again["id"], again["messages"]) == (first["id"], 1)


async def test_agents_begin_in_their_own_name_and_admit_nothing(floor: Floor) -> None:
    out = {"direction": "out", "channel": "website"}
    await floor.bert.post("/interactions", {**out, "agent": "carl"}, 403)
    await floor.bert.post("/interactions", {"channel": "website", "text": "Hi"}, 403)
    problem = await floor.shop.post("/interactions", out, 422)
    assert problem["errors"][0]["path"] == "agent"
    await floor.shop.post("/interactions", {**out, "agent": "nobody"}, 404)
    await floor.bert.post("/agents/bert/presence", {"presence": "offline"})
    assert (await floor.bert.post("/interactions", out, 409))["reason"] == "not_there"


async def test_acts_of_supervisors_are_in_the_audit_log(there: World, floor: Floor) -> None:
    await floor.boss.post(floor.path("takeover"))
    await floor.boss.post(floor.path("priority"), {"priority": 3, "reason": "He waits since Monday"})
    await floor.boss.post(floor.path("undo"))
    assert (await there.site.store.counts())["audit"] == 3
