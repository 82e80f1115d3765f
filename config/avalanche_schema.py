"""When far more comes about one matter than usual, and what is done then: the table `[avalanche]`."""

from typing import Annotated

import msgspec
from msgspec import Meta

from config.kinds import Name, Span, Text
from vocabulary.instants import DAY, HOUR, MINUTE

Least = Annotated[int, Meta(ge=2, le=1_000_000)]
Times = Annotated[float, Meta(ge=1.1, le=1000)]
Sure = Annotated[float, Meta(ge=0, le=1)]


class AvalancheLabel(msgspec.Struct, frozen=True):
    """What is otherwise for one label; what is left out is as for all."""

    watch: Annotated[bool, Meta(description="Whether avalanches of it are told.")] = True
    arrivals_min: Annotated[
        Least | None, Meta(description="So many must have come within 3 hours at least.", examples=[30])
    ] = None
    ratio: Annotated[Times | None, Meta(description="So many times as many as forecast at least.", examples=[3.0])] = (
        None
    )
    confidence: Annotated[
        Sure | None, Meta(description="How sure the label of whoever gets an answer must be.", examples=[0.8])
    ] = None


class Avalanche(msgspec.Struct, frozen=True):
    """When far more comes about one label than usual, supervisors are offered one answer for all who wait with it."""

    watch: Annotated[bool, Meta(description="Whether arrivals are compared with their forecast.")] = True
    false_alarms: Annotated[
        float,
        Meta(
            description="So many alarms a week without an avalanche are expected at most, over all labels and queues.",
            ge=0.001,
            le=50,
        ),
    ] = 0.5
    arrivals_min: Annotated[Least, Meta(description="So many must have come within 3 hours at least.")] = 15
    ratio: Annotated[Times, Meta(description="So many times as many as forecast at least.")] = 2.0
    ends_after: Annotated[
        Span,
        Meta(description="It is over once about as many as usual came for so long.", ge=5 * MINUTE, le=3 * HOUR),
    ] = 30 * MINUTE
    usual_per_hour: Annotated[
        float,
        Meta(description="What a label is taken to bring an hour while nothing is known of it.", gt=0, le=100_000),
    ] = 4.0
    learns_first: Annotated[
        Span,
        Meta(description="Nothing is told before arrivals have been followed for so long.", ge=0, le=28 * DAY),
    ] = DAY
    confidence: Annotated[
        Sure, Meta(description="How sure the label of whoever gets an answer must be, unless a supervisor says so.")
    ] = 0.6
    leave_out: Annotated[
        tuple[Text, ...],
        Meta(description="Customers of these segments are left to people.", extra={"one": True}),
    ] = ("key_account",)
    undo: Annotated[
        Span,
        Meta(description="An answer can be taken back for so long; mails wait meanwhile.", ge=0, le=HOUR),
    ] = MINUTE
    automate_for: Annotated[
        Span,
        Meta(description="For so long, unless told otherwise, what comes in is answered by itself.", ge=MINUTE, le=DAY),
    ] = 2 * HOUR
    automate_max: Annotated[
        int,
        Meta(description="So many are answered by themselves at most, then a person must look.", ge=1, le=1_000_000),
    ] = 500
    labels: Annotated[dict[Name, AvalancheLabel], Meta(description="What is otherwise for some labels.")] = {}
