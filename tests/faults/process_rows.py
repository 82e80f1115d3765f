"""Processes that die, freeze, are told to stop or start (reliability.md 6.1)."""

import asyncio
import os
import signal
import time  # noqa: TID251  # it measures
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks.start import GOAL_S, measured
from tests.acceptance.admitting import admitted, ready
from tests.acceptance.client import Api, eventually
from tests.acceptance.site import pause
from tests.acceptance.traffic import compare, traffic
from tests.faults.bench import Bench, Missing, Watch, agent, require, shop, started, when
from tests.faults.desk import accepted, admit, come, ringing
from tests.faults.disk_rows import _serve as served
from tests.faults.kills import PACE, Session, percentile
from tests.faults.pending import pending_offers
from tests.faults.table import Figures, row
from tests.simulation.checker import Records, violations_at_the_end
from tests.simulation.people import Chatter, Person, Way

RESUMED_WITHIN_S = 5.0
DRAINED_WITHIN_S = 10.0
ENDED_WITHIN_S = 2.0


class Regular(Chatter):
    """A chat customer who notes when he was welcomed."""

    welcomed_at = 0.0

    def _take(self, frame: dict[str, Any]) -> None:
        if frame["type"] == "welcome":
            self.welcomed_at = time.monotonic()
        super()._take(frame)

    def likes(self, chance: float) -> bool:
        """He plays no tricks; he only keeps talking."""
        return False


@row("F-10", "killed with 200 chats open", "95 % resumed within 5 s of the restart, no gaps", quick=True)
async def killed_with_chats(bench: Bench) -> Figures:
    session = bench.session()
    number = 40 if bench.quick else 200
    way = Way(aiohttp.TCPConnector, session.site.base, session.site.base, session.site.ports.smtp_in, haste=2)
    people = [Regular(f"regular{each}", session.truth, session.draw, way) for each in range(number)]
    resumed: list[float] = []
    await started(session.site)
    tasks = [asyncio.create_task(person.run()) for person in people]
    try:
        for _ in range(bench.times(5, 1)):
            resumed += await _kill_and_count(session, people)
        for person in people:
            person.calm = True
        await asyncio.wait(tasks, timeout=60)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    session.site.kill(signal.SIGTERM)
    require(await session.site.ended(DRAINED_WITHIN_S), "it does not stop")
    session.site.forget()
    session._look()
    with_gaps = [each for each in session.truth.complaints if "behind" in each]
    connection = session.site.records()
    found = [": ".join(each) for each in violations_at_the_end(Records(connection), session.follower, session.truth, 0)]
    connection.close()
    in_time = sum(each <= RESUMED_WITHIN_S for each in resumed) / len(resumed)
    figures: Figures = {
        "chats": number,
        "resumed": len(resumed),
        "p50_s": percentile(resumed, 0.5),
        "p95_s": percentile(resumed, 0.95),
        "share_in_time": in_time,
        "acknowledged": len(session.truth.chats),
        "gaps": len(with_gaps),
    }
    require(not session.truth.complaints, "; ".join(session.truth.complaints[:3]), **figures)
    require(not found, "; ".join(found[:3]), **figures)
    require(in_time >= 0.95, f"only {in_time:.0%} resumed in time", **figures)
    return figures


async def _kill_and_count(session: Session, people: list[Regular]) -> list[float]:
    """Kill the site once everybody is in; return after how many seconds each is in again."""
    since = time.monotonic()
    said = {person.name for person in people}

    async def all_in() -> bool:
        return all(person.welcomed_at > 0 and person.conversation for person in people)

    await when(all_in, 60, f"{len(said)} chats are open")
    session.site.kill()
    require(await session.site.ended(5), "it outlives kill -9")
    session.site.forget()
    session._look()
    since = time.monotonic()
    await started(session.site)

    async def all_again() -> bool:
        return all(person.welcomed_at > since for person in people) or time.monotonic() > since + 30

    await when(all_again, 40, "they are back")
    never = 60.0
    return [round(each.welcomed_at - since, 3) if each.welcomed_at > since else never for each in people]


