"""`kill -9` at named places, again and again (reliability.md 6.1): traffic and comparison are those of the kill run."""

import asyncio
import signal
import sqlite3
from contextlib import closing, suppress

from storage.schema import newest
from tests.acceptance.admitting import admitted, all_of
from tests.acceptance.canaries import Canaries, traces
from tests.acceptance.client import Api, eventually
from tests.acceptance.mails import letter, send
from tests.faults.bench import REACHED_LEAST, Bench, Watch, require, shop, started, supervisor, when
from tests.faults.kills import PACE, Kills, When, percentile
from tests.faults.pending import Pending, pending_offers
from tests.faults.table import Figures, row
from tests.simulation.schedule import POINTS

ONE_SECOND = 1.0


def at(*places: str) -> When:
    return When(places=places, at_any_time=0)


def _figures(result: Kills) -> Figures:
    return {
        "kills": result.kills,
        "at_the_place": result.reached,
        "lost": 0,
        "doubled": 0,
        **result.counts,
        "start_p50_s": percentile(result.starts_s, 0.5),
    }


@row("F-01", "killed behind FETCH, before the commit (imap.fetched)", "fetched again, 0/0", quick=True)
async def fetched(bench: Bench) -> Figures:
    return _figures(await bench.killed(200, 4, at("imap.fetched")))


@row("F-02", "killed behind the commit (ingest.after_commit)", "no second interaction, 0/0", quick=True)
async def committed(bench: Bench) -> Figures:
    return _figures(await bench.killed(200, 4, at("ingest.after_commit")))


@row("F-03", "killed 0 to 50 ms from when the write-ahead log grows", "0/0, the file is sound", quick=True)
async def inside_the_transaction(bench: Bench) -> Figures:
    return _figures(await bench.killed(500, 6, When(writing=True)))


@row("F-05", "killed with an offer committed, not told (assign.offer_committed)", "offered on within timeout + 1 s")
async def offer_committed(bench: Bench) -> Figures:
    # Agents are busy or in wrap-up for a while.
    session = bench.session(When(places=("assign.offer_committed",), at_any_time=0, within_s=8))
    result = await session.run(bench.times(100, 4))
    require(not result.violations, "; ".join(result.violations[:3]))
    require(result.reached >= REACHED_LEAST * result.meant, f"only {result.reached} kills happened at their place")
    offers = pending_offers(session.site.database)
    # An offer can't end while nobody is there to end it.
    rang = [each.rang_s - _down(each, session.downtimes) for each in offers]
    longest = max(rang, default=0.0)
    figures = {**_figures(result), "offers": len(offers), "rang_longest_s": round(longest, 3), "ring_s": PACE.ring_s}
    require(longest <= PACE.ring_s + ONE_SECOND, "an offer rang too long", **figures)
    return figures


def _down(offer: Pending, downtimes: list[tuple[float, float]]) -> float:
    """Return how long nobody was there while it rang, in seconds."""
    return sum(max(0.0, min(up, offer.ended_at) - max(down, offer.offered_at)) for down, up in downtimes)


OUT = tuple(name for name in POINTS if name.startswith("out."))


@row(
    "F-07",
    "killed at each place on a mail's way out (out.*)",
    "at most 1 automatic reply; copies have one Message-ID",
    quick=True,
)
async def on_the_way_out(bench: Bench) -> Figures:
    return _figures(await bench.killed(100 * len(OUT), 14, at(*OUT)))


@row(
    "F-08", "killed behind the final dot (out.dot_sent)", "no second automatic reply; the row is uncertain", quick=True
)
async def behind_the_dot(bench: Bench) -> Figures:
    figures = _figures(await bench.killed(200, 6, at("out.dot_sent")))
    require(figures["uncertain"], "no row is uncertain though the server's answer was never heard", **figures)
    return figures


