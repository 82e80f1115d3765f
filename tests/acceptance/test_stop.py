"""SIGTERM under traffic: the site finishes what it took in, within ten seconds, and nothing is lost by it."""

import asyncio
from pathlib import Path

from tests.acceptance.client import Api, Sink, eventually
from tests.acceptance.site import SiteProcess, pause
from tests.acceptance.traffic import compare, traffic

STOPS = 3
STOP_S = 10


async def test_a_site_that_is_told_to_stop_finishes_what_it_took_in(tmp_path: Path, sink: Sink, model: Path) -> None:
    site = SiteProcess(tmp_path, sink_port=sink.listener.port, model=model, ring="5s")
    supervisor = site.token("supervisor")
    workers = {name: site.token("operator", name) for name in ("anna", "boris")}
    await site.start()
    loop = asyncio.get_running_loop()
    try:
        async with traffic(site, workers=workers) as truth:
            for _ in range(STOPS):
                await pause(3)
                began = loop.time()
                assert await site.stop() == 0
                assert loop.time() - began < STOP_S
                await site.start()
            await pause(2)
        async with Api(site.base, supervisor) as api:
            await compare(api, truth, sink)
        assert site.logged("drain_timed_out") == []
        assert len(site.logged("site_stopped")) == STOPS
    finally:
        await site.kill()


async def test_an_offer_outlives_an_orderly_stop_that_no_long_poll_delays(site: SiteProcess) -> None:
    supervisor, anna, boris = site.token("supervisor"), site.token("operator", "anna"), site.token("operator", "boris")
    await site.start()
    async with Api(site.base, anna) as agent, Api(site.base, boris) as idle, Api(site.base, supervisor) as house:
        await agent.post("/agents/anna/presence", presence="available", lease="10m")
        waiting = asyncio.create_task(idle.call("GET", "/agents/boris/offers?wait=20"))
        admitted = await house.post("/interactions", external_id="order-1", text="Hello", queue="support")
        rings = (await agent.get("/agents/anna/offers"))["items"]
        assert [offer["interaction"]["id"] for offer in rings] == [admitted["id"]]
        began = asyncio.get_running_loop().time()
        assert await site.stop() == 0
        assert asyncio.get_running_loop().time() - began < STOP_S
        await asyncio.gather(waiting, return_exceptions=True)
        await site.start()
        await agent.post("/agents/anna/presence", presence="available", lease="10m")

        async def offered() -> str | None:
            found = (await agent.get("/agents/anna/offers"))["items"]
            return str(found[0]["id"]) if found else None

        await agent.post(f"/offers/{await eventually(offered)}/accept")
        assert (await house.get(f"/interactions/{admitted['id']}"))["state"] == "active"
