"""The emergency switch and overflow by the API."""

from typing import Any

import pytest

from tests.web.world import Client, World


@pytest.fixture
async def boss(there: World) -> Client:
    await there.add_agent("anna", "support", "billing")
    return await there.person("boss", "supervisor")


async def test_the_switch_is_turned_on_and_off(there: World, boss: Client) -> None:
    waiting = await boss.post("/interactions", {"channel": "website", "text": "Hello"}, 201)
    answer = await boss.call("PUT", "/queues/support/emergency", {"action": {"move": "billing"}, "reason": "Fire"})
    assert (answer.status, (await answer.json())["on"]) == (200, True)
    assert (await boss.get(f"/interactions/{waiting['id']}"))["queue"] == "billing"
    assert (await boss.get("/queues/support/emergency"))["action"]["move"] == "billing"
    assert (await boss.call("DELETE", "/queues/support/emergency")).status == 204
    assert await boss.get("/queues/support/emergency") == {"queue": "support", "on": False, "action": None}
    came = await boss.post("/interactions", {"channel": "website", "text": "Hello"}, 201)
    assert came["queue"] == "support"


async def test_reasons_stay_out_of_the_log(there: World, boss: Client) -> None:
    await boss.post("/queues/support/emergency", {"action": "close", "reason": "Mrs Nowak is ill"})
    events = await boss.get("/events?after=0&limit=1000")
    assert "Nowak" not in str(events)
    assert any(event["type"] == "EmergencySet" and event["queue"] == "support" for event in events["items"])


@pytest.mark.parametrize(("word", "state"), [("close", "closed"), ("callback", "waiting"), ("overflow", "waiting")])
async def test_a_word_says_what_is_done(boss: Client, word: str, state: str) -> None:
    waiting = await boss.post("/interactions", {"channel": "website", "text": "Hello"}, 201)
    await boss.post("/queues/support/emergency", {"action": word})
    assert (await boss.get(f"/interactions/{waiting['id']}"))["state"] == state
    assert (await boss.post("/queues/support/emergency", {"action": None}))["on"] is False


@pytest.mark.parametrize(
    ("name", "action", "status"),
    [
        ("nowhere", "close", 404),
        ("support", {"move": "nowhere"}, 422),
        ("support", {"move": "billing", "close": "x"}, 422),
        ("support", {"close": "Mrs Nowak is ill"}, 422),
        ("support", "evacuate", 422),
    ],
)
async def test_what_can_not_be_done_is_refused(boss: Client, name: str, action: Any, status: int) -> None:
    await boss.post(f"/queues/{name}/emergency", {"action": action}, status)


async def test_operators_may_not(there: World) -> None:
    anna = await there.person("anna", "operator", "anna")
    await anna.post("/queues/support/emergency", {"action": "close"}, 403)


async def test_overflow_is_set_by_api_and_holds_for_the_next_leg(there: World, boss: Client) -> None:
    shop = await there.program("integration")
    rule = {"when": {"unstaffed": True}, "do": {"move": "billing", "priority": 5}}
    answer = await shop.call("PATCH", "/queues/support", {"overflow": [rule], "callback_places": 1})
    view = await answer.json()
    assert (answer.status, view["overflow"], view["callback_places"]) == (200, [rule], 1)
    came = await shop.post("/interactions", {"channel": "website", "text": "Hello"}, 201)
    assert (came["queue"], came["priority"]) == ("billing", 5)


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        ({"overflow": [{"when": {}, "do": {"move": "billing"}}]}, "overflow[0].when"),
        ({"overflow": [{"when": {"wait": "5m"}, "do": {"move": "support"}}]}, "overflow[0].do.move"),
        ({"overflow": [{"when": {"wait": "soon"}, "do": {"move": "billing"}}]}, "overflow[0].when.wait"),
        ({"overflow": [{"when": {"wait": "5m"}, "do": {"reply": "sorry"}}]}, "overflow[0].do.reply"),
        ({"overflow": [{"when": {"wait": "5m"}, "do": {"move": "billing", "close": "x"}}]}, "overflow[0].do"),
        ({"message_channel": "nowhere"}, "message_channel"),
    ],
)
async def test_overflow_that_can_not_be_is_refused(there: World, boss: Client, settings: Any, path: str) -> None:
    shop = await there.program("integration")
    answer = await shop.call("PATCH", "/queues/support", settings)
    assert (answer.status, (await answer.json())["errors"][0]["path"]) == (422, path)
