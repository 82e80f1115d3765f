"""What is promised to customers: the tables of `[sla]`."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from config.kinds import Name, Span, Text
from queues.sla import Notify
from vocabulary.instants import DAY, SECOND

Target = Annotated[Span, Meta(ge=SECOND, le=366 * DAY)]


class EscalationTable(msgspec.Struct, frozen=True):
    """What is done before or at a breach."""

    priority: Annotated[int, Meta(description="Added to the priority, up to 100.", ge=0, le=100, examples=[20])] = 0
    queue: Annotated[
        Name | None, Meta(description="What still waits is moved to this queue.", examples=["escalations"])
    ] = None
    notify: Annotated[
        tuple[Notify, ...],
        Meta(
            description="Who is told: supervisors on their page, by e-mail, or programs by webhook.",
            examples=[["page", "email"]],
            extra={"one": True},
        ),
    ] = ()


class Sla(msgspec.Struct, frozen=True):
    """A service-level agreement. It is decided when an interaction comes in, and stays with it in other queues."""

    first_response: Annotated[
        Target | None,
        Meta(
            description="The first public reply of a person; of a callback, that somebody takes it.", examples=["15m"]
        ),
    ] = None
    next_response: Annotated[
        Target | None, Meta(description="A reply to each further message of the customer.", examples=["1h"])
    ] = None
    resolution: Annotated[
        Target | None,
        Meta(description="The end; an interaction that opens again keeps its instant.", examples=["3d"]),
    ] = None
    clock: Annotated[
        Literal["calendar", "business"], Meta(description="Clocks always run, or only in the hours below.")
    ] = "calendar"
    hours: Annotated[
        Name | None, Meta(description="For the clock `business`: the table of opening hours.", examples=["office"])
    ] = None
    pause_while_parked: Annotated[bool, Meta(description="Clocks stand still while it is parked.")] = False
    warn_before: Annotated[
        tuple[Annotated[Span, Meta(ge=SECOND, le=366 * DAY)], ...],
        Meta(description="Warn so long before a clock is due, in its own time.", examples=[["15m", "5m"]]),
    ] = ()
    at_warning: Annotated[EscalationTable, Meta(description="What is done at each warning.")] = EscalationTable()
    at_breach: Annotated[EscalationTable, Meta(description="What is done when a clock is due.")] = EscalationTable()
    segments: Annotated[
        tuple[Text, ...],
        Meta(
            description="For customers of these segments; it goes before the agreement that a queue names.",
            examples=[["key_account"]],
            extra={"one": True},
        ),
    ] = ()
    queues: Annotated[
        tuple[Name, ...],
        Meta(description="With `segments`: in these queues only.", examples=[["billing"]], extra={"one": True}),
    ] = ()
