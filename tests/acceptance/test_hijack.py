"""Strangers who try to write into somebody's conversation, or to read it, by mail (reliability.md 4.3).

Each knows something that the customer's mails show to whoever gets a copy: ids, reply addresses, numbers. Nothing of
what they send counts as the customer's, and nothing of it goes to them.
"""

import asyncio
import re
from collections.abc import Sequence
from email.message import EmailMessage
from email.utils import make_msgid
from itertools import count
from smtplib import LMTP
from typing import Any

import pytest
import pytest_asyncio

from tests.acceptance.client import Api, eventually
from tests.acceptance.house import House
from tests.acceptance.mails import is_automatic, letter, read, text_of
from tests.acceptance.site import PASSWORD
from tests.servers.ports import free_port

LMTP_PORT = free_port()
_numbers = count(1)

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture(scope="module")
def house_settings() -> dict[str, Any]:
    """A server of ours hands mail over by LMTP, and writes under its name what it found out about the sender."""
    receive = f'{{ protocol = "lmtp", port = {LMTP_PORT} }}\nauthserv_id = ["mx.test.example"]'
    return {"receive": receive, "ring": "0s"}


class Post:
    """The mail server before the site: it checks who sends, and hands over."""

    def __init__(self, house: House, number: int) -> None:
        self.house = house
        self.number = number
        """Of the test: nobody is the same in two of them, for one address gets only so many automatic replies."""
        self.eve = f"eve-{number}@evil.example"

    async def brings(self, mail: EmailMessage, *, proves: str | None) -> None:
        """Hand `mail` over as one whose sender is proven by the domain `proves`, or by nothing."""
        claimed = str(mail["From"]).rpartition("@")[2].strip(">")
        result = "pass" if proves == claimed else "fail"
        mail["Authentication-Results"] = f"mx.test.example; dmarc={result} header.from={claimed}"

        def hand_over() -> None:
            with LMTP("127.0.0.1", LMTP_PORT) as server:
                server.send_message(mail, from_addr=str(mail["From"]), to_addrs=["support@test.example"])

        await asyncio.to_thread(hand_over)

    async def begins(self, name: str = "celia") -> "Conversation":
        """Let `name` write; return what he, and all who get copies, can see of it."""
        sender = f"{name}-{self.number}@customers.example"
        subject = f"A contract of {sender}"
        question = letter(sender, subject, "What does it cost?", Message_ID=make_msgid(domain="customers.example"))
        await self.brings(question, proves="customers.example")
        acknowledgement = read(
            await self.house.sink.mail(
                lambda mail: is_automatic(mail) and read(mail)["In-Reply-To"] == question["Message-ID"]
            )
        )
        return Conversation(
            self, sender, (await self.house.interaction(subject=subject))["id"], question, acknowledgement
        )


class Conversation:
    """What was said with a customer so far, and what he got."""

    def __init__(
        self, post: Post, customer: str, id: str, question: EmailMessage, acknowledgement: EmailMessage
    ) -> None:
        self.post, self.house = post, post.house
        self.customer, self.id, self.question, self.acknowledgement = customer, id, question, acknowledgement

    @property
    def ours(self) -> str:
        """Return the Message-ID of a mail of ours in it."""
        return str(self.acknowledgement["Message-ID"])

    @property
    def reply_to(self) -> str:
        """Return the address with its customer's token."""
        return str(self.acknowledgement["Reply-To"])

    async def messages(self) -> list[dict[str, Any]]:
        """Return what stands in it."""
        found: list[dict[str, Any]] = (await self.house.supervisor.get(f"/interactions/{self.id}/messages"))["items"]
        return found

    async def gets(self, mail: EmailMessage, *, proves: str | None) -> dict[str, Any]:
        """Let `mail` be handed over and return it as it stands wherever it went."""
        await self.post.brings(mail, proves=proves)
        text = mail.get_content().strip()

        async def found() -> dict[str, Any] | None:
            for one in await self.house.interactions():
                said = (await self.house.supervisor.get(f"/interactions/{one['id']}/messages"))["items"]
                for message in said:
                    if message["text"].strip() == text:
                        return {**message, "interaction": one}
            return None

        return await eventually(found)

    async def answered(self, text: str, copies: Sequence[str] = ()) -> tuple[str, ...]:
        """Let an agent answer in it, with `copies` to others; return who gets that."""
        async with Api(self.house.base) as anna:
            await anna.log_in("anna", PASSWORD)
            await anna.post("/agents/anna/presence", presence="available", lease="5m")
            await self.house.supervisor.call("POST", f"/interactions/{self.id}/assign", {"agent": "anna"})

            async def hers() -> bool | None:
                one = await self.house.supervisor.get(f"/interactions/{self.id}")
                return True if (one["state"], one["agent"]) == ("active", "anna") else None

            await eventually(hers)
            await anna.post(f"/interactions/{self.id}/messages", kind="reply", text=text, cc=list(copies))

            async def sent() -> tuple[str, ...] | None:
                mails = [mail for mail in self.house.sink.mails if text.encode() in mail.raw]
                gets = tuple(sorted(address for mail in mails for address in mail.recipients))
                return gets if len(gets) > len(copies) else None

            return await eventually(sent)

    async def is_as_it_was(self) -> None:
        """Check that it is still its customer's, and that whatever is sent goes to him alone."""
        assert (await self.house.supervisor.get(f"/interactions/{self.id}"))["customer"]["email"] == self.customer
        assert await self.answered(f"It costs nothing, {self.id}.") == (self.customer,)
        assert all(self.post.eve not in mail.recipients for mail in self.house.sink.mails)


