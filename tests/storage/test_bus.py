import pytest

from storage.bus import LocalBus
from tests.storage.bus_contract import AnyBus, BusContract
from vocabulary.instants import Instant, Span


class OneProcess:
    """Both ends are one bus; time passes at once."""

    def __init__(self) -> None:
        self.near: AnyBus = LocalBus[int, int]()
        self.far = self.near
        self._now = 0

    def now(self) -> Instant:
        return self._now

    async def pass_time(self, span: Span) -> None:
        self._now += span


class TestLocalBus(BusContract):
    @pytest.fixture
    def house(self) -> OneProcess:
        return OneProcess()

    async def test_a_topic_that_nobody_reads_is_kept_nowhere(self) -> None:
        bus = LocalBus[int, int]()
        async with bus.subscribe("a", 1):
            pass
        assert bus._topics == {}

    async def test_a_handler_may_come_with_the_bus(self) -> None:
        async def doubled(order: int) -> int:
            return order * 2

        assert await LocalBus(doubled).forward(21) == 42
