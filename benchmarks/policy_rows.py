"""Rows of the table of policies, each in a house of its own, and the policies of a row with the same customers."""

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from agents.agent import Membership, Profile
from benchmarks.policy_house import Crew, House, Kind, Outcome, Setting, admitted, customers, queue
from benchmarks.policy_row import Row, at_least, at_most
from queues.policy import Order, Strategy
from vocabulary.instants import SECOND
from vocabulary.media import CHAT, VOICE
from vocabulary.skills import Preference, Requirement

HANDLING = 60
"""Mean seconds of a contact; waits are printed in such means, but for the row with targets in seconds."""


def compared(settings: Mapping[str, Setting], number: int, seed: int) -> dict[str, Outcome]:
    """Return how the same customers fare in each of `settings`, which differ in policy alone."""
    first = next(iter(settings.values()))
    coming = customers(first.kinds, number, seed)
    assert all(_stream(each) == _stream(first) for each in settings.values()), "other customers come"
    return {name: House(setting).live(coming) for name, setting in settings.items()}


def _stream(setting: Setting) -> list[tuple[object, ...]]:
    return [(kind.name, kind.load, kind.handling, kind.patience) for kind in setting.kinds]


def mean_wait(outcome: Outcome, *kinds: str) -> float:
    """Return the mean wait of `kinds`, or of everybody, in mean handling times."""
    return fmean(outcome.waits(*kinds)) / HANDLING


# -- several service levels on one pool

CLASSES = ((10, 0.2), (30, 0.3), (120, 0.5))
"""Targets in seconds, and their shares of the customers."""


def service_levels(number: int, seed: int) -> Row:
    """Return the row of several targets on one pool, at a load that it can bear and in overload."""
    figures: dict[str, Any] = {}
    for name, load, patience in (("load_48", 48.0, None), ("overload_52", 52.0, 120.0)):
        settings = {
            "first_come": _targets(load, patience, alike=True),
            "strict_priority": _targets(load, patience, strict=True),
            "wait_over_target": _targets(load, patience, order="wait_over_target"),
            "due_time": _targets(load, patience),
        }
        found = compared(settings, number, seed)
        figures[name] = {policy: _levels(outcome) for policy, outcome in found.items()}
    worst = {load: {policy: each["worst"] for policy, each in found.items()} for load, found in figures.items()}
    usual, over = worst["load_48"], worst["overload_52"]
    return Row(
        "several_targets",
        "50 agents, 48 erlangs, contacts of 60 s; 20 % with a target of 10 s, 30 % of 30 s, 50 % of 120 s;"
        " in overload 52 erlangs and customers who leave after 120 s on average",
        number,
        figures,
        {
            "load_48": {"first_come": 0.496, "strict_priority": 0.908, "wait_over_target": 0.899, "due_time": 0.932},
            "overload_52": {"wait_over_target": 0.904, "due_time": 0.888},
        },
        [
            at_least(
                "worst class, due time over first come", usual["due_time"] - usual["first_come"], 0.3, "service level"
            ),
            at_least(
                "worst class, due time over strict priority",
                usual["due_time"] - usual["strict_priority"],
                0.01,
                "service level",
            ),
            at_least(
                "worst class, due time over wait/target",
                usual["due_time"] - usual["wait_over_target"],
                0.02,
                "service level",
            ),
            at_least(
                "worst class in overload, wait/target over due time",
                over["wait_over_target"] - over["due_time"],
                0.008,
                "service level",
            ),
        ],
    )


def _targets(
    load: float, patience: float | None, *, order: Order = "due", strict: bool = False, alike: bool = False
) -> Setting:
    names = [f"within_{target}s" for target, _ in CLASSES]
    kinds = [
        Kind(name, share * load, HANDLING, admitted(name, class_=place if strict else 0), patience)
        for place, (name, (_, share)) in enumerate(zip(names, CLASSES, strict=True))
    ]
    # Where all are due equally soon, first come is first served.
    queues = [
        queue(name, target=(20 if alike else target) * SECOND, order=order)
        for name, (target, _) in zip(names, CLASSES, strict=True)
    ]
    return Setting(kinds, [Crew("all", 50, Profile(queues={name: Membership(1) for name in names}))], queues)


