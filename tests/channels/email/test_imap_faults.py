"""Whatever an IMAP server does, every mail is handed over and nothing hangs."""

import asyncio
from collections.abc import Collection, Sequence

import pytest

from channels.email.imap import ImapTimings
from tests.channels.email.fake_imap import CLOSE, SILENT, FakeImap, Fault, imap_server
from tests.channels.email.mailbox import QUICK, Records, at, reading
from vocabulary.errors import PermanentFailure, TemporaryFailure

MAILS = [b"Subject: %d\r\n\r\nhello\r\n" % number for number in range(1, 6)]
COMMANDS = [
    "connect", "CAPABILITY", "LOGIN", "SELECT", "SEARCH", "FETCH SIZE", "FETCH BODY", "STORE", "IDLE", "IDLING", "NOOP",
]  # fmt: skip
HALF = b"* 1 FETCH (UID 1 BODY[] {22}\r\nSubject: 1\r\n"


async def test_mails_come_in_order_with_their_bookmarks() -> None:
    async with imap_server(*MAILS) as server:
        records = Records()
        async with reading(server.port, records) as mailbox:
            await records.until_uids(5)
            assert [(mail.uid, mail.raw, mail.bookmark, mail.oversized) for mail in records.taken] == [
                (uid, raw, at(uid), False) for uid, raw in enumerate(MAILS, 1)
            ]
            server.put(b"Subject: 6\r\n\r\nnew\r\n")
            await records.until_uids(6)
            assert (mailbox.health.lag, mailbox.health.error) == (0, None)
        assert server.connections == 1
        assert "UID SEARCH ALL" in server.commands
        assert server.seen >= {1, 2, 3, 4, 5}


@pytest.mark.parametrize("fault", [CLOSE, SILENT, b"* BYE going down\r\n", b"\xff\xfe {\r\n", "BAD what?", HALF])
@pytest.mark.parametrize("command", COMMANDS)
async def test_server_that_fails_once_at_any_command_costs_no_mail(command: str, fault: Fault) -> None:
    async with imap_server(*MAILS) as server:
        server.faults[command] = [fault]
        records = Records()
        timings = ImapTimings(command_s=0.1, idle_s=0.05, overlap_s=0.05)
        async with reading(server.port, records, timings=timings):
            await records.until_uids(1, 2, 3, 4, 5)
            server.put(b"Subject: 6\r\n\r\nnew\r\n")
            await records.until_uids(6)
        assert sorted(records.uids) == [1, 2, 3, 4, 5, 6]
        assert all(mail.raw == server.mails[mail.uid] and not mail.oversized for mail in records.taken)


async def test_connection_cut_inside_idle_is_noticed() -> None:
    async with imap_server() as server:
        records = Records()
        async with reading(server.port, records):
            await server.idling.wait()
            server.hang_up()
            server.mails[1] = MAILS[0]
            await records.until_uids(1)
        assert server.connections == 2


async def test_new_uidvalidity_means_reading_anew() -> None:
    async with imap_server(*MAILS) as server:
        records = Records()
        server.uidvalidity = 7
        async with reading(server.port, records, bookmark=at(5)):
            await records.until_uids(1, 2, 3, 4, 5)
        assert {mail.bookmark.uidvalidity for mail in records.taken} == {7}
        assert [mail.bookmark.uid for mail in records.taken] == [1, 2, 3, 4, 5]


async def test_uidvalidity_that_changes_between_connections_is_seen() -> None:
    def change(server: FakeImap) -> None:
        server.uidvalidity = 2

    async with imap_server(*MAILS) as server:
        records = Records()
        server.faults = {"SELECT": [lambda _: None, change], "IDLE": [CLOSE]}
        async with reading(server.port, records):
            await records.until(lambda: len(records.taken) == 10)
        assert [mail.uidvalidity for mail in records.taken] == [1] * 5 + [2] * 5