@row(
    "F-14",
    "erase.step: an erasure is killed in each of its steps",
    "resumes at the next start; no byte is left",
    quick=True,
)
async def killed_erasure(bench: Bench) -> Figures:
    steps, longest = 0, 0.0
    for step in (1, 3) if bench.quick else range(1, 12):
        done = await _erased(bench, step)
        if done is None:
            break
        steps, longest = steps + 1, max(longest, done)
    require(steps, "no step was reached")
    return {"steps_killed": steps, "traces_left": 0, "erased_after_start_s": longest}


async def _erased(bench: Bench, step: int) -> float | None:
    """Return after how many seconds from its next start all is erased; None if there is no such step."""
    word = Canaries()
    async with bench.process(environment={"CENTRALA_CRASH_AT": f"erase.step:{step}"}) as (site, _):
        token = await asyncio.to_thread(site.token, "admin")
        await site.start()
        async with Api(site.base, token) as api:
            for number in range(2):
                mail = letter(f"{word('name')} <{word('address')}@customers.example>", word("subject"), word("text"))
                mail.add_attachment(word("file").encode(), maintype="image", subtype="png", filename=f"{number}.png")
                await send(site.mail_port, mail)

            async def both() -> str | None:
                items = (await api.get(f"/interactions?q={word('text')}"))["items"]
                return str(items[0]["customer"]["id"]) if len(items) == 2 else None

            customer = await eventually(both)
            with suppress(Exception):
                await api.call("DELETE", f"/customers/{customer}?force=true")
            if await api_answers(site.base):
                return None
        await site.dies()
        require(traces(site.folder), "the search finds nothing even where something is")
        del site.environment["CENTRALA_CRASH_AT"]
        await site.start()
        watch = Watch()

        async def nothing_left() -> bool:
            return not traces(site.folder)

        await when(nothing_left, 20, "nothing is left")
        seconds = watch.seconds
        async with Api(site.base, token) as api:
            require((await api.call("GET", f"/customers/{customer}"))[0] == 404, "the customer is still there")
            require(len((await api.get(f"/interactions?customer={customer}"))["items"]) == 2, "the figures are gone")
        return seconds


async def api_answers(base: str) -> bool:
    """Tell whether anybody serves there."""
    async with Api(base) as api:
        with suppress(Exception):
            async with api._http.get(f"{base}/healthz") as answer:
                return answer.status == 200
    return False


@row(
    "F-115 kill",
    "migrate.step: an upgrade of the schema is killed",
    "resumes at the next start; nothing is lost; the copy made before is whole",
    quick=True,
)
async def killed_upgrade(bench: Bench) -> Figures:
    kills, longest = 0, 0.0
    for _ in range(bench.times(10, 1)):
        site = await bench.serving()
        async with shop(site) as api:
            for number in range(30):
                require(await admitted(api, f"order-{number}") == 201, "an admission was refused")
        site.kill(signal.SIGTERM)
        await site.ended(10)
        with closing(sqlite3.connect(site.database)) as connection:
            # As the version before the last step left it.
            connection.executescript(
                "DROP TABLE erasures; DROP INDEX ix_received_state_attempts;"
                "UPDATE alembic_version SET version_num = '0001'"
            )
        await site.start("migrate.step")
        require(await site.ended(15), "it did not reach the step")
        with closing(site.records()) as connection:
            ((left_at,),) = connection.execute("SELECT version_num FROM alembic_version").fetchall()
        require(left_at == "0001", f"the killed step left schema {left_at}")
        kills += 1
        longest = max(longest, await started(site))
        with closing(site.records()) as connection:
            ((now,),) = connection.execute("SELECT version_num FROM alembic_version").fetchall()
        require(now == newest(), f"schema {now}")
        async with supervisor(site) as house:
            require(len(await all_of(house)) == 30, "something was lost")
        copies = list(site.folder.glob("*.backup"))
        require(len(copies) == 1, f"{len(copies)} copies")
    return {"kills": kills, "lost": 0, "ready_after_s": longest}