def _levels(outcome: Outcome) -> dict[str, float]:
    levels = {
        kind: outcome.service_level(kind, target) for kind, (target, _) in zip(outcome.fared, CLASSES, strict=True)
    }
    return {name: round(level, 4) for name, level in (*levels.items(), ("worst", min(levels.values())))}


# -- rings of skills

SKEWED = (10, 12, 14, 16, 14, 12)
"""Erlangs of six skills."""


def skewed_ring(number: int, seed: int) -> Row:
    """Return the row of a ring of skills, some of them asked for more than others."""
    found = compared(
        {
            "longest_idle": _ring(SKEWED, 2, "longest_idle"),
            "least_loaded": _ring(SKEWED, 2, "least_loaded"),
            "primary_skill_first": _ring(SKEWED, 2, "longest_idle", primary=True),
        },
        number,
        seed,
    )
    spread = {policy: outcome.spread for policy, outcome in found.items()}
    wait = {policy: mean_wait(outcome) for policy, outcome in found.items()}
    figures = {
        policy: {"occupancy_sd": round(spread[policy], 4), "mean_wait": round(wait[policy], 4)} for policy in found
    }
    return Row(
        "skewed_ring",
        f"six pools of 15 agents, each with the skills n and n + 1; {SKEWED} erlangs ask for one of them",
        number,
        figures,
        {"longest_idle": {"occupancy_sd": 0.0267}, "least_loaded": {"occupancy_sd": 0.0058}},
        [
            at_most(
                "spread of occupancy, least loaded to longest idle",
                spread["least_loaded"] / spread["longest_idle"],
                0.4,
                "ratio",
            ),
            at_most("wait, least loaded to longest idle", wait["least_loaded"] / wait["longest_idle"], 1.02, "ratio"),
            at_least(
                "wait, primary skill first to longest idle",
                wait["primary_skill_first"] / wait["longest_idle"],
                1.05,
                "ratio",
            ),
            at_least(
                "spread of occupancy, primary skill first to longest idle",
                spread["primary_skill_first"] / spread["longest_idle"],
                1.4,
                "ratio",
            ),
        ],
    )


def two_skills(number: int, seed: int) -> Row:
    """Return the row of how much of full pooling two skills an agent bring."""
    even = (14,) * 6
    found = compared({f"{held}": _ring(even, held, "longest_idle") for held in (1, 2, 6)}, number, seed)
    one, two, all_ = (mean_wait(outcome) for outcome in found.values())
    share = (one - two) / (one - all_)
    return Row(
        "two_skills",
        "six pools of 15 agents, 14 erlangs ask for each of six skills; an agent has one, two or all of them",
        number,
        {
            "mean_wait": {"one_skill": round(one, 4), "two_skills": round(two, 4), "all_skills": round(all_, 4)},
            "share_of_the_gain_of_full_pooling": round(share, 4),
        },
        {"share_of_the_gain_of_full_pooling": 0.965},
        [at_least("two skills, share of the gain of full pooling", share, 0.95, "share")],
    )


def _ring(loads: Sequence[float], held: int, strategy: Strategy, *, primary: bool = False) -> Setting:
    """Return a ring in which pool n has the skill n and those that follow, `held` in all; `primary`: n comes first."""
    kinds = [
        Kind(
            f"s{n}",
            load,
            HANDLING,
            admitted(
                "support",
                requirements=(Requirement(f"s{n}"),),
                preferences=(Preference(skill=f"s{n}", level=8),) if primary else (),
            ),
        )
        for n, load in enumerate(loads)
    ]
    crews = []
    for n in range(len(loads)):
        skills = {f"s{(n + step) % len(loads)}": 5 if step else 8 for step in range(held)}
        crews.append(Crew(f"pool{n}", 15, Profile(skills=skills, queues={"support": Membership(1)})))
    return Setting(kinds, crews, [queue("support", strategy=strategy)])


