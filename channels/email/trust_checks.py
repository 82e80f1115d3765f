"""Is the address in From the sender's own? Found out by ourselves, where no mail server before us does.

Sources: RFC 6376 (DKIM), RFC 7208 (SPF), RFC 7489 (DMARC). The libraries compute; all questions go through our
resolver, whose answers are fetched first, so that nothing blocks and every wait has an end.
"""

import asyncio
import hashlib
import re
from base64 import b64decode
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

import dkim
import msgspec
import spf

from channels.email.headers import read_block
from channels.email.resolver import Kind, Resolver
from channels.email.trust import Found, is_aligned, judged, organisational, sender_domain
from channels.message import Trust
from vocabulary.errors import TemporaryFailure

CHECK_S = 10.0
"""All questions about one mail together."""
SIGNATURES_MAX = 5
QUESTIONS_MAX = 40
SIZE_MAX = 25 * 1024 * 1024
_BLANKS_MAX = 20_000_000
_PIECE = 64 * 1024
_TAG = re.compile(r"(?:^|;)\s*([a-z]+)\s*=\s*([^;]*)", re.IGNORECASE)
_INSIDE = ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "::1/128", "fc00::/7",
           "fe80::/10")  # fmt: skip
_NETWORKS_OF_OURS = tuple(map(ip_network, _INSIDE))


class Peer(msgspec.Struct, frozen=True):
    """Who handed the mail over by SMTP: its address, its greeting and the sender of the envelope ("": the null one)."""

    address: str
    greeting: str
    envelope_sender: str


async def checked_trust(raw: bytes, peer: Peer | None, resolver: Resolver) -> Trust:
    """Return what `raw` proves about its sender. `peer` None: the mail came another way, so SPF says nothing."""
    fields = read_block(raw, 0, len(raw)).headers.fields
    domain = sender_domain(fields)
    if domain is None:
        return judged(None, ())
    try:
        async with asyncio.timeout(CHECK_S):
            signatures, envelope, policy = await asyncio.gather(
                _signatures(raw, fields, domain, resolver), _envelope(peer, resolver), _policy(domain, resolver)
            )
    except TimeoutError:
        return Trust(verdict="temperror", domain=domain, why="no_answer")
    found = [*signatures, *envelope]
    strict = {"strict_dkim": policy.get("adkim") == "s", "strict_spf": policy.get("aspf") == "s"}
    if "v" in policy or "error" in policy:
        found.append(Found("dmarc", _dmarc(judged(domain, found, **strict), policy), domain))
    return judged(domain, found, **strict)


def _dmarc(without: Trust, policy: dict[str, str]) -> str:
    """Return DMARC's result, given what SPF and DKIM prove; a policy that can't be read leaves a proof a proof."""
    if "error" in policy:
        return policy["error"]
    if without.verdict == "proven":
        return "pass"
    return "temperror" if without.verdict == "temperror" else "fail"


# -- DKIM


async def _signatures(
    raw: bytes, fields: Sequence[tuple[str, str]], domain: str, resolver: Resolver
) -> Sequence[Found]:
    """Return the results of the signatures aligned with `domain`; others prove nothing and are not asked about."""
    if len(raw) > SIZE_MAX or _too_blank(raw[: read_block(raw, 0, len(raw)).body_at]):
        return ()
    stated = [_tags(value) for name, value in fields if name == "dkim-signature"]
    # A signature behind so many others, or one of somebody else, proves nothing that anybody asks about.
    aligned = [at for at, tags in enumerate(stated[:50]) if is_aligned(tags.get("d", "").lower(), domain)]
    return [await _signature(raw, at, stated[at], resolver) for at in aligned[:SIGNATURES_MAX]]


async def _signature(raw: bytes, at: int, tags: dict[str, str], resolver: Resolver) -> Found:
    by = tags["d"].lower()
    if "l" in tags or tags.get("a", "").lower() == "rsa-sha1":
        # Signed only up to somewhere, so that anybody may write below it; or by what RFC 8301 forbids.
        return Found("dkim", "policy", by)
    try:
        keys = await resolver.records(f"{tags.get('s', '')}._domainkey.{by}", "TXT")
    except TemporaryFailure:
        return Found("dkim", "temperror", by)
    key = keys[0].encode() if keys else None
    try:
        is_valid = await asyncio.to_thread(_is_valid, raw, at, key)
    except Exception:  # noqa: BLE001  # the library stumbles over many kinds of broken signature; each is one
        return Found("dkim", "permerror", by)
    return Found("dkim", "pass" if is_valid else "fail", by)


def _is_valid(raw: bytes, at: int, key: bytes | None) -> bool:
    """Tell whether the signature number `at` is sound.

    The library looks at a body in steps that hold up everything else for as long as they take; so the body is compared
    here, piece by piece, and the library is asked about the rest.
    """
    body_at = read_block(raw, 0, len(raw)).body_at
    signed = dkim.DKIM(raw[:body_at])
    prepared = signed.verify_headerprep(at)
    if not prepared:
        return False
    fields, names, headers = prepared
    relaxed = fields.get(b"c", b"").lower().endswith(b"/relaxed")
    if body_hash(raw, body_at, relaxed=relaxed) != b64decode(re.sub(rb"\s+", b"", fields[b"bh"])):
        return False
    rest = {name: value for name, value in fields.items() if name != b"bh"}
    return bool(signed.verify_sig(rest, names, headers[at], lambda *_, **__: key))


