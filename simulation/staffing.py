"""How many agents it takes, by Erlang C, or Erlang A where customers' patience is known, or with strict classes."""

import re

import msgspec

from simulation.erlang import Figures, Load, erlang_a, erlang_c
from simulation.priorities import PriorityFigures, with_classes
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


def shares_of(text: str) -> tuple[float, ...]:
    """Return the shares that `text` says: "0.3,0.7".

    Raises:
        ValueError: not of that form.
    """
    try:
        return tuple(map(float, text.split(",")))
    except ValueError:
        raise ValueError(f'{text!r} are no shares: write numbers with commas, such as "0.3,0.7"') from None


def fares(load: Load, agents: int, within: float, classes: tuple[float, ...] = ()) -> Figures:
    """Return how `agents` fare with `load`; the service level is the share of all who come answered `within` seconds.

    `classes`: shares of strict classes of it, the most urgent first; none = all are alike.

    Raises:
        ValueError: there must be from 1 to a million agents; or the shares make no whole.
    """
    if not 1 <= agents <= AGENTS_MAX:
        raise ValueError(f"the number of agents must be from 1 to {AGENTS_MAX}, not {agents}")
    if classes:
        return with_classes(load, agents, within, classes)
    return erlang_c(load, agents, within) if load.patience is None else erlang_a(load, agents, within)


def _worst(figures: Figures) -> float:
    """Return the service level of the class that fares worst."""
    if isinstance(figures, PriorityFigures):
        return min(each.service_level for each in figures.classes)
    return figures.service_level


def staffing(load: Load, target: Target, classes: tuple[float, ...] = ()) -> Figures:
    """Return how the smallest number of agents fares with which every class reaches `target`.

    More agents never lower the service level, so the number is found by halving, from a number that is too small:
    nobody answers a larger share than there are agents for.

    Raises:
        ValueError: a million agents are not enough, or the shares make no whole.
    """
    too_few = min(int(target.share * load.erlangs), AGENTS_MAX - 1)
    enough = too_few + 1
    while _worst(fares(load, enough, target.within, classes)) < target.share:
        if enough == AGENTS_MAX:
            raise ValueError(f"{AGENTS_MAX} agents are not enough for this load")
        too_few, enough = enough, min(2 * enough, AGENTS_MAX)
    while enough - too_few > 1:
        middle = (enough + too_few) // 2
        if _worst(fares(load, middle, target.within, classes)) < target.share:
            too_few = middle
        else:
            enough = middle
    return fares(load, enough, target.within, classes)
