"""Mailboxes on the wallboard: one that can't be read keeps no other waiting, is told at once, and says what to do."""

import asyncio
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.async_api import expect

from tests.acceptance.axe import Inspector
from tests.acceptance.client import eventually
from tests.acceptance.house import House
from tests.acceptance.mails import letter
from tests.acceptance.pages import Board, Words
from tests.acceptance.windows import Windows
from tests.servers.dovecot import PASSWORD, USERNAME, Dovecot, running_dovecot
from tests.servers.ports import free_port

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.needs_server("chromium"),
    pytest.mark.needs_server("dovecot"),
]

MORE = """
[channels.sales-mail]
medium = "email"
address = "sales@test.example"

[channels.sales-mail.receive]
protocol = "imap"
host = "127.0.0.1"
port = {port}
username = "sales"
password_env = "WRONG"
tls = "none"

[channels.post]
medium = "email"
address = "post@test.example"
receive = {{ protocol = "lmtp", port = {lmtp} }}
"""


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    with running_dovecot() as dovecot:
        dovecot.make_anew("Orders")
        yield dovecot


@pytest.fixture(scope="module")
def house_settings(dovecot: Dovecot) -> dict[str, Any]:
    receive = (
        f'{{ protocol = "imap", host = "127.0.0.1", port = {dovecot.port}, username = "{USERNAME}", '
        'password_env = "MAILBOX_PASSWORD", tls = "none", folders = ["Orders"] }'
    )
    return {
        "receive": receive,
        "environment": {"MAILBOX_PASSWORD": PASSWORD, "WRONG": "guessed"},
        "more": MORE.format(port=dovecot.port, lmtp=free_port()),
    }


@pytest.mark.parametrize("language", ["en", "pl"])
async def test_a_mailbox_that_cannot_be_read_is_told_of_while_the_others_go_on(
    house: House, windows: Windows, inspector: Inspector, dovecot: Dovecot, language: str
) -> None:
    for folder in ("INBOX", "Orders"):
        mail = letter("Celia <celia@customers.example>", f"To {folder} in {language}", "Hello")
        await asyncio.to_thread(dovecot.put, mail.as_bytes(), folder=folder)
        await house.interaction(subject=f"To {folder} in {language}")

    async def refused() -> dict[tuple[str, str], Any] | None:
        boxes = {
            (each["channel"], each["folder"]): each for each in (await house.supervisor.get("/mailboxes"))["items"]
        }
        return boxes if boxes["sales-mail", "INBOX"]["state"] == "failing" else None

    boxes = await eventually(refused)
    assert {key: each["state"] for key, each in boxes.items()} == {
        ("mail", "INBOX"): "ok",
        ("mail", "Orders"): "ok",
        ("sales-mail", "INBOX"): "failing",
        ("post", ""): "ok",
    }
    assert boxes["sales-mail", "INBOX"]["trouble"] == "login"
    assert "guessed" not in str(boxes)

    words = Words(language)
    vera = await Board.at_work(windows, house.base, "vera", words)
    await expect(vera.page.get_by_role("status").filter(has_text=re.compile("1"))).to_be_visible()
    await vera.tab_to(vera.button("mailboxes.look"))
    await vera.press("Enter")
    dialog = vera.page.get_by_role("dialog")
    await expect(dialog.get_by_role("listitem")).to_have_count(4)
    failing = dialog.get_by_role("listitem").filter(has_text="sales@test.example")
    await expect(failing).to_contain_text(words("mailboxes.trouble.login"))
    await inspector.look(vera.page, "mailboxes")
    await vera.press("Escape")
    await expect(dialog).to_have_count(0)
