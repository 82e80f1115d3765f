"""A running site with the mail server that it sends to, for the tests of one module."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.acceptance.client import Api, Sink, eventually
from tests.acceptance.site import PASSWORD, SiteProcess

AGENTS = ("anna", "boris")
_OVER = ("closed", "abandoned")


class House:
    """The site, its sink, and a supervisor's session."""

    def __init__(self, site: SiteProcess, sink: Sink, supervisor: Api, token: str) -> None:
        """Hold them, and the `token` of an administrator for commands, "" if none was asked for."""
        self.site = site
        self.sink = sink
        self.supervisor = supervisor
        self.token = token

    @property
    def base(self) -> str:
        return self.site.base

    async def interactions(self, **filters: str) -> list[dict[str, Any]]:
        """Return the interactions with these properties."""
        found = (await self.supervisor.get("/interactions?limit=200"))["items"]
        return [one for one in found if all(one[name] == value for name, value in filters.items())]

    async def interaction(self, seconds: float = 20, **filters: str) -> dict[str, Any]:
        """Return the one interaction with these properties, once it is there."""

        async def only() -> dict[str, Any] | None:
            found = await self.interactions(**filters)
            assert len(found) <= 1, found
            return found[0] if found else None

        return await eventually(only, seconds=seconds)

    async def model_decides(self) -> None:
        """Wait for the site's model: before, keywords tell what a text is about, and its language may come too late."""

        async def by_model() -> bool | None:
            said = await self.supervisor.post("/classify", text="Where is my parcel?")
            return True if said["method"] == "model" else None

        await eventually(by_model, seconds=60)

    async def settle(self) -> None:
        """Close what is open and send everybody home, so that the next test begins with an empty house."""
        for one in await self.interactions():
            if one["state"] not in _OVER:
                await self.supervisor.call("POST", f"/interactions/{one['id']}/close", {"reason": "the test is over"})
        for agent in AGENTS:
            await self.supervisor.post(f"/agents/{agent}/presence", presence="offline")


@asynccontextmanager
async def running_house(folder: Path, model: Path, *, commands: bool = False, **settings: Any) -> AsyncIterator[House]:
    """Run a site in `folder` while the block lasts, once its model is there; `settings` as SiteProcess takes them.

    With `commands` it has a token for them.
    """
    sink = Sink()
    await sink.listener.start()
    site = SiteProcess(folder, sink_port=sink.listener.port, model=model, **settings)
    token = site.token("admin") if commands else ""
    try:
        await site.start()
        async with Api(site.base) as supervisor:
            await supervisor.log_in("vera", PASSWORD)
            house = House(site, sink, supervisor, token)
            await house.model_decides()
            yield house
    finally:
        await site.kill()
        await sink.listener.stop()
