"""Work in processes of its own: what they print is heard, and why they break is told."""

import pytest

from app.children import SAID_LINES, BrokeOff, done_by_child
from vocabulary.errors import TemporaryFailure


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
    async def heard(line: bytes) -> None:
        raise TemporaryFailure("nobody listens")

    with pytest.raises(TemporaryFailure, match="nobody listens"):
        await done_by_child("calendar", "2026", seconds=60, heard=heard)


async def test_a_child_that_takes_too_long_is_ended() -> None:
    with pytest.raises(TemporaryFailure, match=r"http\.server took more than 0\.2 s"):
        await done_by_child("http.server", "0", "--bind", "127.0.0.1", seconds=0.2)
