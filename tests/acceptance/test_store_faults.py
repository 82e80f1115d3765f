"""A disk that is full, files that are damaged, moved or locked: what a running site does, and what a start says."""

import asyncio
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

import aiohttp
import pytest

from tests.acceptance.admitting import (
    WITHIN_S,
    admitted,
    all_of,
    fill,
    not_ready,
    ready_again,
    text_of,
    told,
    until_taken,
)
from tests.acceptance.client import Api, Sink
from tests.acceptance.site import SiteProcess, pause
from tests.faults.bench import Missing, small_disk
from tests.storage.faulty import damage


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a small disk."""
    try:
        with small_disk(tmp_path / "disk") as place:
            yield place
    except Missing as missing:
        pytest.skip(str(missing))


async def test_a_full_disk_stops_admission_but_not_reading_and_is_over_once_there_is_room(
    disk: Path, sink: Sink, model: Path
) -> None:
    site = SiteProcess(disk, sink_port=sink.listener.port, model=model)
    token = site.token("admin")
    # The log would have to share the disk.
    site.log = disk.parent / "log.jsonl"
    await site.start()
    acknowledged: list[str] = []
    try:
        async with Api(site.base, token) as api:
            for number in range(20):
                assert await admitted(api, f"before-{number}") == 201
                acknowledged.append(f"before-{number}")
            ballast = fill(disk)
            refused = 0
            for number in count():
                id = f"full-{number}"
                if await admitted(api, id, text="x" * 20_000) in (200, 201):
                    acknowledged.append(id)
                    continue
                refused += 1
                if refused == 5:
                    break
            assert "full" in await not_ready(site)
            assert len(await all_of(api)) >= 20
            await says_so_in_the_chat(site)
            ballast.unlink()
            await ready_again(site)
            await until_taken(api, "after")
            acknowledged.append("after")
            # What was refused may be sent again, and is then taken once.
            assert [await admitted(api, id) for id in acknowledged] == [200] * len(acknowledged)
            metrics = await text_of(site, "/metrics")
            assert "centrala_conservation_mismatch 0.0" in metrics
        await told(site, "store_unavailable", "full")
        await told(site, "store_available_again")
        assert await site.stop() == 0
        assert site.command("db", "check")["problems"] == []
    finally:
        await site.kill()


async def says_so_in_the_chat(site: SiteProcess) -> None:
    """A chat that can't be kept is not acknowledged, and its customer is told."""
    async with aiohttp.ClientSession() as http:
        address, origin = f"{site.base}/ws/chat/demo", {"Origin": site.base}
        async with http.ws_connect(address, headers=origin) as socket, asyncio.timeout(20):
            await socket.send_json({"type": "hello", "language": "en", "identity": {"name": "Ewa"}})
            await socket.send_json({"type": "message", "client_id": "1", "text": "Hello?" * 500})
            async for message in socket:
                frame = message.json()
                assert frame["type"] != "ack"
                if frame["type"] == "error":
                    return
    raise AssertionError("the chat was closed without a word")


async def test_a_file_that_is_moved_away_is_noticed_though_nobody_writes(site: SiteProcess, tmp_path: Path) -> None:
    token = site.token("admin")
    await site.start()
    async with Api(site.base, token) as api:
        assert await admitted(api, "before") == 201
        moved = (tmp_path / "centrala.db").rename(tmp_path / "elsewhere.db")
        assert "centrala.db is gone" in await not_ready(site)
        await told(site, "store_unavailable", "is gone")
        assert await admitted(api, "meanwhile") == 503
        (tmp_path / "centrala.db").write_bytes(b"")
        assert "was replaced" in await not_ready(site)
        await told(site, "store_unavailable", "was replaced")
        assert await admitted(api, "meanwhile") == 503
        moved.rename(tmp_path / "centrala.db")
        await ready_again(site)
        await until_taken(api, "meanwhile")
        assert len(await all_of(api)) == 2


async def test_a_file_that_another_program_holds_is_waited_for_five_seconds_at_most(
    site: SiteProcess, tmp_path: Path
) -> None:
    token = site.token("admin")
    await site.start()
    loop = asyncio.get_running_loop()
    async with Api(site.base, token) as api:
        assert await admitted(api, "before") == 201
        with closing(sqlite3.connect(tmp_path / "centrala.db", isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            waits = []
            for number in range(3):
                began = loop.time()
                answers = await asyncio.gather(*(admitted(api, f"held-{number}-{each}") for each in range(10)))
                waits.append(loop.time() - began)
                assert set(answers) == {503}
            assert max(waits) < WITHIN_S, waits
            assert len(await all_of(api)) == 1
            assert "locked" in await not_ready(site)
        await ready_again(site)
        await until_taken(api, "held-0-0")
        assert len(await all_of(api)) == 2


async def test_a_lock_that_is_short_is_waited_for(site: SiteProcess, tmp_path: Path) -> None:
    token = site.token("admin")
    await site.start()
    async with Api(site.base, token) as api:
        with closing(sqlite3.connect(tmp_path / "centrala.db", isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            waiting = asyncio.create_task(admitted(api, "patient"))
            await pause(0.3)
        assert await waiting == 201


async def test_a_damaged_file_is_refused_at_start_with_a_way_out(site: SiteProcess, tmp_path: Path) -> None:
    token = site.token("admin")
    await site.start()
    async with Api(site.base, token) as api:
        await asyncio.gather(*(admitted(api, f"order-{number}", text="Where is it? " * 50) for number in range(500)))
    await site.stop()
    sound = tmp_path / "sound"
    shutil.copyfile(tmp_path / "centrala.db", sound)
    # Twenty times 64 random bytes, as reliability.md has it.
    for seed in range(8):
        shutil.copyfile(sound, tmp_path / "centrala.db")
        damage(tmp_path / "centrala.db", seed=seed)
        refused = await asyncio.to_thread(site.run, "serve")
        assert refused.returncode == 1, f"seed {seed}: the damage was not seen"
        assert "is damaged" in refused.stderr
        assert "centrala restore FILE" in refused.stderr
        assert "Traceback" not in refused.stderr
    shutil.copyfile(sound, tmp_path / "centrala.db")
    await site.start()
