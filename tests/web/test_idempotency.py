"""Idempotency-Key."""

import asyncio

import pytest

from tests.web.world import World
from vocabulary.errors import TemporaryFailure
from web.idempotency import Idempotency, Outcome

BODY = {"channel": "website", "text": "Hello"}


async def test_repeated_call_answers_the_same_and_does_nothing(there: World) -> None:
    shop = await there.program("integration")
    first = await shop.call("POST", "/interactions", BODY, key="k1")
    seq = there.site.seq
    second = await shop.call("POST", "/interactions", BODY, key="k1")
    assert (second.status, await second.read()) == (201, await first.read())
    assert second.headers["Idempotency-Replayed"] == "true"
    assert there.site.seq == seq


async def test_key_of_another_request_is_refused(there: World) -> None:
    shop = await there.program("integration")
    await shop.post("/interactions", BODY, 201, key="k1")
    answer = await shop.call("POST", "/interactions", {**BODY, "text": "Other"}, key="k1")
    assert (answer.status, (await answer.json())["type"]) == (422, "/api/docs#problem-key_reused")


async def test_same_key_of_somebody_else_is_another_one(there: World) -> None:
    one, other = await there.program("integration"), await there.program("admin")
    first = await one.post("/interactions", BODY, 201, key="k1")
    second = await other.post("/interactions", BODY, 201, key="k1")
    assert first["id"] != second["id"]


async def test_call_runs_once_when_its_repetition_arrives_while_it_runs(there: World) -> None:
    shop = await there.program("integration")
    answers = await asyncio.gather(*(shop.post("/interactions", BODY, 201, key="k1") for _ in range(10)))
    assert {one["id"] for one in answers} == {answers[0]["id"]}
    assert there.site.state.admitted == 1


async def test_refused_call_may_succeed_under_its_key_later(there: World) -> None:
    await there.add_agent("anna", "support")
    shop = await there.program("integration")
    await shop.post("/agents/anna/presence", {"presence": "available"})
    made = await shop.post("/interactions", BODY, 201)
    reply = {"kind": "reply", "text": "Good morning"}
    await shop.post(f"/interactions/{made['id']}/messages", reply, 409, key="k1")
    (offer,) = (await shop.get("/agents/anna/offers"))["items"]
    await shop.post(f"/offers/{offer['id']}/accept")
    await shop.post(f"/interactions/{made['id']}/messages", reply, 201, key="k1")
    await shop.post(f"/interactions/{made['id']}/messages", reply, 201, key="k1")
    messages = (await shop.get(f"/interactions/{made['id']}/messages"))["items"]
    assert [one["text"] for one in messages] == ["Hello", "Good morning"]


@pytest.mark.parametrize("key", ["", "x" * 256, "zażółć"])
async def test_bad_key_is_refused(there: World, key: str) -> None:
    shop = await there.program("integration")
    answer = await shop.call("POST", "/interactions", BODY, headers={"Idempotency-Key": key})
    assert answer.status == 400
    assert there.site.state.admitted == 0


async def test_tickets_are_not_kept(there: World) -> None:
    shop = await there.program("supervisor")
    one = await shop.post("/ws-tickets", status=201, key="k1")
    other = await shop.post("/ws-tickets", status=201, key="k1")
    assert one["ticket"] != other["ticket"]


async def test_failed_call_leaves_its_key_free_and_lets_the_waiting_one_run(there: World) -> None:
    keeper = Idempotency(there.site)
    tries: list[int] = []

    async def fails_first() -> Outcome:
        tries.append(len(tries))
        if len(tries) == 1:
            raise TemporaryFailure("the disk is full")
        return Outcome(200, b"{}")

    calls = [keeper.once("id", "same", fails_first) for _ in range(3)]
    first, *others = await asyncio.gather(*calls, return_exceptions=True)
    assert isinstance(first, TemporaryFailure)
    assert others == [(Outcome(200, b"{}"), False), (Outcome(200, b"{}"), True)]
    assert tries == [0, 1]
