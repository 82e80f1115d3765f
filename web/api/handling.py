"""What owners and supervisors do with an interaction."""

from queues.interaction import Interaction
from router import commands as c
from vocabulary.instants import Instant, instant_of
from vocabulary.records import AuditRow, MessageRow, Put, PutNew
from web.answers import InteractionView
from web.api.interactions import requirements_of
from web.call import Call, accepted
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
from web.problems import invalid

endpoints = Endpoints("handling")


async def _now(call: Call, id: str) -> InteractionView:
    """Return the interaction as it is after the call."""
    found = await call.views.find(id)
    assert found is not None, "an interaction that was changed is there"
    return await call.views.interaction(found)


def _audit(call: Call, action: str, id: str, **detail: object) -> Put:
    """Return the line of the audit log that a supervisor's act leaves; words stay in the records."""
    return Put(
        AuditRow(
            id=call.site.new_id("audit"),
            at=call.site.now(),
            who=call.principal.id,
            action=action,
            target=id,
            detail=dict(detail),
        )
    )


@endpoints.post("/interactions/{id}/transfer", "interaction.handle", "Hand it over to another queue")
async def transfer(call: Call, id: str, body: TransferTo) -> InteractionView:
    """Hand over with a note, which becomes part of the conversation in the same step."""
    found = await call.interaction(id, "interaction.handle")
    queue = _target_queue(call, body)
    agent = await call.acting(found)
    note = _note(call, found, agent, body.note)
    command = c.Transfer(id, agent, queue, note.id, requirements_of(body.requirements))
    await call.submit(command, PutNew(note))
    return await _now(call, id)


def _target_queue(call: Call, body: TransferTo) -> str:
    if body.warm:
        raise invalid("warm", "Warm transfers are not possible yet; leave `warm` out to hand over at once.")
    if body.agent is not None:
        raise invalid("agent", "Transfers to an agent are not possible yet; name a queue.")
    if body.queue is None:
        raise invalid("queue", "Name the queue; transfers by requirements alone are not possible yet.")
    if body.queue not in call.site.policy.queues:
        raise invalid("queue", f"There is no queue {body.queue!r}.")
    return body.queue


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
    audit = _audit(call, "priority", id, priority=body.priority, class_=body.class_, reason=body.reason)
    await call.submit(c.Reprioritise(id, body.priority, call.actor, body.class_), audit)
    return await _now(call, id)


@endpoints.post("/interactions/{id}/move", "interaction.steer", "Move what waits to another queue")
async def move(call: Call, id: str, body: MoveTo) -> InteractionView:
    """Put it into another queue, at the place of its age."""
    await call.interaction(id, "interaction.steer")
    audit = _audit(call, "move", id, queue=body.queue, reason=body.reason)
    await call.submit(c.Move(id, body.queue, call.actor), audit)
    return await _now(call, id)


@endpoints.post("/interactions/{id}/park", "interaction.handle", "Set it aside")
async def park(call: Call, id: str, body: ParkUntil = ParkUntil()) -> InteractionView:  # noqa: B008  (frozen)
    """Set it aside until the customer writes, the owner resumes, or an instant."""
    found = await call.interaction(id, "interaction.handle")
    until = _later(call, body.until)
    await call.submit(c.Park(id, await call.acting(found), until))
    return await _now(call, id)


def _later(call: Call, text: str | None) -> Instant | None:
    if text is None:
        return None
    try:
        until = instant_of(text)
    except ValueError as error:
        raise invalid("until", str(error)) from error
    if until <= call.site.now():
        raise invalid("until", f"{text} is over; name an instant in the future.")
    return until


@endpoints.post("/interactions/{id}/resume", "interaction.handle", "Take a parked one up again")
async def resume(call: Call, id: str) -> InteractionView:
    """Make it active again, if its owner has room."""
    found = await call.interaction(id, "interaction.handle")
    await call.submit(c.Resume(id, await call.acting(found)))
    return await _now(call, id)


@endpoints.post("/interactions/{id}/end", "interaction.handle", "End the contact; wrap-up begins")
async def end(call: Call, id: str, body: EndContact = EndContact()) -> InteractionView:  # noqa: B008  (frozen)
    """End the contact."""
    found = await call.interaction(id, "interaction.handle")
    await call.submit(c.End(id, await call.acting(found), wrap_up=body.wrap_up))
    return await _now(call, id)


@endpoints.post("/interactions/{id}/wrap-up", "interaction.handle", "Finish the wrap-up")
async def wrap_up(call: Call, id: str, body: WrapUpDone = WrapUpDone()) -> InteractionView:  # noqa: B008  (frozen)
    """Close it with a disposition; the note, if there is one, becomes part of the conversation first."""
    found = await call.interaction(id, "interaction.handle")
    agent = await call.acting(found)
    if body.note and found.state == "wrap_up":
        note = call.new_id("m")
        if await call.site.store.message(note) is None:
            decision, _ = await call.site.reply(id, agent, body.note, note=True, id=note)
            accepted(decision)
    await call.submit(c.WrapUp(id, agent, body.disposition))
    return await _now(call, id)


@endpoints.post("/interactions/{id}/wrap-up/extend", "interaction.handle", "Take longer for the wrap-up")
async def extend(call: Call, id: str) -> InteractionView:
    """Move the end of the wrap-up's timer."""
    found = await call.interaction(id, "interaction.handle")
    await call.submit(c.ExtendWrapUp(id, await call.acting(found)))
    return await _now(call, id)


@endpoints.post("/interactions/{id}/leave", "interaction.leave", "The customer left")
async def leave(call: Call, id: str) -> InteractionView:
    """Tell that the customer is gone for good."""
    await call.interaction(id, "interaction.leave")
    await call.submit(c.Leave(id))
    return await _now(call, id)


@endpoints.post("/interactions/{id}/close", "interaction.close", "Close it, whatever its state")
async def close(call: Call, id: str, body: CloseBecause) -> InteractionView:
    """Close it."""
    await call.interaction(id, "interaction.close")
    audit = _audit(call, "close", id, reason=body.reason)
    await call.submit(c.Close(id, body.reason, call.actor), audit)
    return await _now(call, id)


@endpoints.post("/callbacks/{id}/outcome", "interaction.handle", "What came of calling back")
async def outcome(call: Call, id: str, body: Outcome) -> InteractionView:
    """Note the outcome; who was not reached is called again later."""
    found = await call.interaction(id, "interaction.handle")
    await call.submit(c.CallAttempted(id, await call.acting(found), body.outcome))
    return await _now(call, id)
