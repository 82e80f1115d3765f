"""Explanations and service-level agreements, as the API answers them."""

from typing import Any

import msgspec
import pytest

from queues.sla import Agreement, SlaPolicy
from tests.web.world import START, Client, World
from vocabulary.instants import HOUR, MINUTE, rfc3339


@pytest.fixture
async def shop(there: World) -> Client:
    await there.add_agent("anna", "support")
    return await there.program("integration")


async def explained(client: Client, path: str, **headers: str) -> Any:
    answer = await client.call("GET", path, headers=headers)
    assert answer.status == 200, await answer.text()
    return await answer.json()


async def test_an_interaction_is_explained_in_codes_and_in_words(shop: Client) -> None:
    made = await shop.post("/interactions", {"text": "Hello", "requirements": [{"skill": "billing", "level": 3}]}, 201)
    why = await shop.get(f"/interactions/{made['id']}/explain")
    assert (why["language"], why["agents"][0]["fails"]) == ("en", "presence:offline")
    assert why["agents"] == [{"agent": "anna", "fails": "presence:offline", "text": "is offline"}]
    assert [reason["code"] for reason in why["admission"]] == ["rule_applied"]
    assert why["text"].split("\n") == [
        "Rule “everything” applied; it came into queue “support”.",
        "It has waited 0 s in queue “support”.",
        "Its place in line: 1.",
        "It is due in 20 s (target 20 s, priority 0).",
        "Nobody is on duty in queue “support”.",
        "The only agent can't take it now:",
        "– Anna: is offline",
        "Nothing about this changes by waiting alone.",
    ]


@pytest.mark.parametrize(
    ("language", "accepts", "expected"),
    [
        (None, "pl-PL, en;q=0.5", "pl"),
        (None, "de, lt;q=0.5, en;q=0.2", "lt"),
        (None, "de", "en"),
        ("hu", "pl", "hu"),
        ("ru-RU", "", "ru"),
    ],
)
async def test_the_language_is_asked_for_or_accepted(
    shop: Client, language: str | None, accepts: str, expected: str
) -> None:
    query = f"?language={language}" if language else ""
    why = await explained(shop, f"/agents/anna/explain{query}", **{"Accept-Language": accepts})
    assert why["language"] == expected


async def test_a_language_without_words_is_refused(shop: Client) -> None:
    problem = await shop.get("/agents/anna/explain?language=de", 422)
    assert problem["errors"][0]["path"] == "language"


async def test_an_offer_is_explained_by_its_candidates(there: World, shop: Client) -> None:
    await there.add_agent("bert", "support")
    await shop.post("/agents/anna/presence", {"presence": "available"})
    await shop.post("/interactions", {"text": "Hello"}, 201)
    (offer,) = (await shop.get("/agents/anna/offers"))["items"]
    there.clock.move(MINUTE // 4)
    why = await shop.get(f"/offers/{offer['id']}/explain")
    assert why["text"].split("\n") == [
        "It rings at Anna (queue “support”); 15 s are left to answer.",
        "Order of the agents: the least loaded first, then who has been idle longest.",
        "1. Anna: load 0%, lately busy 0% of the time, idle for 15 s",
        "– Bert: is offline",
    ]
    assert why["candidates"][0]["rank"]["idle_since"] == rfc3339(START)


async def test_an_agent_learns_why_he_gets_nothing(shop: Client) -> None:
    await shop.post("/interactions", {"text": "Hello"}, 201)
    why = await shop.get("/agents/anna/explain?language=pl")
    assert why["waiting"][0]["text"] == "status „offline”"
    assert why["text"].split("\n")[0] == "Nic teraz nie dostaje: status „offline”."


async def test_clocks_are_shown_and_follow_the_configuration_when_asked(there: World, shop: Client) -> None:
    _promise(there, 10 * MINUTE)
    made = await shop.post("/interactions", {"text": "Hello"}, 201)
    assert made["sla"] == "gold"
    assert made["clocks"] == {
        "first_response": {
            "started_at": rfc3339(START),
            "due_at": rfc3339(START + 10 * MINUTE),
            "left_s": None,
            "stopped_at": None,
            "met": False,
            "breached": False,
        }
    }
    _promise(there, HOUR)
    boss = await there.person("boss", "supervisor")
    same = await shop.get(f"/interactions/{made['id']}")
    assert same["clocks"]["first_response"]["due_at"] == rfc3339(START + 10 * MINUTE)
    renewed = await boss.post(f"/interactions/{made['id']}/sla")
    assert renewed["clocks"]["first_response"]["due_at"] == rfc3339(START + HOUR)
    why = await shop.get(f"/interactions/{made['id']}/explain")
    assert (why["sla"], why["text"].split("\n")[-1]) == ("gold", "First reply: due in 1 h.")


def _promise(there: World, first_response: int) -> None:
    engine = there.site._engine
    support = msgspec.structs.replace(engine.policy.queues["support"], sla="gold")
    gold = SlaPolicy(agreement=Agreement(name="gold", first_response=first_response))
    queues = {**engine.policy.queues, "support": support}
    engine.policy = msgspec.structs.replace(engine.policy, queues=queues, sla={"gold": gold})


async def test_a_queue_takes_what_belongs_to_service_levels_and_silence(there: World, shop: Client) -> None:
    _promise(there, MINUTE)
    body = {
        "sla": "gold",
        "segment_targets": {"key_account": "10s"},
        "silent_after": {"chat": "10m"},
        "parked_close_after": {"chat": "1h"},
    }
    queue = await (await shop.call("PATCH", "/queues/billing", body)).json()
    assert (queue["sla"], queue["segment_targets_s"]) == ("gold", {"key_account": 10.0})
    assert (queue["silent_after_s"], queue["parked_close_after_s"]) == ({"chat": 600.0}, {"chat": 3600.0})
    assert (await shop.call("PATCH", "/queues/billing", {"sla": "silver"})).status == 422
