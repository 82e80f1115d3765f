"""What every store must do; a store's own test module subclasses this and says how to open one."""

import asyncio
from itertools import count
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from queues.interaction import Heads, Interaction, Label, Seldom, queue_terms
from queues.lifecycle import InteractionState
from storage.errors import OutOfOrder
from tests.storage.builders import (
    NOW,
    a_customer,
    a_message,
    an_identity,
    an_interaction,
    an_outbox_row,
    appending,
    entry,
    putting,
)
from tests.storage.strategies import rows
from vocabulary.errors import PermanentFailure
from vocabulary.instants import DAY
from vocabulary.records import (
    AgentRow,
    ArticleFileRow,
    ArticleRow,
    AttachmentRow,
    AuditRow,
    BookmarkRow,
    Bought,
    Change,
    Checked,
    Contact,
    CustomerRow,
    ErasureRow,
    FetchedRow,
    IdempotencyRow,
    IdentityRow,
    InteractionRow,
    JudgementRow,
    MergeRow,
    MessageRow,
    ModelRow,
    OutboxRow,
    PurchaseRow,
    Put,
    PutNew,
    ReceivedHead,
    ReceivedRow,
    Remove,
    SessionRow,
    Set,
    SetAttributes,
    SettingRow,
    StandingRow,
    TokenRow,
    TrainingRow,
    TrainingText,
    Transaction,
    UploadRow,
    UserRow,
    attributes_changed,
)
from vocabulary.stores import Store

A_USER = UserRow(id="u-1", login="ada", name="Ada", role="admin", password="$argon2id$")

_fresh = count(1)


class JournalContract:
    async def test_a_new_journal_is_empty(self, store: Store) -> None:
        assert await store.last_seq() == 0
        assert [entry async for entry in store.read(0)] == []
        assert await store.load_checkpoint() is None

    async def test_what_was_appended_is_read_back_in_order(self, store: Store) -> None:
        await store.commit(appending(1, 2, after=0))
        await store.commit(appending(3, after=2))
        assert await store.last_seq() == 3
        assert [entry async for entry in store.read(0, limit=2)] == [entry(1), entry(2), entry(3)]
        assert await store.entries(1, 1) == [entry(2)]

    async def test_the_last_entry_before_an_instant_is_found(self, store: Store) -> None:
        await store.commit(appending(1, 2, 3, after=0))
        assert [await store.seq_before(NOW + late) for late in (0, 1, 2, 3, 4, 99)] == [0, 0, 1, 2, 3, 3]

    async def test_entries_of_one_interaction_can_be_read_alone(self, store: Store) -> None:
        await store.commit(Transaction(entries=(entry(1), entry(2, interaction="i-2"), entry(3)), after=0))
        assert await store.entries(0, 10, interaction="i-1") == [entry(1), entry(3)]

    @pytest.mark.parametrize("after", [0, 1, 3])
    async def test_a_writer_who_was_overtaken_is_refused_whole(self, store: Store, after: int) -> None:
        await store.commit(appending(1, 2, after=0))
        late = Transaction(entries=(entry(after + 1),), after=after, changes=(Put(a_customer()),))
        with pytest.raises(OutOfOrder):
            await store.commit(late)
        assert await store.last_seq() == 2
        assert await store.customer("c-1") is None

    async def test_the_fence_holds_without_entries_too(self, store: Store) -> None:
        with pytest.raises(OutOfOrder):
            await store.commit(Transaction(after=5, changes=(Put(a_customer()),)))
        assert await store.customer("c-1") is None

    @pytest.mark.parametrize(
        "transaction", [appending(2, after=0), appending(1, 3, after=0), Transaction(entries=(entry(1),))]
    )
    async def test_a_gap_is_refused(self, store: Store, transaction: Transaction) -> None:
        with pytest.raises(PermanentFailure):
            await store.commit(transaction)
        assert await store.last_seq() == 0

    async def test_transactions_in_flight_may_build_on_each_other(self, store: Store) -> None:
        await asyncio.gather(*(store.commit(appending(seq, after=seq - 1)) for seq in range(1, 101)))
        assert await store.last_seq() == 100
        assert await store.check() == []

    async def test_one_of_many_writers_at_the_same_place_wins(self, store: Store) -> None:
        results = await asyncio.gather(
            *(store.commit(appending(1, after=0)) for _ in range(20)), return_exceptions=True
        )
        assert sum(result is None for result in results) == 1
        assert sum(isinstance(result, OutOfOrder) for result in results) == 19

    async def test_the_newest_checkpoint_is_loaded(self, store: Store) -> None:
        await store.commit(appending(*range(1, 31), after=0))
        for seq in (10, 20, 30, 30):
            await store.save_checkpoint(seq, NOW, b"state after %d" % seq)
        assert await store.load_checkpoint() == (30, b"state after 30")
        assert (await store.counts())["checkpoints"] == 2


