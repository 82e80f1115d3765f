"""`kill -9` under traffic, twenty times: nothing lost, nothing doubled, offers end or resume."""

import os
import random  # noqa: TID251  # the instants of the kills; the seed is printed
from pathlib import Path

from tests.acceptance.client import Api, Sink
from tests.acceptance.site import SiteProcess, pause
from tests.acceptance.traffic import compare, traffic

KILLS = 20


async def test_kill_under_traffic_loses_nothing_and_doubles_nothing(tmp_path: Path, sink: Sink, model: Path) -> None:
    seed = int(os.environ.get("SEED", "7"))
    draw = random.Random(seed)  # noqa: S311  # no secret
    print(f"SEED={seed}")  # noqa: T201  # pytest shows it with a failure
    site = SiteProcess(tmp_path, sink_port=sink.listener.port, model=model, ring="3s")
    supervisor = site.token("supervisor")
    workers = {name: site.token("operator", name) for name in ("anna", "boris")}
    await site.start()
    try:
        async with traffic(site, workers=workers) as truth:
            for _ in range(KILLS):
                await pause(draw.uniform(0.3, 4))
                await site.kill()
                await site.start()
            await pause(2)
        async with Api(site.base, supervisor) as api:
            await compare(api, truth, sink)
    finally:
        await site.kill()
