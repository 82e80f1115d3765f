"""What single calls of the API answer, beyond who may make them."""

import asyncio
from typing import Any

import pytest

from tests.web.world import Client, World
from vocabulary.records import AttachmentRow, Put


@pytest.fixture
async def shop(there: World) -> Client:
    await there.add_agent("anna", "support")
    return await there.program("integration")


async def test_known_external_id_answers_the_same_interaction_with_200(shop: Client) -> None:
    body = {"channel": "website", "external_id": "order-1", "text": "Hello"}
    first = await shop.post("/interactions", body, 201)
    second = await shop.post("/interactions", body, 200)
    assert second == first


async def test_wishes_win_over_the_rules(shop: Client) -> None:
    made = await shop.post(
        "/interactions",
        {
            "text": "Hello",
            "queue": "billing",
            "priority": 7,
            "class": -1,
            "requirements": [{"skill": "billing", "level": 3, "expires_after": "90s"}],
            "customer": {"name": "Ola Nowak", "email": "ola@example.org"},
        },
        201,
    )
    assert (made["queue"], made["priority"], made["class"]) == ("billing", 7, -1)
    assert made["requirements"] == [{"skill": "billing", "level": 3, "expires_after": "90s"}]
    assert (made["customer"]["name"], made["customer"]["email"]) == ("Ola Nowak", "ola@example.org")
    assert made["arrived_at"] == "2026-02-25T06:13:20.000Z"


async def test_list_goes_on_behind_its_cursor(shop: Client) -> None:
    for number in range(5):
        await shop.post("/interactions", {"text": f"number {number}"}, 201)
    first = await shop.get("/interactions?limit=2")
    second = await shop.get(f"/interactions?limit=2&cursor={first['next']}")
    third = await shop.get(f"/interactions?limit=2&cursor={second['next']}")
    numbers = [[one["number"] for one in page["items"]] for page in (first, second, third)]
    assert (numbers, third["next"]) == ([[5, 4], [3, 2], [1]], None)


async def test_list_is_narrowed_by_state_and_text(shop: Client) -> None:
    closed = await shop.post("/interactions", {"text": "An elephant"}, 201)
    await shop.post("/interactions", {"text": "A mouse"}, 201)
    await shop.post(f"/interactions/{closed['id']}/close", {"reason": "test"})
    for query in ("state=closed", "q=elephant", "state=closed,abandoned", "state=closed&state=abandoned"):
        assert [one["id"] for one in (await shop.get(f"/interactions?{query}"))["items"]] == [closed["id"]]


async def test_conversation_goes_on_behind_a_number(shop: Client) -> None:
    made = await shop.post("/interactions", {"text": "one"}, 201)
    for text in ("two", "three"):
        await shop.post(f"/interactions/{made['id']}/messages", {"kind": "note", "text": text}, 201)
    page = await shop.get(f"/interactions/{made['id']}/messages?limit=2")
    rest = await shop.get(f"/interactions/{made['id']}/messages?after={page['next']}")
    assert [one["text"] for one in page["items"] + rest["items"]] == ["one", "two", "three"]
    assert rest["next"] is None


async def test_long_poll_answers_as_soon_as_something_rings(there: World, shop: Client) -> None:
    await shop.post("/agents/anna/presence", {"presence": "available"})
    assert (await shop.get("/agents/anna/offers?wait=0"))["items"] == []
    waiting = asyncio.create_task(shop.get("/agents/anna/offers?wait=60"))
    while not there.is_followed("agent:anna"):
        await asyncio.wait([waiting], timeout=0.01)
    made = await shop.post("/interactions", {"text": "Hello", "channel": "website"}, 201)
    (offer,) = (await waiting)["items"]
    assert (offer["interaction"]["id"], offer["agent"], offer["state"]) == (made["id"], "anna", "pending")


async def test_accepting_twice_changes_nothing(there: World, shop: Client) -> None:
    await shop.post("/agents/anna/presence", {"presence": "available"})
    await shop.post("/interactions", {"text": "Hello", "channel": "website"}, 201)
    (offer,) = (await shop.get("/agents/anna/offers"))["items"]
    first = await shop.post(f"/offers/{offer['id']}/accept")
    seq = there.site.seq
    assert await shop.post(f"/offers/{offer['id']}/accept") == first
    assert (first["state"], there.site.seq) == ("accepted", seq)


