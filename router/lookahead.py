"""Expected wait where agents differ in what they serve: the queue ahead is played through a few times.

It works on a `Snapshot`, a plain value, so it runs off the writer's path. A run leaves so little to chance (see
`router.replication`) that 5 of them come close to the mean of thousands.
"""

import struct
from collections.abc import Callable, Iterator
from functools import partial
from hashlib import shake_128

from router.closed_form import Estimate, matched
from router.plan import Plan
from router.replication import Replication
from router.snapshot import Snapshot
from vocabulary.ids import InteractionId

REPLICATIONS_MIN, REPLICATIONS_MAX = 5, 20
_ITEMS_IN_ALL = 1_200
"""Replications times items: a long queue needs fewer of them, for it evens out by itself."""
_DRAWS, _WORDS = 512, 1 << 32


def look_ahead(snapshot: Snapshot, replications: int | None = None) -> Estimate | None:
    """Return the wait that is still ahead of the interaction of `snapshot`; None if nobody will ever serve it.

    The same snapshot gives the same estimate: draws come from a hash of the interaction's id.
    """
    plan = Plan(snapshot)
    count = replications or max(REPLICATIONS_MIN, min(REPLICATIONS_MAX, _ITEMS_IN_ALL // (plan.last + 1)))
    means, variance = [], 0.0
    for number in range(count):
        played = Replication(plan, _draws(snapshot.id, number)).play()
        if played is None:
            return None
        means.append(played[0])
        variance += played[1] / count
    mean = sum(means) / count
    if count > 1:
        variance += sum((each - mean) ** 2 for each in means) / (count - 1)
    return matched(mean, variance)


def _draws(id: InteractionId, replication: int) -> Callable[[], float]:
    """Return what gives numbers from 0 up to 1, always the same for one id and replication.

    Replications come in pairs that mirror each other's draws: what one has too much of, the other has too little of.
    """
    return partial(next, _stream(f"{id}/{replication // 2}", mirrored=replication % 2 == 1))


def _stream(seed: str, *, mirrored: bool) -> Iterator[float]:
    form = struct.Struct(f"<{_DRAWS}I")
    first, step = (_WORDS - 1, -1) if mirrored else (0, 1)
    block = 0
    while True:
        digest = shake_128(f"{seed}/{block}".encode()).digest(form.size)
        for word in form.unpack(digest):
            yield (first + step * word) / _WORDS
        block += 1
