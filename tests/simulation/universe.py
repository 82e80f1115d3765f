"""Virtual time for several processes: each has an event loop of its own, one generator says who goes next.

Nothing waits for the machine: when nobody has anything to do, the clock jumps to the next timer. Code that runs in
threads elsewhere runs inline here. Same seed, same run, bit for bit.
"""

import asyncio
import heapq
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context
from random import Random  # noqa: TID251  # with its seed
from typing import Any, Protocol, TypeVar

T = TypeVar("T")

LOOKAHEAD = 6
"""Among so many callbacks at the head of a loop's queue, a task may overtake others."""
OVERTAKING = 0.15
STEPS_MAX = 3_000_000


class Network(Protocol):
    """What loops need of the network between them (network.py)."""

    def listen(self, loop: "Loop", host: str | None, port: int, factory: Callable[[], Any]) -> Any: ...
    async def connect(self, loop: "Loop", host: str, port: int, factory: Callable[[], Any]) -> tuple[Any, Any]: ...


class Stuck(Exception):
    """A simulation made so many steps without an end that it will never end."""


class _Task(asyncio.Task):  # type: ignore[type-arg]  # asyncio's own has no parameter at run time either
    """A task with its number as hash: sets of tasks are walked in the same order in every process."""

    number = 0

    def __hash__(self) -> int:
        return self.number


class _Future(asyncio.Future):  # type: ignore[type-arg]
    """The same for futures."""

    number = 0

    def __hash__(self) -> int:
        return self.number


