"""Invitations in a mail (iCalendar, RFC 5545; iTIP, RFC 5546), read as data within limits. Nothing is answered."""

import re
from collections.abc import Iterator

from channels.email.display import clean_line, clean_text
from channels.message import Address, Invitation

SIZE_MAX = 256 * 1024
"""Bytes of a calendar that are looked at."""
_LINES_MAX = 5_000
_EVENTS_MAX = 20
_TEXT_MAX = 500
_DESCRIPTION_MAX = 4_000

_UNFOLD = re.compile(r"\r?\n[ \t]")
_LINE = re.compile(
    r'([A-Za-z0-9-]{1,60})((?:;[A-Za-z0-9-]{1,60}=(?:"[^"]*"|[^";:,]*)(?:,(?:"[^"]*"|[^";:,]*))*)*):(.*)'
)
_PARAMETER = re.compile(r';([A-Za-z0-9-]+)=("[^"]*"|[^";:]*)')
_ESCAPE = re.compile(r"\\([nN\\;,])")
_MOMENT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z?))?")


class _Property:
    """One content line: its parameters by lower-case name, its value still escaped."""

    def __init__(self, parameters: str, value: str) -> None:
        self.parameters = {name.lower(): text.strip('"') for name, text in _PARAMETER.findall(parameters)}
        self.value = value

    def text(self, limit: int = _TEXT_MAX) -> str:
        plain = _ESCAPE.sub(lambda match: "\n" if match[1] in "nN" else match[1], self.value[: 2 * limit])
        return clean_text(plain).strip()[:limit]

    def line(self) -> str:
        return clean_line(self.text())

    def moment(self) -> tuple[str, str]:
        """Return when it is, as `2026-03-02T10:00:00` or `2026-03-02`, and its time zone, "" where it floats."""
        match = _MOMENT.match(self.value.strip())
        if match is None:
            return "", ""
        year, month, day, hour, minute, second, utc = match.groups()
        zone = "UTC" if utc else clean_line(self.parameters.get("tzid", ""), limit=100)
        return (
            (f"{year}-{month}-{day}", "") if hour is None else (f"{year}-{month}-{day}T{hour}:{minute}:{second}", zone)
        )

    def person(self) -> Address:
        address = re.sub(r"(?i)^mailto:", "", self.value.strip())
        return Address(clean_line(self.parameters.get("cn", ""), limit=200), clean_line(address, limit=320))


def read_invitations(content: str) -> tuple[Invitation, ...]:
    """Return the events of the calendar `content`, in their order. Never raises."""
    method = ""
    found: list[Invitation] = []
    event: dict[str, _Property] = {}
    inside: list[str] = []
    for name, property_ in _properties(content):
        if name == "begin":
            inside.append(property_.value.strip().upper())
            event = {} if inside[-1] == "VEVENT" else event
        elif name == "end":
            if inside and inside.pop() == "VEVENT" and len(found) < _EVENTS_MAX:
                found.append(_invitation(method, event))
        elif inside[-1:] == ["VEVENT"]:
            event.setdefault(name, property_)
        elif name == "method":
            method = clean_line(property_.value, limit=20).lower()
    return tuple(found)


def _properties(content: str) -> Iterator[tuple[str, _Property]]:
    for count, line in enumerate(_UNFOLD.sub("", content[:SIZE_MAX]).splitlines()):
        if count >= _LINES_MAX:
            return
        match = _LINE.match(line)
        if match is not None:
            yield match[1].lower(), _Property(match[2], match[3])


def _invitation(method: str, event: dict[str, _Property]) -> Invitation:
    nothing = _Property("", "")
    start, zone = event.get("dtstart", nothing).moment()
    end, _ = event.get("dtend", nothing).moment()
    return Invitation(
        method=method,
        uid=event.get("uid", nothing).line(),
        summary=event.get("summary", nothing).line(),
        start=start,
        end=end,
        time_zone=zone,
        location=event.get("location", nothing).line(),
        organizer=event["organizer"].person() if "organizer" in event else None,
        description=event.get("description", nothing).text(_DESCRIPTION_MAX),
        repeats="rrule" in event,
    )
