"""What we send arrives as it was meant, and nobody can make it say more."""

from email import policy
from email.parser import BytesParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autoresponders.templates import Template
from channels.email.compose import compose
from channels.email.smtp import dot_stuffed
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


def test_copies_are_named_and_each_is_checked() -> None:
    raw = composed(copies=(Address("Jan", "jan@bücher.example"), Address("", "boss@customer.example")))
    assert b"Cc: Jan <jan@xn--bcher-kva.example>, boss@customer.example\r\n" in raw
    with pytest.raises(PermanentFailure):
        composed(copies=(Address("", "jan@x.example, eve@x.example"),))


def test_who_may_unsubscribe_can_do_so_with_one_press() -> None:
    raw = composed(list_unsubscribe="https://desk.example.org/unsubscribe/1.abc_DEF-2.x")
    assert b"List-Unsubscribe: <https://desk.example.org/unsubscribe/1.abc_DEF-2.x>\r\n" in raw
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in raw
    for link in ("javascript:x", "mailto:a@b.example", "https://a.example/>\r\nBcc: x", "https://a b.example/"):
        with pytest.raises(PermanentFailure):
            composed(list_unsubscribe=link)


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


BREAKS = (
    "\r\n", "\n", "\r", "\0", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029",
    "\r\n ", "\n\t", "\r\r\n",
)  # fmt: skip
PAYLOADS = [break_ + tail for break_ in BREAKS for tail in ("Bcc: evil@x.example", "\r\n\r\nbody")] + [
    "=?utf-8?q?a=0D=0ABcc:_evil@x.example?=",
    "=?utf-8?b?DQpCY2M6IGV2aWxAeC5leGFtcGxl?=",
    "=?utf-8?q?=00?=",
    "=?utf-8?q?=0a?= =?utf-8?q?Bcc:?=",
    "=?UTF-8?Q?=0aBcc:?=",
    "=?iso-8859-1?b?Cg==?=",
    "\ud800",
    "\r\n.\r\nMAIL FROM:<evil@x.example>",
    "\r\nContent-Type: text/html\r\n\r\n<script>",
    "\n--=_boundary\nContent-Type: text/html",
]
TEMPLATE = Template("Re: {{ name }}", ("name",))


def with_payload(field: str, text: str) -> tuple[dict[str, object], dict[str, str]]:
    """Return a mail that has `text` in `field`, and what `compose` gets beside it."""
    files = {"filename": Attachment(text, "text/plain", b"x"), "kind": Attachment("a.txt", text, b"x"),
             "content_id": Attachment("a.png", "image/png", b"x", content_id=text, inline=True)}  # fmt: skip
    changes: dict[str, dict[str, object]] = {
        "subject": {"subject": text},
        "template variable": {"subject": TEMPLATE.render({"name": text})},
        "sender's name": {"sender": Address(text, "support@desk.example.org")},
        "recipient's name": {"recipient": Address(text, "anna@customer.example")},
        "recipient": {"recipient": Address("", f"anna@customer.example{text}")},
        "copy's name": {"copies": (Address(text, "jan@customer.example"),)},
        "copy": {"copies": (Address("", f"jan@customer.example{text}"),)},
        "in_reply_to": {"in_reply_to": f"<a@x.example>{text}"},
        "references": {"references": (f"<a@x.example>{text}",)},
        "list_unsubscribe": {"list_unsubscribe": f"https://desk.example.org/{text}"},
        "text": {"text": text},
        "html": {"html": text},
        "mail's id": {"id": text, "attachments": (files["filename"],)},
    }
    own: dict[str, dict[str, str]] = {
        "domain": {"domain": text},
        "message_id": {"message_id": f"<a@x.example>{text}"},
        "reply_to": {"reply_to": f"support@desk.example.org{text}"},
    }
    changed = changes.get(field, {"attachments": (files[field],)} if field in files else {})
    return {"automatic": field == "domain", **changed}, own.get(field, {})


FIELDS = [
    "subject", "template variable", "sender's name", "recipient's name", "recipient", "copy's name", "copy",
    "in_reply_to", "references", "list_unsubscribe", "text", "html", "mail's id", "filename", "kind", "content_id",
    "domain", "message_id", "reply_to",
]  # fmt: skip
OF_AUTOMATIC = {"Auto-Submitted", "X-Auto-Response-Suppress", "Precedence", "X-Loop"}
MEANT = {*PLAIN_HEADERS, *OF_AUTOMATIC, "Cc", "Reply-To", "List-Unsubscribe", "List-Unsubscribe-Post"}


def assert_harmless(field: str, text: str) -> None:
    """See that `text` in `field` is refused, or gives a mail with no header, recipient or part more than was meant."""
    changes, own = with_payload(field, text)
    try:
        raw = compose(an_answer(**changes), **{"message_id": ID, "domain": DOMAIN, **own})
    except PermanentFailure:
        return
    names = header_names(raw)
    assert set(names) <= MEANT
    assert len(names) == len(set(names))
    read = BytesParser(policy=policy.compat32).parsebytes(raw)
    assert "Bcc" not in read
    kinds = [part.get_content_type() for part in read.walk() if not part.is_multipart()]
    assert len(kinds) <= 3
    assert kinds.count("text/html") <= (field in ("html", "kind"))
    assert b"\r\n.\r\n" not in dot_stuffed(raw)[:-5]


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("field", FIELDS)
def test_payload_in_any_field_adds_nothing_to_the_mail(field: str, payload: str) -> None:
    assert_harmless(field, f"x{payload}")
    assert_harmless(field, payload)


@settings(max_examples=300, deadline=None)
@given(
    field=st.sampled_from(FIELDS),
    before=st.text(max_size=40),
    payload=st.sampled_from(PAYLOADS),
    behind=st.text(max_size=40),
)
def test_payload_hidden_in_any_text_adds_nothing_to_the_mail(
    field: str, before: str, payload: str, behind: str
) -> None:
    assert_harmless(field, before + payload + behind)


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("field", ["subject", "template variable", "sender's name", "recipient", "copy", "reply_to"])
def test_line_breaks_in_what_becomes_a_header_are_refused(field: str, payload: str) -> None:
    changes, own = with_payload(field, f"x{payload}")
    with pytest.raises(PermanentFailure):
        compose(an_answer(**changes), **{"message_id": ID, "domain": DOMAIN, **own})


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
