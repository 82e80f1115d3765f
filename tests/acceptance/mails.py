"""Mails as customers' programs write and read them."""

import asyncio
import smtplib
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime, localtime, make_msgid

from channels.email.listener import Delivery
from tests.acceptance.client import Sink

SUPPORT = "support@test.example"


def letter(sender: str, subject: str, text: str, **headers: str) -> EmailMessage:
    """Return a mail to the site; `headers` with `_` for `-`. Without an id of its own, two alike would be one."""
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = SUPPORT
    mail["Subject"] = subject
    mail["Date"] = format_datetime(localtime())
    for name, value in {"Message_ID": make_msgid(domain="customers.example"), **headers}.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail


async def send(port: int, mail: EmailMessage, *, envelope_sender: str | None = None) -> None:
    """Hand a mail over as its sender's server does. `envelope_sender`: "" for the null sender."""

    def deliver() -> None:
        with smtplib.SMTP("127.0.0.1", port, timeout=20) as server:
            server.send_message(mail, from_addr=envelope_sender)

    await asyncio.to_thread(deliver)


async def send_raw(port: int, raw: bytes, *, envelope_sender: str = "") -> None:
    """Hand over a mail to the site, written with \\n between its lines."""

    def deliver() -> None:
        with smtplib.SMTP("127.0.0.1", port, timeout=20) as server:
            server.sendmail(envelope_sender, [SUPPORT], raw.replace(b"\n", b"\r\n"))

    await asyncio.to_thread(deliver)


def read(delivery: Delivery) -> EmailMessage:
    """Return a mail that went out as its recipient's program reads it."""
    read = message_from_bytes(delivery.raw, policy=policy.default)
    assert isinstance(read, EmailMessage)
    return read


def is_automatic(delivery: Delivery) -> bool:
    """Tell whether a mail says that no person wrote it."""
    return str(read(delivery)["Auto-Submitted"] or "no") != "no"


async def reply_to(sink: Sink, customer: str) -> EmailMessage:
    """Return what a person answered to `customer`, once it is out."""
    return read(await sink.mail(lambda mail: mail.recipients == (customer,) and not is_automatic(mail)))


def text_of(mail: EmailMessage) -> str:
    """Return the plain text, without the line ends of the wire and the signature."""
    body = mail.get_body(("plain",))
    assert body is not None
    return "\n".join(body.get_content().strip().splitlines()).partition("\n\n-- \n")[0]