async def test_a_fault_of_ours_is_not_told_as_the_callers(there: World, shop: Client) -> None:
    await shop.post("/agents/anna/presence", {"presence": "available"})
    made = await shop.post("/interactions", {"text": "Hello", "channel": "website"}, 201)
    (offer,) = (await shop.get("/agents/anna/offers"))["items"]
    # An offer under another's name: nothing but a fault of ours does that.
    offers = there.engine.state.offers
    offers["other"] = offers.pop(offer["id"])
    problem = await shop.post("/offers/other/accept", {}, 500)
    offers[offer["id"]] = offers.pop("other")
    assert (problem["type"], "log" in problem["detail"]) == ("/api/docs#problem-internal", True)
    assert (await shop.post(f"/offers/{offer['id']}/accept"))["state"] == "accepted"
    assert (await shop.get(f"/interactions/{made['id']}"))["state"] == "active"


async def test_declined_offer_says_why(shop: Client) -> None:
    await shop.post("/agents/anna/presence", {"presence": "available"})
    await shop.post("/interactions", {"text": "Hello", "channel": "website"}, 201)
    (offer,) = (await shop.get("/agents/anna/offers"))["items"]
    declined = await shop.post(f"/offers/{offer['id']}/decline", {"reason": "lunch"})
    assert (declined["state"], declined["reason"]) == ("declined", "lunch")


async def test_lease_connects_an_agent_without_a_socket(shop: Client) -> None:
    answer = await shop.post("/agents/anna/presence", {"presence": "available", "lease": "10m"})
    assert (answer["presence"], answer["connected"]) == ("available", True)


@pytest.mark.parametrize("lease", ["soon", "0s", "25h", "-5s"])
async def test_lease_that_is_none_is_refused(shop: Client, lease: str) -> None:
    problem = await shop.post("/agents/anna/presence", {"presence": "available", "lease": lease}, 422)
    assert problem["errors"][0]["path"] == "lease"


async def test_presence_that_only_the_router_sets_is_refused(shop: Client) -> None:
    await shop.post("/agents/anna/presence", {"presence": "not_responding"}, 422)


async def test_agent_is_defined_changed_and_removed(shop: Client) -> None:
    body: dict[str, Any] = {
        "name": "Bert",
        "skills": {"billing": 5},
        "queues": {"billing": {"priority": 2, "delay": "30s"}, "support": {}},
        "capacity": 50,
        "media": {"chat": {"max": 1, "cost": 50}},
    }
    made = await shop.call("PUT", "/agents/bert", body)
    assert made.status == 201
    view = await made.json()
    assert view["queues"] == {"billing": {"priority": 2, "delay_s": 30.0}, "support": {"priority": 1, "delay_s": 0.0}}
    assert (view["name"], view["skills"], view["capacity"]) == ("Bert", {"billing": 5}, 50)
    usual = {"wrap_up_cost": 50, "parked_cost": 0, "interrupts": []}
    assert view["limits"]["chat"] == {"cost": 50, "max": 1, **usual}
    changed = await (await shop.call("PATCH", "/agents/bert", {"name": "Bert B.", "skills": {"billing": 6}})).json()
    assert changed == {**view, "name": "Bert B.", "skills": {"billing": 6}}
    assert (await shop.call("PUT", "/agents/bert", body)).status == 200
    assert (await shop.call("DELETE", "/agents/bert")).status == 204
    await shop.get("/agents/bert", 404)


async def test_agent_of_an_unknown_queue_is_refused(shop: Client) -> None:
    answer = await shop.call("PUT", "/agents/bert", {"name": "Bert", "queues": {"nowhere": {}}})
    assert (answer.status, (await answer.json())["reason"]) == (422, "unknown_queue")


async def test_agent_who_holds_work_is_removed_only_with_a_place_for_it(shop: Client) -> None:
    await shop.post("/agents/anna/presence", {"presence": "available"})
    made = await shop.post("/interactions", {"text": "Hello", "channel": "website"}, 201)
    (offer,) = (await shop.get("/agents/anna/offers"))["items"]
    await shop.post(f"/offers/{offer['id']}/accept")
    assert (await shop.call("DELETE", "/agents/anna")).status == 409
    assert (await shop.call("DELETE", "/agents/anna?move_to=nowhere")).status == 422
    assert (await shop.call("DELETE", "/agents/anna?move_to=billing")).status == 204
    moved = await shop.get(f"/interactions/{made['id']}")
    assert (moved["queue"], moved["state"], moved["agent"]) == ("billing", "waiting", None)


async def test_queue_is_shown_with_its_settings_and_figures(shop: Client) -> None:
    assert [one["name"] for one in (await shop.get("/queues"))["items"]] == ["billing", "support"]
    queue = await shop.get("/queues/support")
    assert (queue["target_s"], queue["dispositions"], queue["agents"]) == (20.0, ["solved", "spam"], ["anna"])
    await shop.post("/interactions", {"text": "Hello"}, 201)
    live = await shop.get("/queues/support/live")
    assert (live["name"], live["waiting"], live["offered_legs"], live["staffed"]) == ("support", 1, 1, 0)
    await shop.get("/queues/nowhere/live", 404)


