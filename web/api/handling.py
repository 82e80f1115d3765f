"""What owners and supervisors do with an interaction."""

from collections.abc import Sequence

from queues.interaction import Interaction
from router import commands as c
from vocabulary.instants import Instant
from vocabulary.records import AuditRow, Change, MessageRow, Put, PutNew
from web.answers import InteractionView
from web.api.interactions import requirements_of
from web.call import Call, accepted
from web.codes import BY_STAFF, CLOSED, OTHER, known_or
from web.endpoint import Endpoints
from web.payloads import (
    CloseBecause,
    EndContact,
    MoveTo,
    Outcome,
    ParkUntil,
    PriorityChange,
    TransferTo,
    WrapUpDone,
)
from web.problems import instant_at, invalid
from web.site import Written

endpoints = Endpoints("handling")


async def now(call: Call, id: str) -> InteractionView:
    """Return the interaction as it is after the call."""
    found = await call.views.find(id)
    assert found is not None, "an interaction that was changed is there"
    return await call.views.interaction(found)


def audit_line(call: Call, action: str, id: str, **detail: object) -> AuditRow:
    """Return the line of the audit log that a supervisor's act leaves; words stay in the records."""
    return AuditRow(
        id=call.site.new_id("audit"),
        at=call.site.now(),
        who=call.principal.id,
        action=action,
        target=id,
        detail=dict(detail),
    )


@endpoints.post("/interactions/{id}/transfer", "interaction.handle", "Hand it over to a queue, an agent or a skill")
async def transfer(call: Call, id: str, body: TransferTo) -> InteractionView:
    """Hand over with a note, which becomes part of the conversation in the same step; warm, it stays until accepted."""
    found = await call.interaction(id, "interaction.handle")
    needs = requirements_of(body.requirements)
    _check_target(call, body)
    agent = await call.acting(found)
    note = _note(call, found, agent, body.note)
    learnt: Sequence[Change] = ()
    if body.queue is not None:
        learnt = await call.site.learning.handed_over(found, body.queue, agent, warm=body.warm)
    await call.submit(c.Transfer(id, agent, body.queue, note.id, needs, body.agent, body.warm), PutNew(note), *learnt)
    return await now(call, id)


def _check_target(call: Call, body: TransferTo) -> None:
    """Say which field is at fault; what may change meanwhile is the core's to refuse."""
    if body.queue is not None and body.queue not in call.site.policy.queues:
        raise invalid("queue", f"There is no queue {body.queue!r}.")
    if body.agent is not None and body.agent not in call.site.state.agents:
        raise invalid("agent", f"There is no agent {body.agent!r}.")
    if body.agent is not None and (body.queue is not None or body.requirements is not None):
        raise invalid("agent", "Name one target: a queue, an agent, or requirements.")
    if body.agent is None and body.queue is None and body.requirements is None:
        raise invalid("queue", "Name a target: a queue, an agent, or requirements.")


@endpoints.delete("/interactions/{id}/transfer", "interaction.handle", "Keep it: end the warm transfer")
async def cancel_transfer(call: Call, id: str) -> InteractionView:
    """Withdraw a warm transfer that nobody has accepted."""
    found = await call.interaction(id, "interaction.handle")
    await call.submit(c.CancelTransfer(id, await call.acting(found)))
    return await now(call, id)


def _note(call: Call, found: Interaction, agent: str, text: str) -> MessageRow:
    return MessageRow(
        id=call.new_id("m"),
        interaction=found.id,
        channel=found.channel,
        author="note",
        at=call.site.now(),
        text=text,
        agent=agent,
    )


@endpoints.post("/interactions/{id}/priority", "interaction.steer", "Change priority and class")
async def prioritise(call: Call, id: str, body: PriorityChange) -> InteractionView:
    """Give it another place in its queue."""
    await call.interaction(id, "interaction.steer")
    line = audit_line(call, "priority", id, priority=body.priority, class_=body.class_, reason=body.reason)
    await call.submit(c.Reprioritise(id, body.priority, call.actor, body.class_, line.id), Put(line))
    return await now(call, id)


@endpoints.post("/interactions/{id}/move", "interaction.steer", "Move what waits to another queue")
async def move(call: Call, id: str, body: MoveTo) -> InteractionView:
    """Put it into another queue, at the place of its age."""
    await call.interaction(id, "interaction.steer")
    line = audit_line(call, "move", id, queue=body.queue, reason=body.reason)
    await call.submit(c.Move(id, body.queue, call.actor, line.id), Put(line))
    return await now(call, id)