class Loop(asyncio.AbstractEventLoop):
    """The event loop of one simulated process."""

    def __init__(self, universe: "Universe", name: str) -> None:
        self.universe = universe
        self.name = name
        self.dead = False
        self.complaints: list[str] = []
        """What went wrong in callbacks and tasks whose result nobody fetched."""
        self._ready: deque[asyncio.Handle] = deque()
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._made = 0

    # -- what the universe asks

    def is_ready(self) -> bool:
        return bool(self._ready)

    def next_timer(self) -> float | None:
        while self._timers and self._timers[0][2].cancelled():
            heapq.heappop(self._timers)
        return self._timers[0][0] if self._timers else None

    def wake(self, now: float) -> None:
        """Make ready what is due."""
        while self._timers and self._timers[0][0] <= now:
            _, _, handle = heapq.heappop(self._timers)
            if not handle.cancelled():
                self._ready.append(handle)

    def run_one(self, draw: Random) -> None:
        """Run the first callback, or now and then a task that overtakes it."""
        ready = self._ready
        if len(ready) > 1 and draw.random() < OVERTAKING:
            place = draw.randrange(min(len(ready), LOOKAHEAD))
            if _is_task_step(ready[place]):
                ready.rotate(-place)
                handle = ready.popleft()
                ready.rotate(place)
                self._run(handle)
                return
        self._run(ready.popleft())

    def _run(self, handle: asyncio.Handle) -> None:
        if not handle.cancelled():
            asyncio._set_running_loop(self)
            try:
                handle._run()
            finally:
                asyncio._set_running_loop(None)

    def die(self) -> None:
        """Nothing of this process ever runs again."""
        self.dead = True
        self._ready.clear()
        self._timers.clear()

    # -- asyncio's face

    def time(self) -> float:
        return self.universe.now

    def call_soon(  # type: ignore[override]  # typeshed wants its own variadic form
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        if not self.dead:
            self._ready.append(handle)
        return handle

    call_soon_threadsafe = call_soon  # type: ignore[assignment]

    def call_at(  # type: ignore[override]
        self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        if not self.dead:
            self._made += 1
            heapq.heappush(self._timers, (when, self._made, handle))
        return handle

    def call_later(  # type: ignore[override]
        self, delay: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        return self.call_at(self.time() + max(0.0, delay), callback, *args, context=context)

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Called by the handle; it is left out when its time comes."""

    def create_future(self) -> "asyncio.Future[Any]":
        future = _Future(loop=self)
        self._made += 1
        future.number = self._made
        return future

    def create_task(self, coro: Any, *, name: object = None, context: Context | None = None) -> "asyncio.Task[Any]":
        self._made += 1
        # The number comes first: asyncio puts the task into sets of its own while it is being made.
        task = _Task.__new__(_Task)
        task.number = self._made
        task.__init__(coro, loop=self, name=str(name or self._made), context=context)  # type: ignore[misc]
        return task

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> "asyncio.Future[Any]":  # type: ignore[override]
        """Run `func` a little later, here: a thread's answer may come behind other things, never beside them."""
        done = self.create_future()

        def run() -> None:
            if done.cancelled():
                return
            try:
                result = func(*args)
            except Exception as error:  # noqa: BLE001  # it is the caller's
                if not done.cancelled():
                    done.set_exception(error)
            else:
                done.set_result(result)

        if self.universe.draw.random() < 0.7:
            self.call_soon(run)
        else:
            self.call_later(self.universe.draw.uniform(0, 0.004), run)
        return done

    async def create_server(self, protocol_factory: Any, host: Any = None, port: Any = None, **_: Any) -> Any:
        return self.universe.network.listen(self, host, port, protocol_factory)

    async def create_connection(self, protocol_factory: Any, host: Any = None, port: Any = None, **_: Any) -> Any:
        return await self.universe.network.connect(self, host, port, protocol_factory)

    async def create_unix_connection(self, protocol_factory: Any, path: Any = None, **_: Any) -> Any:
        """`path` is "host:port": the way in for HTTP clients whose own connector wants real sockets."""
        host, _, port = str(path).rpartition(":")  # type: ignore[assignment]
        return await self.universe.network.connect(self, host, int(port), protocol_factory)

    def call_exception_handler(self, context: Any) -> None:
        error = context.get("exception")
        if not self.dead and not (error is not None and _is_of_the_library(error)):
            self.complaints.append(f"{context.get('message')}: {error!r}")

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return not self.dead

    def is_closed(self) -> bool:
        return self.dead


def _is_of_the_library(error: BaseException) -> bool:
    """Tell whether aiohttp stumbled by itself, over a connection that is lost just as a request arrives."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return (
        isinstance(error, TypeError)
        and trace is not None
        and trace.tb_frame.f_code.co_filename.endswith("aiohttp/web_protocol.py")
    )


def _is_task_step(handle: asyncio.Handle) -> bool:
    """Tell whether `handle` goes on with a task: these may change places, a transport's callbacks may not."""
    callback = handle._callback  # type: ignore[attr-defined]
    return type(callback).__name__ == "TaskStepMethWrapper" or isinstance(
        getattr(callback, "__self__", None), asyncio.Task
    )


class Universe:
    """All processes, and the one clock."""

    network: Network

    def __init__(self, seed: int) -> None:
        self.draw = Random(f"universe {seed}")  # noqa: S311  # no secret
        self.now = 0.0
        self.steps = 0
        self.loops: list[Loop] = []
        self.after_step: Callable[[Loop], None] = lambda _loop: None

    def loop(self, name: str) -> Loop:
        """Return the loop of a new process."""
        loop = Loop(self, name)  # type: ignore[abstract]  # what nobody calls says so when called
        self.loops.append(loop)
        return loop

    def end(self, loop: Loop) -> None:
        """Stop a process between two instructions."""
        loop.die()
        self.loops.remove(loop)

    def run(self, until: Callable[[], bool], *, seconds: float) -> bool:
        """Let everybody go on until `until` holds or `seconds` have passed; tell whether it holds.

        Raises:
            Stuck: it goes on without the clock moving.
        """
        deadline = self.now + seconds
        while not until():
            if not self._step(deadline):
                return until()
        return True

    def complete(self, loop: Loop, coroutine: Coroutine[Any, Any, T], *, seconds: float) -> T:
        """Run `coroutine` on `loop`, with everybody else beside it, and return its result."""
        task = loop.create_task(coroutine)
        if not self.run(task.done, seconds=seconds):
            raise TimeoutError(f"{coroutine!r} took more than {seconds} s")
        result: T = task.result()
        return result

    def stall(self, seconds: float) -> None:
        """Let time pass in the middle of a step, for the others: whoever steps now stands still."""
        self.now += seconds
        for loop in self.loops:
            loop.wake(self.now)

    def _step(self, deadline: float) -> bool:
        ready = [loop for loop in self.loops if loop.is_ready() and not loop.dead]
        if not ready:
            return self._jump(deadline)
        loop = ready[0] if len(ready) == 1 else self.draw.choice(ready)
        loop.run_one(self.draw)
        self.steps += 1
        if self.steps > STEPS_MAX:
            raise Stuck(f"{STEPS_MAX} steps")
        self.after_step(loop)
        return True

    def _jump(self, deadline: float) -> bool:
        """Move the clock to the next timer, if that is before `deadline`."""
        due = [when for loop in self.loops if not loop.dead and (when := loop.next_timer()) is not None]
        earliest = min(due, default=None)
        if earliest is None or earliest > deadline:
            self.now = max(self.now, deadline)
            return False
        self.now = max(self.now, earliest)
        for loop in self.loops:
            loop.wake(self.now)
        return True
