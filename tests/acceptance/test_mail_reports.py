"""What becomes of a mail after it is out, as other servers and programs tell it."""

from email.message import EmailMessage
from itertools import count
from typing import Any

import pytest
from playwright.async_api import expect

from tests.acceptance.client import eventually
from tests.acceptance.house import House
from tests.acceptance.mails import SUPPORT, is_automatic, letter, read, send, send_raw
from tests.acceptance.pages import Desk
from tests.acceptance.windows import Windows

pytestmark = pytest.mark.asyncio(loop_scope="session")
_numbers = count(1)


class Letter:
    """A letter that was acknowledged, and the acknowledgement."""

    def __init__(self, house: House, customer: str, receipt: EmailMessage, interaction: dict[str, Any]) -> None:
        self.house, self.customer, self.receipt = house, customer, receipt
        self.id: str = interaction["id"]

    async def reported(self, kind: str, fields: str, *, sender: str = "mailer-daemon@customers.example") -> None:
        """Let a program report about the acknowledgement, which it returns."""
        raw = (
            f"From: {sender}\nTo: {SUPPORT}\nSubject: Re: something else\n"
            f"Message-ID: <report-{next(_numbers)}@customers.example>\nMIME-Version: 1.0\n"
            f"Content-Type: multipart/report; report-type={kind}; boundary=b\n\n"
            f"--b\nContent-Type: message/{kind}\n\n{fields}\n"
            f"--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: {self.receipt['Message-ID']}\n--b--\n"
        )
        await send_raw(self.house.site.mail_port, raw.encode())

    async def messages(self) -> list[dict[str, Any]]:
        """Return what stands in the conversation."""
        found: list[dict[str, Any]] = (await self.house.supervisor.get(f"/interactions/{self.id}/messages"))["items"]
        return found

    async def delivery(self, state: str) -> tuple[str, str]:
        """Return the acknowledgement's state and status once it is `state`."""

        async def found() -> tuple[str, str] | None:
            one = next(each for each in await self.messages() if each["author"] == "bot")
            return (one["delivery"], one["delivery_status"]) if one["delivery"] == state else None

        return await eventually(found)

    async def customer_now(self) -> dict[str, Any]:
        """Return the customer."""
        id = (await self.house.supervisor.get(f"/interactions/{self.id}"))["customer"]["id"]
        found: dict[str, Any] = await self.house.supervisor.get(f"/customers/{id}")
        return found


async def acknowledged(house: House) -> Letter:
    customer = f"carl-{next(_numbers)}@customers.example"
    subject = f"A matter of {customer}"
    await send(house.site.mail_port, letter(customer, subject, "Where is my order?"))
    receipt = read(await house.sink.mail(lambda mail: is_automatic(mail) and mail.recipients == (customer,)))
    return Letter(house, customer, receipt, await house.interaction(subject=subject))


async def test_a_mail_that_comes_back_is_shown_as_such_and_its_address_as_taking_none_until_somebody_says_it_does(
    house: House,
) -> None:
    carl = await acknowledged(house)
    fields = f"Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; {carl.customer}\nAction: failed\nStatus: 5.1.1"
    await carl.reported("delivery-status", fields)
    assert await carl.delivery("bounced") == ("bounced", "5.1.1")
    said = await carl.messages()
    assert [(one["author"], one["report"]) for one in said] == [
        ("customer", None),
        ("bot", None),
        ("report", "bounced"),
    ]
    interaction = await house.supervisor.get(f"/interactions/{carl.id}")
    assert (interaction["state"], interaction["messages"]) == ("waiting", 3)
    shown = await carl.customer_now()
    assert shown["reachability"]["undeliverable"] == [carl.customer]
    changed = {"attributes": {"city": "Wilno"}}
    await house.supervisor.call("PATCH", f"/customers/{shown['id']}", changed)
    assert (await carl.customer_now())["reachability"]["undeliverable"] == [carl.customer]
    await house.supervisor.call("PATCH", f"/customers/{shown['id']}", {"clear": ["undeliverable"]})
    assert ((await carl.customer_now())["reachability"], (await carl.customer_now())["attributes"]) == (
        None,
        {"city": "Wilno"},
    )


async def test_a_customer_who_closed_his_conversation_is_not_back_because_a_program_says_that_he_read_a_mail(
    house: House,
) -> None:
    carl = await acknowledged(house)
    await house.supervisor.post(f"/interactions/{carl.id}/close", reason="solved")
    fields = (
        f"Original-Message-ID: {carl.receipt['Message-ID']}\nDisposition: manual-action/MDN-sent-manually; displayed"
    )
    await carl.reported("disposition-notification", fields, sender=carl.customer)
    assert await carl.delivery("read") == ("read", "")
    await carl.reported(
        "delivery-status", f"Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; {carl.customer}\nAction: delayed"
    )

    async def both() -> bool | None:
        return True if len(await carl.messages()) == 4 else None

    await eventually(both)
    assert (await carl.delivery("read"))[0] == "read"
    assert (await house.supervisor.get(f"/interactions/{carl.id}"))["state"] == "closed"


async def test_who_reports_a_mail_as_unwanted_gets_no_automatic_one_any_more(house: House) -> None:
    carl = await acknowledged(house)
    await carl.reported("feedback-report", "Feedback-Type: abuse\nVersion: 1", sender="fbl@provider.example")
    assert await carl.delivery("complained") == ("complained", "")
    assert (await carl.customer_now())["reachability"]["no_automatic_mail"] is True
    await send(house.site.mail_port, letter(carl.customer, "Once more", "Is anybody there?"))
    again = await house.interaction(subject="Once more")
    events = (await house.supervisor.get(f"/interactions/{again['id']}/events"))["items"]
    assert [one["data"]["reasons"] for one in events if one["type"] == "AutoReplySuppressed"] == [["complained"]]


async def test_who_is_away_is_so_until_he_writes_himself(house: House) -> None:
    carl = await acknowledged(house)
    away = letter(
        carl.customer,
        "Out of office",
        "I am back on 5 January 2031 or so; before that on 2.3.2029.",
        In_Reply_To=str(carl.receipt["Message-ID"]),
        Auto_Submitted="auto-replied",
    )
    await send(house.site.mail_port, away)

    async def is_away() -> dict[str, Any] | None:
        found: dict[str, Any] | None = (await carl.customer_now())["reachability"]
        return found

    assert (await eventually(is_away))["away"] is True
    assert [one["report"] for one in await carl.messages()] == [None, None, "away"]
    back = letter(carl.customer, "Re: order", "I am back!", In_Reply_To=str(carl.receipt["Message-ID"]))
    await send(house.site.mail_port, back)

    async def is_back() -> bool | None:
        return True if (await carl.customer_now())["reachability"] is None else None

    await eventually(is_back)
    assert [one["author"] for one in await carl.messages()] == ["customer", "bot", "report", "customer"]


@pytest.mark.needs_server("chromium")
async def test_an_agent_sees_what_became_of_his_mail_and_what_mail_to_the_customer_has_shown(
    house: House, windows: Windows
) -> None:
    anna = await Desk.at_work(windows, house.base, "anna")
    await anna.become_available()
    carl = await acknowledged(house)
    await anna.accept()
    fields = f"Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; {carl.customer}\nAction: failed\nStatus: 5.1.1"
    await carl.reported("delivery-status", fields)
    await expect(anna.thread.get_by_text("Came back: not deliverable (5.1.1)")).to_be_visible()
    await expect(anna.thread.get_by_text("Sender not checked").first).to_be_visible()
