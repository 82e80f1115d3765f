"""Ports for the servers of tests."""

import socket  # noqa: TID251  # real servers need real ports


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
