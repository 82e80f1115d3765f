"""What customers do: random commands."""

from typing import Any

from queues.interaction import Heads, Label
from queues.lifecycle import InteractionState
from queues.policy import QueuePolicy
from queues.slots import windows
from router import commands as c
from router.state import State
from tests.builders import CHANNEL_OF
from tests.reference.houses import MEDIA, needs, wishes
from tests.reference.setting import Setting
from vocabulary.ids import share_of
from vocabulary.instants import DAY, HOUR, MINUTE, Instant

S = InteractionState


def admit(house: Setting, now: Instant) -> c.Command:
    """Something comes in."""
    of, id = house.chance.of, house.new_id()
    medium = of(MEDIA)
    values: dict[str, Any] = {}
    if house.chance.once_in(6):
        values |= {"priority": of((1, -1, 100, -100, 101)), "class_": of((None, 1, -1, 0))}
    if house.chance.once_in(6):
        values["preferred_agent"] = of((*house.staff, "nobody"))
    if house.chance.once_in(12):
        values["scheduled_at"] = now + of((MINUTE, -MINUTE, DAY))
    queue = of((*house.queues, None))
    if medium == "callback" and house.serves and house.chance.once_in(2):
        values["slot"] = slot_in(house, queue or house.queues[0], now)
    if house.chance.once_in(3):
        values |= {
            "labels": (Label(of(("faq", "sales")), of((0.9, 0.3))),),
            "suppressed_by": of(((), (), ("unauthenticated",))),
        }
    if house.chance.once_in(6):
        values |= {
            "segment": of(("gold", "silver", None)),
            "also_segments": of(((), (), ("silver",), ("silver", "gold"))),
            "heads": of((None, Heads(urgency=Label("high", 0.8)), Heads(sentiment=Label("negative", 0.6)))),
            "language": of(("pl", "de")),
            "text": of(("Rechnung 7", "billed")),
            "unidentified": of((True, False)),
        }
    if house.chance.once_in(20):
        values["blocked"] = True
    if house.chance.once_in(4):
        # By a caller who writes nothing and leaves no address.
        return c.Admit(id=id, channel=CHANNEL_OF[medium], medium=medium, customer="c", queue=queue, **values)
    return c.Admit(
        id=id,
        channel=CHANNEL_OF[medium],
        medium=medium,
        customer=f"c-{id}",
        message=f"m-{id}",
        queue=queue,
        requirements=needs(house.chance) if house.chance.once_in(2) else None,
        preferences=wishes(house.chance) if house.chance.once_in(3) else None,
        address_hash=of(("h1", "h2", None, f"h-{id}")),
        domain_hash=of(("d1", "d1", "d2", None)),
        mailable=house.serves and house.chance.once_in(2),
        mail_hash=of(("h1", "h2", None, f"h-{id}")),
        mail_domain_hash=of((None, "d1")),
        unsubscribed=house.chance.once_in(8),
        candidates=_candidates(id),
        **values,
    )


def _candidates(id: str) -> tuple[c.Candidate, ...]:
    """Return articles that answer surely, are close, or are too far off: by the id, so that no draw is needed."""
    first, second = ((0.9, 0.7), (0.5, 0.4), (0.5, 0.2))[len(id) * int(share_of(id) * 3) % 3]
    return (c.Candidate("hours", first), c.Candidate("prices", second))


def arrival(house: Setting, state: State, now: Instant) -> c.Command:
    """Something comes in, however full the house is."""
    return admit(house, now)


def customer(house: Setting, state: State, now: Instant) -> c.Command:
    """A customer does something."""
    one = house.one(state, *S)
    if one is None:
        return admit(house, now)
    signals = house.chance.of(((), (), ("unverified_sender",)))
    answer: c.AnswerResult | None = (None, "not_found", "not_found", "found", "skipped")[
        int(share_of(one.id, str(one.messages), "who") * 5)
    ]
    chosen = (None, "hours", c.CONFIRMED)[int(share_of(one.id, str(one.messages)) * 3)]
    writes = c.AddMessage(
        interaction=one.id,
        message="m",
        author="customer",
        suppressed_by=signals,
        chosen=chosen,
        answer=None if signals else answer,
    )
    able: tuple[c.Command, ...] = (
        writes,
        writes,
        c.Leave(one.id),
        c.CustomerGone(one.id),
        c.CustomerBack(one.id),
        c.ConfirmAnswer(one.id) if chosen else c.WantPerson(one.id),
        c.AddMessage(interaction=one.id, message="m", author="report"),
    )
    return house.chance.of(able)


def slot_in(house: Setting, name: str, now: Instant) -> Instant:
    """Return the start of one of the next windows; seldom no window, one that is over or too far."""
    of, queue = house.chance.of, house.policy.queues.get(name) or QueuePolicy(name=name)
    if house.chance.once_in(8):
        return now + of((0, 1, HOUR, -HOUR, 3 * DAY, 89 * DAY, 91 * DAY))
    found = []
    for start in windows(queue, house.policy.hours.get(queue.hours or ""), now, now + 4 * DAY):
        found.append(start)
        if len(found) == 3:
            break
    return of(found) if found else now + HOUR
