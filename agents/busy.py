"""How much of the recent time somebody was at work: a share that forgets with a half-life (semantics.md section 7)."""

from vocabulary.decay import kept
from vocabulary.instants import MINUTE, Span

HALF_LIFE: Span = 30 * MINUTE


def share_after(share: float, idle: Span, busy: Span) -> float:
    """Return the share of time at work after `idle` ms without work and then `busy` ms at it."""
    rested = share * kept(idle, HALF_LIFE) if idle and share else share
    if not busy:
        return rested
    worked = kept(busy, HALF_LIFE)
    return rested * worked + (1.0 - worked)
