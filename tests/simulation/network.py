"""The network between simulated processes: connections that are slow, lose segments, break, or go silent."""

import asyncio
from collections import deque
from collections.abc import Callable
from random import Random  # noqa: TID251  # the universe's
from typing import Any

from tests.simulation.universe import Loop, Universe

HIGH_WATER = 64 * 1024


class Weather(dict[str, float]):
    """How bad it is: `latency` s at most, `loss` share of segments that come a retransmission later, `split` share."""


FAIR = Weather(latency=0.002, loss=0.0, split=0.05)
FOUL = Weather(latency=0.08, loss=0.05, split=0.3)


class Server:
    """What `create_server` returns."""

    def __init__(self, network: "InMemory", address: int, loop: Loop, factory: Callable[[], Any]) -> None:
        self._network = network
        self._address = address
        self.loop = loop
        self.factory = factory
        self.sockets = (self,)

    def getsockname(self) -> tuple[str, int]:
        return "127.0.0.1", self._address

    def close(self) -> None:
        if self._network.servers.get(self._address) is self:
            del self._network.servers[self._address]

    async def wait_closed(self) -> None:
        return

    async def start_serving(self) -> None:
        return

    def is_serving(self) -> bool:
        return self._network.servers.get(self._address) is self


class End(asyncio.Transport):
    """One end of a connection."""

    def __init__(self, network: "InMemory", loop: Loop, peername: tuple[str, int]) -> None:
        super().__init__({"peername": peername, "sockname": ("127.0.0.1", 0), "socket": None})
        self.network = network
        self.loop = loop
        self.protocol: Any = None
        self.peer: End
        self.lost = False
        self.silent = False
        """Whether the peer's machine went without a word: what is written now tells us so."""
        self._closing = False
        self._reading = True
        self._arrived: deque[bytes | None] = deque()
        self._arrives_at = 0.0
        self._held = 0
        self._paused = False

    # -- asyncio's face

    def write(self, data: Any) -> None:
        if self.lost or self._closing or not data:
            return
        if self.silent:
            self.loop.call_later(self.network.latency(), self.break_off)
            return
        for piece in self.network.pieces(bytes(data)):
            self._send(piece)

    def writelines(self, list_of_data: Any) -> None:
        self.write(b"".join(list_of_data))

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self._send(None)

    def close(self) -> None:
        if not self._closing and not self.lost:
            self._closing = True
            self._send(None)
            self.loop.call_soon(self._lose, None)

    def abort(self) -> None:
        if not self.lost:
            self._closing = True
            self.peer.break_off_later()
            self.loop.call_soon(self._lose, None)

    def is_closing(self) -> bool:
        return self._closing or self.lost

    def set_protocol(self, protocol: Any) -> None:
        self.protocol = protocol

    def get_protocol(self) -> Any:
        return self.protocol

    def pause_reading(self) -> None:
        self._reading = False

    def resume_reading(self) -> None:
        if not self._reading:
            self._reading = True
            self.loop.call_soon(self._hand_over)

    def is_reading(self) -> bool:
        return self._reading

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Ours are always the same."""

    def get_write_buffer_size(self) -> int:
        return max(0, self._held - HIGH_WATER)

    def accept(self, factory: Callable[[], Any]) -> None:
        """Begin to serve, on the server's own loop."""
        self.protocol = factory()
        if self.lost:
            return
        self.protocol.connection_made(self)

    # -- on the way

    def _send(self, piece: bytes | None) -> None:
        peer = self.peer
        at = max(self.network.universe.now + self.network.latency(), peer._arrives_at, self.network.blocked_until(self))
        peer._arrives_at = at
        self._held += len(piece or b"")
        if self._held > HIGH_WATER and not self._paused:
            self._paused = True
            self.protocol.pause_writing()
        peer.loop.call_at(at, peer._arrive, piece)

    def _arrive(self, piece: bytes | None) -> None:
        if not self.lost:
            self._arrived.append(piece)
            self._hand_over()

    def _hand_over(self) -> None:
        while self._arrived and self._reading and not self.lost:
            piece = self._arrived.popleft()
            if piece is None:
                if not self.protocol.eof_received():
                    self.close()
            elif not self._closing:
                self.protocol.data_received(piece)
            self.peer._taken(len(piece or b""))

    def _taken(self, count: int) -> None:
        self._held -= count
        if self._paused and self._held <= HIGH_WATER // 4 and not self.lost:
            self._paused = False
            self.protocol.resume_writing()

    def break_off_later(self) -> None:
        self.loop.call_later(self.network.latency(), self.break_off)

    def break_off(self) -> None:
        """The connection is reset: what was on its way is lost."""
        self._lose(ConnectionResetError("connection reset by peer"))

    def _lose(self, error: Exception | None) -> None:
        if not self.lost:
            self.lost = self._closing = True
            self.network.ends.pop(self, None)
            if self.protocol is not None:
                self.protocol.connection_lost(error)


