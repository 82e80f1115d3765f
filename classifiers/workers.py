"""Work spread over processes: members of a model to be fitted, texts to be answered."""

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager

Told = Callable[[int, int], None]
"""Is called with the done and all parts of some work."""


def nobody(_done: int, _all: int) -> None:
    """Tell nobody."""


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


@contextmanager
def pool(processes: int) -> Iterator[ProcessPoolExecutor]:
    """Lend processes that end when this one does, however it dies."""
    # Spawned: a fork would take over locks that other threads hold at that moment.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context, initializer=_end_with_the_parent) as executor:
        yield executor


def _end_with_the_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
