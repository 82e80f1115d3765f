"""What is sent later, through the real API and mail server: on time, with its files, until somebody answers."""

import re
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path

import aiohttp
import pytest

from router.commands import AddMessage
from tests.acceptance.client import Api, Sink
from tests.acceptance.mails import letter, read, send, text_of
from tests.app.later import NOW, Later, customer, later, write_site
from vocabulary.instants import DAY, SECOND, instant_of
from vocabulary.records import MessageRow, PutNew


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    sink = Sink()
    await sink.listener.start()
    yield sink
    await sink.listener.stop()


@pytest.fixture
def folder(tmp_path: Path, sink: Sink) -> Path:
    write_site(tmp_path, sink)
    return tmp_path


@pytest.fixture
async def site(folder: Path) -> AsyncIterator[Later]:
    async with later(folder) as running:
        yield running


async def asked(api: Api, text: str = "Proszę o cennik", **values: object) -> str:
    """Let a customer ask for something by mail; return the interaction."""
    body = {"channel": "mail", "subject": "Pytanie", "text": text, "customer": customer(), **values}
    id: str = (await api.post("/interactions", **body))["id"]
    return id


def mails(sink: Sink, recipient: str = "ola@example.org") -> list[EmailMessage]:
    return [read(mail) for mail in sink.mails if mail.recipients == (recipient,)]


def files(mail: EmailMessage) -> dict[str, bytes]:
    return {str(part.get_filename()): part.get_payload(decode=True) for part in mail.iter_attachments()}  # type: ignore[misc]  # of a file it is bytes


async def test_a_rule_sends_the_price_list_in_the_morning_reminds_and_has_somebody_call(
    site: Later, sink: Sink
) -> None:
    api = await site.api("integration")
    id = await asked(api)
    await site.until("2026-10-22T05:59:59Z")
    assert mails(sink) == []
    await site.until("2026-10-22T06:00:00Z")
    (first,) = mails(sink)
    assert first["Subject"] == "Nasze ceny, C-1"
    assert text_of(first).startswith("Oto nasze ceny.")
    assert "Tę wiadomość wysłano automatycznie." in text_of(first)
    assert files(first) == {"price-list.pl.pdf": b"%PDF-1.7 pl"}
    assert first["Auto-Submitted"] == "auto-replied"
    # Three days on it is Sunday, and clocks have been changed: it goes on Monday, at nine on the wall.
    await site.until("2026-10-26T08:00:00Z")
    assert text_of(mails(sink)[-1]).startswith("Czy widzieli Państwo ceny?")
    await site.until("2026-11-02T09:00:00Z")
    assert len(mails(sink)) == 2
    (sending,) = (await api.get(f"/interactions/{id}/sendings"))["items"]
    assert (sending["state"], sending["queue"], len(sending["sent"])) == ("escalated", "sales", 2)
    (call,) = (await api.get("/interactions?queue=sales"))["items"]
    assert (call["medium"], call["follows"], call["tags"]) == ("callback", id, ["unanswered"])
    (note,) = (await api.get(f"/interactions/{call['id']}/messages"))["items"]
    assert (note["author"], "prices" in note["text"], "Numer telefonu" in note["text"]) == ("note", True, True)


async def test_what_was_sent_stands_in_the_conversation_with_its_file(site: Later, sink: Sink) -> None:
    api = await site.api("integration")
    id = await asked(api)
    await site.until("2026-10-22T06:00:00Z")
    said = (await api.get(f"/interactions/{id}/messages"))["items"]
    assert [(each["author"], each["delivery"]) for each in said] == [("customer", "none"), ("bot", "sent")]
    assert [file["filename"] for file in said[1]["attachments"]] == ["price-list.pl.pdf"]
    assert said[1]["sending"] is not None


async def test_an_answer_one_second_before_the_reminder_ends_it(site: Later, sink: Sink) -> None:
    api = await site.api("integration")
    id = await asked(api)
    await site.until(instant_of("2026-10-26T08:00:00Z") - SECOND)
    await answers(site, id)
    await site.until(NOW + 40 * DAY)
    assert len(mails(sink)) == 1
    (sending,) = (await api.get(f"/interactions/{id}/sendings"))["items"]
    assert (sending["state"], sending["reason"], sending["ended_by"]) == ("cancelled", "answered", "customer")
    assert (await api.get("/interactions?queue=sales"))["items"] == []


