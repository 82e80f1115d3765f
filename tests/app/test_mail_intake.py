"""Mails that break what reads them: kept after three tries, whether they raise or kill, and the others flow."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from app.clock import SystemClock
from app.intake import Intake
from app.labelling import Classify
from app.mail_intake import DIED, GOES_ROUND, HELD_BYTES, MailIntake
from app.parsing import ParsingChildren, ReadMail, read_in_thread
from app.sender_checks import Checking, SenderChecks
from channels.email.listener import Delivery
from channels.message import InboundMessage
from classifiers.background import NOTHING, Background
from classifiers.cascade import Classification
from tests.app import deadly_child
from tests.app.test_engine import Running
from tests.builders import policy
from tests.web.world import unknown
from vocabulary.crashpoints import arm
from vocabulary.records import Put, ReceivedRow, Set
from web.site import RELEASED


class Died(BaseException):
    """Stands for the death of the process."""


class QuickClock(SystemClock):
    """No wait takes time."""

    async def sleep(self, span: int) -> None:
        """Return at once."""


def mail(sender: str, text: str) -> bytes:
    return f"From: {sender}@example.org\r\nTo: support@example.org\r\nSubject: Hi\r\n\r\n{text}\r\n".encode()


async def breaks_on_poison(subject: str, text: str, usual: str | None, known: Background = NOTHING) -> Classification:
    if "poison" in text:
        raise RuntimeError(f"no idea what {text} is")
    return await unknown(subject, text, usual, known)


class Post:
    """A mailbox over a running writer; each `run` is a process that may die."""

    def __init__(self, running: Running, classify: Classify, read: ReadMail = read_in_thread) -> None:
        self.running = running
        self.classify = classify
        self.read = read
        self.intake = self._new()

    def _new(self) -> MailIntake:
        engine, store = self.running.engine, self.running.store
        intake = Intake(engine=engine, store=store, classify=self.classify, keys=(b"k" * 32,), domain="example.org")
        return MailIntake(
            engine=engine,
            store=store,
            intake=intake,
            own_addresses=frozenset({"support@example.org"}),
            channel_of=lambda _: "mail",
            senders=SenderChecks({"mail": Checking(answers_unchecked=False)}),
            keys=(b"k" * 32,),
            domain="example.org",
            read=self.read,
        )

    async def deliver(self, raw: bytes) -> None:
        await self.intake.delivered(Delivery("", ("support@example.org",), raw))

    async def settled(self) -> dict[str, int]:
        """Work until nothing waits, or the process dies; return how much is in which state."""
        work = asyncio.create_task(self.intake.run())
        async with asyncio.timeout(90):
            while (counts := await self.running.store.received_counts()).get("received") and not work.done():
                pass
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        return counts

    async def lives(self) -> bool:
        """Be a new process, which takes up what the last one left; tell whether it survives."""
        self.intake = self._new()
        try:
            await self.intake.recover()
        except Died:
            return False
        return not (await self.settled()).get("received")


@pytest.fixture
async def post(tmp_path: Path) -> AsyncIterator[Post]:
    running = Running(tmp_path / "centrala.db")
    await running.start(policy())
    running.engine.clock = QuickClock()
    yield Post(running, breaks_on_poison)
    await running.stop()


@pytest.fixture
def killer() -> Iterator[list[int]]:
    """Has the process die at each mail that was parsed, until it is emptied."""
    deaths = [0]

    def die(place: str) -> None:
        if place == "imap.parsed" and deaths:
            deaths[0] += 1
            raise Died

    arm(die)
    yield deaths
    arm(None)


async def rows(post: Post) -> list[ReceivedRow]:
    states = ("received", "quarantined", "admitted", "discarded")
    return [head.row for head in await post.running.store.received_page(states=states)]


async def test_a_mail_that_fails_three_times_is_kept_and_the_others_flow(post: Post) -> None:
    await post.deliver(mail("ola", "poison"))
    await post.deliver(mail("jan", "hello"))
    assert await post.settled() == {"admitted": 1, "quarantined": 1}
    (kept,) = [row for row in await rows(post) if row.state == "quarantined"]
    assert (kept.attempts, kept.error) == (3, "RuntimeError: no idea what poison is")
    assert kept.raw == mail("ola", "poison")


async def test_the_same_bytes_once_more_change_nothing_of_what_is_kept(post: Post) -> None:
    await post.deliver(mail("ola", "poison"))
    await post.settled()
    await post.deliver(mail("ola", "poison"))
    assert await post.settled() == {"quarantined": 1}


async def test_a_mail_that_kills_the_process_is_kept_after_three_counted_tries(post: Post, killer: list[int]) -> None:
    store = post.running.store
    await post.running.engine.write(Put(ReceivedRow(id="r-1", channel="mail", at=1, raw=mail("ola", "deadly"))))
    tries = []
    while not await post.lives():
        tries.append([row.attempts for row in await rows(post)])
    assert tries == [[1], [2], [3]]
    row = await store.received_row("r-1")
    assert row is not None
    assert (row.state, row.attempts, row.error) == ("quarantined", 3, DIED)

    killer.clear()
    await post.running.engine.write(Put(ReceivedRow(id="r-2", channel="mail", at=2, raw=mail("jan", "harmless"))))
    assert await post.lives()
    assert await store.received_counts() == {"admitted": 1, "quarantined": 1}


async def test_a_mail_that_kills_its_reader_is_kept_and_the_others_flow(post: Post) -> None:
    children = ParsingChildren(children=2, module="tests.app.deadly_child", wall_s=300)
    readers = Post(post.running, breaks_on_poison, children.read)
    try:
        for mark in (deadly_child.SEGFAULT, deadly_child.ENDLESS):
            await readers.deliver(mark + b": 1\r\n" + mail("ola", "deadly"))
        for text in "abcde":
            await readers.deliver(mail("jan", text))
        assert await readers.settled() == {"admitted": 5, "quarantined": 2}
    finally:
        await children.close()
    kept = [row for row in await rows(post) if row.state == "quarantined"]
    # What crashes may do so by chance; what needs too much time needs it each time.
    assert {(row.attempts, row.error.partition(":")[0]) for row in kept} == {(3, "ParsingFailed"), (1, "TooCostly")}
    assert all(row.raw.endswith(b"deadly\r\n") for row in kept)


async def test_an_answer_waits_for_what_it_answers_and_nobody_else_does(post: Post) -> None:
    """However long the mail takes to read; two that name each other don't wait for ever."""
    others_admitted = asyncio.Event()

    async def read(raw: bytes, **more: Any) -> InboundMessage:
        if b"<slow@" in raw.partition(b"In-Reply-To")[0]:
            await others_admitted.wait()
        return await read_in_thread(raw, **more)

    def said(id: str, answers: str = "", sender: str = "ola") -> bytes:
        named = f"In-Reply-To: <{answers}@x.example>\r\n" if answers else ""
        return f"Message-ID:\r\n <{id}@X.example>\r\n{named}".encode() + mail(sender, id)

    slow = Post(post.running, breaks_on_poison, read)
    for raw in (
        said("slow"),
        said("answer", "slow"),
        said("answer-to-that", "answer"),
        said("one", "other", "jan"),
        said("other", "one", "jan"),
    ):
        await slow.deliver(raw)
    store = post.running.store
    work = asyncio.create_task(slow.intake.run())
    async with asyncio.timeout(90):
        while (await store.received_counts()).get("admitted") != 2:
            pass
        others_admitted.set()
        while (await store.received_counts()).get("admitted") != 5:
            pass
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    texts = [
        [message.text.strip() for message in await store.messages(id)] for id in post.running.engine.state.interactions
    ]
    assert sorted(texts) == [["one", "other"], ["slow", "answer", "answer-to-that"]]


