"""Who writes: what shows it, what is suggested, what is merged, and what a CRM says. By the API, mail and chat."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from app.crm import HttpCrm
from app.recognising import Rules
from channels.message import Address, Automatic, InboundMessage, Trust
from classifiers.cascade import Classification
from customers.numbers import NumberKind
from router.policy import Action, Condition, Rule
from tests.web.world import POLICY, START, Client, World, unknown, world
from vocabulary.instants import DAY, HOUR, SECOND, rfc3339
from vocabulary.records import CustomerRow, Put, Set, SetAttributes, StandingRow

NUMBERS = (NumberKind("customer", r"K-?\d{6}"), NumberKind("order", r"\d{10}", "luhn"))
SUGGEST = Rules(numbers=NUMBERS, region="PL")
AUTOMATIC = Rules(numbers=NUMBERS, region="PL", merge="automatic")
OLA = {"name": "Ola Nowak", "email": "ola@example.org", "segment": "gold", "numbers": {"customer": ["K-123456"]}}
GOLDEN = (
    Rule(name="golden", when=Condition(segment=("gold",)), then=Action(queue="billing", priority=20)),
    Rule(name="everything", then=Action(queue="support")),
)


@pytest.fixture
async def suggesting(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path, rules=SUGGEST) as there:
        yield there


@pytest.fixture
async def merging(tmp_path: Path) -> AsyncIterator[World]:
    policy = msgspec.structs.replace(POLICY, rules=GOLDEN)
    async with world(tmp_path, rules=AUTOMATIC, policy=policy) as there:
        yield there


def mail(
    text: str, *, sender: str = "ola@home.example", name: str = "", verdict: Any = "unchecked", n: int = 1
) -> InboundMessage:
    return InboundMessage(
        channel="mail",
        medium="email",
        external_id=f"mail-{n}",
        received_at=START + n,
        text=text,
        reply_text=text,
        sender=Address(name, sender),
        recipients=(Address("", "support@example.org"),),
        message_id=f"<{n}@home.example>",
        raw=b"raw",
        trust=Trust(verdict=verdict),
    )


def chat(text: str, *, visitor: str = "v-1", name: str = "", email: str = "", n: int = 1) -> InboundMessage:
    return InboundMessage(
        channel="website",
        medium="chat",
        external_id=f"{visitor}:{n}",
        received_at=START + n,
        text=text,
        reply_text=text,
        sender=Address(name, email),
        visitor=visitor,
    )


async def explained(boss: Client, interaction: str) -> Any:
    told = await boss.get(f"/interactions/{interaction}/explain?language=en")
    return told["identified"], told["text"]


async def test_a_mail_that_only_claims_its_address_is_weak_and_one_that_is_proven_strong(suggesting: World) -> None:
    boss = await suggesting.person("boss", "admin")
    ola = await boss.post("/customers", OLA, 201)
    one = await suggesting.intake.receive(mail("Hi", sender="ola@example.org"))
    claimed, text = await explained(boss, one.interaction)
    assert (claimed["strength"], [each["reason"] for each in claimed["evidence"]]) == ("weak", ["email_unproven"])
    assert "Who writes is only claimed, not shown, by:\n– The mail claims to come from •••@example.org; nothing" in text
    assert "ola@example.org" not in text
    assert [known["verified"] for known in (await boss.get(f"/customers/{ola['id']}"))["known_by"]] == [False, True]
    two = await suggesting.intake.receive(mail("Hi", sender="OLA@example.org", verdict="proven", n=2))
    proven, text = await explained(boss, two.interaction)
    assert (proven["strength"], proven["evidence"][0]["reason"]) == ("strong", "email_proven")
    assert text.startswith("It is certain who writes (probability 100%), by:")
    shown = await boss.get(f"/customers/{ola['id']}")
    assert [known["verified"] for known in shown["known_by"]] == [True, True]
    assert [each["reason"] for each in shown["evidence"]] == ["email_proven"]


@pytest.mark.parametrize(
    ("message", "reason", "strength"),
    [
        (mail("My number is k123456, please help", name="Ola Nowak"), "customer_number_in_text", "strong"),
        (mail("My number is K-123456"), "customer_number_in_text", "medium"),
        (mail("My number is K-123456", name="Jan Kowalski"), "customer_number_in_text", "medium"),
        (mail("Call me: 601 234 567"), "phone_in_text", "weak"),
        (mail("I usually write from Ola@Example.org."), "address_in_text", "weak"),
        (chat("Hi", email="ola@example.org", name="Ola Nowak"), "address_in_text", "weak"),
        (chat("4561237897? No: 4561237894"), "order_number_in_text", "medium"),
    ],
)
async def test_what_stands_in_the_text_suggests_a_customer(
    suggesting: World, message: InboundMessage, reason: str, strength: str
) -> None:
    boss = await suggesting.person("boss", "admin")
    numbers = {"customer": ["K-123456"], "order": ["4561237894"]}
    ola = await boss.post("/customers", {**OLA, "phone": "+48601234567", "numbers": numbers}, 201)
    one = await suggesting.intake.receive(message)
    view = await boss.get(f"/interactions/{one.interaction}")
    assert view["customer"]["id"] != ola["id"]
    (suggestion,) = (await boss.get(f"/customers/{view['customer']['id']}"))["suggestions"]
    assert (suggestion["customer"], suggestion["state"], suggestion["interaction"]) == (
        ola["id"],
        "suggested",
        one.interaction,
    )
    assert suggestion["evidence"][0]["reason"] == reason
    assert suggestion["strength"] == strength
    merged = await boss.post(f"/customers/{view['customer']['id']}/merge", {"into": ola["id"]})
    assert (merged["suggestions"], merged["merged"][0]["evidence"][0]["reason"]) == ([], reason)


async def test_who_was_parted_is_never_suggested_again(suggesting: World) -> None:
    boss = await suggesting.person("boss", "admin")
    ola = await boss.post("/customers", OLA, 201)
    one = await suggesting.intake.receive(mail("K-123456"))
    customer = (await boss.get(f"/interactions/{one.interaction}"))["customer"]["id"]
    shown = await boss.post(f"/customers/{customer}/unmerge", {"from": ola["id"]})
    assert shown["suggestions"] == []
    await suggesting.intake.receive(mail("K-123456 again", n=2))
    assert (await boss.get(f"/customers/{customer}"))["suggestions"] == []
    assert (await boss.get(f"/customers/{ola['id']}"))["suggestions"] == []


async def test_what_people_say_of_two_while_a_message_comes_in_stands(tmp_path: Path) -> None:
    said: list[Any] = []

    async def classify(*about: Any) -> Classification:
        for path, body in said:
            await boss.post(path, body)
        return await unknown(*about)

    async with world(tmp_path, rules=SUGGEST, classify=classify) as there:
        boss = await there.person("boss", "admin")
        ola = await boss.post("/customers", OLA, 201)
        one = await there.intake.receive(mail("My number is K-123456"))
        writer = (await boss.get(f"/interactions/{one.interaction}"))["customer"]["id"]
        there.clock.move(SECOND)
        await there.intake.receive(mail("My number is K-123456", name="Ola Nowak", n=2))
        (again,) = (await boss.get(f"/customers/{writer}"))["suggestions"]
        assert (again["strength"], again["at"]) == ("strong", rfc3339(START + SECOND))
        said = [(f"/customers/{writer}/unmerge", {"from": ola["id"]})]
        await there.intake.receive(mail("My number is K-123456", n=3))
        assert [row.state for row in await there.site.store.merges([writer])] == ["dismissed"]
        assert (await boss.get(f"/customers/{writer}"))["suggestions"] == []


async def test_policy_merges_whom_a_number_and_the_name_show_and_rules_see_the_person(merging: World) -> None:
    boss = await merging.person("boss", "admin")
    ola = await boss.post("/customers", OLA, 201)
    one = await merging.intake.receive(mail("My number: K-123456", name="Nowak, Ola"))
    view = await boss.get(f"/interactions/{one.interaction}")
    assert (view["customer"]["id"], view["queue"], view["priority"]) == (ola["id"], "billing", 20)
    found, _ = await explained(boss, one.interaction)
    assert found["strength"] == "strong"
    assert {"customer_number_in_text", "name_same"} <= {each["reason"] for each in found["evidence"]}
    shown = await boss.get(f"/customers/{ola['id']}")
    assert [(each["state"], each["by"]) for each in shown["merged"]] == [("merged", "automatic")]
    # The next mail of that address is hers at once, and a person can take it back.
    two = await merging.intake.receive(mail("Hello again", n=2))
    assert (await boss.get(f"/interactions/{two.interaction}"))["queue"] == "billing"
    await boss.post(f"/customers/{shown['merged'][0]['customer']}/unmerge", {})
    three = await merging.intake.receive(mail("K-123456 again", name="Ola Nowak", n=3))
    assert (await boss.get(f"/interactions/{three.interaction}"))["queue"] == "support"


@pytest.mark.parametrize(
    "message",
    [
        chat("I am ola@example.org, call +48601234567", name="Ola Nowak", email="ola@example.org"),
        mail("ola@example.org, ola@example.org", sender="x@evil.example", name="Ola Nowak"),
    ],
)
async def test_policy_never_merges_by_what_anybody_can_write(merging: World, message: InboundMessage) -> None:
    boss = await merging.person("boss", "admin")
    ola = await boss.post("/customers", {**OLA, "phone": "+48601234567"}, 201)
    one = await merging.intake.receive(message)
    assert (await boss.get(f"/interactions/{one.interaction}"))["customer"]["id"] != ola["id"]
    assert (await boss.get(f"/customers/{ola['id']}"))["merged"] == []


async def test_two_whom_the_house_keeps_apart_are_suggested_only(merging: World) -> None:
    boss, shop = await merging.person("boss", "admin"), await merging.program("integration")
    ola = await boss.post("/customers", {**OLA, "external_id": "crm-1"}, 201)
    await boss.post("/customers", {"name": "Ola Nowak", "external_id": "crm-2"}, 201)
    sent = {"text": "K-123456", "customer": {"id": "crm-2", "name": "Ola Nowak"}}
    one = await shop.post("/interactions", sent, 201)
    shown = await boss.get(f"/customers/{one['customer']['id']}")
    assert [each["customer"] for each in shown["suggestions"]] == [ola["id"]]
    assert shown["merged"] == []


async def test_a_machines_mail_tells_of_nobody(merging: World) -> None:
    boss = await merging.person("boss", "admin")
    ola = await boss.post("/customers", OLA, 201)
    message = mail("Order for K-123456", name="Ola Nowak")
    await merging.intake.receive(msgspec.structs.replace(message, automatic=Automatic(True, ("auto-submitted",))))
    shown = await boss.get(f"/customers/{ola['id']}")
    assert (shown["merged"], shown["suggestions"]) == ([], [])


# -- the CRM


class House:
    """A CRM behind a real server: answers what it is told to, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.headers: list[str] = []
        self.answer: Any = {"customer": None}
        self.status = 200
        self.slow = False
        self.meanwhile: Callable[[], Awaitable[object]] | None = None

    async def serve(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(await request.json())
        if self.meanwhile is not None:
            await self.meanwhile()
        self.headers.append(request.headers.get("Authorization", ""))
        if self.slow:
            await asyncio.Event().wait()
        if isinstance(self.answer, bytes):
            return web.Response(body=self.answer, status=self.status)
        return web.json_response(self.answer, status=self.status)


JAN = {
    "id": "crm-9",
    "name": "Jan Kowalski",
    "segment": "gold",
    "language": "pl",
    "preferred_agent": "anna",
    "postcode": "00-950",
    "attributes": {"plan": "gold", "blocked": {"by": "crm"}},
}


@pytest.fixture
async def house() -> AsyncIterator[tuple[House, str]]:
    house, app = House(), web.Application()
    app.router.add_post("/who", house.serve)
    server = TestServer(app)
    await server.start_server()
    yield house, str(server.make_url("/who"))
    await server.close()


@pytest.fixture
async def crm(house: tuple[House, str]) -> AsyncIterator[HttpCrm]:
    asking = HttpCrm(url=house[1], secret="s3cret", timeout=SECOND // 4, failures_max=2, pause=30 * SECOND)
    yield asking
    await asking.close()


@pytest.fixture
async def asking(tmp_path: Path, crm: HttpCrm) -> AsyncIterator[World]:
    policy = msgspec.structs.replace(POLICY, rules=GOLDEN)
    async with world(tmp_path, rules=AUTOMATIC, crm=crm, policy=policy) as there:
        yield there


async def test_a_crm_says_who_it_is_and_rules_see_it(asking: World, house: tuple[House, str]) -> None:
    boss = await asking.person("boss", "admin")
    await asking.add_agent("anna", "billing")
    house[0].answer = {"customer": JAN}
    one = await asking.intake.receive(mail("Hi", sender="jan@example.org", name="Jan", verdict="proven"))
    assert house[0].headers == ["Bearer s3cret"]
    assert house[0].asked == [
        {
            "version": 1,
            "evidence": [{"kind": "email", "value": "jan@example.org", "proven": True}],
            "name": "Jan",
            "language": None,
            "channel": "mail",
        }
    ]
    view = await boss.get(f"/interactions/{one.interaction}")
    assert (view["queue"], view["priority"], view["customer"]["name"]) == ("billing", 20, "Jan Kowalski")
    shown = await boss.get("/customers/crm-9")
    assert (shown["segment"], shown["language"], shown["postcode"]) == ("gold", "pl", "00950")
    assert (shown["attributes"], shown["blocked"]) == ({"plan": "gold"}, False)
    assert {each["reason"] for each in shown["evidence"]} >= {"email_proven", "crm_named"}
    assert asking.site.state.interactions[one.interaction].preferred_agent == "anna"
    # What it says next is written over, and asked with the id that it has given.
    house[0].answer = {"customer": {**JAN, "segment": "silver"}}
    two = await asking.intake.receive(mail("Hi", sender="jan@example.org", verdict="proven", n=2))
    assert {"kind": "external", "value": "crm-9", "proven": True} in house[0].asked[1]["evidence"]
    assert (await boss.get("/customers/crm-9"))["segment"] == "silver"
    assert (await boss.get(f"/interactions/{two.interaction}"))["queue"] == "support"


async def test_by_an_address_that_anybody_can_write_a_crm_only_suggests(
    asking: World, house: tuple[House, str]
) -> None:
    boss = await asking.person("boss", "admin")
    house[0].answer = {"customer": JAN}
    one = await asking.intake.receive(mail("Hi", sender="jan@example.org", name="Jan Kowalski", verdict="unproven"))
    view = await boss.get(f"/interactions/{one.interaction}")
    assert (view["queue"], view["customer"]["segment"]) == ("support", None)
    (suggestion,) = (await boss.get(f"/customers/{view['customer']['id']}"))["suggestions"]
    assert (suggestion["name"], suggestion["strength"]) == ("Jan Kowalski", "weak")


@pytest.mark.parametrize(
    ("message", "by", "strength"),
    [
        (chat("My number is K-900111"), None, "medium"),
        (chat("My number is K-900111"), ["customer_number"], "medium"),
        (chat("My number is K-900111", name="Jan Kowalski"), None, "strong"),
        # It may be the number of somebody else that he writes about.
        (mail("My number is K-900111", sender="eve@example.org", verdict="proven"), None, "medium"),
        (mail("My number is K-900111", sender="eve@example.org", verdict="proven"), ["customer_number"], "medium"),
        (mail("My number is K-900111", sender="jan@example.org", verdict="proven"), ["email"], "strong"),
        (mail("My number is K-900111", sender="jan@example.org", verdict="unproven"), None, "weak"),
        (mail("My number is K-900111", sender="eve@example.org", verdict="unproven"), ["customer_number"], "medium"),
        (msgspec.structs.replace(chat("Hi"), medium="callback", phone="+48601234567", visitor=None), None, "medium"),
    ],
)
async def test_a_number_that_others_may_have_seen_is_medium_at_most_to_a_crm_too(
    asking: World, house: tuple[House, str], message: InboundMessage, by: Any, strength: str
) -> None:
    boss = await asking.person("boss", "admin")
    house[0].answer = {"customer": {**JAN, "by": by} if by else JAN}
    one = await asking.intake.receive(message)
    customer = (await boss.get(f"/interactions/{one.interaction}"))["customer"]["id"]
    shown = await boss.get(f"/customers/{customer}")
    (row,) = shown["merged"] or shown["suggestions"]
    # Only what is strong is merged here.
    assert (row["strength"], row["state"]) == (strength, "merged" if strength == "strong" else "suggested")


async def test_whoever_claims_an_address_proves_nothing_by_the_id_that_a_crm_gave_its_owner(
    asking: World, house: tuple[House, str]
) -> None:
    boss = await asking.person("boss", "admin")
    await boss.post("/customers", {"name": "Jan Kowalski", "email": "jan@example.org", "external_id": "crm-9"}, 201)
    house[0].answer = {"customer": {**JAN, "by": ["external"]}}
    one = await asking.intake.receive(mail("Hi", sender="jan@example.org", verdict="unproven"))
    assert {"kind": "external", "value": "crm-9", "proven": False} in house[0].asked[0]["evidence"]
    found, _ = await explained(boss, one.interaction)
    assert found["strength"] == "weak"


@pytest.mark.parametrize(
    ("answer", "status"),
    [({"customer": JAN}, 500), (b"<html>", 200), ({"customer": {"id": 7}}, 200), (b"x" * 70_000, 200), ({}, 302)],
)
async def test_a_crm_that_fails_delays_nobody(
    asking: World, house: tuple[House, str], answer: Any, status: int
) -> None:
    boss = await asking.person("boss", "admin")
    house[0].answer, house[0].status = answer, status
    for n in range(3):
        one = await asking.intake.receive(mail("Hi", sender=f"jan{n}@example.org", verdict="proven", n=n))
        events = (await boss.get(f"/interactions/{one.interaction}/events"))["items"]
        warnings = [each["data"]["warning"] for each in events if each["type"] == "WarningRaised"]
        # After two failures it is left alone for a while.
        assert warnings == ["crm_failed" if n < 2 else "crm_paused"]
    assert len(house[0].asked) == 2
    house[0].answer, house[0].status = {"customer": JAN}, 200
    asking.clock.move(31 * SECOND)
    await asking.intake.receive(mail("Hi", sender="late@example.org", verdict="proven", n=60_000))
    assert len(house[0].asked) == 3


async def test_a_crm_that_is_slow_is_not_waited_for_and_an_answer_is_remembered(
    asking: World, house: tuple[House, str]
) -> None:
    house[0].slow = True
    one = await asking.intake.receive(mail("Hi", sender="jan@example.org", verdict="proven"))
    assert asking.site.state.interactions[one.interaction].queue == "support"
    house[0].slow = False
    await asking.intake.receive(mail("Hi", sender="eve@example.org", verdict="proven", n=2))
    await asking.intake.receive(mail("Hi", sender="eve@example.org", verdict="proven", n=3))
    assert [each["evidence"][0]["value"] for each in house[0].asked] == ["jan@example.org", "eve@example.org"]


async def test_two_whom_a_crm_names_for_one_interaction_are_two(asking: World, house: tuple[House, str]) -> None:
    house[0].answer = {"customer": {**JAN, "segment": None}}
    one = await asking.intake.receive(chat("My number is K-900111"))
    house[0].answer = {"customer": {"id": "crm-10", "name": "Ewa Kowalska"}}
    await asking.intake.receive(chat("And hers is K-900112", n=2), continues=one.interaction)
    rows = [await asking.site.store.customer_by_identity("external", id) for id in ("crm-9", "crm-10")]
    assert [row.name if row is not None else None for row in rows] == ["Jan Kowalski", "Ewa Kowalska"]


async def test_a_mail_that_is_years_old_stops_no_clock(asking: World, house: tuple[House, str]) -> None:
    boss = await asking.person("boss", "admin")
    ola = await boss.post("/customers", OLA, 201)
    old = mail("For K-123456", sender="jan@example.org", name="Jan Kowalski", verdict="proven", n=-1_000 * DAY)
    for each in (old, msgspec.structs.replace(old, external_id="x", message_id="<x@x>", received_at=START + 1)):
        await asking.intake.receive(each)
    # The second is answered from memory, which holds for ten minutes.
    assert len(house[0].asked) == 1
    (suggestion,) = (await boss.get(f"/customers/{ola['id']}"))["suggestions"]
    assert suggestion["at"] == rfc3339(START)


@pytest.mark.parametrize("known", [{"external_id": "crm-9", "email": "jan@example.org"}, {"email": "jan@example.org"}])
async def test_what_a_crm_says_undoes_nothing_that_the_same_mail_shows_or_staff_say_meanwhile(
    asking: World, house: tuple[House, str], known: Any
) -> None:
    boss = await asking.program("admin")
    await boss.post("/customers", {**known, "attributes": {"plan": "none"}}, 201)
    house[0].answer = {"customer": JAN}
    await asking.intake.receive(mail("Hi", sender="jan@example.org", verdict="proven"))
    for row in await asking.site.store.customers():
        away = {"away": {"at": "2026-03-01T00:00:00Z", "until": None}}
        await asking.site.write(SetAttributes(CustomerRow, row.id, away))
    house[0].answer = {"customer": {**JAN, "name": "Jan Maria Kowalski", "attributes": {"floor": 3}}}
    said = {"attributes": {"plan": "silver", "note": "x"}}
    house[0].meanwhile = lambda: boss.call("PATCH", "/customers/crm-9", said)
    asking.clock.move(HOUR)
    await asking.intake.receive(mail("I am back", sender="jan@example.org", verdict="proven", n=2))
    assert len(house[0].asked) == 2
    shown = await boss.get("/customers/crm-9")
    assert (shown["name"], shown["segment"]) == ("Jan Maria Kowalski", "gold")
    assert shown["attributes"] == {"plan": "silver", "note": "x", "floor": 3}


async def test_the_segment_that_a_crm_says_goes_before_what_is_calculated(
    asking: World, house: tuple[House, str]
) -> None:
    boss = await asking.program("admin")
    house[0].answer = {"customer": {**JAN, "segment": None}}
    await asking.intake.receive(mail("Hi", sender="jan@example.org", verdict="proven"))
    row = await asking.site.store.customer_by_identity("external", "crm-9")
    assert row is not None
    calculated = StandingRow(id=row.id, at=START, segments=("new",), facts={"orders": 1})
    await asking.site.write(Put(calculated), Set(CustomerRow, row.id, {"segment": "new"}))
    for n, (said, segment, own) in enumerate([("gold", "gold", "gold"), (None, "gold", "gold"), ("", "new", None)], 2):
        house[0].answer = {"customer": {**JAN, "segment": said}}
        asking.clock.move(HOUR)
        message = msgspec.structs.replace(
            mail("Hi", sender="jan@example.org", verdict="proven", n=n), received_at=asking.clock.now()
        )
        await asking.intake.receive(message)
        assert (await boss.get("/customers/crm-9"))["segment"] == segment
        assert await asking.site.store.standing(row.id) == msgspec.structs.replace(calculated, own=own)
