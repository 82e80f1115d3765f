"""What customers bought, by API: it comes in once, makes segments, and those decide who goes first and to whom."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from app.segmenting import Counting, Segmenting
from customers.standing import Definition
from router.policy import Action, Condition, Rule, SegmentPolicy
from tests.web.world import POLICY, START, Client, World, world
from vocabulary.bounds import Bound
from vocabulary.instants import DAY, MINUTE, SECOND, rfc3339
from vocabulary.records import CustomerRow, Put, StandingRow
from vocabulary.stores import Store

DEFINITIONS = (
    Definition(name="key_account", top_value=0.05),
    Definition(name="departing", bounds=(("churn", Bound(">=", 0.6)),)),
    Definition(name="new", customer_within=60 * DAY),
)
RULED = msgspec.structs.replace(
    POLICY,
    rules=(
        Rule(name="rich", when=Condition(attributes={"spent": (">=1000",)}), then=Action(queue="billing", priority=5)),
        *POLICY.rules,
    ),
    segments={
        "key_account": SegmentPolicy(priority=20, target=10 * SECOND, owner=True),
        "departing": SegmentPolicy(priority=10),
        "new": SegmentPolicy(),
        "vip": SegmentPolicy(),
    },
)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[World]:
    counting = Counting(rates={"PLN": 0.25})
    async with world(tmp_path, policy=RULED, definitions=DEFINITIONS, counting=counting) as made:
        yield made


def bought(number: int, days_ago: int, amount: object = "10", **more: Any) -> dict[str, Any]:
    at = rfc3339(START - days_ago * DAY)
    return {"order_id": f"o-{number}", "at": at, "amount": amount, "currency": "EUR", **more}


async def test_purchases_come_in_once_and_faults_are_told_with_their_place(house: World) -> None:
    shop = await house.program("integration")
    items = [
        bought(1, 10, "19.90", external_id="crm-1", email="Ola@example.org", name="Ola"),
        bought(2, 5, 5, email="ola@example.org", currency="JPY"),
        bought(3, 5, "1,5", phone="601 234 567"),
        bought(4, 5, "1.234", external_id="crm-1"),
        bought(5, 5, "7", phone="12"),
        {**bought(6, 5), "at": "1 March", "email": "x@example.org"},
        bought(7, 5, "7"),
        {"order_id": "o-8", "at": "2026-01-01", "amount": "7", "email": "x@example.org"},
        bought(9, 5, "7", external_id="crm-1", language="polski"),
    ]
    answer = await shop.post("/customers/purchases", {"items": items})
    assert {name: answer[name] for name in ("new", "changed", "known", "customers_new")} == {
        "new": 3,
        "changed": 0,
        "known": 0,
        "customers_new": 2,
    }
    assert [(fault["item"], fault["field"]) for fault in answer["faults"]] == [
        (3, "amount"),
        (4, "phone"),
        (5, "at"),
        (6, "external_id"),
        (7, "currency"),
        (8, "language"),
    ]
    assert "at most 2 decimals" in answer["faults"][0]["message"]
    again = await shop.post("/customers/purchases", {"items": [*items[:2], {**items[2], "amount": "2"}]})
    assert (again["known"], again["changed"], again["new"], again["customers_new"]) == (2, 1, 0, 0)
    ola = await shop.get("/customers/crm-1")
    page = await shop.get("/customers/crm-1/purchases")
    assert [(one["order_id"], one["amount"], one["currency"]) for one in page["items"]] == [
        ("o-2", 5, "JPY"),
        ("o-1", 1990, "EUR"),
    ]
    assert sorted(ola["identities"]) == [["email", "ola@example.org"], ["external", "crm-1"]]
    assert (ola["name"], ola["segment"], ola["standing"]) == ("Ola", None, None)


async def test_purchases_are_read_page_by_page_and_a_cursor_of_somebody_elses_is_refused(house: World) -> None:
    shop = await house.program("integration")
    await shop.post("/customers/purchases", {"items": [bought(n, n // 2, external_id="crm-1") for n in range(1, 6)]})
    seen, page = [], await shop.get("/customers/crm-1/purchases?limit=2")
    while True:
        seen += [each["order_id"] for each in page["items"]]
        if page["next"] is None:
            break
        page = await shop.get(f"/customers/crm-1/purchases?limit=2&cursor={page['next']}")
    assert seen == ["o-1", "o-3", "o-2", "o-5", "o-4"]
    for cursor in ("o-1", "1:", "²:o-1", "1e3:o-1", f"{10**30}:o-1"):
        refused = await shop.get(f"/customers/crm-1/purchases?cursor={cursor}", 422)
        assert [fault["path"] for fault in refused["errors"]] == ["cursor"], cursor


async def test_a_dry_run_writes_nothing(house: World) -> None:
    shop = await house.program("integration")
    answer = await shop.post("/customers/purchases", {"items": [bought(1, 3, external_id="crm-1")], "dry_run": True})
    assert (answer["new"], answer["customers_new"]) == (1, 1)
    assert (await shop.get("/customers"))["items"] == []


async def test_an_order_that_comes_with_another_customer_becomes_his(house: World) -> None:
    shop = await house.program("integration")
    await shop.post("/customers/purchases", {"items": [bought(1, 3, external_id="crm-1")]})
    await shop.post("/customers/purchases", {"items": [bought(1, 3, external_id="crm-2")]})
    pages = [await shop.get(f"/customers/crm-{number}/purchases") for number in (1, 2)]
    assert [len(page["items"]) for page in pages] == [0, 1]


@pytest.mark.parametrize("role,status", [("operator", 403), ("supervisor", 403), ("admin", 200)])
async def test_only_integrations_and_administrators_bring_purchases(house: World, role: str, status: int) -> None:
    client = await house.program(role)
    await client.post("/customers/purchases", {"items": [bought(1, 3, external_id="crm-1")]}, status)


async def fill(shop: Client, buyers: int = 40) -> None:
    """Let there be buyers; number 0 spent most, in złoty, and number 1 came a month ago."""
    items = [bought(number, 200, 10 + number / 100, external_id=f"crm-{number}") for number in range(1, buyers)]
    items[0]["at"] = rfc3339(START - 30 * DAY)
    items.append(bought(0, 90, 5200, external_id="crm-0", email="key@example.org", currency="PLN"))
    await shop.post("/customers/purchases", {"items": items})


async def test_segments_are_shown_with_their_reason_in_the_readers_language(house: World) -> None:
    shop = await house.program("integration")
    await fill(shop)
    await shop.get("/customers/segments", 404)
    report = await shop.post("/customers/segments")
    assert report["segments"] == {"key_account": 2, "new": 1}
    assert (report["customers"], report["buyers"], report["changed"]) == (40, 40, 40)
    assert report["alive"]["refused"] == "too_few_customers"
    assert report["churn"]["refused"] == "too_few_examples"
    assert await shop.get("/customers/segments") == report
    key = await shop.get("/customers/crm-0")
    standing = key["standing"]
    assert (key["segment"], standing["segments"], standing["tier"]) == ("key_account", ["key_account"], "A")
    assert (standing["spent"], standing["orders"], standing["currency"]) == (1300, 1, "EUR")
    assert (standing["place"], standing["of"], standing["churn"], standing["value"]) == (1, 40, None, None)
    assert standing["why"] == ["Key account: 1st highest turnover of 40 customers in 12 months"]
    answer = await shop.call("GET", "/customers/crm-0", headers={"Accept-Language": "pl"})
    assert (await answer.json())["standing"]["why"] == [
        "Klient kluczowy: 1. najwyższy obrót wśród 40 klientów w 12 mies."
    ]
    again = await shop.post("/customers/segments")
    assert (again["changed"], again["segments"]) == (0, report["segments"])


async def test_staffs_own_segment_goes_first_and_is_kept_apart(house: World) -> None:
    boss = await house.person("boss", "admin")
    shop = await house.program("integration")
    await fill(shop)
    await boss.call("PATCH", "/customers/crm-0", {"segment": "vip"})
    await boss.post("/customers/segments")
    key = await boss.get("/customers/crm-0")
    assert (key["segment"], key["standing"]["own"], key["standing"]["segments"]) == (
        "vip",
        "vip",
        ["vip", "key_account"],
    )
    assert key["standing"]["why"][0] == "VIP: set by staff"
    await boss.call("PATCH", "/customers/crm-0", {"segment": ""})
    key = await boss.get("/customers/crm-0")
    assert (key["segment"], key["standing"]["own"]) == ("key_account", None)


async def test_a_key_account_goes_first_and_to_its_owner(house: World) -> None:
    boss = await house.person("boss", "admin")
    shop = await house.program("integration")
    await house.add_agent("a", "support", "billing", capacity=33)
    await house.add_agent("b", "support", "billing", capacity=33)
    await boss.post("/agents/a/presence", {"presence": "busy", "lease": "1h"})
    await fill(shop)
    await boss.call("PATCH", "/customers/crm-0", {"attributes": {"owner": "a"}})
    await boss.post("/customers/segments")
    plain = await shop.post("/interactions", {"text": "Hi", "customer": {"id": "crm-5"}}, 201)
    new = await shop.post("/interactions", {"text": "Hi", "customer": {"id": "crm-1"}}, 201)
    key = await shop.post("/interactions", {"text": "Hi", "customer": {"email": "key@example.org"}}, 201)
    assert [(one["queue"], one["priority"], one["segment"]) for one in (plain, new, key)] == [
        ("support", 0, None),
        ("support", 0, "new"),
        ("billing", 25, "key_account"),
    ]
    listed = await boss.get("/interactions?key=true&state=waiting,offered&limit=1")
    assert ([one["id"] for one in listed["items"]], listed["next"]) == ([key["id"]], None)
    assert (await boss.get("/interactions?key=true&queue=support"))["items"] == []
    await boss.get("/interactions?key=true&q=Hi", 422)
    story = await boss.get(f"/interactions/{key['id']}/explain")
    assert "The customer is of: key account." in story["text"]
    for agent in ("b", "a"):
        await boss.post(f"/agents/{agent}/presence", {"presence": "available", "lease": "1h"})
    offers = {agent: (await boss.get(f"/agents/{agent}/offers"))["items"] for agent in ("a", "b")}
    assert [each["interaction"]["id"] for each in offers["b"]] == [plain["id"]]
    assert [each["interaction"]["id"] for each in offers["a"]] == [key["id"]]
    assert offers["a"][0]["interaction"]["customer"]["standing"]["reasons"][0]["segment"] == "key_account"


async def test_what_is_erased_and_exported_covers_purchases_and_standing(house: World, tmp_path: Path) -> None:
    boss = await house.person("boss", "admin")
    shop = await house.program("integration")
    await fill(shop)
    await boss.post("/customers/segments")
    id = (await boss.get("/customers/crm-0"))["id"]
    document = await boss.get(f"/customers/{id}/export")
    assert [(one["id"], one["amount"], one["currency"]) for one in document["purchases"]] == [("o-0", 520_000, "PLN")]
    assert [one["segments"] for one in document["standings"]] == [["key_account"]]
    assert (await boss.call("DELETE", f"/customers/{id}")).status == 204
    store = house.site.store
    assert await store.purchases(id) == []
    assert await store.standing(id) is None
    assert b"o-0" not in (tmp_path / "centrala.db").read_bytes()
    report = await boss.post("/customers/segments")
    assert (report["customers"], report["buyers"]) == (39, 39)


class Interrupted:
    """A store in which something happens just after standings were read."""

    def __init__(self, store: Store, happens: Callable[[], Awaitable[object]]) -> None:
        self._store = store
        self._happens = happens

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def standings(self, customers: Sequence[str]) -> Sequence[StandingRow]:
        found = await self._store.standings(customers)
        await self._happens()
        return found


async def test_what_staff_say_while_segments_are_calculated_stands(house: World) -> None:
    boss = await house.person("boss", "admin")
    await fill(await house.program("integration"))
    store: Any = Interrupted(house.site.store, lambda: boss.call("PATCH", "/customers/crm-0", {"segment": "vip"}))
    parts: dict[str, Any] = {"definitions": DEFINITIONS, "counting": Counting(rates={"PLN": 0.25}), "inline": True}
    assert await Segmenting(engine=house.engine, store=store, **parts).calculate() is not None
    key = await boss.get("/customers/crm-0")
    assert (key["segment"], key["standing"]["own"], key["standing"]["segments"]) == (
        "vip",
        "vip",
        ["vip", "key_account"],
    )


async def test_a_segment_that_nothing_here_names_is_refused_and_one_that_he_has_may_stay(house: World) -> None:
    boss = await house.person("boss", "admin")
    problem = await boss.post("/customers", {"external_id": "crm-1", "segment": "vipp"}, 422)
    assert problem["errors"][0]["path"] == "segment"
    assert "there are key_account, departing, new, vip" in problem["detail"]
    await house.site.write(Put(CustomerRow(id="c-old", created_at=START, segment="gold")))
    for segment, status in (("gold", 200), ("golld", 422), ("vip", 200)):
        assert (await boss.call("PATCH", "/customers/c-old", {"segment": segment})).status == status


async def test_segments_that_staff_set_before_there_were_any_calculated_stay(house: World) -> None:
    boss = await house.person("boss", "admin")
    await house.site.write(Put(CustomerRow(id="c-old", created_at=START, segment="gold")))
    await boss.post("/customers/segments")
    assert await house.site.store.standing("c-old") == StandingRow(id="c-old", at=START, own="gold")
    assert (await boss.get("/customers/c-old"))["segment"] == "gold"


async def test_segments_follow_once_an_import_is_over_and_then_as_often_as_is_configured(house: World) -> None:
    shop = await house.program("integration")
    assert await house.segmenting.calculate_if_due()
    assert not await house.segmenting.calculate_if_due()
    house.clock.move(1)
    await fill(shop)
    assert not await house.segmenting.calculate_if_due()
    house.clock.move(2 * MINUTE)
    assert await house.segmenting.calculate_if_due()
    assert (await shop.get("/customers/crm-0"))["segment"] == "key_account"
    house.clock.move(DAY - 1)
    assert not await house.segmenting.calculate_if_due()
    house.clock.move(1)
    assert await house.segmenting.calculate_if_due()


async def test_who_was_merged_is_one_buyer_until_that_is_undone(house: World) -> None:
    boss = await house.person("boss", "admin")
    shop = await house.program("integration")
    await fill(shop, buyers=20)
    ids = [(await boss.get(f"/customers/crm-{number}"))["id"] for number in (2, 0)]
    await boss.post("/customers/segments")
    await boss.call("PATCH", "/customers/crm-0", {"segment": "vip"})
    assert (await boss.call("POST", f"/customers/{ids[1]}/merge", {"into": ids[0]})).status < 300
    report = await boss.post("/customers/segments")
    assert (report["buyers"], report["customers"]) == (19, 19)
    person = await boss.get("/customers/crm-2")
    standing = person["standing"]
    assert (standing["orders"], standing["spent"], standing["of"]) == (2, 1310.02, 19)
    assert (person["segment"], standing["segments"]) == ("vip", ["key_account"])
    page = await boss.get("/customers/crm-2/purchases")
    assert [one["order_id"] for one in page["items"]] == ["o-0", "o-2"]
    one = await shop.post("/interactions", {"text": "Hi", "customer": {"email": "key@example.org"}}, 201)
    assert one["segment"] == "vip"
    house.clock.move(SECOND)
    await boss.call("POST", f"/customers/{ids[1]}/unmerge", {})
    # Until that is calculated anew, neither is taken for what both were together.
    apart = [await boss.get(f"/customers/crm-{number}") for number in (2, 0)]
    assert [(one["segment"], (one["standing"] or {}).get("segments")) for one in apart] == [
        (None, None),
        ("vip", ["vip"]),
    ]
    assert not await house.segmenting.calculate_if_due()
    house.clock.move(2 * MINUTE)
    assert await house.segmenting.calculate_if_due()
    report = await boss.get("/customers/segments")
    assert report["buyers"] == 20
    assert (await boss.get("/customers/crm-2"))["segment"] is None
    assert (await boss.get("/customers/crm-0"))["segment"] == "vip"
