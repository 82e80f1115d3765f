"""What the CRM says of who writes, written down as a customer under the CRM's own id."""

from collections.abc import Mapping, Sequence
from itertools import chain, islice
from typing import Protocol

import msgspec

from app.crm import Known, Reply, Token
from channels.message import InboundMessage
from customers.blocking import BLOCKED
from customers.evidence import CLAIMS, SHARED, Evidence, EvidenceKind, agreeing, masked
from customers.identity import Identity, email_identity
from customers.merging import as_one
from customers.reachability import MARKS
from customers.standing import segment_said
from customers.traits import plain_code
from vocabulary.ids import CustomerId
from vocabulary.instants import Instant
from vocabulary.records import ERASED, Change, CustomerRow, IdentityRow, PutNew, Set, attributes_changed
from vocabulary.stores import Store

TOKENS_MAX = 20
"""So much is asked with at most."""
_OURS = (*MARKS, BLOCKED, ERASED)
"""Attributes that nobody else sets."""
_COLUMNS = ("name", "language", "birth_date", "postcode")


Tokens = Mapping[Token, tuple[Evidence, ...]]
"""What a CRM is asked with, and what each of it rests upon."""


class Asked(msgspec.Struct, frozen=True):
    """What is known when the CRM is asked: the message, its customer if he is known, and what was found in the text.

    `is_answer`: to the question who he is; it is asked with what was found alone, so that the CRM's word is about that.
    """

    message: InboundMessage
    rows: tuple[CustomerRow, ...]
    own: tuple[Evidence, ...]
    found: tuple[tuple[Identity, Evidence], ...]
    now: Instant
    is_answer: bool = False


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What the CRM said: its customer, as he will be written, and as the person whom he is read as.

    `is_himself`: the customer of the message is that one already.
    """

    row: CustomerRow | None = None
    person: CustomerRow | None = None
    evidence: tuple[Evidence, ...] = ()
    changes: tuple[Change, ...] = ()
    is_himself: bool = False
    preferred_agent: str | None = None
    warning: str | None = None

    def written_in(self, rows: Sequence[CustomerRow]) -> tuple[CustomerRow, ...]:
        """Return the rows of a person, with the CRM's customer among them as he will be written."""
        return tuple(self.row if self.row is not None and row.id == self.row.id else row for row in rows)


class Crm(Protocol):
    """Another system that knows the customers."""

    async def who(
        self, tokens: Sequence[Token], *, name: str, language: str | None, channel: str, now: Instant
    ) -> Reply:
        """Return whom it knows by `tokens`, or why it could not be asked; never raises."""


