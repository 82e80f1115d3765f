"""What is sent later: prepared documents and written messages, planned, listed and cancelled."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from queues.interaction import Interaction
from queues.local_time import first_at
from queues.sending import Sending, Timing
from router.commands import CancelSending, PlanSending
from router.sending_story import SendingTold, sendings_told
from vocabulary.errors import PermanentFailure
from vocabulary.ids import reference
from vocabulary.instants import DAY, MINUTE, Instant
from vocabulary.records import Change, Put
from web.access import Principal
from web.api.handling import audit_line
from web.call import Call, accepted
from web.endpoint import Endpoints
from web.explaining import language_of
from web.payloads import ExplainQuery, NewSending, SendingQuery
from web.problems import Problem, instant_at, invalid
from web.sending_views import (
    Documents,
    DocumentView,
    PlannedSending,
    PlannedSendings,
    Sendings,
    SendingView,
    message_of,
    sending_view,
)
from web.site import Reach, Written

endpoints = Endpoints("sendings")

PREVIEW = 140
LATE_MAX = 5 * MINUTE
"""Clocks on desks may be so much behind."""


@endpoints.get("/documents", "interaction.start", "What is prepared to be sent")
async def list_documents(call: Call, query: ExplainQuery) -> Documents:
    """Answer the documents of the configuration, with their first words in one of the site's languages."""
    language = query.language or language_of(call, query)
    items = []
    for document in call.site.documents:
        plan = call.site.policy.plans[document.name]
        texts = document.texts
        items.append(
            DocumentView(
                name=document.name,
                text=texts.get(language) or next(iter(texts.values()), ""),
                files=[file.replace("{language}", language) for file in document.files],
                waits=plan.steps[0] != Timing() or plan.within is not None,
                within=plan.within,
                follow_ups=len(plan.steps) - 1,
                queue=plan.call.queue if plan.call is not None else None,
                unsubscribe=plan.unsubscribe,
            )
        )
    return Documents(items=items, hours=sorted(call.site.policy.hours), time_zone=call.site.time_zone)


@endpoints.post("/interactions/{id}/sendings", "interaction.send", "Send something, now or later", status=201)
async def plan(call: Call, id: str, body: NewSending) -> SendingView:
    """Plan what is sent to the customer by e-mail. A closed conversation will do; answers open it again."""
    found = await call.interaction(id, "interaction.send")
    at = _due(call, body)
    reach = await call.site.reach_of(found.customer)
    if reach.address_hash is None:
        raise Problem("conflict", "No e-mail address of the customer is known.", reason="no_address")
    sending = call.new_id("s")
    agent = _in_whose_name(call.principal)
    against = _against(call, reach, body)
    if against and agent is None:
        raise Problem("conflict", f"Nothing automatic goes to this customer: {', '.join(against)}.", reason=against[0])
    draft = await _draft(call, found, sending, agent, body)
    command = PlanSending(
        interaction=id,
        sending=sending,
        by=call.actor,
        plan=body.name or "",
        agent=agent,
        address_hash=reach.address_hash,
        domain_hash=reach.domain_hash,
        at=at,
        within=body.within,
        written=bool(draft),
        # A person may write to anybody; what follows by itself may not go to everybody.
        alone=not body.follow_up or bool(against),
        unless_answered=body.unless_answered,
    )
    line = audit_line(call, "sending.plan", id, sending=sending, name=body.name, at=body.at)
    decision = await call.site.submit(command, (*draft, Put(line)))
    if decision.refusal is None or decision.refusal.code != "known":
        accepted(decision)
    return await _one(call, id, sending)


def _against(call: Call, reach: Reach, body: NewSending) -> list[str]:
    """Return why nothing automatic goes to the customer; he may have unsubscribed from some documents only."""
    plan = call.site.policy.plans.get(body.name or "")
    concerned = plan is not None and plan.unsubscribe
    return [reason for reason in reach.against if reason != "unsubscribed" or concerned]


def _in_whose_name(principal: Principal) -> str | None:
    return None if principal.role == "integration" else principal.agent


def _due(call: Call, body: NewSending) -> Instant | None:
    """Return the instant that the caller means; without an offset, what clocks show somewhere.

    Raises:
        Problem: it is none, it is over, or there is no such zone (422).
    """
    if body.at is None:
        return None
    zone = _zone(body.time_zone or call.site.time_zone)
    try:
        moment = datetime.fromisoformat(body.at)
    except ValueError as error:
        raise invalid("at", f"{body.at!r} is no date and time such as 2026-03-01T08:00.") from error
    if moment.tzinfo is None:
        due = first_at(zone, moment.date(), moment.hour * 60 + moment.minute)
    else:
        due = instant_at("at", body.at)
    if due < call.site.now() - LATE_MAX:
        raise invalid("at", f"{body.at} is over; name a later time.")
    if due > call.site.now() + 366 * DAY:
        raise invalid("at", f"{body.at} is more than a year ahead.")
    return due


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise invalid("time_zone", f"There is no time zone {name!r}.") from error


