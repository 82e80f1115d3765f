"""What customers are told of their callbacks, and the page behind the link."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from app.bookings import Bookings, link_of
from app.mailroom import Mailroom
from app.notices import Notices, own_text
from app.outgoing import MailChannel, Outgoing
from autoresponders.templates import Template, shipped_wordings
from channels.email.smtp import SmtpSender
from channels.message import Address
from tests.acceptance.client import Sink
from tests.app.test_engine import Running
from tests.builders import admit, policy, queue
from vocabulary.instants import HOUR, MINUTE
from vocabulary.records import CustomerRow, IdentityRow, MessageRow, PutNew
from web.headers import NONCE
from web.pages import PAGES, Pages

KEYS = {"1": b"k" * 32}
URL = "https://example.org"
ID = "i-" + "a" * 26


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    running = Running(tmp_path / "centrala.db")
    await running.start(policy(queue(message_channel="mail", callback_places=1)))
    yield running
    await running.stop()


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    sink = Sink()
    await sink.listener.start()
    yield sink
    await sink.listener.stop()


def notices(running: Running) -> Notices:
    return Notices(
        running.store,
        shipped_wordings(("en", "pl")),
        link_of=lambda id: link_of(URL, KEYS, id),
        slot_of=lambda _: 30 * MINUTE,
        zone=UTC,
        company="Demo",
        domain="demo.example",
    )


def next_slot(running: Running, after: int = HOUR) -> int:
    return (running.engine.clock.now() + after) // (30 * MINUTE) * 30 * MINUTE + 30 * MINUTE


async def ask(running: Running, slot: int | None, id: str = ID) -> None:
    """Let somebody ask for a callback who has given number and address, and lives in Warsaw."""
    customer = f"c-{id}"
    rows = (
        CustomerRow(id=customer, created_at=0, name="Ola"),
        IdentityRow(kind="phone", value="+48512345678", customer=customer),
        MessageRow(
            id=f"m-{id}",
            interaction=id,
            channel="form",
            author="customer",
            at=0,
            text="Please call",
            sender_address="ola@example.org",
            attributes={"time_zone": "Europe/Warsaw"},
        ),
    )
    command = admit(id, "callback", slot=slot, mailable=True, language="en")
    decision = await running.engine.submit(command, [PutNew(row) for row in rows])
    assert decision.refusal is None, decision.refusal


async def test_a_confirmation_goes_out_with_time_link_and_calendar_entry(running: Running, sink: Sink) -> None:
    slot = next_slot(running)
    await ask(running, slot)
    smtp = SmtpSender(host="127.0.0.1", port=sink.listener.port, tls="none")
    room = Mailroom(
        engine=running.engine,
        store=running.store,
        outgoing=Outgoing(
            running.store,
            channels={"mail": MailChannel(Address("Demo", "support@demo.example"), smtp)},
            wordings=shipped_wordings(("en",)),
            engine=running.engine,
        ),
        wordings=shipped_wordings(("en",)),
        key=b"k" * 32,
        domain="demo.example",
        notices=notices(running),
    )
    work = asyncio.create_task(room.run())
    try:
        mail = await sink.mail(lambda each: each.recipients == ("ola@example.org",))
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
    raw = mail.raw.decode()
    assert "Subject: Your callback, number C-1" in raw
    assert "text/calendar" in raw
    (written,) = [row for row in await running.store.messages(ID) if row.author == "bot"]
    assert "+48512345678" in written.text
    assert "(Europe/Warsaw)" in written.text
    assert link_of(URL, KEYS, ID) in written.text
    (file,) = await running.store.attachments(written.id)
    assert (file.filename, file.content_type) == ("callback.ics", "text/calendar")
    assert b"BEGIN:VEVENT" in file.content


def test_own_words_name_the_number_and_fall_back_to_the_first_language() -> None:
    known = ("number", "site")
    texts = {"en": Template("Closed. {{number}}", known), "pl": Template("Zamknięte. {{ number }} {{ site }}", known)}
    values = {"number": "C-7", "site": "Demo"}
    assert own_text(texts, "pl", values) == "Zamknięte. C-7 Demo"
    assert own_text(texts, "hu", values) == "Closed. C-7"
    assert own_text({}, "pl", values) is None


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def _with_nonce(request: web.Request, handler: Handler) -> web.StreamResponse:
    request[NONCE] = "n"
    return await handler(request)


@pytest.fixture
async def visitor(running: Running) -> AsyncIterator[TestClient[Any, Any]]:
    app = web.Application(middlewares=[_with_nonce])
    app[PAGES] = Pages(company="Demo", demo=False)
    bookings = Bookings(
        engine=running.engine,
        store=running.store,
        notices=notices(running),
        keys=KEYS,
        zone=ZoneInfo("UTC"),
    )
    app.add_routes(bookings.routes())
    async with TestClient(TestServer(app)) as client:
        yield client


def path_of(id: str = ID) -> str:
    return link_of("", KEYS, id)


async def test_the_page_shows_the_time_and_changes_nothing(running: Running, visitor: TestClient[Any, Any]) -> None:
    await ask(running, next_slot(running))
    seq = running.engine.seq
    answer = await visitor.get(path_of())
    page = await answer.text()
    assert answer.status == 200
    assert "Europe/Warsaw" in page
    assert "C-1" in page
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert running.engine.seq == seq


async def test_the_customer_chooses_another_time(running: Running, visitor: TestClient[Any, Any]) -> None:
    await ask(running, next_slot(running))
    other = next_slot(running, 3 * HOUR)
    answer = await visitor.post(path_of(), data={"slot": str(other)})
    assert (answer.status, answer.method) == (200, "GET")
    assert running.engine.state.interactions[ID].scheduled_at == other


async def test_a_time_that_somebody_else_has_taken_is_refused_on_the_page(
    running: Running, visitor: TestClient[Any, Any]
) -> None:
    first, second = next_slot(running), next_slot(running, 3 * HOUR)
    await ask(running, first)
    await ask(running, second, "i-" + "b" * 26)
    answer = await visitor.post(path_of(), data={"slot": str(second)})
    assert (answer.status, "Somebody was faster" in await answer.text()) == (409, True)
    assert running.engine.state.interactions[ID].scheduled_at == first


async def test_the_customer_cancels(running: Running, visitor: TestClient[Any, Any]) -> None:
    await ask(running, next_slot(running))
    page = await (await visitor.post(path_of(), data={"cancel": "yes"})).text()
    assert "is cancelled" in page
    assert running.engine.state.interactions[ID].disposition == "cancelled"
    assert (await visitor.get(path_of() + "/callback.ics")).status == 404


async def test_the_calendar_entry_can_be_fetched(running: Running, visitor: TestClient[Any, Any]) -> None:
    await ask(running, next_slot(running))
    answer = await visitor.get(path_of() + "/callback.ics")
    assert (answer.status, answer.content_type) == (200, "text/calendar")
    assert b"UID:" + ID.encode() in await answer.read()


@pytest.mark.parametrize("slot", ["", "soon", "-5", "9" * 20])
async def test_what_is_no_time_is_refused(running: Running, visitor: TestClient[Any, Any], slot: str) -> None:
    await ask(running, next_slot(running))
    assert (await visitor.post(path_of(), data={"slot": slot})).status == 422


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_link_that_is_not_ours_opens_nothing(visitor: TestClient[Any, Any], method: str) -> None:
    assert (await visitor.request(method, "/booking/1.abc.def")).status == 404


async def test_what_is_over_long_ago_says_so(visitor: TestClient[Any, Any]) -> None:
    page = await (await visitor.get(path_of("i-" + "z" * 26))).text()
    assert "This callback is over." in page
