import asyncio

import pytest

from channels.callback.fields import KEPT
from channels.message import Address, InboundMessage
from tests.channels.callback.desk import GOOD, PAGE, HandClock, House, form_of, visiting
from vocabulary.instants import DAY, HOUR, MINUTE
from web.limits import Window

EMPTY = dict.fromkeys(KEPT, "")


async def test_the_form_is_shown_with_all_that_it_needs() -> None:
    async with visiting(form_of(House())) as visitor:
        page = await visitor.open("/callback/call-me?lang=lt")
        token = page.pop("token")
        assert token.startswith("k1.")
        assert visitor.headers["Cache-Control"] == "no-store"
        assert page == {
            "template": "callback.html",
            "channel": "call-me",
            "company": "Acme",
            "language": "lt",
            "languages": ["en", "pl"],
            "values": {**EMPTY, "slot": "now"},
            "times": None,
            "wants_times": False,
            "is_fresh": True,
            "errors": {},
            "prefix_example": "+370 612 34567",
            "trap": "website",
        }


async def test_a_form_that_is_filled_in_well_is_received_and_confirmed() -> None:
    house = House()
    async with visiting(form_of(house)) as visitor:
        page = await visitor.fill_in(
            name="  Anna \x00 Nowak ", topic="My invoice", message="Please call\r\nafter five.\n", phone="(512) 345-678"
        )
        assert visitor.status == 200
    assert page == {
        "template": "callback_done.html",
        "channel": "call-me",
        "company": "Acme",
        "language": "en",
        "languages": ["en", "pl"],
        "reference": "R-1",
        "position": 1,
        "expected_wait": {"low_s": 60, "high_s": 240},
        "cancel_url": None,
        "starts_at": None,
        "ends_at": None,
        "time_zone": None,
        "when": None,
    }
    ((external_id, message),) = house.kept.items()
    assert message == InboundMessage(
        channel="call-me",
        medium="callback",
        external_id=external_id,
        received_at=HandClock().at,
        text="Please call\nafter five.",
        reply_text="Please call\nafter five.",
        subject="My invoice",
        sender=Address("Anna Nowak", ""),
        phone="+48512345678",
    )


async def test_the_language_of_the_page_stays_and_tells_the_country() -> None:
    house = House()
    async with visiting(form_of(house)) as visitor:
        token = (await visitor.open("/callback/call-me?lang=hu"))["token"]
        page = await visitor.send({**GOOD, "phone": "06 20 123 4567", "token": token}, query="?lang=hu")
        assert (page["template"], page["language"], house.languages) == ("callback_done.html", "hu", ["hu"])
        # Somebody may read one language and live in the country of the site.
        await visitor.send({**GOOD, "phone": "22 123 45 67", "token": token}, query="?lang=ru")
    assert [message.phone for message in house.kept.values()] == ["+36201234567", "+48221234567"]


@pytest.mark.parametrize(
    "changes, faults",
    [
        ({"name": ""}, {"name": "name.empty"}),
        ({"name": " \x00\t"}, {"name": "name.empty"}),
        ({"name": "x" * 101}, {"name": "name.too_long"}),
        ({"topic": "x" * 101}, {"topic": "topic.too_long"}),
        ({"message": "ż" * 2001}, {"message": "message.too_long"}),
        ({"consent": ""}, {"consent": "consent.missing"}),
        ({"phone": ""}, {"phone": "phone.empty"}),
        ({"phone": "call me"}, {"phone": "phone.not_a_number"}),
        ({"phone": "12345"}, {"phone": "phone.too_short"}),
        ({"phone": "+370 6"}, {"phone": "phone.too_short"}),
        ({"phone": "+36 20 123 4567 890"}, {"phone": "phone.too_long"}),
        ({"phone": "+7 000 000 00 00"}, {"phone": "phone.not_possible"}),
        ({"phone": "+44 909 879 0123"}, {"phone": "phone.premium"}),
        ({"phone": "112"}, {"phone": "phone.emergency"}),
        (
            {"name": "", "phone": "", "consent": ""},
            {"name": "name.empty", "phone": "phone.empty", "consent": "consent.missing"},
        ),
    ],
)
async def test_faults_are_told_by_field_and_what_was_typed_stays(
    changes: dict[str, str], faults: dict[str, str]
) -> None:
    house = House()
    async with visiting(form_of(house)) as visitor:
        page = await visitor.fill_in(**changes)
        assert visitor.status == 422
        assert page["errors"] == {field: f"en:callback.error.{fault}" for field, fault in faults.items()}
        assert page["values"] == EMPTY | GOOD | changes
        assert house.kept == {}
        # The same page does once it is put right.
        assert (await visitor.send({**GOOD, "token": page["token"]}))["reference"] == "R-1"


