"""Figures that forget: what is left after a while, the same on every machine.

Square roots and products are rounded alike by every processor; exp() and pow() of two machines may differ in the last
digit, and what is kept in the state must not.
"""

from math import sqrt

from vocabulary.instants import Span

_BITS = 10
"""A half-life is cut into 1,024 steps, and each of these into as many."""
_STEPS = 1 << _BITS
_PART, _WHOLE = _STEPS - 1, _STEPS * _STEPS


def _root(value: float, times: int) -> float:
    for _ in range(times):
        value = sqrt(value)
    return value


def _powers(root: float) -> tuple[float, ...]:
    powers = [1.0]
    for _ in range(_STEPS - 1):
        powers.append(powers[-1] * root)
    return tuple(powers)


_COARSE = _powers(_root(0.5, _BITS))
_FINE = _powers(_root(0.5, 2 * _BITS))


def kept(span: Span, half_life: Span) -> float:
    """Return what `span` ms, >= 0, leave of a figure: 0.5 after `half_life` ms. In steps of a millionth of that."""
    steps = (span << 20) // half_life
    if steps < _WHOLE:
        return _COARSE[steps >> _BITS] * _FINE[steps & _PART]
    share = _COARSE[(steps >> _BITS) & _PART] * _FINE[steps & _PART]
    whole = steps >> 2 * _BITS
    return share / (1 << whole) if whole <= 60 else 0.0
