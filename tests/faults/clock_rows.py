"""Clocks that jump (reliability.md 6.4, F-69): libfaketime shows a site another time, and changes it as it runs."""

import asyncio
import signal
from pathlib import Path

from tests.acceptance.admitting import admitted, all_of
from tests.acceptance.site import pause
from tests.faults.bench import Bench, Missed, Missing, agent, require, shop, started, supervisor
from tests.faults.desk import accepted, admit, come, ringing
from tests.faults.kills import PACE, Site, opened_forge
from tests.faults.pending import pending_offers
from tests.faults.table import Figures, row

JUMPS = {
    "+1 d": "+86400",
    "-1 d": "-86400",
    "+1 h": "+3600",
    "-1 h": "-3600",
    "+1 s": "+1",
    "behind 2038": "+378691200",
}
LATE_S = 1.0


def _library() -> Path:
    """Return libfaketime, where Debian has it."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    if not found:
        raise Missing("needs faketime (Debian: apt-get install faketime)")
    return found[0]


@row(
    "F-69",
    "the wall clock jumps by a day, an hour, a second, behind 2038: as it runs and over a restart",
    "no mass expiry, offers end in time, nothing is lost",
    quick=True,
    needs=("faketime",),
)
async def jumps(bench: Bench) -> Figures:
    offset = bench.new_folder() / "offset"
    environment = {
        "LD_PRELOAD": str(_library()),
        "FAKETIME_TIMESTAMP_FILE": str(offset),
        # It looks at the file once a second; each time anybody asks would take most of the processor.
        "FAKETIME_CACHE_DURATION": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }
    chosen = dict(list(JUMPS.items())[:2]) if bench.quick else JUMPS
    figures: Figures = {}
    _show(offset, "+0")
    async with opened_forge(environment) as forge:
        for name, jump in chosen.items():
            figures[name] = {}
            for how in ("running", "restarted"):
                _show(offset, "+0")
                site = await bench.serving(forge=forge)
                try:
                    figures[name][how] = await _jumped(site, offset, jump, restarted=how == "restarted")
                except Missed as missed:
                    raise Missed(f"{name}, {how}: {missed}", figures) from missed
                await bench.clear()
    return figures


def _show(offset: Path, seconds: str) -> None:
    offset.write_text(seconds, "utf-8")


async def _jumped(site: Site, offset: Path, jump: str, *, restarted: bool) -> Figures:
    """Let the clock jump while something waits, rings and is worked on; return how it went on."""
    async with agent(site, "anna") as anna, agent(site, "boris") as boris, shop(site) as api, supervisor(site) as house:
        await come(anna, "anna")
        mine = await admit(api)
        require(await accepted(anna, str((await ringing(anna, "anna"))["id"])) == 200, "it can't be taken")
        await come(boris, "boris")
        await admit(api)
        rings = await ringing(boris, "boris")
        statuses = await asyncio.gather(*(admitted(api, f"waits-{number}") for number in range(50)))
        require(set(statuses) == {201}, f"admissions were answered {set(statuses)}")
        before = await _states(house)
        if restarted:
            site.kill()
            require(await site.ended(5), "it outlives kill -9")
            site.forget()
        _show(offset, jump)
        if restarted:
            await started(site)
            await come(anna, "anna")
            await come(boris, "boris")
        await pause(1 + PACE.ring_s + LATE_S)
        after = await _states(house)
        require(len(after) == len(before), f"{len(before)} interactions were there, {len(after)} are")
        gone = [id for id, state in after.items() if state in ("closed", "abandoned")]
        require(not gone, f"{len(gone)} of {len(before)} ended by the jump")
        require(after[mine] in ("active", "wrap_up", "waiting", "offered"), f"what was worked on is {after[mine]}")
        still = {
            each["id"]
            for name, one in (("anna", anna), ("boris", boris))
            for each in (await one.get(f"/agents/{name}/offers"))["items"]
        }
        require(rings["id"] not in still, "an offer rings on though its time is over")
        require(await admitted(api, "afterwards") == 201, "nothing is taken any more")
        site.kill(signal.SIGTERM)
        require(await site.ended(10), "it does not stop")
    offers = pending_offers(site.database)
    expired = [each.rang_s for each in offers if each.ended_as == "OfferExpired"]
    if not restarted:
        longest = max(expired, default=0.0)
        require(longest <= PACE.ring_s + LATE_S, f"an offer rang {longest:.1f} s")
        shortest = min(expired, default=PACE.ring_s)
        require(shortest >= PACE.ring_s - 0.01, f"an offer expired after {shortest:.1f} s")
    return {"interactions": len(after), "ended_by_it": 0, "offers_expired": len(expired)}


async def _states(house: object) -> dict[str, str]:
    return {one["id"]: one["state"] for one in await all_of(house)}  # type: ignore[arg-type]  # an Api
