"""What the doctor finds, and how it is told."""

from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

State = Literal["ok", "warning", "failed"]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What one look found. `remedy`: what to do, "" where nothing is to be done."""

    name: str
    state: State
    found: str
    remedy: str = ""


def ok(name: str, found: str) -> Finding:
    """Return that all is well."""
    return Finding(name=name, state="ok", found=found)


def warning(name: str, found: str, remedy: str) -> Finding:
    """Return what somebody should look at soon."""
    return Finding(name=name, state="warning", found=found, remedy=remedy)


def failed(name: str, found: str, remedy: str) -> Finding:
    """Return what keeps the site, or a part of it, from working."""
    return Finding(name=name, state="failed", found=found, remedy=remedy)


MARKS = {"ok": "ok", "warning": "note", "failed": "FAILED"}


def as_text(findings: Sequence[Finding]) -> str:
    """Return the findings for people to read: what is wrong stands out, and its remedy below it."""
    width = max(len(finding.name) for finding in findings)
    return "\n".join([*_lines(findings, width), _summary(findings)])


def _lines(findings: Sequence[Finding], width: int) -> Iterator[str]:
    for finding in findings:
        yield f"{MARKS[finding.state]:<7}{finding.name:<{width}}  {finding.found}"
        if finding.remedy:
            yield f"{'':<7}{'':<{width}}  -> {finding.remedy}"


def _summary(findings: Sequence[Finding]) -> str:
    bad = sum(finding.state == "failed" for finding in findings)
    notes = sum(finding.state == "warning" for finding in findings)
    if bad:
        return f"{bad} of {len(findings)} checks failed."
    return f"All {len(findings)} checks passed{f', {notes} with a note' if notes else ''}."