@endpoints.post("/interactions/{id}/park", "interaction.handle", "Set it aside")
async def park(call: Call, id: str, body: ParkUntil = ParkUntil()) -> InteractionView:  # noqa: B008  (frozen)
    """Set it aside until the customer writes, the owner resumes, or an instant."""
    found = await call.interaction(id, "interaction.handle")
    until = _later(call, body.until)
    await call.submit(c.Park(id, await call.acting(found), until))
    return await now(call, id)


def _later(call: Call, text: str | None) -> Instant | None:
    if text is None:
        return None
    until = instant_at("until", text)
    if until <= call.site.now():
        raise invalid("until", f"{text} is over; name an instant in the future.")
    return until


@endpoints.post("/interactions/{id}/resume", "interaction.handle", "Take a parked one up again")
async def resume(call: Call, id: str) -> InteractionView:
    """Make it active again, if its owner has room."""
    found = await call.interaction(id, "interaction.handle")
    await call.submit(c.Resume(id, await call.acting(found)))
    return await now(call, id)


@endpoints.post("/interactions/{id}/end", "interaction.handle", "End the contact; wrap-up begins")
async def end(call: Call, id: str, body: EndContact = EndContact()) -> InteractionView:  # noqa: B008  (frozen)
    """End the contact."""
    found = await call.interaction(id, "interaction.handle")
    await call.submit(c.End(id, await call.acting(found), wrap_up=body.wrap_up))
    return await now(call, id)


@endpoints.post("/interactions/{id}/wrap-up", "interaction.handle", "Finish the wrap-up")
async def wrap_up(call: Call, id: str, body: WrapUpDone = WrapUpDone()) -> InteractionView:  # noqa: B008  (frozen)
    """Close it with a disposition; the note, if there is one, becomes part of the conversation first."""
    found = await call.interaction(id, "interaction.handle")
    agent = await call.acting(found)
    if body.note and found.state == "wrap_up":
        note = call.new_id("m")
        if await call.site.store.message(note) is None:
            decision, _ = await call.site.reply(id, agent, Written(text=body.note), note=True, id=note)
            accepted(decision)
    if body.disposition is None or _dispositions(call, found):
        learnt = await call.site.learning.ended(found, body.disposition, agent) if body.disposition else ()
        await call.submit(c.WrapUp(id, agent, body.disposition), *learnt)
        return await now(call, id)
    # Its queue has no list: words go where they can be erased.
    code = known_or(body.disposition, CLOSED, OTHER)
    words = [] if code == body.disposition else [Put(audit_line(call, "wrap_up", id, disposition=body.disposition))]
    await call.submit(c.WrapUp(id, agent, code), *words)
    return await now(call, id)


def _dispositions(call: Call, found: Interaction) -> tuple[str, ...]:
    queue = call.site.policy.queues.get(found.queue)
    return () if queue is None else queue.dispositions


@endpoints.post("/interactions/{id}/wrap-up/extend", "interaction.handle", "Take longer for the wrap-up")
async def extend(call: Call, id: str) -> InteractionView:
    """Move the end of the wrap-up's timer."""
    found = await call.interaction(id, "interaction.handle")
    await call.submit(c.ExtendWrapUp(id, await call.acting(found)))
    return await now(call, id)


@endpoints.post("/interactions/{id}/leave", "interaction.leave", "The customer left")
async def leave(call: Call, id: str) -> InteractionView:
    """Tell that the customer is gone for good."""
    await call.interaction(id, "interaction.leave")
    await call.submit(c.Leave(id))
    return await now(call, id)


@endpoints.post("/interactions/{id}/close", "interaction.close", "Close it, whatever its state")
async def close(call: Call, id: str, body: CloseBecause) -> InteractionView:
    """Close it. A reason in words stays in the audit log; the event then says `by_staff`."""
    found = await call.interaction(id, "interaction.close")
    line = audit_line(call, "close", id, reason=body.reason)
    code = known_or(body.reason, CLOSED | {*_dispositions(call, found)}, BY_STAFF)
    await call.submit(c.Close(id, code, call.actor, line.id), Put(line))
    return await now(call, id)


@endpoints.post("/interactions/{id}/sla", "interaction.steer", "Let today's service-level agreement hold for it")
async def renew_sla(call: Call, id: str) -> InteractionView:
    """Due instants follow changes of the configuration only when asked: then they count from where they began."""
    await call.interaction(id, "interaction.steer")
    line = audit_line(call, "sla", id)
    await call.submit(c.RenewSla(id, call.actor), Put(line))
    return await now(call, id)


@endpoints.post("/callbacks/{id}/outcome", "interaction.handle", "What came of calling back")
async def outcome(call: Call, id: str, body: Outcome) -> InteractionView:
    """Note the outcome; who was not reached is called again later."""
    found = await call.interaction(id, "interaction.handle")
    await call.submit(c.CallAttempted(id, await call.acting(found), body.outcome))
    return await now(call, id)
