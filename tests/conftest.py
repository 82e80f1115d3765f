"""What the whole suite shares: tests that need a real server, and long proofs that wait for `--slow`."""

import os
import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

# Debian keeps servers out of an ordinary user's PATH, and PostgreSQL out of every PATH.
_SYSTEM_FOLDERS = ("/usr/sbin", "/usr/local/sbin", "/sbin")


class _Server(NamedTuple):
    """A program that tests can ask for: its names, folders beside PATH (glob patterns) and Debian's packages."""

    programs: tuple[str, ...]
    packages: str
    folders: str = ""
    root: bool = False  # whether only root can run it


_SERVERS = {
    "chromium": _Server(("chromium",), "chromium"),
    "dovecot": _Server(("dovecot",), "dovecot-imapd dovecot-lmtpd"),
    "faketime": _Server(("faketime",), "faketime"),
    "postfix": _Server(("postfix",), "postfix", root=True),
    "postgresql": _Server(("postgres",), "postgresql", folders="lib/postgresql/*/bin"),
    "redis": _Server(("redis-server", "valkey-server"), "redis-server"),
    "strace": _Server(("strace",), "strace"),
}
_missing: pytest.StashKey[Counter[str]] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--slow`."""
    parser.addoption("--slow", action="store_true", help="run the long proofs too (make verify)")


def pytest_configure(config: pytest.Config) -> None:
    """Start counting the tests whose server is missing."""
    config.stash[_missing] = Counter()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the long proofs out, unless `--slow` asks for them."""
    if config.getoption("--slow"):
        return
    slow = [item for item in items if item.get_closest_marker("slow")]
    if slow:
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if not item.get_closest_marker("slow")]


@pytest.hookimpl(tryfirst=True)  # before any fixture looks for the server
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose server is not on the machine; fail it where CENTRALA_REQUIRE_SERVERS=1 says that it must be."""
    for marker in item.iter_markers("needs_server"):
        (name,) = marker.args
        if _is_here(_SERVERS[name]):
            continue
        reason = f"needs {name} (Debian: apt-get install {_SERVERS[name].packages}{_as_root(_SERVERS[name])})"
        if os.environ.get("CENTRALA_REQUIRE_SERVERS") == "1":
            pytest.fail(f"{reason}, and CENTRALA_REQUIRE_SERVERS=1 lets no such test be skipped", pytrace=False)
        item.config.stash[_missing][name] += 1
        pytest.skip(reason)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say in one line which servers the machine lacks and how many tests waited for them."""
    missing = config.stash[_missing]
    if missing:
        packages = " ".join(f"{_SERVERS[name].packages}{_as_root(_SERVERS[name])}" for name in sorted(missing))
        counts = ", ".join(f"{name} ({missing[name]})" for name in sorted(missing))
        terminalreporter.write_line(f"Skipped for want of a server: {counts}. Debian: apt-get install {packages}")


def _as_root(server: _Server) -> str:
    return " (and root)" if server.root else ""


def _is_here(server: _Server) -> bool:
    if server.root and os.geteuid() != 0:
        return False
    folders = [*os.environ.get("PATH", "").split(os.pathsep), *_SYSTEM_FOLDERS]
    if server.folders:
        folders += [str(folder) for folder in sorted(Path("/usr").glob(server.folders))]
    path = os.pathsep.join(folders)
    return any(shutil.which(program, path=path) for program in server.programs)


@pytest.fixture
def importable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder whose modules can be imported."""
    folder = tmp_path_factory.mktemp("modules")
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))
    for file in folder.glob("*.py"):
        sys.modules.pop(file.stem, None)
