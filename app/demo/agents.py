"""Synthetic agents: each works through the HTTP API as an integration would."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any

import aiohttp
import structlog

from app.demo.words import REPLIES
from app.engine import Clock
from simulation.traffic import Mood, first_after, moods
from vocabulary.instants import SECOND

log = structlog.get_logger()

Item = dict[str, Any]


class DemoAgent:
    """One agent who is nearly always there."""

    def __init__(
        self, *, id: str, base: str, token: str, queues: Sequence[str], clock: Clock, seed: int, speed: float
    ) -> None:
        self._id = id
        self._base = f"{base}/api/v1"
        self._token = token
        self._queues = queues
        self._clock = clock
        self._seed = seed
        self._speed = speed
        self._replies = 0
        self._seen: set[str] = set()

    async def run(self) -> None:
        """Work until cancelled."""
        await self._wait(first_after(self._seed, self._id, 3 * SECOND))
        moods_ = moods(self._seed, self._id)
        headers = {"Authorization": f"Bearer {self._token}"}
        async with aiohttp.ClientSession(headers=headers) as http, asyncio.TaskGroup() as work:
            while True:
                for offer in await self._offers(http):
                    work.create_task(self._handle(http, offer, moods_))

    async def _offers(self, http: aiohttp.ClientSession) -> list[Item]:
        """Be available and return what rings; each offer once."""
        try:
            await self._post(http, f"/agents/{self._id}/presence", presence="available", lease="60s")
            async with http.get(f"{self._base}/agents/{self._id}/offers?wait=20") as response:
                items = (await response.json())["items"] if response.status == 200 else []
        except (aiohttp.ClientError, TimeoutError):
            items = []
        fresh = [offer for offer in items if offer["id"] not in self._seen]
        self._seen.update(offer["id"] for offer in fresh)
        if not fresh:
            await self._wait(SECOND)
        return fresh

    async def _handle(self, http: aiohttp.ClientSession, offer: Item, moods_: Iterator[Mood]) -> None:
        """Answer an offer and work it off; what a race took away meanwhile is let go."""
        mood = next(moods_)
        if mood.misses:
            return
        await self._wait(mood.answer_after)
        try:
            if await self._post(http, f"/offers/{offer['id']}/accept"):
                await self._work(http, offer["interaction"], mood)
        except (aiohttp.ClientError, TimeoutError) as error:
            log.debug("demo_agent_lost_track", agent=self._id, error=type(error).__name__)

    async def _work(self, http: aiohttp.ClientSession, interaction: Item, mood: Mood) -> None:
        path = f"/interactions/{interaction['id']}"
        if interaction["medium"] == "callback":
            await self._call(http, interaction, mood)
            return
        await self._say(http, interaction)
        await self._wait(mood.handling)
        other = self._elsewhere(interaction["queue"])
        if mood.transfers and other:
            await self._post(http, f"{path}/transfer", queue=other, note="Demo: belongs to another department.")
            return
        await self._say(http, interaction)
        await self._wait(3 * SECOND)
        await self._post(http, f"{path}/end")
        await self._wrap_up(http, interaction)

    async def _call(self, http: aiohttp.ClientSession, interaction: Item, mood: Mood) -> None:
        await self._wait(mood.handling)
        outcome = "reached" if mood.reached else "no_answer"
        await self._post(http, f"/callbacks/{interaction['id']}/outcome", outcome=outcome)
        if mood.reached:
            await self._post(http, f"/interactions/{interaction['id']}/end")
            await self._wrap_up(http, interaction)

    async def _say(self, http: aiohttp.ClientSession, interaction: Item) -> None:
        replies = REPLIES.get(interaction.get("language") or "en", REPLIES["en"])
        self._replies += 1
        text = replies[self._replies % len(replies)]
        await self._post(http, f"/interactions/{interaction['id']}/messages", kind="reply", text=text)

    async def _wrap_up(self, http: aiohttp.ClientSession, interaction: Item) -> None:
        await self._wait(4 * SECOND)
        dispositions = interaction.get("dispositions") or [None]
        await self._post(http, f"/interactions/{interaction['id']}/wrap-up", disposition=dispositions[0])

    def _elsewhere(self, queue: str) -> str | None:
        others = [name for name in self._queues if name != queue]
        return others[self._replies % len(others)] if others else None

    async def _post(self, http: aiohttp.ClientSession, path: str, **body: Any) -> bool:
        """Post `body` and tell whether it was accepted; a refusal is somebody else's success."""
        async with http.post(f"{self._base}{path}", json=body) as response:
            await response.read()
            return response.status < 300

    async def _wait(self, span: int) -> None:
        await self._clock.sleep(round(span / self._speed))