async def test_explanations_carry_instants_and_reasons(shop: Client) -> None:
    made = await shop.post("/interactions", {"text": "Hello"}, 201)
    why = await shop.get(f"/interactions/{made['id']}/explain")
    assert why["key"]["due_at"] == "2026-02-25T06:13:40.000Z"
    assert why["agents"] == [{"agent": "anna", "fails": "presence:offline", "text": "is offline"}]
    assert (await shop.get("/agents/anna/explain"))["presence"] == "offline"


async def test_event_log_is_read_page_by_page_without_gaps(shop: Client) -> None:
    await shop.post("/interactions", {"text": "Hello"}, 201)
    first = await shop.get("/events?limit=2")
    rest = await shop.get(f"/events?after={first['next']}")
    events = first["items"] + rest["items"]
    assert [one["seq"] for one in events] == list(range(1, len(events) + 1))
    admitted = next(one for one in events if one["type"] == "Admitted")
    assert {"seq", "at", "type", "v", "interaction", "queue", "data"} <= set(admitted)
    assert admitted["data"]["channel"] == "api"
    end = await shop.get(f"/events?after={rest['next']}")
    assert (end["items"], end["next"]) == ([], rest["next"])


async def test_event_stream_follows_the_log_from_a_number_on(shop: Client) -> None:
    await shop.post("/interactions", {"text": "one"}, 201)
    before = await shop.get("/events")
    headers = {"Accept": "text/event-stream", "Last-Event-ID": "2"}
    answer = await shop.call("GET", "/events", headers=headers)
    assert answer.content_type == "text/event-stream"
    seen = await _ids(answer, len(before["items"]) - 2)
    await shop.post("/interactions", {"text": "two"}, 201)
    seen += await _ids(answer, 2)
    assert seen == list(range(3, 3 + len(seen)))
    answer.close()


async def _ids(answer: Any, count: int) -> list[int]:
    found: list[int] = []
    while len(found) < count:
        line = (await answer.content.readline()).decode()
        if line.startswith("id: "):
            found.append(int(line.removeprefix("id: ")))
    return found


async def test_attachment_is_saved_and_never_shown_as_a_page(there: World, shop: Client) -> None:
    made = await shop.post("/interactions", {"text": "Hello"}, 201)
    (message,) = (await shop.get(f"/interactions/{made['id']}/messages"))["items"]
    file = AttachmentRow(
        id="a-1", message=message["id"], filename="../zły\n<b>.svg", content_type="image/svg+xml", content=b"<svg/>"
    )
    await there.site.write(Put(file))
    answer = await shop.call("GET", "/attachments/a-1")
    assert await answer.read() == b"<svg/>"
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''z%C5%82y%3Cb%3E.svg"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    (shown,) = (await shop.get(f"/interactions/{made['id']}/messages"))["items"][0]["attachments"]
    assert (shown["id"], shown["size"]) == ("a-1", 6)


async def test_callback_that_reached_nobody_is_tried_again(shop: Client) -> None:
    await shop.post("/agents/anna/presence", {"presence": "available"})
    body = {"channel": "callback", "customer": {"phone": "+48601234567"}}
    made = await shop.post("/interactions", body, 201)
    (offer,) = (await shop.get("/agents/anna/offers"))["items"]
    await shop.post(f"/offers/{offer['id']}/accept")
    after = await shop.post(f"/callbacks/{made['id']}/outcome", {"outcome": "no_answer"})
    assert (after["state"], after["attempts"]) == ("scheduled", 1)
    await shop.post(f"/callbacks/{made['id']}/outcome", {"outcome": "no idea"}, 422)


async def test_supervisors_change_is_in_the_audit_log(there: World, shop: Client) -> None:
    made = await shop.post("/interactions", {"text": "Hello"}, 201)
    boss = await there.person("boss", "supervisor")
    body = {"priority": 50, "class": -1, "reason": "A good customer"}
    after = await boss.post(f"/interactions/{made['id']}/priority", body)
    assert (after["priority"], after["class"], after["due_at"]) == (50, -1, "2026-02-25T05:23:40.000Z")
    assert (await there.site.store.counts())["audit"] == 1


