"""A customer's answer to the question who he is, looked up in the records."""

from collections.abc import Iterable, Sequence
from math import log2

import msgspec

from app.crm_asking import Told
from app.recognising import By, Recognising, Seen
from channels.message import InboundMessage
from customers.answers import details_in, is_answer, may_be_number, skips
from customers.evidence import CLAIMS, WEIGHTS, Evidence, agreeing, at_least, masked, strength_of
from customers.identity import Identity, number_identity
from customers.matching import compared, likely_birth_dates, likely_postcodes
from customers.merging import as_one
from customers.numbers import CUSTOMER, NumberKind, looks_right, numbers_answered, one_sign_off
from router.commands import AnswerResult
from vocabulary.ids import CustomerId, InteractionId
from vocabulary.instants import Instant
from vocabulary.records import CustomerRow, is_erased
from vocabulary.stores import Store

NEAR_MAX = 400
_PHONE_MIN = 7
"""A number of fewer signs is part of a phone number by chance."""
DETAILS = "details"


class Heard(msgspec.Struct, frozen=True):
    """What came of a message that may answer; `result` None: it is about something else."""

    result: AnswerResult | None
    seen: Seen | None = None


class Answering:
    """Looks answers up, for one site."""

    def __init__(self, *, store: Store, recognising: Recognising, languages: Sequence[str] = ("en",)) -> None:
        self._store = store
        self._recognising = recognising
        self._languages = tuple(languages)

    async def heard(
        self,
        question: str,
        message: InboundMessage,
        customer: CustomerId,
        seen: Seen,
        interaction: InteractionId,
        now: Instant,
        language: str | None = None,
    ) -> Heard:
        """Return what came of `message`, while the answer to `question` is waited for.

        He may answer in any language of the site, whatever `language` the interaction has.
        """
        text = message.reply_text.strip()
        languages = tuple(dict.fromkeys([*([language] if language else ()), *self._languages, "en"]))
        if skips(text):
            return Heard("skipped")
        may_answer = is_answer if question == DETAILS else may_be_number
        if not may_answer(text, languages):
            # He goes on with what he wants, and that may show who he is as any message may.
            again = await self._recognising.look(message, customer, seen.rows, seen.evidence, interaction, now)
            return Heard("found" if _shows_one(again, seen) else None, again)
        kind = self._kind(question.removesuffix("_number"))
        numbers = numbers_answered(text, kind, languages) if question != DETAILS else ()
        found = await self._by_details(text, languages) if question == DETAILS else {}
        for number in numbers:
            await self._add(found, _answered(kind, number))
        right = [number for number in numbers if looks_right(number, kind)]
        beside = await self._beside(message, kind, right)
        await self._add(found, [each for each in beside if each[1].kind not in CLAIMS])
        told = Told()
        if not found:
            said = [*(each for number in right for each in _answered(kind, number)), *beside]
            told = await self._recognising.told_of_answer(message, seen, said, interaction, now)
        if numbers and not found and told.person is None:
            await self._near(found, kind, numbers[0])
        again = await self._recognising.with_answer(message, customer, seen, found, told, interaction, now)
        return Heard("found" if _shows_one(again, seen) else "not_found", again)

    def _kind(self, name: str) -> NumberKind:
        return next((each for each in self._recognising.numbers if each.name == name), NumberKind(name, r"\w+"))

    async def _beside(
        self, message: InboundMessage, kind: NumberKind, numbers: Sequence[str]
    ) -> list[tuple[Identity, Evidence]]:
        """Return what else an answer says of him, as any message may; a number that was answered is no phone."""
        answered = {identity for number in numbers for identity, _ in _answered(kind, number)}
        no_phones = tuple(number for number in numbers if len(number) >= _PHONE_MIN)
        return [
            (identity, evidence)
            for identity, evidence in await self._recognising.in_text(message)
            if identity not in answered and not (identity[0] == "phone" and identity[1].endswith(no_phones))
        ]

    async def _near(self, found: By, kind: NumberKind, number: str) -> None:
        """Add who has the number with one sign mistyped."""
        near = list(dict.fromkeys(one_sign_off(number)))[:NEAR_MAX]
        # That one of so many others is somebody's says so much less.
        bits = round(WEIGHTS[kind.evidence].agreement - log2(max(len(near), 2)), 2)
        held = await self._store.identities_among("number", [number_identity(kind.name, each)[1] for each in near])
        people = await self._store.people(list({row.customer for row in held}))
        for row in held:
            shown = masked(row.value.partition(":")[2])
            evidence = Evidence(kind=kind.evidence, bits=bits, reason="number_similar", shown=shown, by="answer")
            _put(found, people.get(row.customer, ()), evidence)

    async def _add(self, found: By, said: Iterable[tuple[Identity, Evidence]]) -> None:
        for identity, evidence in said:
            holder = await self._store.customer_by_identity(*identity)
            if holder is not None:
                _put(found, await self._store.person(holder.id), evidence)

    async def _by_details(self, text: str, languages: Sequence[str]) -> By:
        """Return who may have said all that, with what agrees and differs; the likeliest only, and as likely ones."""
        said = details_in(text, languages)
        rows = await self._store.customers_by_traits(
            birth_dates=likely_birth_dates(said)[:50], postcodes=likely_postcodes(said)
        )
        found: By = {}
        for people in (await self._store.people([row.id for row in rows if not is_erased(row)])).values():
            if people[0].id not in found:
                one = as_one(people)
                found[one.id] = (one, list(compared(said, one, by="answer")))
        # Two of the three at least must speak for him: one alone many share.
        return {
            id: (row, evidence)
            for id, (row, evidence) in found.items()
            if sum(each.agrees for each in evidence) > 1 and strength_of(evidence, 1) != "weak"
        }


def _shows_one(again: Seen, before: Seen) -> bool:
    """Tell whether more is known of him now than before, other than claims, or one other may well be he."""
    new = again.evidence[len(before.evidence) :]
    if any(each.agrees and each.kind not in CLAIMS for each in new):
        return True
    return sum(at_least(each.strength, "medium") for each in again.candidates) == 1


def _put(found: By, rows: Sequence[CustomerRow], evidence: Evidence) -> None:
    """Put evidence for the person with these rows into `found`; who was erased has no person."""
    if rows and not is_erased(rows[0]):
        found.setdefault(rows[0].id, (as_one(rows), []))[1].append(evidence)


def _answered(kind: NumberKind, number: str) -> list[tuple[Identity, Evidence]]:
    """Return a number that was answered, as the identities to look it up by."""
    evidence = agreeing(kind.evidence, f"{kind.evidence}_answered", shown=masked(number), by="answer")
    own: Identity = number_identity(kind.name, number)
    return [(own, evidence), (("external", number), evidence)] if kind.name == CUSTOMER else [(own, evidence)]
