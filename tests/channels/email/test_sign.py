"""What we sign, others can verify, and nothing can be added to it."""

from collections.abc import Iterator

import dkim
import pytest

from channels.email.compose import compose
from channels.email.sign import Signer
from channels.email.smtp import Envelope, Outcome, SmtpSender
from channels.message import Address, Attachment, OutboundMail
from tests.channels.email.keys import ed25519_pem, rsa_pem, signer
from tests.servers.postfix import Postfix, running_postfix

ID = "<o-1.abc@desk.example.org>"
SIGNERS = {"rsa": signer(rsa_pem()), "ed25519": signer(ed25519_pem(), selector="c2")}


def a_mail(**changes: object) -> bytes:
    fields: dict[str, object] = {
        "id": "o-1",
        "interaction": "i-1",
        "sender": Address("Desk", "support@desk.example.org"),
        "recipient": Address("Zażółć Gęślą", "anna@customer.example"),
        "subject": "Pytanie o fakturę, ktoś pamięta jeszcze całą sprawę z zeszłego roku?  Dwie  spacje",
        "text": "Dzień dobry.\n\n.kropka\nFrom the beginning\n   \n",
        "html": "<p>Dzień dobry.</p>",
        "attachments": (Attachment("Żółw.pdf", "application/pdf", b"\x00%PDF" * 100),),
        "date": 1_700_000_000_000,
    }
    mail = OutboundMail(**{**fields, **changes})  # type: ignore[arg-type]  # what a test changes is its own to type
    return compose(mail, message_id=ID, domain="desk.example.org", reply_to="support+r@desk.example.org")


def verifies(raw: bytes, *signers: Signer, index: int = 0) -> bool:
    """Ask dkimpy, which looks the key up in our domain name system."""
    records = {f"{each.name}.".encode(): each.record.encode() for each in signers}

    def txt(name: bytes, timeout: int = 5) -> bytes | None:
        return records.get(name)

    try:
        return bool(dkim.DKIM(raw).verify(index, dnsfunc=txt))
    except dkim.DKIMException:
        return False


@pytest.mark.parametrize("kind", SIGNERS)
def test_signature_verifies_with_the_record_that_we_ask_for(kind: str) -> None:
    one = SIGNERS[kind]
    raw = one.signed(a_mail())
    assert verifies(raw, one)
    assert not verifies(raw.replace(b"Dzie", b"Drie"), one)
    assert not verifies(raw, signer(rsa_pem(1024), selector=one.selector))


def test_two_keys_give_two_signatures_and_both_verify() -> None:
    raw = a_mail()
    for one in SIGNERS.values():
        raw = one.signed(raw)
    assert [verifies(raw, *SIGNERS.values(), index=place) for place in (0, 1)] == [True, True]


@pytest.mark.parametrize(
    "added",
    [
        b"From: ceo@desk.example.org",
        b"To: all@desk.example.org",
        b"Cc: all@desk.example.org",
        b"Subject: You have won",
        b"Date: Thu, 01 Jan 1970 00:00:00 +0000",
        b"Message-ID: <other@desk.example.org>",
        b"Reply-To: thief@example.net",
        b"List-Unsubscribe: <https://example.net/>",
        b"List-Unsubscribe-Post: List-Unsubscribe=One-Click",
    ],
)
def test_header_that_somebody_adds_breaks_the_signature(added: bytes) -> None:
    one = SIGNERS["rsa"]
    assert not verifies(added + b"\r\n" + one.signed(a_mail()), one)


def test_header_that_servers_add_on_the_way_does_not() -> None:
    one = SIGNERS["rsa"]
    assert verifies(b"Received: from x by y\r\nX-Spam-Score: 0\r\n" + one.signed(a_mail()), one)


@pytest.mark.parametrize(
    ("record", "fits"),
    [
        ("{whole}", True),
        ("v=DKIM1;k=rsa;p={public}", True),
        ("p={public}", True),
        ("v=DKIM1; h=sha256; t=y; p={broken}", True),
        ("v=DKIM1; k=ed25519; p={public}", False),
        ("v=DKIM1; k=rsa; p=", False),
        ("v=spf1 -all", False),
        ("", False),
    ],
)
def test_record_in_dns_is_compared_with_the_key(record: str, fits: bool) -> None:
    one = SIGNERS["rsa"]
    public = one.record.rpartition("p=")[2]
    shown = record.format(whole=one.record, public=public, broken=f"{public[:70]} {public[70:]}")
    assert one.fits(shown) is fits


@pytest.fixture(scope="module")
def postfix() -> Iterator[Postfix]:
    with running_postfix() as server:
        yield server


@pytest.mark.needs_server("postfix")
@pytest.mark.parametrize("kind", SIGNERS)
async def test_signature_verifies_behind_a_real_mail_server(postfix: Postfix, kind: str) -> None:
    postfix.forget()
    one = SIGNERS[kind]
    sender = SmtpSender(host="127.0.0.1", port=postfix.port, tls="none")
    result = await sender.send(
        one.signed(a_mail()), Envelope(sender="support@desk.example.org", recipient="anna@customer.example")
    )
    await sender.close()
    assert result.outcome is Outcome.SENT
    (mail,) = postfix.delivered()
    assert verifies(mail, one)
