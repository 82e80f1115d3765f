"""Customers and attachments."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any
from urllib.parse import quote

import msgspec
from aiohttp import web

from customers.blocking import BLOCKED, blocked, is_blocked, unblocked
from customers.identity import identities
from customers.merging import hiding
from customers.reachability import MARKS, cleared, marks_of
from customers.standing import segment_said
from customers.traits import plain_code
from router.policy import names_segment
from vocabulary.errors import TemporaryFailure
from vocabulary.ids import CustomerId
from vocabulary.instants import DAY, Instant
from vocabulary.records import (
    Change,
    CustomerRow,
    IdentityRow,
    Put,
    PutNew,
    Set,
    StandingRow,
    attributes_changed,
    is_erased,
)
from web.access import Tie, authorise
from web.answers import CustomerDetail, Customers
from web.api.handling import audit_line
from web.call import Call
from web.endpoint import Endpoints
from web.pages import PAGES
from web.payloads import CustomerChange, CustomerQuery, EraseQuery, MergeInto, NewPerson, PartFrom
from web.problems import Problem, invalid, refused, unavailable
from web.standing_views import in_words

endpoints = Endpoints("records")

_HARMLESS = re.compile(r"image/(png|jpeg|gif|webp)|application/pdf|text/plain|audio/[\w.+-]+|video/[\w.+-]+")
"""Types that are named as what they are; anything else, such as SVG, HTML and XML, is only bytes to the browser."""
_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+")


@endpoints.get("/customers", "customer.list", "Customers by id, or those whom a name or identity finds")
async def list_customers(call: Call, query: CustomerQuery) -> Customers:
    """Answer a page of them. Erased ones are left out."""
    rows = await call.site.store.customers(q=query.q, after=query.cursor, limit=query.limit)
    people = await call.site.store.people([row.id for row in rows if not is_erased(row)])
    # Who is part of another is found as that one; a list of all has each where his own id stands.
    heads = {person[0].id: person for id, person in people.items() if query.q is not None or person[0].id == id}
    return Customers(
        items=await _details(call, list(heads.values())), next=rows[-1].id if len(rows) == query.limit else None
    )


@endpoints.post("/customers", "customer.edit", "A new customer; 200 if it is the same call again", status=201)
async def post_customer(call: Call, body: NewPerson) -> CustomerDetail:
    """Write down a person before he contacts us; who comes from one of these identities is he."""
    id = call.new_id("c")
    row = await call.site.store.customer(id)
    if row is not None and not is_erased(row):
        call.status = 200
        return await _detail(call, row.id)
    _check(call, body)
    known = _identities(call, body)
    for identity in known:
        holder = await call.site.store.customer_by_identity(identity.kind, identity.value)
        if holder is not None:
            raise Problem("conflict", f"That {identity.kind} is known: customer {holder.id}.", reason="known")
    row = CustomerRow(
        id=id,
        created_at=call.site.now(),
        name=body.name,
        language=body.language,
        segment=body.segment or None,
        attributes=unblocked(body.attributes),
        birth_date=body.birth_date,
        postcode=plain_code(body.postcode or "") or None,
    )
    own = [Put(StandingRow(id=id, at=row.created_at, own=row.segment))] if row.segment is not None else []
    await call.site.write(
        Put(row),
        *own,
        *(PutNew(msgspec.structs.replace(each, customer=id)) for each in known),
        Put(audit_line(call, "add", id)),
    )
    return await _detail(call, row.id)


def _check(call: Call, body: NewPerson | CustomerChange, segment: str | None = None) -> None:
    """Refuse what is no date or address, and names that nothing here goes by; the `segment` that he has may stay."""
    if body.birth_date and not _was(body.birth_date, call.site.now()):
        raise invalid("birth_date", f"{body.birth_date} is no day that has been; write 1982-05-03.")
    if body.email is not None and _ADDRESS.fullmatch(body.email.strip()) is None:
        raise invalid("email", f"{body.email[:80]!r} is no e-mail address; write ola@example.org.")
    for kind in body.numbers:
        if kind not in call.site.number_kinds:
            raise invalid(
                f"numbers.{kind}",
                f"There is no kind of number {kind!r}; there are {', '.join(call.site.number_kinds)}. "
                "[identification.numbers] of the configuration names others.",
            )
    policy = call.site.policy
    # A site that defines no segments may call its customers what it likes.
    if body.segment and body.segment != segment and policy.segments and not names_segment(policy, body.segment):
        raise invalid(
            "segment",
            f"There is no segment {body.segment!r}; there are {', '.join(policy.segments)}. "
            "[segments] of the configuration defines others.",
        )


def _was(day: str, now: Instant) -> bool:
    try:
        return datetime.combine(date.fromisoformat(day), time(), UTC).timestamp() * 1000 <= now + DAY
    except ValueError:
        return False


def _identities(call: Call, body: NewPerson | CustomerChange) -> list[IdentityRow]:
    phone = None if body.phone is None else call.site.phone_of(body.phone)
    if body.phone is not None and phone is None:
        raise invalid("phone", "That is no number that can be called; write it as +48 601 000 000.")
    shown = identities(email=body.email, phone=phone, external=body.external_id, numbers=body.numbers)
    # What the house itself gives is his; an address or a phone is only said to be.
    given = ("external", "number")
    return [IdentityRow(kind=kind, value=value, customer="", verified=kind in given) for kind, value in shown]


@endpoints.get("/customers/{id}/export", "customer.export", "All that is known of a customer, as one JSON document")
async def export_customer(call: Call, id: str) -> web.StreamResponse:
    """Answer the document in pieces, for saving. That it was asked for stands in the audit log."""
    row = await call.customer(id)
    pieces = await call.site.exported(row.id) if row is not None else None
    if row is None or pieces is None:
        raise _unknown(id)
    await call.site.write(Put(audit_line(call, "export", row.id)))
    response = web.StreamResponse(
        headers={
            "Content-Type": "application/json",
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(row.id, safe='')}.json",
            "Cache-Control": "no-store",
        }
    )
    await response.prepare(call.request)
    async for piece in pieces:
        await response.write(piece)
    await response.write_eof()
    return response


@endpoints.delete("/customers/{id}", "customer.erase", "Erase a customer: what is personal goes, figures stay")
async def erase_customer(call: Call, id: str, query: EraseQuery) -> None:
    """Erase what is known of him and what was said with him. There is no way back."""
    row = await call.customer(id)
    try:
        refusal = await call.site.erase(id if row is None else row.id, call.principal.id, force=query.force)
    except TemporaryFailure as failure:
        raise unavailable(
            f"{failure}. What has begun goes on by itself; ask again to hear that it is done."
        ) from failure
    if refusal is not None:
        raise refused(refusal)


def _unknown(id: str) -> Problem:
    return Problem("not_found", f"There is no customer {id!r}.", reason="unknown_customer")


@endpoints.get("/customers/{id}", "customer.see", "One customer; the history is /interactions?customer=")
async def get_customer(call: Call, id: str) -> CustomerDetail:
    """Answer who it is and what he is known by. Agents see those whom they serve now."""
    row = await call.customer(id)
    known = id if row is None else row.id
    tie = Tie.KNOWS if await call.views.knows(call.principal, known) else Tie.NONE
    authorise(call.principal, "customer.see", tie)
    if row is None:
        raise _unknown(id)
    return await _detail(call, row.id)


@endpoints.patch("/customers/{id}", "customer.edit", "Change a customer")
async def patch_customer(call: Call, id: str, body: CustomerChange) -> CustomerDetail:
    """Change what is given; rules see a new segment with the customer's next interaction."""
    row = await call.customer(id)
    if row is None:
        raise _unknown(id)
    _check(call, body, row.segment)
    _, *others = await call.site.store.person(row.id)
    values, attributes = _values(body), _attributes(row, others, body, call)
    changes: list[Change] = [Set(CustomerRow, row.id, values)] if values else []
    changes += attributes_changed(row, attributes)
    changes += await call.site.learning.objected(row, attributes)
    if body.segment is not None:
        kept = await call.site.store.standing(row.id)
        changes += segment_said(row.id, body.segment or None, kept, call.site.now())[1]
    changes += _of_others(others, body)
    if body.blocked is not None and body.blocked != any(is_blocked(each.attributes) for each in (row, *others)):
        changes.append(Put(audit_line(call, "block" if body.blocked else "unblock", row.id)))
    learnt = await _learnt(call, row.id, body)
    try:
        await call.site.write(*changes, *learnt)
    except TemporaryFailure as failure:
        raise unavailable(str(failure)) from failure
    return await _detail(call, row.id)


