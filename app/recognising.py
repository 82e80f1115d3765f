"""Who may be writing, beyond the address he writes from: numbers, phones and addresses in his words, answers, a CRM.

What is found is evidence (customers/evidence.py). By policy two customers are then made one, or a person is asked.
"""

from collections.abc import Collection, Iterable, Sequence

import msgspec
import structlog

from app.crm_asking import Asked, CrmAsking, Told, is_proven
from app.merging import AUTOMATIC, plain
from channels.message import InboundMessage
from customers.contacts import addresses_in, phones_in
from customers.evidence import (
    CLAIMS,
    IDENTIFIED,
    Evidence,
    Strength,
    agreeing,
    at_least,
    masked,
    probability,
    strength_of,
)
from customers.identity import Identity, email_identity, number_identity
from customers.matching import Said, compared
from customers.merging import as_one, merge_id
from customers.numbers import CUSTOMER, NumberKind, numbers_in
from vocabulary.ids import CustomerId, InteractionId, derived_id
from vocabulary.instants import MINUTE, Instant
from vocabulary.records import (
    AuditRow,
    Change,
    CustomerRow,
    MergeRow,
    MergeState,
    Put,
    PutNew,
    Set,
    is_erased,
)
from vocabulary.stores import Store

log = structlog.get_logger()

COUNT_FOR = 10 * MINUTE
"""How long the number of customers is remembered."""
TEXT_MAX = 4_000
SUGGESTED_MAX = 3
"""So many customers are suggested for one message at most."""


By = dict[CustomerId, tuple[CustomerRow, list[Evidence]]]
"""Who may be writing, with what shows it."""


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """What a site recognises by, and what follows: `merge_from` is the least strength for an automatic merge."""

    numbers: tuple[NumberKind, ...] = ()
    region: str = ""
    merge: str = "suggest"
    merge_from: Strength = "strong"


