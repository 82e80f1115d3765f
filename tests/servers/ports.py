"""Ports for the servers of tests."""

import os
import socket  # noqa: TID251  # real servers need real ports
from itertools import count

_FIRST, _COUNT = 12_000, 20_000
"""Below those that Linux gives to outgoing connections: none of them takes a port before its server listens."""

_BETWEEN = 2_003
"""Processes that run side by side have numbers close together; so far apart do they begin to look."""

_places = count(os.getpid() * _BETWEEN)


def free_port() -> int:
    """Return a port that nobody listens on now, and another one each time."""
    while True:
        port = _FIRST + next(_places) % _COUNT
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