async def answers(site: Later, id: str) -> None:
    """Let the customer write in his conversation."""
    row = MessageRow(
        id="m-answer",
        interaction=id,
        channel="mail",
        author="customer",
        at=site.clock.now(),
        text="Dziękuję",
        sender_address="ola@example.org",
    )
    command = AddMessage(interaction=id, message=row.id, author="customer")
    assert (await site.application.engine.submit(command, (PutNew(row),))).refusal is None


async def test_a_mail_that_answers_ends_the_reminder_and_an_out_of_office_notice_does_not(
    site: Later, sink: Sink
) -> None:
    api = await site.api("integration")
    id = await asked(api)
    await site.until("2026-10-22T06:00:00Z")
    (first,) = mails(sink)
    port = site.application.mail_ways.listeners["mail"].port
    away = answer(first, "Poza biurem", "Wracam w poniedziałek.", Auto_Submitted="auto-replied")
    await send(port, away)
    await heard(site, id, 3)
    (sending,) = (await api.get(f"/interactions/{id}/sendings"))["items"]
    assert sending["state"] == "waiting"
    await send(port, answer(first, "Re: Nasze ceny", "Biorę."))
    await heard(site, id, 4)
    (sending,) = (await api.get(f"/interactions/{id}/sendings"))["items"]
    assert (sending["state"], sending["reason"]) == ("cancelled", "answered")


def answer(mail: EmailMessage, subject: str, text: str, **headers: str) -> EmailMessage:
    """Return what a customer's program writes in answer to `mail`; it breaks no long id as Python's would."""
    made = letter("Ola <ola@example.org>", subject, text, In_Reply_To=str(mail["Message-ID"]), **headers)
    made.policy = made.policy.clone(max_line_length=998)
    return made


async def heard(site: Later, id: str, count: int) -> None:
    """Return once the conversation has so many messages."""
    async with site.application.engine.subscribe() as events:
        held = site.application.engine.state.interactions[id]
        while held.messages < count:
            await anext(events)


async def test_an_agent_sends_his_reply_with_a_file_at_an_hour_of_the_customers_clock(site: Later, sink: Sink) -> None:
    program = await site.api("integration")
    id = await asked(program, "Dzień dobry, proszę o ofertę na światłowód dla biura")
    anna = await held_by_anna(site, id)
    file = await anna.bring(id, "oferta.pdf", b"%PDF-1.7 oferta")
    planned = await anna.post(
        f"/interactions/{id}/sendings",
        text="Oferta w załączeniu.",
        subject="Oferta",
        attachments=[file],
        at="2026-10-23T08:00",
        time_zone="Europe/Vilnius",
    )
    assert (planned["state"], planned["due_at"]) == ("planned", "2026-10-23T05:00:00.000Z")
    assert planned["preview"] == "Oferta w załączeniu."
    assert [each["author"] for each in (await anna.get(f"/interactions/{id}/messages"))["items"]] == ["customer"]
    await anna.post(f"/interactions/{id}/end")
    await site.until("2026-10-23T05:00:00Z")
    (mail,) = mails(sink)
    assert (mail["Subject"], text_of(mail)) == ("Oferta", "Oferta w załączeniu.")
    assert files(mail) == {"oferta.pdf": b"%PDF-1.7 oferta"}
    assert mail["Auto-Submitted"] is None
    said = (await anna.get(f"/interactions/{id}/messages"))["items"]
    assert [(each["author"], each["name"]) for each in said][1:] == [("agent", "Anna Test")]


async def held_by_anna(site: Later, id: str) -> Api:
    """Let Anna take the interaction; return her API."""
    anna = await site.api("operator", "anna")
    await anna.post("/agents/anna/presence", presence="available", lease="10m")
    await anna.post(f"/interactions/{id}/assign")
    return anna


async def test_own_words_take_the_place_of_the_first_message_and_the_document_follows_up(
    site: Later, sink: Sink
) -> None:
    api = await site.api("integration")
    id = await asked(api, "Dzień dobry")
    anna = await held_by_anna(site, id)
    at = "2026-10-21T14:00:00Z"
    await anna.post(f"/interactions/{id}/sendings", name="prices", text="Jak umówiono, nasze ceny.", at=at)
    await site.until("2026-10-27T08:00:00Z")
    first, second = mails(sink)
    assert text_of(first).startswith("Jak umówiono, nasze ceny.")
    assert ["automatycznie" in text_of(each) for each in (first, second)] == [False, True]
    assert files(first) == {"price-list.pl.pdf": b"%PDF-1.7 pl"}
    assert (first["Auto-Submitted"], second["Auto-Submitted"]) == (None, "auto-replied")
    assert text_of(second).startswith("Czy widzieli Państwo ceny?")


