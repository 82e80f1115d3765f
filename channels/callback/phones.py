"""Phone numbers that people type, as numbers that can be called: E.164."""

from collections.abc import Container, Iterable

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType, ValidationResult

TEXT_MAX = 40
"""Longer than any number with its blanks and brackets."""

_REGIONS = {"pl": "PL", "lt": "LT", "hu": "HU", "ru": "RU", "de": "DE"}
_COSTLY = {PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST}
_NO_COUNTRY = "001"
# Written without a prefix, a number may be one of another country.
_PERHAPS_ELSEWHERE = {"too_short", "too_long", "not_possible"}
_WRONG_LENGTH = {
    ValidationResult.TOO_SHORT: "too_short",
    ValidationResult.TOO_LONG: "too_long",
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "too_short",
    ValidationResult.INVALID_COUNTRY_CODE: "not_possible",
    ValidationResult.INVALID_LENGTH: "not_possible",
}
_UNPARSED = {
    NumberParseException.INVALID_COUNTRY_CODE: "not_possible",
    NumberParseException.TOO_SHORT_AFTER_IDD: "too_short",
    NumberParseException.TOO_SHORT_NSN: "too_short",
    NumberParseException.TOO_LONG: "too_long",
}


class PhoneRefused(ValueError):
    """The text is no number that we call.

    `code`: empty, not_a_number, too_short, too_long, not_possible (no such number there), extension (it cannot be
    dialled with its number), premium, emergency, country (we do not call that one).
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def region_of(language: str, default: str) -> str:
    """Return the country whose numbers speakers of `language` are likely to write without a prefix."""
    return _REGIONS.get(language, default)


def example(region: str) -> str:
    """Return how a mobile number of `region` looks with its prefix, such as "+48 512 345 678"."""
    number = phonenumbers.example_number_for_type(region, PhoneNumberType.MOBILE)
    return "" if number is None else phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)


def e164(text: str, region: str, countries: Container[str] | None = None) -> str:
    """Return the number that `text` says, such as "+48512345678".

    Args:
        text: as people write it, with blanks, brackets, with or without the prefix of the country.
        region: where a number without a prefix is, as ISO 3166 writes it.
        countries: the only ones that we call; None if all.

    Raises:
        PhoneRefused: it says none, or one that we do not call.
    """
    text = text.strip()
    if not text:
        raise PhoneRefused("empty")
    if len(text) > TEXT_MAX:
        raise PhoneRefused("too_long")
    # Before anything else: "112" is too short for a number, but that is not what is wrong with it.
    if phonenumbers.is_emergency_number(text, region):
        raise PhoneRefused("emergency")
    number = _parsed(text, region)
    if (code := _fault(number, countries)) is not None:
        raise PhoneRefused(code)
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def likely_e164(text: str, regions: Iterable[str], countries: Container[str] | None = None) -> str:
    """Return the number that `text` says; one without a prefix may be of any of `regions`, the likeliest first.

    Raises:
        PhoneRefused: it says none, or one that we do not call; the reason is that of the likeliest region.
    """
    first, *others = dict.fromkeys(regions)
    try:
        return e164(text, first, countries)
    except PhoneRefused as refused:
        for region in others if refused.code in _PERHAPS_ELSEWHERE else ():
            try:
                return e164(text, region, countries)
            except PhoneRefused:
                continue
        raise


def _parsed(text: str, region: str) -> phonenumbers.PhoneNumber:
    try:
        return phonenumbers.parse(text, region)
    except NumberParseException as fault:
        raise PhoneRefused(_UNPARSED.get(fault.error_type, "not_a_number")) from fault


def _fault(number: phonenumbers.PhoneNumber, countries: Container[str] | None) -> str | None:
    if number.extension:
        return "extension"
    if (code := _WRONG_LENGTH.get(phonenumbers.is_possible_number_with_reason(number))) is not None:
        return code
    if not phonenumbers.is_valid_number(number):
        return "not_possible"
    country = phonenumbers.region_code_for_number(number)
    # Numbers of no country (+979 and others) cost whatever their owner asks, like premium ones.
    if country == _NO_COUNTRY or phonenumbers.number_type(number) in _COSTLY:
        return "premium"
    return "country" if countries is not None and country not in countries else None
