"""Whatever an IMAP server does, every mail is handed over and nothing hangs."""

import asyncio
import tracemalloc

import pytest

from channels.email.account import Account
from channels.email.imap import ImapTimings, Trouble
from tests.channels.email.fake_imap import CLOSE, DRIP, SILENT, FakeImap, Fault, imap_server
from tests.channels.email.mailbox import QUICK, Records, at, reading
from tests.channels.email.mails import NOW
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
                (uid, raw, at(5), False) for uid, raw in enumerate(MAILS, 1)
            ]
            assert records.sets == [5]
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
        timings = ImapTimings(command_s=0.1, alive_s=0.1, idle_s=0.05)
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
        records.stored = {1: {1, 2, 3, 4, 5}}
        async with reading(server.port, records, bookmark=at(5)):
            await records.until_uids(1, 2, 3, 4, 5)
        assert {mail.bookmark.uidvalidity for mail in records.taken} == {7}
        assert [mail.bookmark for mail in records.taken] == [at(5, uidvalidity=7)] * 5


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
    async with imap_server(*MAILS) as server:
        records = Records()
        records.stored = {1: {1, 2, 3}, 2: {4}}
        async with reading(server.port, records, bookmark=at(3)):
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


@pytest.mark.parametrize(
    "answer",
    [b"* 1 FETCH (UID 1 BODY[] {2147483648}\r\n", b"* 1 FETCH (UID 1 BODY[] {27000000}\r\n", b"* 1 FETCH (UID 1 X "],
    ids=["an announced literal of 2 GB", "more than was announced", "a line"],
)
async def test_fifty_megabytes_that_nobody_asked_for_take_no_memory(answer: bytes) -> None:
    async with imap_server(MAILS[0]) as server:
        piece = b"x" * 65_536
        server.faults["FETCH BODY"] = [[answer, *[piece] * 800]]
        records = Records()
        tracemalloc.start()
        try:
            async with reading(server.port, records, timings=ImapTimings(command_s=10)):
                await records.until_uids(1)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak < 64 * 1024 * 1024
        assert server.connections == 2


async def test_mail_that_drips_is_cut_long_before_its_deadline() -> None:
    # 100 MB at the slowest bearable pace would have over an hour.
    async with imap_server(MAILS[0]) as server:
        server.sizes[1] = 100_000_000
        server.faults["FETCH BODY"] = [b"* 1 FETCH (UID 1 BODY[] {100000000}\r\n" + DRIP]
        records = Records()
        async with reading(server.port, records, size_max=200_000_000) as mailbox:
            await records.until(lambda: len(records.pauses) == 1)
            assert mailbox.health.trouble is not None
            assert mailbox.health.trouble.code == "silent"
            await records.until_uids(1)
        assert records.taken[0].raw == MAILS[0]


def test_new_mail_is_seen_within_five_and_a_half_minutes_on_a_dead_connection() -> None:
    timings = ImapTimings()
    assert timings.idle_s + timings.alive_s + timings.backoff_first_s <= 330
    assert timings.idle_s <= 25 * 60


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
        records.faults[2] = [PermanentFailure("poison")] * 3
        async with reading(server.port, records) as mailbox:
            await records.until_uids(5)
            assert [mail.bookmark.uid for mail in records.taken] == [1, 1, 1, 1]
            assert (mailbox.health.server_count, mailbox.health.stored_count) == (5, 4)
            assert mailbox.health.error == "UID 2 was not taken: PermanentFailure"
            server.put(b"Subject: 6\r\n\r\nx")
            await records.until_uids(6)
            server.put(b"Subject: 7\r\n\r\nx")
            await records.until_uids(2)
        assert next(mail for mail in records.taken if mail.uid == 2).bookmark.uid == 7


async def test_refused_login_is_not_repeated_soon() -> None:
    async with imap_server() as server:
        server.faults["LOGIN"] = ["NO [AUTHENTICATIONFAILED] wrong", "NO wrong", "NO wrong", "NO wrong"]
        records = Records()
        async with reading(server.port, records) as mailbox:
            await records.until(lambda: len(records.pauses) == 4)
            assert mailbox.health.trouble == Trouble("login", "login: the server answered NO wrong", NOW)
        # Tries at 0, 5, 15, 30 and 45 minutes: never more than three within a quarter of an hour.
        assert records.pauses == [300, 600, 900, 900]


