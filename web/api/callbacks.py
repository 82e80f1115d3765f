"""Callbacks: windows, requests, changes. Outcomes of calls are in `handling`."""

from datetime import datetime, tzinfo
from itertools import islice
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from queues.slots import windows
from router import commands as c
from router.callbacks import bookable_until, places_left
from router.opening import hours_of
from vocabulary.instants import Instant, rfc3339
from vocabulary.media import CALLBACK
from vocabulary.records import AuditRow, IdentityRow, MessageRow, Put, PutNew
from web.answers import Callbacks, CallbackView, InteractionView, Slots, SlotView
from web.api.handling import audit_line, now
from web.api.interactions import may_see
from web.call import Call
from web.callback_payloads import CallbackQuery, CancelBecause, LeftMessage, NewCallback, NewSlot, SlotQuery
from web.endpoint import Endpoints
from web.problems import Problem, instant_at, invalid, refused
from web.site import ApiCustomer, ApiInteraction, NotTaken

endpoints = Endpoints("callbacks")


@endpoints.get("/callbacks/slots", "queue.see", "Windows that can be booked")
async def list_slots(call: Call, query: SlotQuery) -> Slots:
    """Answer the windows of a queue that have places left, the next ones first."""
    queue = call.site.policy.queues.get(query.queue)
    if queue is None:
        raise invalid("queue", f"There is no queue {query.queue!r}.")
    this = call.site.now()
    first = max(this + 1, this + 1 if query.from_ is None else instant_at("from", query.from_))
    zone = _zone(query.time_zone)
    hours = hours_of(call.site.policy, queue)
    all_of_them = windows(queue, hours, first, bookable_until(queue, this) + 1)
    free = (start for start in all_of_them if places_left(call.site.state, queue, start))
    found = list(islice(free, query.limit + 1))
    items = [
        SlotView(
            starts_at=rfc3339(start),
            ends_at=rfc3339(start + queue.callback_slot),
            local=None if zone is None else datetime.fromtimestamp(start / 1000, zone).isoformat(),
            places=places_left(call.site.state, queue, start),
        )
        for start in found[: query.limit]
    ]
    return Slots(items=items, next=rfc3339(found[-1]) if len(found) > query.limit else None)


def _zone(name: str | None) -> tzinfo | None:
    try:
        return None if name is None else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise invalid("time_zone", f"There is no time zone {name!r}.") from error


@endpoints.get("/callbacks", "interaction.list", "List callbacks, newest first")
async def list_callbacks(call: Call, query: CallbackQuery) -> Callbacks:
    """Answer those that the caller may see."""
    rows = await call.site.store.interactions(
        state=[state for state in (query.state or "").split(",") if state],
        queue=query.queue,
        customer=query.customer,
        medium=CALLBACK,
        before=query.cursor,
        limit=query.limit,
    )
    found = [call.views.of_row(row) for row in rows]
    items = [await call.views.interaction(each) for each in found if may_see(call.principal, each, call)]
    return Callbacks(items=items, next=str(rows[-1].number) if len(rows) == query.limit else None)


@endpoints.post("/callbacks", "interaction.admit", "Ask for a callback; 200 if it had come before", status=201)
async def add_callback(call: Call, body: NewCallback) -> CallbackView:
    """Take in a request, or let what waits become one. `link` is where the customer changes or cancels it."""
    if body.queue is not None and body.queue not in call.site.policy.queues:
        raise invalid("queue", f"There is no queue {body.queue!r}.")
    _zone(body.time_zone)
    slot = None if body.slot is None else instant_at("slot", body.slot)
    if body.interaction is not None:
        return await _converted(call, body.interaction, body, slot)
    phone = call.site.phone_of(body.customer.phone or "")
    if phone is None:
        raise invalid("customer.phone", "Give a phone number with its country's prefix, such as +48 512 345 678.")
    try:
        admission = await call.site.admit(_request(call, body, phone, slot))
    except NotTaken as problem:
        raise refused(problem.refusal) from problem
    if admission.known:
        call.status = 200
    return await _view(call, admission.interaction)


