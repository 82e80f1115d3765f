"""Callbacks by the API: windows, requests, changes."""

from typing import Any

import pytest

from tests.web.world import Client, World
from vocabulary.instants import MINUTE, instant_of

# The clock of the world stands at 2026-02-25T06:13:20Z.
HALF_PAST = "2026-02-25T06:30:00.000Z"
SEVEN = "2026-02-25T07:00:00.000Z"
PHONE = "+48 512 345 678"


@pytest.fixture
async def shop(there: World) -> Client:
    await there.add_agent("anna", "support")
    return await there.program("integration")


def wanted(**values: Any) -> dict[str, Any]:
    return {"customer": {"name": "Ola Nowak", "phone": PHONE}, "text": "Please call", **values}


async def test_windows_are_listed_with_the_places_that_are_left(shop: Client) -> None:
    page = await shop.get("/callbacks/slots?queue=support&limit=2&time_zone=Europe/Warsaw")
    assert page == {
        "items": [
            {
                "starts_at": HALF_PAST,
                "ends_at": SEVEN,
                "local": "2026-02-25T07:30:00+01:00",
                "places": 3,
            },
            {
                "starts_at": SEVEN,
                "ends_at": "2026-02-25T07:30:00.000Z",
                "local": "2026-02-25T08:00:00+01:00",
                "places": 3,
            },
        ],
        "next": "2026-02-25T07:30:00.000Z",
    }
    rest = await shop.get(f"/callbacks/slots?queue=support&limit=1&from={page['next']}")
    assert [each["starts_at"] for each in rest["items"]] == [page["next"]]


@pytest.mark.parametrize(
    ("query", "path"),
    [("queue=nowhere", "queue"), ("queue=support&from=soon", "from"), ("queue=support&time_zone=Nowhere", "time_zone")],
)
async def test_windows_of_nothing_are_refused(shop: Client, query: str, path: str) -> None:
    problem = await shop.get(f"/callbacks/slots?{query}", 422)
    assert problem["errors"][0]["path"] == path


async def test_a_callback_now_waits_with_its_number(shop: Client) -> None:
    made = await shop.post("/callbacks", wanted(), 201)
    assert (made["state"], made["medium"], made["channel"]) == ("waiting", "callback", "callback")
    assert made["customer"]["phone"] == "+48512345678"


async def test_a_booked_callback_is_scheduled_and_a_full_window_is_409(shop: Client) -> None:
    for number in range(3):
        made = await shop.post("/callbacks", wanted(slot=HALF_PAST, external_id=f"x{number}"), 201)
        assert (made["state"], made["scheduled_at"]) == ("scheduled", HALF_PAST)
    problem = await shop.post("/callbacks", wanted(slot=HALF_PAST, external_id="x3"), 409)
    assert problem["reason"] == "slot_full"
    page = await shop.get("/callbacks/slots?queue=support&limit=1")
    assert page["items"][0]["starts_at"] == SEVEN
    again = await shop.post("/callbacks", wanted(slot=HALF_PAST, external_id="x0"), 200)
    assert again["scheduled_at"] == HALF_PAST


@pytest.mark.parametrize(
    ("body", "reason", "status"),
    [
        ({"slot": "2026-02-25T06:31:00Z"}, "no_slot", 422),
        ({"slot": "2026-02-24T06:30:00Z"}, "slot_over", 409),
        ({"slot": "2026-12-25T06:30:00Z"}, "slot_too_far", 422),
    ],
)
async def test_what_is_no_window_says_why(shop: Client, body: dict[str, Any], reason: str, status: int) -> None:
    problem = await shop.post("/callbacks", wanted(**body), status)
    assert problem["reason"] == reason


@pytest.mark.parametrize("phone", ["", "call me", "12"])
async def test_what_is_no_number_is_refused(shop: Client, phone: str) -> None:
    problem = await shop.post("/callbacks", {"customer": {"phone": phone}}, 422)
    assert problem["errors"][0]["path"] == "customer.phone"


