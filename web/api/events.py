"""The event log: pages of it, or a stream that follows."""

import asyncio

import msgspec
from aiohttp import web

from vocabulary.errors import Lagged
from web.answers import Events, EventView
from web.call import Call
from web.endpoint import Endpoints
from web.event_views import entry_event, logged_event
from web.feed import ALL, FeedEnded, Inbox
from web.payloads import EventQuery

endpoints = Endpoints("events")

_PAGE = 500
_ALIVE_EVERY_S = 15.0
_STALLED_AFTER_S = 30.0


@endpoints.get("/events", "events.read", "The log behind a number; `Accept: text/event-stream` follows it")
async def events(call: Call, query: EventQuery) -> Events | web.StreamResponse:
    """Answer a page of the log, in order and without gaps."""
    if "text/event-stream" in call.request.headers.get("Accept", ""):
        return await follow(call, query)
    entries = await call.site.store.entries(query.after, query.limit)
    return Events(items=[entry_event(entry) for entry in entries], next=entries[-1].seq if entries else query.after)


async def follow(call: Call, query: EventQuery) -> web.StreamResponse:
    """Send the log from behind `after` (or Last-Event-ID) on, then every event as it becomes durable."""
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
    await response.prepare(call.request)
    last = call.request.headers.get("Last-Event-ID", "")
    stream = _Stream(call, response, int(last) if last.isascii() and last.isdecimal() else query.after)
    with call.context.feed.follow(ALL) as inbox:
        call.context.sockets.add(stream, call.principal, inbox.end)
        try:
            while True:
                await stream.catch_up()
                await stream.live(inbox)
        except (FeedEnded, ConnectionError, TimeoutError):
            return response
        finally:
            call.context.sockets.remove(stream)


class _Stream:
    """One reader of the log."""

    def __init__(self, call: Call, response: web.StreamResponse, seq: int) -> None:
        self._store = call.site.store
        self._response = response
        self._seq = seq

    async def catch_up(self) -> None:
        """Send what the journal has behind the last number sent."""
        while entries := await self._store.entries(self._seq, _PAGE):
            for entry in entries:
                await self._send(entry_event(entry))

    async def live(self, inbox: Inbox) -> None:
        """Send what comes, until the reader has lagged; then the journal has the rest."""
        while True:
            try:
                async with asyncio.timeout(_ALIVE_EVERY_S):
                    logged = await inbox.next()
            except TimeoutError:
                await self._write(": alive\n\n")
                continue
            except Lagged:
                return
            if logged.seq > self._seq:
                await self._send(logged_event(logged))

    async def _send(self, event: EventView) -> None:
        body = msgspec.json.encode(event).decode()
        await self._write(f"id: {event.seq}\nevent: {event.type}\ndata: {body}\n\n")
        self._seq = event.seq

    async def _write(self, text: str) -> None:
        async with asyncio.timeout(_STALLED_AFTER_S):
            await self._response.write(text.encode())
