"""Mails that are made to hurt are read by the real processes within their limits, or harm nobody but these."""

import subprocess
import sys

import pytest

from app.parsing import ParsingChildren
from benchmarks.mail_bombs import BOMBS
from tests.channels.email.mails import NOW, OWN

SOME = list(BOMBS)[::8]


async def read_all(names: list[str]) -> list[str]:
    """Return the mails that could not be read within the limits of a process; it would be killed."""
    children, failed = ParsingChildren(children=1, wall_s=300), []
    for name in names:
        raw = BOMBS[name]()
        try:
            message = await children.read(
                raw,
                channel="support",
                received_at=NOW,
                own_addresses=OWN,
                envelope_sender=None,
                is_own_message_id=lambda _: False,
            )
        except Exception as error:  # noqa: BLE001  # what is wrong with all of them is told at once
            failed.append(f"{name}: {error}")
            continue
        assert message.raw is raw
    await children.close()
    return failed


async def test_some_mails_made_to_hurt_are_read_within_the_limits() -> None:
    assert await read_all(SOME) == []


@pytest.mark.slow
async def test_all_mails_made_to_hurt_are_read_within_the_limits() -> None:
    assert await read_all(list(BOMBS)) == []


GROWTH = """
import asyncio, pathlib
from app.parsing import ParsingChildren, ParsingFailed
from tests.app import deadly_child as deadly
from tests.app.test_parsing import GOOD, deadly_mail, read

def peak():
    status = pathlib.Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))

async def run():
    children = ParsingChildren(children=1, module="tests.app.deadly_child")
    raws = [deadly_mail(mark) + b"x" * (24 << 20) for mark in (deadly.HOARDS, deadly.SEGFAULT)]
    await read(children, GOOD)
    before = peak()
    for raw in raws:
        try:
            await read(children, raw)
        except ParsingFailed:
            pass
        else:
            raise AssertionError("it was read")
    await read(children, GOOD)
    await children.close()
    print((peak() - before) // 1024)

asyncio.run(run())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process's peak so")
def test_what_kills_its_reader_costs_the_site_less_than_50_mb() -> None:
    answer = subprocess.run([sys.executable, "-c", GROWTH], capture_output=True, text=True, check=True, timeout=120)
    assert int(answer.stdout) < 50
