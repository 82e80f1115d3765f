"""Queues: settings and live figures. What is set here lies over the configuration file and survives restarts."""

from typing import Any

import msgspec

from queues.overflow import Do, Overflow, When
from queues.policy import QueuePolicy, Step
from vocabulary.errors import TemporaryFailure
from vocabulary.instants import SECOND
from web.answers import LiveView, Queues, QueueView
from web.call import Call
from web.endpoint import Endpoints
from web.payloads import OverflowRule, OverflowWhen, QueueSettings, QueueStep, RemovalQuery
from web.problems import Problem, invalid, refused, span_at, unavailable

endpoints = Endpoints("queues")

_SPANS = frozenset(
    "target credit short wrap_up_after wrap_up_extension disconnect_grace owner_hold warm_wait".split()
) | {"callback_retry", "callback_slot", "undo"}
_SPANS_BY_NAME = frozenset({"offer", "hold", "segment_targets", "silent_after", "parked_close_after"})
"""Tables of spans, by medium or by segment."""


@endpoints.get("/queues", "queue.see", "All queues")
async def list_queues(call: Call) -> Queues:
    """Answer the queues, by name."""
    return Queues(items=[_queue(call, name) for name in sorted(call.site.policy.queues)])


@endpoints.get("/queues/{name}", "queue.see", "One queue")
async def get_queue(call: Call, name: str) -> QueueView:
    """Answer the queue's settings."""
    return _queue(call, name)


@endpoints.put("/queues/{name}", "queue.edit", "Define a queue; 201 if it is new")
async def put_queue(call: Call, name: str, body: QueueSettings) -> QueueView:
    """Let the queue have exactly these settings, and the defaults where nothing is said."""
    call.status = 200 if name in call.site.policy.queues else 201
    await _use(call, QueuePolicy(name=name, **_given(body)))
    return _queue(call, name)


@endpoints.patch("/queues/{name}", "queue.edit", "Change a queue")
async def patch_queue(call: Call, name: str, body: QueueSettings) -> QueueView:
    """Change what is given and leave the rest."""
    _queue(call, name)
    await _use(call, msgspec.structs.replace(call.site.policy.queues[name], **_given(body)))
    return _queue(call, name)


@endpoints.delete("/queues/{name}", "queue.edit", "Remove a queue")
async def delete_queue(call: Call, name: str, query: RemovalQuery) -> None:
    """Remove a queue made here. One with work or agents only with `move_to`: the queue that takes them."""
    _queue(call, name)
    if query.move_to is not None and (query.move_to == name or query.move_to not in call.site.policy.queues):
        raise invalid("move_to", f"There is no other queue {query.move_to!r}.")
    try:
        refusal = await call.site.remove_queue(name, query.move_to, call.actor)
    except TemporaryFailure as failure:
        raise unavailable(str(failure)) from failure
    if refusal is not None:
        raise refused(refusal)


@endpoints.get("/queues/{name}/live", "queue.see", "What the wallboard shows of a queue")
async def live(call: Call, name: str) -> LiveView:
    """Answer the figures of this moment."""
    _queue(call, name)
    return call.staff.live(name)


async def _use(call: Call, queue: QueuePolicy) -> None:
    _check_overflow(call, queue)
    if queue.hours is not None and queue.hours not in call.site.policy.hours:
        raise invalid("hours", f"The configuration file has no table [hours.{queue.hours}].")
    if queue.sla is not None and queue.sla not in call.site.policy.sla:
        raise invalid("sla", f"The configuration file has no table [sla.{queue.sla}].")
    if queue.letter is not None and queue.letter not in call.site.letters:
        raise invalid("letter", f"The configuration file has no table [letters.{queue.letter}].")
    try:
        await call.site.put_queue(queue)
    except TemporaryFailure as failure:
        raise unavailable(str(failure)) from failure


def _check_overflow(call: Call, queue: QueuePolicy) -> None:
    policy = call.site.policy
    if queue.message_channel is not None and policy.channels.get(queue.message_channel) is None:
        raise invalid("message_channel", f"There is no channel {queue.message_channel!r}.")
    for place, rule in enumerate(queue.overflow):
        move, reply = rule.do.move, rule.do.reply
        if move is not None and (move == queue.name or move not in policy.queues):
            raise invalid(f"overflow[{place}].do.move", f"There is no other queue {move!r}.")
        if reply is not None and reply not in policy.autoresponses:
            raise invalid(f"overflow[{place}].do.reply", f"There is no automatic answer {reply!r}.")


def _given(body: QueueSettings) -> dict[str, Any]:
    """Return what `body` says, as a policy has it."""
    values = {key: getattr(body, key) for key in body.__struct_fields__}
    return {key: _value(key, value) for key, value in values.items() if value is not None}


def _value(key: str, value: Any) -> Any:
    if key == "steps":
        return _steps(value)
    if key == "overflow":
        return tuple(_overflow(f"overflow[{place}]", rule) for place, rule in enumerate(value))
    if key in _SPANS:
        return span_at(key, value)
    if key in _SPANS_BY_NAME:
        return {name: span_at(f"{key}.{name}", text) for name, text in value.items()}
    return tuple(value) if isinstance(value, list) else value


def _steps(given: list[QueueStep]) -> tuple[Step, ...]:
    steps = tuple(_step(f"steps[{place}]", step) for place, step in enumerate(given))
    before = 0
    for place, step in enumerate(steps):
        if step.after < max(SECOND, before + 1):
            detail = "A step comes after a second at least, and later than the one before."
            raise invalid(f"steps[{place}].after", detail)
        before = step.after
    return steps


def _step(path: str, given: QueueStep) -> Step:
    return Step(
        after=span_at(f"{path}.after", given.after),
        drop=tuple(given.drop),
        lower=given.lower,
        groups=tuple(given.groups),
        priority=given.priority,
        guard=given.guard,
    )


def _overflow(path: str, given: OverflowRule) -> Overflow:
    when, do = given.when, given.do
    if when == OverflowWhen():
        raise invalid(f"{path}.when", "Say when, for instance with wait.")
    if sum((do.move is not None, do.message, do.close is not None)) > 1:
        raise invalid(f"{path}.do", "Of move, message and close, name one.")
    values = {key: getattr(when, key) for key in when.__struct_fields__}
    for key in ("wait", "expected_wait"):
        if values[key] is not None:
            values[key] = span_at(f"{path}.when.{key}", values[key])
    return Overflow(when=When(**values), do=Do(**{key: getattr(do, key) for key in do.__struct_fields__}))


def _queue(call: Call, name: str) -> QueueView:
    view = call.staff.queue(name)
    if view is None:
        raise Problem("not_found", f"There is no queue {name!r}.", reason="unknown_queue")
    return view
