"""Nobody who answers by a program is written to for long (promise 5; reliability.md 4.2)."""

import pytest

from tests.loops.opponents import OPPONENTS, Opponent
from tests.loops.rig import Figures, against, against_another_site


def check(found: Figures) -> None:
    """Check what reliability.md asks for: a mail a conversation, three an address, and an end."""
    assert found.per_thread <= 1, found
    assert found.per_address <= 3, found
    assert found.growth == 0, found
    assert found.out >= 1, "nothing was tried"


@pytest.mark.parametrize("opponent", OPPONENTS, ids=lambda each: each.name)
def test_a_program_that_answers_gets_a_mail_a_conversation_and_then_none(opponent: Opponent) -> None:
    check(against(opponent))


def test_two_sites_like_ours_write_once_and_are_quiet() -> None:
    found = against_another_site()
    check(found)
    assert found.out == 1