async def test_bookmark_saves_what_was_read() -> None:
    async def known(uidvalidity: int, uids: Sequence[int]) -> Collection[int]:
        return {1, 2, 3} & set(uids) if uidvalidity == 1 else ()

    async with imap_server(*MAILS) as server:
        records = Records()
        async with reading(server.port, records, bookmark=at(3), known=known):
            await records.until_uids(4, 5)
        assert records.uids == [4, 5]


async def test_uid_that_appears_late_is_found() -> None:
    async with imap_server(*MAILS) as server:
        late = server.mails.pop(3)
        records = Records()
        async with reading(server.port, records):
            await records.until_uids(5)
            server.mails[3] = late
            server.put()
            await records.until_uids(3)
        assert records.uids == [1, 2, 4, 5, 3]
        assert records.taken[-1].bookmark == at(5)


async def test_mail_expunged_between_search_and_fetch_is_passed_over() -> None:
    def expunge(server: FakeImap) -> None:
        del server.mails[2]

    async with imap_server(*MAILS) as server:
        server.faults["FETCH BODY"] = [expunge]
        records = Records()
        async with reading(server.port, records):
            await records.until_uids(5)
        assert records.uids == [1, 3, 4, 5]


async def test_answer_with_mails_missing_is_asked_again_one_by_one() -> None:
    def hide(server: FakeImap) -> None:
        server.hidden = {2, 3}

    def show(server: FakeImap) -> None:
        server.hidden = set()

    async with imap_server(*MAILS) as server:
        server.faults["FETCH BODY"] = [hide, show]
        records = Records()
        async with reading(server.port, records):
            await records.until_uids(1, 2, 3, 4, 5)
        bookmarks = [mail.bookmark.uid for mail in records.taken]
        assert records.uids == [1, 4, 5, 2, 3]
        assert bookmarks == [1, 1, 1, 2, 5]


async def test_large_mail_is_handed_over_with_its_headers() -> None:
    async with imap_server(MAILS[0], b"Subject: big\r\n\r\n" + b"x" * 5_000, MAILS[2]) as server:
        records = Records()
        async with reading(server.port, records, size_max=1_000):
            await records.until_uids(3)
        assert records.uids == [1, 2, 3]
        big = records.taken[1]
        assert (big.raw, big.oversized, big.size) == (b"Subject: big\r\n\r\n", True, 5_016)


async def test_announced_gigabytes_are_not_waited_for() -> None:
    async with imap_server(*MAILS) as server:
        server.faults["FETCH BODY"] = [b"* 2 FETCH (UID 2 BODY[] {2147483648}\r\n" + b"x" * 100_000]
        records = Records()
        async with reading(server.port, records):
            await records.until_uids(1, 2, 3, 4, 5)
        # The set broke the connection once; asked for one by one, each of them came.
        assert server.connections == 2
        assert not any(mail.oversized for mail in records.taken)


async def test_mail_that_always_breaks_the_connection_comes_as_its_headers_and_stops_nobody() -> None:
    async with imap_server(*MAILS) as server:
        server.mails[2] = b"Subject: poison\r\n\r\nx\r\n"

        class Poison(list[Fault]):
            """Breaks each FETCH of a body that asks for mail 2."""

            def __bool__(self) -> bool:
                asked = server.commands[-1].split()[2]
                return any(first <= 2 <= last for first, last in map(_span, asked.split(",")))

            def pop(self, index: object = -1) -> Fault:
                return b"* 2 FETCH (UID 2 BODY[] {2147483648}\r\nxx"

        server.faults["FETCH BODY"] = Poison()
        records = Records()
        async with reading(server.port, records):
            await records.until_uids(1, 2, 3, 4, 5)
        poison = next(mail for mail in records.taken if mail.uid == 2)
        assert (poison.raw, poison.oversized) == (b"Subject: poison\r\n\r\n", True)
        assert records.uids[-1] == 2
        assert poison.bookmark == at(5)


def _span(text: str) -> tuple[int, int]:
    first, _, last = text.partition(":")
    return int(first), int(last or first)


async def test_line_without_end_is_cut() -> None:
    async with imap_server(*MAILS) as server:
        server.faults["SEARCH"] = [b"* SEARCH " + b"1 " * 4_000_000]
        records = Records()
        async with reading(server.port, records, timings=ImapTimings(command_s=10)):
            await records.until_uids(5)
        assert server.connections == 2


