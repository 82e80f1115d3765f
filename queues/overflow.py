"""What a queue does with work that it can't serve as it should: conditions, actions, and what one leg has seen of them.

Values only; `router/overflow.py` says when they apply (semantics.md section 12).
"""

import msgspec

from queues.hours import Status
from vocabulary.ids import QueueName
from vocabulary.instants import Instant, Span

EMERGENCY, CLOSING = -1, -2
"""In the place of a rule's number: the action of the emergency switch, and what the queue does on closing."""


class When(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """When work overflows: all that is set must hold.

    `wait`: so long in this leg. `length`: more than so many wait here. `expected_wait`: the middle of the last recorded
    estimate is longer. `unstaffed`: no member is connected and available or busy. `closed`: it is not open, holidays
    included, and work came since it closed; `holiday`: the same on a holiday. `emergency`: the switch is on.
    """

    wait: Span | None = None
    length: int | None = None
    expected_wait: Span | None = None
    unstaffed: bool = False
    closed: bool = False
    holiday: bool = False
    emergency: bool = False


class Do(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is done then, in this order. `move`, `message` and `close` take it out of the queue: one of them at most.

    `priority` is added. `groups` of agents serve it too, after all their own queues. `callback`: the customer is
    offered one. `reply` names an automatic answer. `move`: into this queue. `message`: it becomes e-mail, answered by
    the queue's `message_channel`; who left no address is asked for one. `close`: it ends with this code as its reason.
    """

    priority: int = 0
    groups: tuple[str, ...] = ()
    callback: bool = False
    reply: str | None = None
    move: QueueName | None = None
    message: bool = False
    close: str | None = None


class Overflow(msgspec.Struct, frozen=True, kw_only=True):
    """One rule of a queue. All that hold apply, in their order, until one takes the work out of the queue."""

    when: When
    do: Do


class Marks(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What one interaction has seen of overflow. Replaced, never changed.

    `after`: the waits at which it is looked at in this leg; `seen`: the longest that has been. `done`: numbers of the
    rules that applied in this leg. `left`: queues that it overflowed from in this opening; it doesn't come back to
    them this way. `ways`: what its customer was offered in this opening instead of waiting: `callback`, `message`.
    """

    after: tuple[Span, ...] = ()
    seen: Span = 0
    done: tuple[int, ...] = ()
    left: tuple[QueueName, ...] = ()
    ways: tuple[str, ...] = ()


class Contact(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """How automatic replies may reach a customer: no address, only what stands for it.

    `address_hash` None: there is no way to reply. `automatic`: signals that a machine wrote it. `email`: he gave an
    address to which mail can go. `answered`: his last message has had its automatic reply. `domain_hash` stands for the
    domain of the address. `given`: the automatic replies that he has had here; none comes twice.
    """

    address_hash: str | None = None
    automatic: tuple[str, ...] = ()
    email: bool = False
    answered: bool = False
    domain_hash: str | None = None
    given: tuple[str, ...] = ()


class Change(msgspec.Struct, frozen=True, gc=False):
    """What a queue's hours say now, and when that changes next."""

    status: Status
    until: Instant | None


NO_MARKS = Marks()
NO_CONTACT = Contact()
