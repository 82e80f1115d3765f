"""What a queue asks less of what waits long: the tables in `steps`."""

from typing import Annotated

import msgspec
from msgspec import Meta

from config.kinds import Level, Name, Skill, Span
from vocabulary.instants import DAY, SECOND


class StepTable(msgspec.Struct, frozen=True):
    """A step: taken once when something has waited `after` in this queue, then matched again at once."""

    after: Annotated[Span, Meta(description="After so long in the queue.", ge=SECOND, le=30 * DAY)]
    drop: Annotated[
        tuple[Skill, ...],
        Meta(description="Skills that are no longer required.", examples=[["billing"]], extra={"one": True}),
    ] = ()
    lower: Annotated[
        dict[Skill, Level], Meta(description="Levels that are enough from then on.", examples=[{"billing": 2}])
    ] = {}
    groups: Annotated[
        tuple[Name, ...],
        Meta(
            description="Groups of agents who help out then, after all their own queues.",
            examples=[["backup"]],
            extra={"one": True},
        ),
    ] = ()
    priority: Annotated[int, Meta(description="Added to the priority, up to 100.", ge=0, le=200)] = 0
    guard: Annotated[
        bool,
        Meta(description="Wait, looking again every 10s, while those whom it adds have too much work of their own."),
    ] = True
