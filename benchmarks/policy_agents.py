"""The rows of agents who are not equally quick, and of chats beside calls.

Published are waits and occupancies, and no house. These are the ones that give them: with 50 agents of each pace, 25 %
above and below the mean, 95 % of what they can bear, the waits and occupancies of both policies are exactly .909,
.942/.963 and .982/.896 (by the equations of balance); with 6 erlangs of calls and 7.5 of chats on 10 agents, 85 % of
what they can bear, calls wait .709 where chats are spread.
"""

from agents.agent import Membership, Profile
from benchmarks.policy_house import Crew, Kind, Setting, admitted, queue
from benchmarks.policy_row import HANDLING, Row, at_least, at_most, compared, mean_wait
from queues.policy import Strategy
from vocabulary.media import CHAT, VOICE

SLOW, FAST = 1 / 0.75, 1 / 1.25
"""How long agents need, in mean handling times."""
VOICE_LOAD, CHAT_LOAD = 6.0, 7.5
"""Erlangs, a chat counted as if it took an agent whole."""


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
        "50 agents who work at 1.25 and 50 who work at 0.75 times the mean pace, at 95 % of what they can bear",
        number,
        figures,
        {
            "longest_idle": {"occupancy_fast": 0.94, "occupancy_slow": 0.96},
            "fastest": {"wait_to_longest_idle": 0.91, "occupancy_fast": 0.98, "occupancy_slow": 0.90},
        },
        [
            at_most("wait, fastest first to longest idle", gain, 0.91, "ratio"),
            at_least(
                "occupancy of the fast over the slow, fastest first",
                fastest["occupancy_fast"] - fastest["occupancy_slow"],
                0.08,
                "share",
            ),
            at_most(
                "occupancy of the fast over the slow, longest idle",
                idle["occupancy_fast"] - idle["occupancy_slow"],
                -0.02,
                "share",
            ),
        ],
    )


def chats_beside_voice(number: int, seed: int) -> Row:
    """Return the row of chats, three at a time, beside calls that take an agent whole."""
    kinds = [
        Kind("voice", VOICE_LOAD, HANDLING, admitted("support", VOICE)),
        Kind("chat", CHAT_LOAD, HANDLING, admitted("support", CHAT)),
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
        f"10 agents, {VOICE_LOAD} erlangs of calls and {CHAT_LOAD} of chats, three of which an agent may have at once",
        number,
        figures,
        {"pack": {"voice_mean_wait": 0.487}, "spread": {"voice_mean_wait": 0.709}},
        [
            at_most("wait of calls, pack", figures["pack"]["voice_mean_wait"], 0.487, "handling times"),
            at_most("wait of calls, pack to spread", ratio, round(0.487 / 0.709, 4), "ratio"),
        ],
    )
