"""`mail inspect` prints what contract.md says of any mail."""

import hashlib
import json

import pytest

from channels.email.inspect import inspect
from tests.channels.email.mails import a_mail

KEYS = [
    "file", "message_id", "subject", "date", "from", "reply_to", "to", "cc", "in_reply_to", "references", "text",
    "reply_text", "html", "language", "attachments", "automatic", "trust", "bounce", "marks", "senders",
    "forwarded_from", "invitations", "defects",
]  # fmt: skip

REPORT = b"""\
--b
Content-Type: text/plain

Your mail could not be delivered.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; <anna@customer.example>
Action: Failed (for good)
Status: 5.1.1 (no such mailbox)
--b
Content-Type: message/rfc822

Subject: original
--b--
"""


def test_every_field_is_there() -> None:
    raw = a_mail(
        b"--b\r\n\r\nhello\r\n\r\n-- \r\nAnna\r\n--b\r\nContent-Type: text/csv; name=a.csv\r\n\r\na;b\r\n--b--\r\n",
        content_type="multipart/mixed; boundary=b",
        cc="Jan <jan@customer.example>",
        reply_to="other@customer.example",
        in_reply_to="<b@x>",
        references="<a@x> <b@x>",
    )
    found = inspect(raw, file="a.eml")
    assert list(found) == KEYS
    assert found == {
        "file": "a.eml",
        "message_id": "<one@customer.example>",
        "subject": "My order",
        "date": "Sun, 1 Mar 2026 09:30:00 +0100",
        "from": {"name": "Anna Example", "address": "anna@customer.example"},
        "reply_to": [{"name": "", "address": "other@customer.example"}],
        "to": [{"name": "", "address": "support@desk.example.org"}],
        "cc": [{"name": "Jan", "address": "jan@customer.example"}],
        "in_reply_to": "<b@x>",
        "references": ["<a@x>", "<b@x>"],
        "text": "hello\n\n-- \nAnna",
        "reply_text": "hello",
        "html": None,
        "language": None,
        "attachments": [
            {
                "filename": "a.csv",
                "content_type": "text/csv",
                "size": 3,
                "md5": hashlib.md5(b"a;b", usedforsecurity=False).hexdigest(),
                "sha256": hashlib.sha256(b"a;b").hexdigest(),
                "content_id": None,
                "inline": False,
            }
        ],
        "automatic": {"is_automatic": False, "signals": [], "reasons": {}},
        "trust": {
            "verdict": "unchecked",
            "spf": "none",
            "dkim": "none",
            "dmarc": "none",
            "domain": "customer.example",
            "why": "no_results",
        },
        "bounce": None,
        "marks": ["reply-to-differs"],
        "senders": [],
        "forwarded_from": None,
        "invitations": [],
        "defects": [],
    }


def test_delivery_report_is_read() -> None:
    raw = a_mail(REPORT, content_type="multipart/report; report-type=delivery-status; boundary=b")
    found = inspect(raw, file="-")
    assert found["bounce"] == {
        "is_bounce": True,
        "status": "5.1.1",
        "action": "failed",
        "recipient": "anna@customer.example",
    }
    assert found["automatic"] == {"is_automatic": True, "signals": ["report"], "reasons": {}}


def test_report_of_success_is_no_bounce() -> None:
    raw = a_mail(REPORT.replace(b"Failed (for good)", b"delivered"), content_type="multipart/report; boundary=b")
    bounce = inspect(raw, file="-")["bounce"]
    assert isinstance(bounce, dict)
    assert (bounce["is_bounce"], bounce["action"]) == (False, "delivered")


def test_report_of_an_old_server_is_known_by_its_sender_and_text() -> None:
    text = b"Hi. I wasn't able to deliver your message.\n<anna@customer.example>:\n550 5.1.1 User unknown\n"
    assert inspect(a_mail(text, sender="MAILER-DAEMON@mx.example", remove=("from",)), file="-")["bounce"] == {
        "is_bounce": True,
        "status": "5.1.1",
        "action": "failed",
        "recipient": "anna@customer.example",
    }
    assert inspect(a_mail(text), file="-")["bounce"] is None


@pytest.mark.parametrize("raw", [b"", b"\0", b"\r\n\r\n", b"\xff" * 1_000, b"no header at all", b": x\r\n"])
def test_no_mail_at_all_is_printed_too(raw: bytes) -> None:
    assert list(json.loads(json.dumps(inspect(raw, file="-")))) == KEYS
