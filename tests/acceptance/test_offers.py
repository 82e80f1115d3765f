"""Offers through the API of a running site."""

from pathlib import Path

from tests.acceptance.client import Api, Sink, eventually
from tests.acceptance.site import SiteProcess


async def _offer(api: Api, agent: str, wait: int = 10) -> dict[str, object]:
    items = (await api.get(f"/agents/{agent}/offers?wait={wait}"))["items"]
    assert items, f"nothing rings at {agent}"
    offer: dict[str, object] = items[0]
    return offer


async def test_an_agent_lets_an_offer_expire_and_the_next_one_gets_it_at_its_old_place(
    tmp_path: Path, sink: Sink, model: Path
) -> None:
    site = SiteProcess(tmp_path, sink_port=sink.listener.port, model=model, ring="2s")
    tokens = {name: site.token("operator", name) for name in ("anna", "boris")}
    integration = site.token("integration")
    await site.start()
    try:
        async with (
            Api(site.base, integration) as work,
            Api(site.base, tokens["anna"]) as anna,
            Api(site.base, tokens["boris"]) as boris,
        ):
            await anna.post("/agents/anna/presence", presence="available", lease="5m")
            first = await work.post("/interactions", channel="demo-callback", external_id="1", queue="support")
            second = await work.post("/interactions", channel="demo-callback", external_id="2", queue="support")
            ringing = await _offer(anna, "anna")
            assert ringing["interaction"]["id"] == first["id"]  # type: ignore[index]  # a view

            async def returned() -> bool | None:
                found = await work.get(f"/interactions/{first['id']}")
                return True if found["state"] == "waiting" else None

            await eventually(returned)
            place = await work.get(f"/interactions/{first['id']}")
            assert place["arrived_at"] == first["arrived_at"]
            assert place["position"] == 1
            assert (await work.get(f"/interactions/{second['id']}"))["position"] == 2

            await boris.post("/agents/boris/presence", presence="available", lease="5m")
            offer = await _offer(boris, "boris")
            assert offer["interaction"]["id"] == first["id"]  # type: ignore[index]  # a view
            await boris.post(f"/offers/{offer['id']}/accept")
            late, problem = await anna.call("POST", f"/offers/{ringing['id']}/accept")
            assert late == 409, problem
            assert problem["detail"] == "This offer is over: Its time to answer was over. (timeout)"
    finally:
        await site.kill()
