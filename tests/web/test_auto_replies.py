"""Automatic replies that were stopped, as supervisors see it."""

from pathlib import Path

import msgspec
import pytest

from router.events import AutoRepliesReleased, AutoRepliesStopped
from router.policy import Action, Autoresponse, Rule
from tests.web.world import POLICY, Client, World, world

ANSWERING = msgspec.structs.replace(
    POLICY,
    rules=(Rule(name="everything", then=Action(queue="support", autoresponse="ack")),),
    autoresponses={"ack": Autoresponse(name="ack", kind="acknowledge")},
    auto_replies_surge_min=5,
    auto_replies_surge_hours=0,
)


async def test_a_supervisor_sees_that_automatic_replies_are_stopped_and_lets_them_go_on(tmp_path: Path) -> None:
    async with world(tmp_path, policy=ANSWERING) as there:
        await stop_and_release(await there.person("boss", "supervisor"))


async def stop_and_release(boss: Client) -> None:
    assert await boss.get("/auto-replies") == {"stopped_since": None, "sent_this_hour": 0}
    for number in range(6):
        body = {
            "channel": "mail",
            "text": "Where is it?",
            "customer": {"email": f"c{number}@customers.example"},
            "external_id": str(number),
        }
        await boss.post("/interactions", body, 201)
    stopped = await boss.get("/auto-replies")
    assert stopped["stopped_since"] is not None
    assert stopped["sent_this_hour"] == 5
    events = (await boss.get("/events?after=0&limit=1000"))["items"]
    assert [event["data"] for event in events if event["type"] == AutoRepliesStopped.__name__] == [
        {"sent": 5, "usual": 0}
    ]
    assert (await boss.post("/auto-replies/release", {}, 200))["stopped_since"] is None
    events = (await boss.get("/events?after=0&limit=1000"))["items"]
    assert [event["data"]["by"] for event in events if event["type"] == AutoRepliesReleased.__name__] == ["u-boss"]


@pytest.mark.parametrize(
    ("address", "signals"),
    [
        ("ola@customers.example", []),
        ("Support@example.org", ["own-address"]),
        ("mailer-daemon@customers.example", ["local-part"]),
    ],
)
async def test_no_form_or_program_has_a_machine_answered(tmp_path: Path, address: str, signals: list[str]) -> None:
    async with world(tmp_path, policy=ANSWERING) as there:
        boss = await there.person("boss", "supervisor")
        body = {"channel": "mail", "text": "Where is it?", "customer": {"email": address}}
        id = (await boss.post("/interactions", body, 201))["id"]
        events = (await boss.get(f"/interactions/{id}/events"))["items"]
        (admitted,) = [each["data"] for each in events if each["type"] == "Admitted"]
        assert admitted.get("automatic", []) == signals
        assert [each["type"] == "AutoReplied" for each in events].count(True) == (0 if signals else 1)


async def test_operators_may_not_release_them(there: World) -> None:
    anna = await there.person("anna", "operator", "anna")
    await anna.post("/auto-replies/release", {}, 403)
    await anna.get("/auto-replies", 403)
