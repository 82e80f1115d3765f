"""Key customers first, through the whole program: purchases come in, and the mail of who bought most goes first."""

import asyncio
import json
from datetime import timedelta
from email.utils import localtime
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from tests.acceptance.axe import Inspector
from tests.acceptance.client import Sink
from tests.acceptance.house import House
from tests.acceptance.mails import letter, send
from tests.acceptance.pages import Board, Desk
from tests.acceptance.site import SiteProcess
from tests.acceptance.windows import Windows

SEGMENTS = """
[segments.key_account]
top_value = "5%"
priority = 20
owner = true

[segments.new]
customer_within = "60d"
"""
BUYERS = 20


def orders() -> str:
    """A file of what 20 customers bought; the first spent most, and one line is wrong."""
    day = (localtime() - timedelta(days=100)).date().isoformat()
    lines = ["order_id;at;amount;currency;external_id;email;name"]
    for number in range(BUYERS):
        amount = f"{900 if number == 0 else 10 + number},50"
        lines.append(f"o-{number};{day};{amount};EUR;crm-{number};buyer{number}@customers.example;B{number}")
    return "\n".join([*lines, f"o-bad;{day};12.345;EUR;crm-1;;"]) + "\n"


@pytest.fixture(scope="module")
def house_settings() -> dict[str, Any]:
    return {"more": SEGMENTS, "commands": True}


pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.needs_server("chromium")]


async def test_a_key_accounts_mail_goes_first_to_its_owner_and_says_why(
    house: House, windows: Windows, inspector: Inspector, tmp_path: Path
) -> None:
    file = tmp_path / "orders.csv"
    file.write_text(orders(), "utf-8")
    done = await asyncio.to_thread(
        house.site.remotely, "customer", "import-purchases", str(file), "--json", token=house.token
    )
    assert done.returncode == 1
    assert f"{file}:{BUYERS + 2}: amount '12.345' is no amount in EUR" in done.stderr
    counts = json.loads(done.stdout)
    assert (counts["new"], counts["faults"], counts["customers_new"]) == (BUYERS, 1, BUYERS)
    done = await asyncio.to_thread(house.site.remotely, "customer", "segments", "--json", token=house.token)
    assert json.loads(done.stdout)["segments"] == {"key_account": 1}, done.stderr
    await house.supervisor.call("PATCH", "/customers/crm-0", {"attributes": {"owner": "anna"}})
    await house.supervisor.call("PATCH", "/agents/anna", {"capacity": 20})
    await house.supervisor.post("/agents/anna/presence", presence="busy", lease="10m")
    for number in (5, 0):
        mail = letter(f"buyer{number}@customers.example", f"Letter of {number}", "Where is it?")
        await send(house.site.mail_port, mail)
        await house.interaction(subject=f"Letter of {number}", state="waiting")
    key = await house.interaction(subject="Letter of 0")
    assert (key["priority"], key["segment"]) == (20, "key_account")
    board = await Board.at_work(windows, house.base, "vera")
    await board.page.get_by_role("button", name="support", exact=True).click()
    rows = board.page.get_by_role("dialog").locator("tbody tr")
    await expect(rows).to_have_count(2)
    await expect(board.page.get_by_role("dialog").get_by_text("1 key customer waits")).to_be_visible()
    await board.tab_to(board.page.get_by_role("switch", name=board.words("board.vip")))
    await board.press("Space")
    await expect(rows).to_have_count(1)
    await expect(rows).to_contain_text("Letter of 0")
    await inspector.look(board.page, "wallboard, key customers")
    desk = await Desk.available(windows, house.base)
    await expect(desk.offers).to_have_count(1)
    card = desk.offers.first
    await expect(card).to_contain_text("Letter of 0")
    reason = "Key account: 1st highest turnover of 20 customers in 12 months"
    await expect(card).to_contain_text(reason)
    await inspector.look(desk.page, "desk, offer of a key account")
    await desk.accept()
    panel = desk.page.get_by_role("complementary", name=desk.words("customer.panel"))
    await expect(panel).to_contain_text(reason)
    await expect(panel).to_contain_text("€901")
    await inspector.look(desk.page, "desk, panel of a key account")
    other = await house.interaction(subject="Letter of 5")
    assert other["state"] == "waiting"


async def test_the_commands_work_in_the_store_while_no_site_runs(tmp_path: Path, sink: Sink) -> None:
    site = SiteProcess(tmp_path, sink_port=sink.listener.port, more=SEGMENTS)
    file = tmp_path / "orders.csv"
    file.write_text(orders(), "utf-8")
    tried = await asyncio.to_thread(site.run, "customer", "import-purchases", str(file), "--dry-run", "--json")
    assert json.loads(tried.stdout)["new"] == BUYERS, tried.stderr
    done = await asyncio.to_thread(site.run, "customer", "import-purchases", str(file), "--json")
    assert (done.returncode, json.loads(done.stdout)["new"]) == (1, BUYERS)
    again = await asyncio.to_thread(site.run, "customer", "import-purchases", str(file), "--json")
    assert json.loads(again.stdout)["known"] == BUYERS
    told = await asyncio.to_thread(site.run, "customer", "segments")
    assert "key_account" in told.stdout
    assert "Who still buys: not estimated, fewer than 100 buyers." in told.stdout
    file.write_text("order;when\n1;2\n", "utf-8")
    bad = await asyncio.to_thread(site.run, "customer", "import-purchases", str(file))
    assert (bad.returncode, f"{file}:1: lacks the column order_id" in bad.stderr) == (2, True)
