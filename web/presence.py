"""What keeps agents connected: leases of those without a socket, and the sockets open here."""

import asyncio
from collections.abc import Callable

from vocabulary.instants import SECOND, Span
from web.access import Principal
from web.sessions import Sessions
from web.site import Site

LEASE: Span = 30 * SECOND
"""How long an agent without a socket stays connected after a call, unless he asks for another span."""


class Leases:
    """Leases that agents took by the API; each of their calls renews theirs."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._spans: dict[str, Span] = {}

    def __contains__(self, agent: str) -> bool:
        return agent in self._spans

    async def take(self, agent: str, span: Span) -> None:
        """Keep `agent` connected for `span` ms, and as long again from each of his calls."""
        self._spans[agent] = span
        await self._site.keep_lease(agent, span)

    async def renew(self, agent: str | None) -> None:
        """Keep the agent connected, if he has a lease."""
        if agent is not None and agent in self._spans:
            await self._site.keep_lease(agent, self._spans[agent])

    def drop(self, agent: str) -> None:
        """Renew no longer."""
        self._spans.pop(agent, None)


class OpenSockets:
    """The sockets of this process; whose rights end is shown out within two seconds."""

    CHECK_EVERY_S = 1.5

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._open: dict[object, tuple[Principal, Callable[[], None]]] = {}
        self._desks: dict[object, str] = {}
        self._hurry = asyncio.Event()

    def add(self, key: object, principal: Principal, revoke: Callable[[], None], *, desk_of: str | None = None) -> None:
        """Watch over `principal`'s rights; call `revoke` once they have ended or changed.

        `desk_of`: the agent whose desk it is, if it is one.
        """
        self._open[key] = (principal, revoke)
        if desk_of is not None:
            self._desks[key] = desk_of

    def remove(self, key: object) -> None:
        """Watch no longer."""
        self._open.pop(key, None)
        self._desks.pop(key, None)

    def has_desk(self, agent: str) -> bool:
        """Tell whether a desk of the agent is open here."""
        return agent in self._desks.values()

    def hurry(self) -> None:
        """Look at once: somebody logged out."""
        self._hurry.set()

    async def watch(self) -> None:
        """Look again and again until cancelled."""
        while True:
            try:
                async with asyncio.timeout(self.CHECK_EVERY_S):
                    await self._hurry.wait()
            except TimeoutError:
                pass
            self._hurry.clear()
            await self.check()

    async def check(self) -> None:
        """Show out everybody whose rights have ended or changed."""
        good: dict[tuple[str | None, str | None], bool] = {}
        for principal, revoke in list(self._open.values()):
            credential = (principal.session, principal.token)
            if credential not in good:
                good[credential] = await self._sessions.still(principal)
            if not good[credential]:
                revoke()
