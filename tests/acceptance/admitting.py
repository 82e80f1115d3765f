"""Admissions to a site whose store has its troubles, and what the site says of itself meanwhile."""

from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any, Protocol

import aiohttp

from tests.acceptance.client import Api, eventually

WITHIN_S = 5
"""So soon a fault is noticed, and so soon all is well again after it."""


class Running(Protocol):
    """A site, however it was started."""

    @property
    def base(self) -> str: ...
    def logged(self, event: str) -> list[dict[str, Any]]:
        """Return the log lines of `event`."""


async def admitted(api: Api, external_id: str, text: str = "Where is it?") -> int:
    """Return the status with which an admission is answered; 503 comes with a time to come back."""
    path, body = f"{api.base}/api/v1/interactions", {"external_id": external_id, "text": text}
    async with api._http.post(path, json=body) as answer:
        assert answer.status in (200, 201, 503), await answer.text()
        assert ("Retry-After" in answer.headers) == (answer.status == 503)
        return answer.status


async def until_taken(api: Api, external_id: str) -> None:
    """Return once an admission is taken; fail if that takes longer than it may."""

    async def taken() -> bool | None:
        return (await admitted(api, external_id)) in (200, 201) or None

    await eventually(taken, seconds=WITHIN_S)


async def ready(site: Running) -> tuple[int, dict[str, Any]]:
    async with aiohttp.ClientSession() as http, http.get(f"{site.base}/readyz") as answer:
        return answer.status, await answer.json()


async def not_ready(site: Running) -> str:
    """Return why the site isn't ready, as soon as it isn't."""

    async def reason() -> str | None:
        status, body = await ready(site)
        return str(body["reason"]) if status == 503 else None

    return await eventually(reason, seconds=WITHIN_S)


async def ready_again(site: Running) -> None:
    async def well() -> bool | None:
        return (await ready(site))[0] == 200 or None

    await eventually(well, seconds=WITHIN_S)


async def told(site: Running, event: str, reason: str = "") -> None:
    """Return once the log tells of `event`."""

    async def line() -> bool | None:
        return any(reason in str(line.get("reason", "")) for line in site.logged(event)) or None

    await eventually(line, seconds=WITHIN_S)


async def all_of(api: Api) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = await api.get(f"/interactions?limit=200{cursor}")
        found += page["items"]
        if page["next"] is None:
            return found
        cursor = f"&cursor={page['next']}"


def fill(place: Path) -> Path:
    """Take all the room that is left on a disk, and return the file that has it."""
    ballast = place / "ballast"
    with suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    return ballast


async def text_of(site: Running, path: str) -> str:
    async with aiohttp.ClientSession() as http, http.get(f"{site.base}{path}") as answer:
        return await answer.text()


async def arrive(api: Api, acknowledged: list[str]) -> None:
    """Admit one interaction after another, and write down what was acknowledged."""
    for number in count():
        status, _ = await api.call("POST", "/interactions", {"external_id": f"order-{number}", "text": "Where is it?"})
        assert status == 201, status
        acknowledged.append(f"order-{number}")


async def events_of(api: Api, until: int) -> list[Any]:
    found: list[Any] = []
    while len(found) < until:
        page = (await api.get(f"/events?after={len(found)}&limit=1000"))["items"]
        assert page, f"the log ends at {len(found)}"
        found += page
    return found[:until]