async def test_a_callback_gets_another_window_and_its_place_is_free_again(shop: Client) -> None:
    made = await shop.post("/callbacks", wanted(slot=HALF_PAST), 201)
    moved = await shop.post(f"/callbacks/{made['id']}/reschedule", {"slot": SEVEN})
    assert (moved["state"], moved["scheduled_at"]) == ("scheduled", SEVEN)
    places = [each["places"] for each in (await shop.get("/callbacks/slots?queue=support&limit=2"))["items"]]
    assert places == [3, 2]


async def test_a_cancelled_callback_is_closed(shop: Client) -> None:
    made = await shop.post("/callbacks", wanted(slot=HALF_PAST), 201)
    gone = await shop.post(f"/callbacks/{made['id']}/cancel", {})
    assert (gone["state"], gone["disposition"]) == ("closed", "cancelled")
    assert (await shop.post(f"/callbacks/{made['id']}/cancel", {}))["state"] == "closed"
    assert (await shop.post(f"/callbacks/{made['id']}/reschedule", {"slot": SEVEN}, 409))["reason"] == "wrong_state"


async def test_a_chat_becomes_a_callback_in_its_place(there: World, shop: Client) -> None:
    chat = await shop.post("/interactions", {"channel": "website", "text": "Hello"}, 201)
    there.clock.move(MINUTE)
    problem = await shop.post("/callbacks", {"interaction": chat["id"]}, 422)
    assert problem["errors"][0]["path"] == "customer.phone"
    made = await shop.post("/callbacks", {"interaction": chat["id"], "customer": {"phone": PHONE}}, 200)
    assert (made["id"], made["medium"], made["state"]) == (chat["id"], "callback", "waiting")
    assert (made["arrived_at"], made["customer"]["phone"]) == (chat["arrived_at"], "+48512345678")


async def test_callbacks_are_listed_without_anything_else(shop: Client) -> None:
    await shop.post("/interactions", {"channel": "website", "text": "Hello"}, 201)
    made = [await shop.post("/callbacks", wanted(external_id=f"x{number}"), 201) for number in range(3)]
    page = await shop.get("/callbacks?limit=2")
    assert [each["id"] for each in page["items"]] == [made[2]["id"], made[1]["id"]]
    rest = await shop.get(f"/callbacks?limit=2&cursor={page['next']}&state=waiting,scheduled")
    assert ([each["id"] for each in rest["items"]], rest["next"]) == ([made[0]["id"]], None)


async def test_outcome_of_a_call_plans_the_next(there: World, shop: Client) -> None:
    await shop.post("/agents/anna/presence", {"presence": "available"})
    made = await shop.post("/callbacks", wanted(), 201)
    (offer,) = (await shop.get("/agents/anna/offers"))["items"]
    await shop.post(f"/offers/{offer['id']}/accept")
    tried = await shop.post(f"/callbacks/{made['id']}/outcome", {"outcome": "busy"})
    assert (tried["state"], tried["attempts"]) == ("scheduled", 1)
    assert instant_of(tried["scheduled_at"]) == there.clock.now() + 15 * MINUTE


async def test_who_waits_may_leave_a_message_if_the_queue_has_a_mailbox(shop: Client) -> None:
    chat = await shop.post("/interactions", {"channel": "website", "text": "Hello"}, 201)
    address = {"email": "ola@example.org", "text": "Write to me"}
    problem = await shop.post(f"/interactions/{chat['id']}/leave-message", address, 409)
    assert problem["reason"] == "no_message_channel"
    await shop.call("PATCH", "/queues/support", {"message_channel": "website"})
    left = await shop.post(f"/interactions/{chat['id']}/leave-message", address)
    assert (left["medium"], left["state"], left["arrived_at"]) == ("email", "waiting", chat["arrived_at"])
    problem = await shop.post(f"/interactions/{chat['id']}/leave-message", {"email": "nobody"}, 422)
    assert problem["errors"][0]["path"] == "email"