async def test_countries_that_are_not_called_are_told_so() -> None:
    async with visiting(form_of(House(), countries={"PL"})) as visitor:
        page = await visitor.fill_in(phone="+370 612 34567")
        assert page["errors"] == {"phone": "en:callback.error.phone.country"}


async def test_a_form_without_any_field_is_answered() -> None:
    async with visiting(form_of(House())) as visitor:
        page = await visitor.send({})
        assert (visitor.status, page["errors"]) == (422, {"form": "en:callback.error.form.old"})


async def test_a_double_click_is_one_request_with_one_confirmation() -> None:
    house = House()
    async with visiting(form_of(house)) as visitor:
        fields = {**GOOD, "token": (await visitor.open())["token"]}
        pages = await asyncio.gather(*(visitor.send(fields) for _ in range(5)))
    assert [page["reference"] for page in pages] == ["R-1"] * 5
    assert len(house.kept) == 1


async def test_a_number_that_is_put_right_after_going_back_is_not_lost() -> None:
    house = House()
    async with visiting(form_of(house)) as visitor:
        fields = {**GOOD, "token": (await visitor.open())["token"]}
        await visitor.send(fields)
        await visitor.send({**fields, "phone": "512 345 679"})
    assert [message.phone for message in house.kept.values()] == ["+48512345678", "+48512345679"]


async def test_two_people_with_the_same_request_are_two() -> None:
    house = House()
    async with visiting(form_of(house)) as visitor:
        assert [(await visitor.fill_in())["reference"] for _ in range(2)] == ["R-1", "R-2"]


async def test_what_a_program_fills_in_is_refused_and_a_person_may_try_again() -> None:
    house = House()
    async with visiting(form_of(house)) as visitor:
        page = await visitor.fill_in(website="https://spam.example")
        assert (visitor.status, page["errors"], house.kept) == (422, {"form": "en:callback.error.form.trap"}, {})
        assert page["values"] == EMPTY | GOOD
        assert (await visitor.send({**GOOD, "token": page["token"]}))["reference"] == "R-1"


@pytest.mark.parametrize("token", ["", "forged", "k1.MTctYQ==.0"])
async def test_a_token_that_is_not_ours_gives_a_new_form_with_what_was_typed(token: str) -> None:
    house = House()
    async with visiting(form_of(house)) as visitor:
        page = await visitor.send({**GOOD, "token": token})
        assert (visitor.status, page["errors"], house.kept) == (422, {"form": "en:callback.error.form.old"}, {})
        assert (await visitor.send({**page["values"], "token": page["token"]}))["reference"] == "R-1"


async def test_a_form_is_good_for_a_day() -> None:
    clock = HandClock()
    async with visiting(form_of(House(), clock=clock)) as visitor:
        fields = {**GOOD, "token": (await visitor.open())["token"]}
        clock.at += DAY + 1
        assert (await visitor.send(fields))["errors"] == {"form": "en:callback.error.form.old"}


async def test_one_address_sends_five_forms_a_minute() -> None:
    clock = HandClock()
    async with visiting(form_of(House(), by_address=Window(5, MINUTE), clock=clock)) as visitor:
        for _ in range(5):
            await visitor.fill_in()
        page = await visitor.fill_in(name="Sixth")
        assert (visitor.status, visitor.headers["Retry-After"]) == (429, "60")
        assert page["errors"] == {"form": "en:callback.error.form.too_often"}
        assert page["values"]["name"] == "Sixth"
        clock.at += MINUTE
        assert (await visitor.send({**page["values"], "token": page["token"]}))["reference"] == "R-6"


