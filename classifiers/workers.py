"""Work spread over processes: members of a model to be fitted, texts to be answered."""

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

Shared = TypeVar("Shared")
Asked = TypeVar("Asked")
Answer = TypeVar("Answer")

_CHUNK = 256
_shared: list[Any] = []
"""What this process was given when it began, if it is one of a pool."""

Told = Callable[[int, int], None]
"""Is called with the done and all parts of some work."""


def nobody(_done: int, _all: int) -> None:
    """Tell nobody."""


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def mapped(
    shared: Shared, answer: Callable[[Shared, Asked], Answer], texts: Iterable[Asked], processes: int
) -> Iterator[Answer]:
    """Yield `answer(shared, text)` for each of `texts`, in their order.

    Args:
        shared: what all answers need; each process gets it once.
        answer: a function of a module.
        texts: read one by one as answers are taken, or all at once if there are more processes.
        processes: 1: this one.
    """
    if processes == 1:
        yield from (answer(shared, text) for text in texts)
        return
    with pool(processes, shared) as executor:
        yield from executor.map(partial(_answer, answer), texts, chunksize=_CHUNK)


def _answer(answer: Callable[[Any, Asked], Answer], text: Asked) -> Answer:
    return answer(_shared[0], text)


@contextmanager
def pool(processes: int, shared: object = None) -> Iterator[ProcessPoolExecutor]:
    """Lend processes that end when this one does, however it dies; each keeps `shared` for `mapped`."""
    # Spawned: a fork would take over locks that other threads hold at that moment.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context, initializer=_begin, initargs=(shared,)) as executor:
        yield executor


def _begin(shared: object) -> None:
    _shared[:] = [shared]
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
