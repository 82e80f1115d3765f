"""What programs say about mails of ours: which mail it is, and what became of it."""

import pytest

from channels.email.away import away_until
from channels.email.thread import message_id
from channels.message import Report
from tests.channels.email.mails import INTERACTION, NOW, a_mail, parsed
from vocabulary.instants import instant_of

OURS = message_id("o-first", INTERACTION, key=b"k" * 32, domain="desk.example.org")
RETURNED = f"Received: by mx\nFrom: support@desk.example.org\nMessage-ID:\n {OURS}\nSubject: <fake@desk.example.org>\n"


def report(kind: str, fields: str, *, returned: str = "text/rfc822-headers", encoding: str = "7bit") -> Report | None:
    body = (
        f"--b\nContent-Type: text/plain\n\nSee below.\n--b\nContent-Type: message/{kind}\n\n{fields}\n"
        f"--b\nContent-Type: {returned}\nContent-Transfer-Encoding: {encoding}\n\n{RETURNED}\n--b--\n"
    )
    mail = a_mail(body.encode(), content_type=f"multipart/report; report-type={kind}; boundary=b")
    return parsed(mail).report


@pytest.mark.parametrize("returned", ["text/rfc822-headers", "message/rfc822"])
@pytest.mark.parametrize(
    ("action", "status", "kind"),
    [
        ("failed", "5.1.1", "bounced"),
        ("failed", "5.2.2", "bounced"),
        ("delayed", "4.4.1", "delayed"),
        ("delivered", "2.0.0", "delivered"),
        ("relayed", "2.0.0", "delivered"),
    ],
)
def test_a_delivery_report_says_what_became_of_the_mail_that_it_returns(
    returned: str, action: str, status: str, kind: str
) -> None:
    fields = (
        f"Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; anna@customer.example\nAction: {action}\nStatus: {status}"
    )
    found = report("delivery-status", fields, returned=returned)
    assert found == Report(kind=kind, status=status, recipient="anna@customer.example", about=(OURS,))  # type: ignore[arg-type]  # one of its kinds


def test_a_reader_who_lets_his_program_say_so_has_read_it() -> None:
    fields = f"Original-Message-ID: {OURS}\nDisposition: manual-action/MDN-sent-manually; displayed"
    found = report("disposition-notification", fields)
    assert found == Report(kind="read", about=(OURS,))
    deleted = report("disposition-notification", fields.replace("displayed", "deleted"))
    assert deleted == Report(kind="automatic", about=(OURS,))


def test_a_complaint_is_about_the_mail_that_it_encloses() -> None:
    assert report("feedback-report", "Feedback-Type: abuse", returned="message/rfc822") == Report(
        kind="complained", about=(OURS,)
    )
    assert report("feedback-report", "Feedback-Type: not-spam", returned="message/rfc822") == Report(
        kind="automatic", about=(OURS,)
    )


def test_a_bounce_of_an_old_server_is_read_from_its_text() -> None:
    text = f"Hi. This is the mail program.\nanna@customer.example:\nUser unknown 5.1.1\n\n--- Copy:\n{RETURNED}\n"
    found = parsed(a_mail(text.encode(), remove=("from",), extra=(("From", "MAILER-DAEMON@mx.example"),)))
    assert found.report == Report(kind="bounced", status="5.1.1", recipient="anna@customer.example", about=(OURS,))


def test_an_answer_of_a_program_is_about_the_mail_that_it_answers() -> None:
    def found(subject: str, text: str = "Thanks.", *headers: tuple[str, str]) -> Report | None:
        return parsed(a_mail(text.encode(), subject=subject, in_reply_to=OURS, extra=headers)).report

    assert found("Re: My order") is None
    assert found("Out of office", "Back on 3 April.", ("Auto-Submitted", "auto-replied (vacation)")) == Report(
        kind="away", about=(OURS,), until=instant_of("2026-04-03T12:00:00Z")
    )
    assert found("Ticket 7", "It is open.", ("Auto-Submitted", "auto-replied")) == Report(
        kind="automatic", about=(OURS,)
    )
    assert found("Anna commented", "So.", ("Auto-Submitted", "auto-generated")) is None
    assert found("News", "So.", ("List-Id", "<n.example>"), ("Auto-Submitted", "auto-replied")) is None


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("I am back on 2026-03-09.", "2026-03-09"),
        ("Out from 1 March to 9 March 2026; ask Joe.", "2026-03-09"),
        ("I will return March 9th.", "2026-03-09"),
        ("Jestem na urlopie do 9 marca, wracam 10.03.2026.", "2026-03-10"),
        ("Nieobecny do 2 października 2026 r.", "2026-10-02"),
        ("Atostogauju iki kovo 9 d.", "2026-03-09"),
        ("Szabadságon vagyok 2026. 03. 09-ig.", "2026-03-09"),
        ("Március 9-ig nem vagyok bent.", "2026-03-09"),
        ("Буду в отпуске до 9 марта.", "2026-03-09"),
        ("Back on 5 January.", "2027-01-05"),
        ("I am away. Call 31 12 99 or +48 22 1.", None),
        ("Since 1 February 2026 I work elsewhere.", None),
        ("It ends on 31.02.2026 or 2030-01-01.", None),
        ("", None),
    ],
)
def test_who_is_away_is_so_until_the_last_day_that_he_names(text: str, day: str | None) -> None:
    assert away_until(text, NOW) == (None if day is None else instant_of(f"{day}T12:00:00Z"))


def test_endless_texts_are_read_as_far_as_somebody_would() -> None:
    assert away_until("1 March " * 100_000, NOW) is not None
    long = b"message-id: <x>\n " * 20_000
    found = parsed(a_mail(long, subject="Out of office", auto_submitted="auto-replied")).report
    assert found is not None
    assert len(found.about) <= 50
