"""One random day: people come, things break, the site dies and comes back; then calm: all must come to rest."""

import asyncio
import gc
import shutil
import tempfile
import zlib
from pathlib import Path
from random import Random  # noqa: TID251  # with its seed

import aiohttp
import msgspec

from app import engine as engine_module
from classifiers.language import language_of
from queues.lifecycle import InteractionState
from tests.simulation.checker import (
    Follower,
    Records,
    Violation,
    check_replay,
    require,
    unread,
    violations_at_the_end,
)
from tests.simulation.network import FAIR, FOUL, InMemory
from tests.simulation.node import ORIGIN, PORTS, Crashed, Node, new_database, state_of
from tests.simulation.people import Way, everybody
from tests.simulation.servers import Mailbox, Outside
from tests.simulation.truth import Truth
from tests.simulation.universe import Loop, Stuck, Universe
from vocabulary import crashpoints
from vocabulary.errors import TemporaryFailure
from vocabulary.instants import DAY, HOUR, SECOND, Instant

S = InteractionState
CRASHES = 5
IN_ORDER = "in order"
"""No crash, but an end that it was asked for."""
FAILED = "at the start, the disk being full"
NO_CRASH = (IN_ORDER, FAILED)
REACHED_WITHIN_S = 3.0
"""A place to crash at that is not passed within this becomes any place."""
REST_S = 420.0
STOP_S = 10.0
TIDY_EVERY = 8
SETTLED_S = 3.0
"""So long the site has been up, and its disk well, before offers must end in time."""
RUNNING = frozenset({S.WAITING, S.OFFERED, S.ACTIVE, S.WRAP_UP, S.PARKED})
POINTS = [name for name in crashpoints.NAMES if not name.startswith(("migrate", "backup", "erase"))]


def _connector() -> aiohttp.BaseConnector:
    """Return a connector that asks the simulated network; the usual one wants sockets of the system."""
    return aiohttp.UnixConnector(f"127.0.0.1:{PORTS.web}")


_THROUGH_THE_NETWORK = Way(_connector, "http://site", ORIGIN, PORTS.smtp_in)


class Found(msgspec.Struct, frozen=True):
    """A violation, and the seed that repeats it."""

    seed: int
    invariant: str
    detail: str


class Outcome(msgspec.Struct, frozen=True):
    """What became of a day."""

    seed: int
    crashes: tuple[str, ...]
    power_losses: int
    violations: tuple[Found, ...]
    counts: dict[str, int]
    trace: int
    """A checksum over everything that happened, instant by instant: the same seed gives the same."""


def prepare() -> None:
    """Make what all days share: configuration, first database, and what is loaded at the first text."""
    # What dead processes leave behind is thrown away between days only: some of it runs as it goes.
    gc.disable()
    new_database()
    engine_module.CHECKPOINT_EVERY = 60
    language_of("Good morning, where is my parcel?")


def run(seed: int, folder: Path | None = None) -> Outcome:
    """Live through the day of `seed`."""
    place = Path(tempfile.mkdtemp(prefix="day-", dir=folder or _fast_folder()))
    day = Day(seed, place)
    try:
        found = day.live()
    finally:
        day.end()
        shutil.rmtree(place, ignore_errors=True)
        crashpoints.arm(None)
        if seed % TIDY_EVERY == 0:
            gc.collect()
    return Outcome(
        seed=seed,
        crashes=tuple(day.node.crashes),
        power_losses=day.node.power_losses,
        violations=tuple(found),
        counts=day.counts(),
        trace=day.trace,
    )


def _fast_folder() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


