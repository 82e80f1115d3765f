"""Is the address in From the sender's own? What our own mail server found out, read from the mail it handed over.

Sources: RFC 8601 (Authentication-Results), RFC 7489 3.1 (alignment).
"""

import re
from collections.abc import Collection, Iterator, Sequence
from functools import cache

import msgspec
from publicsuffixlist import PublicSuffixList

from channels.email.addresses import read_addresses
from channels.message import Trust, Verdict

Fields = Sequence[tuple[str, str]]

NO_ID = "-"
"""Stands for a header that names no server, which is how Microsoft 365 writes it."""

_COMMENT = re.compile(r"\((?:[^()\\]|\\.)*\)")
_TOKEN = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;="]+))')
_RESULT = re.compile(r"\s*([a-z][a-z0-9-]*)(?:\s*/\s*\d+)?\s*=\s*([a-z]+)", re.IGNORECASE)
_PROPERTY = re.compile(
    r'\b(smtp|header|policy)\s*\.\s*([a-z-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;]+))', re.IGNORECASE
)
_VALUE_MAX = 8_192
_RESULTS_MAX = 50
_SHOWN = {"pass", "fail", "softfail", "neutral", "none", "temperror", "permerror", "policy"}


class Found(msgspec.Struct, frozen=True):
    """One method's result and the domain that it is about: `d=` of a signature, the envelope's, or that of From."""

    method: str
    result: str
    domain: str = ""


def sender_domain(fields: Fields) -> str | None:
    """Return the domain of the one address in From; None if there are several, or none: nobody vouches for those."""
    values = [value for name, value in fields if name == "from"]
    named, _ = read_addresses(values)
    if len(values) != 1 or len(named) != 1:
        return None
    _, at, domain = named[0].address.rpartition("@")
    return domain.lower().rstrip(".") or None if at else None


def read_trust(fields: Fields, ids: Collection[str]) -> Trust:
    """Return what the top-most `Authentication-Results` under one of our `ids` says; a mail may hold forged ones below.

    With no such header nothing was checked: `unchecked`.
    """
    domain = sender_domain(fields)
    stated = next(_ours(fields, ids), None)
    if stated is None:
        return Trust(domain=domain or "", why="no_results")
    return judged(domain, tuple(_results(stated)))


def judged(domain: str | None, found: Sequence[Found], *, strict_spf: bool = False, strict_dkim: bool = False) -> Trust:
    """Return what the results together say of a mail from `domain` (that of From).

    A signature or an envelope proves only what it is aligned with; DMARC's own result counts where there is one.
    """
    if domain is None:
        return Trust(verdict="unproven", why="no_single_sender", **_shown(found))
    dmarc = next((each for each in found if each.method == "dmarc"), None)
    if dmarc is not None and dmarc.domain not in ("", domain):
        return Trust(verdict="unproven", domain=domain, why="about_another_domain", **_shown(found))
    aligned = [
        each
        for each in found
        if (each.method == "dkim" and is_aligned(each.domain, domain, strict=strict_dkim))
        or (each.method == "spf" and is_aligned(each.domain, domain, strict=strict_spf))
    ]
    verdict, why = _verdict(dmarc, aligned, found)
    return Trust(verdict=verdict, domain=domain, why=why, **_shown(found))


def _verdict(dmarc: Found | None, aligned: Sequence[Found], found: Sequence[Found]) -> tuple[Verdict, str]:
    result = dmarc.result if dmarc is not None else "none"
    passed = [each.method for each in aligned if each.result == "pass"]
    if result == "pass":
        return "proven", "dmarc_pass"
    if result == "fail":
        return "failed", "dmarc_fail"
    if result == "temperror" or (not passed and any(each.result == "temperror" for each in aligned)):
        return "temperror", "no_answer"
    if passed:
        return "proven", f"{passed[0]}_aligned"
    other = any(each.result == "pass" for each in found)
    return "unproven", "not_aligned" if other else "nothing_passed"


def _shown(found: Sequence[Found]) -> dict[str, str]:
    """Return one result for each method: a pass if there is one, else the first."""
    results: dict[str, str] = {}
    for each in found:
        if each.method in ("spf", "dkim", "dmarc") and (each.method not in results or each.result == "pass"):
            results[each.method] = each.result if each.result in _SHOWN else "none"
    return results


def is_aligned(domain: str, of_from: str, *, strict: bool = False) -> bool:
    """Tell whether `domain` speaks for `of_from`: the same, or, if not `strict`, of one organisation (RFC 7489 3.1)."""
    if not domain or not of_from:
        return False
    if domain == of_from:
        return True
    organisation = organisational(of_from)
    return not strict and organisation is not None and organisational(domain) == organisation


def organisational(domain: str) -> str | None:
    """Return the organisation's domain: one label below a public suffix. None: the domain is itself such a suffix."""
    found = _suffixes().privatesuffix(domain)
    return str(found) if found is not None else None


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def _ours(fields: Fields, ids: Collection[str]) -> Iterator[str]:
    """Yield the results of each header that names one of `ids`, the top-most first."""
    wanted = {id.lower() for id in ids}
    for name, value in fields:
        if name != "authentication-results":
            continue
        plain = _without_comments(value[:_VALUE_MAX])
        match = _TOKEN.match(plain)
        if match is None:
            continue
        server, rest = (match[1] if match[1] is not None else match[2]).lower(), plain[match.end() :]
        if re.match(r"\s*=", rest):
            if NO_ID in wanted:
                yield plain
        elif server in wanted:
            yield rest.partition(";")[2]


def _without_comments(text: str) -> str:
    for _ in range(5):
        text, count = _COMMENT.subn(" ", text)
        if not count:
            break
    return text


def _results(text: str) -> Iterator[Found]:
    for part in text.split(";")[:_RESULTS_MAX]:
        match = _RESULT.match(part)
        if match is None:
            continue
        method = match[1].lower()
        named = {f"{each[1]}.{each[2]}".lower(): each[3] or each[4] or "" for each in _PROPERTY.finditer(part)}
        if method == "dkim":
            domain = named.get("header.d") or named.get("header.i", "")
        elif method == "spf":
            domain = named.get("smtp.mailfrom") or named.get("smtp.helo", "")
        else:
            domain = named.get("header.from", "")
        yield Found(method, match[2].lower(), domain.strip("<>").rpartition("@")[2].lower().rstrip("."))