@row(
    "F-11",
    "the parent is killed while a child of it works; a second site on the same file",
    "the child ends within 2 s; the second one is refused",
    quick=True,
)
async def killed_parent(bench: Bench) -> Figures:
    site = bench.new_site()
    (site.folder / "model.npz").unlink()
    await started(site)
    assert site.process is not None
    second = await served(site.config)
    require(
        second.returncode == 1 and "is in use by process" in second.stderr, f"the second one: {second.stderr[-300:]}"
    )
    process = site.process

    async def child() -> int | None:
        return next(iter(_children(process)), None)

    training = await eventually(child)
    descriptor = os.pidfd_open(training)
    try:
        site.kill()
        watch = Watch()

        async def over() -> bool:
            return not _is_alive(training)

        await when(over, ENDED_WITHIN_S, "the child of a killed site has ended")
        return {"child_ended_after_s": watch.seconds, "second_refused": True}
    finally:
        if _is_alive(training):
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        os.close(descriptor)


def _children(process: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{process}/task").iterdir():
        found += map(int, (task / "children").read_text("utf-8").split())
    return found


def _is_alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text("utf-8").rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@row(
    "F-12",
    "frozen (SIGSTOP) behind an offer's end, then going on; accepted meanwhile",
    "every stale accept is refused; no second site on the file",
    quick=True,
)
async def frozen(bench: Bench) -> Figures:
    site = await bench.serving()
    spans = [PACE.ring_s + 1.0] * bench.times(10, 2) + ([] if bench.quick else [60.0])
    names = ("anna", "boris", "celina")
    refused = 0
    async with (
        shop(site) as api,
        agent(site, "anna") as anna,
        agent(site, "boris") as boris,
        agent(site, "celina") as celina,
    ):
        agents = dict(zip(names, (anna, boris, celina), strict=True))
        seen: frozenset[str] = frozenset()
        for span in spans:
            for name, one in agents.items():
                await come(one, name)
            for _ in names:
                await admit(api)
            offers = {name: str((await ringing(one, name, but=seen))["id"]) for name, one in agents.items()}
            seen |= frozenset(offers.values())
            statuses = await _stale_accepts(bench, site, agents, offers, span)
            require(set(statuses) == {409}, f"stale accepts were answered {statuses}")
            refused += len(statuses)
            require((await ready(site))[0] == 200, "it isn't ready any more")
        twice = [each.offer for each in pending_offers(site.database) if each.endings != 1]
        require(not twice, f"ended more than once: {twice}")
    return {"frozen": len(spans), "longest_s": max(spans), "stale_accepts": refused, "refused": refused}


async def _stale_accepts(
    bench: Bench, site: Any, agents: Mapping[str, Api], offers: Mapping[str, str], span: float
) -> list[int]:
    """Freeze the site for `span` seconds; return how accepts that came when their offers were over were answered."""
    site.kill(signal.SIGSTOP)
    second = await served(site.config)
    require(second.returncode == 1 and "in use" in second.stderr, "a second site was let at the file of a frozen one")
    await pause(span)
    late = [asyncio.create_task(accepted(agents[name], offer)) for name, offer in offers.items()]
    await pause(0.2)
    site.kill(signal.SIGCONT)
    return list(await asyncio.gather(*late))


@row("F-16", "SIGTERM under load", "drained within 10 s, exit code 0, nothing lost", quick=True)
async def told_to_stop(bench: Bench) -> Figures:
    stops = bench.times(10, 1)
    took: list[float] = []
    async with bench.process(ring="5s") as (site, sink):
        house = await asyncio.to_thread(site.token, "supervisor")
        workers = {name: await asyncio.to_thread(site.token, "operator", name) for name in ("anna", "boris")}
        await site.start()
        async with traffic(site, workers=workers) as truth:
            for _ in range(stops):
                await pause(3)
                watch = Watch()
                code = await site.stop()
                took.append(watch.seconds)
                require(code == 0, f"exit code {code}")
                await site.start()
            await pause(2)
        async with Api(site.base, house) as api:
            await compare(api, truth, sink)
        figures: Figures = {
            "stops": stops,
            "p50_s": percentile(took, 0.5),
            "longest_s": max(took),
            "chats": len(truth.chats),
            "mails": len(truth.mails),
            "replies": len(truth.replies),
            "lost": 0,
        }
        require(max(took) <= DRAINED_WITHIN_S, f"a stop took {max(took):.1f} s", **figures)
        require(not site.logged("drain_timed_out"), "something was left undone", **figures)
        return figures


@row("F-17", "started with 100,000 open interactions", "ready within 3 s")
async def started_with_a_backlog(bench: Bench) -> Figures:
    """As benchmarks/start.py measures it, which names the load of the machine too."""
    count, rounds = (10_000, 1) if bench.quick else (100_000, 3)
    figures = await asyncio.to_thread(measured, bench.new_folder(), count, rounds)
    slowest = max(figures["ready_after_stop_s"], figures["ready_after_kill_s"])
    busy = figures["load_average"] > (os.cpu_count() or 1)
    if slowest > GOAL_S and busy:
        raise Missing(f"the machine is too busy to tell: ready after {slowest} s", figures)
    require(slowest <= GOAL_S, f"ready after {slowest} s", **figures)
    return figures


@row(
    "F-18",
    "a part can't work: its mail server hangs up at once",
    "it backs off and says so within 30 s; the rest serves",
    quick=True,
)
async def crash_loop(bench: Bench) -> Figures:
    site = bench.new_site()
    attempts: list[float] = []

    async def hangs_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        attempts.append(time.monotonic())
        writer.close()

    server = await asyncio.start_server(hangs_up, "127.0.0.1", site.ports.imap)
    lasting_s = 8.0 if bench.quick else 60.0
    watch = Watch()
    async with server, shop(site) as api:
        await started(site)

        async def said() -> bool:
            return bool(site.logged("imap_interrupted"))

        alarm_s = await when(said, 30, "the log says so")
        taken = 0
        while watch.seconds < lasting_s:
            taken += await admitted(api, f"order-{taken}") == 201
            await pause(0.05)
        require((await ready(site))[0] == 200, "it isn't ready")
    gaps = [round(after - before, 2) for before, after in pairwise(attempts)]
    figures: Figures = {
        "attempts": len(attempts),
        "gaps_s": gaps,
        "alarm_after_s": alarm_s,
        "taken_meanwhile": taken,
        "lasted_s": lasting_s,
    }
    require(taken > lasting_s, "the rest does not serve", **figures)
    require(len(gaps) >= 2 and gaps[-1] > 1.5 * gaps[0], "it doesn't back off", **figures)
    return figures


TASKS = (
    "store",
    "alarm",
    "leases",
    "erasures",
    "conversations",
    "mail_intake",
    "mailroom",
    "retention",
    "mailbox:box:INBOX",
)


@row(
    "F-19",
    "each background task in turn fails unforeseen",
    "each is told of and started again; all works on",
    quick=True,
)
async def failing_tasks(bench: Bench) -> Figures:
    session = bench.session()
    people: list[Person] = session.people
    rounds = bench.times(5, 1)
    async with session.outside():
        await session.site.start(failing=",".join(TASKS * rounds))
        require(await session.site.ready() is not None, "it does not start")
        longest = 0.0
        for number, name in enumerate(TASKS * rounds, 1):
            session.site.kill(signal.SIGUSR1)
            watch = Watch()

            async def told(number: int = number) -> bool:
                return len(session.site.logged("task_failed")) >= number

            await when(told, 5, f"the log tells that {name} failed")
            longest = max(longest, watch.seconds)
        failed = [line["task"] for line in session.site.logged("task_failed")]
        require(failed == list(TASKS * rounds), f"failed: {failed}")
        for person in people:
            person.calm = True
        unrest = await session._rest()
        require(not unrest, f"after they failed something was never done: {unrest[:300]}")
        session.site.kill(signal.SIGTERM)
        require(await session.site.ended(DRAINED_WITHIN_S), "it does not stop")
        session.site.forget()
        session._look()
        found = session.compared()
    require(not found, "; ".join(found[:3]))
    require("never retrieved" not in session.site.log, "a task died without a word")
    return {
        "tasks": list(TASKS),
        "failures": len(failed),
        "told_after_longest_s": longest,
        "silent": 0,
        "chats": len(session.truth.chats),
        "mails": len(session.truth.mails) + len(session.truth.boxed),
        "lost": 0,
    }


@row("F-21", "the parser of mail runs out of memory", "its process dies, the mail is quarantined")
async def parser_out_of_memory(bench: Bench) -> Figures:
    raise Missing("mail is parsed in the site's own process, under limits of its own; there is no child to run out")
