"""Reports on mails of ours say what became of which, to whom, whether they are in parts or in words."""

import pytest

from channels.email.bounce import COMPLAINT, READ, Bounce, bounce_of
from channels.email.parse import read_mail
from tests.channels.email.mails import a_mail

OURS = "<o-1.i-2@desk.example.org>"
RETURNED = f"--b\r\nContent-Type: message/rfc822\r\n\r\nTo: jan@first.example\r\nMessage-ID: {OURS}\r\n\r\nhello\r\n"
DAEMON = "Mail Delivery System <MAILER-DAEMON@mx.example>"


def report(raw: bytes) -> Bounce | None:
    mail = read_mail(raw)
    return bounce_of(raw, mail.root, mail.content.text)


def in_parts(fields: str, kind: str = "delivery-status", text: str = "Your mail.") -> bytes:
    body = f"--b\r\n\r\n{text}\r\n--b\r\nContent-Type: message/{kind}\r\n\r\n{fields}\r\n{RETURNED}--b--\r\n"
    return a_mail(body.encode(), content_type=f"multipart/report; report-type={kind}; boundary=b")


def in_words(text: str, subject: str = "Mail delivery failed", sender: str = DAEMON) -> bytes:
    return a_mail(text.encode(), remove=("from",), extra=(("From", sender),), subject=subject)


def test_the_first_recipient_who_was_not_reached_counts() -> None:
    fields = (
        "Reporting-MTA: dns; mx.example\r\n\r\n"
        "Final-Recipient: rfc822; ola@first.example\r\nAction: relayed\r\nStatus: 2.0.0\r\n\r\n"
        "Original-Recipient: rfc822;jan@first.example\r\nFinal-Recipient: rfc822; jan@second.example\r\n"
        "Action: failed\r\nStatus: 5.0.0\r\nDiagnostic-Code: smtp; 550\r\n 5.1.1 no such user\r\n"
    )
    assert report(in_parts(fields)) == Bounce("5.1.1", "failed", "jan@first.example", message_id=OURS)


@pytest.mark.parametrize(
    "fields, expected",
    [
        ("Final-Recipient: a@b.example\r\nAction: delayed\r\nStatus: 4.4.7", ("4.4.7", "delayed", "a@b.example")),
        ("Final-Recipient: a@b.example\r\nAction: delivered\r\nStatus: 2.1.5", ("2.1.5", "delivered", "a@b.example")),
        ("Final-Recipient: a@b.example\r\nStatus: 5.2.2", ("5.2.2", "failed", "a@b.example")),
        ("Reporting-MTA: dns; x", ("5.0.0", "failed", "jan@first.example")),
        ("", ("5.0.0", "failed", "jan@first.example")),
    ],
)  # fmt: skip
def test_reports_in_parts_are_read_as_they_say(fields: str, expected: tuple[str, str, str]) -> None:
    assert report(in_parts(fields)) == Bounce(*expected, message_id=OURS)


WORDS = [
    ("<jan@first.example>:\n550 sorry, no mailbox here by that name", "5.1.1"),
    ("jan@first.example\n  SMTP error: 552 5.2.2 over quota", "5.2.2"),
    ("The mailbox of <jan@first.example> is full.", "5.2.2"),
    ("could not be delivered to: <jan@first.example>\nHost or domain name not found", "5.1.2"),
    ("We could not deliver to jan@first.example: 554 message rejected as spam", "5.7.1"),
    ("jan@first.example: message size exceeds the limit", "5.3.4"),
    ("Twoja wiadomość nie została dostarczona do jan@first.example: użytkownik nie istnieje", "5.1.1"),
    ("Laiško jan@first.example pristatyti nepavyko: pašto dėžutė perpildyta", "5.2.2"),
    ("A levelet nem sikerült kézbesíteni: jan@first.example nem létezik", "5.1.1"),
    ("Письмо не может быть доставлено: jan@first.example не существует", "5.1.1"),
]


@pytest.mark.parametrize("words, status", WORDS)
def test_reports_in_words_are_known_by_their_sender(words: str, status: str) -> None:
    text = (
        f"Sorry.\n\n{words}\n\n--- Below this line is a copy of the message.\n\nTo: x@y.example\nMessage-ID: {OURS}\n"
    )
    assert report(in_words(text)) == Bounce(status, "failed", "jan@first.example", message_id=OURS)


def test_what_is_tried_again_is_delayed() -> None:
    text = "Your mail to <jan@first.example> has not yet been delivered, we will keep trying.\nConnection timed out\n"
    assert report(in_words(text, "Warning: could not send mail")) == Bounce("4.4.1", "delayed", "jan@first.example")


def test_what_the_receiver_was_told_stands_in_the_reports_header() -> None:
    raw = a_mail(b"Sorry.", extra=(("X-Failed-Recipients", "jan@first.example"),))
    assert report(raw) == Bounce("5.0.0", "failed", "jan@first.example")


def test_reading_is_reported_by_programs() -> None:
    fields = (
        "Final-Recipient: rfc822; jan@first.example\r\n"
        f"Original-Message-ID: {OURS}\r\nDisposition: manual-action/MDN-sent-manually; displayed/error\r\n"
    )
    found = report(in_parts(fields, "disposition-notification"))
    assert found == Bounce("", "displayed", "jan@first.example", READ, OURS)
    assert found is not None
    assert not found.is_bounce


def test_complaints_name_whom_we_wrote_to() -> None:
    found = report(in_parts("Feedback-Type: abuse\r\nOriginal-Rcpt-To: ola@first.example\r\n", "feedback-report"))
    assert found == Bounce("", "complaint", "ola@first.example", COMPLAINT, OURS)
    found = report(in_parts("Feedback-Type: abuse\r\n", "feedback-report"))
    assert found == Bounce("", "complaint", "jan@first.example", COMPLAINT, OURS)


@pytest.mark.parametrize(
    "subject, text",
    [
        ("My mail came back", "I wrote to you and got: 550 5.1.1 user unknown"),
        ("Re: Undeliverable: order", "It failed to deliver again, why?"),
        ("Delivery", "My parcel was not delivered, the mailbox was full."),
        ("Where is my delivery?", "The status says: failed delivery."),
    ],
)
def test_people_who_write_about_failures_are_people(subject: str, text: str) -> None:
    assert report(in_words(text, subject, "Anna <anna@customer.example>")) is None
