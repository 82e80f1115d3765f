"""Whom nothing answers automatically: rows 10, 12 and 15 of the decision table, and what tells who a sender is."""

import msgspec
import pytest

from app.sender_checks import Checking, SenderChecks, fields_of, receipts
from autoresponders.templates import shipped_wordings
from channels.message import Attachment, InboundMessage, Trust, Verdict
from tests.channels.email.mails import NOW, a_mail, parsed
from tests.channels.email.names import Names, key_of, signed
from vocabulary.records import ReceivedRow

ANNA = "anna@customer.example"
POLICY = {("_dmarc.customer.example", "TXT"): ("v=DMARC1; p=reject",)}


def row(raw: bytes, **envelope: object) -> ReceivedRow:
    return ReceivedRow(id="r-1", channel="support", at=NOW, raw=raw, envelope=envelope)


def signals(
    verdict: Verdict, *, sender: str | None = ANNA, answers_unchecked: bool = True, raw: bytes | None = None
) -> tuple[str, ...]:
    """Return why Anna's mail gets no automatic answer, given what is known of its sender and its envelope."""
    raw = a_mail() if raw is None else raw
    message = msgspec.structs.replace(parsed(raw), trust=Trust(verdict=verdict))
    checks = SenderChecks({"support": Checking(answers_unchecked=answers_unchecked)})
    kept = row(raw, sender=sender)
    guarded = checks.guarded(message, kept, fields_of(kept))
    assert guarded.automatic.is_automatic == bool(guarded.automatic.signals)
    return guarded.automatic.signals


@pytest.mark.parametrize(
    ("verdict", "answers_unchecked", "found"),
    [
        ("proven", True, ()),
        ("proven", False, ()),
        ("unchecked", True, ()),
        ("unchecked", False, ("unauthenticated",)),
        ("unproven", True, ("unauthenticated",)),
        ("failed", True, ("unauthenticated",)),
        ("temperror", True, ("unauthenticated",)),
    ],
)
def test_who_was_checked_and_not_proven_gets_no_automatic_answer_whatever_the_mailbox_says(
    verdict: Verdict, answers_unchecked: bool, found: tuple[str, ...]
) -> None:
    assert signals(verdict, answers_unchecked=answers_unchecked) == found


@pytest.mark.parametrize(
    ("sender", "verdict", "found"),
    [
        ("Anna+news@Customer.example", "unchecked", ()),
        ("bounce-7@mailer.example", "unchecked", ("return-path",)),
        ("bounce-7@mailer.example", "proven", ()),
        ("", "unchecked", ()),
        (None, "unchecked", ()),
    ],
)
def test_an_answer_goes_to_the_sender_of_the_envelope_or_to_a_proven_one(
    sender: str | None, verdict: Verdict, found: tuple[str, ...]
) -> None:
    assert signals(verdict, sender=sender) == found


def test_where_the_envelope_is_not_known_the_return_path_counts() -> None:
    raw = b"Return-Path: <someone@else.example>\r\n" + a_mail()
    assert signals("unchecked", sender=None, raw=raw) == ("return-path",)
    assert signals("unchecked", sender=ANNA, raw=raw) == ()


@pytest.mark.parametrize(
    ("text", "files", "found"),
    [
        ("", ["invoice.exe"], ("programs-only",)),
        (" \n", ["a.JS", "b.vbs"], ("programs-only",)),
        ("", ["invoice.exe", "photo.jpg"], ()),
        ("See below.", ["invoice.exe"], ()),
        ("", ["invoice.pdf"], ()),
        ("", [], ()),
    ],
)
def test_a_mail_of_nothing_but_programs_gets_no_answer(text: str, files: list[str], found: tuple[str, ...]) -> None:
    attachments = tuple(Attachment(name, "application/octet-stream", b"x") for name in files)
    message = msgspec.structs.replace(parsed(a_mail()), text=text, attachments=attachments)
    guarded = SenderChecks({"support": Checking()}).guarded(message, row(b"", sender=ANNA), ())
    assert guarded.automatic.signals == found


@pytest.mark.parametrize("language", ["en", "pl", "lt", "hu", "ru"])
def test_the_subject_of_a_receipt_without_the_id_of_any_mail_is_a_programs(language: str) -> None:
    wordings = shipped_wordings(("en", "pl", "lt", "hu", "ru"))
    checks = SenderChecks({"support": Checking()}, is_receipt=receipts(wordings, ("en", "pl", "lt", "hu", "ru")))

    def found(subject: str, **changes: object) -> tuple[str, ...]:
        message = msgspec.structs.replace(parsed(a_mail()), subject=subject, **changes)
        return checks.guarded(message, row(b"", sender=ANNA), ()).automatic.signals

    receipt = wordings.text("acknowledge_subject", language, number="C-4711")
    assert found(f"Re: {receipt}") == ("answers-receipt",)
    assert found(f"Re: {receipt}", in_reply_to="<one@desk.example.org>") == ()
    assert found("My message, number C-4711") == ()


async def trust(raw: bytes, checking: Checking, names: Names | None = None, **envelope: object) -> InboundMessage:
    checks = SenderChecks({"support": checking}, names)
    return await checks.checked(parsed(raw), row(raw, **envelope))


async def test_a_mailbox_believes_its_own_servers_and_checks_itself_only_where_they_are_silent() -> None:
    names = Names(key_of() | POLICY)
    ours = Checking(ids=("mx.desk.example",), verify=True)
    says_no = a_mail(authentication_results="mx.desk.example; dmarc=fail header.from=customer.example")
    assert (await trust(signed(says_no), ours, names)).trust.verdict == "failed"
    assert names.asked == []
    assert (await trust(signed(a_mail()), ours, names)).trust.verdict == "proven"
    assert (await trust(signed(a_mail()), Checking(), names)).trust.verdict == "unchecked"
    assert (await trust(a_mail(), Checking(verify=True), None)).trust.verdict == "unchecked"


async def test_the_server_that_brought_a_mail_is_asked_about_only_if_it_is_the_senders_own() -> None:
    names = Names({("customer.example", "TXT"): ("v=spf1 ip4:192.0.2.7 -all",)} | POLICY)
    checking = Checking(verify=True)
    by_smtp = {"sender": ANNA, "peer": "192.0.2.7", "greeting": "mx.customer.example"}
    assert (await trust(a_mail(), checking, names, **by_smtp)).trust.spf == "pass"
    assert (await trust(a_mail(), checking, names, sender=ANNA)).trust.spf == "none"
