"""A real PostgreSQL in a folder of its own, reached over a socket in it; whatever Debian started is left alone."""

import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from time import sleep  # noqa: TID251 - a real server takes its time to start
from urllib.parse import quote

import psycopg

_CONFIG = """\
listen_addresses = ''
unix_socket_directories = '{folder}'
max_connections = 60
shared_buffers = 32MB
log_min_messages = warning
"""


class Postgresql:
    """The server: databases on it, and what tests do to it behind the product's back."""

    def __init__(self, programs: Path, folder: Path, account: pwd.struct_passwd | None) -> None:
        """Take what `running_postgresql` has made. `account` runs the server, None if we do ourselves."""
        self._programs = programs
        self._folder = folder
        self._account = account
        self._process: subprocess.Popen[bytes] | None = None
        self._names = count(1)

    @property
    def log(self) -> str:
        """What the server has said."""
        path = self._folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def url(self, database: str, user: str = "postgres") -> str:
        """Return the address of a database."""
        return f"postgresql://{user}@/{database}?host={quote(str(self._folder), safe='')}"

    def database(self, template: str = "template1") -> str:
        """Make a database and return its address."""
        name = f"site_{next(self._names)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)

    @contextmanager
    def schema(self) -> Iterator[str]:
        """Make an empty schema for the block, sooner than a database, and return the address that leads there."""
        name = f"site_{next(self._names)}"
        self.execute(f"CREATE SCHEMA {name}")
        yield f"{self.url('postgres')}&options={quote(f'-csearch_path={name}', safe='')}"
        self.execute(f"DROP SCHEMA {name} CASCADE")

    def execute(self, statement: str, url: str | None = None) -> list[tuple[object, ...]]:
        """Run a statement as the superuser; return its rows."""
        with psycopg.connect(url or self.url("postgres"), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def cut(self, url: str) -> None:
        """End every session in a database."""
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        self.execute(f"{others} AND pid <> pg_backend_pid()", url)

    def wait_for(self, question: str, url: str) -> None:
        """Return as soon as the server answers `question` with yes."""
        with psycopg.connect(url, autocommit=True) as connection:
            for _ in range(600):
                if connection.execute(question.encode()).fetchone() == (True,):
                    return
                sleep(0.01)
        raise AssertionError(f"the server never says yes to: {question}")

    # ------------------------------------------------------------ life and death

    def initialise(self) -> None:
        """Make the data folder, with an order of texts that is nobody's byte order."""
        command = ["initdb", "--auth=trust", "--encoding=UTF8", "--username=postgres"]
        command += ["--no-instructions", "--no-sync"]
        if self._version() >= 15:
            command += ["--locale-provider=icu", "--icu-locale=pl"]
        subprocess.run(
            self._as_account([*command, "--locale=C.UTF-8", f"--pgdata={self._folder}/data"]),
            check=True,
            stdout=subprocess.DEVNULL,
        )
        (self._folder / "data" / "postgresql.conf").write_text(_CONFIG.format(folder=self._folder))

    def start(self, *options: str) -> None:
        """Start the server and wait until it answers; "-c", "fsync=off" change a setting."""
        with (self._folder / "log").open("ab") as log:
            # The server goes with us, however we die.
            self._process = subprocess.Popen(
                [
                    "setpriv",
                    "--pdeathsig",
                    "QUIT",
                    *self._as_account(["postgres", "-D", f"{self._folder}/data", *options]),
                ],
                stdout=log,
                stderr=log,
            )
        for _ in range(600):
            assert self._process.poll() is None, f"PostgreSQL ended at once: {self.log}"
            try:
                self.execute("SELECT 1")
            except psycopg.OperationalError:
                sleep(0.05)
            else:
                return
        raise AssertionError(f"PostgreSQL does not answer: {self.log}")

    def stop(self) -> None:
        """Stop it as an operator would who doesn't wait for anybody."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(60)
            self._process = None

    def kill(self) -> None:
        """Kill the server and all its processes at one instant, as a power cut would but for the disk."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        for pid in map(int, children):
            os.kill(pid, signal.SIGKILL)
        self._process.kill()
        self._process.wait(60)
        self._process = None
        # Until the last of them is gone, its memory is in use, and no other server starts on the folder.
        for child in children:
            for _ in range(1_000):
                if not _is_alive(child):
                    break
                sleep(0.01)

    def _as_account(self, command: list[str]) -> list[str]:
        """Return how to run one of PostgreSQL's programs; it refuses to be root's."""
        program = [str(self._programs / command[0]), *command[1:]]
        if self._account is None:
            return program
        ids = [f"--reuid={self._account.pw_uid}", f"--regid={self._account.pw_gid}", "--clear-groups"]
        return ["setpriv", *ids, *program]

    def _version(self) -> int:
        told = subprocess.run([self._programs / "postgres", "--version"], check=True, capture_output=True, text=True)
        return int(told.stdout.split()[2].split(".")[0])


@contextmanager
def running_postgresql() -> Iterator[Postgresql]:
    """Run PostgreSQL while the block lasts.

    Its folder is directly below the system's temporary one: paths of sockets are short, and the account that runs it
    for root must be able to walk there.
    """
    account = pwd.getpwnam(_account()) if os.getuid() == 0 else None
    with TemporaryDirectory(prefix="pg-") as name:
        folder = Path(name)
        if account is not None:
            os.chown(folder, account.pw_uid, account.pw_gid)
        server = Postgresql(_programs(), folder, account)
        server.initialise()
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _account() -> str:
    """Return who runs the server for root: Debian's account for it, or nobody."""
    return "postgres" if any(entry.pw_name == "postgres" for entry in pwd.getpwall()) else "nobody"


def _programs() -> Path:
    """Return the folder of the newest PostgreSQL's programs."""
    found = shutil.which("initdb")
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name))
    if folders:
        return folders[-1]
    assert found is not None
    return Path(found).parent


def _is_alive(pid: str) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except OSError:
        return False
