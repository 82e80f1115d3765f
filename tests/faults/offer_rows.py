"""Offers: they end in time, and once, whoever goes, sleeps or races (reliability.md 6.6, promise 6)."""

import asyncio
import time  # noqa: TID251  # it measures
from random import Random  # noqa: TID251  # with its seed

import aiohttp

from tests.acceptance.client import Api
from tests.acceptance.site import pause
from tests.faults.bench import Bench, Watch, agent, require, shop, supervisor
from tests.faults.desk import accepted, admit, come, finished, ringing
from tests.faults.kills import PACE, Site, percentile
from tests.faults.pending import pending_offers
from tests.faults.table import Figures, row

OFFERED_AGAIN_S = 3.0
LATE_S = 1.0


@row("F-83", "an agent's connection drops while it rings", "re-offered within 3 s", quick=True)
async def agent_drops(bench: Bench) -> Figures:
    site = await bench.serving()
    times = bench.times(50, 2)
    took: list[float] = []
    for _ in range(times):
        took.append(await _dropped(site))
    figures: Figures = {"drops": times, "p50_s": percentile(took, 0.5), "longest_s": max(took)}
    require(max(took) <= OFFERED_AGAIN_S, f"it rang elsewhere after {max(took):.2f} s", **figures)
    return figures


async def _dropped(site: Site) -> float:
    """Return how long after the drop of one agent's socket his offer rings at the other's."""
    # A long ring, so that it is the drop and not the time that ends the offer, is the journal's to tell: see below.
    async with agent(site, "anna") as anna, agent(site, "boris") as boris, shop(site) as api:
        ticket = (await anna.post("/ws-tickets"))["ticket"]
        http = aiohttp.ClientSession(headers={"Origin": site.base, "Authorization": ""})
        socket = await http.ws_connect(f"{site.base}/ws/desk?ticket={ticket}")
        await anna.post("/agents/anna/presence", presence="available")
        interaction = await admit(api)
        offer = await ringing(anna, "anna")
        require(offer["interaction"]["id"] == interaction, "another one rings")
        await come(boris, "boris")
        watch = Watch()
        # As a line that is cut: no goodbye.
        assert socket._response.connection is not None
        transport = socket._response.connection.transport
        assert transport is not None
        transport.abort()
        other = await ringing(boris, "boris")
        seconds = watch.seconds
        require(other["interaction"]["id"] == interaction, "another one rings")
        require(await accepted(boris, str(other["id"])) == 200, "it can't be taken")
        await finished(boris, interaction)
        await http.close()
        await boris.post("/agents/boris/presence", presence="offline")
    return seconds


@row("F-85", "accepted at the timeout +- 50 ms", "every offer ends once", quick=True)
async def accepted_at_the_end(bench: Bench) -> Figures:
    site, draw = await bench.serving(), Random(bench.seed)  # noqa: S311  # no secret
    times = bench.times(300, 6)
    answers: list[int] = []
    async with supervisor(site) as house, shop(site) as api:
        names = ("anna", "boris", "celina")
        shares = [times // len(names)] * len(names)
        await asyncio.gather(
            *(_races(site, api, name, share, draw, answers) for name, share in zip(names, shares, strict=True))
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
        names = ("anna", "boris", "celina")
        apis = [agent(site, name) for name in names]
        watch = Watch()
        for _ in range(10):
            await admit(api)
        while watch.seconds < lasting_s:
            await asyncio.gather(*(come(one, name) for one, name in zip(apis, names, strict=True)))
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
