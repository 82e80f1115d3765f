"""Order in a queue (semantics.md section 4)."""

from vocabulary.instants import Instant, Span


def due_at(arrived_at: Instant, target: Span, priority: int, credit: Span) -> Instant:
    """Return the instant by which an interaction is due: earliest due goes first.

    Args:
        arrived_at: the first enqueue of the current opening.
        target: the queue's service-level target, ms.
        priority: from -100 to 100.
        credit: the age that one point of priority is worth, ms.
    """
    return arrived_at + target - priority * credit