async def test_one_number_is_not_called_all_day() -> None:
    house = House()
    async with visiting(form_of(house, by_phone=Window(2, HOUR))) as visitor:
        await visitor.fill_in(phone="512 345 678")
        await visitor.fill_in(phone="+48512345678")
        page = await visitor.fill_in(phone="0048 512-345-678")
        assert (visitor.status, page["errors"]) == (429, {"phone": "en:callback.error.phone.too_often"})
        assert (await visitor.fill_in(phone="512 345 679"))["reference"] == "R-3"
    assert len(house.kept) == 3


async def test_what_cannot_be_saved_now_is_sent_again_with_the_same_token() -> None:
    house = House()
    house.fails = True
    async with visiting(form_of(house)) as visitor:
        token = (await visitor.open())["token"]
        page = await visitor.send({**GOOD, "token": token})
        assert (visitor.status, visitor.headers["Retry-After"]) == (503, "5")
        assert (page["errors"], page["values"], page["token"]) == (
            {"form": "en:callback.error.form.busy"},
            EMPTY | GOOD,
            token,
        )
        house.fails = False
        assert (await visitor.send({**page["values"], "token": token}))["reference"] == "R-1"


@pytest.mark.parametrize(
    "headers, status",
    [
        ({}, 200),
        ({"Origin": PAGE}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "null", "Sec-Fetch-Site": "same-origin"}, 200),
        ({"Origin": PAGE, "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
    ],
)
async def test_a_form_on_a_page_of_somebody_else_is_refused(headers: dict[str, str], status: int) -> None:
    house = House()
    async with visiting(form_of(house)) as visitor:
        await visitor.send({**GOOD, "token": (await visitor.open())["token"]}, headers=headers)
        assert (visitor.status, len(house.kept)) == (status, int(status == 200))


@pytest.mark.parametrize(
    "content_type, status",
    [
        ("application/json", 415),
        ("multipart/form-data; boundary=x", 415),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded; charset=no-such-charset", 422),
    ],
)
async def test_only_forms_are_read_and_always_as_utf_8(content_type: str, status: int) -> None:
    async with visiting(form_of(House())) as visitor:
        await visitor.send(GOOD, headers={"Content-Type": content_type})
        assert visitor.status == status


@pytest.mark.parametrize(
    "fields, status", [({"message": "x" * 70_000}, 413), ({f"field{n}": "x" for n in range(30)}, 400)]
)
async def test_more_than_a_form_can_hold_is_refused(fields: dict[str, str], status: int) -> None:
    async with visiting(form_of(House())) as visitor:
        await visitor.send(fields)
        assert visitor.status == status


async def test_bytes_that_are_no_text_are_taken_as_far_as_they_go() -> None:
    house = House()
    async with visiting(form_of(house)) as visitor:
        page = await visitor.fill_in(name="An\ud800na".encode("utf-8", "replace").decode())
        assert page["reference"] == "R-1"


async def test_a_confirmation_that_is_not_ours_leads_to_the_form() -> None:
    async with visiting(form_of(House())) as visitor:
        page = await visitor.open("/callback/call-me?done=k1.eyJyZWZlcmVuY2UiOiJ4In0=.0&lang=pl")
        assert (page["template"], page["language"]) == ("callback.html", "pl")


# -- times

# The clock stands at 2023-11-14T22:13:20Z, which is 23:13 in Warsaw.
NINE = 1_700_035_200_000  # 2023-11-15T08:00Z: 9 o'clock in Warsaw, 3 in New York
STARTS = (NINE, NINE + 30 * MINUTE, NINE + DAY)
TIMES = {"day": "2023-11-15", "shown_day": "2023-11-15"}


def house_with_times() -> House:
    house = House()
    house.starts = STARTS
    return house


async def test_days_and_the_times_of_the_first_are_shown_in_the_queues_zone() -> None:
    async with visiting(form_of(house_with_times())) as visitor:
        page = await visitor.open("/callback/call-me?lang=pl")
    first = {"value": "2023-11-15", "name": "pl:2023-11-15"}
    assert page["times"] == {
        "zone": "Europe/Warsaw",
        "days": [first, {"value": "2023-11-16", "name": "pl:2023-11-16"}],
        "shown": first,
        "slots": [{"value": str(NINE), "text": "09:00–09:30"}, {"value": str(STARTS[1]), "text": "09:30–10:00"}],
    }


async def test_times_are_the_customers_where_his_zone_is_known() -> None:
    async with visiting(form_of(house_with_times())) as visitor:
        page = await visitor.open("/callback/call-me?time_zone=America/New_York")
        assert (page["times"]["zone"], page["times"]["slots"][0]["text"]) == ("America/New_York", "03:00–03:30")
        again = await visitor.send({**GOOD, "phone": "", "time_zone": "America/New_York", "token": page["token"]})
        assert again["times"]["zone"] == "America/New_York"
        unknown = await visitor.open("/callback/call-me?time_zone=Nowhere")
        assert unknown["times"]["zone"] == "Europe/Warsaw"


@pytest.mark.parametrize("how", [{"show": "yes", "day": "2023-11-16"}, {"day": "2023-11-16", "slot": str(NINE)}])
async def test_another_day_is_shown_before_anything_is_sent(how: dict[str, str]) -> None:
    house = house_with_times()
    async with visiting(form_of(house)) as visitor:
        page = await visitor.fill_in(**{**TIMES, "name": "", "topic": "A fee", **how})
    assert (visitor.status, page["errors"], page["wants_times"]) == (200, {}, True)
    assert (page["times"]["shown"]["value"], page["values"]["topic"]) == ("2023-11-16", "A fee")
    assert page["values"]["slot"] == ""
    assert house.kept == {}
    assert house.asked[-1] == ("A fee", "", "en")


async def test_a_time_is_booked_and_confirmed() -> None:
    house = house_with_times()
    async with visiting(form_of(house)) as visitor:
        page = await visitor.fill_in(**TIMES, slot=str(STARTS[1]), time_zone="America/New_York")
    assert house.wishes == [(STARTS[1], "America/New_York")]
    assert page["template"] == "callback_done.html"
    assert page["when"] == {"day": "en:2023-11-15", "time": "03:30–04:00", "zone": "America/New_York"}


@pytest.mark.parametrize(
    ("slot", "fault"),
    [({}, "missing"), ({"slot": ""}, "missing"), ({"slot": "soon"}, "gone"), ({"slot": "9" * 20}, "gone")],
)
async def test_what_is_no_time_is_told_at_its_field(slot: dict[str, str], fault: str) -> None:
    house = house_with_times()
    async with visiting(form_of(house, by_phone=Window(1, HOUR))) as visitor:
        for _ in range(2):
            page = await visitor.fill_in(**TIMES, **slot)
            assert (visitor.status, page["errors"]) == (422, {"slot": f"en:callback.error.slot.{fault}"})
        # None of that counted against the number.
        assert (await visitor.fill_in(**TIMES, slot="now"))["reference"] == "R-1"


async def test_a_time_that_somebody_took_meanwhile_is_told_and_so_is_who_is_refused() -> None:
    house = house_with_times()
    async with visiting(form_of(house, by_phone=Window(1, HOUR))) as visitor:
        for code, field in (("slot.gone", "slot"), ("form.refused", "form")):
            house.refuses = code
            page = await visitor.fill_in(**TIMES, slot=str(NINE + 1))
            assert (visitor.status, page["errors"]) == (409, {field: f"en:callback.error.{code}"})
            assert page["values"]["name"] == GOOD["name"]
        house.refuses = None
        assert (await visitor.fill_in(**TIMES, slot=str(NINE)))["reference"] == "R-1"


async def test_a_double_click_on_the_last_place_is_confirmed_twice() -> None:
    house = house_with_times()
    async with visiting(form_of(house)) as visitor:
        fields = {**GOOD, **TIMES, "slot": str(NINE), "token": (await visitor.open())["token"]}
        first = await visitor.send(fields)
        house.starts = STARTS[1:]
        assert (await visitor.send(fields))["reference"] == first["reference"] == "R-1"