@pytest_asyncio.fixture(loop_scope="session")
async def post(house: House) -> Post:
    house.sink.mails.clear()
    return Post(house, next(_numbers))


def third_party(found: dict[str, Any]) -> tuple[bool, str]:
    """Return whether a message is marked as a third party's, and the verdict on its sender."""
    return found["trust"]["third_party"], found["trust"]["verdict"]


async def test_the_customer_himself_goes_on_with_his_conversation(post: Post) -> None:
    celia = await post.begins()
    mail = letter(celia.customer, "Re: contract", "And how long does it last?", In_Reply_To=celia.ours)
    found = await celia.gets(mail, proves="customers.example")
    assert (found["interaction"]["id"], third_party(found)) == (celia.id, (False, "proven"))
    await celia.is_as_it_was()


async def test_a_stranger_who_has_seen_an_id_of_ours_writes_as_a_third_party(post: Post) -> None:
    celia = await post.begins()
    mail = letter(
        post.eve, "Re: contract", "Send the contract to me, too.", In_Reply_To=celia.ours, References=celia.ours
    )
    found = await celia.gets(mail, proves="evil.example")
    assert (found["interaction"]["id"], third_party(found)) == (celia.id, (True, "proven"))
    await celia.is_as_it_was()


async def test_whom_an_agent_sent_a_copy_takes_part_once_proven_and_answers_still_go_to_the_customer(
    post: Post,
) -> None:
    celia = await post.begins()
    dora = f"dora-{post.number}@partners.example"
    text = f"Dora knows it, {celia.id}."
    assert await celia.answered(text, copies=(dora,)) == (celia.customer, dora)
    sent = len(post.house.sink.mails)
    to_both = {"In_Reply_To": celia.ours, "Cc": f"Celia <{celia.customer}>"}
    found = await celia.gets(letter(dora, "Re: contract", "It lasts a year.", **to_both), proves="partners.example")
    assert (found["interaction"]["id"], third_party(found)) == (celia.id, (False, "proven"))
    assert (found["trust"]["participant"], found["also_to"]) == (
        True,
        [{"name": "Celia", "address": celia.customer}],
    )
    found = await celia.gets(letter(dora, "Re: contract", "It lasts for ever.", **to_both), proves="evil.example")
    assert (found["interaction"]["id"], third_party(found)) == (celia.id, (True, "failed"))
    assert found["trust"]["participant"] is False
    found = await celia.gets(letter(post.eve, "Re: contract", "No, a day.", **to_both), proves="evil.example")
    assert (found["interaction"]["id"], third_party(found)) == (celia.id, (True, "proven"))
    assert len(post.house.sink.mails) == sent
    await celia.is_as_it_was()


async def test_a_number_in_a_subject_and_in_made_up_ids_opens_nothing(post: Post) -> None:
    celia = await post.begins()
    number = (await post.house.supervisor.get(f"/interactions/{celia.id}"))["reference"]
    mail = letter(
        post.eve,
        f"Re: [{number}] {celia.question['Subject']}",
        f"What is the state of {number}?",
        In_Reply_To=f"<{celia.id}@test.example>",
        References=f"<{number}@test.example> <o-1.{celia.id}.{'a' * 24}@test.example> {celia.question['Message-ID']}",
    )
    found = await celia.gets(mail, proves="evil.example")
    assert found["interaction"]["id"] != celia.id
    assert (await celia.messages())[-1]["author"] != "customer"
    to_eve = read(await post.house.sink.mail(lambda sent: sent.recipients == (post.eve,)))
    said = f"{to_eve['Subject']} {text_of(to_eve)}"
    assert re.search(rf"{number}\b", said) is None
    assert "What is the state" not in said


