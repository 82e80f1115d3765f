"""Whatever anybody sends is read: mails of a grammar that lie."""

from random import Random  # noqa: TID251  # with its seed

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.__main__ import long_run
from tests.fuzz.grammar import LIES, mail
from tests.fuzz.reading import read


@settings(max_examples=200, deadline=None)
@given(st.randoms(use_true_random=False))
def test_mails_that_lie_are_read(draw: Random) -> None:
    read(mail(draw))


def test_a_thousand_mails_of_one_seed_are_read() -> None:
    assert long_run(seed=1, runs=1_000).failures == []


def test_the_grammar_writes_what_readers_distinguish() -> None:
    messages = [read(mail(Random(seed))) for seed in range(600)]  # noqa: S311  # no secret
    assert {defect for message in messages for defect in message.defects} >= {
        "charset-unknown", "charset-wrong", "charset-missing", "charset-guessed", "base64-broken", "uuencode-broken",
        "transfer-encoding-unknown", "no-parts", "no-last-boundary", "no-header-end", "several-from", "winmail-broken",
    }  # fmt: skip
    assert {mark for message in messages for mark in message.marks} >= {
        "several-senders", "homograph", "direction-overrides", "forwarded", "invitation", "remote-images", "signed-pgp",
    }  # fmt: skip
    assert any(message.automatic.is_automatic for message in messages)
    assert any(message.html for message in messages)


@pytest.mark.parametrize("lie", LIES)
def test_every_lie_works_on_nothing_too(lie: object) -> None:
    assert callable(lie)
    for raw in (b"", b"\n", b"x"):
        read(lie(Random(1), raw))  # noqa: S311  # no secret


@pytest.mark.slow
def test_a_hundred_thousand_mails_are_read() -> None:
    assert long_run(seed=2, runs=100_000).failures == []