async def test_parking_until_an_instant_that_is_over_is_refused(shop: Client) -> None:
    await shop.post("/agents/anna/presence", {"presence": "available"})
    made = await shop.post("/interactions", {"text": "Hello", "channel": "website"}, 201)
    (offer,) = (await shop.get("/agents/anna/offers"))["items"]
    await shop.post(f"/offers/{offer['id']}/accept")
    for until in ("2020-01-01T00:00:00Z", "2030-01-01T00:00:00", "tomorrow"):
        await shop.post(f"/interactions/{made['id']}/park", {"until": until}, 422)
    parked = await shop.post(f"/interactions/{made['id']}/park", {"until": "2026-02-25T08:00:00Z"})
    assert (parked["state"], parked["parked_until"]) == ("parked", "2026-02-25T08:00:00.000Z")


async def test_attachments_of_a_reply_are_refused_for_now(shop: Client) -> None:
    made = await shop.post("/interactions", {"text": "Hello"}, 201)
    body = {"kind": "note", "text": "Look", "attachments": ["a-1"]}
    await shop.post(f"/interactions/{made['id']}/messages", body, 422)


async def test_supervisors_note_carries_his_name(there: World, shop: Client) -> None:
    made = await shop.post("/interactions", {"text": "Hello"}, 201)
    boss = await there.person("boss", "supervisor")
    note = await boss.post(f"/interactions/{made['id']}/messages", {"kind": "note", "text": "Look at this"}, 201)
    assert (note["author"], note["name"]) == ("note", "Boss")


async def test_desk_that_is_open_needs_no_lease(there: World, shop: Client) -> None:
    anna = await there.person("anna", agent="anna")
    async with anna.socket("/ws/desk") as ws:
        await ws.receive_json()
        await anna.post("/agents/anna/presence", {"presence": "available"})
        assert not there.has_lease("anna")
    while there.app_metrics("centrala_sockets", kind="desk"):
        await anna.get("/me")
    await anna.post("/agents/anna/presence", {"presence": "available"})
    assert there.has_lease("anna")
    await anna.post("/agents/anna/presence", {"presence": "offline"})
    assert not there.has_lease("anna")


async def test_queue_made_by_api_takes_work_at_once(shop: Client) -> None:
    made = await shop.call(
        "PUT", "/queues/vip", {"target": "10s", "offer": {"callback": "2m"}, "dispositions": ["done"]}
    )
    assert made.status == 201
    queue = await made.json()
    assert (queue["target_s"], queue["dispositions"]) == (10.0, ["done"])
    changed = await (await shop.call("PATCH", "/queues/vip", {"target": "15s"})).json()
    assert (changed["target_s"], changed["dispositions"]) == (15.0, ["done"])
    interaction = await shop.post("/interactions", {"text": "Hello", "queue": "vip"}, 201)
    assert (interaction["queue"], interaction["state"]) == ("vip", "waiting")


async def test_queue_that_holds_work_is_removed_only_with_a_place_for_it(shop: Client) -> None:
    await shop.call("PUT", "/queues/vip", {})
    made = await shop.post("/interactions", {"text": "Hello", "queue": "vip"}, 201)
    refused = await shop.call("DELETE", "/queues/vip")
    assert (refused.status, (await refused.json())["reason"]) == (409, "holds_work")
    assert (await shop.call("DELETE", "/queues/vip?move_to=support")).status == 204
    moved = await shop.get(f"/interactions/{made['id']}")
    assert (moved["queue"], moved["arrived_at"]) == ("support", made["arrived_at"])
    await shop.get("/queues/vip", 404)


async def test_queue_of_the_configuration_file_is_not_removed_by_api(shop: Client) -> None:
    refused = await shop.call("DELETE", "/queues/support")
    assert (refused.status, (await refused.json())["reason"]) == (409, "set_by_file")


async def test_wrong_span_in_a_queue_is_named(shop: Client) -> None:
    answer = await shop.call("PATCH", "/queues/support", {"offer": {"chat": "soon"}})
    assert answer.status == 422
    assert (await answer.json())["errors"][0]["path"] == "offer.chat"


async def test_attributes_of_an_integration_are_seen_with_the_interaction(shop: Client) -> None:
    made = await shop.post("/interactions", {"text": "Hello", "attributes": {"order": 4711}}, 201)
    assert made["attributes"] == {"order": 4711}


async def test_customer_gets_a_segment_and_keeps_the_rest(shop: Client) -> None:
    made = await shop.post(
        "/interactions", {"text": "Hello", "customer": {"name": "Ola", "email": "o@example.org"}}, 201
    )
    answer = await shop.call("PATCH", f"/customers/{made['customer']['id']}", {"segment": "key_account"})
    customer = await answer.json()
    assert (customer["name"], customer["segment"], customer["email"]) == ("Ola", "key_account", "o@example.org")
