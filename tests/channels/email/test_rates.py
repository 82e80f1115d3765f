"""So much a minute, and no more."""

from channels.email.rates import Rates


def test_full_minute_at_once_then_one_at_a_time() -> None:
    rates = Rates(per_minute=2)
    assert [rates.take("a", 0) for _ in range(3)] == [True, True, False]
    assert not rates.take("a", 29)
    assert rates.take("a", 60)
    assert rates.take("b", 60)


def test_idle_ones_are_forgotten() -> None:
    rates = Rates(per_minute=1)
    taken = [rates.take(str(peer), 0) for peer in range(20_000)]
    assert all(taken)
    assert rates.take("0", 0)
    assert not rates.take("19999", 0)