async def test_what_is_cancelled_is_not_sent_and_both_are_in_the_audit_log(site: Later, sink: Sink) -> None:
    api = await site.api("integration")
    id = await asked(api, "Dzień dobry")
    anna = await held_by_anna(site, id)
    planned = await anna.post(f"/interactions/{id}/sendings", name="prices")
    status, gone = await anna.call("DELETE", f"/interactions/{id}/sendings/{planned['id']}")
    assert (status, gone["state"], gone["ended_by"]) == (200, "cancelled", "anna")
    status, _ = await anna.call("DELETE", f"/interactions/{id}/sendings/{planned['id']}")
    assert status == 409
    await site.until(NOW + 5 * DAY)
    assert mails(sink) == []
    lines = await site.application.store.audit_of([id])
    assert {line.action for line in lines} == {"sending.plan", "sending.cancel"}


async def test_a_supervisor_sees_all_that_is_planned_the_next_due_first(site: Later) -> None:
    program = await site.api("integration")
    first = await asked(program)
    second = await asked(program, "Dzień dobry", customer=customer(email="jan@example.org", name="Jan"))
    await program.post(f"/interactions/{second}/sendings", text="Proszę o dokumenty.", at="2026-10-21T18:00")
    vera = await site.api("supervisor")
    page = await vera.get("/sendings?limit=1")
    (one,) = page["items"]
    assert (one["sending"]["interaction"], one["customer"]["name"], one["queue"]) == (second, "Jan", "support")
    page = await vera.get(f"/sendings?limit=1&cursor={page['next']}")
    assert ([each["sending"]["interaction"] for each in page["items"]], page["next"]) == ([first], None)
    assert [each["sending"]["name"] for each in (await vera.get("/sendings?name=prices"))["items"]] == ["prices"]
    assert (await vera.get("/sendings?queue=sales"))["items"] == []
    anna = await site.api("operator", "anna")
    assert (await anna.call("GET", "/sendings"))[0] == 403


async def test_explain_says_what_comes_what_went_and_why_not(site: Later) -> None:
    api = await site.api("integration")
    id = await asked(api)
    text = (await api.get(f"/interactions/{id}/explain?language=en"))["text"]
    assert "“prices” will be sent in 16 h 30 min." in text
    await site.until("2026-10-22T06:00:00Z")
    text = (await api.get(f"/interactions/{id}/explain?language=pl"))["text"]
    assert "„prices”: jeśli klient nie odpowie, wiadomość 2 pójdzie za 4 dni 2 godz." in text
    await answers(site, id)
    text = (await api.get(f"/interactions/{id}/explain?language=ru"))["text"]
    assert "«prices» – остальное не отправляется: клиент ответил." in text
    other = await asked(api, customer=customer(email=None))
    text = (await api.get(f"/interactions/{other}/explain?language=en"))["text"]
    assert "The automatic reply “prices” was not sent: there is no address to reply to." in text


async def test_a_click_on_the_link_in_the_mail_ends_offers_and_reminders_until_staff_take_it_back(
    site: Later, sink: Sink
) -> None:
    api = await site.api("integration")
    id = await asked(api)
    await site.until("2026-10-22T06:00:00Z")
    link = re.search(r"http://\S+/unsubscribe/\S+", text_of(mails(sink)[0]))
    assert link is not None
    assert mails(sink)[0]["List-Unsubscribe"] == f"<{link[0]}>"
    assert mails(sink)[0]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    async with aiohttp.ClientSession() as browser:
        async with browser.get(link[0]) as page:
            assert (page.status, "Rezygnacja" in await page.text()) == (200, True)
        (sending,) = (await api.get(f"/interactions/{id}/sendings"))["items"]
        assert sending["state"] == "waiting"
        async with browser.post(link[0], data={"List-Unsubscribe": "One-Click"}) as page:
            assert (page.status, "Gotowe" in await page.text()) == (200, True)
        async with browser.post(f"{link[0]}x") as page:
            assert page.status == 404
    (sending,) = (await api.get(f"/interactions/{id}/sendings"))["items"]
    assert (sending["state"], sending["reason"], sending["ended_by"]) == ("cancelled", "unsubscribed", "customer")
    again = await asked(api)
    text = (await api.get(f"/interactions/{again}/explain?language=en"))["text"]
    assert "“prices” was not sent: the customer wants no such mail" in text
    status, problem = await api.call("POST", f"/interactions/{again}/sendings", {"name": "prices"})
    assert (status, problem["reason"]) == (409, "unsubscribed")
    anna = await held_by_anna(site, again)
    planned = await anna.post(f"/interactions/{again}/sendings", name="prices")
    assert (planned["state"], planned["follow_up"]) == ("planned", False)


