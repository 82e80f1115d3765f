"""Background tasks of a site that fail when they are told to, by an error that nobody foresaw."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from app import compose
from app.engine import Clock

Work = Callable[[], Awaitable[None]]


class Unforeseen(Exception):
    """What nobody thought of."""


@contextmanager
def failing(tasks: str) -> Iterator[None]:
    """At each SIGUSR1, have the next of `tasks` (with commas between) fail in the middle of its work."""
    names = tasks.split(",")
    module = vars(compose)
    supervised = module["supervised"]
    fails = {name: asyncio.Event() for name in names}
    left = iter(names)

    def fail_next() -> None:
        fails[next(left)].set()

    async def watched(name: str, work: Work, clock: Clock) -> None:
        if name == names[0]:
            asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, fail_next)

        async def breaks() -> None:
            working = asyncio.ensure_future(work())
            told = asyncio.ensure_future(fails[name].wait())
            try:
                await asyncio.wait({working, told}, return_when=asyncio.FIRST_COMPLETED)
                if told.done():
                    fails[name].clear()
                    raise Unforeseen(name)
                await working
            finally:
                working.cancel()
                told.cancel()
                await asyncio.gather(working, told, return_exceptions=True)

        await supervised(name, breaks if name in fails else work, clock)

    module["supervised"] = watched
    try:
        yield
    finally:
        module["supervised"] = supervised
