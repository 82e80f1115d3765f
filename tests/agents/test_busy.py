"""The busy share: how it grows at work, fades at rest, and agrees with the exponential it stands for."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.busy import HALF_LIFE, share_after
from vocabulary.decay import kept

spans = st.integers(0, 100 * HALF_LIFE)


@given(spans)
def test_a_half_life_leaves_half_and_what_lies_between_follows(span: int) -> None:
    assert kept(span, HALF_LIFE) == pytest.approx(0.5 ** (span / HALF_LIFE), rel=1e-5, abs=1e-17)


@given(st.floats(0, 1), spans, spans)
def test_a_share_stays_a_share(share: float, idle: int, busy: int) -> None:
    assert 0 <= share_after(share, idle, busy) <= 1


def test_work_fills_the_share_and_rest_empties_it() -> None:
    assert share_after(0.0, 0, HALF_LIFE) == 0.5
    assert share_after(1.0, HALF_LIFE, 0) == 0.5
    assert share_after(0.3, 0, 0) == pytest.approx(0.3)


def test_the_steps_are_fine_enough_to_tell_seconds_apart() -> None:
    assert share_after(0.0, 0, 61_000) > share_after(0.0, 0, 60_000)
    assert math.isclose(share_after(0.5, 0, 1_000), 0.5 + 0.5 * (1 - 0.5 ** (1_000 / HALF_LIFE)), rel_tol=1e-5)
