"""The emergency switch of a queue."""

from queues.overflow import Do
from router.commands import SetEmergency
from vocabulary.records import Put
from web.answers import EmergencyView
from web.api.handling import audit_line
from web.call import Call
from web.callback_payloads import Emergency
from web.endpoint import Endpoints
from web.payloads import OverflowDo
from web.problems import Problem

endpoints = Endpoints("queues")

CLOSED_BY = "emergency"
"""The reason of what the word `close` closes."""


@endpoints.get("/queues/{name}/emergency", "queue.see", "Whether the emergency switch is on")
async def get_emergency(call: Call, name: str) -> EmergencyView:
    """Answer the switch, and what is done while it is on."""
    _check(call, name)
    return _view(call, name)


@endpoints.put("/queues/{name}/emergency", "queue.emergency", "Turn the emergency switch on or off")
async def put_emergency(call: Call, name: str, body: Emergency) -> EmergencyView:
    """Withdraw what rings, and deal with what waits and comes; active work stays."""
    return await _set(call, name, body)


@endpoints.post("/queues/{name}/emergency", "queue.emergency", "The same as PUT")
async def post_emergency(call: Call, name: str, body: Emergency) -> EmergencyView:
    """Do what PUT does."""
    return await _set(call, name, body)


@endpoints.delete("/queues/{name}/emergency", "queue.emergency", "Turn the emergency switch off")
async def delete_emergency(call: Call, name: str) -> None:
    """Go on as before."""
    await _set(call, name, Emergency(action=None))


async def _set(call: Call, name: str, body: Emergency) -> EmergencyView:
    _check(call, name)
    audit = audit_line(call, "emergency" if body.action is not None else "emergency_over", name, reason=body.reason)
    await call.submit(SetEmergency(name, _action(body.action), call.actor), Put(audit))
    return _view(call, name)


def _action(given: OverflowDo | str | None) -> Do | None:
    match given:
        case None:
            return None
        case OverflowDo():
            return Do(**{key: getattr(given, key) for key in given.__struct_fields__})
        case "callback":
            return Do(callback=True)
        case "message":
            return Do(message=True)
        case "close":
            return Do(close=CLOSED_BY)
        case _:
            # Nothing of its own: the queue's rules say what is done.
            return Do()


def _check(call: Call, name: str) -> None:
    if name not in call.site.policy.queues:
        raise Problem("not_found", f"There is no queue {name!r}.", reason="unknown_queue")


def _view(call: Call, name: str) -> EmergencyView:
    action = call.site.state.emergencies.get(name)
    done = None if action is None else {key: getattr(action, key) for key in action.__struct_fields__}
    return EmergencyView(queue=name, on=action is not None, action=done)
