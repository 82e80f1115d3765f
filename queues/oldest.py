"""Who has waited longest in a queue. Kept only for queues that somebody asks about."""

from collections.abc import Callable, Iterable
from heapq import heapify, heappop, heappush

from vocabulary.ids import InteractionId, QueueName
from vocabulary.instants import Instant

_ROOM = 1024

Entry = tuple[Instant, InteractionId]
"""When the leg began, and whose leg it is."""


class Oldest:
    """Legs that wait, the oldest first. As with deadlines, nothing is taken out: what no longer stands is dropped."""

    __slots__ = ("_heaps", "_limits", "_stands")

    def __init__(self, stands: Callable[[QueueName, Entry], bool]) -> None:
        self._heaps: dict[QueueName, list[Entry]] = {}
        self._limits: dict[QueueName, int] = {}
        self._stands = stands

    def __bool__(self) -> bool:
        return bool(self._heaps)

    def __len__(self) -> int:
        return sum(map(len, self._heaps.values()))

    def put(self, queue: QueueName, entry: Entry) -> None:
        """A leg began in `queue`, if anybody asks about that."""
        heap = self._heaps.get(queue)
        if heap is None:
            return
        heappush(heap, entry)
        if len(heap) > self._limits[queue]:
            self._keep(queue, [each for each in heap if self._stands(queue, each)])

    def first(self, queue: QueueName, waiting: Callable[[], Iterable[Entry]]) -> Instant | None:
        """Return when the oldest leg in `queue` began, None if nothing waits; `waiting` tells all, when first asked."""
        if queue not in self._heaps:
            self._keep(queue, waiting())
        heap = self._heaps[queue]
        while heap and not self._stands(queue, heap[0]):
            heappop(heap)
        return heap[0][0] if heap else None

    def _keep(self, queue: QueueName, entries: Iterable[Entry]) -> None:
        # Decisions that are taken back put entries a second time.
        heap = self._heaps[queue] = list(dict.fromkeys(entries))
        heapify(heap)
        self._limits[queue] = max(_ROOM, 2 * len(heap))
