"""Customers and attachments."""

import re
from urllib.parse import quote

import msgspec
from aiohttp import web

from customers.blocking import BLOCKED, blocked, is_blocked, unblocked
from vocabulary.errors import TemporaryFailure
from vocabulary.records import Change, CustomerRow, Put
from web.access import Tie, authorise
from web.answers import CustomerDetail
from web.api.handling import audit_line
from web.call import Call
from web.endpoint import Endpoints
from web.payloads import CustomerChange
from web.problems import Problem, unavailable

endpoints = Endpoints("records")

_HARMLESS = re.compile(r"image/(png|jpeg|gif|webp)|application/pdf|text/plain|audio/[\w.+-]+|video/[\w.+-]+")
"""Types that are named as what they are; anything else, such as SVG, HTML and XML, is only bytes to the browser."""


@endpoints.get("/customers/{id}", "customer.see", "One customer; the history is /interactions?customer=")
async def get_customer(call: Call, id: str) -> CustomerDetail:
    """Answer who it is and what he is known by. Agents see those whom they serve now."""
    tie = Tie.KNOWS if await call.views.knows(call.principal, id) else Tie.NONE
    authorise(call.principal, "customer.see", tie)
    row = await call.site.store.customer(id)
    if row is None:
        raise Problem("not_found", f"There is no customer {id!r}.", reason="unknown_customer")
    return await call.views.customer_detail(row)


@endpoints.patch("/customers/{id}", "customer.edit", "Change a customer")
async def patch_customer(call: Call, id: str, body: CustomerChange) -> CustomerDetail:
    """Change what is given; rules see a new segment with the customer's next interaction."""
    row = await call.site.store.customer(id)
    if row is None:
        raise Problem("not_found", f"There is no customer {id!r}.", reason="unknown_customer")
    changed = _changed(row, body, call)
    changes: list[Change] = [Put(changed)]
    if is_blocked(changed.attributes) != is_blocked(row.attributes):
        changes.append(Put(audit_line(call, "block" if body.blocked else "unblock", id)))
    try:
        await call.site.write(*changes)
    except TemporaryFailure as failure:
        raise unavailable(str(failure)) from failure
    return await call.views.customer_detail(changed)


def _changed(row: CustomerRow, body: CustomerChange, call: Call) -> CustomerRow:
    """Return the customer with what `body` gives. Attributes that leave out the mark of the blocked don't unblock."""
    was_blocked = is_blocked(row.attributes)
    attributes = unblocked(row.attributes if body.attributes is None else body.attributes)
    if was_blocked if body.blocked is None else body.blocked:
        mark = {BLOCKED: row.attributes[BLOCKED]} if was_blocked else {}
        attributes = blocked({**mark, **attributes}, call.site.now(), call.actor)
    return msgspec.structs.replace(
        row,
        name=row.name if body.name is None else body.name,
        language=row.language if body.language is None else body.language,
        segment=row.segment if body.segment is None else body.segment or None,
        attributes=attributes,
    )


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
