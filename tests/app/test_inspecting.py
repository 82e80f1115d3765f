"""What `centrala mail inspect` says of a file."""

from pathlib import Path

from app.inspecting import inspected
from tests.channels.email.mails import a_mail


def test_each_sign_of_automatic_mail_is_said_in_words(tmp_path: Path) -> None:
    file = tmp_path / "mail.eml"
    file.write_bytes(a_mail(auto_submitted="auto-replied", precedence="bulk", subject="Out of office"))
    (found,) = inspected([str(file)])
    automatic = found["automatic"]
    assert automatic == {
        "is_automatic": True,
        "signals": ["auto-submitted", "precedence", "subject"],
        "reasons": {
            "auto-submitted": "Auto-Submitted says that a program sent it",
            "precedence": "Precedence says bulk, junk, list or auto_reply",
            "subject": "its subject looks like an automatic reply’s; that alone decides nothing",
        },
    }


def test_our_own_servers_word_about_the_sender_counts_where_it_is_named(tmp_path: Path) -> None:
    file = tmp_path / "mail.eml"
    file.write_bytes(a_mail(authentication_results="mx.desk.example; dmarc=pass header.from=customer.example"))
    (believed,) = inspected([str(file)], ids=["mx.desk.example"])
    (unknown,) = inspected([str(file)])
    assert [each["trust"]["verdict"] for each in (believed, unknown)] == ["proven", "unchecked"]
