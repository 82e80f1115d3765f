"""Hello first, the matter later: what waits goes where it belongs once its customer has said what it is about."""

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from classifiers.background import Background
from classifiers.cascade import Classification
from queues.policy import QueuePolicy
from router.policy import Action, Condition, Rule, SegmentPolicy
from tests.web.test_questions import OLA, RULES
from tests.web.test_recognising import chat
from tests.web.world import POLICY, World, world

SITE = msgspec.structs.replace(
    POLICY,
    queues={
        "support": QueuePolicy(name="support", ask="customer_number", wrap_up="none"),
        "complaints": QueuePolicy(name="complaints", wrap_up="none"),
    },
    rules=(
        Rule(
            name="complaints",
            when=Condition(label=("complaint",), confidence=0.5),
            then=Action(queue="complaints", language_skill=True),
        ),
        Rule(name="everything", then=Action(queue="support")),
    ),
    segments={"gold": SegmentPolicy(priority=20)},
)


async def reads(subject: str, text: str, usual: str | None, known: Background) -> Classification:
    """Understand complaints only."""
    if "skarg" in text:
        return Classification((("complaint", 0.9),), "pl", "model", "it says so")
    return Classification((("unknown", 0.0),), None, "none", "it says nothing")


@pytest.fixture
async def there(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path, rules=RULES, policy=SITE, classify=reads) as there:
        yield there


async def test_who_says_hello_first_gets_to_the_right_queue_with_his_next_words(there: World) -> None:
    boss = await there.person("boss", "admin")
    one = await there.intake.receive(chat("Dzień dobry"))
    before = await boss.get(f"/interactions/{one.interaction}")
    assert (before["queue"], before["language"]) == ("support", None)
    there.clock.move(30_000)
    await there.intake.receive(chat("Chcę złożyć skargę na fakturę", n=2), continues=one.interaction)
    found = await boss.get(f"/interactions/{one.interaction}")
    assert (found["queue"], found["language"], found["labels"][0][0]) == ("complaints", "pl", "complaint")
    assert found["customer"]["language"] == "pl"
    told = await boss.get(f"/interactions/{one.interaction}/explain?language=en")
    assert "By what the customer has written or told since:" in told["text"]
    assert "“complaints”" in told["text"]
    # What is understood stays: another word moves it no more.
    await there.intake.receive(chat("Halo?", n=3), continues=one.interaction)
    assert (await boss.get(f"/interactions/{one.interaction}"))["queue"] == "complaints"


async def test_who_tells_who_he_is_gets_what_his_segment_brings(there: World) -> None:
    boss = await there.person("boss", "admin")
    await boss.post("/customers", OLA, 201)
    first = await there.intake.receive(chat("Hello", visitor="v-2"))
    one = await there.intake.receive(chat("My bill is wrong", name="Ola Nowak"))
    await there.send_mail()
    await there.intake.receive(chat("it is k-123456", name="Ola Nowak", n=2), continues=one.interaction)
    found = await boss.get(f"/interactions/{one.interaction}")
    assert (found["segment"], found["priority"], found["queue"]) == ("gold", 20, "support")
    assert [found["position"], (await boss.get(f"/interactions/{first.interaction}"))["position"]] == [1, 2]


async def test_what_an_agent_has_stays_with_him(there: World) -> None:
    await there.add_agent("anna", "support")
    anna = await there.person("anna", agent="anna")
    await anna.post("/agents/anna/presence", {"presence": "available", "lease": "10m"})
    one = await there.intake.receive(chat("Dzień dobry"))
    await there.intake.receive(chat("Chcę złożyć skargę na fakturę", n=2), continues=one.interaction)
    assert (await anna.get(f"/interactions/{one.interaction}"))["queue"] == "support"
