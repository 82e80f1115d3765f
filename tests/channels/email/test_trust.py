"""Who a sender is proven to be: from our own server's word alone, or found out by ourselves."""

import hashlib

import pytest
from dkim import rfc822_parse
from dkim.canonicalization import CanonicalizationPolicy

from channels.email.trust import read_trust
from channels.email.trust_checks import Peer, body_hash, checked_trust
from channels.message import Trust
from tests.channels.email.mails import a_mail
from tests.channels.email.names import Names, key_of, signed

OURS = ("mx.desk.example",)
FROM = ("from", "Anna <anna@customer.example>")
RESULTS = "authentication-results"
POLICY = {("_dmarc.customer.example", "TXT"): ("v=DMARC1; p=reject",)}


def read(*values: str, ids: tuple[str, ...] = OURS) -> Trust:
    return read_trust([*((RESULTS, value) for value in values), FROM], ids)


@pytest.mark.parametrize(
    ("value", "verdict", "why"),
    [
        ("mx.desk.example; dmarc=pass header.from=customer.example", "proven", "dmarc_pass"),
        ("MX.desk.example 1; dmarc=pass (p=none) header.from=customer.example; spf=fail", "proven", "dmarc_pass"),
        ("mx.desk.example; dmarc=fail header.from=customer.example", "failed", "dmarc_fail"),
        ("mx.desk.example; dkim=pass header.d=mail.customer.example", "proven", "dkim_aligned"),
        ("mx.desk.example; dkim=pass header.i=@customer.example header.s=one", "proven", "dkim_aligned"),
        ("mx.desk.example; spf=pass smtp.mailfrom=bounce@mail.customer.example", "proven", "spf_aligned"),
        ('mx.desk.example; spf=pass smtp.mailfrom="anna@customer.example"', "proven", "spf_aligned"),
        (
            "mx.desk.example; dkim=fail header.d=customer.example; dkim=pass header.d=relay.example",
            "unproven",
            "not_aligned",
        ),
        ("mx.desk.example; spf=softfail smtp.mailfrom=customer.example", "unproven", "nothing_passed"),
        ("mx.desk.example; none", "unproven", "nothing_passed"),
        ("mx.desk.example; dmarc=temperror header.from=customer.example", "temperror", "no_answer"),
        ("mx.desk.example; dkim=temperror header.d=customer.example", "temperror", "no_answer"),
        ("mx.desk.example; dkim=temperror header.d=other.example", "unproven", "nothing_passed"),
        ("mx.desk.example; dmarc=pass header.from=other.example", "unproven", "about_another_domain"),
        ("mx.desk.example (dmarc=pass) ; dmarc (;) =fail (dmarc=pass)", "failed", "dmarc_fail"),
        ("mx.other.example; dmarc=pass header.from=customer.example", "unchecked", "no_results"),
        ("mx.desk.example.evil.example; dmarc=pass", "unchecked", "no_results"),
        ("dmarc=pass header.from=customer.example", "unchecked", "no_results"),
        ("", "unchecked", "no_results"),
    ],
)
def test_only_what_our_own_server_says_of_the_domain_in_from_counts(value: str, verdict: str, why: str) -> None:
    found = read(value)
    assert (found.verdict, found.why, found.domain) == (verdict, why, "customer.example")


def test_of_several_headers_under_our_name_the_top_most_counts_alone() -> None:
    forged = "mx.desk.example; dmarc=pass header.from=customer.example"
    assert read("mx.desk.example; dmarc=fail header.from=customer.example", forged).verdict == "failed"
    assert read("mx.desk.example; spf=none", forged).verdict == "unproven"
    assert read("mx.other.example; dmarc=pass", "mx.desk.example; dmarc=fail").verdict == "failed"


def test_with_no_server_of_ours_nothing_a_mail_says_of_itself_counts() -> None:
    assert read("mx.desk.example; dmarc=pass header.from=customer.example", ids=()).verdict == "unchecked"


def test_headers_without_a_name_count_where_the_mailbox_says_so() -> None:
    value = "spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=customer.example; dkim=none; dmarc=pass action=none"
    assert read(value, ids=("-",)).verdict == "proven"
    assert read(value).verdict == "unchecked"


@pytest.mark.parametrize(
    "fields",
    [
        [FROM, ("from", "Eve <eve@evil.example>")],
        [("from", "anna@customer.example, eve@evil.example")],
        [("from", "Nobody")],
        [],
    ],
)
def test_nobody_vouches_for_a_mail_that_is_not_from_one_address(fields: list[tuple[str, str]]) -> None:
    found = read_trust([(RESULTS, "mx.desk.example; dmarc=pass"), *fields], OURS)
    assert (found.verdict, found.why) == ("unproven", "no_single_sender")


def test_neighbours_under_a_public_suffix_do_not_speak_for_each_other() -> None:
    def verdict(sender: str, by: str) -> str:
        results = (RESULTS, f"mx.desk.example; dkim=pass header.d={by}")
        return read_trust([results, ("from", sender)], OURS).verdict

    assert verdict("a@shop.co.uk", "mail.shop.co.uk") == "proven"
    assert verdict("a@shop.co.uk", "evil.co.uk") == "unproven"
    assert verdict("a@shop.co.uk", "co.uk") == "unproven"
    assert verdict("a@anna.github.io", "eve.github.io") == "unproven"


async def test_a_sound_signature_of_the_senders_domain_proves_it() -> None:
    names = Names(key_of() | POLICY)
    found = await checked_trust(signed(a_mail()), None, names)
    assert found == Trust(verdict="proven", dkim="pass", dmarc="pass", domain="customer.example", why="dmarc_pass")
    assert await checked_trust(signed(a_mail()), None, Names(key_of())) == Trust(
        verdict="proven", dkim="pass", domain="customer.example", why="dkim_aligned"
    )


