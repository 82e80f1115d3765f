"""Phone numbers and addresses that stand in a text."""

import re

import phonenumbers

TEXT_MAX = 4_000
FOUND_MAX = 5
_ADDRESS = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,4}", re.IGNORECASE)


def phones_in(text: str, region: str) -> list[str]:
    """Return the phone numbers of `text` as E.164, each once; those without a prefix are of `region` (ISO 3166)."""
    matches = phonenumbers.PhoneNumberMatcher(text[:TEXT_MAX], region or None)
    found = (phonenumbers.format_number(each.number, phonenumbers.PhoneNumberFormat.E164) for each in matches)
    return list(dict.fromkeys(found))[:FOUND_MAX]


def addresses_in(text: str) -> list[str]:
    """Return the e-mail addresses of `text`, each once, in small letters."""
    found = (match[0].casefold().strip(".") for match in _ADDRESS.finditer(text[:TEXT_MAX]))
    return list(dict.fromkeys(found))[:FOUND_MAX]
