"""Customers who are one person: merged, parted, erased and exported together, by the API."""

from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.web.world import Client, World, world
from vocabulary.records import CustomerRow

OLA = {"name": "Ola Nowak", "email": "ola@example.org", "attributes": {"plan": "gold"}, "segment": "gold"}
CHAT = {"name": "Ola", "phone": "+48 601 234 567", "attributes": {"plan": "free", "cat": "Mruczek"}}


@pytest.fixture
async def boss(there: World) -> Client:
    return await there.person("boss", "admin")


@pytest.fixture
async def two(boss: Client) -> tuple[str, str]:
    return (await boss.post("/customers", CHAT, 201))["id"], (await boss.post("/customers", OLA, 201))["id"]


async def known_of(boss: Client, *ids: str) -> list[Any]:
    """Return all that the API tells of customers and their interactions."""
    told: list[Any] = []
    for id in ids:
        told.append(await boss.get(f"/customers/{id}"))
        told.append([one["id"] for one in (await boss.get(f"/interactions?customer={id}"))["items"]])
    return told


async def test_both_are_read_as_one(there: World, boss: Client, two: tuple[str, str]) -> None:
    chat, ola = two
    shop = await there.program("integration")
    by_phone = await shop.post("/interactions", {"text": "Hi", "customer": {"phone": "+48601234567"}}, 201)
    by_mail = await shop.post("/interactions", {"text": "Hi", "customer": {"email": "ola@example.org"}}, 201)
    one = await boss.post(f"/customers/{chat}/merge", {"into": ola})
    assert one["id"] == ola
    assert (one["name"], one["segment"], one["email"], one["phone"]) == (
        "Ola Nowak",
        "gold",
        "ola@example.org",
        "+48601234567",
    )
    assert one["attributes"] == {"plan": "gold", "cat": "Mruczek"}
    assert [(each["customer"], each["state"], each["by"]) for each in one["merged"]] == [(chat, "merged", "u-boss")]
    assert await boss.get(f"/customers/{chat}") == one == await boss.get(f"/customers/{ola}")
    assert (await boss.get("/customers"))["items"] == [one]
    assert [each["id"] for each in (await boss.get("/customers?q=%2B48601234567"))["items"]] == [ola]
    for id in two:
        found = (await boss.get(f"/interactions?customer={id}"))["items"]
        assert [each["id"] for each in found] == [by_mail["id"], by_phone["id"]]
        assert {each["customer"]["id"] for each in found} == {ola}


async def test_who_writes_by_either_way_has_the_segment_of_the_person(
    there: World, boss: Client, two: tuple[str, str]
) -> None:
    chat, ola = two
    await boss.post(f"/customers/{chat}/merge", {"into": ola})
    shop = await there.program("integration")
    one = await shop.post("/interactions", {"text": "Hi", "customer": {"phone": "+48601234567"}}, 201)
    assert one["customer"]["segment"] == "gold"
    # A message of hers by the other way goes on what she began by this one.
    await boss.call("PATCH", f"/customers/{ola}", {"blocked": True})
    blocked = await shop.post("/interactions", {"text": "Hi", "customer": {"phone": "+48601234567"}}, 201)
    assert (blocked["state"], blocked["disposition"]) == ("closed", "blocked_sender")


async def test_unmerging_restores_both_exactly_with_what_came_meanwhile(
    there: World, boss: Client, two: tuple[str, str]
) -> None:
    chat, ola = two
    shop = await there.program("integration")
    before = await known_of(boss, chat, ola)
    await boss.post(f"/customers/{chat}/merge", {"into": ola})
    new = await shop.post("/interactions", {"text": "Hi", "customer": {"phone": "+48601234567"}}, 201)
    back = await boss.post(f"/customers/{chat}/unmerge", {})
    assert back["id"] == chat
    after = await known_of(boss, chat, ola)
    # What came by her phone while they were one stays with her phone.
    assert after[1] == [new["id"]]
    assert [after[0] | {"evidence": []}, [], *after[2:]] == before
    problem = await boss.post(f"/customers/{chat}/unmerge", {}, 409)
    assert problem["reason"] == "not_merged"


async def test_what_is_changed_of_the_person_stays_with_the_one_he_goes_by(boss: Client, two: tuple[str, str]) -> None:
    chat, ola = two
    await boss.post(f"/customers/{chat}/merge", {"into": ola})
    answer = await boss.call(
        "PATCH", f"/customers/{chat}", {"attributes": {"plan": "silver"}, "birth_date": "1982-05-03"}
    )
    one = await answer.json()
    assert (one["id"], one["attributes"], one["birth_date"]) == (ola, {"plan": "silver"}, "1982-05-03")
    await boss.post(f"/customers/{ola}/unmerge", {"from": chat})
    assert (await boss.get(f"/customers/{chat}"))["attributes"] == CHAT["attributes"]


