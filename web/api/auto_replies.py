"""Automatic replies that were stopped because far more than usual went out."""

from router.commands import ReleaseAutoReplies
from router.state import ALL_REPLIES
from vocabulary.instants import HOUR, rfc3339
from vocabulary.records import Put
from web.answers import AutoRepliesView
from web.api.handling import audit_line
from web.call import Call
from web.endpoint import Endpoints

endpoints = Endpoints("queues")


@endpoints.get("/auto-replies", "auto_replies.see", "Whether automatic replies go out")
async def get_auto_replies(call: Call) -> AutoRepliesView:
    """Answer since when none does, if so, and how many went out in this hour."""
    return _view(call)


@endpoints.post("/auto-replies/release", "auto_replies.release", "Let automatic replies go out again")
async def release_auto_replies(call: Call) -> AutoRepliesView:
    """Let them go on after a stop; what was not answered meanwhile stays so."""
    audit = audit_line(call, "auto_replies_released", "auto-replies")
    await call.submit(ReleaseAutoReplies(call.actor), Put(audit))
    return _view(call)


def _view(call: Call) -> AutoRepliesView:
    state = call.site.state
    since = state.replies_stopped.get(ALL_REPLIES)
    return AutoRepliesView(
        stopped_since=None if since is None else rfc3339(since),
        sent_this_hour=state.replies_by_hour.get(call.site.now() // HOUR, 0),
    )
