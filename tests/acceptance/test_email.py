"""A letter and its answers, from the customer's server to the agent's screen and back."""

import pytest
from playwright.async_api import expect

from tests.acceptance.client import eventually
from tests.acceptance.house import House
from tests.acceptance.mails import is_automatic, letter, read, reply_to, send, text_of
from tests.acceptance.pages import Desk
from tests.acceptance.windows import Windows

CUSTOMER = "celia@customers.example"


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.needs_server("chromium")
async def test_a_letter_is_acknowledged_answered_and_answered_again_in_one_interaction(
    house: House, windows: Windows
) -> None:
    question = letter(
        f"Celia Customer <{CUSTOMER}>",
        "A fee that I do not know",
        "Good morning,\n\nthe invoice of May shows a fee.\n",
        Message_ID="<question@customers.example>",
    )
    anna = await Desk.at_work(windows, house.base, "anna")
    await anna.become_available()
    await send(house.site.mail_port, question)

    await expect(anna.offers).to_contain_text("A fee that I do not know")
    await expect(anna.offers).to_contain_text("billing")
    await expect(anna.offers.get_by_role("heading")).to_contain_text(" s")
    await anna.accept()
    await expect(anna.thread.get_by_role("heading", name="A fee that I do not know")).to_be_visible()
    await expect(anna.said.first).to_have_text("Good morning,\n\nthe invoice of May shows a fee.", use_inner_text=True)

    acknowledgement = read(await house.sink.mail(lambda mail: is_automatic(mail) and mail.recipients == (CUSTOMER,)))
    reference = (await house.interaction(subject="A fee that I do not know"))["reference"]
    assert acknowledgement["To"] == f"Celia Customer <{CUSTOMER}>"
    assert acknowledgement["In-Reply-To"] == "<question@customers.example>"
    assert reference in acknowledgement["Subject"]
    assert reference in text_of(acknowledgement)

    await anna.say("Good morning!\n\nIt was a mistake, and you get it back.")
    answer = await reply_to(house.sink, CUSTOMER)
    assert answer["To"] == f"Celia Customer <{CUSTOMER}>"
    assert answer["Subject"] == "Re: A fee that I do not know"
    assert answer["In-Reply-To"] == "<question@customers.example>"
    assert "<question@customers.example>" in answer["References"].split()
    assert text_of(answer) == "Good morning!\n\nIt was a mistake, and you get it back."
    await expect(anna.thread.get_by_text("Sent")).to_have_count(2)

    thanks = letter(
        f"Celia Customer <{CUSTOMER}>",
        str(answer["Subject"]),
        "Thank you!\n\n> It was a mistake, and you get it back.\n",
        Message_ID="<thanks@customers.example>",
        In_Reply_To=str(answer["Message-ID"]),
        References=f"{answer['References']} {answer['Message-ID']}",
    )
    await send(house.site.mail_port, thanks)
    await expect(anna.said.filter(has_text="Thank you!")).to_be_visible()
    assert [one["subject"] for one in await house.interactions(state="active")] == ["A fee that I do not know"]
    assert await house.interactions(subject=str(thanks["Subject"])) == []
    await anna.end()
    await anna.finish("refund")
    automatic = [mail for mail in house.sink.mails if mail.recipients == (CUSTOMER,) and is_automatic(mail)]
    assert len(automatic) == 1


@pytest.mark.asyncio(loop_scope="session")
async def test_a_program_that_writes_gets_no_automatic_answer(house: House) -> None:
    for sender, envelope_sender, headers in (
        ("robot@programs.example", None, {"Auto_Submitted": "auto-generated"}),
        ("list@programs.example", None, {"List_Id": "<news.programs.example>"}),
        ("mailer-daemon@programs.example", "", {}),
    ):
        mail = letter(sender, "From a program", "An invoice is ready.", **headers)
        await send(house.site.mail_port, mail, envelope_sender=envelope_sender)
    await send(house.site.mail_port, letter("late@customers.example", "From a person", "An invoice, please."))

    async def all_are_in() -> bool | None:
        found = [one for one in await house.interactions(medium="email") if one["subject"].startswith("From a")]
        return True if len(found) == 4 else None

    await eventually(all_are_in)
    await house.sink.mail(lambda mail: mail.recipients == ("late@customers.example",))
    assert [mail for mail in house.sink.mails if mail.recipients[0].endswith("@programs.example")] == []
