"""Random small houses: a policy, and profiles of the agents who work there."""

from typing import Any
from zoneinfo import ZoneInfo

from agents.agent import MediumLimit, Membership, Profile
from queues.policy import QueuePolicy, Step, Strategy
from queues.sending import CallOn, SendingPlan, Timing
from router.policy import Policy, SegmentPolicy
from tests.builders import START, Autoresponse, Condition, policy, rule
from tests.reference.chance import Chance
from tests.reference.services import ZONES, agreements, hours, of_queue, services
from vocabulary.instants import DAY, MINUTE, SECOND
from vocabulary.skills import Preference, Requirement

QUEUES = ("sales", "support", "mail")
AGENTS = ("a", "b", "c", "d", "e", "f")
MEDIA = ("chat", "email", "callback")
SKILLS = ("billing", "lang:pl")
GROUPS = ("seniors", "general")
STRATEGIES: tuple[Strategy, ...] = ("least_loaded", "longest_idle", "best_skill", "fastest", "round_robin", "optimal")
SPANS = (1, 5 * SECOND, 10 * SECOND, 30 * SECOND, MINUTE, 3 * MINUTE)


def house(chance: Chance) -> Policy:
    """Return a policy of one to three queues; queues that share agents have one order.

    In a rush, work is accepted and ended at once, so that handling times are known. In a plain house a rule without
    conditions is the only one and queues do nothing but queue, so that most decisions go by express.
    """
    order = chance.of(("due", "due", "wait_over_target"))
    rush, plain = chance.once_in(4), chance.once_in(4)
    names = QUEUES[: chance.of((1, 2, 2, 3))]
    if plain:
        bare = [_queue(chance, name, order, rush, {"steps": (), "parallel": 1}) for name in names]
        return policy(*bare, rules=(rule(names[0], name="all", priority=chance.of((0, 3))),))
    on = services(chance)
    queues = [_queue(chance, name, order, rush, of_queue(chance, name, names, on)) for name in names]
    tables = hours(chance, START) if on & {"hours", "agreements"} else {}
    return policy(
        *queues,
        rules=(
            rule(names[-1], Condition(label=("faq",), confidence=0.5), name="faq", autoresponse="bot"),
            rule(names[0], Condition(words=("rech*", "bill")), name="words", requirements=_needs(chance)),
            rule(names[0], Condition(label=("sales",), confidence=0.5), name="sales", autoresponse="offer"),
            rule(names[-1], Condition(segment=("gold",)), name="gold", class_=-1, preferences=_wishes(chance)),
            rule(names[0], Condition(urgency=("high",), sentiment=("neutral",)), name="never", priority=9),
            rule(names[0], Condition(urgency=("high",)), name="urgent", priority=5),
            rule(names[0], Condition(waiting_min=3, medium=("chat",)), name="crowd", priority=-2),
            rule(names[-1], _figures(chance, names, tuple(tables)), name="figures", priority=3),
            rule(names[0], name="rest", autoresponse="ack", language_skill=chance.once_in(3)),
        ),
        autoresponses=(
            Autoresponse(name="ack", kind="acknowledge"),
            Autoresponse(name="sorry", kind="acknowledge"),
            Autoresponse(name="bot", kind="answer", otherwise=chance.of(("ack", "list")), holdout=0.2, clarify=0.8),
            Autoresponse(name="offer", kind="document"),
            Autoresponse(name="list", kind="document"),
        ),
        plans=_plans(chance, names, tuple(tables)),
        segments=_segments(chance),
        auto_replies_max=2,
        auto_replies_domain_max=3,
        auto_replies_domain_within=chance.of((MINUTE, 10 * MINUTE)),
        auto_replies_surge=chance.of((0, 2, 3)),
        auto_replies_surge_min=chance.of((3, 6)),
        auto_replies_surge_hours=chance.of((0, 2)),
        disconnect_grace=chance.of((MINUTE, 10 * SECOND)),
        hours=tables,
        sla=agreements(chance, names, tuple(tables)) if "agreements" in on else {},
    )


def _plans(chance: Chance, names: tuple[str, ...], tables: tuple[str, ...]) -> dict[str, SendingPlan]:
    """Return a document with all that may follow it, and one without."""
    of, zone = chance.of, ZoneInfo(chance.of(ZONES))
    steps = [_timing(chance, 0), _timing(chance, 1), _timing(chance, 1)][: of((1, 2, 3))]
    call = CallOn(_timing(chance, 1), of(names)) if chance.once_in(2) else None
    offer = SendingPlan(
        name="offer", steps=tuple(steps), within=of((None, *tables)), zone=zone, call=call, unsubscribe=True
    )
    return {"offer": offer, "list": SendingPlan(name="list", zone=zone)}


def _timing(chance: Chance, least: int) -> Timing:
    return Timing(
        chance.of((least, 10 * SECOND, MINUTE, DAY, 2 * DAY + MINUTE)), chance.of((None, None, 0, 9 * 60 + 30))
    )


def _figures(chance: Chance, names: tuple[str, ...], tables: tuple[str, ...]) -> Condition:
    """Return a condition on hours or a live figure of some queue."""
    figures: tuple[dict[str, Any], ...] = (
        {"waiting_min": 1, "waiting_max": 2},
        {"longest_wait_min": 30 * SECOND},
        {"expected_wait_min": 20 * SECOND, "expected_wait_max": MINUTE},
        {"staffed_max": 1},
        {"staffed_min": 2, "free_max": 0},
        {"free_min": 2},
        {"hours": chance.of((("closed", "holiday"), ("open",))), "hours_of": chance.of((None, *tables))},
    )
    return Condition(queue=chance.of((None, *names)), medium=("chat", "email"), **chance.of(figures))


