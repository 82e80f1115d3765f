"""All that decides when one interaction is served, as a plain value: what a look-ahead works on."""

import msgspec

from queues.interaction import OrderKey
from vocabulary.ids import InteractionId
from vocabulary.instants import Instant, Span

Slot = tuple[int, int]
"""The agent and the units that a piece of work occupies of him."""


class Crew(msgspec.Struct, frozen=True, gc=False):
    """Agents who are alike: for each line their priority for it, None where they don't serve it, and its cost."""

    priorities: tuple[int | None, ...]
    costs: tuple[int, ...]


class Worker(msgspec.Struct, frozen=True, gc=False):
    """An agent: his crew, the units that he has left, and his work as (kind, units)."""

    crew: int
    room: int
    work: tuple[Slot, ...]


class Stream(msgspec.Struct, frozen=True, gc=False):
    """Newcomers who may come before the target: `rate` a ms into `line`, with `class_`, due `target` ms later."""

    line: int
    rate: float
    class_: int
    target: Span


class Snapshot(msgspec.Struct, frozen=True, gc=False):
    """All that decides when one interaction is served. Lines and kinds of work count from 0.

    `line`, `key`: where it waits. `lines`: the keys that wait in each line and may be served before it, lowest first.
    `kinds`: the kind of each line's work. `handling`: mean handling of each kind, ms, > 0. `leaving`: how often one who
    waits in a line leaves, a ms.
    """

    id: InteractionId
    now: Instant
    line: int
    key: OrderKey
    lines: tuple[tuple[OrderKey, ...], ...]
    kinds: tuple[int, ...]
    handling: tuple[float, ...]
    leaving: tuple[float, ...]
    crews: tuple[Crew, ...]
    workers: tuple[Worker, ...]
    streams: tuple[Stream, ...] = ()
