"""Customers and attachments."""

import re
from urllib.parse import quote

import msgspec
from aiohttp import web

from vocabulary.errors import TemporaryFailure
from vocabulary.records import Put
from web.access import Tie, authorise
from web.answers import CustomerDetail
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
    given = {key: getattr(body, key) for key in body.__struct_fields__}
    values = {key: value for key, value in given.items() if value is not None}
    if values.get("segment") == "":
        values["segment"] = None
    changed = msgspec.structs.replace(row, **values)
    try:
        await call.site.write(Put(changed))
    except TemporaryFailure as failure:
        raise unavailable(str(failure)) from failure
    return await call.views.customer_detail(changed)


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