class RecordsContract:
    async def test_a_bad_transaction_fails_alone_and_whole(self, store: Store) -> None:
        bad = putting(a_customer("c-bad"), IdentityRow(kind="email", value="x@example.org", customer="nobody"))
        good = [putting(a_customer(f"c-{number}")) for number in range(10)]
        results = await asyncio.gather(
            *(store.commit(transaction) for transaction in (*good[:5], bad, *good[5:])), return_exceptions=True
        )
        assert [type(result) for result in results if result is not None] == [PermanentFailure]
        assert isinstance(results[5], PermanentFailure)
        assert (await store.counts())["customers"] == 10
        assert await store.customer("c-bad") is None

    async def test_a_bad_transaction_does_not_move_the_journal(self, store: Store) -> None:
        bad = Transaction(entries=(entry(1),), after=0, changes=(Set(OutboxRow, "o-1", {"colour": "red"}),))
        results = await asyncio.gather(store.commit(bad), store.commit(appending(1, after=0)), return_exceptions=True)
        assert isinstance(results[0], PermanentFailure)
        assert results[1] is None
        assert await store.check() == []

    @pytest.mark.parametrize(
        "row",
        [
            a_customer(name="half a surrogate \udcff"),
            a_customer(name="nothing\0behind it"),
            an_interaction(2**63),
            a_customer(attributes={"f": object()}),
        ],
    )
    async def test_what_cannot_be_stored_is_refused_and_harms_nobody(self, store: Store, row: Any) -> None:
        with pytest.raises(PermanentFailure):
            await store.commit(putting(row))
        await store.commit(putting(a_customer("c-2")))

    async def test_what_cannot_be_stored_is_not_found(self, store: Store) -> None:
        for name in ("\0", "\udcff"):
            assert await store.customer(name) is None
            assert await store.interactions(queue=name) == []

    async def test_rows_come_in_the_order_of_code_points_whatever_the_language(self, store: Store) -> None:
        ids = ["A-1", "Z", "a-1", "a-10", "a-2", "a_1", "z", "ä", "ą", "ż", "я", "\U0001f600"]
        await store.commit(putting(*(AgentRow(id=id, name=id, profile=b"{}") for id in reversed(ids))))
        assert [row.id for row in await store.agents()] == ids

    async def test_json_keeps_its_order_and_its_numbers(self, store: Store) -> None:
        attributes: dict[str, Any] = {"z": 1, "a": {"y": [1.0, -0.5, 2**53], "b": None}, "\0": "\u0000", "": True}
        await store.commit(putting(a_customer(attributes=attributes)))
        row = await store.customer("c-1")
        assert row is not None
        assert repr(row.attributes) == repr(attributes)

    async def test_put_replaces_and_put_new_leaves_what_stands(self, store: Store) -> None:
        first, second, third = (a_customer(name=name) for name in ("first", "second", "third"))
        await store.commit(putting(first))
        await store.commit(putting(second))
        assert await store.customer("c-1") == second
        await store.commit(Transaction(changes=(PutNew(third),)))
        assert await store.customer("c-1") == second

    async def test_put_replaces_every_column(self, store: Store) -> None:
        first, second = (an_interaction(number, state="waiting") for number in (1, 2))
        await store.commit(putting(first))
        for changed in ({"state": "active", "agent": "a-1"}, {"customer": "c-2"}, {"number": 9, "state": "closed"}):
            first = msgspec.structs.replace(first, **changed)
            await store.commit(putting(first, second))
            assert await store.interaction("i-1") == first
            assert await store.interactions(customer=first.customer, state=[first.state]) == [first]
        assert await store.interaction("i-2") == second

    async def test_put_new_leaves_the_message_that_has_the_external_id(self, store: Store) -> None:
        first, again = a_message("m-1", external_id="x"), a_message("m-2", external_id="x")
        await store.commit(Transaction(changes=(PutNew(first), PutNew(again))))
        assert await store.known_message("m-9", "support", "x") == first
        assert await store.known_message(first.id, "support", "?") == first
        assert await store.known_message("m-9", "support", "?") is None
        assert await store.message("m-2") is None

    async def test_rows_from_before_an_instant_are_found_the_oldest_first(self, store: Store) -> None:
        answers = [IdempotencyRow(id=f"k-{at}", fingerprint="f", status=200, body=b"", at=at) for at in (3, 1, 2, 4)]
        session = SessionRow(id="s-1", user=A_USER.id, csrf="c", created_at=5, seen_at=9)
        await store.commit(putting(A_USER, session, *answers))
        assert await store.older_than(IdempotencyRow, 4, limit=2) == ["k-1", "k-2"]
        assert await store.older_than(SessionRow, 5) == []
        assert await store.older_than(SessionRow, 6) == ["s-1"]

    async def test_an_external_id_is_unique_in_its_channel_only(self, store: Store) -> None:
        await store.commit(
            putting(a_message("m-1", external_id="x"), a_message("m-2", external_id="x", channel="chat"))
        )
        with pytest.raises(PermanentFailure):
            await store.commit(putting(a_message("m-3", external_id="x")))
        await store.commit(putting(a_message("m-4"), a_message("m-5")))

    async def test_set_changes_only_the_named_columns(self, store: Store) -> None:
        await store.commit(putting(an_outbox_row("o-1"), an_outbox_row("o-2")))
        await store.commit(Transaction(changes=(Set(OutboxRow, "o-1", {"state": "sent", "attempts": 1}),)))
        assert await store.outbox_row("o-1") == an_outbox_row("o-1", state="sent", attempts=1)
        assert await store.outbox_row("o-2") == an_outbox_row("o-2")

    async def test_set_writes_json(self, store: Store) -> None:
        await store.commit(putting(a_message()))
        changes: dict[str, Any] = {"references": ("<a@example.org>",), "attributes": {"n": 1}}
        await store.commit(Transaction(changes=(Set(MessageRow, "m-1", changes),)))
        assert await store.message("m-1") == a_message(**changes)

    async def test_many_people_are_read_as_each_is(self, store: Store) -> None:
        people = [a_customer(f"c-{n}", name=f"n-{n}") for n in range(9)]
        pairs = [("c-0", "c-1", "merged"), ("c-1", "c-2", "merged"), ("c-3", "c-4", "undone"), ("c-5", "c-8", "merged")]
        merges = [
            MergeRow(id=f"g-{n}", customer=one, into=other, state=state, at=NOW)  # type: ignore[arg-type]  # its words
            for n, (one, other, state) in enumerate(pairs)
        ]
        known = [an_identity(f"{n}@example.org", f"c-{n % 3}") for n in range(5)]
        work = [an_interaction(n, id=f"i-{n}", customer=f"c-{n % 4}") for n in range(1, 8)]
        said = [a_message(f"m-{n}", interaction=f"i-{n % 3}", number=n) for n in range(6, 0, -1)]
        await store.commit(putting(*people, *merges, *known, *work, *said, a_message("m-9", interaction="i-5")))
        ids = [*(row.id for row in people), "c-99"]
        each = {id: list(await store.person(id)) for id in ids}
        assert await store.people(ids) == {id: rows for id, rows in each.items() if rows}
        assert [row.id for row in each["c-0"]] == ["c-2", "c-0", "c-1"]
        found = {id: [row for row in await store.identities_of(ids) if row.customer == id] for id in ids}
        assert found == {id: list(await store.identities(id)) for id in ids}
        latest = {row.customer: row for row in await store.latest_interactions(ids)}
        assert latest == {row.customer: row for row in work if row.number > 3}
        first = sorted(await store.first_messages(["i-0", "i-1", "i-2", "i-5"]), key=lambda row: row.interaction)
        assert [(row.interaction, row.number) for row in first] == [("i-0", 3), ("i-1", 1), ("i-2", 2)]
        assert (await store.people([]), await store.identities_of([]), await store.first_messages([])) == ({}, [], [])

    async def test_settings_are_found_by_how_their_ids_begin(self, store: Store) -> None:
        ids = ("queue", "queue:", "queue:a", "queue:ž%", "Queue:b", "queue;", "queu", "shadow:m-1:n")
        rows = {id: SettingRow(id=id, body=id.encode()) for id in ids}
        await store.commit(putting(*rows.values()))
        assert await store.settings("queue:") == [rows["queue:"], rows["queue:a"], rows["queue:ž%"]]
        assert await store.settings("queue_") == []
        assert await store.setting("queue:a") == rows["queue:a"]
        assert await store.setting("queue:b") is None

    async def test_set_leaves_a_row_that_has_changed_meanwhile(self, store: Store) -> None:
        await store.commit(putting(a_customer(language="pl"), an_outbox_row(attempts=3)))
        changes = (
            Set(CustomerRow, "c-1", {"segment": "gold"}, {"segment": None, "language": "pl"}),
            Set(CustomerRow, "c-1", {"segment": "silver"}, {"segment": None}),
            Set(CustomerRow, "c-1", {"language": "lt"}, {"segment": "gold", "language": None}),
            Set(OutboxRow, "o-1", {"state": "sent"}, {"attempts": 2}),
            Set(OutboxRow, "o-1", {"attempts": 4}, {"attempts": 3, "state": "pending"}),
        )
        await store.commit(Transaction(changes=changes))
        assert await store.customer("c-1") == a_customer(language="pl", segment="gold")
        assert await store.outbox_row("o-1") == an_outbox_row(attempts=4)

    async def test_true_takes_the_place_of_one(self, store: Store) -> None:
        row = a_customer(attributes={"vip": 1, "deep": [0], "same": True})
        await store.commit(putting(row))
        changes = attributes_changed(row, {"vip": True, "deep": [False], "same": True})
        assert changes == [SetAttributes(CustomerRow, "c-1", {"vip": True, "deep": [False]})]
        await store.commit(Transaction(changes=tuple(changes)))
        kept = await store.customer("c-1")
        assert kept is not None
        assert msgspec.json.encode(kept.attributes) == b'{"vip":true,"deep":[false],"same":true}'

    async def test_attributes_are_set_one_by_one(self, store: Store) -> None:
        before = {"a": 1, "b": {"deep": [1, None]}, 'of "all" kinds.$': 2, "null": None, "half": 0.1}
        await store.commit(putting(a_customer(attributes=before), a_customer("c-2", attributes=before), a_message()))
        changes = (
            SetAttributes(CustomerRow, "c-1", {"new": {"x": True}, 'of "all" kinds.$': "ž"}),
            SetAttributes(CustomerRow, "c-1", {"a": None}, ("b", "never")),
            SetAttributes(CustomerRow, "c-1", gone=("null",)),
            SetAttributes(CustomerRow, "c-9", {"a": 2}),
            SetAttributes(MessageRow, "m-1", {"text": "no text of it", "number": 7}),
        )
        await store.commit(Transaction(changes=changes))
        after = {"a": None, 'of "all" kinds.$': "ž", "half": 0.1, "new": {"x": True}}
        assert await store.customer("c-1") == a_customer(attributes=after)
        assert await store.customer("c-2") == a_customer("c-2", attributes=before)
        assert await store.customer("c-9") is None
        assert await store.message("m-1") == a_message(attributes={"text": "no text of it", "number": 7})
        with pytest.raises(PermanentFailure, match="has no attributes"):
            await store.commit(Transaction(changes=(SetAttributes(OutboxRow, "o-1", {"a": 1}),)))  # type: ignore[arg-type]

    async def test_attributes_that_many_set_at_once_are_all_there(self, store: Store) -> None:
        await store.commit(putting(a_customer(attributes={"n-7": "old"})))
        alone = [Transaction(changes=(SetAttributes(CustomerRow, "c-1", {f"n-{n}": n}),)) for n in range(30)]
        await asyncio.gather(*map(store.commit, alone))
        assert await store.customer("c-1") == a_customer(attributes={f"n-{n}": n for n in range(30)})

    async def test_who_was_erased_gets_no_attributes(self, store: Store) -> None:
        await store.commit(putting(a_customer(attributes={"erased": True}), a_message(attributes={"erased": True})))
        changes = (
            SetAttributes(CustomerRow, "c-1", {"a": 1}, ("erased",)),
            SetAttributes(MessageRow, "m-1", {"delivery": {"recipient": "ada@example.org"}}),
        )
        await store.commit(Transaction(changes=changes))
        assert await store.customer("c-1") == a_customer(attributes={"erased": True})
        assert await store.message("m-1") == a_message(attributes={"erased": True})

    async def test_changes_happen_in_their_order(self, store: Store) -> None:
        changes = (
            Put(a_customer(name="first")),
            Remove(CustomerRow, "c-1"),
            PutNew(a_customer(name="second")),
            Set(CustomerRow, "c-1", {"language": "pl"}),
        )
        await store.commit(Transaction(changes=changes))
        assert await store.customer("c-1") == a_customer(name="second", language="pl")

    async def test_many_changes_at_once_are_as_many_one_by_one(self, store: Store) -> None:
        changes: list[Change] = []
        for number in range(37):
            id = f"c-{number}"
            changes += [Put(a_customer(id, name="new")), PutNew(an_identity(f"{number}@example.org", id))]
            changes += [Set(CustomerRow, id, {"language": "pl"}), Put(a_message(f"m-{number}", number=number + 1))]
            # Every fifth is written over again and again, and then knows no language.
            changes.append(Put(a_customer(f"c-{number % 5}", name=f"after {number}")))
        await store.commit(Transaction(changes=tuple(changes)))
        over = {f"c-{number % 5}": a_customer(f"c-{number % 5}", name=f"after {number}") for number in range(37)}
        for number in range(37):
            id = f"c-{number}"
            expected = over.get(id, a_customer(id, name="new", language="pl"))
            assert await store.customer_by_identity("email", f"{number}@example.org") == expected
        assert [row.id for row in await store.messages("i-1")] == [f"m-{number}" for number in range(37)]

    async def test_a_customer_goes_with_his_identities(self, store: Store) -> None:
        email = IdentityRow(kind="email", value="ada@example.org", customer="c-1", verified=True)
        phone = IdentityRow(kind="phone", value="+48:500", customer="c-1")
        await store.commit(putting(a_customer(), email, phone))
        assert await store.identities("c-1") == [email, phone]
        assert await store.customer_by_identity("email", "ada@example.org") == a_customer()
        await store.commit(Transaction(changes=(Remove(IdentityRow, "phone:+48:500"),)))
        assert await store.identities("c-1") == [email]
        await store.commit(Transaction(changes=(Remove(CustomerRow, "c-1"),)))
        assert await store.identities("c-1") == []
        assert await store.customer_by_identity("email", "ada@example.org") is None

    async def test_whoever_is_merged_is_one_person(self, store: Store) -> None:
        def merge(one: str, other: str, state: Any = "merged", at: int = 0) -> MergeRow:
            evidence = ({"kind": "phone", "bits": 9.5},)
            id = f"{one}{other}"
            return MergeRow(id=id, customer=one, into=other, state=state, at=at, probability=0.75, evidence=evidence)

        rows = [a_customer(id=id, birth_date="1982-05-03", postcode=id.upper()) for id in ("a", "b", "c", "d")]
        phones = [IdentityRow(kind="phone", value=f"+{row.id}", customer=row.id) for row in rows]
        merges = [merge("a", "b", at=2), merge("b", "c", at=1), merge("d", "c", "suggested", at=3)]
        await store.commit(putting(*rows, *phones, *merges))
        assert await store.group("a") == await store.group("c") == ("c", "a", "b")
        assert await store.person("b") == [rows[2], rows[0], rows[1]]
        assert await store.person("nobody") == []
        assert await store.person_identities("b") == [phones[1], phones[0], phones[2]]
        assert await store.merges(["c"]) == [merges[1], merges[2]]
        assert await store.merge("ab") == merges[0]
        assert await store.identity("phone", "+a") == phones[0]
        await store.commit(putting(merge("b", "c", "undone")))
        assert (await store.group("c"), await store.group("b")) == (("c",), ("b", "a"))
        assert await store.customers_by_traits(birth_dates=["1982-05-03"], postcodes=["X"]) == rows
        assert await store.customers_by_traits(postcodes=["B", "D"]) == [rows[1], rows[3]]
        await store.commit(putting(an_interaction(1, customer="a"), an_interaction(2, customer="b")))
        assert [row.number for row in await store.interactions(customer=["a", "b"])] == [2, 1]

    async def test_lists_of_interactions_filter_and_page(self, store: Store) -> None:
        everything = [
            an_interaction(1, state="closed", agent="a-1"),
            an_interaction(2, queue="sales"),
            an_interaction(3, state="active", agent="a-1", customer="c-2"),
            an_interaction(4),
        ]
        await store.commit(putting(*everything))
        assert await store.interactions() == everything[::-1]
        assert await store.interactions(limit=2, before=4) == [everything[2], everything[1]]
        assert await store.interactions(state=["waiting"]) == [everything[3], everything[1]]
        assert await store.interactions(state=["closed", "active"], agent="a-1") == [everything[2], everything[0]]
        assert await store.interactions(queue="sales") == [everything[1]]
        assert await store.interactions(customer="c-2") == [everything[2]]

    async def test_search_finds_words_of_texts_and_subjects(self, store: Store) -> None:
        await store.commit(putting(*(an_interaction(number) for number in (1, 2, 3))))
        texts = {
            "m-1": "Gdzie jest moja paczka?",
            "m-2": "Zażółć gęślą jaźń",
            "m-3": "Где моя посылка? Мой заказ",
            "m-4": "Kur mano siuntinys? Ąžuolas, šešiasdešimt, ačiū",
            "m-5": "Hol van az árvíztűrő tükörfúrógép? Őrült: ada@example.org, don't",
        }
        await store.commit(putting(*(an_interaction(number) for number in (4, 5))))
        for number, (id, text) in enumerate(texts.items(), 1):
            await store.commit(
                putting(a_message(id, interaction=f"i-{number}", text=text, subject=f"Ticket {number}00"))
            )
        found = {q: [row.number for row in await store.interactions(q=q)] for q in _QUERIES}
        assert found == _QUERIES

    async def test_search_forgets_what_was_changed_or_removed(self, store: Store) -> None:
        await store.commit(putting(an_interaction(), a_message("m-1", text="alpha"), a_message("m-2", text="beta")))
        await store.commit(Transaction(changes=(Put(a_message("m-1", text="gamma")), Remove(MessageRow, "m-2"))))
        assert [len(await store.interactions(q=q)) for q in ("alpha", "beta", "gamma")] == [0, 0, 1]

    async def test_search_follows_texts_that_are_set(self, store: Store) -> None:
        await store.commit(putting(an_interaction(), a_message("m-1", text="alpha", subject="beta")))
        await store.commit(Transaction(changes=(Set(MessageRow, "m-1", {"text": "gamma"}),)))
        assert [len(await store.interactions(q=q)) for q in ("alpha", "beta gamma")] == [0, 1]

    async def test_search_keeps_the_message_that_stands(self, store: Store) -> None:
        rivals = (a_message("m-1", text="alpha"), a_message("m-1", text="beta"))
        await store.commit(putting(an_interaction()))
        await store.commit(Transaction(changes=tuple(map(PutNew, rivals))))
        await store.commit(Transaction(changes=(PutNew(rivals[1]),)))
        assert [len(await store.interactions(q=q)) for q in ("alpha", "beta")] == [1, 0]
        changes = (Remove(MessageRow, "m-1"), PutNew(rivals[1]), Put(rivals[0]), Put(rivals[1]))
        await store.commit(Transaction(changes=changes))
        assert [len(await store.interactions(q=q)) for q in ("alpha", "beta")] == [0, 1]
        assert await store.check() == []

    async def test_a_text_without_end_is_kept_and_found(self, store: Store) -> None:
        text = "beginning " + " ".join(f"{number:x}" for number in range(10**7, 10**7 + 300_000)) + " " + "y" * 5_000
        await store.commit(putting(an_interaction(), a_message("m-1", text=text)))
        row = await store.message("m-1")
        assert row is not None
        assert row.text == text
        assert len(await store.interactions(q="beginning")) == 1

    async def test_a_conversation_is_read_by_number(self, store: Store) -> None:
        numbered = [a_message(f"m-{number}", number=number) for number in (3, 1, 2)]
        await store.commit(putting(*numbered, a_message("m-new"), a_message("m-else", interaction="i-2", number=1)))
        assert [row.id for row in await store.messages("i-1")] == ["m-1", "m-2", "m-3"]
        assert [row.id for row in await store.messages("i-1", after=1, limit=1)] == ["m-2"]

    async def test_messages_are_found_by_message_id(self, store: Store) -> None:
        await store.commit(putting(a_message("m-1", message_id="<a>", at=2), a_message("m-2", message_id="<b>", at=1)))
        assert [row.id for row in await store.messages_by_message_id(["<a>", "<b>", "<c>"])] == ["m-2", "m-1"]
        assert await store.messages_by_message_id([]) == []

    async def test_what_came_in_waits_oldest_first(self, store: Store) -> None:
        came = [ReceivedRow(id=f"r-{at}", channel="support", at=at, raw=b"\x00\xff") for at in (3, 1, 2)]
        await store.commit(putting(*came))
        await store.commit(Transaction(changes=(Set(ReceivedRow, "r-2", {"state": "admitted"}),)))
        assert [row.id for row in await store.received()] == ["r-1", "r-3"]
        assert [row.id for row in await store.received(state="admitted", limit=1)] == ["r-2"]

    async def test_the_uids_of_what_is_kept_of_a_mailbox_are_known(self, store: Store) -> None:
        def kept(uid: int, uidvalidity: int = 7, channel: str = "mail", folder: str = "INBOX") -> FetchedRow:
            return FetchedRow(channel=channel, folder=folder, uidvalidity=uidvalidity, uid=uid, received=f"r-{uid}")

        others = [kept(4, uidvalidity=8), kept(5, channel="sales"), kept(6, folder="Spam")]
        await store.commit(putting(kept(9), kept(4_294_967_295), kept(2), kept(9), *others))
        assert await store.fetched_uids("mail", "INBOX", 7) == [2, 9, 4_294_967_295]
        assert await store.fetched_uids("mail", "INBOX", 7, from_uid=9) == [9, 4_294_967_295]
        assert await store.fetched_uids("mail", "Nothing", 7) == []

    async def test_rows_to_learn_from_come_with_the_text_of_their_message(self, store: Store) -> None:
        def row(number: int, **given: Any) -> TrainingRow:
            fields = {"label": "invoice", "source": "transfer", "by": "ada", "at": NOW + number, **given}
            return TrainingRow(id=f"t-{number}", interaction="i-1", message=f"m-{number}", **fields)

        rows = [row(1), row(2, source="labelled", said="outage", confidence=0.5), row(3, label="outage")]
        await store.commit(
            putting(
                *rows,
                a_message("m-1", text="my bill", subject="Bill", attributes={"background": {"segment": "gold"}}),
                a_message("m-2", text="b"),
            )
        )
        texts = [*await store.training_texts(limit=1), *await store.training_texts(after="t-1")]
        assert texts == [
            TrainingText(rows[0], "Bill", "my bill", "support", {"background": {"segment": "gold"}}),
            TrainingText(rows[1], "", "b", "support"),
        ]
        assert await store.training_of("i-1") == rows
        assert await store.training_of_customers(["c-1"]) == []
        await store.commit(putting(an_interaction()))
        assert await store.training_of_customers(["c-0", "c-1"]) == rows
        assert await store.training_of_customers(["c-2"]) == []
        assert [each.customer for each in await store.training_texts()] == ["c-1", "c-1"]
        assert await store.training_row("t-3") == rows[2]
        asked = {"source": "labelled", "confidence": 0.5}
        more = [
            row(4, said="invoice", **asked),
            row(5, said="unknown", **asked),
            row(6, said="invoice", source="labelled"),
        ]
        await store.commit(putting(*more))
        assert await store.training_checked("labelled", since=NOW, but="unknown") == Checked(2, 0.5, 0.5)
        assert await store.training_checked("labelled", since=NOW + 4, but="unknown") == Checked(1, 0.5, 1.0)
        assert await store.training_checked("correction", since=NOW, but="unknown") is None
        assert await store.training_counts(since=NOW + 2) == {("labelled", "invoice"): 4, ("transfer", "outage"): 1}

    async def test_judgements_are_read_from_an_instant_on_and_counted(self, store: Store) -> None:
        made = [
            JudgementRow(id=f"j-{at}", at=at, source="thumb", article="copy", language="en", interaction=f"i-{at}")
            for at in (1, 2, 3)
        ]
        await store.commit(putting(*reversed(made)))
        assert await store.judgements() == made
        assert await store.judgements(since=2) == made[1:]
        assert await store.judgements(interaction="i-1", since=2) == []
        assert await store.judgement_count() == 3

    async def test_versions_of_the_model_are_listed_without_their_bytes(self, store: Store) -> None:
        made = [
            ModelRow(
                id=f"m-{at}", at=at, by="ada", fingerprint="f", rows=3, size=2, content=b"\x00\xff", report={"n": at}
            )
            for at in (1, 2)
        ]
        await store.commit(putting(*made))
        assert await store.model("m-1") == made[0]
        assert await store.models() == [msgspec.structs.replace(each, content=b"") for each in reversed(made)]

    async def test_the_outbox_gives_what_is_due_first(self, store: Store) -> None:
        due = {"o-late": 30, "o-now": 20, "o-past": 10}
        await store.commit(putting(*(an_outbox_row(id, due_at=at) for id, at in due.items())))
        await store.commit(putting(an_outbox_row("o-sent", state="sent")))
        assert [row.id for row in await store.outbox(states=["pending"], due_before=20)] == ["o-past", "o-now"]
        assert [row.id for row in await store.outbox(states=["pending", "sent"], limit=2)] == ["o-sent", "o-past"]

    async def test_many_interactions_and_their_entries_are_read_at_once(self, store: Store) -> None:
        many = [an_interaction(number) for number in range(1, 1_002)]
        await store.commit(putting(*many))
        ids = [row.id for row in many]
        assert sorted(await store.interactions_of(["i-0", *ids[1:]]), key=lambda row: row.number) == many[1:]
        await store.commit(appending(1, 2, after=0, interaction="i-1"))
        await store.commit(appending(3, after=2, interaction="i-1001"))
        await store.commit(appending(4, after=3, interaction="i-2000"))
        (first, second, third, _) = await store.entries(0, 10)
        assert await store.entries_of(ids, [first.type], first.at) == [first, second, third]
        assert await store.entries_of(ids, ["Nothing"], first.at) == []
        assert await store.entries_of(ids, [first.type], third.at) == [third]

    async def test_users_are_found_by_login_and_agents_listed(self, store: Store) -> None:
        agents = [AgentRow(id=f"a-{number}", name="Ada", profile=b"{}") for number in (1, 2)]
        await store.commit(putting(A_USER, *reversed(agents)))
        assert await store.user_by_login("ada") == A_USER
        assert await store.user_by_login("bob") is None
        assert await store.users() == [A_USER]
        assert await store.agents() == agents

    async def test_rows_are_counted_by_state(self, store: Store) -> None:
        await store.commit(
            putting(an_interaction(1), an_interaction(2), an_interaction(3, state="closed"), a_message())
        )
        await store.commit(appending(1, after=0))
        counts = await store.counts()
        assert counts["interactions"] == {"closed": 1, "waiting": 2}
        assert (counts["messages"], counts["journal"], counts["outbox"]) == (1, 1, {})

    @settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(data=st.data())
    async def test_any_row_comes_back_as_it_went_in(self, store: Store, data: st.DataObject) -> None:
        id = f"x-{next(_fresh)}"
        message = data.draw(rows(MessageRow, id=id, external_id=id))
        attachment = data.draw(rows(AttachmentRow, id=id, message=id))
        customer = data.draw(rows(CustomerRow, id=id))
        identity = data.draw(rows(IdentityRow, value=id, customer=id))
        user = data.draw(rows(UserRow, id=id, login=id))
        bookmark = data.draw(rows(BookmarkRow, channel=id))
        alone = (InteractionRow, ReceivedRow, OutboxRow, AgentRow, TokenRow, IdempotencyRow, UploadRow)
        interaction, received, outbox, agent, token, answer, upload = (data.draw(rows(kind, id=id)) for kind in alone)
        article, file = data.draw(rows(ArticleRow, id=id)), data.draw(rows(ArticleFileRow, id=id))
        judgement = data.draw(rows(JudgementRow, id=id, interaction=id))
        session = data.draw(rows(SessionRow, id=id, user=id))
        written = [message, attachment, customer, identity, user, bookmark, interaction]
        written += [received, outbox, agent, token, answer, session, upload, article, file, judgement]
        await store.commit(putting(*written))
        read = [
            await store.message(id),
            await store.attachment(id),
            await store.customer(id),
            (await store.identities(id))[0],
            await store.user(id),
            await store.bookmark(id, bookmark.folder),
            await store.interaction(id),
            *(row for row in await store.received(state=received.state, limit=1000) if row.id == id),
            await store.outbox_row(id),
            *(row for row in await store.agents() if row.id == id),
            await store.token(id),
            await store.idempotent_answer(id),
            await store.session(id),
            await store.upload(id),
            await store.article(id),
            await store.article_file(id),
            *await store.judgements(interaction=id),
        ]
        assert read == written
        assert await store.attachments(id) == [attachment]


