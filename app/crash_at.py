"""Dying at a named place, for tests (vocabulary/crashpoints.py)."""

import os
import signal

import structlog

from vocabulary import crashpoints
from vocabulary.errors import PermanentFailure

log = structlog.get_logger()


def arm_from_environment() -> None:
    """Have the process die at the place that CENTRALA_CRASH_AT names: "name", or "name:3" for the third time.

    For tests; nobody dies where the variable isn't set.
    """
    where = os.environ.get("CENTRALA_CRASH_AT", "")
    name, _, count = where.partition(":")
    if not name:
        return
    if name not in crashpoints.NAMES:
        raise PermanentFailure(f"CENTRALA_CRASH_AT: there is no place {name!r}; places: {', '.join(crashpoints.NAMES)}")
    left = int(count or 1)

    def die(passed: str) -> None:
        nonlocal left
        left -= passed == name
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)

    log.warning("will_crash", at=where)
    crashpoints.arm(die)
