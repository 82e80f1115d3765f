"""The language of a customer: learnt from what he writes, and remembered where a word leaves a doubt."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from classifiers.background import NOTHING, Background
from classifiers.cascade import Classification, classify
from tests.web.world import Client, world


async def by_rules(subject: str, text: str, usual: str | None, known: Background = NOTHING) -> Classification:
    return classify(subject, text, model=None, usual=usual)


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Client]:
    async with world(tmp_path, classify=by_rules) as made:
        yield await made.program("integration")


async def sent(shop: Client, text: str, customer: str = "jan@example.org") -> str | None:
    body = {"text": text, "customer": {"email": customer}, "queue": "billing"}
    language: str | None = (await shop.post("/interactions", body, 201))["language"]
    return language


async def test_a_word_is_in_the_language_that_the_customer_writes(shop: Client) -> None:
    assert await sent(shop, "router") == "en"
    assert await sent(shop, "Dzień dobry, gdzie jest moja paczka?") == "pl"
    assert await sent(shop, "router") == "pl"
    assert await sent(shop, "12345") == "pl"
    assert await sent(shop, "router", customer="ann@example.org") == "en"


async def test_a_customer_may_change_his_language_by_more_than_a_few_words(shop: Client) -> None:
    await sent(shop, "Dzień dobry, gdzie jest moja paczka?")
    assert await sent(shop, "Thank you very much") == "en"
    assert await sent(shop, "router") == "pl"
    await sent(shop, "Good morning, could you please tell me where my parcel is now?")
    assert await sent(shop, "router") == "en"
