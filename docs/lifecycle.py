"""The reference page of the lifecycle, from the table in queues/lifecycle.py."""

from collections.abc import Mapping

from queues.lifecycle import HELD, LIFECYCLE, OPEN, InteractionState, diagram

_LIFECYCLE = """\
# Lifecycle of an interaction

Made from `queues/lifecycle.py` by `python -m docs.generate`.

An interaction is in exactly one state at every instant, and a way that the table does not list is refused. One agent
owns it while it is {held}. `closed` and `abandoned` are its ends, but a customer who writes
again in time (24 hours in a chat, 7 days by e-mail) opens it once more, in the queue it was in last and with the same
agent first, if he is there. It keeps its place in the order of the queue through offers, declines, moves and transfers:
`arrived_at` stays.

```mermaid
{diagram}```

| state | means |
|---|---|
{meanings}

| from | event | to |
|---|---|---|
{table}
"""

_MEANINGS: Mapping[InteractionState, str] = {
    InteractionState.SCHEDULED: "waits for an instant: a callback's slot or its next attempt",
    InteractionState.ANSWERED_BY_BOT: "rests with an automatic answer; it closes unless the customer objects in time",
    InteractionState.WAITING: "waits in one queue for an agent",
    InteractionState.OFFERED: "rings at an agent, who may accept or decline",
    InteractionState.ACTIVE: "an agent works on it",
    InteractionState.PARKED: "its agent set it aside until the customer writes or a time comes; it takes no capacity",
    InteractionState.WRAP_UP: "the contact is over; its agent finishes notes and outcome",
    InteractionState.CLOSED: "done",
    InteractionState.ABANDONED: "the customer left before anybody answered",
}


def page() -> str:
    """Return the reference page, Markdown."""
    rows = [(state or "-", event, to) for (state, event), targets in LIFECYCLE.items() for to in sorted(targets)]
    return _LIFECYCLE.format(
        held=", ".join(f"`{state}`" for state in sorted(HELD)),
        diagram=diagram(),
        meanings="\n".join(f"| `{state}` | {text}{_end(state)} |" for state, text in _MEANINGS.items()),
        table="\n".join(f"| `{state}` | {event} | `{to}` |" for state, event, to in rows),
    )


def _end(state: InteractionState) -> str:
    return "" if state in OPEN else " (an end)"