async def test_innocents_beside_a_mail_that_kills_are_admitted(post: Post) -> None:
    """Whoever was worked on with it is tried alone afterwards."""

    def die(place: str) -> None:
        if place == "router.classified" and deadly:
            raise Died

    deadly: list[int] = []

    async def classify(subject: str, text: str, usual: str | None, known: Background = NOTHING) -> Classification:
        deadly[:] = [1] if "deadly" in text else []
        return await breaks_on_poison(subject, text, usual)

    post.classify = classify
    mails = [("a", "harmless"), ("b", "deadly"), ("c", "harmless"), ("d", "harmless"), ("e", "harmless")]
    kept = [
        ReceivedRow(id=f"r-{name}", channel="mail", at=at, raw=mail(name, text))
        for at, (name, text) in enumerate(mails)
    ]
    await post.running.engine.write(*map(Put, kept))
    arm(die)
    try:
        deaths = 0
        while not await post.lives():
            deaths += 1
    finally:
        arm(None)
    assert deaths == 3
    found = {row.id: row.state for row in await rows(post)}
    assert found == {"r-b": "quarantined", **dict.fromkeys(("r-a", "r-c", "r-d", "r-e"), "admitted")}


async def test_a_mail_whose_worker_is_cut_short_is_taken_up_by_the_next_one(post: Post) -> None:
    """A background task that fails unforeseen takes the others of its kind with it, and what they are at."""
    begun = asyncio.Event()

    async def hangs_once(subject: str, text: str, usual: str | None, known: Background = NOTHING) -> Classification:
        if not begun.is_set():
            begun.set()
            await asyncio.Event().wait()
        return await breaks_on_poison(subject, text, usual)

    cut_short = Post(post.running, hangs_once)
    await cut_short.deliver(mail("ola", "Where is my parcel?"))
    work = asyncio.create_task(cut_short.intake.run())
    await begun.wait()
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    assert await cut_short.settled() == {"admitted": 1}


