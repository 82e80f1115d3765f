"""Questions to a store that gather while its threads answer others: a thread takes all that wait, together.

Handing one question to a thread and its answer back costs as much as answering it. Where answers come from memory, a
second thread would only take the interpreter from the first: there it helps when that one is slow.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

Q = TypeVar("Q")

TOGETHER_MAX = 16
"""A slow question delays no more than these."""


class Readers(Generic[Q]):
    """Threads that answer questions of one event loop."""

    def __init__(
        self, answer: Callable[[Sequence[Q]], Sequence[object]], threads: int, *, patience_s: float = 0.0
    ) -> None:
        """Start nothing yet.

        Args:
            answer: called in a thread; returns what each question gives, or the exception that its asker hears.
            threads: so many at once.
            patience_s: so long questions wait for a thread that is at work before they are handed to another one.
        """
        self._answer = answer
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="store-reader")
        self._free = self._threads = threads
        self._patience_s = patience_s
        self._waits_on: asyncio.TimerHandle | None = None
        self._waiting: deque[tuple[Q, asyncio.Future[object]]] = deque()

    async def ask(self, question: Q) -> object:
        """Return the answer to `question`; raises what answering it raised."""
        answer: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, answer))
        self._hand_over()
        return await answer

    def stop(self) -> None:
        """Finish what is being answered. Blocks."""
        self._pool.shutdown()

    def _hand_over(self) -> None:
        if not self._free or not self._waiting:
            return
        if self._patience_s and self._free < self._threads:
            if self._waits_on is None:
                self._waits_on = asyncio.get_running_loop().call_later(self._patience_s, self._wait_no_longer)
            return
        self._take_some()

    def _wait_no_longer(self) -> None:
        self._waits_on = None
        if self._free and self._waiting:
            self._take_some()
            self._hand_over()

    def _take_some(self) -> None:
        batch = [self._waiting.popleft() for _ in range(min(TOGETHER_MAX, len(self._waiting)))]
        self._free -= 1
        loop = asyncio.get_running_loop()
        try:
            answering = loop.run_in_executor(self._pool, self._answer, [question for question, _ in batch])
        except RuntimeError as stopped:
            self._free += 1
            _tell(batch, [stopped] * len(batch))
        else:
            answering.add_done_callback(lambda done: self._answered(batch, done))

    def _answered(
        self, batch: Sequence[tuple[Q, asyncio.Future[object]]], answering: asyncio.Future[Sequence[object]]
    ) -> None:
        self._free += 1
        self._hand_over()
        _tell(batch, answering.result())


def _tell(batch: Sequence[tuple[Q, asyncio.Future[object]]], answers: Sequence[object]) -> None:
    for (_, asker), answer in zip(batch, answers, strict=True):
        if asker.done():
            continue  # he was cancelled meanwhile
        if isinstance(answer, Exception):
            asker.set_exception(answer)
        else:
            asker.set_result(answer)
