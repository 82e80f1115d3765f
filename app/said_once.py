"""Messages are added once, even if their author sends one to two nodes at the same time."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from router.decision import Decision
from vocabulary.ids import MessageId

REMEMBERED = 4_096


class SaidOnce:
    """The messages that the writer has added lately, or is adding."""

    def __init__(self) -> None:
        self._said: OrderedDict[MessageId, asyncio.Future[bool]] = OrderedDict()

    async def add(self, message: MessageId, adding: Callable[[], Awaitable[Decision]]) -> Decision:
        """Return what `adding` decides; if `message` has been added already, nothing is done, and that is decided."""
        while (first := self._said.get(message)) is not None:
            if await asyncio.shield(first):
                return Decision()
        said = self._said[message] = asyncio.get_running_loop().create_future()
        done = False
        try:
            decision = await adding()
            done = decision.refusal is None
            return decision
        finally:
            said.set_result(done)
            if not done:
                del self._said[message]
            elif len(self._said) > REMEMBERED:
                self._said.popitem(last=False)
