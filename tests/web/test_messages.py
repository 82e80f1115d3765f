"""Replies by mail: with files, looked at before, taken back in time, and told what became of them."""

from collections.abc import AsyncIterator
from email import message_from_bytes
from email.message import Message
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from tests.channels.email.fake_smtp import CLOSE, FakeSmtp, smtp_server
from tests.vocabulary.test_files import PNG
from tests.web.world import Client, World, world
from vocabulary.instants import MINUTE, SECOND

UNDO = 5 * SECOND


@pytest.fixture
async def there(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path) as made:
        yield made


@pytest.fixture
async def server(there: World) -> AsyncIterator[FakeSmtp]:
    async with smtp_server() as fake:
        there.sends_through(fake.port)
        yield fake


async def owner(there: World, channel: str = "mail") -> tuple[Client, str]:
    """Return an agent who has somebody's mail before him, and its interaction."""
    await there.add_agent("anna", "support")
    program = await there.program("integration")
    await program.post("/agents/anna/presence", {"presence": "available", "lease": "10m"})
    made = await program.post(
        "/interactions",
        {"channel": channel, "customer": {"email": "ola@customer.example", "name": "Ola"}, "subject": "My parcel",
         "text": "Where is it?"},
        status=201,
    )  # fmt: skip
    (offer,) = (await program.get("/agents/anna/offers"))["items"]
    await program.post(f"/offers/{offer['id']}/accept")
    return await there.person("anna", agent="anna"), made["id"]


async def reply(anna: Client, id: str, text: str = "It comes **today**.", **more: Any) -> Any:
    return await anna.post(f"/interactions/{id}/messages", {"kind": "reply", "text": text, **more}, status=201)


async def bring(anna: Client, id: str, content: bytes, name: str, status: int = 201, inline: str = "false") -> Any:
    answer = await anna.http.post(
        f"/api/v1/interactions/{id}/attachments",
        params={"filename": name, "inline": inline},
        data=BytesIO(content),
        headers={"X-CSRF-Token": anna.csrf or "", "Origin": anna.origin},
    )
    assert answer.status == status, await answer.text()
    return await answer.json()


async def shown(anna: Client, id: str, message: str) -> Any:
    items = (await anna.get(f"/interactions/{id}/messages"))["items"]
    return next(each for each in items if each["id"] == message)


def the_mail(server: FakeSmtp, number: int = 0) -> Message:
    return message_from_bytes(server.mails[number].replace(b"\r\n..", b"\r\n.").removesuffix(b".\r\n"))


def parts(mail: Message) -> dict[str, bytes]:
    return {
        part.get_content_type(): bytes(part.get_payload(decode=True) or b"")
        for part in mail.walk()
        if not part.is_multipart()
    }


async def test_reply_goes_out_as_text_and_html_with_its_signature(there: World, server: FakeSmtp) -> None:
    anna, id = await owner(there)
    made = await reply(anna, id)
    assert (made["delivery"], made["undo_until"] is not None) == ("queued", True)
    await there.send_mail()
    assert server.mails == []
    there.clock.move(UNDO)
    await there.send_mail()
    mail = parts(the_mail(server))
    assert mail["text/plain"].decode().replace("\r\n", "\n") == "It comes **today**.\n\n-- \nAnna\nTest\n"
    assert b"<p>It comes <strong>today</strong>.</p>" in mail["text/html"]
    assert b"Anna<br>\r\nTest" in mail["text/html"]
    now = await shown(anna, id, made["id"])
    assert (now["delivery"], now["undo_until"], now["recipients"][0]["why"]) == ("sent", None, "")


async def test_reply_is_taken_back_in_time_and_its_words_and_files_are_sent_anew(
    there: World, server: FakeSmtp
) -> None:
    anna, id = await owner(there)
    file = await bring(anna, id, b"%PDF-1.7 offer", "offer.pdf")
    made = await reply(anna, id, attachments=[file["id"]])
    assert (await anna.get(f"/interactions/{id}"))["unanswered_since"] is None
    back = await anna.post(f"/interactions/{id}/messages/{made['id']}/undo")
    assert (back["delivery"], back["text"]) == ("taken_back", "It comes **today**.")
    assert (await anna.get(f"/interactions/{id}"))["unanswered_since"] is not None
    again = await reply(anna, id, "It comes tomorrow.", attachments=[each["id"] for each in back["attachments"]])
    there.clock.move(UNDO)
    await there.send_mail()
    (mail,) = (parts(the_mail(server, number)) for number in range(len(server.mails)))
    assert mail["text/plain"].startswith(b"It comes tomorrow.")
    assert mail["application/pdf"] == b"%PDF-1.7 offer"
    assert (await shown(anna, id, again["id"]))["delivery"] == "sent"


