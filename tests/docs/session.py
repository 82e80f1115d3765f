"""Runs the shell blocks of one page as its reader would: one after the other, in one shell, in an empty folder.

A block that starts a server (`centrala serve`, a mail sink) runs in the background until the page ends. Blocks that
call make are not run, since that installs things: their targets must be there. `make run` stands for a demo without
traffic.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.docs.pages import ROOT, Block
from tests.servers.ports import free_port

PORTS = ("8080", "2525", "2526", "8024")
"""Ports that pages name; each run gets free ones instead."""
_SERVERS = ("centrala serve", "centrala demo", "python -m aiosmtpd")
_TARGET = re.compile(r"^make (?:ARGS=\S+ |PYTHON=\S+ )*(\w+)", re.MULTILINE)
_START = f"""\
set -euo pipefail
trap 'kill $(jobs -p) 2>/dev/null || true; wait' EXIT
python() {{ {sys.executable} "$@"; }}
ready() {{ # an address, and the process that is to answer there
    until curl --silent --fail --output /dev/null "$1"; do kill -0 "$2"; sleep 0.1; done
}}
"""


def targets(block: Block) -> list[str]:
    """Return the targets of make that `block` calls."""
    return _TARGET.findall(block.text)


def script(blocks: Sequence[Block], ports: dict[str, str]) -> str:
    """Return the shell script of a page."""
    return with_ports("\n".join([_START, *_parts(blocks)]), ports)


def with_ports(text: str, ports: dict[str, str]) -> str:
    """Return `text` with the ports of this run in the place of those that pages name."""
    return re.sub("|".join(PORTS), lambda found: ports[found[0]], text)


def _parts(blocks: Sequence[Block]) -> Iterator[str]:
    """Yield each block behind a line that says where it stands."""
    for at, block in enumerate(blocks):
        yield f"echo 'in the block at {block.place}' >&2"
        if not targets(block):
            yield from _run(block)
        elif "run" in targets(block) and at + 1 < len(blocks):
            yield "centrala demo --no-traffic --port 8080 --smtp-port 2525 >demo.log 2>&1 &"
            yield 'ready http://localhost:8080/readyz "$!"'


def _run(block: Block) -> Iterator[str]:
    if not any(server in block.text for server in _SERVERS):
        yield block.text
        return
    yield f"({block.text.rstrip()}) >server.log 2>&1 &"
    if "centrala" in block.text:
        yield 'ready http://localhost:8080/readyz "$!"'


def run(text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a script in `folder` with our `centrala` first in the path."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "HOME": str(folder)}
    return subprocess.run(
        ["bash", "-c", text], cwd=folder, env=environment, capture_output=True, text=True, timeout=600, check=False
    )


def free_ports() -> dict[str, str]:
    """Return a free port for each that pages name."""
    return {port: str(free_port()) for port in PORTS}
