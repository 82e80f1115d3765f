import pytest

from channels.callback.phones import PhoneRefused, e164, example, region_of


@pytest.mark.parametrize(
    "text, region, expected",
    [
        ("512 345 678", "PL", "+48512345678"),
        ("+48 (22) 123-45-67", "PL", "+48221234567"),
        ("0048 512 345 678", "PL", "+48512345678"),
        ("8 612 34567", "LT", "+37061234567"),
        ("0 612 34567", "LT", "+37061234567"),
        ("+370 612 34567", "PL", "+37061234567"),
        ("06 20 123 4567", "HU", "+36201234567"),
        ("06-1-234-5678", "HU", "+3612345678"),
        ("8 (912) 345-67-89", "RU", "+79123456789"),
        ("+7 912 345 67 89", "GB", "+79123456789"),
        ("020 7946 0018", "GB", "+442079460018"),
        ("07400 123456", "GB", "+447400123456"),
        ("٥١٢ ٣٤٥ ٦٧٨", "PL", "+48512345678"),
        ("\u00a0512\u2011345\u2011678 ", "PL", "+48512345678"),
    ],
)
def test_numbers_are_understood_as_people_write_them(text: str, region: str, expected: str) -> None:
    assert e164(text, region) == expected


@pytest.mark.parametrize(
    "text, region, code",
    [
        ("", "PL", "empty"),
        (" \t", "PL", "empty"),
        ("call me", "PL", "not_a_number"),
        ("<script>alert(1)</script>", "PL", "not_a_number"),
        ("5", "PL", "not_a_number"),
        ("51234", "PL", "too_short"),
        ("+48 512", "PL", "too_short"),
        ("01 23", "HU", "too_short"),
        ("512 345 678 901 23", "PL", "too_long"),
        ("5" * 300, "PL", "too_long"),
        ("000 000 000", "PL", "not_possible"),
        ("+999 123 456 789", "PL", "not_possible"),
        ("020 0000 0000 ", "LT", "too_long"),
        ("512 345 678 ext. 12", "PL", "extension"),
        ("700 123 456", "PL", "premium"),
        ("801 234 567", "PL", "premium"),
        ("8 809 555 12 34", "RU", "premium"),
        ("0909 879 0123", "GB", "premium"),
        ("+979 1 2345 6789", "PL", "premium"),
        ("+870 773 123 456", "PL", "premium"),
        ("112", "PL", "emergency"),
        ("999", "GB", "emergency"),
        ("112", "HU", "emergency"),
        ("112", "RU", "emergency"),
        ("112", "LT", "emergency"),
    ],
)
def test_what_we_do_not_call_says_why(text: str, region: str, code: str) -> None:
    with pytest.raises(PhoneRefused) as refused:
        e164(text, region)
    assert refused.value.code == code


def test_only_countries_on_the_list_are_called() -> None:
    assert e164("+370 612 34567", "PL", {"PL", "LT"}) == "+37061234567"
    with pytest.raises(PhoneRefused) as refused:
        e164("+370 612 34567", "PL", {"PL"})
    assert refused.value.code == "country"


@pytest.mark.parametrize("region", ["PL", "LT", "HU", "RU", "GB"])
def test_the_example_of_a_country_is_a_number_that_we_call(region: str) -> None:
    assert e164(example(region), "US", {region}).startswith(example(region).split()[0])


def test_the_language_tells_the_country_where_it_has_one() -> None:
    assert [region_of(language, "IE") for language in ("pl", "lt", "hu", "ru", "en", "xx")] == [
        "PL",
        "LT",
        "HU",
        "RU",
        "IE",
        "IE",
    ]