# What is searched for -> numbers of the interactions that are found.
_QUERIES = {
    "paczka": [1],
    "PACZ": [1],
    "moja paczka": [1],
    "moja brak": [],
    "zazolc gesla": [],
    "gesla jazn": [2],
    "моя посыл": [3],
    "ticket": [5, 4, 3, 2, 1],
    "200": [2],
    "мой": [3],
    "мои": [],
    "azuol ačiu": [4],
    "ŠEŠIAS": [4],
    "arvizturo tukorfuro": [5],
    "orul": [5],
    "example": [5],
    "ada@example.org": [5],
    "don't": [5],
    "on't": [],
    '"quoted" OR (': [],
    "***": [],
    "": [],
}


class UploadsContract:
    """Files that wait for their message."""

    async def test_uploads_are_listed_by_interaction_and_by_owner_without_their_bytes(self, store: Store) -> None:
        def upload(id: str, interaction: str, by: str, at: int) -> UploadRow:
            return UploadRow(
                id=id, interaction=interaction, by=by, at=at, filename="a", content_type="b", content=b"ccc", size=3
            )

        await store.commit(putting(upload("u-1", "i-1", "anna", 2), upload("u-2", "i-1", "jan", 1)))
        await store.commit(putting(upload("u-3", "i-2", "anna", 0)))
        listed = await store.uploads(interaction="i-1")
        assert [(row.id, row.content, row.size) for row in listed] == [("u-2", b"", 3), ("u-1", b"", 3)]
        assert [row.id for row in await store.uploads(by="anna")] == ["u-3", "u-1"]
        assert await store.upload("u-4") is None
        await store.commit(Transaction(changes=(Remove(UploadRow, "u-1"),)))
        assert [row.id for row in await store.uploads(by="anna")] == ["u-3"]


