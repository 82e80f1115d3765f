"""The fields of the callback form: what was typed, what it means, and what is wrong with it."""

import re
from collections.abc import Container, Mapping, Sequence

import msgspec

from channels.callback.phones import PhoneRefused, likely_e164

NAME_MAX, TOPIC_MAX, MESSAGE_MAX = 100, 100, 2000
KEPT = ("name", "phone", "topic", "message", "consent", "slot", "day", "shown_day", "time_zone")
"""Fields that come back as they were typed. `day`: whose times are wanted; `shown_day`: whose were shown."""
TRAP = "website"
"""A field that people do not see. What programs write into it gives them away."""

_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class Filled(msgspec.Struct, frozen=True):
    """A form that is filled in well; `phone` is E.164."""

    name: str
    phone: str
    topic: str
    message: str


def checked(
    values: Mapping[str, str], regions: Sequence[str], countries: Container[str] | None
) -> tuple[Filled | None, dict[str, str]]:
    """Return what `values` say, or None and for each field at fault a code such as "phone.too_short".

    Args:
        values: what was typed, by field.
        regions: where a number without a prefix may be, the likeliest first.
        countries: the only ones that we call; None if all.
    """
    faults: dict[str, str] = {}
    name, topic, message = _line(values["name"]), _line(values["topic"]), _text(values["message"])
    if not name:
        faults["name"] = "name.empty"
    for field, text, most in (("name", name, NAME_MAX), ("topic", topic, TOPIC_MAX), ("message", message, MESSAGE_MAX)):
        if len(text) > most:
            faults[field] = f"{field}.too_long"
    phone = ""
    try:
        phone = likely_e164(values["phone"], regions, countries)
    except PhoneRefused as refused:
        faults["phone"] = f"phone.{refused.code}"
    if not values["consent"]:
        faults["consent"] = "consent.missing"
    return (None if faults else Filled(name, phone, topic, message)), faults


def _line(text: str) -> str:
    return " ".join(_CONTROLS.sub(" ", text).split())


def _text(text: str) -> str:
    return _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
