"""Servers that take their time, on virtual time: patience where it is due (F-62), and an end where it is not."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from channels.email.smtp import Envelope, Outcome, SendResult, SmtpSender
from tests.channels.email.fake_smtp import STAGES, FakeSmtp
from tests.simulation.network import InMemory
from tests.simulation.universe import Universe

PORT = 25
ENVELOPE = Envelope(sender="support@desk.example.org", recipient="anna@customer.example")


class Slow(FakeSmtp):
    """Answers at `stage` after `seconds`."""

    def __init__(self, stage: str, seconds: float) -> None:
        super().__init__({})
        self.stage, self.seconds = stage, seconds

    async def _say(self, writer: asyncio.StreamWriter, stage: str) -> str | None:
        if stage == self.stage:
            await asyncio.sleep(self.seconds)  # noqa: TID251  # of virtual time
        return await super()._say(writer, stage)


def exchanged(server: FakeSmtp, send: Callable[[], Coroutine[Any, Any, SendResult]]) -> tuple[SendResult, float]:
    """Let a sender and a server talk in a universe of their own; return the result and how long it took."""
    universe = Universe(1)
    InMemory(universe)
    theirs, ours = universe.loop("server"), universe.loop("desk")
    universe.complete(theirs, asyncio.start_server(server.serve, "127.0.0.1", PORT), seconds=1)
    result = universe.complete(ours, send(), seconds=4_000)
    took = universe.now
    # Whoever serves comes to his end, too.
    assert universe.run(lambda: not server.is_serving, seconds=500_000)
    universe.run(lambda: False, seconds=1)
    return result, took


async def send_one() -> SendResult:
    sender = SmtpSender(host="127.0.0.1", port=PORT, tls="none")
    try:
        return await sender.send(b"Subject: x\r\n\r\nhello\r\n", ENVELOPE)
    finally:
        await sender.close()


@pytest.mark.parametrize(
    ("stage", "seconds"), [("connect", 25), ("MAIL", 290), ("RCPT", 290), ("DATA", 110), ("dot", 540)]
)
def test_server_that_is_within_its_rights_is_waited_for(stage: str, seconds: float) -> None:
    server = Slow(stage, seconds)
    result, took = exchanged(server, send_one)
    assert (result.outcome, len(server.mails)) == (Outcome.SENT, 1)
    assert took >= seconds


@pytest.mark.parametrize("stage", STAGES)
def test_server_that_says_nothing_is_left_in_time(stage: str) -> None:
    server = Slow(stage, 100_000)
    result, took = exchanged(server, send_one)
    expected = (Outcome.UNCERTAIN, "no_answer") if stage == "dot" else (Outcome.DEFERRED, "unreachable")
    assert (result.outcome, result.why) == expected
    assert took < 700


def test_server_that_is_slow_all_the_way_ends_at_the_total() -> None:
    class Everywhere(Slow):
        async def _say(self, writer: asyncio.StreamWriter, stage: str) -> str | None:
            self.stage = stage
            return await super()._say(writer, stage)

    result, took = exchanged(Everywhere("", 29), send_one)
    assert result.outcome is Outcome.SENT
    assert took > 150
