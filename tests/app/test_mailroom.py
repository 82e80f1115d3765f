"""What goes out by itself: written into the conversation first, sent once, with nothing of the customer's words."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from email import message_from_string
from pathlib import Path

import msgspec
import pytest

from app.knowledge import KnowledgeBase
from app.mailroom import Mailroom
from app.outgoing import MailChannel, Outgoing
from autoresponders.article import Article
from autoresponders.templates import Template, shipped_wordings
from channels.email.smtp import FAILURES_MAX, SmtpSender
from channels.message import Address
from router.commands import AddMessage, Candidate, Connect, DefineAgent, SetPresence, StartOutbound
from router.policy import Autoresponse
from tests.acceptance.client import Sink, eventually
from tests.app.test_engine import Running
from tests.builders import admit, policy, profile, queue, rule
from tests.channels.email.fake_smtp import RESET, smtp_server
from vocabulary.instants import DAY
from vocabulary.records import CustomerRow, IdentityRow, MessageRow, OutboxRow, PutNew, Set

ARTICLE = Article("opening-hours", "hours", "Opening hours", ("When are you open?",), "We are open from nine to five.")
ACKNOWLEDGED = policy(
    queue("support", undo=0),
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


def mailroom(
    running: Running,
    server: Sink | int,
    process: str | None = None,
    channel: str = "mail",
    texts: Mapping[str, Mapping[str, Template]] | None = None,
) -> Mailroom:
    port = server if isinstance(server, int) else server.listener.port
    smtp = SmtpSender(host="127.0.0.1", port=port, tls="none")
    wordings = shipped_wordings(("en", "pl"))
    return Mailroom(
        engine=running.engine,
        store=running.store,
        outgoing=Outgoing(
            running.store,
            channels={channel: MailChannel(Address("Demo", "support@demo.example"), smtp)},
            wordings=wordings,
            engine=running.engine,
            site="Demo",
        ),
        wordings=wordings,
        knowledge=KnowledgeBase(engine=running.engine, store=running.store, articles={"en": {ARTICLE.id: ARTICLE}}),
        key=b"k" * 32,
        domain="demo.example",
        process=process,
        texts=texts,
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


async def perform(running: Running, room: Mailroom) -> None:
    """Do once what is due."""
    for row in await running.store.outbox(states=("pending", "deferred"), due_before=running.engine.clock.now()):
        await room._perform(row)


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
    assert "This confirmation is automatic" in mail
    assert "SECRET" not in mail
    assert "Auto-Submitted: auto-replied" in mail
    assert "In-Reply-To: <question@example.org>" in mail
    assert sink.mails[0].envelope_sender == ""


@pytest.mark.parametrize(
    ("language", "says"), [("en", "This message was sent automatically."), ("pl", "wysłano automatycznie")]
)
async def test_a_receipt_in_own_words_says_that_it_is_automatic_in_the_language_of_these_words(
    running: Running, sink: Sink, language: str, says: str
) -> None:
    await write(running)
    own = {language: Template("Got it: {{ number }}.", ("number", "site"))}
    await perform(running, mailroom(running, sink, texts={"received": own}))
    (_, receipt) = await running.store.messages(ID)
    assert receipt.text.startswith("Got it: C-1.\n\n")
    assert says in receipt.text


async def test_article_answers_under_its_own_title(running: Running, sink: Sink) -> None:
    running.engine.policy = ANSWERED
    await write(running, (Candidate(ARTICLE.id, 0.9),))
    mail = await sent(running, sink)
    assert "Subject: Opening hours" in mail
    assert "We are open from nine to five." in mail
    assert "SECRET" not in mail
    said = await running.store.messages(ID)
    assert [row.author for row in said] == ["customer", "bot"]
    # There is no button in a mail.
    assert said[1].text.endswith("just reply, and a human will take over.")


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


async def test_automatic_reply_whose_answer_was_lost_is_uncertain_and_never_repeated(running: Running) -> None:
    await write(running)
    async with smtp_server({"dot": [RESET]}) as server:
        room = mailroom(running, server.port)
        for _ in range(4):
            await perform(running, room)
            running.engine.clock.not_before(running.engine.clock.now() + DAY)
        (row,) = [each for each in await running.store.outbox(states=("uncertain",)) if each.kind == "mail"]
    assert (row.why, len(server.mails)) == ("no_answer", 1)


async def test_what_our_receipt_carries_and_what_it_does_not(running: Running, sink: Sink) -> None:
    """reliability.md 4.2: machines are told to be quiet, nothing of the sender's words goes back to anybody."""
    await write(running)
    mail = message_from_string(await sent(running, sink))
    assert sink.mails[0].envelope_sender == ""
    carried = {name: mail[name] for name in ("Auto-Submitted", "X-Auto-Response-Suppress", "Precedence", "X-Loop")}
    assert carried == {
        "Auto-Submitted": "auto-replied",
        "X-Auto-Response-Suppress": "All",
        "Precedence": "auto_reply",
        "X-Loop": "demo.example",
    }
    assert mail["In-Reply-To"] == mail["References"] == "<question@example.org>"
    assert mail["Reply-To"].startswith("support+")
    assert {part.get_content_type() for part in mail.walk()} >= {"text/plain", "text/html"}
    words = "".join(str(part.get_payload(decode=True)) for part in mail.walk() if not part.is_multipart())
    assert "SECRET" not in mail.as_string() + words
    assert "http" not in words


async def test_mail_waits_without_a_try_while_the_breaker_is_open(running: Running) -> None:
    await write(running)
    async with smtp_server() as server:
        pass
    room = mailroom(running, server.port)
    await perform(running, room)
    (first,) = [each for each in await running.store.outbox(states=("pending",)) if each.kind == "mail"]
    for attempt in range(FAILURES_MAX):
        (row,) = [each for each in await running.store.outbox(states=("pending", "deferred")) if each.kind == "mail"]
        assert row.attempts == attempt
        await room._perform(row)
    (row,) = await running.store.outbox(states=("deferred",))
    await room._perform(row)
    (rests,) = await running.store.outbox(states=("deferred",))
    assert (rests.attempts, rests.why) == (FAILURES_MAX, "unreachable")
    assert rests.due_at < row.due_at
    assert first.id == rests.id


async def test_mail_that_cant_go_for_want_of_something_of_ours_says_what(running: Running, sink: Sink) -> None:
    await write(running)
    room = mailroom(running, sink.listener.port, channel="another")
    await perform(running, room)
    await perform(running, room)
    (row,) = await running.store.outbox(states=("failed",))
    assert row.why == "no_channel"


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
