"""One subscription of the site's events for all sockets and long polls of this process."""

import asyncio
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import structlog

from router.events import AnyEvent
from vocabulary.errors import Lagged, TemporaryFailure
from web.site import Logged, Site

ALL = "*"
_INBOX_MAX = 1_000
_log = structlog.get_logger(__name__)


class FeedEnded(Exception):
    """The process stops; there will be no more events."""


def agent_key(agent: str) -> str:
    """Return the key of what concerns an agent."""
    return f"agent:{agent}"


def interaction_key(interaction: str) -> str:
    """Return the key of what concerns an interaction."""
    return f"interaction:{interaction}"


class Inbox:
    """Events for one reader, at most 1,000; beyond that he has lagged and must look at the state anew."""

    def __init__(self) -> None:
        self._items: deque[Logged] = deque()
        self._woken = asyncio.Event()
        self._lagged = False
        self._ended = False
        self.keys: set[str] = set()

    def put(self, logged: Logged) -> None:
        """Add an event."""
        if len(self._items) >= _INBOX_MAX:
            self.lose()
        elif not self._lagged:
            self._items.append(logged)
            self._woken.set()

    def lose(self) -> None:
        """Note that the reader has missed something."""
        self._items.clear()
        self._lagged = True
        self._woken.set()

    def end(self) -> None:
        """Note that nothing more will come."""
        self._ended = True
        self._woken.set()

    async def next(self) -> Logged:
        """Return the next event.

        Raises:
            Lagged: events were missed; those that come after this are complete again.
            FeedEnded: the process stops.
        """
        await self._woken.wait()
        if self._ended:
            raise FeedEnded
        if self._lagged:
            self._lagged = False
            self._rest()
            raise Lagged
        logged = self._items.popleft()
        self._rest()
        return logged

    def _rest(self) -> None:
        if not self._items and not self._ended:
            self._woken.clear()


class Feed:
    """Brings every event to the inboxes that follow one of its keys."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._readers: dict[str, dict[Inbox, None]] = {}
        # Dicts for sets: everybody is told in the same order in every run.
        self._inboxes: dict[Inbox, None] = {}
        self.started = asyncio.Event()

    @contextmanager
    def follow(self, *keys: str) -> Iterator[Inbox]:
        """Yield an inbox that gets all events with one of `keys` from now on."""
        inbox = Inbox()
        self._inboxes[inbox] = None
        self.watch(inbox, *keys)
        try:
            yield inbox
        finally:
            self.leave(inbox, *list(inbox.keys))
            self._inboxes.pop(inbox, None)

    def watch(self, inbox: Inbox, *keys: str) -> None:
        """Let `inbox` follow `keys` too."""
        inbox.keys.update(keys)
        for key in keys:
            self._readers.setdefault(key, {})[inbox] = None

    def leave(self, inbox: Inbox, *keys: str) -> None:
        """Let `inbox` follow `keys` no longer."""
        inbox.keys.difference_update(keys)
        for key in keys:
            readers = self._readers.get(key, {})
            readers.pop(inbox, None)
            if not readers:
                self._readers.pop(key, None)

    def is_followed(self, key: str) -> bool:
        """Tell whether anybody follows `key`."""
        return key in self._readers

    async def run(self) -> None:
        """Follow the site's events until cancelled. Whatever was missed, every inbox is told so."""
        while True:
            try:
                async with self._site.subscribe() as events:
                    for inbox in list(self._inboxes):
                        if self.started.is_set():
                            inbox.lose()
                    self.started.set()
                    async for logged in events:
                        self._tell(logged)
                return
            except Lagged:
                _log.warning("feed_lagged")
            except TemporaryFailure as failure:
                _log.warning("feed_failed", reason=str(failure))

    def end(self) -> None:
        """Tell every reader that the process stops."""
        for inbox in self._inboxes:
            inbox.end()

    def _tell(self, logged: Logged) -> None:
        readers: dict[Inbox, None] = {}
        for key in self._keys_of(logged.event):
            readers |= self._readers.get(key, {})
        for inbox in readers:
            inbox.put(logged)

    def _keys_of(self, event: AnyEvent) -> Iterable[str]:
        """Return whom `event` concerns: its agent, its interaction, and the agent who has that now."""
        yield ALL
        agent, interaction = getattr(event, "agent", None), getattr(event, "interaction", None)
        if agent is not None:
            yield agent_key(agent)
        if interaction is not None:
            yield interaction_key(interaction)
            current = self._site.state.interactions.get(interaction)
            if current is not None and current.agent is not None:
                yield agent_key(current.agent)
