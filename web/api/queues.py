"""Queues: settings and live figures. Settings come from the configuration file."""

from web.answers import LiveView, Queues, QueueView
from web.call import Call
from web.endpoint import Endpoints
from web.problems import Problem

endpoints = Endpoints("queues")


@endpoints.get("/queues", "queue.see", "All queues")
async def list_queues(call: Call) -> Queues:
    """Answer the queues, by name."""
    return Queues(items=[_queue(call, name) for name in sorted(call.site.policy.queues)])


@endpoints.get("/queues/{name}", "queue.see", "One queue")
async def get_queue(call: Call, name: str) -> QueueView:
    """Answer the queue's settings."""
    return _queue(call, name)


@endpoints.get("/queues/{name}/live", "queue.see", "What the wallboard shows of a queue")
async def live(call: Call, name: str) -> LiveView:
    """Answer the figures of this moment."""
    _queue(call, name)
    return call.staff.live(name)


def _queue(call: Call, name: str) -> QueueView:
    view = call.staff.queue(name)
    if view is None:
        raise Problem("not_found", f"There is no queue {name!r}.", reason="unknown_queue")
    return view
