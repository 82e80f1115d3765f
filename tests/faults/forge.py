"""Starts sites quickly: a process that has everything loaded, and forks one site after the other.

Each line on standard input is a JSON object `{config, crash_at, environment, planted, failing}`; for each, the process
id of the site is printed. The site is an ordinary `centrala serve` from there on.
"""

import asyncio
import json
import os
import signal
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from app.serve import run_site
from classifiers.language import language_of
from config.loader import load
from tests.faults.failing import failing
from tests.simulation.planted import planted


def main() -> None:
    """Fork a site for each line, until standard input ends."""
    # What takes long to load is loaded once.
    language_of("Good morning, where is my parcel?")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        order = json.loads(line)
        process = os.fork()
        if not process:
            _serve(order)
        print(process, flush=True)


def _serve(order: dict[str, Any]) -> None:
    """Be a site, until it ends or is killed."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    config = Path(order["config"])
    os.environ.update(order["environment"])
    os.environ["CENTRALA_CRASH_AT"] = order["crash_at"]
    log = os.open(config.with_name("log.jsonl"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for descriptor in (1, 2):
        os.dup2(log, descriptor)
    code = 1
    try:
        with ExitStack() as faults:
            if order["planted"]:
                faults.enter_context(planted(order["planted"]))
            if order["failing"]:
                faults.enter_context(failing(order["failing"]))
            asyncio.run(run_site(load(config), folder=config.parent))
        code = 0
    except Exception as error:  # noqa: BLE001  # it ends here whatever it was, and the log says what
        print(f"ended: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
