"""Which visitors have a socket here, told when the first opens and when the last closes."""

from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Protocol

import structlog

from vocabulary.errors import TemporaryFailure

_log = structlog.get_logger(__name__)
_PAUSE_S, _PAUSE_S_MAX = 0.5, 30.0


class Told(Protocol):
    """Who is told; `Conversations` is."""

    async def gone(self, visitor: str) -> None: ...
    async def back(self, visitor: str) -> None: ...


Pause = Callable[[float], Awaitable[object]]
"""Waits for so many seconds."""


class Presence:
    """Counts the sockets of each visitor.

    What is told last is what holds: only one call is under way for a visitor, so a `gone` of a page that reloads never
    overtakes its `back`, and a call that failed is repeated for as long as it is still true.
    """

    def __init__(self, told: Told, pause: Pause) -> None:
        self._whom = told
        self._pause = pause
        self._sockets: Counter[str] = Counter()
        self._told_here: set[str] = set()
        self._telling: set[str] = set()

    def enter(self, visitor: str) -> None:
        """Count one socket more; `tell` after it."""
        self._sockets[visitor] += 1

    def leave(self, visitor: str) -> None:
        """Count one socket less; `tell` after it."""
        self._sockets[visitor] -= 1
        if not self._sockets[visitor]:
            del self._sockets[visitor]

    async def tell(self, visitor: str) -> None:
        """Tell whether the visitor is here, if that has changed; return at once if another call is at it."""
        if visitor in self._telling:
            return
        self._telling.add(visitor)
        pause_s = _PAUSE_S
        try:
            while (is_here := visitor in self._sockets) != (visitor in self._told_here):
                if not await self._told(visitor, is_here=is_here):
                    await self._pause(pause_s)
                    pause_s = min(pause_s * 2, _PAUSE_S_MAX)
        finally:
            self._telling.discard(visitor)

    async def _told(self, visitor: str, *, is_here: bool) -> bool:
        # Noted before the call: if that is cancelled half-way, the other is told next and not left out.
        (self._told_here.add if is_here else self._told_here.discard)(visitor)
        try:
            await (self._whom.back(visitor) if is_here else self._whom.gone(visitor))
        except TemporaryFailure as failure:
            _log.warning("chat_presence_not_told", visitor=visitor, is_here=is_here, reason=str(failure))
            (self._told_here.discard if is_here else self._told_here.add)(visitor)
            return False
        return True
