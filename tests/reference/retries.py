"""Callbacks that reach nobody, in hours full of breaks, by agents who come and go: what random houses seldom have."""

from zoneinfo import ZoneInfo

from agents.agent import Presence
from queues.hours import Hours, Interval
from queues.interaction import Interaction
from queues.lifecycle import InteractionState
from router import commands as c
from router.policy import Policy
from router.state import State
from tests.builders import policy, queue
from tests.reference.chance import Chance
from tests.reference.services import BREAKS
from tests.reference.setting import Setting
from vocabulary.instants import HOUR, MINUTE, SECOND, Instant

S = InteractionState
PRESENCES: tuple[Presence, ...] = ("away", "available", "away")


def house(chance: Chance) -> Policy:
    """Return a policy of one queue that closes twice an hour; what rings may ring through a break."""
    breaks = tuple(Interval(hour * 60 + start, hour * 60 + end) for hour in range(24) for start, end in BREAKS)
    calls = queue(
        "sales",
        hours="breaks",
        wrap_up="none",
        callback_attempts=9,
        callback_retry=chance.of((MINUTE, 10 * MINUTE)),
        offer={"callback": chance.of((20 * MINUTE, 30 * SECOND, HOUR))},
    )
    return policy(calls, hours={"breaks": Hours(zone=ZoneInfo("UTC"), week=(breaks,) * 7)})


def following(setting: Setting, state: State, now: Instant) -> c.Command:
    """Return a command: somebody asks to be called, an agent answers, calls in vain, comes or goes."""
    of = setting.chance.of
    one: Interaction | None = setting.one(state, S.OFFERED, S.ACTIVE)
    if one is None or setting.chance.once_in(3):
        agent = of(setting.staff)
        if setting.chance.once_in(3) and len(state.interactions) < 3:
            return c.Admit(id=setting.new_id(), channel="form", medium="callback", customer="c")
        return c.SetPresence(agent, of(PRESENCES), agent)
    owner = one.agent or setting.staff[0]
    if one.state is not S.OFFERED:
        return c.CallAttempted(one.id, owner, "no_answer")
    offer = state.offers[one.offers[0]]
    answers: tuple[c.Command, ...] = (
        c.AcceptOffer(offer.id, offer.agent),
        c.DeclineOffer(offer.id, offer.agent, "busy"),
    )
    return of(answers)
