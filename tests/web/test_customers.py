"""Customers by API: found, written down, exported, erased; and what of them may enter the log that stays."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from channels.email.thread import message_id
from channels.message import Address, InboundMessage
from tests.web.world import START, Client, Counted, World, world
from vocabulary.records import Put, ReceivedRow

OLA = {"name": "Ola Nowak", "email": "Ola@example.org", "phone": "+48 601 234 567", "external_id": "crm-7"}


@pytest.fixture
async def boss(there: World) -> Client:
    return await there.person("boss", "admin")


async def erased(client: Client, id: str, status: int = 204, query: str = "") -> Any:
    answer = await client.call("DELETE", f"/customers/{id}{query}")
    assert answer.status == status, await answer.text()
    return None if status == 204 else await answer.json()


async def test_a_customer_is_written_down_before_he_comes(there: World, boss: Client) -> None:
    sent = {**OLA, "segment": "gold", "attributes": {"since": 2019}}
    made = await boss.post("/customers", sent, 201, key="k")
    assert sorted(made["identities"]) == [
        ["email", "ola@example.org"],
        ["external", "crm-7"],
        ["phone", "+48601234567"],
    ]
    assert (made["segment"], made["attributes"]) == ("gold", {"since": 2019})
    assert await boss.post("/customers", sent, 201, key="k") == made
    refused = await boss.post("/customers", {"email": "ola@example.org"}, 409)
    assert made["id"] in refused["detail"]
    shop = await there.program("integration")
    one = await shop.post("/interactions", {"text": "Hi", "customer": {"id": "crm-7"}}, 201)
    assert one["customer"]["id"] == made["id"]
    assert (await boss.get("/customers/crm-7"))["id"] == made["id"]
    assert [each["id"] for each in (await boss.get("/interactions?customer=crm-7"))["items"]] == [one["id"]]


async def test_customers_are_found_by_name_and_identity(boss: Client) -> None:
    ola = await boss.post("/customers", OLA, 201)
    jan = await boss.post("/customers", {"name": "Jan", "language": "pl"}, 201)
    everybody = sorted([ola["id"], jan["id"]])
    assert [one["id"] for one in (await boss.get("/customers"))["items"]] == everybody
    for q in ("nowak", "OLA@example.org", "crm-7", "%2B48601234567"):
        assert [one["id"] for one in (await boss.get(f"/customers?q={q}"))["items"]] == [ola["id"]]
    first = await boss.get("/customers?limit=1")
    second = await boss.get(f"/customers?limit=1&cursor={first['next']}")
    assert [page["items"][0]["id"] for page in (first, second)] == everybody


@pytest.mark.parametrize("field,value", [
    ("phone", "12"),
    ("language", "Jan Kowalski"),
    ("email", ""),
    ("email", "notmail"),
    ("birth_date", "1982-13-40"),
    ("birth_date", "2982-01-01"),
])  # fmt: skip
async def test_what_is_wrong_with_a_customer_is_named(boss: Client, field: str, value: str) -> None:
    problem = await boss.post("/customers", {field: value}, 422)
    assert problem["errors"][0]["path"] == field
    ola = await boss.post("/customers", OLA, 201)
    changed = await boss.call("PATCH", f"/customers/{ola['id']}", {field: value})
    assert (changed.status, (await changed.json())["errors"][0]["path"]) == (422, field)


async def test_a_number_of_a_kind_that_the_house_does_not_give_is_refused(boss: Client) -> None:
    problem = await boss.post("/customers", {"numbers": {"ordr": ["1"]}}, 422)
    assert problem["errors"][0]["path"] == "numbers.ordr"
    assert "there are customer, order" in problem["detail"]


async def test_only_administrators_erase(there: World, boss: Client) -> None:
    ola = await boss.post("/customers", OLA, 201)
    for role in ("operator", "supervisor", "integration"):
        await erased(await there.program(role), ola["id"], 403)
    await erased(boss, "c-nobody", 404)


async def test_while_something_is_open_he_is_erased_by_force_only(there: World, boss: Client) -> None:
    shop = await there.program("integration")
    one = await shop.post("/interactions", {"text": "Hi", "customer": {"email": "ola@example.org"}}, 201)
    customer = one["customer"]["id"]
    problem = await erased(boss, customer, 409)
    assert problem["reason"] == "interaction_open"
    assert one["id"] in problem["detail"]
    await erased(boss, customer, query="?force=true")
    closed = await boss.get(f"/interactions/{one['id']}")
    assert (closed["state"], closed["disposition"], closed["customer"]["name"]) == ("closed", "erased", "")
    (message,) = (await boss.get(f"/interactions/{one['id']}/messages"))["items"]
    assert (message["text"], message["author"], message["number"]) == ("", "customer", 1)
    await erased(boss, customer, 404)


async def test_whoever_writes_again_is_a_stranger_and_what_was_erased_stays_so(there: World, boss: Client) -> None:
    shop = await there.program("integration")
    sent = {"text": "Hi", "external_id": "x-1", "customer": {"id": "crm-7", "email": "ola@example.org"}}
    one = await shop.post("/interactions", sent, 201, key="k")
    customer = one["customer"]["id"]
    assert "crm-7" not in customer
    await erased(boss, customer, query="?force=true")
    # The same call once more, and the same message once more, make nothing.
    assert (await shop.call("POST", "/interactions", sent, key="k")).status == 410
    again = await shop.post("/interactions", sent, 200)
    assert (again["id"], again["customer"]["email"]) == (one["id"], None)
    new = await shop.post("/interactions", {**sent, "external_id": "x-2"}, 201)
    assert new["customer"]["id"] != customer
    assert new["customer"]["email"] == "ola@example.org"
    assert (await boss.get("/customers"))["items"] == [await boss.get(f"/customers/{new['customer']['id']}")]


async def test_what_he_sent_and_nobody_could_process_goes_too(there: World, boss: Client) -> None:
    ola = await boss.post("/customers", OLA, 201)
    mails = {"r-his": b"From: OLA@example.org\r\n\r\nsecret", "r-other": b"From: jan@example.org\r\n\r\nHello"}
    rows = [ReceivedRow(id=id, channel="mail", at=START, raw=raw, state="quarantined") for id, raw in mails.items()]
    await there.site.write(*map(Put, rows))
    answer = await boss.call("GET", f"/customers/{ola['id']}/export")
    assert [each["id"] for each in msgspec.json.decode(await answer.read())["unprocessed"]] == ["r-his"]
    await erased(boss, ola["id"])
    left = {
        head.row.id: (head.row.state, head.row.raw)
        for head in await there.site.store.received_page(states=("quarantined", "discarded"))
    }
    assert left == {"r-his": ("discarded", b""), "r-other": ("quarantined", mails["r-other"])}


async def test_what_he_wrote_to_others_goes_too(there: World, boss: Client) -> None:
    shop = await there.program("integration")
    jans = await shop.post("/interactions", {"text": "I am Jan", "customer": {"email": "jan@example.org"}}, 201)
    ola = await boss.post("/customers", OLA, 201)
    await there.say(jans["id"], "I am Ola", sender="ola@example.org")
    document = msgspec.json.decode(await (await boss.call("GET", f"/customers/{ola['id']}/export")).read())
    assert [each["text"] for each in document["elsewhere"]] == ["I am Ola"]
    await erased(boss, ola["id"])
    said = (await boss.get(f"/interactions/{jans['id']}/messages"))["items"]
    assert [each["text"] for each in said] == ["I am Jan", ""]


async def test_reasons_in_words_are_kept_where_they_can_be_erased(there: World, boss: Client) -> None:
    await there.add_agent("anna", "billing", "support")
    shop, anna = await there.program("integration"), await there.person("anna", agent="anna")
    words = "Mrs Nowak of kowalski"
    await anna.post("/agents/anna/presence", {"presence": "available"})
    one = await shop.post("/interactions", {"text": "Hi", "queue": "billing"}, 201)
    (offer,) = (await anna.get("/agents/anna/offers"))["items"]
    await anna.post(f"/offers/{offer['id']}/decline", {"reason": words.lower()})
    await anna.post("/agents/anna/presence", {"presence": "away", "reason": words})
    await boss.post(f"/interactions/{one['id']}/close", {"reason": "kowalski"})
    events = (await boss.get("/events?limit=1000"))["items"]
    assert "nowak" not in str(events).lower()
    assert "kowalski" not in str(events)
    assert [each["data"]["reason"] for each in events if each["type"] == "OfferDeclined"] == ["other"]
    lines = await there.site.store.audit_of([one["id"], "anna"])
    assert sorted((line.action, line.detail["reason"]) for line in lines) == [
        ("close", "kowalski"),
        ("decline", words.lower()),
        ("presence", words),
    ]


async def test_a_segment_that_decides_nothing_is_no_word_of_the_log(there: World, boss: Client) -> None:
    shop = await there.program("integration")
    await boss.post("/customers", {**OLA, "segment": "kowalski"}, 201)
    one = await shop.post("/interactions", {"text": "Hi", "customer": {"email": "ola@example.org"}}, 201)
    assert (one["segment"], one["customer"]["segment"]) == (None, "kowalski")
    assert "kowalski" not in str(await boss.get("/events"))


async def test_a_visitor_who_was_erased_chats_on_as_a_stranger(there: World, boss: Client) -> None:
    async def say(client_id: str) -> str:
        message = InboundMessage(
            channel="website",
            medium="chat",
            external_id=f"v-1:{client_id}",
            received_at=START,
            text="Hello",
            reply_text="Hello",
            visitor="v-1",
        )
        admission = await there.intake.receive(message)
        row = await there.site.store.interaction(admission.interaction)
        assert row is not None
        return row.customer

    first = await say("a")
    await erased(boss, first, query="?force=true")
    second = await say("b")
    assert second != first
    assert await say("c") == second
    await erased(boss, second, query="?force=true")
    assert await say("d") not in (first, second)


async def test_an_answer_to_a_mail_of_ours_opens_nothing_of_who_was_erased(there: World, boss: Client) -> None:
    def mail(number: int, *references: str) -> InboundMessage:
        return InboundMessage(
            channel="mail",
            medium="email",
            external_id=f"mail-{number}",
            received_at=START,
            text="Hello",
            reply_text="Hello",
            sender=Address("Ola", "ola@example.org"),
            references=references,
        )

    first = await there.intake.receive(mail(1))
    ours = message_id("fx-1", first.interaction, key=b"k" * 32, domain="example.org")
    assert (await there.intake.receive(mail(2, ours))).interaction == first.interaction
    row = await there.site.store.interaction(first.interaction)
    assert row is not None
    await erased(boss, row.customer, query="?force=true")
    late = await there.intake.receive(mail(3, ours))
    assert late.interaction != first.interaction
    assert len(await there.site.store.all_messages(first.interaction)) == 2


async def test_a_page_of_customers_costs_as_few_reads_as_one_of_them(tmp_path: Path) -> None:
    async with world(tmp_path, as_site_reads=Counted) as there:
        boss, store = await there.program("admin"), there.site.store
        assert isinstance(store, Counted)
        ids, costs, items = list[str](), list[int](), list[Any]()
        for n in range(6):
            body = {"name": f"N {n}", "email": f"{n}@example.org", "segment": "gold"}
            ids.append((await boss.post("/customers", body, 201))["id"])
            await boss.post("/interactions", {"text": "Hi", "customer": {"id": ids[n]}}, 201)
        for one, other in (ids[:2], ids[2:4]):
            await boss.post(f"/customers/{one}/merge", {"into": other})
        for limit in (1, 50):
            before = store.reads
            items = (await boss.get(f"/customers?limit={limit}"))["items"]
            costs.append(store.reads - before)
        assert costs[0] == costs[1]
        assert [each["id"] for each in items] == sorted({*ids} - {ids[0], ids[2]})
        assert items == [await boss.get(f"/customers/{each['id']}") for each in items]
        merged = next(each for each in items if each["id"] == ids[1])
        assert [each["name"] for each in merged["merged"]] == ["N 0"]
        assert [value for _, value in merged["identities"]] == ["1@example.org", "0@example.org"]
