"""Urgency and mood of a mail at the desk, and the words that decided its topic."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from classifiers.artifact import save
from classifiers.training import train
from tests.acceptance.axe import Inspector
from tests.acceptance.house import House
from tests.acceptance.mails import letter, send
from tests.acceptance.pages import Desk
from tests.acceptance.windows import Windows
from tests.classifiers.builders import small_rows

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.needs_server("chromium")]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small model: who writes of tools is in a hurry and annoyed."""
    path = tmp_path_factory.mktemp("model") / "model.npz"
    rows = small_rows()
    urgency = ["high" if label == "tool" else "normal" for _, label in rows]
    moods = ["negative" if label == "tool" else "neutral" for _, label in rows]
    save(train(rows, further={"urgency": urgency, "sentiment": moods}), path)
    return path


async def test_an_agent_sees_how_urgent_it_is_and_why_it_is_about_that(
    house: House, windows: Windows, inspector: Inspector
) -> None:
    desk = await Desk.available(windows, house.base)
    await send(house.site.mail_port, letter("celia@customers.example", "My order", "one hammer, one drill please"))
    offer = desk.page.locator(".offer")
    await expect(offer.locator(".head-high")).to_have_text(desk.words("urgency.high"))
    await expect(offer.locator(".head-negative")).to_have_text(desk.words("sentiment.negative"))
    await inspector.look(desk.page, "an urgent offer")
    await desk.accept()
    panel = desk.page.locator("aside.panel")
    await expect(panel.get_by_text(desk.words("interaction.urgency"))).to_be_visible()
    await panel.get_by_text(desk.words("decided.title")).click()
    decided = panel.locator(".decided .tag.strong")
    await expect(decided.first).to_contain_text("hammer")
    await expect(decided.nth(1)).to_contain_text("drill")
    await inspector.look(desk.page, "the words that decided")
