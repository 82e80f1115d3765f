"""What [understanding] may say: what is learnt from work, and how the model changes."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from config.kinds import File, Name, Span, Text
from vocabulary.instants import DAY

Source = Literal["correction", "labelled", "disposition", "transfer"]


class Understanding(msgspec.Struct, frozen=True):
    """What the model of labels learns from work, and when it is trained again."""

    learn: Annotated[
        bool,
        Meta(description="Keep what agents say of messages as rows to learn from. `false`: none is kept or used."),
    ] = True
    keep: Annotated[Span, Meta(description="A row to learn from is removed after so long.", ge=DAY, le=3660 * DAY)] = (
        730 * DAY
    )
    sources: Annotated[
        tuple[Source, ...],
        Meta(
            description="What counts when a model is trained, the surest first: an agent's `correction`, what was "
            "`labelled` when asked, a `disposition`, a `transfer`.",
            min_length=1,
            extra={"one": True},
        ),
    ] = ("correction", "labelled", "disposition", "transfer")
    queues: Annotated[
        dict[Name, Name],
        Meta(
            description="What is handed over to this queue is about this label.",
            examples=[{"billing": "invoice", "sales": "offer"}],
        ),
    ] = {}
    dispositions: Annotated[
        dict[Text, Name],
        Meta(description="What ends with this disposition is about this label.", examples=[{"known outage": "outage"}]),
    ] = {}
    labels: Annotated[
        tuple[Name, ...],
        Meta(description="Labels that agents may choose beside those that the model knows.", examples=[["warranty"]]),
    ] = ()
    rows: Annotated[
        File | None,
        Meta(
            description="CSV file of your own with columns text and label, in the place of the examples that come "
            "with Centrala.",
            examples=["labels.csv"],
        ),
    ] = None
    embedding: Annotated[
        Text | None,
        Meta(
            description="A Python function of your own, `module:function`, that takes a list of texts and returns a "
            "vector for each: they join what the model weighs. None comes with Centrala.",
            examples=["our_vectors:vectors_of"],
        ),
    ] = None
    retrain: Annotated[
        Literal["never", "daily", "weekly", "monthly"],
        Meta(description="How often a model is trained by itself, if there are new rows."),
    ] = "never"
    retrain_rows: Annotated[
        int, Meta(description="Also as soon as there are so many new rows; 0: never.", ge=0, le=1_000_000)
    ] = 0
    use: Annotated[
        Literal["ask", "better"],
        Meta(
            description="What becomes of a model that was trained by itself: a supervisor decides, or it is used at "
            "once if it is no worse."
        ),
    ] = "ask"
