"""What waits to be sent to one client; a client who does not read is not waited for."""

import asyncio
from collections import deque

FRAMES_MAX = 256
BYTES_MAX = 1024 * 1024
_ROOM = FRAMES_MAX // 2
_TYPING_MAX = 16
"""So many frames may wait until typing marks are left out."""


class Overfull(Exception):
    """More waits than is held for one client."""


class OutgoingQueue:
    """Frames in their order: at most 256 and 1 MiB."""

    def __init__(self) -> None:
        self._frames: deque[bytes] = deque()
        self._bytes = 0
        self._filled = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    def __len__(self) -> int:
        return len(self._frames)

    def put(self, frame: bytes, *, is_fleeting: bool = False) -> None:
        """Add a frame; a fleeting one is left out if the client lags.

        Raises:
            Overfull: the client must be cut off; he resumes where he was.
        """
        if is_fleeting and len(self._frames) >= _TYPING_MAX:
            return
        if len(self._frames) >= FRAMES_MAX or self._bytes + len(frame) > BYTES_MAX:
            raise Overfull(f"{len(self._frames)} frames and {self._bytes} bytes wait for a client who does not read")
        self._frames.append(frame)
        self._bytes += len(frame)
        self._filled.set()
        self._mark_room()

    async def room(self) -> None:
        """Wait until at most half of the queue is taken. Whoever replays a long history waits here."""
        await self._room.wait()

    async def next(self) -> bytes:
        """Return the next frame and take it out."""
        await self._filled.wait()
        frame = self._frames.popleft()
        self._bytes -= len(frame)
        if not self._frames:
            self._filled.clear()
        self._mark_room()
        return frame

    def _mark_room(self) -> None:
        if len(self._frames) < _ROOM and self._bytes < BYTES_MAX // 2:
            self._room.set()
        else:
            self._room.clear()