class SubjectsContract:
    """What exports, erasures and the quarantine read."""

    async def test_what_came_in_is_paged_newest_first_and_counted(self, store: Store) -> None:
        def a_mail(id: str, at: int, state: str = "quarantined", **more: Any) -> ReceivedRow:
            return ReceivedRow(id=id, channel="mail", at=at, raw=id.encode(), state=state, **more)

        mails = [a_mail("r-b", 1), a_mail("r-a", 1), a_mail("r-C", 2), a_mail("r-d", 3, "discarded")]
        tried = a_mail("r-e", 4, "received", attempts=1)
        waiting = a_mail("r-f", 5, "received", interaction="i-1")
        await store.commit(putting(*mails, tried, waiting))
        states = ("quarantined", "discarded")
        pages, before = [], None
        while page := await store.received_page(states=states, before=before, limit=2):
            pages.append([head.row.id for head in page])
            before = (page[-1].row.at, page[-1].row.id)
        assert pages == [["r-d", "r-C"], ["r-b", "r-a"]]
        assert await store.received_counts() == {"quarantined": 3, "discarded": 1, "received": 2}
        assert [await store.received_count(state) for state in ("quarantined", "admitted")] == [3, 0]
        assert await store.received_row("r-a") == mails[1]
        assert await store.received_states(["r-d", "r-x", "r-1", "r-d"]) == {"r-d": "discarded"}
        assert await store.received_states([]) == {}
        assert await store.received_tried() == [tried]
        assert await store.received_of("i-1") == [ReceivedHead(waiting, 3)]

    async def test_only_the_beginning_of_what_came_in_is_read(self, store: Store) -> None:
        raw = bytes(range(256)) * 1025
        row = ReceivedRow(id="r-1", channel="mail", at=1, raw=raw, envelope={"kind": "é"}, interaction="i-1")
        await store.commit(putting(row))
        (head,) = await store.received_of("i-1")
        assert (head.row.raw, head.size, head.is_whole) == (raw[: 256 * 1024], len(raw), False)
        assert msgspec.structs.replace(head.row, raw=raw) == row

    async def test_people_are_paged_by_id_and_found_by_name_or_identity(self, store: Store) -> None:
        people = [a_customer("c-B", name="Ada 100%"), a_customer("c-a", name="Zoë"), a_customer("c-b", name="ADAM")]
        await store.commit(putting(*people, an_identity("Ext-7", "c-a"), an_identity("zoe@example.org", "c-a")))
        assert [row.id for row in await store.customers()] == ["c-B", "c-a", "c-b"]
        assert [row.id for row in await store.customers(after="c-B", limit=1)] == ["c-a"]
        for q, found in {
            "ada": ["c-B", "c-b"],
            "0%": ["c-B"],
            "%": ["c-B"],
            "Ext-7": ["c-a"],
            "ZOE@example.org ": ["c-a"],
            "zoe@": [],
        }.items():
            assert [row.id for row in await store.customers(q=q)] == found, q

    async def test_what_belongs_to_a_person_is_found(self, store: Store) -> None:
        numbered = a_message("m-1", number=1, sender_address="Ada@Example.org")
        unnumbered = a_message("m-2", number=None, sender_address="eve@example.org")
        elsewhere = a_message("m-3", interaction="i-2", sender_address="ada@example.org")
        lines = [AuditRow(id=f"a-{n}", at=n, who="u-1", action="close", target=f"i-{n}") for n in range(3)]
        answers = [IdempotencyRow(id=f"k-{n}", fingerprint="", status=200, body=b"{}", at=n) for n in range(3)]
        outbox = an_outbox_row("o-1", interaction="i-1")
        await store.commit(putting(numbered, unnumbered, elsewhere, *lines, *answers, outbox))
        assert [row.id for row in await store.all_messages("i-1")] == ["m-1", "m-2"]
        assert [row.id for row in await store.messages_from(["ada@example.org", "x@example.org"])] == ["m-1", "m-3"]
        assert await store.messages_from([]) == []
        assert await store.audit_of(["i-2", "i-1", "i-9"]) == lines[1:]
        assert [row.id for row in await store.idempotent_answers(after="k-0", limit=1)] == ["k-1"]
        assert await store.outbox_of("i-1") == [outbox]

    async def test_erasures_are_remembered(self, store: Store) -> None:
        erasure = ErasureRow(id="c-1", at=1, by="u-1", addresses=("email:ada@example.org",))
        done = ErasureRow(id="c-2", at=0, by="u-1", state="done", done_at=5)
        await store.commit(putting(erasure, done))
        assert [await store.erasure(id) for id in ("c-1", "c-2", "c-3")] == [erasure, done, None]
        assert await store.erasures(state="running") == [erasure]


