"""Builds the views of customers from the records: of each the person whom several rows are read as."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from customers.blocking import is_blocked
from customers.evidence import IDENTIFIED, Evidence, strength_at
from customers.merging import as_one
from customers.reachability import AWAY, COMPLAINED, UNDELIVERABLE, marks_of
from reports.wording.text import evidence_text
from vocabulary.ids import CustomerId
from vocabulary.instants import rfc3339
from vocabulary.records import CustomerRow, IdentityRow, InteractionRow, MergeRow, MessageRow, StandingRow
from web import answers as a
from web.site import Site
from web.standing_views import standing_view

Person = Sequence[CustomerRow]
"""The rows of one person, first the one whose id he goes by."""


class CustomerViews:
    """The views of one site's customers; many cost as few reads as one."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def brief(self, id: CustomerId) -> a.CustomerView:
        """Return the view of a customer; only his id if he has been erased."""
        store = self._site.store
        rows = await store.person(id)
        if not rows:
            return a.CustomerView(id=id)
        known = await store.identities_of([row.id for row in rows])
        return a.CustomerView(**self._fields(as_one(rows), _by_kind(id, known), await store.standing(rows[0].id)))

    async def details(self, people: Sequence[Person], language: str = "en") -> list[a.CustomerDetail]:
        """Return all that is known of each of `people`; evidence is told in `language`."""
        store = self._site.store
        ids = [row.id for rows in people for row in rows]
        merges = await store.merges(ids)
        beside = await store.people(sorted({each for row in merges for each in (row.customer, row.into)}))
        identities = await store.identities_of(sorted({*ids, *(row.id for rows in beside.values() for row in rows)}))
        standings = {row.id: row for row in await store.standings([rows[0].id for rows in people])}
        latest = await store.latest_interactions(ids)
        first = {row.interaction: row for row in await store.first_messages([row.id for row in latest])}
        around = _Around(beside, identities, language)
        return [
            self._detail(
                rows,
                [row for row in merges if {row.customer, row.into} & {each.id for each in rows}],
                standings.get(rows[0].id),
                _first_of_latest(rows, latest, first),
                around,
            )
            for rows in people
        ]

    def _detail(
        self,
        rows: Person,
        merges: Sequence[MergeRow],
        standing: StandingRow | None,
        first: MessageRow | None,
        around: "_Around",
    ) -> a.CustomerDetail:
        one = as_one(rows)
        known = _by_kind(one.id, around.known(row.id for row in rows))
        seen = first.attributes.get(IDENTIFIED, {}).get("evidence", ()) if first is not None else ()
        return a.CustomerDetail(
            **self._fields(one, known, standing),
            created_at=rfc3339(one.created_at),
            identities=[(identity.kind, identity.value) for identity in known],
            known_by=[_known_by(identity) for identity in known],
            birth_date=one.birth_date,
            postcode=one.postcode,
            attributes=one.attributes,
            blocked=is_blocked(one.attributes),
            merged=[around.merge(each, each.customer) for each in merges if each.state == "merged"],
            suggestions=around.suggestions(rows, merges),
            evidence=[evidence_view(msgspec.convert(each, Evidence), around.language) for each in seen],
        )

    def _fields(self, one: CustomerRow, known: Sequence[IdentityRow], standing: StandingRow | None) -> dict[str, Any]:
        """Return what every view of the person has."""
        by_kind: dict[str, str] = {}
        for identity in known:
            by_kind.setdefault(identity.kind, identity.value)
        return {
            "id": one.id,
            "name": one.name,
            "email": by_kind.get("email"),
            "phone": by_kind.get("phone"),
            "language": one.language,
            "segment": one.segment,
            "standing": standing_view(one, standing, self._site.policy),
            "reachability": _reachability(one),
        }


class _Around:
    """Who else may be, or is, the same person as those who are shown, and what all of them are known by."""

    def __init__(self, beside: Mapping[CustomerId, Person], identities: Sequence[IdentityRow], language: str) -> None:
        self._beside = beside
        self._names = {row.id: row.name for rows in beside.values() for row in rows}
        self._known: dict[CustomerId, list[IdentityRow]] = {}
        for identity in identities:
            self._known.setdefault(identity.customer, []).append(identity)
        self.language = language

    def known(self, ids: Iterable[CustomerId]) -> list[IdentityRow]:
        return [identity for id in ids for identity in self._known.get(id, ())]

    def suggestions(self, own: Person, merges: Sequence[MergeRow]) -> list[a.MergeView]:
        """Return who may be the same person, each once: they may have been merged in another way meanwhile."""
        ids, told = {row.id for row in own}, set[str]()
        shown = []
        for each in merges:
            if each.state != "suggested":
                continue
            head = self._head(each.into if each.customer in ids else each.customer)
            if head not in ids | told:
                told.add(head)
                shown.append(self.merge(each, head))
        return shown

    def merge(self, row: MergeRow, other: CustomerId) -> a.MergeView:
        """Return the view of a merge with `other`, or of its suggestion."""
        evidence = tuple(msgspec.convert(each, Evidence) for each in row.evidence)
        return a.MergeView(
            customer=other,
            into=self._head(row.into),
            state="merged" if row.state == "merged" else "suggested",
            name=self._names.get(other, ""),
            known_by=[_known_by(identity) for identity in self.known([other])],
            at=rfc3339(row.at),
            by=row.by,
            probability=row.probability,
            strength=strength_at(row.probability, evidence),
            evidence=[evidence_view(each, self.language) for each in evidence],
            interaction=row.interaction,
        )

    def _head(self, id: CustomerId) -> CustomerId:
        rows = self._beside.get(id)
        return rows[0].id if rows else id


def _first_of_latest(
    rows: Person, latest: Sequence[InteractionRow], first: Mapping[str, MessageRow]
) -> MessageRow | None:
    """Return the first message of a person's latest interaction."""
    ids = {row.id for row in rows}
    of_his = [row for row in latest if row.customer in ids]
    return first.get(max(of_his, key=lambda row: row.number).id) if of_his else None


def _by_kind(id: CustomerId, known: Iterable[IdentityRow]) -> list[IdentityRow]:
    """Return identities in order; what customer `id` himself is known by comes first."""
    return sorted(known, key=lambda each: (each.customer != id, each.kind, each.value))


def _known_by(identity: IdentityRow) -> a.KnownBy:
    return a.KnownBy(kind=identity.kind, value=identity.value, verified=identity.verified, customer=identity.customer)


def evidence_view(evidence: Evidence, language: str) -> a.EvidenceView:
    """Return the view of one piece of evidence, with its words."""
    return a.EvidenceView(
        kind=evidence.kind,
        bits=evidence.bits,
        strength=evidence.strength,
        reason=evidence.reason,
        text=evidence_text(evidence.reason, evidence.shown, language),
        shown=evidence.shown,
        by=evidence.by,
    )


def _reachability(row: CustomerRow) -> a.ReachabilityView | None:
    """Return what mail to the customer has shown, None if that is nothing."""
    marks = marks_of(row.attributes)
    if not marks:
        return None
    return a.ReachabilityView(
        undeliverable=sorted(marks.get(UNDELIVERABLE, {})),
        no_automatic_mail=COMPLAINED in marks,
        away=AWAY in marks,
        away_until=marks.get(AWAY, {}).get("until"),
    )
