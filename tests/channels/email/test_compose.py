"""What we send arrives as it was meant, and nobody can make it say more."""

from email import policy
from email.parser import BytesParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.email.compose import compose
from channels.email.thread import message_id
from channels.message import Address, Attachment
from tests.channels.email.mails import INTERACTION, an_answer, parsed
from vocabulary.errors import PermanentFailure

DOMAIN = "desk.example.org"
ID = message_id("o-first", INTERACTION, key=b"k" * 32, domain=DOMAIN)
PLAIN_HEADERS = [
    "From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "MIME-Version", "Content-Type",
    "Content-Transfer-Encoding",
]  # fmt: skip


def composed(**changes: object) -> bytes:
    return compose(an_answer(**changes), message_id=ID, domain=DOMAIN)


def header_names(raw: bytes) -> list[str]:
    return list(BytesParser(policy=policy.compat32).parsebytes(raw, headersonly=True).keys())


def test_answer_is_read_as_it_was_written() -> None:
    raw = composed(
        subject="Re: Zażółć gęślą jaźń – " + "długi temat " * 20,
        text="Dzień dobry\n\nFrom here on\n.dot\n" + "x" * 3_000 + "\n   spaces at the end   \n",
        html="<p>Dzień <b>dobry</b></p>",
        sender=Address('Pomoc "Żółć", S.A.', "support@desk.example.org"),
        recipient=Address('Jan "J" Kowalski\\', "jan@customer.example"),
        attachments=(
            Attachment("faktura żółta.pdf", "application/pdf", bytes(range(256)) * 50),
            Attachment("logo.png", "image/png", b"png", content_id="logo@x", inline=True),
            Attachment("list 1.csv", "text/csv", b"a;b\n"),
            Attachment("x.eml", "message/rfc822", b"Bcc: x\n\n"),
        ),
    )
    message = parsed(raw, own=frozenset())
    assert message.subject == ("Re: Zażółć gęślą jaźń – " + "długi temat " * 20).strip()
    assert message.sender == Address('Pomoc "Żółć", S.A.', "support@desk.example.org")
    assert message.recipients == (Address('Jan "J" Kowalski\\', "jan@customer.example"),)
    assert message.text == "Dzień dobry\n\nFrom here on\n.dot\n" + "x" * 3_000 + "\n   spaces at the end   "
    assert message.html == "<p>Dzień <b>dobry</b></p>\n"
    files = {item.filename: (item.content_type, item.content) for item in message.attachments}
    assert files == {
        "faktura żółta.pdf": ("application/pdf", bytes(range(256)) * 50),
        "logo.png": ("image/png", b"png"),
        "list 1.csv": ("text/csv", b"a;b\n"),
        "x.eml": ("application/octet-stream", b"Bcc: x\n\n"),
    }
    assert (message.message_id, message.in_reply_to) == (ID, "<one@customer.example>")
    assert message.defects == ()


def test_the_standard_library_reads_the_same() -> None:
    theirs = BytesParser(policy=policy.default).parsebytes(composed(text="Zażółć\n", subject="Zażółć"))
    body = theirs.get_body()
    assert body is not None
    assert (theirs["subject"], body.get_content(), theirs.defects) == ("Zażółć", "Zażółć\n", [])


def test_same_arguments_give_the_same_bytes() -> None:
    assert composed() == composed()


def test_human_answer_has_no_marks_of_a_machine() -> None:
    assert header_names(composed()) == PLAIN_HEADERS
    assert not parsed(composed(), own=frozenset()).automatic.is_automatic


def test_automatic_answer_tells_machines_to_be_quiet() -> None:
    raw = composed(automatic=True)
    for line in (b"Auto-Submitted: auto-replied", b"X-Auto-Response-Suppress: All", b"Precedence: auto_reply",
                 b"X-Loop: desk.example.org"):  # fmt: skip
        assert line in raw
    assert parsed(raw).automatic.is_automatic


def test_references_keep_the_first_and_the_last() -> None:
    message = parsed(composed(references=tuple(f"<{at}@x.example>" for at in range(500))))
    assert len(message.references) == 20
    assert message.references[0] == "<0@x.example>"
    assert message.references[-2:] == ("<499@x.example>", "<one@customer.example>")


