"""Who may see and do what to which object."""

import itertools

import pytest

from tests.web.world import Client, World
from web.access import RIGHTS, Principal, Tie, allows, authorise
from web.problems import Problem

TIES = [Tie.NONE, Tie.OWNS, Tie.OFFERED, Tie.HELD, Tie.SERVES, Tie.KNOWS, Tie.JOINED]


@pytest.mark.parametrize("action", sorted(RIGHTS))
def test_operators_need_a_tie_wherever_an_object_is_somebodys(action: str) -> None:
    operator = Principal(id="u", role="operator", agent="anna")
    open_to_all = {
        "self",
        "interaction.list",
        "understanding.ask",
        "interaction.start",
        "agent.list",
        "agent.see",
        "queue.see",
        "desk.open",
        "article.see",
    }
    assert allows(operator, action, Tie.NONE) == (action in open_to_all)  # type: ignore[arg-type]


def test_table_of_operators_rights() -> None:
    operator = Principal(id="u", role="operator", agent="anna")
    found = {
        (action, tie.name)
        for action, tie in itertools.product(RIGHTS, TIES)
        if action.startswith("interaction.")
        and action not in ("interaction.list", "interaction.start")
        and allows(operator, action, tie)
    }
    seen = {("interaction.see", tie) for tie in ("OWNS", "OFFERED", "HELD", "SERVES", "KNOWS", "JOINED")}
    read = {
        (f"interaction.{kind}", tie)
        for kind in ("read", "note", "label")
        for tie in ("OWNS", "OFFERED", "HELD", "JOINED")
    }
    owns = {(f"interaction.{kind}", "OWNS") for kind in ("handle", "close")}
    speaks = {(f"interaction.{kind}", tie) for kind in ("reply", "room") for tie in ("OWNS", "JOINED")}
    again = {("interaction.resend", tie) for tie in ("OWNS", "HELD")}
    pulls = {("interaction.assign", tie) for tie in ("SERVES", "OFFERED")}
    sends = {("interaction.send", tie) for tie in ("OWNS", "JOINED", "HELD")}
    assert found == seen | read | owns | speaks | again | pulls | sends


def test_role_without_any_right_is_refused() -> None:
    with pytest.raises(Problem, match="supervisor"):
        authorise(Principal(id="u", role="operator"), "events.read")


class Two:
    """Anna holds a chat in support; Bert serves billing only; Carl serves support."""

    def __init__(self, anna: Client, bert: Client, carl: Client, chat: str) -> None:
        self.anna = anna
        self.bert = bert
        self.carl = carl
        self.chat = chat


@pytest.fixture
async def two(there: World) -> Two:
    await there.add_agent("anna", "support")
    await there.add_agent("bert", "billing")
    await there.add_agent("carl", "support")
    shop = await there.program("integration")
    await shop.post("/agents/anna/presence", {"presence": "available"})
    chat = (await shop.post("/interactions", {"channel": "website", "text": "Hello"}, 201))["id"]
    anna, bert, carl = [await there.person(name, agent=name) for name in ("anna", "bert", "carl")]
    return Two(anna, bert, carl, chat)


async def take(client: Client, agent: str) -> None:
    (offer,) = (await client.get(f"/agents/{agent}/offers"))["items"]
    await client.post(f"/offers/{offer['id']}/accept")


async def test_strangers_interaction_is_neither_seen_nor_listed(two: Two) -> None:
    await two.bert.get(f"/interactions/{two.chat}", 403)
    await two.bert.get(f"/interactions/{two.chat}/messages", 403)
    await two.bert.get(f"/interactions/{two.chat}/events", 403)
    await two.bert.get(f"/interactions/{two.chat}/explain", 403)
    assert (await two.bert.get("/interactions"))["items"] == []


async def test_colleague_of_the_queue_sees_it_but_not_what_is_said(two: Two) -> None:
    assert (await two.carl.get(f"/interactions/{two.chat}"))["state"] == "offered"
    assert [one["id"] for one in (await two.carl.get("/interactions"))["items"]] == [two.chat]
    await two.carl.get(f"/interactions/{two.chat}/messages", 403)