async def test_an_identity_of_another_is_refused_and_named(boss: Client, two: tuple[str, str]) -> None:
    chat, ola = two
    answer = await boss.call("PATCH", f"/customers/{chat}", {"email": "ola@example.org"})
    assert (answer.status, ola in (await answer.json())["detail"]) == (409, True)
    await boss.post(f"/customers/{chat}/merge", {"into": ola})
    answer = await boss.call("PATCH", f"/customers/{chat}", {"email": "ola@example.org", "numbers": {"order": ["a 1"]}})
    assert ["number", "order:A1"] in (await answer.json())["identities"]


@pytest.mark.parametrize("into,status", [("itself", 409), ("c-nobody", 404)])
async def test_what_cannot_be_merged_is_refused(boss: Client, two: tuple[str, str], into: str, status: int) -> None:
    await boss.post(f"/customers/{two[0]}/merge", {"into": two[0] if into == "itself" else into}, status)


async def test_an_agent_merges_only_whom_he_serves(there: World, two: tuple[str, str]) -> None:
    await there.add_agent("anna", "support")
    anna, shop = await there.person("anna", agent="anna"), await there.program("integration")
    await anna.post(f"/customers/{two[0]}/merge", {"into": two[1]}, 403)
    await anna.post("/agents/anna/presence", {"presence": "available"})
    await shop.post("/interactions", {"text": "Hi", "customer": {"phone": "+48601234567"}}, 201)
    (offer,) = (await anna.get("/agents/anna/offers"))["items"]
    await anna.post(f"/offers/{offer['id']}/accept")
    one = await anna.post(f"/customers/{two[0]}/merge", {"into": two[1]})
    # She serves the person, by whichever id.
    assert await anna.get(f"/customers/{two[1]}") == one
    await anna.post(f"/customers/{two[0]}/unmerge", {})
    await anna.get(f"/customers/{two[1]}", 403)


async def test_erasing_one_erases_the_person(there: World, boss: Client, two: tuple[str, str]) -> None:
    chat, ola = two
    await boss.post(f"/customers/{chat}/merge", {"into": ola})
    answer = await boss.call("GET", f"/customers/{chat}/export")
    document = msgspec.json.decode(await answer.read())
    assert document["customer"]["id"] == ola
    assert [row["id"] for row in document["merged"]] == [chat]
    assert [row["customer"] for row in document["merges"]] == [chat]
    assert {each["customer"] for each in document["identities"]} == {chat, ola}
    assert (await boss.call("DELETE", f"/customers/{chat}")).status == 204
    for id in two:
        await boss.get(f"/customers/{id}", 404)
    store = there.site.store
    assert [await store.identities(id) for id in two] == [[], []]
    assert await store.merges(two) == []
    assert (await store.erasure(chat), await store.erasure(ola)) != (None, None)


async def test_merging_is_written_down(there: World, boss: Client, two: tuple[str, str]) -> None:
    chat, ola = two
    await boss.post(f"/customers/{chat}/merge", {"into": ola})
    there.clock.move(1)
    await boss.post(f"/customers/{chat}/unmerge", {})
    there.clock.move(1)
    await boss.post(f"/customers/{chat}/unmerge", {"from": ola})
    lines = await there.site.store.audit_of([chat])
    assert [(line.action, line.who) for line in lines if line.action != "add"] == [
        ("merge", "u-boss"),
        ("unmerge", "u-boss"),
        ("not_the_same", "u-boss"),
    ]


STEPS = st.lists(st.tuples(st.sampled_from(["merge", "part"]), st.integers(0, 3), st.integers(0, 3)), max_size=8)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
async def test_any_sequence_of_merges_that_is_taken_back_leaves_everybody_as_he_was(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, int]]
) -> None:
    async with world(tmp_path_factory.mktemp("merges")) as there:
        boss = await there.person("boss", "admin")
        ids = [
            (await boss.post("/customers", {"name": f"n{n}", "email": f"{n}@x.org", "attributes": {f"a{n}": n}}, 201))[
                "id"
            ]
            for n in range(4)
        ]
        rows = [await there.site.store.customer(id) for id in ids]
        before = await known_of(boss, *ids)
        for step, one, other in steps:
            path = f"/customers/{ids[one]}/{'merge' if step == 'merge' else 'unmerge'}"
            await boss.call("POST", path, {"into": ids[other]} if step == "merge" else {})
        for _ in steps:
            for id in ids:
                await boss.call("POST", f"/customers/{id}/unmerge", {})
        assert await known_of(boss, *ids) == before
        assert [await there.site.store.customer(id) for id in ids] == rows


def test_the_rows_of_customers_have_what_a_person_has() -> None:
    """A field that `as_one` forgets would be lost to whoever is read as another."""
    assert CustomerRow.__struct_fields__ == (
        "id",
        "created_at",
        "name",
        "language",
        "segment",
        "attributes",
        "birth_date",
        "postcode",
    )
