"""An appointment as a file for calendars (iCalendar, RFC 5545)."""

from datetime import UTC, datetime

import msgspec

from vocabulary.instants import Instant

_LINE_MAX = 75
"""Octets of a line, without its end (section 3.1)."""


class Appointment(msgspec.Struct, frozen=True, kw_only=True):
    """When somebody is called back. `uid` stays the same when it is changed; `sequence` grows then."""

    uid: str
    starts_at: Instant
    ends_at: Instant
    changed_at: Instant
    sequence: int
    summary: str
    organiser: str = ""
    link: str | None = None


def calendar(appointment: Appointment) -> bytes:
    """Return the file `appointment` is published with."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Centrala//Callbacks//EN",
        "METHOD:PUBLISH",
        "BEGIN:VEVENT",
        f"UID:{_text(appointment.uid)}",
        # Later versions replace earlier ones (section 3.8.7.4).
        f"SEQUENCE:{appointment.sequence}",
        f"DTSTAMP:{_utc(appointment.changed_at)}",
        f"DTSTART:{_utc(appointment.starts_at)}",
        f"DTEND:{_utc(appointment.ends_at)}",
        f"SUMMARY:{_text(appointment.summary)}",
        *([f"DESCRIPTION:{_text(appointment.organiser)}"] if appointment.organiser else []),
        *([f"URL:{appointment.link}"] if appointment.link else []),
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return b"".join(_folded(line) for line in lines)


def _utc(at: Instant) -> str:
    return f"{datetime.fromtimestamp(at // 1000, UTC):%Y%m%dT%H%M%SZ}"


def _text(value: str) -> str:
    """Escape a text (section 3.3.11); what would end the line can't."""
    plain = value.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return "\\n".join(plain.splitlines())


def _folded(line: str) -> bytes:
    """Return `line` in pieces of at most 75 octets, none of which cuts a character."""
    pieces: list[bytes] = []
    piece = b""
    for character in line:
        raw = character.encode()
        # What goes on begins with a space, which counts too.
        if len(piece) + len(raw) > _LINE_MAX:
            pieces.append(piece)
            piece = b" "
        piece += raw
    return b"\r\n".join([*pieces, piece]) + b"\r\n"