async def test_a_chat_is_sent_its_document_as_a_mail_and_does_not_see_it(site: Later, sink: Sink) -> None:
    api = await site.api("integration")
    id = await asked(api, channel="web-chat")
    await site.until("2026-10-22T06:00:00Z")
    (mail,) = mails(sink)
    assert (mail["Subject"], mail["From"]) == ("Nasze ceny, C-1", "Test Telecom <support@test.example>")
    assert [row.channel for row in await site.application.store.messages(id)] == ["web-chat", "mail"]


async def test_where_nothing_can_be_sent_it_is_said_at_once(site: Later) -> None:
    api = await site.api("integration")
    chat = await asked(api, channel="web-chat", queue="mute")
    status, problem = await api.call("POST", f"/interactions/{chat}/sendings", {"name": "prices"})
    assert (status, "names no mailbox" in problem["detail"]) == (409, True)
    nobody = await asked(api, channel="web-chat", customer={"name": "Ola"})
    status, problem = await api.call("POST", f"/interactions/{nobody}/sendings", {"name": "prices"})
    assert (status, problem["detail"]) == (409, "No e-mail address of the customer is known.")


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "text"),
        ({"name": "gone"}, "name"),
        ({"text": "x", "at": "yesterday at noon"}, "at"),
        ({"text": "x", "at": "2026-10-21T08:00"}, "at"),
        ({"text": "x", "at": "2029-10-21T08:00"}, "at"),
        ({"text": "x", "at": "2026-12-01T08:00", "time_zone": "Warsaw"}, "time_zone"),
        ({"text": "x", "subject": "two\nlines"}, "subject"),
        ({"name": "prices", "subject": "no words"}, "text"),
        ({"text": "x", "attachments": ["u-gone"]}, "attachments"),
        ({"text": "x", "cc": ["nobody"]}, "cc"),
        ({"name": "prices", "cc": ["ola@example.org"]}, "text"),
    ],
)
async def test_what_can_not_be_is_refused_with_the_field(site: Later, body: dict[str, object], path: str) -> None:
    api = await site.api("integration")
    id = await asked(api, "Dzień dobry")
    status, problem = await api.call("POST", f"/interactions/{id}/sendings", body)
    assert (status, [each["path"] for each in problem["errors"]]) == (422, [path])


async def test_a_file_that_is_gone_on_the_day_is_said_and_nothing_half_is_sent(
    site: Later, sink: Sink, folder: Path
) -> None:
    api = await site.api("integration")
    id = await asked(api)
    (folder / "price-list.pl.pdf").unlink()
    await site.until("2026-10-22T06:00:00Z")
    assert mails(sink) == []
    (row,) = await site.application.store.outbox(states=("failed",))
    assert row.reason == "file 'price-list.pl.pdf' can't be read: No such file or directory"
    (sending,) = (await api.get(f"/interactions/{id}/sendings"))["items"]
    assert sending["sent"][0]["delivery"] == "failed"
    assert (sending["state"], sending["reason"]) == ("cancelled", "not_sent")


async def test_what_waits_survives_a_restart_and_what_was_sent_is_not_sent_again(folder: Path, sink: Sink) -> None:
    async with later(folder) as site:
        id = await asked(await site.api("integration"))
        await site.until("2026-10-22T06:00:00Z")
    assert len(mails(sink)) == 1
    async with later(folder, instant_of("2026-10-27T12:00:00Z")) as site:
        await site.until("2026-10-28T12:00:00Z")
        assert len(mails(sink)) == 2
        (sending,) = (await (await site.api("supervisor")).get(f"/interactions/{id}/sendings"))["items"]
        assert sending["state"] == "waiting"


async def test_who_is_erased_is_sent_nothing_and_nothing_of_a_draft_is_left(site: Later, sink: Sink) -> None:
    api = await site.api("integration")
    id = await asked(api, "Dzień dobry")
    await api.post(f"/interactions/{id}/sendings", text="SECRET WORDS", at="2026-10-23T08:00")
    admin = await site.api("admin")
    found = (await api.get(f"/interactions/{id}"))["customer"]["id"]
    status, _ = await admin.call("DELETE", f"/customers/{found}?force=true")
    assert status in (200, 204)
    await site.until("2026-10-24T08:00:00Z")
    assert mails(sink) == []
    assert [row.text for row in await site.application.store.all_messages(id)] == ["", ""]