async def test_what_was_decided_about_a_mail_when_its_worker_is_cut_short_holds(post: Post) -> None:
    """What stands on the disk by then counts, though the worker was never told that it does."""

    async def cut_short_once(raw: bytes, **arguments: Any) -> InboundMessage:
        read.append(raw)
        if len(read) > 1:
            return await read_in_thread(raw, **arguments)
        (row,) = await rows(post)
        await post.running.engine.write(Set(ReceivedRow, row.id, {"state": "discarded"}))
        raise asyncio.CancelledError

    read: list[bytes] = []
    cut_short = Post(post.running, unknown, cut_short_once)
    await cut_short.deliver(mail("ola", "Where is my parcel?"))
    assert await cut_short.settled() == {"discarded": 1}
    await cut_short.deliver(mail("jan", "Where is mine?"))
    assert await cut_short.settled() == {"admitted": 1, "discarded": 1}
    assert len(read) == 2


async def test_a_mail_whose_bringer_leaves_while_it_is_kept_is_taken_up_all_the_same(post: Post) -> None:
    """It is on the disk then, and whoever brings it again is told so."""
    raw = mail("ola", "Where is my parcel?")
    bringing = asyncio.create_task(post.deliver(raw))
    async with asyncio.timeout(20):
        while not (await post.running.store.received_counts()).get("received"):
            # The commit is on its way, and nobody but the writer knows how far.
            bringing.cancel()
            if bringing.done():
                bringing = asyncio.create_task(post.deliver(raw))
    await asyncio.gather(bringing, return_exceptions=True)
    assert await post.settled() == {"admitted": 1}


async def test_mails_that_there_is_no_room_for_in_memory_wait_on_the_disk_until_there_is(post: Post) -> None:
    begun, may_end = asyncio.Event(), asyncio.Event()
    read: list[int] = []

    async def slowly(raw: bytes, **arguments: Any) -> InboundMessage:
        read.append(len(raw))
        begun.set()
        await may_end.wait()
        return await read_in_thread(raw[:1000], **arguments)

    large = Post(post.running, unknown, slowly)
    work = asyncio.create_task(large.intake.run())
    await large.deliver(mail("a", "x" * HELD_BYTES))
    await begun.wait()
    for sender in "bcd":
        await large.deliver(mail(sender, "y"))
    assert len(read) == 1, "more is held than there is room for"
    may_end.set()
    async with asyncio.timeout(60):
        while (counts := await post.running.store.received_counts()).get("received"):
            pass
    assert (counts, len(read)) == ({"admitted": 4}, 4)
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)


@pytest.mark.parametrize("dies_meanwhile", [False, True])
async def test_a_mail_that_goes_round_is_kept_aside_until_a_supervisor_wants_it(
    post: Post, *, dies_meanwhile: bool
) -> None:
    round_ = b"Delivered-To: support@example.org\r\n" * 2 + mail("ola", "hello")
    await post.deliver(round_)
    assert await post.settled() == {"quarantined": 1}
    (kept,) = await rows(post)
    assert kept.error == GOES_ROUND
    again = {"state": "received", "error": "", "envelope": {**kept.envelope, RELEASED: True}}
    await post.running.engine.write(Set(ReceivedRow, kept.id, again))
    if dies_meanwhile:
        assert await post.lives()
    else:
        post.intake.replayed(msgspec.structs.replace(kept, **again))
    assert await post.settled() == {"admitted": 1}
