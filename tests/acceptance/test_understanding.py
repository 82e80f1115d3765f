"""Understood alike by whatever way it comes: a Polish complaint by mail and by chat, of one key account."""

from collections.abc import AsyncIterator
from importlib.resources import files
from pathlib import Path

import pytest
import pytest_asyncio

from tests.acceptance.client import eventually
from tests.acceptance.house import House, running_house
from tests.acceptance.mails import letter, send
from tests.acceptance.pages import Visitor, Words
from tests.acceptance.windows import Windows

COMPLAINT = "Chcę złożyć oficjalną skargę na obsługę w salonie. Jak złożyć reklamację? Mój numer klienta to K-123456."
UNDERSTANDING = f"""
[queues.complaints]
target = "10m"

[identification]
numbers = {{ customer = 'K-\\d{{6}}' }}
region = "PL"
merge = "automatic"
merge_from = "medium"

[segments.key_account]
priority = 30

[knowledge]
folder = "{files("autoresponders")}/knowledge"

[[rules]]
name = "complaints"
when = {{ label = "complaint", confidence = ">=0.4" }}
then = {{ queue = "complaints", priority = 5, language_skill = true, autoresponse = "received" }}
"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def understanding(tmp_path_factory: pytest.TempPathFactory, model: Path) -> AsyncIterator[House]:
    """A site with a line for complaints, which knows its customers by their numbers."""
    before, after = UNDERSTANDING.split("[[rules]]")
    edits = {'[[rules]]\nname = "money"': f'[[rules]]{after}\n[[rules]]\nname = "money"'}
    folder = tmp_path_factory.mktemp("understanding")
    async with running_house(folder, model, more=before, edits=edits, ring="30m") as house:
        yield house


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.needs_server("chromium")
async def test_a_complaint_by_mail_and_by_chat_is_understood_alike(understanding: House, windows: Windows) -> None:
    house = understanding
    ewa = await house.supervisor.post(
        "/customers",
        name="Ewa Kowalska",
        email="ewa@firma.example",
        segment="key_account",
        numbers={"customer": ["K-123456"]},
    )
    await send(house.site.mail_port, letter("ewa@firma.example", "Skarga", COMPLAINT))
    customer = await Visitor.in_chat(windows, house.base, "Ewa Kowalska", Words("pl"))
    await customer.say(COMPLAINT)
    for medium in ("email", "chat"):
        found = await house.interaction(medium=medium)
        told = await house.supervisor.get(f"/interactions/{found['id']}/explain?language=pl")
        assert (found["queue"], found["labels"][0][0]) == ("complaints", "complaint"), told["text"]
        assert found["customer"]["id"] == ewa["id"], told["text"]
        assert (found["segment"], found["priority"]) == ("key_account", 35), told["text"]
        assert "lang:pl" in [each["skill"] for each in found["requirements"]], told["text"]
        assert (await _suggested(house, found["id"]))[0] == "complaint-how"
        assert told["decided"]["label"] == "complaint"
        assert any(each["points"] > 0 for each in told["decided"]["words"]), told["decided"]


async def _suggested(house: House, interaction: str) -> list[str]:
    async def there() -> list[str]:
        said = await house.supervisor.get(f"/interactions/{interaction}/suggestions")
        return [each["article"] for each in said["items"]]

    return await eventually(there)