def in_a_mood(mood: str) -> bytes:
    """The body of an interaction whose text told that."""
    told = Interaction(
        turn=0, id="i-1", state=InteractionState.CLOSED, channel="mail", medium="email", customer="c-1", queue="q",
        arrived_at=NOW, enqueued_at=NOW, terms=queue_terms(0, 0, 0, 1),
        seldom=Seldom(heads=Heads(sentiment=Label(mood, 0.9))),
    )  # fmt: skip
    return msgspec.json.encode(told)


class WorthContract:
    async def test_purchases_are_summed_up_by_customer_and_currency(self, store: Store) -> None:
        bought = [
            ("o-1", "c-1", NOW - 40 * DAY, 1_000, "EUR"),
            ("o-2", "c-1", NOW - 40 * DAY + 1, 500, "EUR"),
            ("o-3", "c-1", NOW - 2 * DAY, 700, "EUR"),
            ("o-4", "c-1", NOW - DAY, -700, "EUR"),
            ("o-5", "c-1", NOW - DAY, 9_900, "HUF"),
            ("o-6", "c-2", NOW - 3 * DAY, -100, "EUR"),
            ("o-7", "c-3", NOW - 3 * DAY, 2_000_000_000_000, "EUR"),
            ("o-8", "c-3", NOW - 3 * DAY, 2_000_000_000_000, "EUR"),
        ]
        rows = [
            PurchaseRow(id=id, customer=customer, at=at, amount=amount, currency=currency)
            for id, customer, at, amount, currency in bought
        ]
        await store.commit(putting(*rows))
        first = await store.bought(after="", since=NOW - 10 * DAY, cut=NOW - 10 * DAY, customers=1)
        assert first == [
            Bought("c-1", "EUR", 2, 3, NOW - 40 * DAY, NOW - 2 * DAY, 1_500, 0, 1, 1, NOW - 40 * DAY + 1),
            Bought("c-1", "HUF", 1, 1, NOW - DAY, NOW - DAY, 9_900, 9_900, 1, 0, None),
        ]
        rest = await store.bought(after="c-1", since=NOW - 10 * DAY, cut=NOW, customers=10)
        assert [(row.customer, row.days, row.orders, row.amount, row.last_before) for row in rest] == [
            ("c-2", 0, 0, -100, None),
            ("c-3", 1, 2, 4_000_000_000_000, NOW - 3 * DAY),
        ]
        assert await store.bought(after="c-3", since=NOW, cut=NOW, customers=10) == []

    async def test_purchases_are_found_by_customer_and_by_number(self, store: Store) -> None:
        rows = [PurchaseRow(id=f"o-{n}", customer="c-1", at=NOW + n // 2, amount=n, currency="EUR") for n in range(5)]
        await store.commit(putting(*rows, PurchaseRow(id="x", customer="c-2", at=NOW, amount=1, currency="EUR")))
        page = await store.purchases("c-1", limit=2)
        assert [row.id for row in page] == ["o-4", "o-3"]
        rest = await store.purchases("c-1", before=(page[-1].at, page[-1].id))
        assert [row.id for row in rest] == [
            "o-2",
            "o-1",
            "o-0",
        ]
        assert sorted(row.id for row in await store.purchases_named(["o-1", "x", "y"])) == ["o-1", "x"]

    async def test_contracts_come_by_customer_and_end_with_the_contacts_of_their_customers(self, store: Store) -> None:
        ends = {"o-1": ("c-2", NOW + 2), "o-2": ("c-1", NOW + 9), "o-3": ("c-1", NOW + 1), "o-4": ("c-3", None)}
        rows = [
            PurchaseRow(id=id, customer=customer, at=NOW, amount=1, currency="EUR", contract_end=end)
            for id, (customer, end) in ends.items()
        ]
        await store.commit(putting(*rows))
        assert [row.id for row in await store.contracts(after="", limit=1)] == ["o-3", "o-2"]
        assert [row.id for row in await store.contracts(after="c-1", limit=5)] == ["o-1"]
        await store.commit(
            putting(
                an_interaction(1, customer="c-1", created_at=NOW, label="complaint", body=in_a_mood("negative")),
                an_interaction(2, customer="c-1", created_at=NOW - 1, label=None),
                an_interaction(3, customer="c-2", created_at=NOW, label="complaint"),
            )
        )
        assert await store.contacts(["c-1", "c-9"], NOW) == [Contact("c-1", NOW, "complaint", "negative")]
        assert [each.label for each in await store.contacts(["c-1"], NOW - 1)] == [None, "complaint"]

    async def test_standings_and_holders_of_identities_are_found_together(self, store: Store) -> None:
        kept = StandingRow(id="c-1", at=NOW, own="vip", segments=("a", "b"), facts={"churn": 0.5, "reasons": []})
        await store.commit(putting(a_customer(), an_identity(), kept))
        assert await store.standing("c-1") == kept
        assert await store.standings(["c-2", "c-1"]) == [kept]
        known = [("email", "ada@example.org"), ("phone", "ada@example.org")]
        assert await store.identified(known) == {known[0]: "c-1"}
        assert await store.identified([]) == {}


class StoreContract(JournalContract, RecordsContract, UploadsContract, SubjectsContract, WorthContract):
    """Everything together."""