async def test_a_changed_body_breaks_the_signature_and_the_policy_says_what_that_means() -> None:
    changed = signed(a_mail()).replace(b"where is my order", b"send me the money")
    assert (await checked_trust(changed, None, Names(key_of() | POLICY))).verdict == "failed"
    assert (await checked_trust(changed, None, Names(key_of()))).verdict == "unproven"


async def test_a_signature_of_somebody_else_proves_nothing_and_is_not_asked_about() -> None:
    names = Names(key_of("evil.example") | POLICY)
    found = await checked_trust(signed(a_mail(), domain="evil.example"), None, names)
    assert found.verdict == "failed"
    assert ("one._domainkey.evil.example", "TXT") not in names.asked


async def test_strict_alignment_takes_no_neighbour_for_the_sender() -> None:
    raw = signed(a_mail(), domain="mail.customer.example")
    keys = key_of("mail.customer.example")
    assert (await checked_trust(raw, None, Names(keys | POLICY))).verdict == "proven"
    strict = {("_dmarc.customer.example", "TXT"): ("v=DMARC1; p=none; adkim=s",)}
    assert (await checked_trust(raw, None, Names(keys | strict))).verdict == "failed"


async def test_a_signature_over_a_part_of_the_body_proves_nothing() -> None:
    names = Names(key_of())
    assert (await checked_trust(signed(a_mail(), length=True), None, names)).dkim == "policy"


async def test_silent_name_servers_are_no_failure() -> None:
    silent = Names(key_of() | POLICY, silent=("one._domainkey.customer.example",))
    assert (await checked_trust(signed(a_mail()), None, silent)).verdict == "temperror"
    silent = Names(key_of(), silent=("_dmarc.customer.example",))
    assert (await checked_trust(signed(a_mail()), None, silent)).verdict == "temperror"


async def test_the_server_that_hands_a_mail_over_proves_its_envelopes_domain() -> None:
    zone = {
        ("customer.example", "TXT"): ("v=spf1 include:mailer.example -all", "something else"),
        ("mailer.example", "TXT"): ("v=spf1 mx ip6:2001:db8::/32 -all",),
        ("mailer.example", "MX"): ("10 mx.mailer.example",),
        ("mx.mailer.example", "A"): ("192.0.2.7",),
    }

    async def found(address: str, sender: str = "anna@customer.example") -> tuple[str, str]:
        trust = await checked_trust(a_mail(), Peer(address, "mx.mailer.example", sender), Names(zone | POLICY))
        return trust.spf, trust.verdict

    assert await found("192.0.2.7") == ("pass", "proven")
    assert await found("2001:db8::1") == ("pass", "proven")
    assert await found("192.0.2.8") == ("fail", "failed")
    assert await found("192.0.2.7", "bounce@mailer.example") == ("pass", "failed")
    assert await found("10.1.2.3") == ("none", "failed")


async def test_an_envelope_that_needs_too_many_questions_is_refused_and_one_without_answers_waits() -> None:
    endless = {(f"{n}.customer.example", "TXT"): (f"v=spf1 include:{n + 1}.customer.example -all",) for n in range(60)}
    start = {("customer.example", "TXT"): ("v=spf1 include:0.customer.example -all",)}
    peer = Peer("192.0.2.7", "mx", "anna@customer.example")
    names = Names(endless | start)
    assert (await checked_trust(a_mail(), peer, names)).spf == "permerror"
    assert len(names.asked) < 20
    silent = Names(start, silent=("0.customer.example",))
    found = await checked_trust(a_mail(), peer, silent)
    assert (found.spf, found.verdict) == ("temperror", "temperror")


async def test_broken_signatures_and_endless_blanks_keep_nobody_busy() -> None:
    names = Names(key_of())
    for tags in (
        "",
        "d=customer.example",
        "v=1; a=rsa-sha256; d=customer.example; s=one; h=to; bh=x; b=x",
        "d=; s=" * 99,
    ):
        found = await checked_trust(b"DKIM-Signature: " + tags.encode() + b"\r\n" + a_mail(), None, names)
        assert found.verdict == "unproven"
    blank = a_mail(extra=(("X-Blank", " " * 20_000 + "."),))
    assert (await checked_trust(signed(blank), None, names)).dkim == "none"
    assert (await checked_trust(signed(a_mail(b" " * 500_000 + b".\r\n")), None, names)).dkim == "pass"
    assert (await checked_trust(b"", None, names)).why == "no_single_sender"


BODIES = [
    b"",
    b"\r\n",
    b"\r\n\r\n",
    b" \r\n\t\r\n",
    b"one",
    b"one\r\n",
    b"one\r\n\r\n \r\n",
    b"one  two\t three \t\r\n\r\n four\r\n",
    b"  \r\none\r\n",
    b"one\ntwo  \nthree",
    b"a\rb\r\nc\r\n",
    b"line with some words\r\n" * 20_000 + b"\r\n" * 5,
    b"x " * 200_000 + b"\r\n",
    (b"\r\n" * 40_000) + b"end",
]


@pytest.mark.parametrize("relaxed", [False, True])
@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_the_body_is_hashed_as_the_library_does_it(body: bytes, relaxed: bool) -> None:
    policy = CanonicalizationPolicy.from_c_value(b"relaxed/relaxed" if relaxed else b"relaxed/simple")
    _, lines = rfc822_parse(b"From: a\r\n\r\n" + body)
    theirs = hashlib.sha256(policy.canonicalize_body(lines)).digest()
    assert body_hash(b"From: a\r\n\r\n" + body, 11, relaxed=relaxed) == theirs
