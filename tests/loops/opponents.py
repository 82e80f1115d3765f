"""Twelve programs that answer whatever comes, each in its own way (reliability.md section 4.2)."""

from collections.abc import Callable, Iterator
from email.message import EmailMessage

import msgspec

SITE = "support@site.example"
MACHINE = "machine@outside.example"


class Reply(msgspec.Struct, frozen=True):
    """A mail that goes to the site, and the sender of its envelope ("": the null one)."""

    envelope_sender: str
    mail: EmailMessage
    to: str = SITE


Answering = Callable[[EmailMessage, int], Iterator[Reply]]


class Opponent(msgspec.Struct, frozen=True):
    """A program. `answers` gets a mail of the site and a number that is new each time."""

    name: str
    answers: Answering
    begins: str = MACHINE
    """Who writes first, so that there is something to answer."""


def mail(sender: str, subject: str, text: str, number: int, **headers: str) -> EmailMessage:
    """Return a mail to the site."""
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = sender, SITE, subject
    made["Message-ID"] = f"<{number}.{sender.replace('@', '.')}@outside.example>"
    for name, value in headers.items():
        made[name.replace("_", "-")] = value
    made.set_content(text)
    return made


def plain_vacation(got: EmailMessage, number: int) -> Iterator[Reply]:
    """Somebody's home-made vacation: no header says what it is, and it answers where one is asked to."""
    answer = mail(MACHINE, f"Re: {got['Subject']}", "I am at the sea.", number)
    del answer["To"]
    answer["To"] = str(got["Reply-To"])
    yield Reply(MACHINE, answer, str(got["Reply-To"]))


def changing_subject(got: EmailMessage, number: int) -> Iterator[Reply]:
    """It puts something new into each subject."""
    yield Reply(MACHINE, mail(MACHINE, f"I am away, case {number}", "Back soon.", number))


def no_references(got: EmailMessage, number: int) -> Iterator[Reply]:
    """It keeps the subject, and names no mail."""
    yield Reply(MACHINE, mail(MACHINE, f"Re: {got['Subject']}", "Noted.", number))


def new_address_each_time(got: EmailMessage, number: int) -> Iterator[Reply]:
    """Each answer is from an address that nobody has seen."""
    sender = f"machine-{number}@outside.example"
    yield Reply(sender, mail(sender, f"Re: {got['Subject']}", "Noted.", number))


def mailer_daemon(got: EmailMessage, number: int) -> Iterator[Reply]:
    """A bounce with an empty subject."""
    text = f"Undeliverable.\n\n  Message-ID: {got['Message-ID']}\n"
    yield Reply("", mail("MAILER-DAEMON@outside.example", "", text, number))


def bounce_from_nobody(got: EmailMessage, number: int) -> Iterator[Reply]:
    """A bounce that says nothing of a return path, from an address that looks like a person's."""
    yield Reply("mx@outside.example", mail("mx@outside.example", "Sorry", "550 5.1.1 User unknown", number))


def list_that_reflects(got: EmailMessage, number: int) -> Iterator[Reply]:
    """A mailing list with the site among its members."""
    text = got.get_content() if not got.is_multipart() else ""
    reflected = mail(SITE, f"[list] {got['Subject']}", text, number, List_Id="<all.outside.example>", Precedence="list")
    yield Reply("all-bounces@outside.example", reflected)


def alias_to_our_inbox(got: EmailMessage, number: int) -> Iterator[Reply]:
    """An alias that brings the site's mail back to it as it is."""
    yield Reply("", got)


def challenge(got: EmailMessage, number: int) -> Iterator[Reply]:
    """A filter that wants to know whether a person wrote."""
    text = "Please answer this mail to prove that you are a person."
    yield Reply(MACHINE, mail(MACHINE, f"Please confirm {number}", text, number, In_Reply_To=str(got["Message-ID"])))


def exchange_oof(got: EmailMessage, number: int) -> Iterator[Reply]:
    """Exchange, whose user is away."""
    headers = {"Auto_Submitted": "auto-generated", "X_Auto_Response_Suppress": "All"}
    answer = mail(MACHINE, f"Automatic reply: {got['Subject']}", "I am out of the office.", number, **headers)
    answer["In-Reply-To"] = str(got["Message-ID"])
    yield Reply("", answer)


def echo(got: EmailMessage, number: int) -> Iterator[Reply]:
    """A server that sends everything back under its own name and id, without any header that says so."""
    yield Reply(MACHINE, mail(MACHINE, str(got["Subject"]), got.get_content(), number))


OPPONENTS = (
    Opponent("vacation without headers", plain_vacation),
    Opponent("vacation with another subject each time", changing_subject),
    Opponent("responder that strips References", no_references),
    Opponent("responder from a new address each time", new_address_each_time),
    Opponent("bounce from MAILER-DAEMON without a subject", mailer_daemon),
    Opponent("bounce without a return path", bounce_from_nobody, begins="mx@outside.example"),
    Opponent("list that reflects to us", list_that_reflects),
    Opponent("alias of our outbox to our inbox", alias_to_our_inbox),
    Opponent("challenge and response", challenge),
    Opponent("Exchange out of office", exchange_oof),
    Opponent("echo that rewrites the Message-ID", echo),
)
"""All but the twelfth, another site like ours."""
