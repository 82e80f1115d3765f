"""What a process has of its machine: time, chance and a disk. A simulation passes its own."""

import platform
import secrets
from collections.abc import Callable

import msgspec

from app.clock import SystemClock
from app.engine import Clock
from channels.email.resolver import Resolver, SystemResolver
from storage.sqlite_file import Connect, connect


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """The real one unless something else is said."""

    clock: Clock = msgspec.field(default_factory=SystemClock)
    token_bytes: Callable[[int], bytes] = secrets.token_bytes
    """Bytes that nobody can guess."""
    connect: Connect = connect
    """Opens connections to the embedded store."""
    inline: bool = False
    """Whether the loop itself writes to the embedded store, without a thread."""
    resolver: Resolver = msgspec.field(default_factory=SystemResolver)
    """Answers questions about names of the Internet."""
    host: str = msgspec.field(default_factory=platform.node)
    """Tells this machine from others of the same site."""