async def _draft(call: Call, found: Interaction, sending: str, agent: str | None, body: NewSending) -> Sequence[Change]:
    """Return what keeps the words that are sent; nothing if only a prepared document is.

    Raises:
        Problem: there is nothing to send, no such document, or a file or an address is at fault (422).
    """
    if body.name is not None and body.name not in call.site.policy.plans:
        known = ", ".join(sorted(call.site.policy.plans)) or "none"
        raise invalid("name", f"There is no prepared document {body.name!r}; there are: {known}.")
    if not body.text.strip() and not (body.html or "").strip():
        if body.name is None:
            raise invalid("text", "Write something, or name a prepared document.")
        if body.attachments or body.subject or body.cc:
            raise invalid("text", "Write something to go with the subject, the files or the copies.")
        return ()
    if any(ord(sign) < 32 for sign in body.subject):
        raise invalid("subject", "A subject is one line.")
    said = Written(text=body.text, html=body.html, files=body.attachments, copies=body.cc)
    try:
        return await call.site.draft(
            found.id,
            said,
            subject=body.subject,
            by=call.actor,
            agent=agent,
            sending=sending,
            document=body.name or "",
        )
    except PermanentFailure as failure:
        raise invalid("attachments" if "file" in str(failure) else "cc", f"{failure}.") from failure


@endpoints.get("/interactions/{id}/sendings", "interaction.see", "What is and was sent later")
async def list_sendings(call: Call, id: str) -> Sendings:
    """Answer the sendings of an interaction with what became of them."""
    found = await call.interaction(id, "interaction.see")
    told = await call.site.sending_events(found.id)
    return Sendings(items=[await _view(call, each) for each in sendings_told(told)])


@endpoints.delete("/interactions/{id}/sendings/{sending}", "interaction.send", "Send nothing more of it")
async def cancel(call: Call, id: str, sending: str) -> SendingView:
    """End a sending. What was sent stays sent."""
    await call.interaction(id, "interaction.send")
    line = audit_line(call, "sending.cancel", id, sending=sending)
    await call.submit(CancelSending(id, sending, call.actor), Put(line))
    return await _one(call, id, sending)


@endpoints.get("/sendings", "sending.list", "All planned sendings, the next due first")
async def list_planned(call: Call, query: SendingQuery) -> PlannedSendings:
    """Answer what will be sent, follow-ups that wait for an answer included."""
    state = call.site.state
    mine = (id for ids in state.expecting.values() for id in ids)
    pairs = [(state.interactions[id], sending) for id in mine for sending in state.interactions[id].sendings]
    wanted = sorted((pair for pair in pairs if _asked_for(query, *pair)), key=lambda pair: (pair[1].due_at, pair[1].id))
    if query.cursor is not None:
        wanted = [pair for pair in wanted if f"{pair[1].due_at:015d}:{pair[1].id}" > query.cursor]
    page = wanted[: query.limit]
    items = []
    for interaction, sending in page:
        told = [each for each in sendings_told(await call.site.sending_events(interaction.id)) if each.id == sending.id]
        if told:
            items.append(
                PlannedSending(
                    sending=await _view(call, told[0]),
                    reference=reference(interaction.number),
                    customer=await call.views.customers.brief(interaction.customer),
                    queue=interaction.queue,
                )
            )
    last = page[-1][1] if len(wanted) > len(page) else None
    return PlannedSendings(items=items, next=None if last is None else f"{last.due_at:015d}:{last.id}")


def _asked_for(query: SendingQuery, interaction: Interaction, sending: Sending) -> bool:
    asked = ((query.queue, interaction.queue), (query.name, sending.plan), (query.by, sending.by))
    return all(wanted is None or wanted == has for wanted, has in asked)


async def _one(call: Call, id: str, sending: str) -> SendingView:
    told = [each for each in sendings_told(await call.site.sending_events(id)) if each.id == sending]
    assert told, "what was planned is in the journal"
    return await _view(call, told[0])


async def _view(call: Call, told: SendingTold) -> SendingView:
    row = await call.site.store.message(message_of(told.id, 0)) if told.written else None
    deliveries = [await call.views.delivery_of_step(told.id, step) for step in range(len(told.sent))]
    return sending_view(told, deliveries, " ".join(row.text.split())[:PREVIEW] if row is not None else "")
