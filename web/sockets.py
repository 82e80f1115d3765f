"""WebSockets that bring news: who may open one, and how a slow or dead reader is kept from harming the others."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import msgspec
from aiohttp import WSCloseCode, WSMsgType, web

from vocabulary.errors import TemporaryFailure
from vocabulary.instants import SECOND
from web.access import Action, Principal, authorise
from web.auth import find_principal
from web.context import CONTEXT, Context
from web.limits import Window
from web.problems import Problem

FRAMES_MAX = 256
BYTES_MAX = 1024 * 1024
FRAME_BYTES_MAX = 64 * 1024
HEARTBEAT_S = 20.0
SESSION_OVER = 4401
_CLOSE_WITHIN_S = 1.0
_encoder = msgspec.json.Encoder()

Frame = dict[str, Any]
OnFrame = Callable[[Frame], Awaitable[None]]
Work = Callable[[], Coroutine[Any, Any, None]]


class SocketOver(Exception):
    """The socket is to be closed with `code`, after a `last` frame if there is one."""

    def __init__(self, code: int, reason: str = "", last: Frame | None = None) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.last = last


class Outgoing:
    """Frames that a socket still has to send: at most 256 and 1 MiB; more than that ends it with 1013.

    A frame with a `key` takes the place of an older one with the same key, at the end: only the newest matters.
    """

    def __init__(self) -> None:
        self._frames: OrderedDict[object, str] = OrderedDict()
        self._bytes = 0
        self._woken = asyncio.Event()
        self._over: asyncio.Future[SocketOver] = asyncio.get_running_loop().create_future()

    def put(self, frame: Frame | str, key: str | None = None) -> None:
        """Add a frame to send."""
        text = frame if isinstance(frame, str) else encode(frame)
        name: object = key if key is not None else object()
        self._bytes += _size(text) - _size(self._frames.pop(name, ""))
        self._frames[name] = text
        self._woken.set()
        if len(self._frames) > FRAMES_MAX or self._bytes > BYTES_MAX:
            self.close(SocketOver(WSCloseCode.TRY_AGAIN_LATER, "too slow"))

    def close(self, over: SocketOver) -> None:
        """Let the socket end; what waits is dropped."""
        if not self._over.done():
            self._over.set_result(over)

    async def until_over(self) -> None:
        """Wait until the socket is to be closed.

        Raises:
            SocketOver: now.
        """
        raise await asyncio.shield(self._over)

    async def send_to(self, ws: web.WebSocketResponse) -> None:
        """Send frame by frame, for ever. A reader who does not read holds this up; `until_over` ends it then."""
        while True:
            await self._woken.wait()
            _, text = self._frames.popitem(last=False)
            self._bytes -= _size(text)
            if not self._frames:
                self._woken.clear()
            await ws.send_str(text)


def _size(text: str) -> int:
    return len(text.encode())


def encode(frame: Frame) -> str:
    """Return a frame as text."""
    return _encoder.encode(frame).decode()


async def admitted(request: web.Request, action: Action) -> Principal:
    """Return who opens a socket. To be called before the upgrade.

    Raises:
        Problem: a page of another site asks, or a client without Origin and ticket (403); nobody we know (401); he may
            not (403).
    """
    context = request.app[CONTEXT]
    origin, ticket = request.headers.get("Origin"), request.query.get("ticket")
    if origin is not None and origin not in context.origins:
        raise Problem("cross_site", f"Sockets are not opened for pages of {origin}.", reason="origin")
    if origin is None and ticket is None:
        raise Problem("cross_site", "A client without Origin needs a ticket: POST /api/v1/ws-tickets.", reason="origin")
    principal = await _principal(context, request, ticket)
    if principal is None:
        raise Problem("unauthenticated", "Log in, or get a new ticket: each opens one socket, within a minute.")
    authorise(principal, action)
    return principal


async def _principal(context: Context, request: web.Request, ticket: str | None) -> Principal | None:
    if ticket is None:
        return await find_principal(context, request)
    principal = await context.tickets.use(ticket, context.site.now())
    return principal if principal is not None and await context.sessions.still(principal) else None


async def converse(
    request: web.Request, kind: str, principal: Principal, outgoing: Outgoing, on_frame: OnFrame, work: Work
) -> web.WebSocketResponse:
    """Run a socket until either side ends it: frames out, frames in, and `work` beside them."""
    context = request.app[CONTEXT]
    ws = web.WebSocketResponse(heartbeat=HEARTBEAT_S, max_msg_size=FRAME_BYTES_MAX)
    await ws.prepare(request)
    reset = SocketOver(SESSION_OVER, "session over", {"type": "reset", "seq": context.site.seq})
    desk_of = principal.agent if kind == "desk" else None
    context.sockets.add(ws, principal, lambda: outgoing.close(reset), desk_of=desk_of)
    context.metrics.sockets.labels(kind).inc()
    over = SocketOver(WSCloseCode.INTERNAL_ERROR)
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(outgoing.until_over())
            group.create_task(outgoing.send_to(ws))
            group.create_task(_read(ws, on_frame, context))
            group.create_task(work())
    except* SocketOver as ended:
        over = _first(ended)
    except* TemporaryFailure:
        over = SocketOver(WSCloseCode.TRY_AGAIN_LATER, "not possible just now")
    except* ConnectionError:
        over = SocketOver(WSCloseCode.OK)
    finally:
        context.sockets.remove(ws)
        context.metrics.sockets.labels(kind).dec()
        await _close(ws, request, over)
    return ws


def _first(ended: BaseExceptionGroup[SocketOver]) -> SocketOver:
    first = ended.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first


async def _read(ws: web.WebSocketResponse, on_frame: OnFrame, context: Context) -> None:
    flood = Window(100, 10 * SECOND)
    async for message in ws:
        if flood.take("frames", context.site.now()):
            raise SocketOver(WSCloseCode.POLICY_VIOLATION, "too many frames")
        if message.type is not WSMsgType.TEXT:
            raise SocketOver(WSCloseCode.UNSUPPORTED_DATA, "text frames only")
        await on_frame(_decoded(message.data))
    raise SocketOver(ws.close_code or WSCloseCode.OK)


def _decoded(text: str) -> Frame:
    try:
        return msgspec.json.decode(text, type=Frame)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise SocketOver(WSCloseCode.INVALID_TEXT, "frames are JSON objects") from error


async def _close(ws: web.WebSocketResponse, request: web.Request, over: SocketOver) -> None:
    """Close the socket; a peer who does not take part in that within a second is cut off."""
    transport = request.transport
    try:
        async with asyncio.timeout(_CLOSE_WITHIN_S):
            if over.last is not None:
                await ws.send_str(encode(over.last))
            await ws.close(code=over.code, message=over.reason.encode())
    except (TimeoutError, ConnectionError):
        pass
    finally:
        if transport is not None and over.code != WSCloseCode.OK:
            transport.abort()
