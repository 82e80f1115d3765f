"""Automatic replies, and what a customer is told."""

from tests.reference.values import Work
from tests.reference.world import World
from vocabulary.instants import Instant


def may_reply(world: World, work: Work, address: str | None) -> bool:
    """Section 20.8: at most one to each message, none to automatic mail; and so many to one address within a time."""
    if work.automatic or address is None or work.answered:
        return False
    since = world.now - world.policy.auto_replies_within
    recent = [at for at in world.replies.get(address, ()) if at > since]
    return len(recent) < world.policy.auto_replies_max


def reply(world: World, work: Work, name: str, article: str | None = None) -> None:
    """The reply goes out."""
    world.replies.setdefault(work.address or "", []).append(world.now)
    work.answered = work.auto_replied = True
    world.trace.append(("replied", work.id, name, article))


def tell(world: World, work: Work, notice: str, due: Instant | None = None) -> None:
    """Something that the customer must know about what he asked for."""
    world.trace.append(("told", work.id, notice, due))
