"""How much of the recent time somebody was at work: a share that forgets with a half-life."""

from math import sqrt

from vocabulary.instants import MINUTE, Span

HALF_LIFE: Span = 30 * MINUTE
_BITS = 10
_STEPS = 1 << _BITS


def _powers(root: float) -> tuple[float, ...]:
    powers = [1.0]
    for _ in range(_STEPS - 1):
        powers.append(powers[-1] * root)
    return tuple(powers)


def _root(value: float, times: int) -> float:
    for _ in range(times):
        value = sqrt(value)
    return value


# Square roots and products are rounded alike by every processor; exp() and pow() of two machines may differ in the
# last digit, and then their agents would rank differently.
_COARSE = _powers(_root(0.5, _BITS))
_FINE = _powers(_root(0.5, 2 * _BITS))


def kept(span: Span) -> float:
    """Return what `span` ms leave of a share: 0.5 after the half-life. Steps of 1.7 ms."""
    steps = (span << (2 * _BITS)) // HALF_LIFE
    whole = steps >> (2 * _BITS)
    if whole > 60:
        return 0.0
    share = _COARSE[(steps >> _BITS) & (_STEPS - 1)] * _FINE[steps & (_STEPS - 1)]
    return share / (1 << whole) if whole else share


def share_after(share: float, idle: Span, busy: Span) -> float:
    """Return the share of time at work after `idle` ms without work and then `busy` ms at it."""
    worked = kept(busy)
    rested = share * kept(idle) if idle and share else share
    return rested * worked + (1.0 - worked)