async def test_dripping_server_meets_its_deadline() -> None:
    dripping: set[asyncio.Task[None]] = set()

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        dripping.add(task)
        try:
            while True:
                writer.write(b"*")
                await writer.drain()
                await asyncio.sleep(0.001)  # noqa: TID251 - the drip itself
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    records = Records()
    timings = ImapTimings(command_s=0.05)
    async with reading(server.sockets[0].getsockname()[1], records, timings=timings) as mailbox:
        await records.until(lambda: len(records.pauses) >= 2)
        assert mailbox.health.error is not None
        assert "silent" in mailbox.health.error
    server.close()
    await asyncio.gather(*dripping)
    await server.wait_closed()


async def test_failing_store_stops_the_reading_and_loses_nothing() -> None:
    async with imap_server(*MAILS) as server:
        records = Records()
        records.faults[3] = [TemporaryFailure("disk full"), TemporaryFailure("disk full")]
        async with reading(server.port, records):
            await records.until_uids(5)
        assert records.uids == [1, 2, 3, 4, 5]
        assert records.pauses[:2] == [1, 2]


async def test_mail_that_cannot_be_taken_is_set_aside_and_holds_the_bookmark() -> None:
    async with imap_server(*MAILS) as server:
        records = Records()
        records.faults[2] = [PermanentFailure("poison"), KeyError("poison")]
        async with reading(server.port, records) as mailbox:
            await records.until_uids(5)
            assert [mail.bookmark.uid for mail in records.taken] == [1, 1, 1, 1]
            assert mailbox.health.error == "UID 2 was not taken: PermanentFailure"
            server.put(b"Subject: 6\r\n\r\nx")
            await records.until_uids(6)
            server.put(b"Subject: 7\r\n\r\nx")
            await records.until_uids(2)
        assert next(mail for mail in records.taken if mail.uid == 2).bookmark.uid == 6


async def test_refused_login_is_not_repeated_soon() -> None:
    async with imap_server() as server:
        server.faults["LOGIN"] = ["NO [AUTHENTICATIONFAILED] wrong", "NO wrong"]
        records = Records()
        async with reading(server.port, records) as mailbox:
            await records.until(lambda: len(records.pauses) == 2)
            assert mailbox.health.error == "login: the server answered NO wrong"
        assert records.pauses == [300, 300]


async def test_busy_server_is_asked_again_with_growing_pauses() -> None:
    async with imap_server() as server:
        server.faults["LOGIN"] = ["NO [UNAVAILABLE] busy"] * 8
        records = Records()
        async with reading(server.port, records):
            await records.until(lambda: len(records.pauses) == 8)
        assert records.pauses == [1, 2, 4, 8, 16, 32, 60, 60]


async def test_server_without_idle_is_polled() -> None:
    async with imap_server(MAILS[0]) as server:
        server.can_idle = False
        records = Records()
        async with reading(server.port, records):
            await records.until_uids(1)
            server.mails[2] = MAILS[1]
            await records.until_uids(2)
        assert "IDLE" not in server.commands
        assert server.connections == 1


async def test_names_are_quoted() -> None:
    async with imap_server(MAILS[0]) as server:
        records = Records()
        async with reading(server.port, records, folder='Zgłoszenia & "co"', username='a "b" c', timings=QUICK):
            await records.until_uids(1)
        assert r'SELECT "Zg&AUI-oszenia &- \"co\""' in server.commands


async def test_many_mails_are_asked_for_in_small_sets() -> None:
    async with imap_server() as server:
        server.mails = {uid: b"Subject: %d\r\n\r\nx" % uid for uid in range(1, 2_001)}
        records = Records()
        async with reading(server.port, records, timings=ImapTimings(command_s=20)):
            await records.until_uids(2_000)
        assert records.uids == list(range(1, 2_001))
        asked = [command.split()[2] for command in server.commands if "BODY.PEEK[]" in command]
        assert len(asked) == 40
