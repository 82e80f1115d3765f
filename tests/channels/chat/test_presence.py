import asyncio

from channels.chat.presence import Presence
from vocabulary.errors import TemporaryFailure


class Ears:
    """Notes what it is told; slow while the gate is shut, deaf for the first `failures` calls."""

    def __init__(self, failures: int = 0) -> None:
        self.heard: list[str] = []
        self.failures = failures
        self.gate = asyncio.Event()
        self.gate.set()

    async def back(self, visitor: str) -> None:
        await self._hear("back")

    async def gone(self, visitor: str) -> None:
        await self._hear("gone")

    async def _hear(self, what: str) -> None:
        await self.gate.wait()
        if self.failures:
            self.failures -= 1
            raise TemporaryFailure("the disk is full")
        self.heard.append(what)


async def at_once(_seconds: float) -> None:
    pass


async def test_only_the_first_and_the_last_tab_are_told() -> None:
    ears = Ears()
    presence = Presence(ears, at_once)
    for _ in range(3):
        presence.enter("v")
        await presence.tell("v")
    for _ in range(3):
        presence.leave("v")
        await presence.tell("v")
    assert ears.heard == ["back", "gone"]


async def test_what_holds_is_told_last_however_slow_the_calls_are() -> None:
    ears = Ears()
    presence = Presence(ears, at_once)
    presence.enter("v")
    await presence.tell("v")
    ears.gate.clear()
    presence.leave("v")
    going = asyncio.create_task(presence.tell("v"))
    await asyncio.wait([going], timeout=0)
    presence.enter("v")
    await presence.tell("v")  # the page is back while `gone` is still under way
    ears.gate.set()
    await going
    assert ears.heard == ["back", "gone", "back"]


async def test_a_failed_call_is_repeated() -> None:
    ears = Ears(failures=3)
    presence = Presence(ears, at_once)
    presence.enter("v")
    await presence.tell("v")
    assert ears.heard == ["back"]


async def test_a_call_that_is_no_longer_true_is_not_repeated() -> None:
    ears = Ears(failures=1)

    async def leave(_seconds: float) -> None:
        presence.leave("v")

    presence = Presence(ears, leave)
    presence.enter("v")
    await presence.tell("v")
    assert ears.heard == []