async def test_reply_that_has_begun_to_go_out_is_not_taken_back(there: World, server: FakeSmtp) -> None:
    anna, id = await owner(there)
    made = await reply(anna, id)
    there.clock.move(UNDO)
    await there.send_mail()
    late = await anna.post(f"/interactions/{id}/messages/{made['id']}/undo", status=409)
    assert late["reason"] == "gone_already"
    assert len(server.mails) == 1


async def test_mail_that_was_taken_back_while_the_outbox_had_it_in_hand_stays(there: World, server: FakeSmtp) -> None:
    anna, id = await owner(there)
    made = await reply(anna, id)
    there.clock.move(UNDO)
    (row,) = await there.site.store.outbox(states=("pending",))
    await anna.post(f"/interactions/{id}/messages/{made['id']}/undo")
    await there.mailroom._perform(row)
    assert server.mails == []
    assert (await shown(anna, id, made["id"]))["delivery"] == "taken_back"


async def test_only_its_author_takes_a_reply_back(there: World) -> None:
    anna, id = await owner(there)
    made = await reply(anna, id)
    boss = await there.person("boss", "supervisor")
    await boss.post(f"/interactions/{id}/messages/{made['id']}/undo", status=403)
    await anna.post(f"/interactions/{id}/messages/{made['id']}x/undo", status=404)


async def test_files_are_brought_listed_removed_and_sent(there: World, server: FakeSmtp) -> None:
    anna, id = await owner(there)
    first = await bring(anna, id, b"%PDF-1.7", "../offer Żółw.pdf")
    there.clock.move(1)
    second = await bring(anna, id, b"a;b\n", "prices.csv")
    assert (first["filename"], first["content_type"]) == ("offer Żółw.pdf", "application/pdf")
    listed = (await anna.get(f"/interactions/{id}/attachments"))["items"]
    assert [each["id"] for each in listed] == [first["id"], second["id"]]
    answer = await anna.call("DELETE", f"/interactions/{id}/attachments/{second['id']}")
    assert answer.status == 204
    made = await reply(anna, id, attachments=[first["id"]])
    assert [(each["filename"], each["size"]) for each in made["attachments"]] == [("offer Żółw.pdf", 8)]
    assert (await anna.get(f"/interactions/{id}/attachments"))["items"] == []
    there.clock.move(UNDO)
    await there.send_mail()
    assert parts(the_mail(server))["application/pdf"] == b"%PDF-1.7"


async def test_picture_stands_among_the_words(there: World, server: FakeSmtp) -> None:
    anna, id = await owner(there)
    picture = await bring(anna, id, PNG, "screen.png", inline="true")
    await reply(anna, id, f"Look:\n![screen.png](cid:{picture['content_id']})\nDone.", attachments=[picture["id"]])
    there.clock.move(UNDO)
    await there.send_mail()
    mail = the_mail(server)
    assert [part.get_content_type() for part in mail.walk()] == [
        "multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png",
    ]  # fmt: skip
    assert b"[screen.png]" in parts(mail)["text/plain"]
    assert f'src="cid:{picture["content_id"]}"'.encode() in parts(mail)["text/html"]


@pytest.mark.parametrize(
    ("content", "name", "status"),
    [
        (b"<svg onload=alert(1)>", "x.svg", 422),
        (b"MZ\x90", "x.pdf", 422),
        (b"", "x.txt", 422),
        (b"x" * 10_000_001, "x.txt", 413),
    ],
)
async def test_file_that_is_not_taken_is_refused(there: World, content: bytes, name: str, status: int) -> None:
    anna, id = await owner(there)
    await bring(anna, id, content, name, status)
    assert (await anna.get(f"/interactions/{id}/attachments"))["items"] == []


async def test_file_of_somebody_else_or_of_another_conversation_is_not_sent(there: World) -> None:
    anna, id = await owner(there)
    boss = await there.person("boss", "supervisor")
    others = await bring(boss, id, b"%PDF-1.7", "secret.pdf")
    refused = await anna.post(
        f"/interactions/{id}/messages", {"kind": "reply", "text": "x", "attachments": [others["id"]]}, status=422
    )
    assert refused["errors"][0]["path"] == "attachments"
    answer = await anna.call("DELETE", f"/interactions/{id}/attachments/{others['id']}")
    assert answer.status == 404