async def test_agent_reads_it_while_it_rings(two: Two) -> None:
    (message,) = (await two.anna.get(f"/interactions/{two.chat}/messages"))["items"]
    assert message["text"] == "Hello"


async def test_offer_of_another_agent_can_be_neither_seen_nor_answered(two: Two) -> None:
    (offer,) = (await two.anna.get("/agents/anna/offers"))["items"]
    await two.carl.get("/agents/anna/offers", 403)
    await two.carl.post(f"/offers/{offer['id']}/accept", status=403)
    await two.carl.post(f"/offers/{offer['id']}/decline", {"reason": "other"}, 403)


async def test_only_the_owner_handles_it(two: Two) -> None:
    await take(two.anna, "anna")
    for path, body in (
        ("messages", {"kind": "reply", "text": "no"}),
        ("messages", {"kind": "note", "text": "no"}),
        ("transfer", {"queue": "billing", "note": "no"}),
        ("park", {}),
        ("resume", {}),
        ("end", {}),
        ("wrap-up", {}),
        ("wrap-up/extend", {}),
        ("close", {"reason": "no"}),
        ("priority", {"priority": 5, "reason": "no"}),
        ("move", {"queue": "billing", "reason": "no"}),
        ("leave", {}),
        ("spam", {}),
        ("undo", {}),
        ("takeover", {}),
        ("room", {"mode": "barge"}),
        ("room", {"agent": "bert"}),
    ):
        await two.carl.post(f"/interactions/{two.chat}/{path}", body, 403)
    await two.anna.post(f"/interactions/{two.chat}/messages", {"kind": "reply", "text": "yes"}, 201)


async def test_former_owner_still_reads_it_but_writes_no_reply(two: Two) -> None:
    await take(two.anna, "anna")
    await two.anna.post(f"/interactions/{two.chat}/transfer", {"queue": "billing", "note": "About an invoice"})
    messages = (await two.anna.get(f"/interactions/{two.chat}/messages"))["items"]
    assert [(one["author"], one["text"]) for one in messages] == [("customer", "Hello"), ("note", "About an invoice")]
    await two.anna.post(f"/interactions/{two.chat}/messages", {"kind": "reply", "text": "late"}, 403)


async def test_customer_is_known_to_who_serves_him_only(two: Two) -> None:
    customer = (await two.anna.get(f"/interactions/{two.chat}"))["customer"]["id"]
    assert (await two.anna.get(f"/customers/{customer}"))["id"] == customer
    await two.carl.get(f"/customers/{customer}", 403)
    await two.bert.get(f"/customers/{customer}", 403)


async def test_history_of_the_customer_is_listed_to_who_serves_him(there: World, two: Two) -> None:
    shop = await there.program("integration")
    who = {"email": "ola@example.org"}
    old = await shop.post("/interactions", {"text": "Old", "queue": "billing", "customer": who}, 201)
    await shop.post(f"/interactions/{old['id']}/close", {"reason": "test"})
    await shop.post("/interactions", {"channel": "website", "text": "New", "customer": who}, 201)
    listed = await two.anna.get(f"/interactions?customer={old['customer']['id']}")
    assert [one["number"] for one in listed["items"]] == [3, 2]
    assert (await two.bert.get(f"/interactions?customer={old['customer']['id']}"))["items"] != listed["items"]


async def test_agent_cannot_force_a_colleague_but_a_supervisor_can(there: World, two: Two) -> None:
    await two.carl.post("/agents/anna/presence", {"presence": "away"}, 403)
    boss = await there.person("boss", "supervisor")
    forced = await boss.post("/agents/anna/presence", {"presence": "away", "reason": "meeting"})
    assert (forced["presence"], forced["reason"]) == ("away", "meeting")


async def test_colleagues_work_is_hidden_from_agents(two: Two) -> None:
    await take(two.anna, "anna")
    shown = {one["id"]: one["interactions"] for one in (await two.carl.get("/agents"))["items"]}
    assert shown["anna"] == []
    assert [one["id"] for one in (await two.anna.get("/agents/anna"))["interactions"]] == [two.chat]