def _segments(chance: Chance) -> dict[str, SegmentPolicy]:
    if chance.once_in(2):
        return {}
    gold = SegmentPolicy(priority=chance.of((20, 100, -5)), target=chance.of((None, 15 * SECOND)))
    return {"gold": gold, "silver": SegmentPolicy(priority=chance.of((0, 10)), target=chance.of((None, MINUTE)))}


def _queue(chance: Chance, name: str, order: Any, rush: bool, service: dict[str, Any]) -> QueuePolicy:
    values: dict[str, Any] = {
        "target": chance.of((20 * SECOND, 2 * MINUTE)),
        "credit": chance.of((MINUTE, 10 * SECOND)),
        "strategy": chance.of(STRATEGIES[:-1] if order != "due" else STRATEGIES),
        "wrap_up": chance.of(("timed", "none", "optional", "timed_forced", "open")),
        "wrap_up_after": chance.of((30 * SECOND, 5 * SECOND)),
        "callback_attempts": chance.of((2, 1, 3)),
        "callback_retry": MINUTE,
        "owner_hold": 3 * MINUTE,
        "disconnect_grace": chance.of((MINUTE, 5 * SECOND)),
        "order": order,
    }
    if chance.once_in(2):
        values["ask"] = "customer_number"
    if chance.once_in(3):
        values["parallel"] = chance.of((2, 3, 50))
    if chance.once_in(2):
        values["steps"] = _steps(chance)
    if chance.once_in(3):
        values["placement"] = chance.of(("pack", "spread"))
    if chance.once_in(4):
        values["offer"] = {medium: chance.of((0, 10 * SECOND)) for medium in MEDIA}
    if chance.once_in(4):
        values["hold"] = {medium: chance.of((0, 5 * SECOND)) for medium in MEDIA}
    if chance.once_in(4):
        values["misses_max"] = chance.of((1, 2))
    if chance.once_in(4):
        values["on_disconnect"] = {medium: chance.of(("keep", "requeue", "close")) for medium in MEDIA}
    if chance.once_in(4):
        values |= {"dispositions": ("sold", "lost"), "disposition_required": chance.once_in(2)}
    if chance.once_in(4):
        values |= {"segment_targets": {"gold": 10 * SECOND}, "monitoring": True}
    if chance.once_in(3):
        values["warm_wait"] = 20 * SECOND
    if chance.once_in(2):
        values["undo"] = chance.of((0, SECOND, MINUTE, 10 * MINUTE))
    if rush:
        values |= {"wrap_up": "none", "offer": dict.fromkeys(MEDIA, 0)}
    return QueuePolicy(name=name, **{**values, **service})


def _steps(chance: Chance) -> tuple[Step, ...]:
    spans = (10 * SECOND, 30 * SECOND, MINUTE)[: chance.of((1, 2, 3))]
    return tuple(_step(chance, after) for after in spans)


def _step(chance: Chance, after: int) -> Step:
    return Step(
        after=after,
        drop=(chance.of(SKILLS),) if chance.once_in(3) else (),
        lower={chance.of(SKILLS): chance.of((1, 3))} if chance.once_in(3) else {},
        groups=(chance.of(GROUPS),) if chance.once_in(2) else (),
        priority=chance.of((5, -1, 200)) if chance.once_in(4) else 0,
        guard=not chance.once_in(3),
    )


def staff_of(policy: Policy) -> tuple[str, ...]:
    """Return the agents who work in a house, as many as its queues need."""
    return AGENTS[: 2 + 2 * (len(policy.queues) - 1)]


def profile(chance: Chance, policy: Policy) -> Profile:
    """Return skills, queues with priority and delay, capacity and costs of somebody who works there."""
    queues = [name for name in policy.queues if not chance.once_in(4)]
    skills = {skill: chance.of((5, 1, 3, 8)) for skill in SKILLS if not chance.once_in(3)}
    return Profile(
        skills,
        {name: _membership(chance) for name in queues},
        chance.of((100, 66, 33, 150, 40)),
        {medium: _limit(chance) for medium in MEDIA if chance.once_in(4)},
        tuple(group for group in GROUPS if chance.once_in(3)),
    )


def _membership(chance: Chance) -> Membership:
    delay = chance.of((5 * SECOND, MINUTE)) if chance.once_in(5) else 0
    return Membership(2 if chance.once_in(4) else 1, delay)


def _limit(chance: Chance) -> MediumLimit:
    return MediumLimit(
        chance.of((33, 20, 50, 100)),
        chance.of((None, 1, 2)),
        chance.of((None, 10, 0, 100)),
        chance.of((0, 0, 20, 60)),
        tuple(medium for medium in MEDIA if chance.once_in(6)),
    )


def _needs(chance: Chance) -> tuple[Requirement, ...]:
    return needs(chance) or (Requirement("billing", 3),)


def needs(chance: Chance) -> tuple[Requirement, ...]:
    """Return no, one or two requirements, each of another skill."""
    return tuple(
        Requirement(skill, chance.of((1, 3, 8)), chance.of((None, 10 * SECOND, MINUTE)), chance.of((1, 1, 3)))
        for skill in SKILLS
        if chance.once_in(3)
    )


def _wishes(chance: Chance) -> tuple[Preference, ...]:
    return wishes(chance) or (Preference(group="seniors"),)


def wishes(chance: Chance) -> tuple[Preference, ...]:
    """Return no, one or two preferences: a group, or a skill at a level."""
    found: list[Preference] = []
    if chance.once_in(3):
        found.append(Preference(group=chance.of(GROUPS)))
    if chance.once_in(3):
        found.append(Preference(skill=chance.of(SKILLS), level=chance.of((1, 5)), weight=chance.of((1, 2))))
    return tuple(found)