class CrmAsking:
    """Asks a CRM about who writes."""

    def __init__(self, store: Store, crm: Crm) -> None:
        self._store = store
        self._crm = crm

    async def told(self, asked: Asked, new_id: CustomerId) -> Told:
        """Return what the CRM says; `new_id`: of its customer, if he isn't written down yet."""
        tokens = await self._tokens(asked)
        reply = await self._crm.who(
            list(tokens),
            name=asked.message.sender.name if asked.message.sender is not None else "",
            language=asked.rows[0].language if asked.rows else None,
            channel=asked.message.channel,
            now=asked.now,
        )
        if reply.customer is None:
            return Told(warning=reply.warning)
        holder = await self._store.customer_by_identity("external", reply.customer.id)
        row, changes = await self._written(reply.customer, holder, new_id, asked.now)
        rows = await self._store.person(row.id) if holder is not None else [row]
        is_himself = bool({each.id for each in rows} & {each.id for each in asked.rows})
        return Told(
            row=row,
            person=as_one([row if each.id == row.id else each for each in rows]),
            evidence=_evidence(reply.customer, tokens, asked, is_himself=is_himself),
            changes=tuple(changes),
            is_himself=is_himself,
            preferred_agent=reply.customer.preferred_agent,
        )

    async def _written(
        self, known: Known, holder: CustomerRow | None, new_id: CustomerId, now: Instant
    ) -> tuple[CustomerRow, list[Change]]:
        """Return the customer with what the CRM says of him, and what of it is new: the message may say more of him."""
        row = holder if holder is not None else CustomerRow(id=new_id, created_at=now)
        told = _with(known, row)
        changes: list[Change]
        if holder is None:
            identity = IdentityRow(kind="external", value=known.id, customer=row.id, verified=True)
            changes = [PutNew(told), PutNew(identity)]
        else:
            new = {name: getattr(told, name) for name in _COLUMNS if getattr(told, name) != getattr(row, name)}
            changes = [Set(CustomerRow, row.id, new)] if new else []
            changes += attributes_changed(row, told.attributes)
        if known.segment is not None:
            own, kept = known.segment or None, await self._store.standing(row.id)
            segment, said = segment_said(row.id, own, kept, now)
            if (segment, own) != (row.segment, kept.own if kept is not None else None):
                changes += said
            told = msgspec.structs.replace(told, segment=segment)
        return told, changes

    async def _tokens(self, asked: Asked) -> Tokens:
        """Return what to ask with."""
        tokens = {} if asked.is_answer else await self._own_tokens(asked)
        for identity, evidence in asked.found:
            tokens.setdefault(_token(identity, evidence), (evidence,))
        return dict(islice(tokens.items(), TOKENS_MAX))

    async def _own_tokens(self, asked: Asked) -> dict[Token, tuple[Evidence, ...]]:
        """Return what the channel shows: our visitors' ids tell no other system anything."""
        message, tokens = asked.message, dict[Token, tuple[Evidence, ...]]()
        if message.phone:
            given = agreeing("phone", "phone_given", shown=masked(message.phone))
            tokens[Token("phone", message.phone, proven=True)] = (given,)
        if message.visitor is None and message.sender is not None and message.sender.address:
            kind: EvidenceKind = "email" if is_proven(message) else "email_unproven"
            address = email_identity(message.sender.address)[1]
            sent = agreeing(kind, "email_proven" if kind == "email" else kind, shown=masked(address))
            tokens[Token("email", address, proven=kind == "email")] = (sent,)
        known = await self._store.person_identities(asked.rows[0].id) if asked.rows else ()
        # His id there is as sure as that it is he: whoever only claims his address proves nothing by it.
        shown = any(each.kind not in CLAIMS for each in asked.own)
        tokens |= {Token("external", each.value, proven=shown): asked.own for each in known if each.kind == "external"}
        return tokens


def is_proven(message: InboundMessage) -> bool:
    """Tell whether a mail is proven to come from the domain in From."""
    return bool(message.raw) and message.trust.verdict == "proven"


def _evidence(known: Known, tokens: Tokens, asked: Asked, *, is_himself: bool) -> tuple[Evidence, ...]:
    """Return what the CRM's word is worth: no more than what it knew him by.

    Where it doesn't say by what, it may have been by any one of all that it was asked with.
    """
    by = {token: rests for token, rests in tokens.items() if known.by is None or token.kind in known.by}
    if not by or not all(token.proven for token in by):
        claims = tuple(each for _, each in asked.found if each.kind in CLAIMS)
        return claims or tuple(each for each in asked.own if each.kind in CLAIMS)
    others_know = [rests for rests in by.values() if all(each.kind in CLAIMS | SHARED for each in rests)]
    if not others_know or (len(others_know) < len(by) and (is_himself or known.by is not None)):
        return (agreeing("crm", "crm_named", by="crm"),)
    return others_know[0] if known.by is None else tuple(dict.fromkeys(chain.from_iterable(others_know)))


def _token(identity: Identity, evidence: Evidence) -> Token:
    """Return what was found as the CRM is asked with it; what anybody can write is not proven."""
    kind, value = identity
    if kind == "number":
        name, _, value = value.partition(":")
        kind_asked = f"{name}_number"
    else:
        kind_asked = str(kind)
    return Token(kind_asked, value, proven=evidence.kind not in CLAIMS)


def _with(known: Known, row: CustomerRow) -> CustomerRow:
    """Return the customer with what the CRM says of him but for the segment; what it leaves out stays."""
    told = {name: value for name, value in known.attributes.items() if name not in _OURS}
    return msgspec.structs.replace(
        row,
        name=known.name or row.name,
        language=known.language or row.language,
        birth_date=known.birth_date or row.birth_date,
        postcode=plain_code(known.postcode or "") or row.postcode,
        attributes={**row.attributes, **told},
    )