def test_foreign_ids_that_would_break_a_header_are_left_out() -> None:
    raw = composed(in_reply_to="<a@x>\r\nBcc: evil@x.example", references=("<ok@x.example>", "<a b@x>", "x" * 5_000))
    assert parsed(raw).references == ("<ok@x.example>",)
    assert parsed(raw).in_reply_to is None


def test_reply_address_is_written() -> None:
    raw = compose(an_answer(), message_id=ID, domain=DOMAIN, reply_to="support+token@desk.example.org")
    assert parsed(raw).reply_to == (Address("", "support+token@desk.example.org"),)


def test_international_domain_goes_out_in_ascii() -> None:
    assert b"<anna@xn--bcher-kva.example>" in composed(recipient=Address("Anna", "anna@bücher.example"))


@pytest.mark.parametrize(
    "address",
    [
        "", "anna", "anna@", "@x.example", "anna@x example", "anna@x.example\r\nBcc: e@x.example", "<anna@x.example>",
        '"a b"@x.example', "anna@x.example, eve@x.example", "anna(x)@x.example", "anna@[127.0.0.1]", "żółć@x.example",
        "a..b@x.example", ".a@x.example", "a@-x.example", "a@x..example", "a" * 65 + "@x.example", "a@" + "x" * 300,
        'a"\r\nRCPT TO:<e@z>"@x.example', "anna@x.example\0", "anna@x.example ", "=?utf-8?q?a?=@x.example\n",
    ],
)  # fmt: skip
def test_address_that_is_not_plain_is_refused(address: str) -> None:
    with pytest.raises(PermanentFailure):
        composed(recipient=Address("Anna", address))
    with pytest.raises(PermanentFailure):
        composed(sender=Address("Anna", address))


PAYLOADS = [
    break_ + tail
    for break_ in ("\r\n", "\n", "\r", "\0", "\x0b", "\x0c", "\x85", "\u2028", "\r\n ", "\n\t")
    for tail in ("Bcc: evil@x.example", "\r\n\r\nbody")
] + [
    "=?utf-8?q?a=0D=0ABcc:_evil@x.example?=",
    "=?utf-8?b?DQpCY2M6IGV2aWxAeC5leGFtcGxl?=",
    "=?utf-8?q?=00?=",
    "=?utf-8?q?=0a?= =?utf-8?q?Bcc:?=",
    "\ud800",
]


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("field", ["subject", "name", "recipient", "filename", "domain"])
def test_line_breaks_in_any_field_are_refused(field: str, payload: str) -> None:
    text = f"x{payload}"
    changes: dict[str, object] = {
        "subject": {"subject": text},
        "name": {"sender": Address(text, "support@desk.example.org")},
        "recipient": {"recipient": Address(text, "anna@customer.example")},
        "filename": {"attachments": (Attachment(text, "text/plain", b"x"),)},
        "domain": {"automatic": True},
    }[field]  # type: ignore[assignment]  # one dict of keyword arguments for each field
    with pytest.raises(PermanentFailure):
        compose(an_answer(**changes), message_id=ID, domain=text if field == "domain" else DOMAIN)


@settings(max_examples=200, deadline=None)
@given(
    subject=st.text(max_size=300),
    name=st.text(max_size=80),
    filename=st.text(max_size=80),
    kind=st.text(max_size=30),
    content_id=st.text(max_size=30),
    reference=st.text(max_size=60),
)
def test_no_text_makes_a_header_of_its_own(
    subject: str, name: str, filename: str, kind: str, content_id: str, reference: str
) -> None:
    item = Attachment(filename, kind, b"x", content_id=content_id or None, inline=True)
    mail = an_answer(
        subject=subject,
        sender=Address(name, "support@desk.example.org"),
        attachments=(item,),
        references=(reference,),
        in_reply_to=None,
        html="<p>x</p>",
    )
    try:
        raw = compose(mail, message_id=ID, domain=DOMAIN)
    except PermanentFailure:
        return
    allowed = set(PLAIN_HEADERS)
    assert set(header_names(raw)) <= allowed
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    shown = parsed(raw)
    assert shown.subject == " ".join(subject[:500].split())
    assert shown.sender is not None
    assert shown.sender.address == "support@desk.example.org"


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=2_000))
def test_text_of_any_kind_stays_in_the_body(text: str) -> None:
    raw = composed(text=text)
    assert header_names(raw) == PLAIN_HEADERS
    assert b"\r\n.\r\n" not in raw.partition(b"\r\n\r\n")[2]
