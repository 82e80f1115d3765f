"""`centrala replay`: a site's journal under the rules of a file."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from app.cli_replay import replay as command
from app.stores import store_path
from config.initial import init
from config.loader import load
from router.events import AnyEvent
from simulation.replay import replay
from storage.codec import encode
from storage.sqlite import SqliteStore
from tests.builders import policy, queue, rule
from tests.simulation_core.test_replay import busy_day, past, rules, staff
from vocabulary.records import Transaction

SITE = """
[site]
name = "Replay"
[channels.web]
medium = "chat"
[queues.support]
target = "{target}"
[queues.sales]
target = "{other}"
[[rules]]
when = {{}}
then = {{ queue = "support" }}
"""


def site(folder: Path, name: str = "centrala.toml", target: str = "5m", other: str = "5m") -> Path:
    """Write the configuration of a site with its secret beside it."""
    if name == "centrala.toml":
        init(folder)
    path = folder / name
    path.write_text(SITE.format(target=target, other=other), encoding="utf-8")
    return path


async def written(path: Path, events: list[AnyEvent]) -> None:
    store = await SqliteStore.open(store_path(load(path), path.parent))
    entries = tuple(encode(event, place + 1) for place, event in enumerate(events))
    await store.commit(Transaction(entries=entries, after=0))
    await store.close()


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """Return the configuration of a site that has lived through a day of two hours."""
    under = policy(queue("support", target=300_000), queue("sales", target=300_000), rules=(rule("support"),))
    path = site(tmp_path)
    events = replay(past(busy_day(), staff(4, "support", "sales")), rules(under)).events
    asyncio.run(written(path, events))
    return path


def said(*words: object) -> Result:
    return CliRunner().invoke(command, [str(word) for word in words])


def printed(*words: object) -> dict[str, Any]:
    result = said(*words, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.output)
    return found


def test_difference_of_other_rules_is_printed(recorded: Path) -> None:
    other = site(recorded.parent, "other.toml", other="5s")
    told = printed("--site", recorded, "--config", other)
    assert told["from"] == 1
    assert told["difference"]["queues"]["sales"]["wait_mean_s"] < 0
    assert told["not_replayable"] == 0
    assert set(told["ci95"]) == set(told["difference"]) == set(told["recorded"]) == set(told["replayed"])


def test_part_of_the_journal_can_be_chosen(recorded: Path) -> None:
    whole = printed("--site", recorded)
    part = printed("--site", recorded, "--from", whole["until"] // 2, "--until", whole["until"] - 50)
    assert (part["from"], part["until"]) == (whole["until"] // 2, whole["until"] - 50)
    assert 0 < part["recorded"]["offered"] < whole["recorded"]["offered"]
    assert whole["since"] < part["since"] < part["through"] < whole["through"]


def test_people_get_lines(recorded: Path) -> None:
    first, *_, last = said("--site", recorded).output.splitlines()
    assert re.fullmatch(r"events 1 to \d+, \d+ offered", first)
    assert last == "not replayable: 0"


def test_site_may_be_running(recorded: Path) -> None:
    async def beside() -> Result:
        store = await SqliteStore.open(store_path(load(recorded), recorded.parent))
        try:
            return await asyncio.to_thread(said, "--site", recorded)
        finally:
            await store.close()

    result = asyncio.run(beside())
    assert result.exit_code == 0, result.output


def test_without_a_journal_it_says_what_is_missing(tmp_path: Path) -> None:
    result = said("--site", site(tmp_path))
    assert result.exit_code == 2
    assert "there is no store yet" in result.output


def test_behind_the_end_of_the_journal_there_is_nothing(recorded: Path) -> None:
    result = said("--site", recorded, "--from", 1_000_000)
    assert result.exit_code == 2
    assert "no events from 1000000 on" in result.output
