"""The decision table of automatic mail, row by row."""

import pytest

from channels.email.guard import LOOPS, SIGNALS, SUBJECT, automatic, by_sender, return_path
from tests.channels.email.mails import OWN, a_mail, parsed

HUMAN = (("from", "anna@customer.example"), ("to", "support@desk.example.org"), ("subject", "My order"))

SUPPRESSED = [
    ("from", "Support <Support+abc@Desk.Example.ORG>", "own-address"),
    ("sender", "support@desk.example.org", "own-address"),
    ("return-path", "<>", "null-sender"),
    ("return-path", " < > ", "null-sender"),
    ("auto-submitted", "auto-replied", "auto-submitted"),
    ("auto-submitted", "Auto-Generated (by a robot)", "auto-submitted"),
    ("auto-submitted", "auto-notified; owner-email=x", "auto-submitted"),
    ("content-type", "multipart/report; report-type=disposition-notification; boundary=x", "report"),
    ("content-type", "Message/Delivery-Status", "report"),
    ("content-type", "message/feedback-report", "report"),
    ("x-failed-recipients", "a@b.example", "report"),
    ("precedence", "BULK", "precedence"),
    ("x-precedence", "list", "precedence"),
    ("precedence", "auto_reply", "precedence"),
    ("list-id", "<x.lists.example>", "list"),
    ("list-post", "<mailto:x@lists.example>", "list"),
    ("mailing-list", "x", "list"),
    ("x-mailing-list", "x", "list"),
    ("list-unsubscribe", "<https://x.example>", "list-unsubscribe"),
    ("x-auto-response-suppress", "All", "x-auto-response-suppress"),
    ("x-auto-response-suppress", "DR, RN , OOF", "x-auto-response-suppress"),
    ("x-auto-response-suppress", "autoreply", "x-auto-response-suppress"),
    ("x-autoreply", "yes", "x-autoreply"),
    ("x-autorespond", "", "x-autoreply"),
    ("x-auto-generated", "1", "x-autoreply"),
    ("x-mail-autoreply", "1", "x-autoreply"),
    ("feedback-id", "1:bulk:x", "x-autoreply"),
    ("delivered-to", "autoresponder", "x-autoreply"),
    ("x-loop", "elsewhere.example", "x-loop"),
    ("x-spam-flag", "YES", "spam"),
    ("x-spam-status", "Yes, score=9.1 required=5.0", "spam"),
    ("x-spam", "true", "spam"),
]
ROBOTS = [
    "MAILER-DAEMON", "mailer_daemon@x.example", "postmaster@x.example", "no-reply@x.example", "NoReply@x.example",
    "no_reply@x.example", "no.reply-orders@x.example", "do-not-reply@x.example", "donotreply@x.example",
    "orders-noreply@x.example", "bounce@x.example", "bounces@x.example", "list-bounces@x.example", "owner-x@x.example",
    "x-owner@x.example", "x-request@x.example", "listserv@x.example", "majordomo@x.example", "root@x.example",
    "daemon@x.example", "bounce+anna=customer.example@x.example",
]  # fmt: skip
PEOPLE = ["bouncer@x.example", "rootbeer@x.example", "anna.request@x.example", "norepl@x.example", "reply@x.example"]
HARMLESS = [
    ("auto-submitted", "no"),
    ("auto-submitted", "No ; x"),
    ("auto-submitted", "NO (comment)"),
    ("x-auto-response-suppress", "DR"),
    ("x-auto-response-suppress", "RN, NRN"),
    ("x-auto-response-suppress", "None"),
    ("precedence", "first-class"),
    ("return-path", "<anna@customer.example>"),
    ("delivered-to", "support@desk.example.org"),
    ("content-type", "multipart/mixed; boundary=report"),
    ("feedback-id", "1:transactional:x"),
    ("x-spam-status", "No, score=-1.0 required=5.0"),
    ("x-spam-flag", "NO"),
]


@pytest.mark.parametrize("name, value, signal", SUPPRESSED)
def test_machine_is_known_by_one_header(name: str, value: str, signal: str) -> None:
    found = automatic([*HUMAN, (name, value)], own_addresses=OWN)
    assert found.is_automatic
    assert signal in found.signals


@pytest.mark.parametrize("sender", ROBOTS)
def test_machine_is_known_by_its_name(sender: str) -> None:
    assert automatic([("from", sender)]).signals == ("local-part",)


