"""A site on virtual time between servers that answer, for an hour or more."""

import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from itertools import count
from pathlib import Path
from random import Random  # noqa: TID251  # with its seed

import msgspec

from app.compose import Application
from app.machine import Machine
from channels.email.listener import Delivery, MailListener
from channels.email.smtp import Envelope, SmtpSender
from config.loader import load
from config.secrets import create_secret
from router.events import Admitted, AutoReplied
from storage.codec import decode
from tests.loops.opponents import Opponent, Reply, mail
from tests.simulation.network import InMemory
from tests.simulation.node import Clock
from tests.simulation.universe import Loop, Universe
from vocabulary.instants import HOUR

OUTSIDE_PORT, SITE_PORT, OTHER_PORT = 1025, 2525, 2526
ANSWERS_AFTER_S = 20.0

_CONFIGURATION = """
[site]
name = "{name}"
domain = "{name}.example"

[channels.mail]
medium = "email"
address = "support@{name}.example"
receive = {{ protocol = "smtp", port = {smtp_in} }}
send = {{ host = "127.0.0.1", port = {smtp_out} }}

[channels.web]
medium = "chat"

[queues.support]
{more}

[[rules]]
name = "everything"
then = {{ queue = "support", autoresponse = "received" }}

[[autoresponses]]
name = "received"
kind = "acknowledge"
"""


class Figures(msgspec.Struct, frozen=True):
    """What came of an hour against an opponent.

    `out`: mails of the site. `per_thread`, `per_address`: the most in one conversation, and to one address. `growth`:
    conversations that began after those which the first three mails out led to.
    """

    name: str
    out: int
    per_thread: int
    per_address: int
    interactions: int
    growth: int


class Instance:
    """One site in a process of its own."""

    def __init__(self, universe: Universe, folder: Path, name: str, *, smtp_in: int, smtp_out: int, more: str) -> None:
        folder.mkdir()
        text = _CONFIGURATION.format(name=name, smtp_in=smtp_in, smtp_out=smtp_out, more=more)
        (folder / "centrala.toml").write_text(text, "utf-8")
        create_secret(folder / "centrala.secret")
        self.universe = universe
        self.loop: Loop = universe.loop(name)
        machine = Machine(
            clock=Clock(self.loop, 0),
            token_bytes=Random(f"chance of {name}").randbytes,  # noqa: S311  # no secret
            inline=True,
        )
        self.application = Application(
            load(folder / "centrala.toml", {}), folder=folder, environment={}, machine=machine
        )

    def start(self) -> None:
        """Serve."""
        self.universe.complete(self.loop, self.application.start(), seconds=60)

    def stop(self) -> None:
        """Stop in order."""
        self.universe.complete(self.loop, self.application.stop(), seconds=60)
        self.universe.end(self.loop)

    async def events(self) -> list[object]:
        """Return the whole log."""
        return [decode(entry) async for entry in self.application.store.read(0)]


class Outside:
    """Everybody else's mail server: it takes what the site sends and lets the opponent answer."""

    def __init__(self, loop: Loop, opponent: Opponent | None) -> None:
        self.loop = loop
        self.opponent = opponent
        self.taken: list[Delivery] = []
        self._numbers = count(100)
        self._listener = MailListener(
            host="127.0.0.1", port=OUTSIDE_PORT, protocol="smtp", deliver=self._take, accepts=lambda _: True
        )
        self._sender = SmtpSender(host="127.0.0.1", port=SITE_PORT, username=None, password=None, tls="none")

    async def start(self) -> None:
        """Listen."""
        await self._listener.start()

    async def brings(self, reply: Reply) -> None:
        """Hand a mail over to the site."""
        raw = reply.mail.as_bytes(policy=policy.SMTP)
        await self._sender.send(raw, Envelope(sender=reply.envelope_sender, recipient=reply.to))

    async def _take(self, delivery: Delivery) -> None:
        self.taken.append(delivery)
        if self.opponent is not None:
            got = message_from_bytes(delivery.raw, policy=policy.default)
            assert isinstance(got, EmailMessage)
            for reply in self.opponent.answers(got, next(self._numbers)):
                self.loop.call_later(ANSWERS_AFTER_S, lambda reply=reply: self.loop.create_task(self.brings(reply)))


def against(opponent: Opponent, *, hours: float = 1, more: str = "") -> Figures:
    """Return what comes of some hours against `opponent`, who writes first; `more` of the queue's configuration."""
    with _place() as folder:
        universe = Universe(1)
        universe.network = InMemory(universe)
        world = universe.loop("world")
        outside = Outside(world, opponent)
        universe.complete(world, outside.start(), seconds=1)
        site = Instance(universe, folder / "site", "site", smtp_in=SITE_PORT, smtp_out=OUTSIDE_PORT, more=more)
        site.start()
        first = Reply(opponent.begins, mail(opponent.begins, "A question", "Where is my order?", 1))
        universe.complete(world, outside.brings(first), seconds=60)
        universe.run(lambda: False, seconds=hours * HOUR / 1000)
        events = universe.complete(site.loop, site.events(), seconds=60)
        site.stop()
        world.die()
        return _figures(opponent.name, events, len(outside.taken))


def against_another_site(*, hours: float = 1, more: str = "") -> Figures:
    """Return what comes of two sites that write to each other; the first letter claims to be from the other one."""
    with _place() as folder:
        universe = Universe(1)
        universe.network = InMemory(universe)
        world = universe.loop("world")
        outside = Outside(world, None)
        ports = {"site": (SITE_PORT, OTHER_PORT), "other": (OTHER_PORT, SITE_PORT)}
        both = [
            Instance(universe, folder / name, name, smtp_in=smtp_in, smtp_out=smtp_out, more=more)
            for name, (smtp_in, smtp_out) in ports.items()
        ]
        for each in both:
            each.start()
        first = mail("support@other.example", "A question", "Where is my order?", 1)
        universe.complete(world, outside.brings(Reply("support@other.example", first)), seconds=60)
        universe.run(lambda: False, seconds=hours * HOUR / 1000)
        logs = [universe.complete(each.loop, each.events(), seconds=60) for each in both]
        for each in both:
            each.stop()
        world.die()
        events = [event for log in logs for event in log]
        return _figures("another site like ours", events, sum(isinstance(event, AutoReplied) for event in events))


@contextmanager
def _place() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="loops-") as folder:
        yield Path(folder)


def _figures(name: str, events: list[object], out: int) -> Figures:
    replied = [event for event in events if isinstance(event, AutoReplied)]
    admitted = [event for event in events if isinstance(event, Admitted)]
    third = replied[2].at if len(replied) > 2 else None
    # What the third mail out led to has come ANSWERS_AFTER_S later; what comes after that is growth.
    late = [each for each in admitted if third is not None and each.at > third + 2 * ANSWERS_AFTER_S * 1000]
    return Figures(
        name=name,
        out=out,
        per_thread=max(Counter(each.interaction for each in replied).values(), default=0),
        per_address=max(Counter(each.address_hash for each in replied).values(), default=0),
        interactions=len(admitted),
        growth=len(late),
    )
