"""The quarantine on the wallboard: told at once, looked at safely, tried again and discarded by keyboard alone."""

import re

import pytest
from playwright.async_api import expect

from storage.sqlite import SqliteStore
from tests.acceptance.axe import Inspector
from tests.acceptance.house import House
from tests.acceptance.mails import letter
from tests.acceptance.pages import Board, Words
from tests.acceptance.windows import Windows
from vocabulary.records import Put, ReceivedRow, Transaction

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.needs_server("chromium")]
AT = 1_790_000_000_000
EVIL = b"From: Eve <eve@example.org>\r\nSubject: Look here\r\n\r\n<script>document.title = 'taken over'</script>\r\n"


@pytest.mark.parametrize("language", ["en", "pl"])
async def test_what_waits_is_seen_tried_again_and_discarded(
    house: House, windows: Windows, inspector: Inspector, language: str
) -> None:
    mail = letter("Ola <ola@example.org>", f"Hello in {language}", "About my invoice").as_bytes()
    await _put_aside(house, language, mail, EVIL)
    words = Words(language)
    vera = await Board.at_work(windows, house.base, "vera", words)
    await expect(vera.page.get_by_role("status").filter(has_text=re.compile("2"))).to_be_visible()
    await inspector.look(vera.page, "wallboard with quarantine")

    await vera.tab_to(vera.button("quarantine.look"))
    await vera.press("Enter")
    dialog = vera.page.get_by_role("dialog")
    await expect(dialog.get_by_role("listitem")).to_have_count(2)
    await inspector.look(vera.page, "quarantine")

    await vera.tab_to(dialog.get_by_role("button", name="Look here"))
    await vera.press("Enter")
    raw = dialog.get_by_label(words("quarantine.raw"))
    await expect(raw).to_contain_text("<script>document.title = 'taken over'</script>")
    await expect(vera.page).to_have_title(words("board.title"))
    await inspector.look(vera.page, "one of the quarantine")
    await vera.tab_to(dialog.get_by_label(words("quarantine.why")))
    await vera.page.keyboard.type("An attack")
    await vera.press("Enter")
    await expect(dialog.get_by_role("listitem")).to_have_count(1)

    await vera.tab_to(dialog.get_by_role("button", name=f"Hello in {language}"))
    await vera.press("Enter")
    await vera.tab_to(vera.button("quarantine.replay", within=dialog))
    await vera.press("Enter")
    await expect(dialog.get_by_text(words("quarantine.empty"))).to_be_visible()
    await house.interaction(subject=f"Hello in {language}")
    await vera.press("Escape")
    await expect(dialog).to_have_count(0)
    await expect(vera.button("quarantine.look")).to_have_count(0)


async def _put_aside(house: House, name: str, *raws: bytes) -> None:
    """Let these mails have failed before the site starts."""
    await house.site.stop()
    store = await SqliteStore.open(house.site.folder / "centrala.db")
    rows = [
        ReceivedRow(
            id=f"r-{name}-{number}",
            channel="mail",
            at=AT + number,
            raw=raw,
            state="quarantined",
            attempts=3,
            error="RuntimeError: whatever it was",
        )
        for number, raw in enumerate(raws)
    ]
    await store.commit(Transaction(changes=tuple(map(Put, rows))))
    await store.close()
    await house.site.start()
