"""The traffic of a demonstration: customers who come, wait and leave, and agents with moods. Same seed, same day."""

import random
from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

from vocabulary.instants import MINUTE, SECOND, Instant, Span

Medium = Literal["chat", "email", "callback"]
MEDIA: tuple[Medium, ...] = ("chat", "email", "callback")
WEIGHTS = (60, 28, 12)


class Example(msgspec.Struct, frozen=True):
    """Something a customer may write."""

    text: str
    label: str
    language: str


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """A customer who comes `at` ms after the start and leaves after `patience` ms if nobody answers."""

    at: Instant
    number: int
    medium: Medium
    example: Example
    patience: Span
    thanks: bool


class Mood(msgspec.Struct, frozen=True, kw_only=True):
    """What an agent does with one offer: ms until he answers, whether he misses it, how long he works on it."""

    answer_after: Span
    misses: bool
    handling: Span
    transfers: bool
    reached: bool


def visits(seed: int, examples: Sequence[Example], *, per_minute: float) -> Iterator[Visit]:
    """Iterate for ever over customers who come as a Poisson process of `per_minute` arrivals a minute."""
    draw = random.Random(seed)  # noqa: S311  # a simulated day, no secret
    at = 0.0
    number = 0
    while True:
        at += draw.expovariate(per_minute / MINUTE)
        number += 1
        yield Visit(
            at=round(at),
            number=number,
            medium=draw.choices(MEDIA, WEIGHTS)[0],
            example=draw.choice(examples),
            patience=round(draw.lognormvariate(0, 0.6) * 40 * SECOND),
            thanks=draw.random() < 0.5,
        )


def moods(seed: int, agent: str) -> Iterator[Mood]:
    """Iterate for ever over the moods of `agent`."""
    draw = random.Random(f"{seed}/{agent}")  # noqa: S311  # a simulated day, no secret
    while True:
        yield Mood(
            answer_after=round(draw.uniform(0.6, 5) * SECOND),
            misses=draw.random() < 0.02,
            handling=round(draw.lognormvariate(0, 0.5) * 16 * SECOND),
            transfers=draw.random() < 0.06,
            reached=draw.random() < 0.75,
        )


def first_after(seed: int, name: str, upto: Span) -> Span:
    """Return a span below `upto` ms that `seed` and `name` always give: so that not all start at once."""
    return random.Random(f"{seed}/{name}").randrange(upto)  # noqa: S311  # a simulated day, no secret
