"""What a reader should know of a mail before he trusts it: how it is sealed, and who it pretends to come from.

Marks are facts that were read off the mail. None of them refuses it, and none proves anything about its sender.
"""

import re
import unicodedata
from collections.abc import Iterator

from channels.email.addresses import comparable, read_addresses
from channels.email.display import has_overrides
from channels.email.encoded_words import raw_words
from channels.email.headers import Headers
from channels.email.mime import Part
from channels.email.transfer import transferred
from channels.message import Address

SIGNED_SMIME = "signed-smime"
ENCRYPTED_SMIME = "encrypted-smime"
SIGNED_PGP = "signed-pgp"
ENCRYPTED_PGP = "encrypted-pgp"
SEVERAL_SENDERS = "several-senders"
NAME_IS_ADDRESS = "name-is-another-address"
HOMOGRAPH = "homograph"
REPLY_TO_DIFFERS = "reply-to-differs"
OVERRIDES = "direction-overrides"
FORWARDED = "forwarded"
INVITATION = "invitation"
REMOTE_IMAGES = "remote-images"

MARKS = (SIGNED_SMIME, ENCRYPTED_SMIME, SIGNED_PGP, ENCRYPTED_PGP, SEVERAL_SENDERS, NAME_IS_ADDRESS, HOMOGRAPH,
         REPLY_TO_DIFFERS, OVERRIDES, FORWARDED, INVITATION, REMOTE_IMAGES)  # fmt: skip

_SHOWN = ("subject", "from", "sender", "reply-to", "to", "cc")
_NAMED_MAX = 100
_ADDRESS = re.compile(r"[^\s@<>\"'(),;:]{1,64}@[^\s@<>\"'(),;:]{1,253}\.[^\s@<>\"'(),;:.]{2,63}")
_WORD = re.compile(r"[^\W\d_]+")
# Scripts whose letters pass for each other. Others mix by custom, as Japanese does.
_CONFUSED = {"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "LISU", "MATHEMATICAL", "FULLWIDTH"}
# Small letters of other alphabets that look like Latin ones (Unicode TR 39, confusables.txt): a name of these alone
# reads as another name.
_TWINS = frozenset("асԁеһіјӏорԛѕԝхуүґɡοανικυχρτωԍ")
_LATIN_TOP = re.compile(r"[a-z]{2,63}")
_SMIME = re.compile(r"application/(?:x-)?pkcs7-(?:mime|signature)")
# The kinds of a CMS message (RFC 5652) as DER writes them: signed data, enveloped data, authenticated and enveloped.
_CMS = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07"
_PGP_INLINE = {
    "-----BEGIN PGP MESSAGE-----": ENCRYPTED_PGP,
    "-----BEGIN PGP SIGNED MESSAGE-----": SIGNED_PGP,
}


def sender_marks(headers: Headers) -> Iterator[str]:
    """Yield what is odd about who the mail says it is from."""
    senders = read_addresses(headers.all("from"))[0]
    if len(headers.all("from")) > 1 or len(senders) > 1:
        yield SEVERAL_SENDERS
    stated = senders + read_addresses(headers.all("sender"))[0]
    if any(map(_names_another, stated[:_NAMED_MAX])):
        yield NAME_IS_ADDRESS
    replies = read_addresses(headers.all("reply-to"))[0]
    if any(map(_is_homograph, (*stated[:_NAMED_MAX], *replies[:_NAMED_MAX]))):
        yield HOMOGRAPH
    if replies and senders and {_mailbox(one) for one in replies}.isdisjoint(_mailbox(one) for one in senders):
        yield REPLY_TO_DIFFERS
    if any(has_overrides(raw_words(value)) for name in _SHOWN for value in headers.all(name)):
        yield OVERRIDES


def _mailbox(address: Address) -> str:
    return comparable(address.address)


def _names_another(address: Address) -> bool:
    """Tell whether the display name shows an address that isn't the sender's: "boss@bank.example" <x@evil.example>."""
    found = _ADDRESS.findall(address.name)
    return bool(found) and _mailbox(address) not in map(comparable, found)


def _is_homograph(address: Address) -> bool:
    """Tell whether letters of several scripts in one word pass for each other, or a whole name for a Latin one."""
    local, _, domain = address.address.rpartition("@")
    labels = [_decoded(label) for label in domain.split(".")]
    if any(_is_mixed(word) for text in (address.name, local, *labels) for word in _WORD.findall(text)):
        return True
    is_latin_top = _LATIN_TOP.fullmatch(labels[-1]) is not None
    return is_latin_top and any(_reads_as_latin(label) for label in labels[:-1])


def _decoded(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        return label[4:200].encode("ascii").decode("punycode")
    except UnicodeError:
        return label


def _is_mixed(word: str) -> bool:
    return not word.isascii() and len(_CONFUSED.intersection(map(_script, word))) > 1


def _script(letter: str) -> str:
    return "LATIN" if letter.isascii() else unicodedata.name(letter, "").partition(" ")[0]


def _reads_as_latin(label: str) -> bool:
    letters = "".join(_WORD.findall(label.lower()))
    return bool(letters) and not letters.isascii() and _TWINS.issuperset(letters)


def seals(raw: bytes, root: Part, text: str) -> Iterator[str]:
    """Yield how the mail is signed or encrypted. What is sealed stays as it came: as files, and in the raw bytes."""
    for part in root.walk():
        kind = part.content_type.value
        protocol = part.content_type.named.get("protocol", "").strip().lower()
        if kind == "multipart/signed":
            yield SIGNED_PGP if protocol == "application/pgp-signature" else SIGNED_SMIME
        elif kind == "multipart/encrypted":
            yield ENCRYPTED_PGP
        elif _SMIME.fullmatch(kind) and not kind.endswith("-signature"):
            yield _cms_kind(raw, part)
    for begin, mark in _PGP_INLINE.items():
        if begin in text:
            yield mark


def _cms_kind(raw: bytes, part: Part) -> str:
    """Return what an application/pkcs7-mime part holds: it says so itself (RFC 8551 3.2.2), else its bytes do."""
    stated = part.content_type.named.get("smime-type", "").strip().lower()
    if stated:
        return SIGNED_SMIME if stated in ("signed-data", "certs-only", "compressed-data") else ENCRYPTED_SMIME
    start = raw[part.body_at : min(part.body_end, part.body_at + 200)]
    content, _ = transferred(start, part.headers.get("content-transfer-encoding") or "")
    return SIGNED_SMIME if _CMS + b"\x02" in content else ENCRYPTED_SMIME
