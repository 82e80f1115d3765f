"""How every decision ends: what may not stay overflows, what can be offered is, clocks follow."""

from router import overflow
from router.clocks import keep_clocks
from router.draft import Draft
from router.match import settle
from router.timers import run_due


def conclude(draft: Draft) -> None:
    """Do what follows from what a command has done."""
    state, heap = draft.state, draft.state.deadlines.heap
    if heap and heap[0][0] <= draft.now:
        # A new delay or an answer may be due at once.
        run_due(draft)
    if draft.overflowing is not None or state.emptied:
        overflow.before_matching(draft)
    if draft.agents or draft.interactions:
        settle(draft)
    if draft.overflowing is not None or state.emptied:
        _let_overflow(draft)
    if state.promised:
        keep_clocks(draft)


def _let_overflow(draft: Draft) -> None:
    """Let overflow what nobody could take and may not stay, and match again, until nothing changes."""
    known = -1
    while len(draft.events) != known:
        known = len(draft.events)
        overflow.after_matching(draft)
        overflow.before_matching(draft)
        run_due(draft)
        settle(draft)