# -- agents and media that differ

SLOW, FAST = 1.2, 0.8
"""How long agents need, in mean handling times."""


def unequal_speed(number: int, seed: int) -> Row:
    """Return the row of agents of whom half are quicker."""
    load = 0.95 * 50 * (1 / FAST + 1 / SLOW)
    kinds = [Kind("all", load, HANDLING, admitted("support"))]
    profile = Profile(queues={"support": Membership(1)})
    crews = [Crew("fast", 50, profile), Crew("slow", 50, profile)]
    pace = {("all", "fast"): FAST, ("all", "slow"): SLOW}
    strategies: tuple[Strategy, ...] = ("longest_idle", "least_loaded", "fastest")
    found = compared(
        {each: Setting(kinds, crews, [queue("support", strategy=each)], pace) for each in strategies}, number, seed
    )
    figures = {
        strategy: {
            "mean_wait": round(mean_wait(outcome), 4),
            "occupancy_fast": round(outcome.occupancy("fast"), 4),
            "occupancy_slow": round(outcome.occupancy("slow"), 4),
        }
        for strategy, outcome in found.items()
    }
    fastest, idle = figures["fastest"], figures["longest_idle"]
    gain = fastest["mean_wait"] / idle["mean_wait"]
    figures["fastest"]["wait_to_longest_idle"] = round(gain, 4)
    return Row(
        "unequal_speed",
        "50 agents who need 0.8 and 50 who need 1.2 of the mean handling time, at 95 % of what they can bear",
        number,
        figures,
        {
            "longest_idle": {"occupancy_fast": 0.94, "occupancy_slow": 0.96},
            "fastest": {"wait_to_longest_idle": 0.91, "occupancy_fast": 0.98, "occupancy_slow": 0.90},
        },
        [
            at_most("wait, fastest first to longest idle", gain, 0.96, "ratio"),
            at_least(
                "occupancy of the fast over the slow, fastest first",
                fastest["occupancy_fast"] - fastest["occupancy_slow"],
                0.05,
                "share",
            ),
            at_most(
                "occupancy of the fast over the slow, longest idle",
                idle["occupancy_fast"] - idle["occupancy_slow"],
                0.0,
                "share",
            ),
        ],
    )


def chats_beside_voice(number: int, seed: int) -> Row:
    """Return the row of chats, three at a time, beside calls that take an agent whole."""
    kinds = [
        Kind("voice", 6.5, HANDLING, admitted("support", VOICE)),
        Kind("chat", 6.0, HANDLING, admitted("support", CHAT)),
    ]
    crews = [Crew("all", 10, Profile(queues={"support": Membership(1)}))]
    found = compared(
        {
            "pack": Setting(kinds, crews, [queue("support", VOICE, CHAT, placement="pack")]),
            "spread": Setting(kinds, crews, [queue("support", VOICE, CHAT, placement="spread")]),
        },
        number,
        seed,
    )
    figures = {
        placement: {
            "voice_mean_wait": round(mean_wait(outcome, "voice"), 4),
            "chat_mean_wait": round(mean_wait(outcome, "chat"), 4),
        }
        for placement, outcome in found.items()
    }
    ratio = figures["pack"]["voice_mean_wait"] / figures["spread"]["voice_mean_wait"]
    return Row(
        "chats_beside_voice",
        "10 agents, 6.5 erlangs of calls and 6 of chats, three of which an agent may have at once",
        number,
        figures,
        {"pack": {"voice_mean_wait": 0.487}, "spread": {"voice_mean_wait": 0.709}},
        [at_most("wait of calls, pack to spread", ratio, 0.8, "ratio")],
    )
