"""What came in and could not be processed: look at it, try it again, discard it."""

import msgspec
from aiohttp import web

from vocabulary.instants import Instant, rfc3339
from vocabulary.records import Put, ReceivedHead, ReceivedRow, Set
from web.answers import Quarantine, QuarantinedView, ReplayView
from web.api.handling import audit_line
from web.call import Call
from web.endpoint import Endpoints
from web.payloads import DiscardBecause, QuarantineQuery, RawQuery
from web.problems import Problem
from web.site import RELEASED

endpoints = Endpoints("quarantine")

_STATE = "quarantined"


@endpoints.get("/quarantine", "quarantine.see", "What could not be processed, newest first")
async def list_quarantine(call: Call, query: QuarantineQuery) -> Quarantine:
    """Answer a page of it."""
    store = call.site.store
    heads = await store.received_page(states=(_STATE,), before=_before(query.cursor), limit=query.limit + 1)
    page = heads[: query.limit]
    return Quarantine(
        items=[_view(call, head) for head in page],
        next=f"{page[-1].row.at}:{page[-1].row.id}" if len(heads) > len(page) else None,
        total=await store.received_count(_STATE),
    )


def _before(cursor: str | None) -> tuple[Instant, str] | None:
    if cursor is None:
        return None
    at, _, id = cursor.partition(":")
    return int(at), id


def _view(call: Call, head: ReceivedHead) -> QuarantinedView:
    row = head.row
    origin = call.site.origin_of(row)
    return QuarantinedView(
        id=row.id,
        channel=row.channel,
        kind=str(row.envelope.get("kind", "mail")),
        received_at=rfc3339(row.at),
        size=head.size,
        attempts=row.attempts,
        error=row.error,
        sender=origin.sender,
        subject=origin.subject,
    )


async def _found(call: Call, id: str) -> ReceivedRow:
    row = await call.site.store.received_row(id)
    if row is None or row.state not in (_STATE, "discarded"):
        raise Problem("not_found", f"There is nothing {id!r} in the quarantine.", reason="unknown_quarantined")
    return row


@endpoints.get("/quarantine/{id}/raw", "quarantine.see", "Its bytes as they came", content="application/octet-stream")
async def get_raw(call: Call, id: str, query: RawQuery) -> web.Response:
    """Answer the bytes, for saving or reading as text: no browser shows them as a page of ours. Discarded ones too."""
    row = await _found(call, id)
    await call.site.write(Put(audit_line(call, "quarantine_read", id)))
    suffix = "json" if row.envelope.get("kind") == "message" else "eml"
    return web.Response(
        body=row.raw if query.limit is None else row.raw[: query.limit],
        headers={
            "Content-Type": "application/octet-stream",
            "Content-Disposition": f'attachment; filename="{row.id}.{suffix}"',
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        },
    )


@endpoints.post("/quarantine/{id}/replay", "quarantine.act", "Try it again, now")
async def replay(call: Call, id: str) -> ReplayView:
    """Let it be processed as if it had just come in; if that fails three times, it is back here."""
    row = await _changeable(call, id)
    # On the disk too: whoever takes it up from there, or another process, must know.
    again = {"state": "received", "attempts": 0, "error": "", "envelope": {**row.envelope, RELEASED: True}}
    await call.site.write(Set(ReceivedRow, id, again), Put(audit_line(call, "quarantine_replay", id)))
    call.site.replayed(msgspec.structs.replace(row, **again))
    return ReplayView(id=id, state="received")


@endpoints.post("/quarantine/{id}/discard", "quarantine.act", "Say that nobody needs it")
async def discard(call: Call, id: str, body: DiscardBecause) -> ReplayView:
    """Take it off the list; its bytes are kept, and can be had by its id."""
    await _changeable(call, id)
    line = audit_line(call, "quarantine_discard", id, reason=body.reason)
    await call.site.write(Set(ReceivedRow, id, {"state": "discarded"}), Put(line))
    return ReplayView(id=id, state="discarded")


async def _changeable(call: Call, id: str) -> ReceivedRow:
    row = await _found(call, id)
    if row.state != _STATE:
        raise Problem("conflict", f"{id} was discarded already.", reason="discarded")
    return row
