"""Mailboxes read into a real store: none lost, none doubled, each on its own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from app.intake import Intake
from app.mail_intake import MailIntake
from app.mail_logins import MailLogins
from app.mail_ways import MailWays
from app.sender_checks import SenderChecks
from channels.email.imap_progress import OVERLAP
from config.channel_schema import EmailChannel, ReceiveImap
from tests.app.test_engine import Running
from tests.app.test_mail_intake import QuickClock
from tests.builders import policy
from tests.channels.email.fake_imap import SILENT, FakeImap, imap_server
from tests.servers.dovecot import PASSWORD, USERNAME, running_dovecot
from tests.web.world import unknown
from vocabulary.records import BookmarkRow, Put


def mail(number: int) -> bytes:
    return (
        f"From: Ola {number % 50} <ola{number % 50}@customers.example>\r\nTo: support@example.org\r\n"
        f"Subject: Number {number}\r\nMessage-ID: <{number}@customers.example>\r\n\r\nHello {number}\r\n"
    ).encode()


class Site:
    """A writer, a store, and readers of mailboxes; each `reading` is a process of its own."""

    def __init__(self, running: Running) -> None:
        self.running = running

    def ways(self, channels: dict[str, EmailChannel], password: str = "secret") -> tuple[MailWays, MailIntake]:
        engine, store = self.running.engine, self.running.store
        key = b"k" * 32
        intake = Intake(engine=engine, store=store, classify=unknown, keys=(key,), domain="example.org")
        mail_intake = MailIntake(
            engine=engine,
            store=store,
            intake=intake,
            own_addresses=frozenset({"support@example.org"}),
            channel_of=lambda _: "mail",
            senders=SenderChecks({}),
            keys=(key,),
            domain="example.org",
        )
        ways = MailWays(
            channels,
            store=store,
            intake=mail_intake,
            clock=engine.clock,
            logins=MailLogins({"P": password}),
            hostname="example.org",
            accepts=lambda _: True,
        )
        return ways, mail_intake

    @asynccontextmanager
    async def reading(self, **servers: FakeImap) -> AsyncIterator[MailWays]:
        """Read the mailboxes of these channels while the block lasts."""
        channels = {name: a_mailbox(server.port, name) for name, server in servers.items()}
        ways, intake = self.ways(channels)
        works = [intake.run, *ways.readers().values()]
        tasks = [asyncio.ensure_future(work()) for work in works]
        try:
            yield ways
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def until(self, admitted: int) -> None:
        """Wait until so many mails are admitted and none waits."""
        async with asyncio.timeout(240):
            while await self.running.store.received_counts() != {"admitted": admitted}:
                await self.running.engine.clock.sleep(1)

    @property
    def interactions(self) -> int:
        return len(self.running.engine.state.interactions)


def a_mailbox(port: int, name: str, **more: object) -> EmailChannel:
    receive = ReceiveImap(host="127.0.0.1", port=port, username=name, password_env="P", tls="none", **more)  # type: ignore[arg-type]
    return EmailChannel(address=f"{name}@example.org", receive=receive)


class YieldingClock(QuickClock):
    """No wait takes time, but others have their turn."""

    async def sleep(self, span: int) -> None:
        """Let others go on."""
        await asyncio.sleep(0.001)  # noqa: TID251 - the wait itself, a thousandth of it


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    running = Running(tmp_path / "centrala.db")
    await running.start(policy())
    running.engine.clock = YieldingClock()
    yield Site(running)
    await running.stop()


@pytest.mark.parametrize("count", [700, pytest.param(10_000, marks=pytest.mark.slow)])
async def test_a_new_uidvalidity_loses_and_doubles_nothing(site: Site, count: int) -> None:
    async with imap_server() as server:
        server.mails = {uid: mail(uid) for uid in range(1, count + 1)}
        async with site.reading(mail=server) as ways:
            await site.until(count)
            # The server is restored: the same mails under other numbers, and one that came meanwhile.
            server.uidvalidity = 2
            server.mails = {uid + 7: raw for uid, raw in server.mails.items()}
            server.mails[count + 8] = mail(count + 8)
            server.hang_up()
            await site.until(count + 1)
            async with asyncio.timeout(60):
                while (state := ways.states()[0].fetching) is None or state.stored_count != count + 1:
                    await site.running.engine.clock.sleep(1)
        assert await site.running.store.fetched_uids("mail", "INBOX", 2) == list(range(8, count + 9))
        assert await site.running.store.bookmark("mail", "INBOX") == BookmarkRow(
            channel="mail", folder="INBOX", uidvalidity=2, uid=count + 8
        )


async def test_answers_come_behind_what_they_answer(site: Site) -> None:
    def in_thread(number: int) -> bytes:
        first = number - number % 5
        refers = f"In-Reply-To: <{number - 1}@x.example>\r\n" if number % 5 else ""
        # The first of each thread takes longest to read.
        more = "" if number % 5 else "<p>quoted</p>" * 3_000
        return (
            f"From: Ola <ola{first}@x.example>\r\nTo: support@example.org\r\nMessage-ID: <{number}@x.example>\r\n"
            f"{refers}Content-Type: text/html\r\n\r\n<p>Hello</p>{more}\r\n"
        ).encode()

    async with imap_server() as server:
        server.mails = {uid: in_thread(uid - 1) for uid in range(1, 201)}
        async with site.reading(mail=server):
            await site.until(200)
        assert site.interactions == 40


async def test_two_readers_of_one_mailbox_double_nothing(site: Site) -> None:
    async with imap_server() as server:
        server.mails = {uid: mail(uid) for uid in range(1, 301)}
        async with AsyncExitStack() as both:
            for _ in range(2):
                await both.enter_async_context(site.reading(mail=server))
            await site.until(300)
            server.put(*map(mail, range(301, 321)))
            await site.until(320)
        assert server.connections >= 2
    rows = await site.running.store.fetched_uids("mail", "INBOX", 1)
    assert rows == list(range(1, 321))


async def test_a_restart_asks_for_no_mail_again(site: Site) -> None:
    async with imap_server() as server:
        server.mails = {uid: mail(uid) for uid in range(1, 101)}
        async with site.reading(mail=server):
            await site.until(100)
        asked = len([command for command in server.commands if "BODY.PEEK[]" in command])
        async with site.reading(mail=server):
            server.put(mail(101))
            await site.until(101)
        more = [command for command in server.commands if "BODY.PEEK[]" in command][asked:]
        assert [command.split()[2] for command in more] == ["101"]


async def test_a_store_from_before_the_count_is_counted_without_doubling(site: Site) -> None:
    async with imap_server() as server:
        server.mails = {uid: mail(uid) for uid in range(1, OVERLAP + 301)}
        async with site.reading(mail=server):
            await site.until(OVERLAP + 300)
        # An older Centrala knew the bookmark only; its mails stand under another folder's name here.
        old = BookmarkRow(channel="mail", folder="Old", uidvalidity=1, uid=OVERLAP + 300)
        await site.running.engine.write(Put(old))
        ways, intake = site.ways({"mail": a_mailbox(server.port, "mail", folder="Old")})
        tasks = [asyncio.ensure_future(work()) for work in (intake.run, *ways.readers().values())]
        async with asyncio.timeout(60):
            while len(await site.running.store.fetched_uids("mail", "Old", 1)) < OVERLAP + 300:
                await site.running.engine.clock.sleep(1)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert await site.running.store.received_counts() == {"admitted": OVERLAP + 300}


async def test_a_server_that_hangs_keeps_no_other_mailbox_waiting(site: Site) -> None:
    async with imap_server(mail(1)) as dead, imap_server(mail(2)) as alive:
        dead.faults["LOGIN"] = [SILENT]
        async with site.reading(sales=dead, mail=alive) as ways:
            await site.until(1)
            alive.put(mail(3))
            await site.until(2)
            states = {state.channel: state.fetching for state in ways.states()}
            assert states["sales"] is not None
            assert (states["sales"].stored_count, dead.connections) == (0, 1)


CUT_AT = ["CAPABILITY", "LOGIN", "SELECT", "SEARCH", "RFC822.SIZE", "BODY.PEEK[]", "STORE", "IDLE"]


class Cutting:
    """A way to a mail server that breaks one connection at each of these commands: before or in its answer."""

    def __init__(self, port: int, *, in_the_answer: bool) -> None:
        self.target = port
        self.in_the_answer = in_the_answer
        self.left = list(CUT_AT)
        self.port = 0
        self.running: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.running.add(asyncio.ensure_future(self._pass_on(reader, writer)))

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind, ahead = await asyncio.open_connection("127.0.0.1", self.target)
        answers = asyncio.ensure_future(self._answers(behind, writer))
        try:
            while line := await reader.readline():
                if self.left and self.left[0] in line.decode("utf-8", "replace").upper():
                    self.left.pop(0)
                    answers.cancel()
                    await asyncio.gather(answers, return_exceptions=True)
                    if self.in_the_answer:
                        ahead.write(line)
                        writer.write((await behind.read(4096))[:20])
                        await writer.drain()
                    break
                ahead.write(line)
        except ConnectionError:
            pass
        finally:
            answers.cancel()
            for each in (writer, ahead):
                each.transport.abort()
            await asyncio.gather(answers, writer.wait_closed(), ahead.wait_closed(), return_exceptions=True)

    async def _answers(self, behind: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await behind.read(65_536):
            writer.write(piece)

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Cutting"]:
        """Listen while the block lasts."""
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in self.running:
                task.cancel()
            await asyncio.gather(*self.running, return_exceptions=True)
            await server.wait_closed()


@pytest.mark.needs_server("dovecot")
@pytest.mark.parametrize("in_the_answer", [False, True], ids=["before the answer", "in the answer"])
async def test_a_dovecot_that_goes_at_every_command_costs_no_mail(site: Site, in_the_answer: bool) -> None:
    with running_dovecot() as dovecot:
        dovecot.put(*map(mail, range(1, 121)))
        async with Cutting(dovecot.port, in_the_answer=in_the_answer).open() as way:
            channels = {"mail": a_mailbox(way.port, USERNAME)}
            ways, intake = site.ways(channels, password=PASSWORD)
            tasks = [asyncio.ensure_future(work()) for work in (intake.run, *ways.readers().values())]
            await site.until(120)
            async with asyncio.timeout(60):
                while way.left:
                    await site.running.engine.clock.sleep(1)
            await asyncio.to_thread(dovecot.put, mail(121))
            await site.until(121)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    kept = await site.running.store.bookmark("mail", "INBOX")
    assert kept is not None
    assert await site.running.store.fetched_uids("mail", "INBOX", kept.uidvalidity) == list(range(1, 122))