@pytest.mark.parametrize("sender", PEOPLE)
def test_people_with_such_names_are_people(sender: str) -> None:
    assert not automatic([("from", sender)]).is_automatic


@pytest.mark.parametrize(
    "address, signals",
    [
        ("noreply@shop.example", ("local-part",)),
        ("Support@desk.example.org", ("own-address",)),
        ("anna@customer.example", ()),
        ("", ()),
    ],
)
def test_an_address_alone_tells_a_machine(address: str, signals: tuple[str, ...]) -> None:
    assert by_sender(address, OWN) == signals


@pytest.mark.parametrize("name, value", HARMLESS)
def test_header_that_says_nothing_suppresses_nothing(name: str, value: str) -> None:
    found = automatic([*HUMAN, (name, value)], own_addresses=OWN)
    assert (found.is_automatic, found.signals) == (False, ())


def test_every_instance_of_a_header_counts() -> None:
    assert automatic([*HUMAN, ("auto-submitted", "no"), ("auto-submitted", "auto-replied")]).is_automatic


def test_known_envelope_sender_outweighs_a_forged_return_path() -> None:
    found = automatic([*HUMAN, ("return-path", "<>")], envelope_sender="anna@customer.example")
    assert not found.is_automatic
    assert automatic(HUMAN, envelope_sender="").signals == ("null-sender",)


def test_only_the_top_return_path_counts() -> None:
    assert not automatic([*HUMAN, ("return-path", "<anna@customer.example>"), ("return-path", "<>")]).is_automatic


def test_mail_to_somebody_else_is_not_addressed() -> None:
    found = automatic([("from", "anna@customer.example"), ("to", "x@list.example")], own_addresses=OWN)
    assert found.signals == ("not-addressed",)
    assert not automatic([("from", "anna@customer.example"), ("to", "x@list.example")]).is_automatic


def test_address_with_detail_is_still_ours() -> None:
    headers = [("from", "anna@customer.example"), ("cc", "Support+token@desk.example.org")]
    assert not automatic(headers, own_addresses=OWN).is_automatic


def test_mail_that_goes_round_is_stopped() -> None:
    assert automatic([*HUMAN, *[("received", "by x")] * 51]).signals == ("received-count",)
    assert not automatic([*HUMAN, *[("received", "by x")] * 50]).is_automatic
    twice = [*HUMAN, *[("delivered-to", "support@desk.example.org")] * 2]
    assert automatic(twice, own_addresses=OWN).signals == ("delivered-before",)


def test_our_own_message_id_is_ours() -> None:
    found = automatic([*HUMAN, ("message-id", "<ours@x>")], is_own_message_id=lambda text: text == "<ours@x>")
    assert found.signals == ("own-message-id",)


@pytest.mark.parametrize(
    "subject",
    ["Out of office: back on Monday", "Automatyczna odpowiedź: faktura", "=?utf-8?b?0JDQstGC0L7QvtGC0LLQtdGC?="],
)
def test_subject_is_a_mark_and_never_the_reason(subject: str) -> None:
    found = automatic([("from", "anna@customer.example"), ("subject", subject)])
    assert (found.is_automatic, found.signals) == (False, ("subject",))


def test_report_in_a_part_counts_but_not_one_that_was_forwarded() -> None:
    report = b"--b\r\nContent-Type: message/delivery-status\r\n\r\nAction: failed\r\n--b--\r\n"
    assert parsed(a_mail(report, content_type="multipart/mixed; boundary=b")).automatic.signals == ("report",)
    forwarded = (
        b"--f\r\nContent-Type: message/rfc822\r\n\r\nContent-Type: multipart/report; boundary=b\r\n\r\n" + report
    )
    assert not parsed(a_mail(forwarded + b"--f--", content_type="multipart/mixed; boundary=f")).automatic.is_automatic


def test_every_signal_of_the_table_is_known_to_whoever_words_it() -> None:
    signals = {signal for _, _, signal in SUPPRESSED} | {
        "local-part",
        "own-message-id",
        "not-addressed",
        SUBJECT,
        *LOOPS,
    }
    assert signals == set(SIGNALS)


def test_the_return_path_is_the_top_most_one() -> None:
    assert return_path([]) is None
    assert return_path([("return-path", " <anna@customer.example> "), ("return-path", "<>")]) == "anna@customer.example"
    assert return_path([("return-path", "<>")]) == ""
