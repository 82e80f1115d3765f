"""What a journal tells of the people: when customers came and left, how long contacts took, when agents were there.

Decisions of the router are left out, for they are what a replay makes anew.
"""

from typing import Literal

import msgspec

from router import commands as c
from router import events as e
from router.state import State
from vocabulary.ids import AgentId, InteractionId, OfferId, QueueName
from vocabulary.instants import Instant, Span


class Contact(msgspec.Struct):
    """One agent's time with a customer: ms of talk, without parking, and of wrap-up. `queue`: where he handed over to.

    `whole`: it ended while the journal looked on.
    """

    talk: Span = 0
    wrap_up: Span = 0
    queue: QueueName | None = None
    disposition: str | None = None
    whole: bool = False


class Work(msgspec.Struct):
    """One opening of an interaction. Spans are ms from `enqueued.at`.

    `first`: it had just come in, so the rules decide where it goes. `waited`: until somebody answered. `left`: until
    the customer gave up. `closed`: until it ended or was set aside without an answer. `moves`: when staff moved it
    where. `taken`: contacts that were over when the part in question began.
    """

    id: InteractionId
    admitted: e.Admitted
    enqueued: e.Enqueued
    first: bool
    contacts: list[Contact] = []
    waited: Span | None = None
    left: Span | None = None
    closed: Span | None = None
    moves: list[tuple[Span, QueueName]] = []
    taken: int = 0


class Answer(msgspec.Struct):
    """What an agent did with an offer after so many ms; `open`: it was taken back before he did anything."""

    kind: Literal["accepted", "declined", "expired", "open"] = "open"
    after: Span = 0
    reason: str = ""


class Past(msgspec.Struct):
    """What happened until `until`; the state is that of `since`, where a replay begins.

    `works`: who came behind `since`, and who was there then (`begun`). `agents`: what agents and their supervisors did.
    `answers`: how each agent answered his offers, in the order in which they rang; `ringing`: those that rang already.
    """

    since: Instant
    until: Instant
    state: State
    events: list[e.AnyEvent]
    works: list[Work]
    begun: dict[InteractionId, Work]
    agents: list[tuple[Instant, c.Command]]
    answers: dict[AgentId, list[Answer]]
    ringing: dict[OfferId, Answer]
