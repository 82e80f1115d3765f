"""What a process that trains is told; apart from it, so that whoever orders need not load scikit-learn."""

import msgspec


class Lesson(msgspec.Struct, frozen=True):
    """A text of the site with its label and where that is known from."""

    text: str
    label: str
    source: str


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What to train on.

    Args:
        lessons: rows of the site.
        starter: CSV file in the place of the examples that come with Centrala.
        live: file of the model that is used now; None: there is none.
        week: interactions of late with their texts, to tell what would have changed.
    """

    lessons: tuple[Lesson, ...] = ()
    starter: str | None = None
    live: str | None = None
    week: tuple[tuple[str, str], ...] = ()
