"""What is known of a message beside its text: subject, channel, language, and who wrote it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

FORMER_MAX = 5
"""Labels of so many earlier interactions of a customer are looked at, the latest ones."""


@dataclass(frozen=True, slots=True)
class Background:
    """What is known of a message beside its text; each part may be missing.

    Args:
        subject: of a mail; the text begins with it too.
        channel: name of the mailbox, widget or form that it came by.
        segment: of the customer.
        former: labels of the customer's earlier interactions, of which `FORMER_MAX` are read.
        language: that the text is found to be in (ISO 639-1).
    """

    subject: str = ""
    channel: str = ""
    segment: str = ""
    former: tuple[str, ...] = ()
    language: str = ""


NOTHING = Background()


def telling(backgrounds: Sequence[Background]) -> list[Background]:
    """Return `backgrounds` without channel and segment where all rows that have one have the same.

    Examples from elsewhere have none: a model would learn where a row is from, not what it is about.
    """
    channels, segments = {known.channel for known in backgrounds}, {known.segment for known in backgrounds}
    tells_channel, tells_segment = len(channels - {""}) > 1, len(segments - {""}) > 1
    return [
        replace(known, channel=known.channel if tells_channel else "", segment=known.segment if tells_segment else "")
        for known in backgrounds
    ]