async def test_refusal_of_one_folder_keeps_the_others_of_the_account_from_trying() -> None:
    async with imap_server(*MAILS) as server:
        server.faults["LOGIN"] = ["NO [AUTHENTICATIONFAILED] wrong"] * 2
        account, first, second = Account("support", "secret"), Records(), Records()
        resume = asyncio.Event()

        async def pause(seconds: float) -> None:
            await first.pause(seconds)
            await resume.wait()

        async with (
            reading(server.port, first, account=account, pause=pause) as one,
            reading(server.port, second, account=account, pause=pause, folder="Sales"),
        ):
            await first.until(lambda: len(first.pauses) == 1)
            assert (server.connections, one.health.next_try_at) == (1, NOW + 300_000)
            resume.set()
            await first.until_uids(5)
            await second.until_uids(5)
            assert account.refusal is None
        assert server.commands.count("LOGIN") == 4


@pytest.mark.parametrize("code", ["UNAVAILABLE", "THROTTLED", "INUSE", "LIMIT", "OVERQUOTA"])
@pytest.mark.parametrize("command", ["LOGIN", "SELECT", "SEARCH", "FETCH SIZE", "FETCH BODY"])
async def test_busy_server_is_asked_again_with_growing_pauses(command: str, code: str) -> None:
    async with imap_server(MAILS[0]) as server:
        server.faults[command] = [f"NO [{code}] later"] * 8
        records = Records()
        async with reading(server.port, records) as mailbox:
            await records.until(lambda: len(records.pauses) == 8)
            assert mailbox.health.trouble is not None
            assert (mailbox.health.trouble.code, code in mailbox.health.trouble.told) == ("busy", True)
            await records.until_uids(1)
            await server.idling.wait()
            assert mailbox.health.error is None
        assert records.pauses == [1, 2, 4, 8, 16, 32, 60, 60]


async def test_server_that_says_goodbye_at_the_login_is_asked_again_with_growing_pauses() -> None:
    async with imap_server() as server:
        server.faults["LOGIN"] = [b"* BYE too many connections\r\n"] * 3
        records = Records()
        async with reading(server.port, records) as mailbox:
            await records.until(lambda: len(records.pauses) == 3)
            assert "too many connections" in (mailbox.health.error or "")
        assert records.pauses == [1, 2, 4]


async def test_mails_far_below_the_bookmark_that_are_not_stored_are_fetched() -> None:
    async with imap_server() as server:
        server.mails = {uid: b"Subject: %d\r\n\r\nx" % uid for uid in range(1, 2_001)}
        records = Records()
        records.stored = {1: set(range(1, 2_001)) - {3, 700}}
        async with reading(server.port, records, bookmark=at(2_000), timings=ImapTimings(command_s=20)) as mailbox:
            await records.until_uids(3, 700)
            await server.idling.wait()
            health = mailbox.health
            assert (health.server_count, health.stored_count, health.reconciled_at) == (2_000, 2_000, NOW)
        assert records.uids == [3, 700]
        assert {mail.bookmark for mail in records.taken} == {at(2_000)}


async def test_a_mail_that_comes_during_a_long_back_fill_does_not_wait_for_its_end() -> None:
    def another(server: FakeImap) -> None:
        server.put(b"Subject: urgent\r\n\r\nx")
        server.tell()

    async with imap_server() as server:
        server.mails = {uid: b"Subject: %d\r\n\r\nx" % uid for uid in range(1, 2_001)}
        server.faults["FETCH BODY"] = [another]
        records = Records()
        async with reading(server.port, records, timings=ImapTimings(command_s=20)) as mailbox:
            await records.until_uids(*range(1, 2_002))
            await server.idling.wait()
            assert (mailbox.health.lag, mailbox.health.server_count, mailbox.health.stored_count) == (0, 2_001, 2_001)
        assert records.uids == [*range(1, 501), 2_001, *range(501, 2_001)]
        assert next(mail for mail in records.taken if mail.uid == 2_001).bookmark == at(500)
        assert records.taken[-1].bookmark == at(2_001)


async def test_a_mail_that_comes_while_the_counts_are_compared_is_not_left_to_the_next_round() -> None:
    def another(server: FakeImap) -> None:
        server.put(b"Subject: 6\r\n\r\nx")

    async with imap_server(*MAILS) as server:
        server.faults["SEARCH"] = [lambda _: None, another]
        records = Records()
        async with reading(server.port, records) as mailbox:
            await records.until_uids(6)
            assert (mailbox.health.server_count, mailbox.health.stored_count) == (6, 6)
        assert records.taken[-1].bookmark == at(6)


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
        async with reading(
            server.port, records, folder='Zgłoszenia & "co"', account=Account('a "b" c', "secret"), timings=QUICK
        ):
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
