"""Section 3, triage: the first rule whose conditions all hold decides; conditions see hours and live figures."""

import re
from collections.abc import Iterator

from router.commands import Admit
from router.policy import Condition, Rule
from tests.reference.hours import status
from tests.reference.steps import is_staffed
from tests.reference.values import QUEUED
from tests.reference.who import has_room, is_available
from tests.reference.world import World


def rule_for(world: World, order: Admit) -> Rule:
    """The first rule whose conditions all hold decides."""
    for rule in world.policy.rules:
        if all(_about_it(order, rule.when)) and all(_about_the_queue(world, order, rule)):
            return rule
    raise AssertionError("the last rule has no conditions")


def _about_it(order: Admit, when: Condition) -> Iterator[bool]:
    words = f"{order.subject}\n{order.text}".casefold()
    labels = [each.name for each in order.labels if each.confidence >= when.confidence]
    yield not when.channel or order.channel in when.channel
    yield not when.medium or order.medium in when.medium
    yield not when.label or any(label in when.label for label in labels)
    for head in ("department", "urgency", "sentiment"):
        told = getattr(order.heads, head) if order.heads is not None else None
        wanted = getattr(when, head)
        yield not wanted or (told is not None and told.name in wanted)
    yield not when.language or order.language in when.language
    yield not when.segment or any(each in when.segment for each in segments_of(order))
    yield when.automatic is None or when.automatic == bool(order.suppressed_by)
    yield not when.words or any(_occurs(word, words) for word in when.words)


def segments_of(order: Admit) -> tuple[str, ...]:
    """Reading: there are no further segments where there is no first."""
    return () if order.segment is None else (order.segment, *order.also_segments)


def _occurs(word: str, words: str) -> bool:
    """`*` at the end matches any ending."""
    for found in re.findall(r"\w+", words):
        if found == word.casefold() or (word.endswith("*") and found.startswith(word[:-1].casefold())):
            return True
    return False


def _about_the_queue(world: World, order: Admit, rule: Rule) -> Iterator[bool]:
    """Opening hours, and live queue figures: waiting, longest wait, the last recorded expected wait, staffed, free.

    Readings: of the queue that the condition names, else the rule's; an expected wait that nobody knows is neither long
    nor short; free is who could take this medium now.
    """
    when, name = rule.when, rule.when.queue or rule.then.queue
    if when.hours:
        table = when.hours_of or world.queue(name).hours
        yield status(world.policy.hours.get(table or ""), world.now) in when.hours
    yield _within(sum(1 for work in world.waiting() if work.queue == name), when.waiting_min, when.waiting_max)
    waits = [world.now - work.enqueued_at for work in world.works.values() if _queued(work.state, work.queue, name)]
    yield _within(max(waits, default=0), when.longest_wait_min, None)
    if when.expected_wait_min is not None or when.expected_wait_max is not None:
        low, high = world.estimates.get(name, (0, 0))
        yield name in world.estimates and _within((low + high) // 2, when.expected_wait_min, when.expected_wait_max)
    yield _within(sum(map(is_staffed, world.members(name))), when.staffed_min, when.staffed_max)
    able = [each for each in world.members(name) if is_available(each, order.medium) and has_room(each, order.medium)]
    yield _within(len(able), when.free_min, when.free_max)


def _queued(state: str, queue: str, name: str) -> bool:
    return state in QUEUED and queue == name


def _within(value: int, least: int | None, most: int | None) -> bool:
    return (least is None or value >= least) and (most is None or value <= most)