def body_hash(raw: bytes, body_at: int, *, relaxed: bool) -> bytes:
    """Return the SHA-256 of the body behind `body_at` as a signature means it (RFC 6376 3.4.3 and 3.4.4)."""
    digest = hashlib.sha256()
    blank, something = 0, False
    for lines in _lines(raw, body_at):
        kept: list[bytes] = []
        for line in map(_without_blanks, lines) if relaxed else lines:
            if not line:
                blank += 1
                continue
            kept += [b""] * blank
            kept.append(line)
            blank, something = 0, True
        if kept:
            digest.update(b"\r\n".join(kept) + b"\r\n")
    if not something and not relaxed:
        digest.update(b"\r\n")
    return digest.digest()


def _lines(raw: bytes, at: int) -> Iterator[list[bytes]]:
    """Yield the lines of the body, some at a time, without what ends them."""
    while at < len(raw):
        end = raw.find(b"\n", at + _PIECE) + 1 or len(raw)
        lines = raw[at:end].replace(b"\r\n", b"\n").split(b"\n")
        yield lines if lines[-1] else lines[:-1]
        at = end


def _without_blanks(line: bytes) -> bytes:
    if b"  " in line or b"\t" in line:
        line = re.sub(rb"[\t ]+", b" ", line)
    return line.rstrip(b" ")


def _too_blank(head: bytes) -> bool:
    """Tell whether white space of the headers would keep the library busy: it looks again from each place of a run."""
    return sum(len(run) ** 2 for run in re.findall(rb"[\t ]{64,}", head)) > _BLANKS_MAX


# -- SPF


class _Query(spf.query):  # type: ignore[misc]  # the library has no types
    """The library's evaluation on answers that are there already; what is missing is noted and asked for."""

    def __init__(self, peer: Peer, answers: dict[tuple[str, str], tuple[str, ...] | None]) -> None:
        super().__init__(i=peer.address, s=peer.envelope_sender, h=peer.greeting)
        self.answers = answers
        self.missing: list[tuple[str, str]] = []

    def dns(self, name: str, qtype: str, cnames: object = None, ignore_void: bool = False) -> list[Any]:
        plain = str(name).rstrip(".").lower()
        if not plain or not all(0 < len(label) < 64 for label in plain.split(".")):
            return []
        if (plain, qtype) not in self.answers:
            self.missing.append((plain, qtype))
            raise spf.TempError("not asked yet")
        answer = self.answers[plain, qtype]
        if answer is None:
            raise spf.TempError("no answer")
        if not answer and not ignore_void:
            self.void_lookups += 1
            if self.void_lookups > spf.MAX_VOID_LOOKUPS:
                raise spf.PermError("too many names that are not there")
        return [_as_spf(qtype, each) for each in answer]


def _as_spf(qtype: str, record: str) -> object:
    """Return a record as the library has it."""
    if qtype == "TXT":
        return (record.encode(),)
    if qtype == "MX":
        preference, _, exchange = record.partition(" ")
        return (int(preference), exchange.strip())
    return record


async def _envelope(peer: Peer | None, resolver: Resolver) -> Sequence[Found]:
    """Return the result of SPF for the server that handed the mail over; one of our own network speaks for nobody."""
    address = _outside(peer.address) if peer is not None else None
    if peer is None or address is None:
        return ()
    domain = (peer.envelope_sender.rpartition("@")[2] or peer.greeting).lower().rstrip(".")
    if "." not in domain:
        return ()
    answers: dict[tuple[str, str], tuple[str, ...] | None] = {}
    while True:
        query = _Query(peer, answers)
        result = query.check()[0]
        wanted = [each for each in query.missing if each not in answers]
        if not wanted:
            return (Found("spf", result if result != "ambiguous" else "permerror", domain),)
        if len(answers) >= QUESTIONS_MAX:
            return (Found("spf", "permerror", domain),)
        for name, kind in wanted:
            answers[name, kind] = await _records(resolver, name, kind)


async def _records(resolver: Resolver, name: str, kind: str) -> tuple[str, ...] | None:
    """Return the records, None if nobody knows now."""
    if kind not in ("TXT", "A", "AAAA", "MX", "PTR"):
        return ()
    try:
        return await resolver.records(name, msgspec.convert(kind, Kind))
    except TemporaryFailure:
        return None


def _outside(address: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(address)
    except ValueError:
        return None
    plain = (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found
    return None if any(plain.version == net.version and plain in net for net in _NETWORKS_OF_OURS) else plain


# -- DMARC


async def _policy(domain: str, resolver: Resolver) -> dict[str, str]:
    """Return the tags of the domain's policy, or of its organisation's; `error` alone where nobody knows now."""
    for name in dict.fromkeys(filter(None, (domain, organisational(domain)))):
        records = await _records(resolver, f"_dmarc.{name}", "TXT")
        if records is None:
            return {"error": "temperror"}
        policies = [text for text in records if re.match(r"v\s*=\s*DMARC1\b", text.strip())]
        if len(policies) == 1:
            return _tags(policies[0])
    return {}


def _tags(value: str) -> dict[str, str]:
    """Return a list of tags ("d=example.org; s=one") as a table."""
    return dict(_each_tag(value))


def _each_tag(value: str) -> Iterator[tuple[str, str]]:
    for match in _TAG.finditer(value[:8_192]):
        yield match[1].lower(), re.sub(r"\s+", "", match[2])