def _values(body: CustomerChange) -> dict[str, Any]:
    """Return the columns that `body` gives."""
    given = {
        "name": body.name,
        "language": body.language,
        "birth_date": body.birth_date,
        "postcode": None if body.postcode is None else plain_code(body.postcode),
    }
    # What is given as "" is taken away.
    return {name: value or (value if name == "name" else None) for name, value in given.items() if value is not None}


def _attributes(row: CustomerRow, others: Sequence[CustomerRow], body: CustomerChange, call: Call) -> Mapping[str, Any]:
    """Return the attributes as `body` leaves them. If they leave out the mark of the blocked, that doesn't unblock."""
    was_blocked = is_blocked(row.attributes)
    attributes = unblocked(row.attributes if body.attributes is None else hiding(body.attributes, others))
    if was_blocked if body.blocked is None else body.blocked:
        mark = {BLOCKED: row.attributes[BLOCKED]} if was_blocked else {}
        attributes = blocked({**mark, **attributes}, call.site.now(), call.actor)
    # What mail to him has shown stays whatever attributes are given, until somebody says that it no longer holds.
    return cleared(attributes, MARKS) | cleared(marks_of(row.attributes), body.clear)


def _of_others(others: Sequence[CustomerRow], body: CustomerChange) -> list[Change]:
    """Return what changes of those who are read as part of him: a mark of theirs would hold for him too."""
    gone = [*body.clear, *([BLOCKED] if body.blocked is False else [])]
    return [change for row in others for change in attributes_changed(row, cleared(row.attributes, gone))]


