"""The mailbox reader against a real server."""

from collections.abc import Iterator

import pytest

from channels.email.account import Account
from tests.channels.email.mailbox import Records, at, reading
from tests.channels.email.mails import a_mail
from tests.servers.dovecot import Dovecot, running_dovecot

pytestmark = pytest.mark.needs_server("dovecot")
SLOW = {"timings": None}


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    with running_dovecot() as server:
        yield server


async def test_waiting_and_new_mails_arrive_and_are_marked_seen(dovecot: Dovecot) -> None:
    mails = [a_mail(b"mail %d\r\n" % number) for number in range(60)]
    dovecot.put(*mails)
    records = Records()
    async with reading(dovecot.port, records, **SLOW) as mailbox:
        await records.until_uids(60)
        assert [mail.raw for mail in records.taken] == mails
        dovecot.put(a_mail(b"while it waits\r\n"))
        await records.until_uids(61)
        assert (mailbox.health.lag, mailbox.health.error) == (0, None)
    assert r"\Seen" in dovecot.flags(1)
    assert records.taken[-1].bookmark.uid == 61


async def test_second_run_goes_on_behind_its_bookmark(dovecot: Dovecot) -> None:
    dovecot.make_anew("Again")
    dovecot.put(a_mail(b"one"), a_mail(b"two"), folder="Again")
    first = Records()
    async with reading(dovecot.port, first, folder="Again", **SLOW):
        await first.until_uids(2)

    dovecot.put(a_mail(b"three"), folder="Again")
    second = Records()
    bookmark = first.taken[-1].bookmark
    second.stored = {bookmark.uidvalidity: {1, 2}}
    async with reading(dovecot.port, second, folder="Again", bookmark=bookmark, **SLOW):
        await second.until_uids(3)
    assert second.uids == [3]


async def test_folder_made_anew_is_read_anew(dovecot: Dovecot) -> None:
    dovecot.make_anew('"Zg&AUI-oszenia nowe"')
    dovecot.put(a_mail(b"one"), folder='"Zg&AUI-oszenia nowe"')
    records = Records()
    async with reading(dovecot.port, records, folder="Zgłoszenia nowe", **SLOW):
        await records.until_uids(1)
    dovecot.make_anew('"Zg&AUI-oszenia nowe"')
    dovecot.put(a_mail(b"other"), folder='"Zg&AUI-oszenia nowe"')
    again = Records()
    bookmark = records.taken[0].bookmark
    async with reading(dovecot.port, again, folder="Zgłoszenia nowe", bookmark=bookmark, **SLOW):
        await again.until_uids(1)
    assert again.taken[0].raw == a_mail(b"other")
    assert again.taken[0].uidvalidity != records.taken[0].uidvalidity


async def test_large_mail_comes_as_headers_only(dovecot: Dovecot) -> None:
    dovecot.make_anew("Large")
    dovecot.put(a_mail(b"x" * 50_000), a_mail(b"small"), folder="Large")
    records = Records()
    async with reading(dovecot.port, records, folder="Large", size_max=10_000, **SLOW):
        await records.until_uids(1, 2)
    large = records.taken[0]
    assert large.oversized
    assert large.raw == a_mail(b"")


async def test_wrong_password_waits_long(dovecot: Dovecot) -> None:
    records = Records()
    async with reading(dovecot.port, records, account=Account("support", "wrong"), **SLOW) as mailbox:
        await records.until(lambda: len(records.pauses) > 0)
        assert "AUTHENTICATIONFAILED" in (mailbox.health.error or "")
    assert records.pauses[0] == 300
    assert at(0).uid == 0


async def test_missing_folder_is_told(dovecot: Dovecot) -> None:
    records = Records()
    async with reading(dovecot.port, records, folder="Nowhere", **SLOW) as mailbox:
        await records.until(lambda: len(records.pauses) > 0)
        assert "Nowhere" in (mailbox.health.error or "")
