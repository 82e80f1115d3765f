"""Mails are read in processes that they may kill, and nothing else."""

import asyncio
import os
import select
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from app.parsing import ParsingChildren, ParsingFailed, TooCostly
from channels.email.parse import parse
from channels.message import InboundMessage
from tests.app import deadly_child as deadly
from tests.channels.email.mails import NOW, OWN, a_mail
from vocabulary.errors import TemporaryFailure

GOOD = a_mail(b"a" * 10)


@asynccontextmanager
async def children(count: int = 1, wall_s: float = 60) -> AsyncIterator[ParsingChildren]:
    made = ParsingChildren(children=count, module="tests.app.deadly_child", wall_s=wall_s)
    try:
        yield made
    finally:
        await made.close()


async def read(by: ParsingChildren, raw: bytes, is_ours: Callable[[str], bool] = lambda _: False) -> InboundMessage:
    return await by.read(
        raw,
        channel="support",
        received_at=NOW,
        own_addresses=OWN,
        envelope_sender="anna@customer.example",
        is_own_message_id=is_ours,
    )


def deadly_mail(name: bytes) -> bytes:
    return a_mail(extra=((name.decode(), "1"),))


async def test_a_process_reads_what_this_one_would() -> None:
    raw = a_mail(
        b"--b\r\n\r\nDzie\xc5\x84 dobry\r\n--b\r\nContent-Type: image/png\r\n\r\n\x00\xff\r\n--b--",
        content_type="multipart/mixed; boundary=b",
        reply_to="other@customer.example",
    )
    expected = parse(
        raw, channel="support", received_at=NOW, own_addresses=OWN, envelope_sender="anna@customer.example"
    )
    async with children() as by:
        assert await read(by, raw) == expected
        assert [(await read(by, GOOD)).text for _ in range(3)] == ["a" * 10] * 3


async def test_whether_an_id_is_ours_is_decided_here() -> None:
    asked: list[str] = []

    def is_ours(id: str) -> bool:
        asked.append(id)
        return True

    async with children() as by:
        message = await read(by, a_mail(auto_submitted="auto-replied"), is_ours)
    assert asked == ["<one@customer.example>"]
    assert message.automatic.is_automatic
    assert message.automatic.signals == ("own-message-id", "auto-submitted")


@pytest.mark.parametrize(
    "mark, failure, words",
    [
        (deadly.SEGFAULT, ParsingFailed, "ended with -11"),
        (deadly.ENDLESS, TooCostly, "processor time"),
        (deadly.HOARDS, ParsingFailed, "more than 512 MB of memory"),
        (deadly.BREAKS, ParsingFailed, "ValueError: no such mail"),
    ],
)
async def test_a_mail_that_kills_its_reader_says_how_and_the_next_is_read(
    mark: bytes, failure: type[ParsingFailed], words: str
) -> None:
    async with children() as by:
        with pytest.raises(failure, match=words):
            await read(by, deadly_mail(mark))
        assert (await read(by, GOOD)).text == "a" * 10


@pytest.mark.parametrize("broken", [{"python": "/no/python"}, {"module": "tests.app.no_such_module"}])
async def test_a_reader_that_cannot_start_is_no_fault_of_the_mail(broken: dict[str, str]) -> None:
    by = ParsingChildren(children=1, **broken)  # type: ignore[arg-type]  # of the names that take text
    for _ in range(2):
        with pytest.raises(TemporaryFailure):
            await read(by, GOOD)
    await by.close()


async def test_while_a_mail_takes_long_the_next_ones_are_read() -> None:
    async with children(count=2) as by:
        long = asyncio.create_task(read(by, deadly_mail(deadly.SILENT)))
        assert [(await read(by, GOOD)).text for _ in range(5)] == ["a" * 10] * 5
        assert not long.done()
        long.cancel()
        await asyncio.gather(long, return_exceptions=True)
        assert (await read(by, GOOD)).text == "a" * 10


async def test_a_silent_reader_is_killed() -> None:
    async with children(wall_s=1.5) as by:
        with pytest.raises(ParsingFailed, match=r"more than 1\.5 s"):
            await read(by, deadly_mail(deadly.SILENT))
        with pytest.raises(ParsingFailed):
            await read(by, deadly_mail(deadly.SILENT))


async def test_a_large_mail_goes_both_ways() -> None:
    content = os.urandom(1 << 20) * 12
    raw = a_mail(content, content_type="application/pdf", content_transfer_encoding="binary")
    async with children() as by:
        message = await read(by, raw)
    assert message.attachments[0].content == content
    assert message.raw is raw


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process of its parent's death")
def test_a_reader_dies_with_its_parent_even_while_it_reads() -> None:
    program = (
        "import asyncio\n"
        "from tests.app.test_parsing import GOOD, children, deadly, deadly_mail, read\n"
        "async def run():\n"
        "    async with children() as by:\n"
        "        await read(by, GOOD)\n"
        "        (child,) = by._free\n"
        "        print(child._process.pid, flush=True)\n"
        "        await read(by, deadly_mail(deadly.SILENT))\n"
        "asyncio.run(run())\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = os.pidfd_open(int(parent.stdout.readline()))
        parent.kill()
    ended, _, _ = select.select([child], [], [], 20)
    os.close(child)
    assert ended
