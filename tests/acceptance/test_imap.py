"""A letter from a real IMAP mailbox to the agent's screen, and its answer."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.async_api import expect

from tests.acceptance.client import eventually
from tests.acceptance.house import House
from tests.acceptance.mails import letter, reply_to, text_of
from tests.acceptance.pages import Desk
from tests.acceptance.windows import Windows
from tests.servers.dovecot import PASSWORD, USERNAME, Dovecot, running_dovecot

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.needs_server("chromium"),
    pytest.mark.needs_server("dovecot"),
]

CUSTOMER = "celia@customers.example"


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    with running_dovecot() as dovecot:
        yield dovecot


@pytest.fixture(scope="module")
def house_settings(dovecot: Dovecot) -> dict[str, Any]:
    receive = (
        f'{{ protocol = "imap", host = "127.0.0.1", port = {dovecot.port}, username = "{USERNAME}", '
        'password_env = "MAILBOX_PASSWORD", tls = "none" }'
    )
    return {"receive": receive, "environment": {"MAILBOX_PASSWORD": PASSWORD}}


async def test_a_letter_from_a_mailbox_is_answered_and_never_taken_twice(
    house: House, windows: Windows, dovecot: Dovecot
) -> None:
    anna = await Desk.available(windows, house.base)
    anna.window.forgive_a_dead_server()
    await _put(dovecot, "First letter", "<first@customers.example>")
    await expect(anna.offers).to_contain_text("First letter")
    await anna.accept()
    await expect(anna.said.first).to_have_text("An invoice, please.")

    await anna.say("Here it is.")
    answer = await reply_to(house.sink, CUSTOMER)
    assert answer["Subject"] == "Re: First letter"
    assert answer["In-Reply-To"] == "<first@customers.example>"
    assert text_of(answer) == "Here it is."

    async def is_seen() -> bool | None:
        return True if "\\Seen" in await asyncio.to_thread(dovecot.flags, 1) else None

    await eventually(is_seen)
    await _put(dovecot, "While it runs", "<second@customers.example>")
    await house.interaction(subject="While it runs")
    assert await house.site.stop() == 0
    await _put(dovecot, "While it does not", "<third@customers.example>")
    await house.site.start()
    await house.interaction(subject="While it does not")

    # The mailbox is read in its order, so what comes behind the third has all before it taken.
    subjects = sorted(one["subject"] for one in await house.interactions(medium="email"))
    assert subjects == ["First letter", "While it does not", "While it runs"]


async def _put(dovecot: Dovecot, subject: str, message_id: str) -> None:
    mail = letter(f"Celia Customer <{CUSTOMER}>", subject, "An invoice, please.", Message_ID=message_id)
    await asyncio.to_thread(dovecot.put, mail.as_bytes())