class Day:
    """The day of one seed."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.seed = seed
        self.draw = Random(f"day {seed}")  # noqa: S311  # no secret
        self.universe = Universe(seed)
        self.network = InMemory(self.universe)
        self.world = self.universe.loop("world")
        self.truth = Truth()
        self.node = Node(self.universe, self.network, folder, self.draw)
        self.follower = Follower()
        self.mailbox = Mailbox(self.draw)
        self.outside = Outside(self.draw, self.truth)
        self.people = everybody(self.truth, self.draw, _THROUGH_THE_NETWORK, self.mailbox)
        self.trace = 0
        self.troubled = True
        self._up_since = 0.0
        self._violation: Violation | None = None
        self.universe.after_step = self._after_step

    # -- the day

    def live(self) -> list[Found]:
        """Return what was violated."""
        try:
            self._open_the_world()
            self._rise()
            crashes = CRASHES + self.draw.randrange(3)
            while sum(each not in NO_CRASH for each in self.node.crashes) < crashes:
                self._go_on(self.draw.choice((1, 1, 1, 4)) * self.draw.uniform(0.1, 2.2))
                self._fall()
                self._go_on(self.draw.choice((0.05, 0.5, 3.0)))
                self._rise()
            self._go_on(self.draw.uniform(1, 5))
            self._calm_down()
            self._come_to_rest()
            found = list(
                violations_at_the_end(
                    Records(self.node.disk.connection()), self.follower, self.truth, self._site_time()
                )
            )
            check_replay(self.node, self.follower)
        except Violation as violation:
            found = [(violation.invariant, violation.detail)]
        except Stuck as stuck:
            found = [("I-7 liveness", f"it never ends: {stuck}")]
        found += [("promise", complaint) for complaint in self.truth.complaints]
        found += [("F-19 silent death", complaint) for complaint in self.node.complaints + self.world.complaints]
        return [Found(self.seed, *each) for each in found]

    def end(self) -> None:
        """Let go of everything."""
        self.world.die()
        self.node.discard()

    def counts(self) -> dict[str, int]:
        """Return how much happened, to tell a quiet day from a blind one."""
        truth = self.truth
        return {
            "events": self.follower.head.seq,
            "chats": len(truth.chats),
            "mails": len(truth.mails) + len(truth.boxed),
            "calls": len(truth.calls),
            "replies": len(truth.replies),
            "taken_back": sum(done is True for done in truth.second_thoughts.values()),
            "accepted": len(self.follower.accepted),
            "sent": len(truth.sent),
            "steps": self.universe.steps,
            "seconds": int(self.universe.now),
        }

    def _open_the_world(self) -> None:
        self.mailbox.faulty = self.outside.faulty = True
        for serve, port in ((self.mailbox.serve, PORTS.imap), (self.outside.serve, PORTS.smtp_out)):
            self.universe.complete(self.world, asyncio.start_server(serve, "127.0.0.1", port), seconds=1)
        self._tasks = [self.world.create_task(person.run()) for person in self.people]
        self._tasks.append(self.world.create_task(self._trouble()))

    async def _trouble(self) -> None:
        """Make things worse, one at a time."""
        while True:
            await self.people[0].pause(0.3, 4)
            if self.troubled and self.node.is_up:
                self._trouble_once()

    def _trouble_once(self) -> None:
        draw, disk, node = self.draw, self.node.disk, self.node
        name = node.loop.name if node.loop is not None else ""
        match draw.randrange(8):
            case 0:
                self.network.weather = draw.choice((FAIR, FOUL))
            case 1:
                self.network.block(draw.choice((name, "world")), draw.uniform(0.1, 6))
            case 2 | 3:
                self.network.reset_one(draw.choice((name, "world")))
            case 4:
                disk.fails_to_sync = 1
            case 5:
                disk.full = True
                self.world.call_later(draw.uniform(0.1, 4), self._make_room)
            case 6:
                disk.stall_s = draw.choice((0.0, 0.02, 0.3, 2.0))
            case _:
                disk.stall_s = 0.0

    def _make_room(self) -> None:
        self.node.disk.full = False

    def _rise(self) -> None:
        if self.draw.random() < 0.3:
            # Somebody, or the machine itself, sets its clock while it is down.
            self.node.skew = self.draw.choice((-DAY, -HOUR, -2 * SECOND, 0, 2 * SECOND, HOUR))
        self.node.boot()
        self.node.disk.stall = self.universe.stall

    def _go_on(self, seconds: float) -> None:
        """Let it go on. If the site dies by itself meanwhile (at a place it was told to), it is down afterwards."""
        until = self.universe.now + seconds
        while self.universe.now < until:
            self.universe.run(lambda: self._is_over() or self.universe.now >= until, seconds=until - self.universe.now)
            self._raise_what_was_found()
            if self.node.crashing != FAILED:
                return
            # Whoever supervises the process starts it again.
            self.node.clear_away()
            self.universe.run(lambda: False, seconds=1)
            self._rise()

    def _is_over(self) -> bool:
        return self._violation is not None or self.node.crashing is not None

    def _fall(self) -> None:
        """Die in one of the ways that there are."""
        node, draw = self.node, self.draw
        power = draw.random() < 0.5
        match draw.randrange(6):
            case 0:
                self._stop_in_order()
                return
            case 1:
                node.mark_dead("at any time", power_lost=power)
            case 2:
                self._die_at_write(draw.randrange(1, 60), power_lost=power)
            case _:
                self._die_at_point(draw.choice(POINTS), draw.randrange(1, 4), power_lost=power)
        if node.crashing is None:
            self._go_on(REACHED_WITHIN_S)
        if node.crashing is None:
            node.mark_dead("at any time", power_lost=power)
        crashpoints.arm(None)
        node.disk.before_write = _nothing
        node.clear_away()

    def _die_at_write(self, count: int, *, power_lost: bool) -> None:
        left = count

        def passed() -> None:
            nonlocal left
            left -= 1
            if left == 0:
                self.node.mark_dead(f"at write {count}", power_lost=power_lost)

        self.node.disk.before_write = passed

    def _die_at_point(self, name: str, count: int, *, power_lost: bool) -> None:
        left = count

        def passed(here: str) -> None:
            nonlocal left
            left -= here == name
            if left == 0 and self.node.crashing is None:
                self.node.stop_here(f"{name} ({count})", power_lost=power_lost)

        crashpoints.arm(passed)

    def _stop_in_order(self) -> None:
        """SIGTERM: it drains and ends by itself, within ten seconds."""
        node = self.node
        if not node.ready:
            node.mark_dead("at any time", power_lost=False)
            node.clear_away()
            return
        assert node.loop is not None
        # The promise is for a machine that is well, and stays so, whatever its load.
        node.disk.mend()
        self.network.calm()
        began = self.universe.now
        node.ready = False
        troubled, self.troubled = self.troubled, False
        stopping = node.loop.create_task(node.shut_down())
        self.universe.run(lambda: stopping.done() or self._violation is not None, seconds=60)
        self.troubled = troubled
        self._raise_what_was_found()
        took = self.universe.now - began
        require(stopping.done() and took <= STOP_S, "F-16 stop", f"it took {took:.1f} s")
        failed = stopping.exception()
        require(failed is None, "F-16 stop", f"it failed: {failed!r}")
        node.mark_dead(IN_ORDER, power_lost=False)
        node.clear_away()

    # -- behind the day

    def _calm_down(self) -> None:
        self.troubled = False
        self.network.calm()
        self.node.disk.mend()
        self.mailbox.mend()
        self.outside.mend()
        for person in self.people:
            person.calm = True

    def _come_to_rest(self) -> None:
        """Go on until nothing is left to do. Only here must everything come to its end."""
        deadline = self.universe.now + REST_S
        while self.universe.now < deadline:
            self._go_on(5)
            require(self.node.crashing is None, "I-7 liveness", f"it died by itself: {self.node.crashing}")
            if not self._unrest():
                return
        raise Violation("I-7 liveness", f"after {REST_S:.0f} s of calm: {self._unrest()}")

    def _unrest(self) -> str:
        """Return what is still to be done, "" if nothing is."""
        state = state_of(self.node)
        if state is None:
            return f"the site has not started: {self.node.failed_to_start()!r}"
        running = [
            f"{each.id} is {each.state}" for each in self.follower.state.interactions.values() if each.state in RUNNING
        ]
        if running:
            return ", ".join(running)
        records = Records(self.node.disk.connection())
        waiting = records.rows("SELECT id, state FROM received WHERE state = 'received'")
        waiting += records.rows("SELECT id, state FROM outbox WHERE state IN ('pending', 'sending')")
        return ", ".join([*(f"{id} is {state}" for id, state in waiting), *unread(records, self.truth)])

    # -- at every step

    def _after_step(self, loop: Loop) -> None:
        self.trace = zlib.crc32(f"{self.universe.now:.6f}{loop.name}".encode(), self.trace)
        node = self.node
        if node.loop is not loop or node.crashing is not None or self._violation is not None:
            return
        failed = node.failed_to_start()
        try:
            if isinstance(failed, TemporaryFailure) and self.troubled:
                node.mark_dead(FAILED, power_lost=False)
                return
            require(failed is None or isinstance(failed, Crashed), "start", f"{failed!r}")
            self.follower.look(node)
            self._check_offers(loop)
        except Violation as violation:
            self._violation = violation

    def _check_offers(self, loop: Loop) -> None:
        if not self.node.ready or self.node.disk.is_in_trouble():
            self._up_since = self.universe.now
        elif self.universe.now > self._up_since + SETTLED_S:
            self.follower.check_offers(self._site_time())

    def _site_time(self) -> Instant:
        """Return what the site takes for the time."""
        assert self.node.application is not None
        return self.node.application.clock.now()

    def _raise_what_was_found(self) -> None:
        if self._violation is not None:
            raise self._violation


def _nothing() -> None:
    return
