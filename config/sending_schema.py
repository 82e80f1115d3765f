"""Documents that are sent, at once or later: what `[[autoresponses]]` of kind `document` hold besides words."""

import re
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from config.kinds import File, Kind, Language, Name, Span, Text
from vocabulary.instants import DAY, MINUTE

LANGUAGE_IN_NAME = "{language}"
"""Stands for the language of the customer in the name of a file."""
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_LOOSE = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?")


def _minutes(text: str, _: Path) -> int:
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError(text)
    return int(match[1]) * 60 + int(match[2])


def _shown(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _guess(value: object) -> str | None:
    match = _LOOSE.fullmatch(str(value).strip())
    if match is None or int(match[1]) > 23 or int(match[2] or 0) > 59:
        return None
    return _shown(int(match[1]) * 60 + int(match[2] or 0))


TIME = Kind(expected='a time of day such as "08:00"', read=_minutes, show=_shown, guess=_guess)
Time = Annotated[int, Meta(ge=0, le=24 * 60 - 1, extra={"kind": TIME})]
Words = dict[Language, Text]
Files = Annotated[
    tuple[File, ...],
    Meta(
        description="Files that go with it, 10MB each at most; `{language}` in a name stands for the customer's.",
        examples=[["price-list.{language}.pdf"]],
        max_length=10,
    ),
]
At = Annotated[Time | None, Meta(description="... and when clocks show this.", examples=["08:00"])]
Subject = Annotated[
    Words,
    Meta(
        description="Subject by language; none: that of the conversation.", examples=[{"en": "Our prices {{ number }}"}]
    ),
]


class FollowUp(msgspec.Struct, frozen=True, kw_only=True):
    """A message that follows if the customer hasn't answered."""

    after: Annotated[
        Span, Meta(description="So long after the one before; days are those of a calendar.", ge=MINUTE, le=366 * DAY)
    ]
    at: At = None
    text: Annotated[
        Words,
        Meta(description="Words by language, all of the site's.", examples=[{"en": "Have you seen our prices?"}]),
    ]
    subject: Subject = {}
    attachments: Files = ()


class Escalate(msgspec.Struct, frozen=True, kw_only=True):
    """Who calls if nobody has answered."""

    after: Annotated[Span, Meta(description="So long after the last message.", ge=MINUTE, le=366 * DAY)]
    at: At = None
    callback: Annotated[Name, Meta(description="The queue whose agents call.", examples=["sales"])]