async def test_a_stranger_in_the_customers_name_with_himself_in_copy_gets_nothing_and_changes_nothing(
    post: Post,
) -> None:
    celia = await post.begins()
    mail = letter(celia.customer, "Re: contract", "Please tell my colleague.", In_Reply_To=celia.ours, Cc=post.eve)
    found = await celia.gets(mail, proves="evil.example")
    assert (found["interaction"]["id"], third_party(found)) == (celia.id, (True, "failed"))
    await celia.is_as_it_was()


async def test_a_stranger_who_begins_in_the_customers_name_brings_no_mail_to_anybody(post: Post) -> None:
    celia = await post.begins()
    sent = len(post.house.sink.mails)
    mail = letter(celia.customer, "A new matter", "Please confirm it to us both.", Cc=post.eve, Reply_To=post.eve)
    found = await celia.gets(mail, proves="evil.example")
    assert (found["interaction"]["id"] != celia.id, found["trust"]["verdict"]) == (True, "failed")
    explained = await post.house.supervisor.get(f"/interactions/{found['interaction']['id']}/events")
    suppressed = [event for event in explained["items"] if event["type"] == "AutoReplySuppressed"]
    assert [event["data"]["reasons"] for event in suppressed] == [["unauthenticated"]]
    assert len(post.house.sink.mails) == sent


async def test_a_stranger_whose_mail_says_that_a_program_wrote_it_is_no_less_a_stranger(post: Post) -> None:
    celia = await post.begins()
    mail = letter(
        post.eve, "Out of office", "Write to my new address.", In_Reply_To=celia.ours, Auto_Submitted="auto-replied"
    )
    found = await celia.gets(mail, proves="evil.example")
    assert (found["interaction"]["id"], found["report"], third_party(found)) == (celia.id, "away", (True, "proven"))
    assert (await post.house.supervisor.get(f"/interactions/{celia.id}"))["customer"]["reachability"] is None


async def test_a_thousand_ids_around_a_customers_own_find_no_way_in(post: Post) -> None:
    celia = await post.begins()
    guesses = [f"<o-{at}.{celia.id}.{'a' * 24}@test.example>" for at in range(500)]
    others = [f"<{at}@customers.example>" for at in range(499)]
    mail = letter(post.eve, "Re: all", "Which of them is it?")
    mail["References"] = " ".join([*guesses, str(celia.question["Message-ID"]), *others])
    found = await celia.gets(mail, proves="evil.example")
    assert found["interaction"]["id"] != celia.id
    assert [said["author"] for said in await celia.messages()] == ["customer", "bot"]


async def test_a_mail_under_the_id_of_another_one_stands_beside_it_and_hides_neither_it_nor_its_answers(
    post: Post,
) -> None:
    celia = await post.begins()
    mail = letter(post.eve, "Hello", "I was here first.", Message_ID=str(celia.question["Message-ID"]))
    found = await celia.gets(mail, proves="evil.example")
    assert found["interaction"]["id"] != celia.id
    again = letter(celia.customer, "One more thing", "Is it still so?", In_Reply_To=str(celia.question["Message-ID"]))
    found = await celia.gets(again, proves="customers.example")
    assert (found["interaction"]["id"], third_party(found)) == (celia.id, (False, "proven"))


async def test_a_reply_address_of_one_conversation_opens_no_other_one(post: Post) -> None:
    celia, dora = await post.begins(), await post.begins("dora")
    mail = letter(dora.customer, "Re: contract", "I am in both of them.", In_Reply_To=celia.ours)
    del mail["To"]
    mail["To"] = dora.reply_to
    found = await celia.gets(mail, proves="customers.example")
    assert (found["interaction"]["id"], third_party(found)) == (celia.id, (True, "proven"))
    await celia.is_as_it_was()


async def test_who_was_given_the_reply_address_of_a_customer_writes_as_a_third_party(post: Post) -> None:
    celia = await post.begins()
    mail = letter(f"dora-{post.number}@customers.example", "Re: contract", "Somebody gave me this address.")
    del mail["To"]
    mail["To"] = celia.reply_to
    found = await celia.gets(mail, proves="customers.example")
    assert (found["interaction"]["id"], third_party(found)) == (celia.id, (True, "proven"))
    await celia.is_as_it_was()
    mail = letter(post.eve, "Re: contract", "I made it up.")
    del mail["To"]
    mail["To"] = celia.reply_to.replace(celia.reply_to[-20], "a" if celia.reply_to[-20] != "a" else "b")
    found = await celia.gets(mail, proves="evil.example")
    assert found["interaction"]["id"] != celia.id
