"""Real servers and real WebSocket clients for the chat's tests."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from channels.chat.connection import Patience
from channels.chat.conversations import Conversations
from channels.chat.socket import ChatEndpoint
from vocabulary.instants import MINUTE, Instant
from web.limits import Window

PAGE = "https://chat.example.org"
KEYS = {"k1": b"a secret of the site"}
PATIENCE = Patience(hello_s=5, save_s=5, stall_s=5, close_s=0.05)


class HandClock:
    """Time is what the test says."""

    def __init__(self) -> None:
        self.at: Instant = 1_700_000_000_000

    def now(self) -> Instant:
        return self.at


class Bits:
    """Bits that differ from call to call, as random ones do."""

    def __init__(self) -> None:
        self._calls = 0

    def __call__(self, n: int) -> bytes:
        self._calls += 1
        return self._calls.to_bytes(n, "big")


async def at_once(_seconds: float) -> None:
    pass


async def none_is_good(_ticket: str) -> bool:
    return False


def endpoint_of(conversations: Conversations, **changes: Any) -> ChatEndpoint:
    """Return an endpoint in which nothing is left to chance."""
    settings: dict[str, Any] = {
        "channel": "web",
        "company": "Acme",
        "languages": ("en", "pl"),
        "allowed_origins": {PAGE},
        "keys": KEYS,
        "clock": HandClock(),
        "random_bytes": Bits(),
        "connects": Window(10_000, MINUTE),
        "client_of": lambda request: request.remote or "",
        "ticket_holds": none_is_good,
        "is_open": lambda now: now > 0,
        "pause": at_once,
        "patience": PATIENCE,
    }
    return ChatEndpoint(conversations, **(settings | changes))


@asynccontextmanager
async def serving(endpoint: ChatEndpoint) -> AsyncIterator[TestServer]:
    """Run a server with `endpoint`."""
    app = web.Application()
    app.router.add_get("/ws/chat/web", endpoint.handle)
    app.on_shutdown.append(endpoint.close)
    server = TestServer(app)
    await server.start_server(shutdown_timeout=5)
    try:
        yield server
    finally:
        await server.close()


class Tab:
    """A visitor's page: it keeps his token and what it has seen, and comes back with both."""

    def __init__(self, visitor_token: str | None = None) -> None:
        self.token = visitor_token
        self.conversation: str | None = None
        self.after = 0
        self.seen: list[tuple[str, int]] = []
        self.frames: list[dict[str, Any]] = []
        self.close_code: int | None = None
        self._socket: aiohttp.ClientWebSocketResponse | None = None

    @asynccontextmanager
    async def on(self, server: TestServer, **hello: Any) -> AsyncIterator["Tab"]:
        """Be connected to `server`, and welcomed."""
        async with aiohttp.ClientSession() as http:
            socket = await http.ws_connect(server.make_url("/ws/chat/web"), headers={"Origin": PAGE}, timeout=_SHORT)
            self._socket = socket
            try:
                await self.send("hello", visitor_token=self.token, **(self._resume() | hello))
                await self.until(lambda frame: frame["type"] == "welcome")
                yield self
            finally:
                self._socket = None
                await socket.close()

    def _resume(self) -> dict[str, Any]:
        return {"conversation": self.conversation, "after": self.after} if self.conversation else {}

    async def send(self, kind: str, **fields: Any) -> None:
        assert self._socket is not None
        await self._socket.send_str(json.dumps({"type": kind, **fields}))

    async def send_text(self, text: str) -> None:
        assert self._socket is not None
        await self._socket.send_str(text)

    async def frame(self) -> dict[str, Any] | None:
        """Return the next frame, or None once the socket is closed."""
        assert self._socket is not None
        # A frame that never comes fails the test instead of hanging it.
        message = await self._socket.receive(timeout=20)
        if message.type is not aiohttp.WSMsgType.TEXT:
            self.close_code = self._socket.close_code
            return None
        frame: dict[str, Any] = json.loads(message.data)
        self.frames.append(frame)
        self._note(frame)
        return frame

    async def until(self, is_it: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Read up to the first frame that `is_it`, and return it."""
        while (frame := await self.frame()) is not None:
            if is_it(frame):
                return frame
        raise AssertionError(f"closed with {self.close_code} before the frame came; {self.frames[-3:]}")

    async def until_closed(self) -> int | None:
        """Read everything that still comes, and return the code of the end."""
        while await self.frame() is not None:
            pass
        return self.close_code

    async def say(self, client_id: str, text: str = "hello") -> dict[str, Any]:
        """Say something and return its ack."""
        await self.send("message", client_id=client_id, text=text)
        return await self.until(lambda frame: frame["type"] == "ack" and frame["client_id"] == client_id)

    async def until_seen(self, seq: int) -> None:
        while self.after < seq:
            assert await self.frame() is not None, f"closed with {self.close_code} behind message {self.after}"

    def _note(self, frame: dict[str, Any]) -> None:
        match frame["type"]:
            case "welcome":
                self.token = frame["visitor_token"]
                shown = frame["conversation"] and frame["conversation"]["id"]
                if shown != self.conversation:
                    self.conversation, self.after = shown, 0
            case "message":
                assert self.conversation is not None
                self.after = frame["seq"]
                self.seen.append((self.conversation, frame["seq"]))


_SHORT = aiohttp.ClientWSTimeout(ws_close=5.0)
