"""Public mails of all kinds, where CENTRALA_DATA names the folder that holds them."""

import json
import os
import re
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


# Subject, the beginning of the text, and the files: what other parsers' tests expect of the mails that they keep.
MEANT = {
    "ruby_mail/**/attachment_nonascii_filename.eml": ("testing", "This is the first part.", ["ciële.txt"]),
    "ruby_mail/**/attachment_message_rfc822.eml": ("testing", "This is the first part.", ["ForwardedMessage.eml"]),
    "ruby_mail/**/attachment_only_email.eml": ("this message JUST contains an attachment", "", ["blah.gz"]),
    "ruby_mail/**/attachment_with_base64_encoded_name.eml": (
        "Fwd: Signed email causes file attachments",
        "We should not include these files",
        ["This is a test.pdf"],
    ),
    "ruby_mail/**/attachment_with_quoted_filename.eml": ("Eelanalüüsi päring", "", ["Eelanalüüsi päring.jpg"]),
    "ruby_mail/**/attachment_with_unquoted_name.eml": ("testing", "This is the first part.", ["This is a test.txt"]),
    "ruby_mail/**/content_transfer_encoding_with_8bits.eml": (
        "The Original Advantage #e13011",
        "December 04, 2001",
        [],
    ),
    "ruby_mail/**/content_transfer_encoding_qp_with_space.eml": (
        "Low or High Blood Pressure? We can help.",
        "If you're in need of",
        [],
    ),
    "ruby_mail/**/japanese.eml": ("まみむめも", "かきくえこ", []),
    "ruby_mail/**/japanese_attachment.eml": ("testing", "testing", ["てすと.txt"]),
    "ruby_mail/**/japanese_iso_2022.eml": ("まみむめも", "すみません。", []),
    "ruby_mail/**/japanese_shift_jis.eml": ("test", "あいうえお", []),
    "ruby_mail/**/ks_c_5601-1987.eml": ("test", "스티해", []),
    "ruby_mail/**/raw_email.eml": ("NOTE: 한국말로 하는 것", "대부분의 마찬가지로", []),
    "ruby_mail/**/raw_email7.eml": ("testing", "This is the first part.", ["test.rb", "test.pdf", "smime.p7s"]),
    "ruby_mail/**/raw_email_with_nested_attachment.eml": (
        "Testing attachments",
        "Here is a test of an attachment",
        ["truncated.png", "smime.p7s"],
    ),
    "ruby_mail/**/raw_email_with_partially_quoted_subject.eml": ('Re: Test: "漢字" mid "漢字" tail', "대부분의", []),
    "ruby_mail/**/utf8_headers.eml": ("Säying Hello", "body", []),
    "flanker/**/8bitmime.eml": ("2 RCPT MIME", "Превел", []),
    "flanker/**/bilingual-simple.eml": (
        "Simple text. How are you? Как ты поживаешь?",
        "This line is in English\nА эта линия по-русски.",
        [],
    ),
    "flanker/**/enclosed.eml": ("Wow", "Hello", ["thanks.eml"]),
    "flanker/**/mailgun-pic.eml": ("Mailgun rocks!", "Мейлган! Хахах!", ["mailgun.png"]),
    "flanker/**/broken-ctype.eml": ("its me A", "Hello Dear, How are you?", ["facejj.jpg"]),
    "flanker/**/missing-final-boundary.eml": ("Test", "Some body", []),
    "flanker/**/from-encoding.eml": ("Re: running server as root (Was: Re: PUT method)", "Marc Slemko wrote:", []),
}


@pytest.mark.parametrize("pattern", MEANT)
def test_mails_of_other_parsers_tests_are_read_as_they_are_meant(pattern: str) -> None:
    corpus, _, inside = pattern.partition("/")
    (path,) = files(corpus, inside)
    subject, beginning, names = MEANT[pattern]
    message = parsed(path.read_bytes(), own=frozenset())
    assert message.subject == subject
    assert message.text.strip().startswith(beginning)
    assert [file.filename for file in message.attachments] == names


def test_mails_of_lists_are_automatic() -> None:
    """Except of one list that sends without saying so, all that name one in their headers."""
    human = [
        path.name
        for path in files("spamassassin_sample")
        if re.search(
            rb"(?im)^(?:list-id|list-post|mailing-list|x-mailman-version|precedence: (?:bulk|list)):?",
            path.read_bytes(),
        )
        and not parsed(path.read_bytes(), own=frozenset()).automatic.is_automatic
    ]
    assert human == []


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
