"""The question who a customer is: asked once he waits, answered in many ways, and it costs him no place."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from app.answering import Answering
from app.crm import Known, Reply, Token
from app.recognising import Recognising, Rules, Seen
from channels.message import Automatic, InboundMessage
from customers.numbers import NumberKind
from queues.policy import QueuePolicy
from router.policy import Action, Autoresponse, Rule
from tests.web.test_recognising import chat, mail
from tests.web.world import POLICY, START, Client, Counted, World, world
from vocabulary.instants import Instant
from vocabulary.records import CustomerRow, Put

RULES = Rules(numbers=(NumberKind("customer", r"K-?\d{6}"),), merge="automatic", merge_from="medium")
OLA = {
    "name": "Ola Nowak",
    "email": "ola@example.org",
    "segment": "gold",
    "numbers": {"customer": ["K-123456"]},
    "birth_date": "1982-05-03",
    "postcode": "00-950",
}


def asking(question: str, autoresponse: str | None = None) -> Any:
    return msgspec.structs.replace(
        POLICY,
        queues={"support": QueuePolicy(name="support", ask=question, wrap_up="none")},
        rules=(Rule(name="everything", then=Action(queue="support", autoresponse=autoresponse)),),
        autoresponses={"received": Autoresponse(name="received", kind="acknowledge")},
    )


@pytest.fixture
async def there(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path, rules=RULES, policy=asking("customer_number")) as there:
        yield there


async def said(there: World, boss: Client, interaction: str) -> list[tuple[str, str]]:
    """Return who said what, once all that is to be written has been."""
    await there.send_mail()
    rows = (await boss.get(f"/interactions/{interaction}/messages"))["items"]
    return [(row["author"], row["text"]) for row in rows]


async def answers(boss: Client, interaction: str) -> list[Any]:
    events = (await boss.get(f"/interactions/{interaction}/events"))["items"]
    return [(each["type"], each["data"]) for each in events if each["type"] in ("AutoReplied", "QuestionAnswered")]


async def asked(boss: Client, interaction: str) -> Any:
    return (await boss.get(f"/interactions/{interaction}"))["asked_who"]


async def test_a_stranger_by_chat_is_asked_answers_and_keeps_his_place(there: World) -> None:
    boss = await there.person("boss", "admin")
    ola = await boss.post("/customers", OLA, 201)
    one = await there.intake.receive(chat("My bill is wrong", name="Ola Nowak"))
    before = there.site.state.interactions[one.interaction].key
    there.clock.move(5_000)
    two = await there.intake.receive(chat("Hi", visitor="v-2"))
    assert [author for author, _ in await said(there, boss, one.interaction)] == ["customer", "bot"]
    heard = await said(there, boss, one.interaction)
    assert heard[1][1].startswith("So that we know you at once: your customer number, please? If you have none")
    assert await asked(boss, one.interaction) == {"question": "customer_number", "tries": 1, "result": ""}
    await there.intake.receive(chat("it is k-123456", name="Ola Nowak", n=2), continues=one.interaction)
    assert await asked(boss, one.interaction) == {"question": "customer_number", "tries": 1, "result": "found"}
    assert there.site.state.interactions[one.interaction].key == before
    views = [await boss.get(f"/interactions/{each.interaction}") for each in (one, two)]
    assert [(each["position"], each["state"]) for each in views] == [(1, "waiting"), (2, "waiting")]
    assert views[0]["customer"]["id"] == ola["id"]
    assert views[0]["customer"]["segment"] == "gold"
    assert (await said(there, boss, one.interaction))[-1][1].startswith("Thank you, we have found you.")
    told = await boss.get(f"/interactions/{one.interaction}/explain?language=en")
    assert "– Asked for it, the customer number K1••••6 was given.\n" in told["text"]
    (merged,) = (await boss.get(f"/customers/{ola['id']}"))["merged"]
    assert merged["evidence"][0]["reason"] == "customer_number_answered"
    assert "Asked for it, the customer number K1••••6" in merged["evidence"][0]["text"]


@pytest.mark.parametrize(
    "text",
    ["K123456", "k 123 456", "K-123456.", "kay one two three four five six", "K for Kilo 1 2 3 4 5 6", "K-123465"],
)
async def test_a_number_is_understood_as_it_is_typed_said_and_mistyped(there: World, text: str) -> None:
    boss = await there.person("boss", "admin")
    ola = await boss.post("/customers", OLA, 201)
    one = await there.intake.receive(chat("My bill is wrong", name="Ola Nowak"))
    await there.intake.receive(chat(text, name="Ola Nowak", n=2), continues=one.interaction)
    assert (await asked(boss, one.interaction))["result"] == "found", text
    assert (await boss.get(f"/interactions/{one.interaction}"))["customer"]["id"] == ola["id"]


async def test_he_is_asked_twice_at_most(there: World) -> None:
    boss = await there.person("boss", "admin")
    one = await there.intake.receive(chat("Hi"))
    await there.send_mail()
    for n, text in enumerate(["K-999999", "K-999998", "K-999997"], 2):
        await there.intake.receive(chat(text, n=n), continues=one.interaction)
        await there.send_mail()
    texts = [text for author, text in await said(there, boss, one.interaction) if author == "bot"]
    assert len(texts) == 2
    assert texts[1].startswith("We found no customer with that number.")
    assert await asked(boss, one.interaction) == {"question": "customer_number", "tries": 2, "result": "not_found"}


@pytest.mark.parametrize(
    "text",
    [
        "skip",
        "I have none",
        "no",
        "I don't know it, sorry",
        "nie mam",
        "nie pamiętam numeru",
        "pomiń",
        "neturiu",
        "nežinau",
        "nincs",
        "nem tudom",
        "нет",
        "у меня нет номера",
        "пропустить",
    ],
)
async def test_he_need_not_answer(there: World, text: str) -> None:
    boss = await there.person("boss", "admin")
    one = await there.intake.receive(chat("Hi"))
    await there.intake.receive(chat(text, n=2), continues=one.interaction)
    assert (await asked(boss, one.interaction))["result"] == "skipped"
    assert len([author for author, _ in await said(there, boss, one.interaction) if author == "bot"]) == 1


@pytest.mark.parametrize("text", ["ekspres nie działa", "it does not work", "не работает интернет", "bez zmian"])
async def test_a_short_word_of_his_matter_with_a_no_in_it_leaves_the_question_open(there: World, text: str) -> None:
    boss = await there.person("boss", "admin")
    one = await there.intake.receive(chat("Hi"))
    await there.intake.receive(chat(text, n=2), continues=one.interaction)
    assert await asked(boss, one.interaction) == {"question": "customer_number", "tries": 1, "result": ""}


async def test_whoever_tells_more_of_his_matter_is_left_in_peace_and_may_answer_later(there: World) -> None:
    boss = await there.person("boss", "admin")
    await boss.post("/customers", OLA, 201)
    one = await there.intake.receive(chat("Hi"))
    long = (
        "The bill of last month says something that I don't understand at all, would you please have a look at it? " * 3
    )
    await there.intake.receive(chat(long, n=2), continues=one.interaction)
    assert await asked(boss, one.interaction) == {"question": "customer_number", "tries": 1, "result": ""}
    await there.intake.receive(chat("K-123456", n=3), continues=one.interaction)
    assert (await asked(boss, one.interaction))["result"] == "found"


@pytest.mark.parametrize("text", ["czy ktoś tam jest?", "to pilne, ekspres przecieka", "one moment, please"])
async def test_what_says_no_number_is_no_answer_and_takes_no_try(there: World, text: str) -> None:
    boss = await there.person("boss", "admin")
    await boss.post("/customers", OLA, 201)
    one = await there.intake.receive(chat("Hi"))
    await there.intake.receive(chat(text, n=2), continues=one.interaction)
    assert await asked(boss, one.interaction) == {"question": "customer_number", "tries": 1, "result": ""}
    assert len([author for author, _ in await said(there, boss, one.interaction) if author == "bot"]) == 1
    await there.intake.receive(chat("my number is 123456", n=3), continues=one.interaction)
    assert (await asked(boss, one.interaction))["result"] == "found"


async def test_a_number_in_the_middle_of_what_he_tells_answers_too(there: World) -> None:
    boss = await there.person("boss", "admin")
    ola = await boss.post("/customers", OLA, 201)
    one = await there.intake.receive(chat("Hi"))
    long = "The bill of last month says something that I don't understand at all. " * 3
    await there.intake.receive(chat(f"{long}K-999999", n=2), continues=one.interaction)
    assert await asked(boss, one.interaction) == {"question": "customer_number", "tries": 1, "result": ""}
    await there.intake.receive(chat(f"{long}I am K-123456, by the way. {long}", n=3), continues=one.interaction)
    assert (await asked(boss, one.interaction))["result"] == "found"
    assert (await boss.get(f"/interactions/{one.interaction}"))["customer"]["id"] == ola["id"]


async def test_an_agent_may_take_it_before_the_answer_and_hears_it(there: World) -> None:
    boss = await there.person("boss", "admin")
    await boss.post("/customers", OLA, 201)
    await there.add_agent("anna", "support")
    anna = await there.person("anna", agent="anna")
    one = await there.intake.receive(chat("Hi"))
    await anna.post("/agents/anna/presence", {"presence": "available"})
    (offer,) = (await anna.get("/agents/anna/offers"))["items"]
    await anna.post(f"/offers/{offer['id']}/accept")
    await there.intake.receive(chat("K-999999", n=2), continues=one.interaction)
    # No machine talks into it: he is not asked again.
    assert await asked(boss, one.interaction) == {"question": "customer_number", "tries": 1, "result": "not_found"}
    assert len([author for author, _ in await said(there, boss, one.interaction) if author == "bot"]) == 1


async def test_who_is_known_for_sure_is_not_asked(there: World) -> None:
    boss, shop = await there.person("boss", "admin"), await there.program("integration")
    await boss.post("/customers", {**OLA, "external_id": "crm-7"}, 201)
    proven = await there.intake.receive(mail("Hi", sender="ola@example.org", verdict="proven"))
    claimed = await there.intake.receive(mail("Hi", sender="ola@example.org", n=2))
    named = await shop.post("/interactions", {"text": "Hi", "channel": "website", "customer": {"id": "crm-7"}}, 201)
    told = [await asked(boss, id) for id in (proven.interaction, claimed.interaction, named["id"])]
    assert [each and each["question"] for each in told] == [None, "customer_number", None]


async def test_whoever_writes_his_own_number_beside_his_address_is_not_asked_for_it(there: World) -> None:
    boss = await there.person("boss", "admin")
    await boss.post("/customers", {**OLA, "phone": "+48601234567"}, 201)
    texts = ["My number is K-123456", "I am ola@example.org, +48601234567", "My number is K-999999"]
    told = []
    for n, text in enumerate(texts, 1):
        one = await there.intake.receive(mail(text, sender="ola@example.org", name="Ola Nowak", n=n))
        identified = (await boss.get(f"/interactions/{one.interaction}/explain?language=en"))["identified"]
        reasons = [each["reason"] for each in identified["evidence"]]
        told.append((identified["strength"], reasons, await asked(boss, one.interaction) is not None))
    assert told == [
        ("strong", ["email_unproven", "customer_number_in_text"], False),
        # What whoever knows the address may know too adds nothing to it.
        ("weak", ["email_unproven"], True),
        ("weak", ["email_unproven"], True),
    ]


async def test_a_chat_that_writes_the_address_it_claims_shows_no_more_than_a_claim(there: World) -> None:
    boss = await there.person("boss", "admin")
    ola = await boss.post("/customers", OLA, 201)
    one = await there.intake.receive(chat("I am ola@example.org", email="ola@example.org", name="Ola Nowak"))
    assert await asked(boss, one.interaction) is not None
    assert (await boss.get(f"/interactions/{one.interaction}"))["customer"]["id"] != ola["id"]


@pytest.mark.parametrize(
    "message",
    [
        msgspec.structs.replace(mail("Out of office"), automatic=Automatic(True, ("auto-submitted",))),
        msgspec.structs.replace(mail("Forged"), automatic=Automatic(True, ("unauthenticated",))),
    ],
)
async def test_machines_and_forged_mail_are_asked_nothing(there: World, message: InboundMessage) -> None:
    boss = await there.person("boss", "admin")
    one = await there.intake.receive(message)
    assert await asked(boss, one.interaction) is None
    assert await answers(boss, one.interaction) == []


async def test_a_mail_is_asked_and_its_answer_makes_no_loop(there: World) -> None:
    boss = await there.person("boss", "admin")
    one = await there.intake.receive(mail("Hi"))
    # A responder that answers each mail of ours, without a word that it is one.
    for n in range(2, 8):
        message = msgspec.structs.replace(mail(f"Your ticket {n}", n=n), in_reply_to="<1@home.example>")
        await there.intake.receive(message, continues=one.interaction)
    replied = [kind for kind, _ in await answers(boss, one.interaction) if kind == "AutoReplied"]
    assert len(replied) == 2


async def test_the_question_goes_with_the_receipt(tmp_path: Path) -> None:
    async with world(tmp_path, rules=RULES, policy=asking("customer_number", "received")) as there:
        boss = await there.person("boss", "admin")
        one = await there.intake.receive(mail("Hi"))
        (_, (author, text)) = await said(there, boss, one.interaction)
        assert author == "bot"
        assert text.startswith("Thank you for your message.")
        assert "your customer number, please?" in text
        admission = (await boss.get(f"/interactions/{one.interaction}/explain?language=en"))["text"]
        assert "The customer was asked who he is (customer number); he keeps his place." in admission


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("Ola Nowak, 00-950, 3 May 1982", "found"),
        ("Nowak Ola, zero zero nine five zero, the third of may eighty two", "found"),
        ("Aleksandra Nowak, 00950, 3.05.1982", "found"),
        ("Jan Kowalski, 31-020, 1 January 1990", "not_found"),
        ("Ola Nowak", "not_found"),
    ],
)
async def test_name_postcode_and_date_of_birth_are_matched_with_the_records(
    tmp_path: Path, text: str, result: str
) -> None:
    async with world(tmp_path, rules=RULES, policy=asking("details")) as there:
        boss = await there.person("boss", "admin")
        await boss.post("/customers", OLA, 201)
        one = await there.intake.receive(chat("Hi"))
        await there.intake.receive(chat(text, n=2), continues=one.interaction)
        found = await asked(boss, one.interaction)
        # Who isn't found is asked once more, so nothing has come of it yet.
        assert (found["result"], found["tries"]) == (("found", 1) if result == "found" else ("", 2))


@pytest.mark.parametrize("languages", [("de",), ("de", "pl"), ("other",)])
async def test_a_site_of_other_languages_understands_english_answers(
    tmp_path: Path, languages: tuple[str, ...]
) -> None:
    async with world(tmp_path, rules=RULES, policy=asking("details"), languages=languages) as there:
        boss = await there.person("boss", "admin")
        await boss.post("/customers", OLA, 201)
        one = await there.intake.receive(chat("Hi"))
        said = "Ola Nowak, zero zero nine five zero, the third of may eighty two"
        await there.intake.receive(chat(said, n=2), continues=one.interaction)
        assert (await asked(boss, one.interaction))["result"] == "found"


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("customer_number", "ka jeden dwa trzy cztery pięć sześć"),
        ("customer_number", "k vienas du trys keturi penki šeši"),
        ("details", "Ola Nowak, zero zero dziewięć pięć zero, trzeci maja osiemdziesiąt dwa"),
    ],
)
async def test_an_answer_may_be_said_in_any_language_of_the_site(tmp_path: Path, question: str, text: str) -> None:
    languages = ("en", "pl", "lt")
    async with world(tmp_path, rules=RULES, policy=asking(question), languages=languages) as there:
        boss = await there.person("boss", "admin")
        await boss.post("/customers", OLA, 201)
        one = await there.intake.receive(chat("Hi"))
        await there.intake.receive(chat(text, n=2), continues=one.interaction)
        assert (await asked(boss, one.interaction))["result"] == "found"


class Directory:
    """A CRM that knows one customer by what he is known by there, and keeps what it was asked."""

    def __init__(self, *known_by: str, by: list[str] | None = None) -> None:
        self._known_by = known_by
        self._by = by
        self.asked: list[list[tuple[str, str]]] = []

    async def who(
        self, tokens: Sequence[Token], *, name: str, language: str | None, channel: str, now: Instant
    ) -> Reply:
        if not tokens:
            return Reply()
        self.asked.append([(each.kind, each.value) for each in tokens])
        if not any(each.value in self._known_by for each in tokens):
            return Reply()
        return Reply(Known(id="crm-9", name="Jan Kowalski", segment="gold", by=self._by))


@pytest.mark.parametrize("text", ["K-900111", "my number is k900111", "k dziewięć zero zero jeden jeden jeden"])
async def test_a_number_that_only_the_crm_knows_answers_the_question(tmp_path: Path, text: str) -> None:
    crm, policy, languages = Directory("K900111"), asking("customer_number"), ("en", "pl")
    async with world(tmp_path, rules=RULES, policy=policy, crm=crm, languages=languages) as there:
        boss = await there.person("boss", "admin")
        one = await there.intake.receive(chat("Hi"))
        await there.intake.receive(chat(text, n=2), continues=one.interaction)
        assert crm.asked == [[("customer_number", "K900111"), ("external", "K900111")]]
        assert (await asked(boss, one.interaction))["result"] == "found"
        customer = (await boss.get(f"/interactions/{one.interaction}"))["customer"]
        assert (customer["name"], customer["segment"]) == ("Jan Kowalski", "gold")
        (merged,) = (await boss.get(f"/customers/{customer['id']}"))["merged"]
        assert (merged["strength"], merged["evidence"][0]["reason"]) == ("medium", "customer_number_answered")


async def test_the_crm_is_asked_with_what_an_answer_says_and_nothing_else(tmp_path: Path) -> None:
    crm, rules = Directory("jan@example.org"), msgspec.structs.replace(RULES, region="PL")
    async with world(tmp_path, rules=rules, policy=asking("customer_number"), crm=crm) as there:
        boss = await there.person("boss", "admin")
        await boss.post("/customers", OLA, 201)
        one = await there.intake.receive(mail("Hi"))
        for n, text in enumerate(["K-900111 or 601 234 567, jan@example.org", "K-123456"], 2):
            await there.intake.receive(mail(text, n=n), continues=one.interaction)
        # Whom the house itself knows it is not asked for.
        assert crm.asked == [
            [("email", "ola@home.example")],
            [
                ("customer_number", "K900111"),
                ("external", "K900111"),
                ("phone", "+48601234567"),
                ("email", "jan@example.org"),
            ],
        ]
        # An address that he only writes is no answer.
        assert await asked(boss, one.interaction) == {"question": "customer_number", "tries": 2, "result": "found"}


async def test_his_own_number_answers_though_only_his_address_is_claimed(there: World) -> None:
    boss = await there.person("boss", "admin")
    await boss.post("/customers", OLA, 201)
    one = await there.intake.receive(mail("Hi", sender="ola@example.org"))
    await there.intake.receive(mail("K-123456", sender="ola@example.org", n=2), continues=one.interaction)
    assert (await asked(boss, one.interaction))["result"] == "found"
    identified = (await boss.get(f"/interactions/{one.interaction}/explain?language=en"))["identified"]
    reasons = [each["reason"] for each in identified["evidence"]]
    assert (identified["strength"], reasons) == ("strong", ["email_unproven", "customer_number_answered"])


async def test_details_that_fit_many_cost_as_few_reads_as_those_of_one(tmp_path: Path) -> None:
    async with world(tmp_path, rules=RULES) as there:
        said, seen, costs = chat("Ola Nowak, 00-950, 3 May 1982"), Seen(), []
        for n in range(40):
            if n in (1, 39):
                store: Any = Counted(there.site.store)
                answering = Answering(store=store, recognising=Recognising(store=store, rules=RULES))
                heard = await answering.heard("details", said, "c-new", seen, "i-1", START)
                costs.append((store.reads, len(heard.seen.candidates) if heard.seen is not None else 0))
            row = CustomerRow(
                id=f"c-{n}", created_at=START, name="Ola Nowak", birth_date="1982-05-03", postcode="00950"
            )
            await there.site.write(Put(row))
        # One read more for each of the few who are suggested.
        assert costs[1][1] == 39
        assert costs[1][0] - costs[0][0] < 10


async def test_an_answer_that_cannot_be_looked_up_is_a_message_all_the_same(tmp_path: Path) -> None:
    broken = Rules(numbers=(NumberKind("customer", "K-("),))
    async with world(tmp_path, rules=broken, policy=asking("customer_number")) as there:
        boss = await there.person("boss", "admin")
        one = await there.intake.receive(chat("Hi"))
        two = await there.intake.receive(chat("K-123456", n=2), continues=one.interaction)
        assert (two.interaction, two.known) == (one.interaction, False)
        assert await asked(boss, one.interaction) == {"question": "customer_number", "tries": 1, "result": ""}