def _request(call: Call, body: NewCallback, phone: str, slot: Instant | None) -> ApiInteraction:
    channels = call.site.policy.channels
    if body.channel is not None and body.channel not in channels:
        raise invalid("channel", f"There is no channel {body.channel!r}.")
    forms = sorted(name for name, channel in channels.items() if channel.medium == CALLBACK)
    customer = body.customer
    return ApiInteraction(
        channel=body.channel or next(iter(forms), None),
        external_id=body.external_id or call.derived("api"),
        medium=CALLBACK,
        customer=ApiCustomer(
            id=customer.id, email=customer.email, phone=phone, name=customer.name, language=customer.language
        ),
        subject=body.subject,
        text=body.text,
        queue=body.queue,
        priority=body.priority,
        slot=slot,
        time_zone=body.time_zone,
    )


async def _converted(call: Call, id: str, body: NewCallback, slot: Instant | None) -> CallbackView:
    found = await call.interaction(id, "interaction.leave")
    phone = call.site.phone_of(body.customer.phone or "")
    if body.customer.phone and phone is None:
        raise invalid("customer.phone", "Give a phone number with its country's prefix, such as +48 512 345 678.")
    known = [each for each in await call.site.store.person_identities(found.customer) if each.kind == "phone"]
    if phone is None and not known:
        raise invalid("customer.phone", "The customer's phone number is not known; give it.")
    learnt = [] if phone is None else [PutNew(IdentityRow(kind="phone", value=phone, customer=found.customer))]
    await call.submit(c.AcceptCallback(id, slot), *learnt)
    call.status = 200
    return await _view(call, id)


async def _view(call: Call, id: str) -> CallbackView:
    view = await now(call, id)
    return CallbackView(**msgspec.structs.asdict(view), link=call.site.callback_link(id))


@endpoints.post("/callbacks/{id}/reschedule", "interaction.leave", "Give it another window")
async def reschedule(call: Call, id: str, body: NewSlot) -> CallbackView:
    """Book another window; a full one is refused with 409."""
    await call.interaction(id, "interaction.leave")
    slot = instant_at("slot", body.slot)
    await call.submit(c.RescheduleCallback(id, slot), Put(_line(call, "reschedule", id, slot=slot)))
    return await _view(call, id)


@endpoints.post("/callbacks/{id}/cancel", "interaction.leave", "Cancel it")
async def cancel(call: Call, id: str, body: CancelBecause = CancelBecause()) -> CallbackView:  # noqa: B008  (frozen)
    """Let it be no more; its place can be booked again."""
    await call.interaction(id, "interaction.leave")
    by = "customer" if body.by == "customer" else call.actor
    await call.submit(c.CancelCallback(id, by), Put(_line(call, "cancel", id, by=body.by)))
    return await _view(call, id)


def _line(call: Call, action: str, id: str, **detail: object) -> AuditRow:
    return audit_line(call, action, id, **detail)


@endpoints.post("/interactions/{id}/leave-message", "interaction.leave", "Let what waits go on as e-mail")
async def leave_message(call: Call, id: str, body: LeftMessage) -> InteractionView:
    """Answer by e-mail what waits elsewhere: from the mailbox of its queue, to the address that the customer gave."""
    found = await call.interaction(id, "interaction.leave")
    if "@" not in body.email.strip("@"):
        raise invalid("email", f"{body.email!r} is no e-mail address.")
    known = call.derived("m")
    if known is None or await call.site.store.message(known) is None:
        row = MessageRow(
            id=known or call.site.new_id("m"),
            interaction=id,
            channel=found.channel,
            author="customer",
            at=call.site.now(),
            text=body.text,
            sender_address=body.email,
        )
        if found.state not in ("waiting", "offered"):
            raise Problem("conflict", f"Interaction {id} is {found.state}.", reason="not_waiting")
        await call.submit(c.AddMessage(interaction=id, message=row.id, author="customer"), PutNew(row))
    await call.submit(c.LeaveMessage(id))
    return await now(call, id)
