"""Addresses of headers, read within limits, and the comparing and checking of them."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from itertools import islice

from channels.email.display import clean_line
from channels.email.encoded_words import decode_words
from channels.message import Address

ADDRESSES_MAX = 1_000
_COMMENTS_MAX = 20

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"?|<[^<>]*>?|[(),:;>]|\\.|[^"<>(),:;\\]+|\\', re.DOTALL)
_COMMENT = re.compile(r"\([^()]*\)")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDR_SPEC = re.compile(rf"(?=.{{3,254}}\Z)({_ATOM}(?:\.{_ATOM})*)@({_LABEL}(?:\.{_LABEL})*)", re.ASCII)


def read_addresses(values: Iterable[str]) -> tuple[tuple[Address, ...], bool]:
    """Return the mailboxes that the header values name, group members included, and whether there were too many.

    Display names are decoded only after the structure is read: an encoded comma or "<" changes nothing.
    """
    found: list[Address] = []
    for value in values:
        for entry in _entries_of(value):
            if len(found) >= ADDRESSES_MAX:
                return tuple(found), True
            found.append(entry)
    return tuple(found), False


@lru_cache(maxsize=32)  # many look at who a mail is from and to: what a mail holds is read once
def _entries_of(value: str) -> tuple[Address, ...]:
    return tuple(islice(_entries(value), ADDRESSES_MAX + 1))


def _entries(value: str) -> Iterable[Address]:
    words: list[str] = []
    comments: list[str] = []
    angle: str | None = None
    depth = 0
    for match in _TOKEN.finditer(value):
        token = match[0]
        if depth or token == "(":
            depth = max(0, min(depth + (token == "(") - (token == ")"), _COMMENTS_MAX))
            if depth and token not in "()":
                comments.append(token)
        elif token in ",;":
            yield from _entry(words, angle, comments)
            words, comments, angle = [], [], None
        elif token == ":" and angle is None and not any("@" in word for word in words):
            words, comments = [], []  # the name of a group (RFC 5322 3.4)
        elif token.startswith("<"):
            angle = token.strip("<>") if angle is None else angle
        elif token not in ")>":
            words.append(token)
    yield from _entry(words, angle, comments)


def _entry(words: list[str], angle: str | None, comments: list[str]) -> Iterable[Address]:
    text = "".join(words).strip()
    if angle is not None:
        yield Address(_name(words) or _name(comments), _address(angle))
    elif text.count("@") > 1 and all("@" in one for one in text.split()):
        yield from (Address("", _address(one)) for one in text.split())  # somebody forgot the commas
    elif "@" in text or (text and not re.search(r"\s", text)):
        yield Address(_name(comments), _address(text))
    elif text:
        yield Address(_name(words), "")


def _name(tokens: list[str]) -> str:
    return decode_words("".join(map(_unquoted, tokens)))


def _unquoted(token: str) -> str:
    if not token.startswith('"'):
        return token
    return _ESCAPE.sub(r"\1", token[1:-1] if len(token) > 1 and token.endswith('"') else token[1:])


def _address(text: str) -> str:
    """Return the address in `text` without white space, comments and old source routes; nothing in it is decoded."""
    plain = re.sub(r"\s+", "", _COMMENT.sub("", clean_line(text, limit=400)))
    plain = plain.rpartition(":")[2] if plain.startswith("@") else plain
    local, at, domain = plain.rpartition("@")
    return f"{local}@{domain.lower().rstrip('.')}" if at else plain


def is_addr_spec(text: str) -> bool:
    """Tell whether `text` is an address as we write one: dots and atoms, no quotes, no comments, ASCII only."""
    match = _ADDR_SPEC.fullmatch(text)
    return match is not None and len(match[1]) <= 64


def comparable(address: str, *, separator: str = "+") -> str:
    """Return `address` in the form in which two of the same mailbox are equal.

    NFC and folded case, the domain in its ASCII form (RFC 5890), no detail behind `separator` (RFC 5233).
    """
    local, _, domain = unicodedata.normalize("NFC", address.strip()).rpartition("@")
    bare = local.partition(separator)[0] or local
    return f"{bare.casefold()}@{_ascii_domain(domain)}"


def _ascii_domain(domain: str) -> str:
    if domain.isascii():
        return domain.lower().rstrip(".")
    try:
        return domain[:253].encode("idna").decode("ascii").lower()
    except UnicodeError:
        return domain.casefold()
