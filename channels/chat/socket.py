"""The chat widget's endpoint: who may connect, and what happens before and after one socket's life."""

import asyncio
from collections.abc import Awaitable, Callable, Container, Sequence
from typing import Protocol

import structlog
from aiohttp import web

from channels.chat.connection import GOING_AWAY, Connection, Cut, Patience
from channels.chat.conversations import Conversations
from channels.chat.limits import Limit
from channels.chat.presence import Pause, Presence
from channels.chat.session import Session
from channels.chat.tokens import Keys, visitor_of
from vocabulary.instants import Instant, Span

FRAME_BYTES_MAX = 64 * 1024
_PATIENCE = Patience()
_log = structlog.get_logger(__name__)


class Clock(Protocol):
    """The site's clock."""

    def now(self) -> Instant: ...


class ChatEndpoint:
    """Serves the sockets of one chat channel: `add_get("/ws/chat/NAME", endpoint.handle)`, `close` on shutdown."""

    def __init__(
        self,
        conversations: Conversations,
        *,
        channel: str,
        company: str,
        languages: Sequence[str],
        allowed_origins: Container[str],
        keys: Keys,
        clock: Clock,
        random_bytes: Callable[[int], bytes],
        connects: Limit,
        client_of: Callable[[web.Request], str],
        ticket_holds: Callable[[str], Awaitable[bool]],
        is_open: Callable[[Instant], bool],
        pause: Pause,
        sockets_max: int = 5_000,
        heartbeat_s: float = 20.0,
        patience: Patience = _PATIENCE,
    ) -> None:
        """Serve `channel`.

        `languages`: what customers can be greeted in, the default first. `allowed_origins`: scheme, host and port of
        the pages that may connect, compared whole. `keys` sign visitor tokens, and check them. `random_bytes` gives as
        many as it is asked for. `connects`: how often one address may connect; `client_of` tells the address of a
        client behind our proxies. `ticket_holds` tells whether a ticket is good, and uses it up. `is_open` tells
        whether somebody answers at an instant. `pause` waits for some seconds before a failed call is repeated.
        """
        self._conversations = conversations
        self._channel = channel
        self._company = company
        self._languages = languages
        self._allowed_origins = allowed_origins
        self._keys = keys
        self._clock = clock
        self._random_bytes = random_bytes
        self._connects = connects
        self._client_of = client_of
        self._ticket_holds = ticket_holds
        self._is_open = is_open
        self._sockets_max = sockets_max
        self._heartbeat_s = heartbeat_s
        self._patience = patience
        self._presence = Presence(conversations, pause)
        self._sockets: dict[web.WebSocketResponse, asyncio.Transport | None] = {}
        self._is_closing = False

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one socket from its upgrade to its end."""
        refusal = await self._refusal(request)
        if refusal is not None:
            return refusal
        ws = web.WebSocketResponse(
            heartbeat=self._heartbeat_s, max_msg_size=FRAME_BYTES_MAX, compress=False, timeout=self._patience.close_s
        )
        # Later it is gone from the request, just when it must be aborted.
        self._sockets[ws] = request.transport
        try:
            await ws.prepare(request)
            await self._serve(ws, request)
        finally:
            await self._end(ws, GOING_AWAY, "")
        return ws

    async def close(self, _app: web.Application | None = None) -> None:
        """Take no more sockets, and close all: the pages come back by themselves."""
        self._is_closing = True
        async with asyncio.TaskGroup() as tasks:
            for ws in list(self._sockets):
                tasks.create_task(self._end(ws, GOING_AWAY, "the server stops"))

    # -- who may connect

    async def _refusal(self, request: web.Request) -> web.Response | None:
        """Return the answer to somebody who may not connect; all of it is checked before the upgrade."""
        if self._is_closing or len(self._sockets) >= self._sockets_max:
            return web.Response(status=503, text="Too many chats are open. Try again soon.", headers=_retry(5_000))
        if not await self._is_trusted(request):
            return web.Response(status=403, text="This page may not open a chat here.")
        wait = self._connects.take(self._client_of(request), self._clock.now())
        if wait:
            return web.Response(status=429, text="Too many connections from your address.", headers=_retry(wait))
        return None

    async def _is_trusted(self, request: web.Request) -> bool:
        # A browser always sends the Origin (RFC 6455 section 10.2); any other program must hold something of ours.
        origins = request.headers.getall("Origin", [])
        if origins:
            return len(origins) == 1 and origins[0] in self._allowed_origins
        if visitor_of(request.query.get("token", ""), self._keys) is not None:
            return True
        ticket = request.query.get("ticket", "")
        return bool(ticket) and await self._ticket_holds(ticket)

    # -- one socket

    async def _serve(self, ws: web.WebSocketResponse, request: web.Request) -> None:
        session = Session(
            keys=self._keys,
            bits=self._random_bytes(16),
            languages=self._languages,
            company=self._company,
            token=request.query.get("token"),
        )
        connection = Connection(
            ws,
            session,
            self._conversations,
            channel=self._channel,
            now=self._clock.now,
            is_open=self._is_open,
            patience=self._patience,
        )
        began_at = self._clock.now()
        try:
            visitor = await connection.greet()
            if visitor is not None:
                await self._stay(visitor, connection)
        except Cut as cut:
            await self._end(ws, cut.code, cut.reason)
        finally:
            self._log_end(ws, session, began_at)

    def _log_end(self, ws: web.WebSocketResponse, session: Session, began_at: Instant) -> None:
        _log.info(
            "chat_socket_closed",
            channel=self._channel,
            visitor=session.visitor,
            code=ws.close_code,
            seconds=(self._clock.now() - began_at) / 1000,
        )

    async def _stay(self, visitor: str, connection: Connection) -> None:
        """Serve a visitor, who counts as here meanwhile."""
        self._presence.enter(visitor)
        try:
            await connection.run(self._presence.tell(visitor))
        finally:
            self._presence.leave(visitor)
            await self._presence.tell(visitor)

    async def _end(self, ws: web.WebSocketResponse, code: int, reason: str) -> None:
        """Close a socket; a client who does not read even that is cut off."""
        transport = self._sockets.pop(ws, None)
        try:
            async with asyncio.timeout(self._patience.close_s):
                if ws.prepared and not ws.closed:
                    await ws.close(code=code, message=reason.encode())
        except TimeoutError:
            _log.info("chat_socket_aborted", channel=self._channel)
        finally:
            # What has not left by now never will, and it holds up to some hundred KB.
            if transport is not None and transport.get_write_buffer_size():
                transport.abort()


def _retry(wait: Span) -> dict[str, str]:
    return {"Retry-After": str(-(-wait // 1000))}
