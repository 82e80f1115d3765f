"""Invitations are read as data."""

from hypothesis import given
from hypothesis import strategies as st

from channels.email.invitations import read_invitations
from channels.message import Address, Invitation
from tests.channels.email.mails import a_mail, parsed

CALENDAR = """\
BEGIN:VCALENDAR
METHOD:REQUEST
BEGIN:VTIMEZONE
TZID:Europe/Warsaw
BEGIN:STANDARD
DTSTART:16010101T030000
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
UID:event-1@first.example
SUMMARY;LANGUAGE=pl:Przegląd\\, który
  trwa
DTSTART;TZID=Europe/Warsaw:20260302T100000
DTEND;TZID=Europe/Warsaw:20260302T110000
ORGANIZER;CN="Nowak, Zofia":mailto:zofia@first.example
LOCATION:Room 5
DESCRIPTION:Bring:\\n- the parcel
RRULE:FREQ=WEEKLY
BEGIN:VALARM
DESCRIPTION:not this one
END:VALARM
END:VEVENT
BEGIN:VEVENT
SUMMARY:Holiday
DTSTART;VALUE=DATE:20260501
END:VEVENT
END:VCALENDAR
"""
EXPECTED = (
    Invitation(
        method="request",
        uid="event-1@first.example",
        summary="Przegląd, który trwa",
        start="2026-03-02T10:00:00",
        end="2026-03-02T11:00:00",
        time_zone="Europe/Warsaw",
        location="Room 5",
        organizer=Address("Nowak, Zofia", "zofia@first.example"),
        description="Bring:\n- the parcel",
        repeats=True,
    ),
    Invitation(method="request", summary="Holiday", start="2026-05-01"),
)


def test_events_are_read_with_what_matters() -> None:
    assert read_invitations(CALENDAR) == EXPECTED
    assert read_invitations(CALENDAR.replace("\n", "\r\n")) == EXPECTED
    assert read_invitations("BEGIN:VEVENT\nDTSTART:20260302T090000Z\nEND:VEVENT") == (
        Invitation(start="2026-03-02T09:00:00", time_zone="UTC"),
    )


def test_an_invitation_is_marked_shown_and_kept_as_a_file() -> None:
    body = (
        "--b\r\n\r\nPlease come.\r\n--b\r\nContent-Type: text/calendar; charset=utf-8; method=REQUEST\r\n\r\n"
        f"{CALENDAR}\r\n--b--\r\n"
    )
    message = parsed(a_mail(body.encode(), content_type="multipart/alternative; boundary=b"))
    assert message.marks == ("invitation",)
    assert message.invitations == EXPECTED
    assert message.text == "Please come."
    assert [file.content_type for file in message.attachments] == ["text/calendar"]


def test_a_mail_that_is_nothing_but_an_invitation_reads_as_one() -> None:
    message = parsed(a_mail(CALENDAR.encode(), content_type="text/calendar; method=REQUEST"))
    assert message.text == "Przegląd, który trwa\nBring:\n- the parcel\n\nHoliday"


def test_events_stop_at_the_limit() -> None:
    assert len(read_invitations("BEGIN:VEVENT\nEND:VEVENT\n" * 10_000)) == 20


@given(
    st.lists(st.sampled_from(["BEGIN:VEVENT", "END:VEVENT", "DTSTART:2026", "\n", ";", ":", '"', "A=", "\\", " ", "x"]))
)
def test_anything_is_read(pieces: list[str]) -> None:
    read_invitations("".join(pieces))
