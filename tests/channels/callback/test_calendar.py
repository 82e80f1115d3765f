"""Entries for calendars (RFC 5545)."""

from channels.callback.calendar import Appointment, calendar

APPOINTMENT = Appointment(
    uid="i-1@example.org",
    starts_at=1_772_361_000_000,
    ends_at=1_772_362_800_000,
    changed_at=1_772_357_400_000,
    sequence=7,
    summary="Your callback, number C-1",
    organiser="Demo; Telecom",
    link="https://example.org/booking/abc",
)


def lines(raw: bytes) -> list[str]:
    """Return the lines with what was folded put together again (section 3.1)."""
    return raw.replace(b"\r\n ", b"").decode().split("\r\n")


def test_an_appointment_is_one_event_in_utc() -> None:
    assert lines(calendar(APPOINTMENT)) == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Centrala//Callbacks//EN",
        "METHOD:PUBLISH",
        "BEGIN:VEVENT",
        "UID:i-1@example.org",
        "SEQUENCE:7",
        "DTSTAMP:20260301T093000Z",
        "DTSTART:20260301T103000Z",
        "DTEND:20260301T110000Z",
        "SUMMARY:Your callback\\, number C-1",
        "DESCRIPTION:Demo\\; Telecom",
        "URL:https://example.org/booking/abc",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]


def test_no_line_is_longer_than_75_octets_and_no_character_is_cut() -> None:
    long = Appointment(
        uid="u", starts_at=0, ends_at=1, changed_at=0, sequence=0, summary="zażółć gęślą jaźń " * 20, link="x" * 300
    )
    raw = calendar(long)
    assert max(len(line) for line in raw.split(b"\r\n")) <= 75
    assert all(line.decode() for line in raw.split(b"\r\n") if line)
    assert f"SUMMARY:{long.summary}" in lines(raw)
    assert f"URL:{long.link}" in lines(raw)


def test_a_line_break_ends_no_line_of_the_file() -> None:
    text = calendar(
        Appointment(uid="u", starts_at=0, ends_at=1, changed_at=0, sequence=0, summary="a\r\nEND:VCALENDAR")
    )
    assert "SUMMARY:a\\nEND:VCALENDAR" in lines(text)