class InMemory:
    """All connections; the schedule turns the weather and pulls the plugs."""

    def __init__(self, universe: Universe) -> None:
        self.universe = universe
        self.weather = FAIR
        self.servers: dict[int, Server] = {}
        self.ends: dict[End, None] = {}
        self._ports = 40_000
        self._blocked: dict[str, float] = {}
        universe.network = self

    @property
    def _draw(self) -> Random:
        return self.universe.draw

    def latency(self) -> float:
        """Return how long a segment takes: with a loss, a retransmission longer."""
        late = self._draw.uniform(0, self.weather["latency"])
        return late + (self._draw.uniform(0.2, 1.5) if self._draw.random() < self.weather["loss"] else 0.0)

    def pieces(self, data: bytes) -> list[bytes]:
        """Return `data` as it arrives: a stream knows no messages."""
        if len(data) > 1 and self._draw.random() < self.weather["split"]:
            cut = self._draw.randrange(1, len(data))
            return [data[:cut], data[cut:]]
        return [data]

    def blocked_until(self, end: End) -> float:
        """Return when a segment of this connection can pass at the earliest."""
        return max(self._blocked.get(end.loop.name, 0.0), self._blocked.get(end.peer.loop.name, 0.0))

    # -- what loops ask

    def listen(self, loop: Loop, host: str | None, port: int, factory: Callable[[], Any]) -> Server:
        if not port:
            self._ports += 1
            port = self._ports
        if port in self.servers:
            raise OSError(98, f"address already in use: {port}")
        self.servers[port] = Server(self, port, loop, factory)
        return self.servers[port]

    async def connect(self, loop: Loop, host: str, port: int, factory: Callable[[], Any]) -> tuple[Any, Any]:
        arrived = loop.create_future()
        barred = max(0.0, self._blocked.get(loop.name, 0.0) - self.universe.now)
        loop.call_later(self.latency() + barred, _done, arrived)
        await arrived
        server = self.servers.get(port)
        if server is None or server.loop.dead:
            raise ConnectionRefusedError(111, f"nobody listens on port {port}")
        ours = End(self, loop, ("127.0.0.1", port))
        self._ports += 1
        theirs = End(self, server.loop, ("127.0.0.1", self._ports))
        ours.peer, theirs.peer = theirs, ours
        self.ends[ours] = self.ends[theirs] = None
        ours.protocol = factory()
        server.loop.call_soon(theirs.accept, server.factory)
        # Nothing may arrive before the server knows of the connection.
        theirs._arrives_at = self.universe.now + 1e-6
        ours.protocol.connection_made(ours)
        return ours, ours.protocol

    # -- what befalls it

    def calm(self) -> None:
        """Nothing more befalls it."""
        self.weather = FAIR
        self._blocked.clear()

    def block(self, name: str, seconds: float) -> None:
        """Cut `name` off: what it sends and what is sent to it comes `seconds` later."""
        self._blocked[name] = self.universe.now + seconds

    def reset_one(self, name: str) -> None:
        """Break one connection of `name`, if it has any."""
        ends = [end for end in self.ends if end.loop.name == name]
        if ends:
            end = self._draw.choice(ends)
            end.peer.break_off_later()
            end.break_off_later()

    def process_died(self, loop: Loop, *, silent: bool) -> None:
        """A process is gone: its peers hear of it, or (`silent`: the machine lost its power) only when they write."""
        for port in [port for port, server in self.servers.items() if server.loop is loop]:
            del self.servers[port]
        for end in [end for end in self.ends if end.loop is loop]:
            end.lost = True
            self.ends.pop(end, None)
            if end.peer.loop.dead:
                continue
            if silent:
                end.peer.silent = True
            else:
                end.peer.break_off_later()


def _done(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)
