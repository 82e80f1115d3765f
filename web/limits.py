"""How often something may be tried."""

from collections import deque

from vocabulary.instants import Instant, Span

_KEYS_MAX = 10_000


class Window:
    """At most `most` tries of one key within `span` ms. It holds 10,000 keys and forgets the oldest beyond that."""

    def __init__(self, most: int, span: Span) -> None:
        self._most = most
        self._span = span
        self._tries: dict[str, deque[Instant]] = {}

    def take(self, key: str, now: Instant) -> Span:
        """Count a try and return 0, or return how many ms are left until the next one is possible."""
        tries = self._tries.pop(key, deque())
        while tries and tries[0] <= now - self._span:
            tries.popleft()
        self._tries[key] = tries
        if len(tries) >= self._most:
            return tries[0] + self._span - now
        tries.append(now)
        while len(self._tries) > _KEYS_MAX:
            del self._tries[next(iter(self._tries))]
        return 0

    def forget(self, key: str) -> None:
        """Start anew for `key`."""
        self._tries.pop(key, None)
