"""Questions that gather while others are answered."""

import asyncio
import threading
from collections.abc import Sequence

import pytest

from storage.gathering import TOGETHER_MAX, Readers


class Oracle:
    """Doubles numbers, when it is let; a negative one is a fault."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.asked = threading.Event()
        self.may = threading.Event()

    def answer(self, numbers: Sequence[int]) -> Sequence[object]:
        self.batches.append([*numbers])
        self.asked.set()
        assert self.may.wait(10)
        return [ValueError(f"{number} is negative") if number < 0 else 2 * number for number in numbers]


async def test_what_is_asked_while_the_thread_is_busy_is_answered_together_each_asker_by_his_own() -> None:
    oracle = Oracle()
    readers = Readers(oracle.answer, 1)
    first = asyncio.ensure_future(readers.ask(1))
    await asyncio.to_thread(oracle.asked.wait, 10)
    further = [asyncio.ensure_future(readers.ask(number)) for number in (2, -3, 4, 5)]
    await asyncio.to_thread(int)  # they ask meanwhile
    further[3].cancel()
    oracle.may.set()
    assert await first == 2
    answers = await asyncio.gather(*further[:3], return_exceptions=True)
    assert (answers[0], str(answers[1]), answers[2]) == (4, "-3 is negative", 8)
    assert oracle.batches == [[1], [2, -3, 4, 5]]
    await asyncio.to_thread(readers.stop)


async def test_another_thread_helps_only_when_the_first_is_slow() -> None:
    oracle = Oracle()
    readers = Readers(oracle.answer, 2, patience_s=0.001)
    first = asyncio.ensure_future(readers.ask(1))
    await asyncio.to_thread(oracle.asked.wait, 10)
    oracle.asked.clear()
    further = [asyncio.ensure_future(readers.ask(number)) for number in (2, 3)]
    assert await asyncio.to_thread(oracle.asked.wait, 10), "nobody helps"
    oracle.may.set()
    assert await asyncio.gather(first, *further) == [2, 4, 6]
    assert oracle.batches == [[1], [2, 3]]
    await asyncio.to_thread(readers.stop)


async def test_no_more_are_taken_together_than_one_slow_question_may_delay() -> None:
    oracle = Oracle()
    oracle.may.set()
    readers = Readers(oracle.answer, 1)
    asked = range(3 * TOGETHER_MAX)
    assert await asyncio.gather(*map(readers.ask, asked)) == [2 * number for number in asked]
    assert max(map(len, oracle.batches)) <= TOGETHER_MAX
    await asyncio.to_thread(readers.stop)


async def test_after_its_end_nothing_is_answered() -> None:
    readers = Readers(Oracle().answer, 1)
    await asyncio.to_thread(readers.stop)
    with pytest.raises(RuntimeError, match="shutdown"):
        await readers.ask(1)
