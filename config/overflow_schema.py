"""What a queue does with work that it can't serve as it should: the tables in `overflow`."""

from typing import Annotated

import msgspec
from msgspec import Meta

from config.kinds import Name, Span
from vocabulary.instants import DAY, SECOND


class OverflowWhen(msgspec.Struct, frozen=True):
    """When it overflows: all that is set must hold."""

    wait: Annotated[
        Annotated[Span, Meta(ge=SECOND, le=30 * DAY)] | None,
        Meta(description="It has waited so long in this queue.", examples=["5m"]),
    ] = None
    length: Annotated[
        Annotated[int, Meta(ge=0, le=1_000_000)] | None,
        Meta(description="It joins a queue in which more than so many wait, itself included.", examples=[20]),
    ] = None
    expected_wait: Annotated[
        Annotated[Span, Meta(ge=SECOND, le=30 * DAY)] | None,
        Meta(description="The middle of its last recorded expected wait is longer.", examples=["10m"]),
    ] = None
    unstaffed: Annotated[
        bool, Meta(description="No agent of the queue is connected and available or busy.", examples=[True])
    ] = False
    closed: Annotated[
        bool, Meta(description="It came while the queue was closed, on holidays too.", examples=[True])
    ] = False
    holiday: Annotated[bool, Meta(description="It came on a holiday.", examples=[True])] = False
    emergency: Annotated[bool, Meta(description="The emergency switch of the queue is on.", examples=[True])] = False


class OverflowDo(msgspec.Struct, frozen=True):
    """What is done then. `move`, `message` and `close` take it out of the queue: name one of them at most."""

    priority: Annotated[int, Meta(description="Added to the priority, up to 100.", ge=-200, le=200, examples=[10])] = 0
    groups: Annotated[
        tuple[Name, ...],
        Meta(
            description="Groups of agents who help out, after all their own queues.",
            examples=[["backup"]],
            extra={"one": True},
        ),
    ] = ()
    callback: Annotated[bool, Meta(description="The customer is offered a callback.", examples=[True])] = False
    reply: Annotated[Name | None, Meta(description="An automatic answer is sent.", examples=["closed-now"])] = None
    move: Annotated[
        Name | None,
        Meta(description="Into this queue; never back into one that it overflowed from.", examples=["backup"]),
    ] = None
    message: Annotated[
        bool,
        Meta(description="It becomes e-mail of `message_channel`; without an address the customer is asked for one."),
    ] = False
    close: Annotated[
        Name | None, Meta(description="It is closed, with this code as the reason.", examples=["closed_now"])
    ] = None


class OverflowTable(msgspec.Struct, frozen=True, kw_only=True):
    """A rule: all that hold apply in their order, each once, until one takes the work out of the queue."""

    when: Annotated[OverflowWhen, Meta(description="Its conditions.")]
    do: Annotated[OverflowDo, Meta(description="What is done.")]