class Candidate(msgspec.Struct, frozen=True):
    """A customer who may be writing, and why."""

    person: CustomerRow
    evidence: tuple[Evidence, ...]
    probability: float
    strength: Strength


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What came of looking: who it is now, what he was known by, and what is to be written.

    `rows`: those who are one person, the first first. `warning`: a code for what could not be looked at.
    """

    rows: tuple[CustomerRow, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    strength: Strength = "weak"
    probability: float = 0.0
    candidates: tuple[Candidate, ...] = ()
    changes: tuple[Change, ...] = ()
    warning: str | None = None
    preferred_agent: str | None = None

    @property
    def person(self) -> CustomerRow | None:
        """Whom he is read as; None if he is new."""
        return as_one(self.rows) if self.rows else None

    @property
    def attributes(self) -> dict[str, object]:
        """What the first message keeps of it."""
        return {
            IDENTIFIED: {
                "strength": self.strength,
                "probability": round(self.probability, 4),
                "evidence": list(plain(self.evidence)),
            }
        }


def own_evidence(message: InboundMessage, who: Sequence[Identity], *, named: bool) -> tuple[Evidence, ...]:
    """Return what shows that a message is from whom its channel says; `named`: a system of the house said who."""
    found: list[Evidence] = []
    for kind, value in who:
        if kind == "visitor":
            found.append(agreeing("visitor", "visitor_signed"))
        elif kind == "external":
            found.append(agreeing("external", "external_named"))
        elif kind == "phone":
            found.append(agreeing("phone", "phone_given", shown=masked(value)))
        elif kind == "email" and is_proven(message):
            found.append(agreeing("email", "email_proven", shown=masked(value)))
        elif kind == "email":
            found.append(agreeing("email_unproven", "email_unproven", shown=masked(value)))
    if named and not any(each.kind == "external" for each in found):
        found.insert(0, agreeing("external", "external_named"))
    return tuple(found)


class Recognising:
    """Recognises who writes, for one site."""

    def __init__(self, *, store: Store, rules: Rules = Rules(), crm: CrmAsking | None = None) -> None:  # noqa: B008  # frozen
        self._store = store
        self._rules = rules
        self._crm = crm
        self._count, self._counted_at = 0, -COUNT_FOR

    @property
    def numbers(self) -> tuple[NumberKind, ...]:
        """The kinds of numbers that the house gives."""
        return self._rules.numbers

    def by_channel(self, rows: tuple[CustomerRow, ...], own: tuple[Evidence, ...]) -> Seen:
        """Return what the channel alone shows, where nothing else is looked at."""
        likely = probability(own, self._count) if rows else 0.0
        strength = strength_of(own, self._count) if rows else "weak"
        return Seen(rows=rows, evidence=own, strength=strength, probability=likely)

    async def look(
        self,
        message: InboundMessage,
        customer: CustomerId,
        rows: Sequence[CustomerRow],
        own: Sequence[Evidence],
        interaction: InteractionId,
        now: Instant,
    ) -> Seen:
        """Return who writes `message`, for all that can be told.

        Args:
            message: what came in.
            customer: whom its channel shows, written down or not yet.
            rows: those who are one person with him, if he is known.
            own: what he was known by.
            interaction: what shows it.
            now: a message that is brought from elsewhere says when it was written, and that may be years ago.
        """
        customers = await self._customers(now)
        parts = {customer, *(row.id for row in rows)}
        found = await self.in_text(message)
        claimed = await self._claimed(message)
        by_person: By = {}
        for identity, evidence in (*found, *claimed):
            await self._add(by_person, identity, evidence)
        own = (*own, *_strengthening(by_person, parts))
        told = await self._told(message, rows, own, (*found, *claimed), interaction, now)
        if told.is_himself:
            own, rows = (*own, *told.evidence), told.written_in(rows)
        elif told.person is not None:
            _, of_him = by_person.get(told.person.id, (told.person, []))
            by_person[told.person.id] = (told.person, [*of_him, *told.evidence])
        candidates = [self.weighed(message, row, evidence, customers) for row, evidence in by_person.values()]
        seen = await self._decided(tuple(rows), customer, tuple(own), candidates, interaction, now, customers, told)
        return msgspec.structs.replace(seen, changes=(*told.changes, *seen.changes), warning=told.warning)

    async def _told(
        self,
        message: InboundMessage,
        rows: Sequence[CustomerRow],
        own: Sequence[Evidence],
        found: Sequence[tuple[Identity, Evidence]],
        interaction: InteractionId,
        now: Instant,
        *,
        is_answer: bool = False,
    ) -> Told:
        if self._crm is None:
            return Told()
        asked = Asked(message, tuple(rows), tuple(own), tuple(found), now, is_answer)
        # Whom the CRM names may be another for each message of an interaction.
        return await self._crm.told(asked, derived_id("c", "crm", interaction, message.external_id))

    async def told_of_answer(
        self,
        message: InboundMessage,
        seen: Seen,
        said: Sequence[tuple[Identity, Evidence]],
        interaction: InteractionId,
        now: Instant,
    ) -> Told:
        """Return what the CRM says of what an answer says; nothing if that says nothing to ask with."""
        if not said:
            return Told()
        return await self._told(message, seen.rows, seen.evidence, said, interaction, now, is_answer=True)

    async def with_answer(
        self,
        message: InboundMessage,
        customer: CustomerId,
        seen: Seen,
        found: By,
        told: Told,
        interaction: InteractionId,
        now: Instant,
    ) -> Seen:
        """Return what is seen once the customers in `found` are weighed, whom an answer has shown, and the CRM's."""
        customers = await self._customers(now)
        own, rows = (*seen.evidence, *_strengthening(found, {customer, *(row.id for row in seen.rows)})), seen.rows
        if told.is_himself:
            own, rows = (*own, *told.evidence), told.written_in(rows)
        elif told.person is not None:
            _, of_him = found.get(told.person.id, (told.person, []))
            found = {**found, told.person.id: (told.person, [*of_him, *told.evidence])}
        by_details = {id for id, (_, evidence) in found.items() if any(each.kind == "name" for each in evidence)}
        candidates = [
            Candidate(row, tuple(evidence), probability(evidence, customers), strength_of(evidence, customers))
            if id in by_details
            else self.weighed(message, row, evidence, customers)
            for id, (row, evidence) in found.items()
        ]
        again = await self._decided(rows, customer, own, candidates, interaction, now, customers, told)
        return msgspec.structs.replace(again, changes=(*told.changes, *again.changes))

    async def is_identified(self, seen: Seen) -> bool:
        """Tell whether it is known for sure who it is: not only which browser, nor only what anybody can write."""
        if not seen.rows or seen.strength == "weak":
            return False
        known = await self._store.person_identities(seen.rows[0].id)
        return any(each.kind != "visitor" for each in known)

    def weighed(
        self, message: InboundMessage, row: CustomerRow, evidence: Iterable[Evidence], customers: int
    ) -> Candidate:
        """Return a customer with all that speaks for and against him, his name included."""
        name = message.sender.name if message.sender is not None else ""
        told = compared(Said(names=(name,) if name else ()), row)
        all_of_it = (*evidence, *told)
        return Candidate(row, all_of_it, probability(all_of_it, customers), strength_of(all_of_it, customers))

    async def in_text(self, message: InboundMessage) -> list[tuple[Identity, Evidence]]:
        """Return what stands in the words of a message, as identities to look up."""
        text = f"{message.subject}\n{message.reply_text}"[:TEXT_MAX]
        found: list[tuple[Identity, Evidence]] = []
        for kind, number in numbers_in(text, self._rules.numbers):
            evidence = agreeing(kind.evidence, f"{kind.evidence}_in_text", shown=masked(number))
            found.append((number_identity(kind.name, number), evidence))
            if kind.name == CUSTOMER:
                found.append((("external", number), evidence))
        if self._rules.region or "+" in text:
            for phone in phones_in(text, self._rules.region):
                found.append((("phone", phone), agreeing("phone_in_text", "phone_in_text", shown=masked(phone))))
        for address in addresses_in(text):
            shown = masked(address)
            found.append((email_identity(address), agreeing("address_in_text", "address_in_text", shown=shown)))
        return found

    async def _claimed(self, message: InboundMessage) -> list[tuple[Identity, Evidence]]:
        """Return what a chat's visitor wrote of himself: a claim, whoever's address it is (decision 0007)."""
        if message.visitor is None or message.sender is None or not message.sender.address:
            return []
        address = message.sender.address
        evidence = agreeing("email_unproven", "address_in_text", shown=masked(address))
        return [(email_identity(address), evidence)]

    async def _add(self, by_person: By, identity: Identity, evidence: Evidence) -> None:
        holder = await self._store.customer_by_identity(*identity)
        if holder is None or is_erased(holder):
            return
        rows = await self._store.person(holder.id)
        by_person.setdefault(rows[0].id, (as_one(rows), []))[1].append(evidence)

    # -- what follows

    async def _decided(
        self,
        rows: tuple[CustomerRow, ...],
        customer: CustomerId,
        own: tuple[Evidence, ...],
        candidates: list[Candidate],
        interaction: InteractionId,
        now: Instant,
        customers: int,
        told: Told,
    ) -> Seen:
        """Return what is seen, with the merge that policy makes and what people are asked."""
        head = rows[0].id if rows else customer
        ranked = sorted(candidates, key=lambda each: (-each.probability, each.person.id))
        changes: list[Change] = []
        joined: Candidate | None = None
        for each in ranked[:SUGGESTED_MAX]:
            if await self._are_settled(head, rows, each.person.id):
                continue
            automatic = joined is None and self._merges(each, ranked) and not await self._both_named(rows, each.person)
            joined = each if automatic else joined
            changes += self._written(head, each, "merged" if automatic else "suggested", interaction, now)
        evidence = (*own, *joined.evidence) if joined is not None else own
        known = bool(rows) or joined is not None
        likely = probability(evidence, customers) if known else 0.0
        merged = () if joined is None else (joined.person,)
        by_crm = told.person.id if told.person is not None else None
        is_he = told.is_himself or (joined is not None and joined.person.id == by_crm)
        return Seen(
            rows=(*merged, *rows),
            preferred_agent=told.preferred_agent if is_he else None,
            evidence=evidence,
            strength=strength_of(evidence, customers) if known else "weak",
            probability=likely,
            candidates=tuple(ranked),
            changes=tuple(changes),
        )

    def _merges(self, one: Candidate, ranked: Sequence[Candidate]) -> bool:
        """Tell whether policy makes them one: strong enough, no claim alone, and nobody else as likely."""
        if self._rules.merge != "automatic" or not at_least(one.strength, self._rules.merge_from):
            return False
        if all(each.kind in CLAIMS for each in one.evidence if each.agrees):
            return False
        return sum(at_least(each.strength, one.strength) for each in ranked) == 1

    async def _both_named(self, rows: Sequence[CustomerRow], other: CustomerRow) -> bool:
        """Tell whether the house itself keeps the two apart: each has an id of his own there."""
        if not rows:
            return False
        mine = {each.value for each in await self._store.person_identities(rows[0].id) if each.kind == "external"}
        his = {each.value for each in await self._store.person_identities(other.id) if each.kind == "external"}
        return bool(mine and his and not mine & his)

    async def _are_settled(self, head: CustomerId, rows: Sequence[CustomerRow], other: CustomerId) -> bool:
        """Tell whether people have parted the two, or were asked already."""
        one, two = [row.id for row in rows] or [head], await self._store.group(other)
        known = await self._store.merges(one)
        apart = {frozenset((row.customer, row.into)) for row in known if row.state in ("dismissed", "undone")}
        return any(frozenset((each, another)) in apart for each in one for another in two)

    def _written(
        self, head: CustomerId, one: Candidate, state: MergeState, interaction: InteractionId, now: Instant
    ) -> list[Change]:
        row = MergeRow(
            id=merge_id(head, one.person.id),
            customer=head,
            into=one.person.id,
            state=state,
            at=now,
            by=AUTOMATIC,
            probability=round(one.probability, 4),
            interaction=interaction,
            evidence=plain(one.evidence),
        )
        # Whatever people say of the two meanwhile stands: only a suggestion is written over.
        values = {name: getattr(row, name) for name in row.__struct_fields__ if name != "id"}
        changes: list[Change] = [PutNew(row), Set(MergeRow, row.id, values, {"state": "suggested"})]
        if state == "suggested":
            return changes
        line = AuditRow(
            id=derived_id("audit", "merge", row.id, str(now)),
            at=now,
            who=AUTOMATIC,
            action="merge",
            target=head,
            detail={"with": one.person.id, "probability": row.probability},
        )
        return [*changes, Put(line)]

    async def _customers(self, now: Instant) -> int:
        if not self._counted_at <= now < self._counted_at + COUNT_FOR:
            self._count, self._counted_at = await self._store.customer_count(), now
        return self._count


def _strengthening(by_person: By, parts: Collection[CustomerId]) -> tuple[Evidence, ...]:
    """Take out of `by_person` who is the customer of the message himself; return what that adds to what he is known by.

    A claim adds nothing: whoever writes his address may well know his name and phone too.
    """
    himself = [by_person.pop(id)[1] for id in list(by_person) if id in parts]
    return tuple(dict.fromkeys(each for evidence in himself for each in evidence if each.kind not in CLAIMS))
