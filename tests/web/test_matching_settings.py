"""Settings of matching by API: steps, strategies, groups, costs, preferences."""

from typing import Any

import pytest

from tests.web.world import Client, World

STEPS: list[dict[str, Any]] = [
    {"after": "30s", "lower": {"billing": 2}},
    {"after": "1m", "drop": ["billing"], "groups": ["backup"], "priority": 5, "guard": False},
]


@pytest.fixture
async def shop(there: World) -> Client:
    await there.add_agent("anna", "support")
    return await there.program("integration")


async def test_queue_gets_steps_and_all_that_decides_who_is_asked(shop: Client) -> None:
    body = {"strategy": "best_skill", "placement": "spread", "order": "due", "parallel": 3, "steps": STEPS}
    queue = await (await shop.call("PUT", "/queues/vip", body)).json()
    assert (queue["strategy"], queue["placement"], queue["order"], queue["parallel"]) == (
        "best_skill", "spread", "due", 3,
    )  # fmt: skip
    assert queue["steps"] == [
        {"after_s": 30.0, "drop": [], "lower": {"billing": 2}, "groups": [], "priority": 0, "guard": True},
        {"after_s": 60.0, "drop": ["billing"], "lower": {}, "groups": ["backup"], "priority": 5, "guard": False},
    ]
    kept = await (await shop.call("PATCH", "/queues/vip", {"target": "15s"})).json()
    assert kept["steps"] == queue["steps"]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"steps": [{"after": "soon"}]}, "steps[0].after"),
        ({"steps": [{"after": "0s"}]}, "steps[0].after"),
        ({"steps": [{"after": "1m"}, {"after": "1m"}]}, "steps[1].after"),
        ({"hours": "nowhere"}, "hours"),
    ],
)
async def test_wrong_settings_are_named(shop: Client, body: dict[str, Any], path: str) -> None:
    answer = await shop.call("PUT", "/queues/vip", body)
    assert answer.status == 422
    assert (await answer.json())["errors"][0]["path"] == path


async def test_agent_has_groups_and_costs_and_keeps_them_when_something_else_changes(shop: Client) -> None:
    chat = {"cost": 50, "max": 2, "wrap_up_cost": 10, "parked_cost": 5, "interrupts": ["email"]}
    body = {"name": "Ben", "queues": {"support": {}}, "groups": ["backup"], "media": {"chat": chat}}
    made = await (await shop.call("PUT", "/agents/ben", body)).json()
    assert (made["groups"], made["limits"]["chat"]) == (["backup"], chat)
    changed = await (await shop.call("PATCH", "/agents/ben", {"skills": {"billing": 3}})).json()
    assert (changed["groups"], changed["limits"]["chat"]) == (["backup"], chat)
    moved = await (await shop.call("PATCH", "/agents/ben", {"groups": []})).json()
    assert moved["groups"] == []


async def test_interaction_comes_with_preferences(there: World, shop: Client) -> None:
    made = await shop.post(
        "/interactions",
        {
            "text": "Hello",
            "requirements": [{"skill": "billing", "level": 2, "weight": 3}],
            "preferences": ["group:backup", "billing>=3", {"skill": "lang:pl", "level": 2, "weight": 4}],
        },
        201,
    )
    found = there.site.state.interactions[made["id"]]
    assert [str(wish) for wish in found.preferences] == ["group:backup", "billing>=3", "lang:pl>=2"]
    assert (found.preferences[2].weight, found.requirements[0].weight) == (4, 3)


@pytest.mark.parametrize("wish", ["group:", "billing>=11", {"group": "a", "skill": "b"}, {}])
async def test_wrong_preference_is_named(shop: Client, wish: Any) -> None:
    answer = await shop.call("POST", "/interactions", {"text": "Hello", "preferences": [wish]})
    assert answer.status == 422
    assert (await answer.json())["errors"][0]["path"] == "preferences[0]"
