"""A whole site that sends through a real Postfix: delivered, refused, put off, sent back."""

from collections.abc import AsyncIterator, Iterator
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.client import Api, eventually
from tests.acceptance.mails import letter, send
from tests.acceptance.site import PASSWORD, SiteProcess
from tests.channels.email.keys import rsa_pem, written
from tests.servers.ports import free_port
from tests.servers.postfix import BOUNCING, GREYLISTED, REFUSED, Postfix, running_postfix

pytestmark = pytest.mark.needs_server("postfix")


class Office:
    """The site, the mail server before it, and an agent's session."""

    def __init__(self, site: SiteProcess, postfix: Postfix, anna: Api) -> None:
        self.site = site
        self.postfix = postfix
        self.anna = anna

    async def answer(self, customer: str, subject: str, text: str) -> tuple[str, str]:
        """Let a customer write by way of Postfix and anna answer; return interaction and message."""
        await send(self.postfix.port, letter(customer, subject, "Where is my parcel?"))

        async def rings() -> dict[str, Any] | None:
            offers = (await self.anna.get("/agents/anna/offers"))["items"]
            return next((offer for offer in offers if offer["interaction"]["subject"] == subject), None)

        offer = await eventually(rings)
        await self.anna.post(f"/offers/{offer['id']}/accept")
        id = offer["interaction"]["id"]
        made = await self.anna.post(f"/interactions/{id}/messages", kind="reply", text=text)
        return id, made["id"]

    async def delivery(self, id: str, message: str, *awaited: str) -> dict[str, Any]:
        """Return the message once what became of it is one of `awaited`."""

        async def settled() -> dict[str, Any] | None:
            items = (await self.anna.get(f"/interactions/{id}/messages"))["items"]
            return next((each for each in items if each["id"] == message and each["delivery"] in awaited), None)

        return await eventually(settled)


@pytest.fixture(scope="module")
def postfix() -> Iterator[tuple[Postfix, int]]:
    port = free_port()
    with running_postfix(transports={"test.example": f"lmtp:inet:127.0.0.1:{port}"}) as server:
        yield server, port


@pytest.fixture
async def office(tmp_path: Path, model: Path, postfix: tuple[Postfix, int]) -> AsyncIterator[Office]:
    server, port = postfix
    server.forget()
    site = SiteProcess(
        tmp_path,
        sink_port=server.port,
        model=model,
        receive=f'{{ protocol = "lmtp", port = {port} }}\ndkim = [{{ selector = "c1", key_file = "dkim.pem" }}]',
    )
    written(rsa_pem(), tmp_path)
    await site.start()
    try:
        async with Api(site.base) as anna:
            await anna.log_in("anna", PASSWORD)
            await anna.post("/agents/anna/presence", presence="available", lease="10m")
            yield Office(site, server, anna)
    finally:
        await site.kill()


def by_subject(mails: list[bytes], subject: str) -> list[Message]:
    return [mail for mail in map(message_from_bytes, mails) if subject in str(mail["Subject"])]


async def test_reply_passes_postfix_signed_and_whole(office: Office) -> None:
    id, message = await office.answer("ola@customer.example", "Delivered", "It comes **today**.")
    assert (await office.delivery(id, message, "sent"))["delivery"] == "sent"
    mails = office.postfix.delivered(2, to="ola@customer.example")
    (reply,) = by_subject(mails, "Re: Delivered")
    assert reply["X-Original-To"] == "ola@customer.example"
    assert reply["DKIM-Signature"] is not None
    assert reply.get_content_type() == "multipart/alternative"


async def test_refused_recipient_is_told_in_words(office: Office) -> None:
    id, message = await office.answer(REFUSED, "Refused", "Hello?")
    (told,) = (await office.delivery(id, message, "failed"))["recipients"]
    assert (told["why"], told["reason"]) == ("no_mailbox", "There is no mailbox with this address.")
    assert "no such mailbox here" in told["said"]


async def test_greylisted_mail_is_put_off_and_goes_when_asked(office: Office) -> None:
    id, message = await office.answer(GREYLISTED, "Later", "Hello?")
    assert (await office.delivery(id, message, "deferred"))["recipients"][0]["why"] == "try_later"
    office.postfix.answer(GREYLISTED, "OK")
    try:
        await office.anna.post(f"/interactions/{id}/messages/{message}/resend")
        assert (await office.delivery(id, message, "sent"))["delivery"] == "sent"
        assert by_subject(office.postfix.delivered(to=GREYLISTED), "Re: Later")
    finally:
        office.postfix.answer(GREYLISTED, "450 4.2.0 greylisted")


async def test_mail_that_comes_back_is_tied_to_the_message_and_told(office: Office) -> None:
    id, message = await office.answer(f"anna@{BOUNCING}", "Bounced", "Hello?")
    (told,) = (await office.delivery(id, message, "bounced"))["recipients"]
    assert told["why"] == "no_mailbox"
    items = (await office.anna.get(f"/interactions/{id}/messages"))["items"]
    assert [each["author"] for each in items][-1] == "report"
