"""What goes out by itself: written into the conversation first, sent once, with nothing of the customer's words."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from app.mailroom import Mailroom
from app.outgoing import MailChannel, Outgoing
from autoresponders.knowledge import Article
from autoresponders.templates import shipped_wordings
from channels.email.smtp import SmtpSender
from channels.message import Address
from router.commands import AddMessage, Candidate, Connect, DefineAgent, SetPresence, StartOutbound
from router.policy import Autoresponse
from tests.acceptance.client import Sink, eventually
from tests.app.test_engine import Running
from tests.builders import admit, policy, profile, rule
from vocabulary.records import CustomerRow, IdentityRow, MessageRow, OutboxRow, PutNew, Set

ARTICLE = Article("opening-hours", "hours", "Opening hours", ("When are you open?",), "We are open from nine to five.")
ACKNOWLEDGED = policy(
    rules=(rule(autoresponse="received", name="default"),),
    autoresponses=(Autoresponse(name="received", kind="acknowledge"),),
)
ANSWERED = policy(
    rules=(rule(autoresponse="article", name="default"),),
    autoresponses=(Autoresponse(name="article", kind="answer", confidence=0.5),),
)
ID = "i-" + "a" * 26


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    sink = Sink()
    await sink.listener.start()
    yield sink
    await sink.listener.stop()


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    running = Running(tmp_path / "centrala.db")
    await running.start(ACKNOWLEDGED)
    yield running
    await running.stop()


def mailroom(running: Running, sink: Sink, process: str | None = None) -> Mailroom:
    smtp = SmtpSender(host="127.0.0.1", port=sink.listener.port, tls="none")
    wordings = shipped_wordings(("en",))
    return Mailroom(
        engine=running.engine,
        store=running.store,
        outgoing=Outgoing(
            running.store,
            channels={"mail": MailChannel(Address("Demo", "support@demo.example"), smtp)},
            wordings=wordings,
            engine=running.engine,
            site="Demo",
        ),
        wordings=wordings,
        knowledge={"en": {ARTICLE.id: ARTICLE}},
        key=b"k" * 32,
        domain="demo.example",
        process=process,
    )


async def write(running: Running, candidates: tuple[Candidate, ...] = ()) -> None:
    """Let a customer's mail come in."""
    row = MessageRow(
        id=f"m-{ID}",
        interaction=ID,
        channel="mail",
        author="customer",
        at=0,
        text="SECRET WORDS: when are you open?",
        subject="SECRET SUBJECT",
        sender_address="ola@example.org",
        message_id="<question@example.org>",
    )
    command = admit(ID, "email", language="en", address_hash="aa", candidates=candidates)
    assert (await running.engine.submit(command, (PutNew(row),))).refusal is None


async def sent(running: Running, sink: Sink) -> str:
    """Let the mailroom work until a mail is out; return it."""
    work = asyncio.create_task(mailroom(running, sink).run())
    try:
        mail = await sink.mail(lambda each: each.recipients == ("ola@example.org",))
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
    return mail.raw.decode()


async def test_acknowledgement_has_the_number_and_nothing_of_the_customer(running: Running, sink: Sink) -> None:
    await write(running)
    mail = await sent(running, sink)
    assert "C-1" in mail
    assert "SECRET" not in mail
    assert "Auto-Submitted: auto-replied" in mail
    assert "In-Reply-To: <question@example.org>" in mail
    assert sink.mails[0].envelope_sender == ""


async def test_article_answers_under_its_own_title(running: Running, sink: Sink) -> None:
    running.engine.policy = ANSWERED
    await write(running, (Candidate(ARTICLE.id, 0.9),))
    mail = await sent(running, sink)
    assert "Subject: Opening hours" in mail
    assert "We are open from nine to five." in mail
    assert "SECRET" not in mail
    said = await running.store.messages(ID)
    assert [row.author for row in said] == ["customer", "bot"]


async def test_first_mail_of_an_agent_goes_to_the_address_that_the_customer_is_known_by(
    running: Running, sink: Sink
) -> None:
    engine = running.engine
    for command in (DefineAgent("anna", profile()), Connect("anna"), SetPresence("anna", "available", by="anna")):
        await engine.submit(command)
    start = StartOutbound(id=ID, channel="mail", medium="email", customer="c-1", agent="anna")
    known = IdentityRow(kind="email", value="ola@example.org", customer="c-1")
    await engine.submit(start, (PutNew(CustomerRow(id="c-1", created_at=0, name="Ola")), PutNew(known)))
    text = MessageRow(
        id="m-1",
        interaction=ID,
        channel="mail",
        author="agent",
        at=0,
        text="It has come back to us.",
        subject="Your parcel",
        agent="anna",
    )
    reply = AddMessage(interaction=ID, message="m-1", author="agent", agent="anna")
    assert (await engine.submit(reply, (PutNew(text),))).refusal is None
    mail = await sent(running, sink)
    assert "Subject: Your parcel" in mail
    assert "It has come back to us." in mail


async def test_automatic_reply_that_a_crash_interrupted_is_never_sent_again(running: Running, sink: Sink) -> None:
    await write(running)
    await sent(running, sink)
    row = await _mail_row(running)
    await running.engine.write(Set(OutboxRow, row.id, {"state": "sending"}))
    room = mailroom(running, sink)
    await room.recover()
    (left,) = [each for each in await running.store.outbox(states=("uncertain",)) if each.id == row.id]
    assert left.reason == "interrupted while sending"
    assert len(sink.mails) == 1


async def test_a_run_that_begins_anew_settles_what_the_last_one_left(running: Running, sink: Sink) -> None:
    """A background task that failed is started again, without a start of the site around it."""
    await write(running)
    await sent(running, sink)
    row = await _mail_row(running)
    await running.engine.write(Set(OutboxRow, row.id, {"state": "sending"}))
    work = asyncio.create_task(mailroom(running, sink).run())

    async def settled() -> bool | None:
        return any(each.id == row.id for each in await running.store.outbox(states=("uncertain",))) or None

    try:
        await eventually(settled)
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
    assert len(sink.mails) == 1


async def _mail_row(running: Running) -> OutboxRow:
    rows = await running.store.outbox(states=("sending", "sent"))
    (row,) = [each for each in rows if each.kind == "mail"]
    return row


async def test_of_two_nodes_that_both_believe_to_write_one_sends(running: Running, sink: Sink) -> None:
    """The second was paused with the row in its hands, and goes on after the first has sent it."""
    await write(running)
    paused, taken_over = (mailroom(running, sink, process) for process in ("paused", "taken-over"))
    (note,) = await running.store.outbox(states=("pending",))
    await taken_over._perform(note)
    (mail,) = await running.store.outbox(states=("pending",))
    await taken_over._perform(mail)
    await paused._perform(mail)
    assert len(sink.mails) == 1


async def test_what_a_dead_node_was_sending_may_be_sent_by_the_next(running: Running, sink: Sink) -> None:
    await write(running)
    dead, taken_over = (mailroom(running, sink, process) for process in ("dead", "taken-over"))
    (note,) = await running.store.outbox(states=("pending",))
    await dead._perform(note)
    (mail,) = await running.store.outbox(states=("pending",))
    # It died behind the claim. A person's reply goes out once more; to that end this one is made one.
    payload = msgspec.json.encode({**msgspec.json.decode(mail.payload), "automatic": False})
    await running.engine.write(Set(OutboxRow, mail.id, {"state": "sending", "payload": payload}), *dead._claim(mail))
    await taken_over.recover()
    (mail,) = await running.store.outbox(states=("pending",))
    await taken_over._perform(mail)
    assert len(sink.mails) == 1
