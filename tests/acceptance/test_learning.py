"""An agent corrects a topic with one key, a supervisor is asked about others, and the next model knows."""

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from classifiers.artifact import save
from classifiers.orders import Order
from classifiers.retraining import retrain
from tests.acceptance.axe import Inspector
from tests.acceptance.house import House
from tests.acceptance.mails import letter, send
from tests.acceptance.pages import Board, Desk
from tests.acceptance.windows import Windows
from tests.learning import WAYS, starter

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.needs_server("chromium")]
QUESTION = "good morning, is the guarantee still valid for this tablet"
TAUGHT = ("the guarantee of my router has run out", "is the guarantee still valid for this phone")


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small set of rows to begin with, so that training is quick."""
    return starter(tmp_path_factory.mktemp("rows"))


@pytest.fixture(scope="module")
def model(rows: Path) -> Path:
    """The model that a site makes of them at its first start."""
    path = rows.with_name("model.npz")
    save(retrain(Order(starter=str(rows)))[0], path)
    return path


@pytest.fixture(scope="module")
def house_settings(rows: Path) -> dict[str, Any]:
    return {"more": f'[understanding]\nrows = "{rows}"\nlabels = ["warranty"]\n'}


async def arrives(house: House, text: str) -> dict[str, Any]:
    """Let a question come in that nobody takes; return it."""
    given = {"text": text, "subject": "", "customer": {"email": "ola@example.org"}}
    found: dict[str, Any] = await house.supervisor.post("/interactions", **given)
    return found


async def test_what_people_correct_the_next_model_knows(house: House, windows: Windows, inspector: Inspector) -> None:
    # One key at the desk.
    anna = await Desk.available(windows, house.base)
    await send(house.site.mail_port, letter("celia@customers.example", "Tablet", "Is the guarantee still valid?"))
    await anna.accept()
    await anna.press("Escape", "l")
    field = anna.page.get_by_role("combobox")
    await expect(field).to_be_focused()
    await inspector.look(anna.page, "list of topics")
    await anna.page.keyboard.type("WARR")
    await expect(anna.page.get_by_role("option")).to_have_count(1)
    await anna.press("Enter")
    await expect(field).to_have_count(0)
    await expect(anna.page.get_by_role("complementary").get_by_text("warranty")).to_be_visible()
    shown = await house.interaction(subject="Tablet")
    assert (shown["labels"], shown["labelled_by"]) == ([["warranty", 1.0]], "anna")

    assert (await arrives(house, QUESTION))["labels"][0][0] != "warranty"

    # Others say the same of what came by other ways.
    for text in (way.format(said) for said in TAUGHT for way in WAYS):
        id = (await arrives(house, text))["id"]
        await house.supervisor.post(f"/interactions/{id}/label", label="warranty")

    # The supervisor is asked, and answers with a digit.
    vera = await Board.at_work(windows, house.base, "vera")
    await vera.tab_to(vera.button("desk.my_menu"))
    await vera.press("Enter")
    await vera.tab_to(vera.button("understanding.title"))
    await vera.press("Enter")
    dialog = vera.page.get_by_role("dialog")
    asked = dialog.get_by_role("group", name=vera.words("understanding.ask.one"))
    await expect(asked).to_be_focused()
    await inspector.look(vera.page, "message to label")
    before = (await house.supervisor.get("/understanding"))["rows"]
    await vera.press("0")
    await expect(vera.page.get_by_text(vera.words("topic.said", label=vera.words("label.unknown")))).to_be_visible()
    rows = (await house.supervisor.get("/understanding"))["rows"]
    assert rows == {**before, "labelled": 1}

    # She has a new version made and uses it.
    await vera.button("understanding.model", within=dialog).click()
    await vera.button("model.train", within=dialog).click()
    use = vera.button("model.use", within=dialog)
    await expect(use).to_be_visible(timeout=90_000)
    await inspector.look(vera.page, "versions of the model")
    new = dialog.get_by_role("row").filter(has_text=vera.words("model.state.candidate"))
    await new.get_by_role("rowheader").get_by_role("button").click()
    await expect(dialog.get_by_text(vera.words("model.week"))).to_be_visible()
    await inspector.look(vera.page, "report of a version")
    await vera.button("model.use", within=dialog).click()
    await expect(dialog.get_by_text(vera.words("model.state.live"))).to_be_visible()
    assert (await arrives(house, f"{QUESTION}?"))["labels"][0][0] == "warranty"

    # And goes back.
    await vera.button("understanding.title", within=dialog).click()
    await vera.button("model.roll_back", within=dialog).click()
    await expect(vera.page.get_by_text(vera.words("model.rolled_back"))).to_be_visible()
    assert (await arrives(house, f"{QUESTION}??"))["labels"][0][0] != "warranty"
