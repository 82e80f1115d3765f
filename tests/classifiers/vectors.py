"""Small functions from texts to vectors, as a site might name one."""

from collections.abc import Sequence

MARKS = "?!.,;:"


def marks_of(texts: Sequence[str]) -> list[list[float]]:
    """Return for each text how often each of `MARKS` stands in it: what its words don't tell."""
    return [[float(text.count(mark)) for mark in MARKS] for text in texts]


def lengths_of(texts: Sequence[str]) -> list[list[float]]:
    """Return for each text 1, how many characters it has, and how many words."""
    return [[1.0, len(text), len(text.split())] for text in texts]


def nothing_of(texts: Sequence[str]) -> list[float]:
    """Return a number for each text, which is no vector."""
    return [0.0 for _ in texts]


def endless_of(texts: Sequence[str]) -> list[list[float]]:
    """Return vectors that hold what is no finite number."""
    return [[1.0, float("inf")] for _ in texts]


def one_of(texts: Sequence[str]) -> list[list[float]]:
    """Return a vector of the first text, however many there are."""
    return marks_of(texts[:1])