async def test_chat_takes_neither_files_nor_copies(there: World) -> None:
    anna, id = await owner(there, "website")
    file = await bring(anna, id, b"%PDF-1.7", "offer.pdf")
    for more in ({"attachments": [file["id"]]}, {"cc": ["a@b.example"]}, {"html": "<p>x</p>"}):
        await anna.post(f"/interactions/{id}/messages", {"kind": "reply", "text": "x", **more}, status=422)
    note = {"kind": "note", "text": "see the file", "attachments": [file["id"]]}
    made = await anna.post(f"/interactions/{id}/messages", note, status=201)
    assert made["attachments"][0]["filename"] == "offer.pdf"


async def test_copies_are_sent_one_by_one_and_told_apart(there: World, server: FakeSmtp) -> None:
    anna, id = await owner(there)
    made = await reply(anna, id, cc=["jan@other.example", "nobody@other.example"])
    there.clock.move(UNDO)
    await there.send_mail()
    server.script["RCPT"] = ["250 OK", "550 5.1.1 no such mailbox"]
    await there.send_mail()
    now = await shown(anna, id, made["id"])
    assert now["delivery"] == "failed"
    assert {each["address"]: (each["delivery"], each["why"]) for each in now["recipients"]} in (
        {"": ("sent", ""), "jan@other.example": ("sent", ""), "nobody@other.example": ("failed", "no_mailbox")},
        {"": ("sent", ""), "jan@other.example": ("failed", "no_mailbox"), "nobody@other.example": ("sent", "")},
    )
    headers = [(mail["To"], mail["Cc"], mail["Message-ID"]) for mail in map(the_mail, [server] * 2, range(2))]
    assert headers[0] == headers[1]
    assert headers[0][:2] == ("Ola <ola@customer.example>", "jan@other.example, nobody@other.example")
    assert len({mail["Reply-To"] for mail in map(the_mail, [server] * 2, range(2))}) == 2


async def test_failed_mail_says_why_and_goes_to_another_address(there: World, server: FakeSmtp) -> None:
    anna, id = await owner(there)
    server.script["RCPT"] = ["550 5.1.1 <ola@customer.example>: no such mailbox"]
    made = await reply(anna, id)
    there.clock.move(UNDO)
    await there.send_mail()
    (told,) = (await shown(anna, id, made["id"]))["recipients"]
    assert (told["delivery"], told["reason"]) == ("failed", "There is no mailbox with this address.")
    assert "no such mailbox" in told["said"]
    path = f"/interactions/{id}/messages/{made['id']}/resend"
    assert (await anna.post(path, {"to": "ola at home"}, status=422))["errors"][0]["path"] == "to"
    assert (await anna.post(path, {"to": "ola@home.example"}))["delivery"] == "queued"
    await there.send_mail()
    (mail,) = (the_mail(server, number) for number in range(len(server.mails)))
    assert mail["To"] == "ola@home.example"
    assert (await shown(anna, id, made["id"]))["delivery"] == "sent"
    assert (await anna.post(path, status=409))["reason"] == "unusable"


async def test_address_with_letters_that_servers_may_not_carry_is_told_of_and_another_one_taken(
    there: World, server: FakeSmtp
) -> None:
    anna, id = await owner(there)
    await there.say(id, "Please write to this address.", sender="żółw@customer.example")
    made = await reply(anna, id)
    there.clock.move(UNDO)
    await there.send_mail()
    (told,) = (await shown(anna, id, made["id"]))["recipients"]
    assert (told["delivery"], told["why"], server.mails) == ("failed", "foreign_letters", [])
    await anna.post(f"/interactions/{id}/messages/{made['id']}/resend", {"to": "zolw@customer.example"})
    await there.send_mail()
    assert the_mail(server)["To"] == "zolw@customer.example"


async def test_supervisors_see_what_did_not_arrive_until_it_is_sent_again(there: World, server: FakeSmtp) -> None:
    anna, id = await owner(there)
    server.script["RCPT"] = ["550 5.7.1 we do not want this"]
    made = await reply(anna, id)
    there.clock.move(UNDO)
    await there.send_mail()
    boss = await there.person("boss", "supervisor")
    (told,) = (await boss.get("/undelivered"))["items"]
    assert (told["interaction"], told["message"], told["agent"], told["customer"]) == (id, made["id"], "anna", "Ola")
    assert (told["why"], "550 5.7.1 we do not want this" in told["said"]) == ("not_wanted", True)
    await boss.post(f"/interactions/{id}/messages/{made['id']}/resend")
    await there.send_mail()
    assert (await boss.get("/undelivered"))["items"] == []
    await anna.get("/undelivered", status=403)


