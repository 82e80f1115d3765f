"""What callers are told when something is wrong."""

import io
from typing import Any

import pytest

from tests.web.world import World

CASES: list[tuple[dict[str, Any], str]] = [
    ({"nonsense": 1}, "nonsense"),
    ({"customer": {"mail": "x"}}, "customer.mail"),
    ({"priority": "high"}, "priority"),
    ({"priority": 101}, "priority"),
    ({"class": 2}, "class"),
    ({"requirements": [{"skill": "billing"}, {"level": 3}]}, "requirements[1].skill"),
    ({"requirements": [{"skill": "billing", "level": 11}]}, "requirements[0].level"),
    ({"requirements": [{"skill": "billing", "expires_after": "soon"}]}, "requirements[0].expires_after"),
    ({"queue": "nowhere"}, "queue"),
    ({"channel": "nowhere"}, "channel"),
    ({"preferred_agent": "nobody"}, "preferred_agent"),
]


@pytest.mark.parametrize("body,path", CASES)
async def test_fault_of_the_body_is_named_by_its_path(there: World, body: dict[str, Any], path: str) -> None:
    shop = await there.program("integration")
    answer = await shop.call("POST", "/interactions", body)
    problem = await answer.json()
    assert (answer.status, answer.content_type) == (422, "application/problem+json")
    assert [one["path"] for one in problem["errors"]] == [path]
    assert path in problem["detail"]
    assert {"type", "title", "status", "detail", "errors"} <= set(problem)
    assert there.site.state.admitted == 0


async def test_whole_number_may_be_written_with_a_point(there: World) -> None:
    shop = await there.program("integration")
    body = {"text": "Hello", "priority": 5.0, "requirements": [{"skill": "billing", "level": 3.0}]}
    made = await shop.post("/interactions", body, 201)
    assert (made["priority"], made["requirements"][0]["level"]) == (5, 3)
    await shop.post("/interactions", {"priority": 5.5}, 422)


async def test_text_with_a_nul_character_is_refused(there: World) -> None:
    shop = await there.program("integration")
    for body in ({"text": "a\0b"}, {"attributes": {"deep": [{"er": "\0"}]}}):
        problem = await shop.post("/interactions", body, 422)
        assert problem["detail"] == "A text holds a NUL character."
    assert there.site.state.admitted == 0


@pytest.mark.parametrize("raw", [b"{", b"", b"\xff\xfe", b'{"text": "a", }', b"NaN"])
async def test_what_is_no_json_is_refused(there: World, raw: bytes) -> None:
    shop = await there.program("integration")
    headers = {"Content-Type": "application/json"}
    answer = await shop.http.post("/api/v1/interactions/x/move", data=raw, headers=headers)
    assert answer.status in (400, 422)
    assert answer.content_type == "application/problem+json"


async def test_deep_nesting_is_refused(there: World) -> None:
    shop = await there.program("integration")
    raw = b'{"attributes": ' + b'{"a":' * 100_000 + b"1" + b"}" * 100_001
    answer = await shop.http.post("/api/v1/interactions", data=raw, headers={"Content-Type": "application/json"})
    assert answer.status in (400, 422)


async def test_form_is_refused(there: World) -> None:
    shop = await there.program("integration")
    answer = await shop.http.post("/api/v1/interactions", data={"text": "Hello"})
    assert answer.status == 415


async def test_large_body_is_refused(there: World) -> None:
    shop = await there.program("integration")
    raw = io.BytesIO(b'{"text": "' + b"x" * 2_000_000 + b'"}')
    answer = await shop.http.post("/api/v1/interactions", data=raw, headers={"Content-Type": "application/json"})
    assert (answer.status, answer.content_type) == (413, "application/problem+json")


@pytest.mark.parametrize("query", ["limit=0", "limit=1000", "limit=many", "nonsense=1", "cursor=-1", "cursor=abc"])
async def test_fault_of_the_query_is_refused(there: World, query: str) -> None:
    shop = await there.program("integration")
    answer = await shop.call("GET", f"/interactions?{query}")
    assert (answer.status, (await answer.json())["errors"][0]["path"]) == (422, query.split("=", maxsplit=1)[0])


async def test_refusal_of_the_core_keeps_its_reason(there: World) -> None:
    await there.add_agent("anna", "support")
    shop = await there.program("integration")
    made = await shop.post("/interactions", {"text": "Hello"}, 201)
    problem = await shop.post(f"/interactions/{made['id']}/end", {}, 409)
    assert problem["reason"] == "not_owner"
    problem = await shop.post("/offers/nothing/accept", {}, 404)
    assert problem["reason"] == "unknown_offer"


async def test_late_accept_is_refused_with_the_reason(there: World) -> None:
    await there.add_agent("anna", "support")
    shop = await there.program("integration")
    await shop.post("/agents/anna/presence", {"presence": "available", "lease": "10m"})
    await shop.post("/interactions", {"channel": "website", "text": "Hello"}, 201)
    (offer,) = (await shop.get("/agents/anna/offers"))["items"]
    there.clock.move(30_000)
    problem = await shop.post(f"/offers/{offer['id']}/accept", {}, 409)
    assert problem["reason"] == "offer_expired"


async def test_transfer_without_one_target_says_which_field_is_at_fault(there: World) -> None:
    await there.add_agent("anna", "support")
    shop = await there.program("integration")
    await shop.post("/agents/anna/presence", {"presence": "available"})
    made = await shop.post("/interactions", {"channel": "website", "text": "Hello"}, 201)
    (offer,) = (await shop.get("/agents/anna/offers"))["items"]
    await shop.post(f"/offers/{offer['id']}/accept")
    for body, path in (
        ({}, "queue"),
        ({"queue": "nowhere"}, "queue"),
        ({"agent": "nobody"}, "agent"),
        ({"agent": "anna", "queue": "billing"}, "agent"),
    ):
        problem = await shop.post(f"/interactions/{made['id']}/transfer", {"note": "please", **body}, 422)
        assert problem["errors"][0]["path"] == path
    assert (await shop.get(f"/interactions/{made['id']}"))["state"] == "active"