async def _learnt(call: Call, id: str, body: CustomerChange) -> list[Change]:
    """Return the identities that `body` adds.

    Raises:
        Problem: one of them is another's (409): the two may be one person, and can be merged.
    """
    found: list[Change] = []
    for identity in _identities(call, body):
        holder = await call.site.store.customer_by_identity(identity.kind, identity.value)
        if holder is None:
            found.append(PutNew(msgspec.structs.replace(identity, customer=id)))
        elif holder.id not in await call.site.store.group(id):
            raise Problem("conflict", f"That {identity.kind} is known: customer {holder.id}.", reason="known")
    return found


@endpoints.post("/customers/{id}/merge", "customer.merge", "Read a customer as part of another; /unmerge takes it back")
async def merge_customer(call: Call, id: str, body: MergeInto) -> CustomerDetail:
    """Answer the person whom both are now. Nothing of either is changed, so nothing is lost by taking it back."""
    row, into = await _mine(call, id, body.into), await _somebody(call, body.into)
    refusal = await call.site.merge(row.id, into.id, call.actor)
    if refusal is not None:
        raise refused(refusal)
    return await _detail(call, into.id)


@endpoints.post("/customers/{id}/unmerge", "customer.merge", "Part merged customers; or say that two are not the same")
async def unmerge_customer(call: Call, id: str, body: PartFrom) -> CustomerDetail:
    """Answer customer `id` as he is again. Two whom `from` names and who aren't merged are never suggested again."""
    known = await call.site.store.customer(id)
    row = await _mine(call, id)
    own = row if known is None else known
    refusal = await call.site.unmerge(own.id, body.from_, call.actor)
    if refusal is not None:
        raise refused(refusal)
    return await _detail(call, own.id)


async def _detail(call: Call, id: CustomerId) -> CustomerDetail:
    """Return all that is known of the person whom customer `id` is, with what he is worth in words."""
    (detail,) = await _details(call, [await call.site.store.person(id)])
    return detail


async def _details(call: Call, people: Sequence[Sequence[CustomerRow]]) -> list[CustomerDetail]:
    """Return the same of several people, whose rows were read."""
    catalogues = call.request.app[PAGES].catalogues
    views = await call.views.customers.details(people, call.language)
    told = {
        view.id: msgspec.structs.replace(view.standing, why=in_words(view.standing, catalogues, call.language))
        for view in views
        if view.standing is not None
    }
    return [msgspec.structs.replace(view, standing=told.get(view.id)) for view in views]


async def _mine(call: Call, id: str, other: str | None = None) -> CustomerRow:
    """Return the customer, if the caller may merge him: an agent must serve him, or the `other`, now."""
    rows = [await call.customer(each) for each in (id, other) if each is not None]
    knows = [row is not None and await call.views.knows(call.principal, row.id) for row in rows]
    tie = Tie.KNOWS if any(knows) else Tie.NONE
    authorise(call.principal, "customer.merge", tie)
    return await _somebody(call, id)


async def _somebody(call: Call, id: str) -> CustomerRow:
    row = await call.customer(id)
    if row is None:
        raise _unknown(id)
    return row


@endpoints.get(
    "/attachments/{id}", "interaction.read", "The bytes of an attachment", content="application/octet-stream"
)
async def get_attachment(call: Call, id: str) -> web.Response:
    """Answer the file, for saving: no browser shows it as a page of ours."""
    file = await call.site.store.attachment(id)
    message = None if file is None else await call.site.store.message(file.message)
    if file is None or message is None:
        raise Problem("not_found", f"There is no attachment {id!r}.", reason="unknown_attachment")
    await call.interaction(message.interaction, "interaction.read")
    kind = file.content_type.lower()
    return web.Response(
        body=file.content,
        headers={
            "Content-Type": kind if _HARMLESS.fullmatch(kind) else "application/octet-stream",
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(_plain(file.filename), safe='')}",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Cache-Control": "private, max-age=3600",
        },
    )


def _plain(filename: str) -> str:
    """Return the last part of a name, without control characters."""
    last = re.split(r"[/\\]", filename)[-1]
    return "".join(sign for sign in last if sign.isprintable())[:200] or "attachment"
