"""What customers buy and what they are worth: purchases come in, segments come out."""

import re
from typing import Any

import msgspec

from vocabulary.errors import TemporaryFailure
from vocabulary.instants import rfc3339
from vocabulary.records import PurchaseRow, Put, is_erased
from web.access import Tie, authorise
from web.answers import PurchasesAnswer, PurchasesPage, PurchaseView, SegmentReport
from web.api.handling import audit_line
from web.call import Call
from web.endpoint import Endpoints
from web.payloads import NewPurchases, PurchasePage
from web.problems import Problem, invalid, unavailable

endpoints = Endpoints("records")


@endpoints.post("/customers/purchases", "purchase.import", "What customers bought; what is known already costs a look")
async def post_purchases(call: Call, body: NewPurchases) -> PurchasesAnswer:
    """Keep all that are in order; `faults` says what is wrong with the others. Segments follow within minutes."""
    rows = [_texts(item) for item in body.items]
    try:
        taken = await call.site.take_purchases(rows, dry_run=body.dry_run)
    except TemporaryFailure as failure:
        raise unavailable(str(failure)) from failure
    return PurchasesAnswer(**msgspec.structs.asdict(taken))


def _texts(item: msgspec.Struct) -> dict[str, str]:
    """Return a row as texts; numbers as JSON wrote them."""
    return {name: "" if value is None else str(value) for name, value in msgspec.structs.asdict(item).items()}


@endpoints.get("/customers/segments", "segment.see", "The report of the last calculation of segments")
async def get_segments(call: Call) -> SegmentReport:
    """Answer how many customers are what, and how good the estimates are."""
    report = await call.site.segment_report()
    if report is None:
        raise Problem("not_found", "Segments have not been calculated yet.", reason="not_calculated")
    return _report(report)


@endpoints.post("/customers/segments", "segment.calculate", "Calculate everybody's segments now")
async def post_segments(call: Call) -> SegmentReport:
    """Calculate, and answer the report; that takes seconds for each 100,000 customers."""
    await call.site.write(Put(audit_line(call, "calculate", "segments")))
    report = await call.site.recalculate()
    if report is None:
        raise Problem("conflict", "They are being calculated just now; ask again.", reason="calculating")
    return _report(report)


def _report(report: dict[str, Any]) -> SegmentReport:
    return SegmentReport(**{**report, "at": rfc3339(report["at"])})


@endpoints.get("/customers/{id}/purchases", "customer.see", "What a customer bought, the latest first")
async def list_purchases(call: Call, id: str, query: PurchasePage) -> PurchasesPage:
    """Answer a page of it. Agents see those of whom they serve now."""
    row = await call.customer(id)
    known = id if row is None else row.id
    tie = Tie.KNOWS if await call.views.knows(call.principal, known) else Tie.NONE
    authorise(call.principal, "customer.see", tie)
    if row is None or is_erased(row):
        raise Problem("not_found", f"There is no customer {id!r}.", reason="unknown_customer")
    before = _place(query.cursor)
    parts = [
        await call.site.store.purchases(part, before=before, limit=query.limit)
        for part in await call.site.store.group(known)
    ]
    rows = sorted((each for part in parts for each in part), key=lambda each: (each.at, each.id), reverse=True)
    rows = rows[: query.limit]
    end = f"{rows[-1].at}:{rows[-1].id}" if len(rows) == query.limit else None
    return PurchasesPage(items=[_view(each) for each in rows], next=end)


def _place(cursor: str | None) -> tuple[int, str] | None:
    if cursor is None:
        return None
    at, _, id = cursor.partition(":")
    if re.fullmatch(r"-?\d{1,18}", at) is None or not id:
        raise invalid("cursor", "That is no cursor of ours.")
    return int(at), id


def _view(row: PurchaseRow) -> PurchaseView:
    return PurchaseView(
        order_id=row.id,
        at=rfc3339(row.at),
        amount=row.amount,
        currency=row.currency,
        product=row.product,
        contract_end=None if row.contract_end is None else rfc3339(row.contract_end),
    )
