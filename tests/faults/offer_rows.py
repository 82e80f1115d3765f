"""Offers: they end in time, and once, whoever goes, sleeps or races (reliability.md 6.6, promise 6)."""

import asyncio
import time  # noqa: TID251  # it measures
from random import Random  # noqa: TID251  # with its seed

import aiohttp

from tests.acceptance.client import Api
from tests.acceptance.site import pause
from tests.faults.bench import Bench, Watch, agent, require, shop, started, supervisor
from tests.faults.desk import accepted, admit, come, finished, ringing
from tests.faults.kills import PACE, Site, percentile
from tests.faults.pending import pending_offers
from tests.faults.table import Figures, row
from tests.simulation.node import AGENTS

OFFERED_AGAIN_S = 3.0
LATE_S = 1.0


@row("F-83", "an agent's connection drops while it rings", "re-offered within 3 s", quick=True)
async def agent_drops(bench: Bench) -> Figures:
    # What ends the offer must be the drop, and not its time.
    site = bench.new_site(pace=PACE._replace(ring_s=60))
    await started(site)
    times = bench.times(50, 3)
    draw = Random(bench.seed)  # noqa: S311  # no secret
    took = [
        await _dropped(site, AGENTS[number % 3], AGENTS[(number + 1) % 3], draw.uniform(0, 1))
        for number in range(times)
    ]
    figures: Figures = {"drops": times, "p50_s": percentile(took, 0.5), "longest_s": max(took)}
    require(max(took) <= OFFERED_AGAIN_S, f"it rang elsewhere after {max(took):.2f} s", **figures)
    return figures


async def _dropped(site: Site, one: str, other: str, after_s: float) -> float:
    """Return how long after the drop of one agent's socket his offer rings at the other."""
    async with agent(site, one) as drops, agent(site, other) as stays, shop(site) as api:
        ticket = (await drops.post("/ws-tickets"))["ticket"]
        async with aiohttp.ClientSession(headers={"Origin": site.base}) as http:
            socket = await http.ws_connect(f"{site.base}/ws/desk?ticket={ticket}")
            await drops.post(f"/agents/{one}/presence", presence="available")
            interaction = await admit(api)
            offer = await ringing(drops, one)
            require(offer["interaction"]["id"] == interaction, "another one rings")
            await come(stays, other)
            # Sites look for who is gone at their own rhythm.
            await pause(after_s)
            watch = Watch()
            _cut(socket)
            again = await ringing(stays, other)
            seconds = watch.seconds
        require(again["interaction"]["id"] == interaction, "another one rings")
        require(await accepted(stays, str(again["id"])) == 200, "it can't be taken")
        await finished(stays, interaction)
        await stays.post(f"/agents/{other}/presence", presence="offline")
    return seconds


def _cut(socket: aiohttp.ClientWebSocketResponse) -> None:
    """End a connection as a cable that is cut: without a goodbye."""
    connection = socket._response.connection
    assert connection is not None
    assert connection.transport is not None
    connection.transport.abort()


@row("F-85", "accepted at the timeout +- 50 ms", "every offer ends once", quick=True)
async def accepted_at_the_end(bench: Bench) -> Figures:
    site, draw = await bench.serving(), Random(bench.seed)  # noqa: S311  # no secret
    times = 6 if bench.quick else max(60, bench.times(300, 6))
    answers: list[int] = []
    async with supervisor(site) as house, shop(site) as api:
        shares = [times // len(AGENTS)] * len(AGENTS)
        await asyncio.gather(
            *(_races(site, api, name, share, draw, answers) for name, share in zip(AGENTS, shares, strict=True))
        )
        won = answers.count(200)
        for one in (await house.get("/interactions?limit=200"))["items"]:
            if one["state"] not in ("closed", "abandoned"):
                await house.call("POST", f"/interactions/{one['id']}/close", {"reason": "the row is over"})
    offers = pending_offers(site.database)
    twice = [each.offer for each in offers if each.endings != 1]
    taken = sum(each.ended_as == "OfferAccepted" for each in offers)
    figures: Figures = {"races": len(answers), "won": won, "lost": len(answers) - won, "ended_twice": len(twice)}
    require(not twice, f"ended more than once: {twice[:3]}", **figures)
    require(taken == won, f"{won} were told that it is theirs, the journal has {taken}", **figures)
    require(set(answers) <= {200, 409}, f"answers {set(answers)}", **figures)
    return figures


async def _races(site: Site, api: Api, name: str, times: int, draw: Random, answers: list[int]) -> None:
    seen: frozenset[str] = frozenset()
    async with agent(site, name) as one:
        for _ in range(times):
            await come(one, name)
            await admit(api)
            offer = await ringing(one, name, but=seen)
            seen |= {str(offer["id"])}
            left = offer["expires_at"] / 1000 - time.time() if isinstance(offer["expires_at"], int) else PACE.ring_s
            await pause(max(0.0, left + draw.uniform(-0.05, 0.05)))
            answers.append(await accepted(one, str(offer["id"])))
            if answers[-1] == 200:
                await finished(one, str(offer["interaction"]["id"]))


@row("I-6", "offers that nobody answers", "each ends within its timeout + 1 s", quick=True)
async def unanswered(bench: Bench) -> Figures:
    site = await bench.serving()
    lasting_s = 6 if bench.quick else 60
    async with shop(site) as api:
        apis = [agent(site, name) for name in AGENTS]
        watch = Watch()
        for _ in range(10):
            await admit(api)
        while watch.seconds < lasting_s:
            await asyncio.gather(*(come(one, name) for one, name in zip(apis, AGENTS, strict=True)))
            await pause(0.2)
        await asyncio.gather(*(one.__aexit__(None, None, None) for one in apis))
    await pause(PACE.ring_s + LATE_S)
    offers = [each for each in pending_offers(site.database) if each.ended_as == "OfferExpired"]
    late = [each.rang_s - PACE.ring_s for each in offers]
    figures: Figures = {
        "expired": len(offers),
        "late_p50_s": round(percentile(late, 0.5) or 0, 3),
        "late_longest_s": round(max(late, default=0), 3),
    }
    require(offers, "nothing rang", **figures)
    require(max(late) <= LATE_S, f"an offer ended {max(late):.2f} s behind its time", **figures)
    return figures
