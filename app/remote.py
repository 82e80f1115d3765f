"""A running site, asked through its HTTP API."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from app.clock import SystemClock
from vocabulary.errors import PermanentFailure, TemporaryFailure

TIMEOUT_S = 30
_PATIENT = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=600)
"""For what may take minutes in a large store."""
_PREFIX = "/api/v1"


class Unreached(TemporaryFailure):
    """No site answers there."""


class RefusedBySite(PermanentFailure):
    """It answered, and refused."""

    def __init__(self, told: str, status: int) -> None:
        super().__init__(told)
        self.status = status


class Remote:
    """The API of one site, with a token."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._clock = SystemClock()
        self._url = url

    async def get(self, path: str, **query: str | int | None) -> Any:
        """Return what GET `path` answers; what is None in `query` is left out.

        Raises:
            PermanentFailure: the site refused, and why.
            TemporaryFailure: it does not answer, or can't just now.
        """
        return await self._call("GET", path, params={key: value for key, value in query.items() if value is not None})

    async def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Return what POST `path` answers; raises as `get` does."""
        return await self._call("POST", path, json=body)

    async def post_bytes(self, path: str, body: bytes, content_type: str) -> Any:
        """Return what POST `path` answers to bytes; raises as `get` does."""
        headers = {"Content-Type": content_type}
        return await self._call("POST", path, data=body, headers=headers, timeout=_PATIENT)

    async def pause(self, seconds: float) -> None:
        """Let some seconds pass before the next try."""
        await self._clock.sleep(round(seconds * 1000))

    async def delete(self, path: str, **query: str) -> None:
        """Ask DELETE `path`, which may take its time; raises as `get` does."""
        await self._call("DELETE", path, params=query, timeout=_PATIENT)

    async def pieces(self, path: str) -> AsyncIterator[bytes]:
        """Yield what GET `path` answers as it comes; raises as `get` does."""
        try:
            async with self._session.get(f"{self._url}{_PREFIX}{path}", timeout=_PATIENT) as answer:
                if answer.status >= 400:
                    await self._answer(answer)
                async for piece in answer.content.iter_chunked(1 << 16):
                    yield piece
        except aiohttp.ClientConnectorError as error:
            raise self._unreached(str(error)) from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise TemporaryFailure(f"{self._url} stopped answering ({error}); try again") from error

    async def _call(self, method: str, path: str, **given: Any) -> Any:
        try:
            async with self._session.request(method, f"{self._url}{_PREFIX}{path}", **given) as answer:
                return await self._answer(answer)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise self._unreached(str(error) or "no answer in time") from error

    def _unreached(self, told: str) -> Unreached:
        return Unreached(
            f"no Centrala answers at {self._url} ({told}); start it with `centrala serve`, or say with --url or "
            "CENTRALA_URL where it is"
        )

    async def _answer(self, answer: aiohttp.ClientResponse) -> Any:
        if answer.status < 400:
            return None if answer.status == 204 else await answer.json()
        problem = await answer.json(content_type=None) if "json" in answer.content_type else {}
        told = str(problem.get("detail") or problem.get("title") or answer.reason)
        if answer.status == 401:
            told += " Make a token with `centrala token create` and give it in CENTRALA_TOKEN or with --token."
        details = "; ".join(f"{fault['path']}: {fault['message']}" for fault in problem.get("errors", []))
        said = f"{self._url} answers {answer.status}: {told}{f' ({details})' if details else ''}"
        raise TemporaryFailure(said) if answer.status in (429, 503) else RefusedBySite(said, answer.status)


@asynccontextmanager
async def reached(url: str, token: str) -> AsyncIterator[Remote]:
    """Yield the site at `url`, called with `token`."""
    headers = {"Authorization": f"Bearer {token}"}
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    async with aiohttp.ClientSession(headers=headers, timeout=timeout) as session:
        yield Remote(session, url.rstrip("/"))
