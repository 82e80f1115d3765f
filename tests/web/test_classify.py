"""What a text would be taken for, by API, and the words that decided in an explanation."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from classifiers.training import train
from tests.classifiers.builders import small_rows
from tests.web.world import Client, World, world

TEXT = "one hammer, one drill please"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[World]:
    moods = ["negative" if label == "tool" else "neutral" for _, label in small_rows()]
    async with world(tmp_path) as made:
        made.learning.understanding.model = train(small_rows(), further={"sentiment": moods})
        await made.learning.understanding.warm()
        yield made


async def test_a_text_is_classified_without_being_admitted(house: World) -> None:
    shop = await house.program("integration")
    said = await shop.post("/classify", {"text": TEXT, "subject": "Order"})
    assert said["labels"][0][0] == said["best"] == "tool"
    assert said["confidence"] == said["labels"][0][1]
    assert said["heads"]["sentiment"][0] == "negative"
    assert (said["language"], said["out_of_scope"], said["method"]) == ("en", False, "model")
    assert {word["word"] for word in said["words"][:2]} == {"hammer", "drill"}
    assert (await shop.get("/interactions"))["items"] == []


async def test_without_a_model_keywords_answer_and_no_words_are_shown(tmp_path: Path) -> None:
    async with world(tmp_path) as made:
        await made.learning.understanding.warm()
        said = await (await made.program("integration")).post("/classify", {"text": "where is my parcel"})
    assert (said["method"], said["labels"][0][0], said["words"], said["best"]) == ("rules", "delivery", [], None)


async def test_a_text_that_is_too_long_is_refused(house: World) -> None:
    shop = await house.program("integration")
    problem = await shop.post("/classify", {"text": "a" * 100_001}, 422)
    assert problem["errors"][0]["path"] == "text"


async def admitted(shop: Client) -> dict[str, Any]:
    sent = {"text": TEXT, "customer": {"email": "ola@example.org"}, "queue": "billing"}
    found: dict[str, Any] = await shop.post("/interactions", sent, 201)
    return found


async def test_an_explanation_tells_the_words_and_the_log_never_has_them(house: World) -> None:
    shop, boss = await house.program("integration"), await house.person("boss", "supervisor")
    one = await admitted(shop)
    assert one["heads"]["sentiment"][0] == "negative"
    why = await boss.get(f"/interactions/{one['id']}/explain?language=en")
    assert why["decided"]["label"] == "tool"
    assert {word["word"] for word in why["decided"]["words"][:2]} == {"hammer", "drill"}
    assert "The customer sounds annoyed" in str(why["text"])
    assert "hammer" not in str(await shop.get("/events"))


async def test_words_of_an_erased_customer_are_gone(house: World) -> None:
    shop, boss = await house.program("integration"), await house.person("boss", "admin")
    one = await admitted(shop)
    await boss.post(f"/interactions/{one['id']}/close", {"reason": "done"})
    answer = await boss.call("DELETE", f"/customers/{one['customer']['id']}")
    assert answer.status == 204
    why = await boss.call("GET", f"/interactions/{one['id']}/explain")
    assert "hammer" not in await why.text()
