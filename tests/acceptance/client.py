"""Clients of a site, as programs outside write them."""

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Self, TypeVar

import aiohttp

from channels.email.listener import Delivery, MailListener
from tests.acceptance.site import pause

T = TypeVar("T")


class Api:
    """The HTTP API with one token, or in the session of somebody who logs in."""

    def __init__(self, base: str, token: str | None = None) -> None:
        self.base = base
        # Cookies of an address without a name are kept only by an "unsafe" jar.
        self._http = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        self._http.headers.update({"Origin": base} if token is None else {"Authorization": f"Bearer {token}"})

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.close()

    async def log_in(self, login: str, password: str) -> None:
        """Go on in a new session."""
        session = await self.post("/login", login=login, password=password)
        self._http.headers["X-CSRF-Token"] = session["csrf"]

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Return status and body of a call."""
        async with self._http.request(method, f"{self.base}/api/v1{path}", json=body, headers=headers) as answer:
            return answer.status, await answer.json() if answer.status != 204 and answer.content_length != 0 else None

    async def get(self, path: str) -> Any:
        """Return what a path holds; it must be there."""
        status, body = await self.call("GET", path)
        assert status == 200, (status, body)
        return body

    async def post(self, path: str, **body: Any) -> Any:
        """Return what a call answers; it must be accepted."""
        status, answer = await self.call("POST", path, body)
        assert status < 300, (status, answer)
        return answer

    async def bring(self, interaction: str, filename: str, content: bytes) -> str:
        """Bring a file for a message of `interaction`; return its id."""
        address = f"{self.base}/api/v1/interactions/{interaction}/attachments"
        headers = {"Content-Type": "application/octet-stream"}
        async with self._http.post(address, params={"filename": filename}, data=content, headers=headers) as answer:
            assert answer.status == 201, await answer.text()
            id: str = (await answer.json())["id"]
            return id


class Sink:
    """An SMTP server that takes every mail and keeps it, but for the recipients in `refused`."""

    def __init__(self) -> None:
        self.mails: list[Delivery] = []
        self.refused: set[str] = set()
        self.listener = MailListener(
            host="127.0.0.1", port=0, protocol="smtp", deliver=self._take, accepts=self._accepts
        )

    def _accepts(self, address: str) -> bool:
        return address not in self.refused

    async def _take(self, delivery: Delivery) -> None:
        self.mails.append(delivery)

    async def mail(self, which: Callable[[Delivery], bool], seconds: float = 20) -> Delivery:
        """Return the first mail that `which` accepts, once it is here."""
        return await eventually(lambda: _first(self.mails, which), seconds=seconds)


async def _first(mails: list[Delivery], which: Callable[[Delivery], bool]) -> Delivery | None:
    return next((mail for mail in mails if which(mail)), None)


async def eventually(look: Callable[[], Awaitable[T | None]], *, seconds: float = 20) -> T:
    """Return what `look` finds as soon as it finds something."""
    async with asyncio.timeout(seconds):
        while (found := await look()) is None:
            await pause(0.05)
        return found
