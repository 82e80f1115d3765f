"""How agents answer what rings at them: after a while, too late, or not at all."""

from simulation.laws import draws, substream
from simulation.scenario import QueueTable, micros, span


class Answers:
    """How the agents answer the offers of one queue. `timed`: they are asked at all."""

    def __init__(self, queue: QueueTable, seed: int, replication: int) -> None:
        misses = substream(seed, replication, "misses", queue.name)
        source = substream(seed, replication, "answers", queue.name)
        self.timed = span(queue.offer.timeout) > 0
        self._miss = queue.offer.miss
        self._misses = misses.random
        self._answer = draws(queue.offer.answer, source, {}) if queue.offer.answer is not None else lambda: 0.0

    def after(self) -> int | None:
        """Return after how many µs the agent answers, or None if he doesn't."""
        ignored = self._misses() < self._miss
        after = self._answer()
        return None if ignored else micros(after)
