"""The commands that ask a running site."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.web.world import Client, World, world

ROOT = Path(__file__).parents[2]


class Said(NamedTuple):
    """What a command left behind."""

    exit_code: int
    output: str
    stderr: str


class Terminal:
    """Somebody at a terminal with a token."""

    def __init__(self, there: World, shop: Client) -> None:
        self.there = there
        self.shop = shop
        self.environment = {"CENTRALA_URL": there.origin, "CENTRALA_TOKEN": "token-of-supervisor-None"}

    async def types(self, *words: str, **environment: str) -> Said:
        """Return what the command says, run as a program beside the site."""
        program = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "app.cli", *words),
            cwd=ROOT,
            env={**os.environ, **self.environment, **environment},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        output, errors = await program.communicate()
        return Said(program.returncode or 0, output.decode(), errors.decode())

    async def reads(self, *words: str) -> str:
        done = await self.types(*words)
        assert done.exit_code == 0, done.stderr
        return done.output

    async def parses(self, *words: str) -> Any:
        return json.loads(await self.reads(*words, "--json"))


@pytest.fixture
async def terminal(tmp_path: Path) -> AsyncIterator[Terminal]:
    async with world(tmp_path) as there:
        await there.add_agent("anna", "support")
        await there.program("supervisor")
        yield Terminal(there, await there.program("integration"))


async def admitted(terminal: Terminal, **given: Any) -> str:
    made = await terminal.shop.post("/interactions", {"text": "Hello", **given}, 201)
    return str(made["id"])


async def test_interactions_are_listed_and_shown(terminal: Terminal) -> None:
    assert await terminal.reads("interaction", "list") == "None.\n"
    id = await admitted(terminal)
    listed = await terminal.reads("interaction", "list", "--state", "waiting", "--queue", "support")
    assert listed.split()[:5] == [id, "waiting", "support", "chat", "-"]
    assert (await terminal.parses("interaction", "list"))["items"][0]["id"] == id
    assert "queue:" in await terminal.reads("interaction", "show", id)
    assert (await terminal.parses("interaction", "show", id))["state"] == "waiting"


async def test_an_interaction_is_explained_in_the_language_that_is_asked_for(terminal: Terminal) -> None:
    id = await admitted(terminal)
    assert "It has waited 0 s in queue “support”." in await terminal.reads("interaction", "explain", id)
    assert "Czeka w kolejce „support” od 0 s." in await terminal.reads("interaction", "explain", id, "--language", "pl")
    assert (await terminal.parses("interaction", "explain", id))["reasons"][0]["code"] == "waits"


async def test_an_interaction_is_moved_with_a_reason(terminal: Terminal) -> None:
    id = await admitted(terminal)
    assert await terminal.reads("interaction", "move", id, "billing", "--reason", "wrong queue") == (
        f"{id} is waiting in queue billing.\n"
    )
    assert (await terminal.types("interaction", "move", id, "billing")).exit_code == 2


async def test_queues_are_listed_and_shown_with_their_figures(terminal: Terminal) -> None:
    await admitted(terminal)
    lines = (await terminal.reads("queue", "list")).splitlines()
    assert [line.split()[:2] for line in lines] == [["queue", "waiting"], ["billing", "0"], ["support", "1"]]
    assert (await terminal.parses("queue", "show", "support"))["live"]["waiting"] == 1
    assert "target_s:" in await terminal.reads("queue", "show", "support")


async def test_agents_are_listed_shown_and_set(terminal: Terminal) -> None:
    assert (await terminal.reads("agent", "list")).split()[:2] == ["anna", "offline"]
    assert await terminal.reads("agent", "presence", "anna", "away", "--reason", "lunch") == "anna is away.\n"
    shown = await terminal.parses("agent", "show", "anna")
    assert (shown["presence"], shown["reason"]) == ("away", "lunch")


async def test_refusals_of_the_site_are_told_in_one_line(terminal: Terminal) -> None:
    done = await terminal.types("interaction", "show", "i/../x")
    assert done.exit_code == 1
    assert done.stderr.startswith(f"centrala: {terminal.there.origin} answers 404: There is no interaction 'i/../x'.")
    wrong = await terminal.types("queue", "list", CENTRALA_TOKEN="nobody's")
    assert (wrong.exit_code, "centrala token create" in wrong.stderr) == (1, True)
    language = await terminal.types("interaction", "explain", await admitted(terminal), "--language", "de")
    assert "language: There are explanations in en, pl, lt, hu, ru" in language.stderr


async def test_a_site_that_is_not_there_and_a_token_that_is_missing_say_what_to_do(terminal: Terminal) -> None:
    nowhere = await terminal.types("agent", "list", CENTRALA_URL="http://127.0.0.1:9")
    assert (nowhere.exit_code, "start it with `centrala serve`" in nowhere.stderr) == (1, True)
    nameless = await terminal.types("agent", "list", CENTRALA_TOKEN="")
    assert (nameless.exit_code, "no token" in nameless.stderr) == (2, True)


async def test_bad_rows_of_purchases_are_told_by_line_and_all_others_are_taken(
    terminal: Terminal, tmp_path: Path
) -> None:
    file = tmp_path / "orders.csv"
    rows = [f"o-{number},2026-01-07,19.90,EUR,crm-{number},pl" for number in range(20)]
    rows[3] = "o-3,2026-01-07,19.90,,crm-3,pl"
    rows[5] = "o-5,2199-01-07,19.90,EUR,crm-5,pl"
    rows[9] = "o-9,2026-01-07,19.90,EUR,crm-9,polski"
    file.write_text("\n".join(["order_id,at,amount,currency,external_id,language", *rows]) + "\n", "utf-8")
    words = ("customer", "import-purchases", str(file), "--json")
    done = await terminal.types(*words, CENTRALA_TOKEN="token-of-integration-None")
    counts = json.loads(done.output)
    assert (done.exit_code, counts["new"], counts["faults"]) == (1, 17, 3)
    assert done.stderr.splitlines() == [
        f"{file}:5: currency is missing",
        f"{file}:7: at '2199-01-07' is in the future; write when it was bought",
        f"{file}:11: language 'polski' is no language; write pl or pt-BR",
    ]


async def test_rows_that_are_too_long_for_one_call_are_sent_in_several(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    rows = [f"o-{number},2026-01-07,19.90,EUR,crm-{number},{'Я' * 199}" for number in range(900)]
    rows[800] = "o-800,2026-01-07,19.90,EUR,crm-800," + "Я" * 10_000
    file.write_text("\n".join(["order_id,at,amount,currency,external_id,product", *rows]) + "\n", "utf-8")
    words = ("customer", "import-purchases", str(file), "--json")
    done = await terminal.types(*words, CENTRALA_TOKEN="token-of-integration-None")
    assert done.stderr.splitlines() == [f"{file}:802: product is longer than 200 characters"]
    counts = json.loads(done.output)
    assert (counts["rows"], counts["new"], counts["customers_new"]) == (900, 899, 899)