async def test_deferred_mail_says_until_when_and_goes_at_once_when_asked(there: World, server: FakeSmtp) -> None:
    anna, id = await owner(there)
    server.script["RCPT"] = ["450 4.2.0 greylisted"]
    made = await reply(anna, id)
    there.clock.move(UNDO)
    await there.send_mail()
    (told,) = (await shown(anna, id, made["id"]))["recipients"]
    assert (told["delivery"], told["why"], told["until"] is not None) == ("deferred", "try_later", True)
    await anna.post(f"/interactions/{id}/messages/{made['id']}/resend")
    await there.send_mail()
    assert (await shown(anna, id, made["id"]))["delivery"] == "sent"


async def test_uncertain_mail_is_tried_once_more_and_then_left_to_people(there: World, server: FakeSmtp) -> None:
    anna, id = await owner(there)
    server.script["dot"] = [CLOSE, CLOSE]
    made = await reply(anna, id)
    there.clock.move(UNDO)
    await there.send_mail()
    there.clock.move(MINUTE)
    await there.send_mail()
    (told,) = (await shown(anna, id, made["id"]))["recipients"]
    assert (told["delivery"], told["why"]) == ("uncertain", "no_answer")
    there.clock.move(MINUTE)
    await there.send_mail()
    assert len({mail["Message-ID"] for mail in map(the_mail, [server] * 2, range(2))}) == 1
    assert len(server.mails) == 2


async def test_owner_hears_of_what_failed_even_if_he_has_ended_it(there: World, server: FakeSmtp) -> None:
    anna, id = await owner(there)
    server.script["RCPT"] = ["550 5.1.1 no such mailbox"]
    made = await reply(anna, id)
    await anna.post(f"/interactions/{id}/end")
    await anna.post(f"/interactions/{id}/wrap-up")
    async with anna.socket("/ws/desk") as desk:
        await desk.receive_json()
        there.clock.move(UNDO)
        await there.send_mail()
        frame = await desk.receive_json()
        while frame["type"] != "undelivered":
            frame = await desk.receive_json()
    assert (frame["interaction"], frame["message"]["id"], frame["reference"]) == (id, made["id"], "C-1")
    assert frame["message"]["recipients"][0]["reason"] == "There is no mailbox with this address."
    assert (await anna.post(f"/interactions/{id}/messages/{made['id']}/resend"))["delivery"] == "queued"


async def test_double_click_sends_one_mail(there: World, server: FakeSmtp) -> None:
    anna, id = await owner(there)
    body = {"kind": "reply", "text": "once"}
    first = await anna.post(f"/interactions/{id}/messages", body, status=201, key="key-1")
    second = await anna.post(f"/interactions/{id}/messages", body, status=201, key="key-1")
    assert first["id"] == second["id"]
    there.clock.move(UNDO)
    await there.send_mail()
    await there.send_mail()
    assert len(server.mails) == 1


async def test_mail_is_looked_at_before_it_is_sent(there: World) -> None:
    anna, id = await owner(there)
    seen = await anna.post(f"/interactions/{id}/preview", {"text": "Hello *there*", "cc": ["jan@other.example"]})
    assert (seen["to"], seen["cc"], seen["subject"]) == ("ola@customer.example", ["jan@other.example"], "Re: My parcel")
    assert seen["text"] == "Hello *there*\n\n-- \nAnna\nTest\n"
    assert "<em>there</em>" in seen["html"]
    assert len((await anna.get(f"/interactions/{id}/messages"))["items"]) == 1


async def test_html_of_an_agent_is_made_safe(there: World, server: FakeSmtp) -> None:
    anna, id = await owner(there)
    made = await reply(anna, id, "", html='<p onclick="x()">Hi <script>alert(1)</script><b>Ola</b></p>')
    assert (made["text"], made["html"]) == ("Hi Ola", "<p>Hi <b>Ola</b></p>")
    there.clock.move(UNDO)
    await there.send_mail()
    assert b"<p>Hi <b>Ola</b></p>" in parts(the_mail(server))["text/html"]
