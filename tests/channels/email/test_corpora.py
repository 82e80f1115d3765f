"""Public mails of all kinds, where CENTRALA_DATA names the folder that holds them."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from channels.email.inspect import inspect
from channels.email.markup import text_of
from channels.email.reply import reply_text
from tests.channels.email.mails import parsed

CORPORA = ["flanker", "ruby_mail", "sisimai", "spamassassin_sample", "talon"]


def files(corpus: str, pattern: str = "**/*") -> Iterator[Path]:
    folder = os.environ.get("CENTRALA_DATA")
    if not folder or not (Path(folder) / "mail" / corpus).is_dir():
        pytest.skip("CENTRALA_DATA names no folder with mail")
    yield from sorted(path for path in (Path(folder) / "mail" / corpus).glob(pattern) if path.is_file())


@pytest.mark.parametrize("corpus", CORPORA)
def test_every_mail_is_read(corpus: str) -> None:
    for path in files(corpus):
        assert json.dumps(inspect(path.read_bytes(), file=path.name))


def test_every_bounce_is_automatic() -> None:
    answered = [
        path.name
        for path in files("sisimai", "*.eml")
        if not parsed(path.read_bytes(), own=frozenset()).automatic.is_automatic
    ]
    assert answered == []


def test_every_bounce_tells_its_class_and_whom_it_did_not_reach() -> None:
    reports = [inspect(path.read_bytes(), file=path.name) for path in files("sisimai", "*.eml")]
    unread = [report["file"] for report in reports if report["bounce"] is None]
    # Answers of absent people are automatic and no bounces.
    assert unread == [f"rfc3834-0{number}.eml" for number in range(1, 6)]
    bounces = [report["bounce"] for report in reports if isinstance(report["bounce"], dict)]
    failures = [bounce for bounce in bounces if bounce["is_bounce"]]
    # Two are complaints of readers.
    assert len(bounces) - len(failures) == 2
    assert [bounce for bounce in failures if not (bounce["status"] and bounce["action"] and bounce["recipient"])] == []


def test_no_mail_of_people_is_a_bounce() -> None:
    bounces = [
        path.name
        for corpus in ("spamassassin_sample", "talon", "github_reply_parser")
        for path in files(corpus)
        if inspect(path.read_bytes(), file=path.name)["bounce"] is not None
    ]
    assert bounces == []


# What follows these words is quoted, a signature or a list's footer; "" where all of it is the writer's.
CUT_AT = {
    "correct_sig.txt": "\n-- \n",
    "email_1_1.txt": "\n-Abhishek",
    "email_1_2.txt": "> \n> -Abhishek",
    "email_1_3.txt": "\n-Abhishek",
    "email_1_4.txt": "On Aug 22",
    "email_1_5.txt": "",
    "email_1_6.txt": "Sent from",
    "email_1_7.txt": "On Tue",
    "email_1_8.txt": ">\n> -- Tim",
    "email_2_1.txt": " ----",
    "email_2_2.txt": "____",
    "email_2_3.txt": "From: CRM",
    "email_BlackBerry.txt": "Sent from",
    "email_bullets.txt": "On Fri",
    "email_iPhone.txt": "Sent from",
    "email_long_quote.txt": "\n-Abhishek",
    "email_multi_word_sent_from_my_mobile_device.txt": "Sent from",
    "email_one_is_not_on.txt": "On Oct",
    "email_sent_from_my_not_signature.txt": "",
    "email_sig_delimiter_in_middle_of_line.txt": "",
    "greedy_on.txt": "On 9 Jan",
    "pathological.txt": "On Dec",
}


def test_replies_end_where_their_writers_stopped() -> None:
    texts = {path.name: path.read_text("utf-8") for path in files("github_reply_parser", "**/*.txt")}
    expected = {
        name: (texts[name].partition(CUT_AT[name])[0] if CUT_AT[name] else texts[name]).strip() for name in texts
    }
    assert {name: reply_text(text) for name, text in texts.items()} == expected


def test_formatted_replies_lose_their_quotes() -> None:
    replies = {
        path.name: " ".join(reply_text(text_of(path.read_text("utf-8", "replace"))).split())
        for path in files("talon", "tests/fixtures/html_replies/*.html")
    }
    assert set(replies.values()) == {"Hi. I am fine. Thanks, Alex"}


def test_replies_of_real_programs_lose_their_quotes() -> None:
    texts = {
        path.name: parsed(path.read_bytes(), own=frozenset()).reply_text
        for path in files("talon", "tests/fixtures/standard_replies/*.eml")
    }
    assert set(texts.values()) == {"Hello"}
