"""How many agents it takes, by Erlang C, or Erlang A where customers' patience is known."""

import re

import msgspec

from simulation.erlang import Figures, Load, erlang_a, erlang_c
from vocabulary.instants import SECOND, span_of

AGENTS_MAX = 1_000_000


class Target(msgspec.Struct, frozen=True):
    """The share of customers to answer within so many seconds."""

    share: float
    within: float


def target_of(text: str) -> Target:
    """Return the target that `text` says: "0.8/20s".

    Raises:
        ValueError: not of that form, or the share is not between 0 and 1.
    """
    match = re.fullmatch(r"\s*(\d*\.?\d+)\s*/\s*(.+)", text)
    if match is None:
        raise ValueError(f'{text!r} is no target: write a share and a time span, such as "0.8/20s"')
    share = float(match[1])
    if not 0 < share < 1:
        raise ValueError(f"{text!r}: the share must be between 0 and 1 (0.8 is 80 %), not {share:g}")
    return Target(share, span_of(match[2]) / SECOND)


def fares(load: Load, agents: int, within: float) -> Figures:
    """Return how `agents` fare with `load`; the service level is the share of all who come answered `within` seconds.

    Raises:
        ValueError: there must be from 1 to a million agents.
    """
    if not 1 <= agents <= AGENTS_MAX:
        raise ValueError(f"the number of agents must be from 1 to {AGENTS_MAX}, not {agents}")
    return erlang_c(load, agents, within) if load.patience is None else erlang_a(load, agents, within)


def staffing(load: Load, target: Target) -> Figures:
    """Return how the smallest number of agents fares that reaches `target`.

    More agents never lower the service level, so the number is found by halving, from a number that is too small:
    nobody answers a larger share than there are agents for.

    Raises:
        ValueError: a million agents are not enough.
    """
    too_few = min(int(target.share * load.erlangs), AGENTS_MAX - 1)
    enough = too_few + 1
    while fares(load, enough, target.within).service_level < target.share:
        if enough == AGENTS_MAX:
            raise ValueError(f"{AGENTS_MAX} agents are not enough for this load")
        too_few, enough = enough, min(2 * enough, AGENTS_MAX)
    while enough - too_few > 1:
        middle = (enough + too_few) // 2
        if fares(load, middle, target.within).service_level < target.share:
            too_few = middle
        else:
            enough = middle
    return fares(load, enough, target.within)
