"""What a checkpoint holds: the state, the figures of the day, and a digest of both."""

import msgspec

from reports.live import Figures, Stats
from router import checkpoint
from router.state import State
from storage.seal import sealed, unsealed

# JSON has no line feed of its own.
_BETWEEN = b"\n"


def packed(state: State, stats: Stats) -> bytes:
    """Return `state` and `stats`, both as they are behind the same event, for the store to keep."""
    return sealed(checkpoint.encode(state) + _BETWEEN + msgspec.json.encode(stats.figures()))


def unpacked(kept: bytes) -> tuple[State, Figures | None]:
    """Return what `packed` was given; no figures where an older Centrala kept none.

    Raises:
        ValueError: it was damaged, or another version of Centrala wrote it (msgspec.ValidationError is one too).
    """
    state, _, figures = unsealed(kept).partition(_BETWEEN)
    return checkpoint.decode(state), msgspec.json.decode(figures, type=Figures) if figures else None
