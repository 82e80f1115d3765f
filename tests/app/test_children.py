"""Work in processes of its own: what they print is heard, and why they break is told."""

import asyncio
import os
from pathlib import Path

import pytest

from app.children import SAID_LINES, BrokeOff, done_by_child
from vocabulary.errors import TemporaryFailure


def children() -> set[str]:
    """Return the ids of the processes that this thread began and nobody has seen the end of."""
    me = os.getpid()
    return set(Path(f"/proc/{me}/task/{me}/children").read_text("ascii").split())


async def test_what_a_child_prints_is_heard_line_by_line() -> None:
    lines: list[bytes] = []

    async def heard(line: bytes) -> None:
        lines.append(line)

    await done_by_child("calendar", "2026", "1", seconds=60, heard=heard)
    assert lines[0].split() == [b"January", b"2026"]
    assert len(lines) > 5


async def test_why_a_child_broke_is_told_to_people_and_its_kind_alone_to_the_log() -> None:
    with pytest.raises(BrokeOff) as broke:
        await done_by_child("tests.app.breaking_child", "what a customer wrote", seconds=60)
    assert str(broke.value) == "the process broke off (exit code 1, ValueError)"
    assert broke.value.said.splitlines()[-1] == "ValueError: what a customer wrote"
    assert len(broke.value.said.splitlines()) == SAID_LINES


async def test_who_is_heard_no_longer_ends_the_child() -> None:
    before, meanwhile = children(), set[str]()

    async def heard(line: bytes) -> None:
        meanwhile.update(children() - before)
        raise TemporaryFailure("nobody listens")

    async with asyncio.timeout(60):
        with pytest.raises(TemporaryFailure, match="nobody listens"):
            await done_by_child("tests.app.endless_child", seconds=60, heard=heard)
    assert len(meanwhile) == 1
    assert not meanwhile & children()


async def test_a_child_that_takes_too_long_is_ended() -> None:
    before = children()
    async with asyncio.timeout(60):
        with pytest.raises(TemporaryFailure, match=r"endless_child took more than 0\.2 s"):
            await done_by_child("tests.app.endless_child", seconds=0.2)
    assert not children() - before
