"""Section 3: from what came in to an interaction in a queue."""

import re

from router.commands import Admit, Candidate
from router.policy import Autoresponse, Rule
from tests.reference.leg import enqueue, over
from tests.reference.values import Work
from tests.reference.world import Refused, World
from vocabulary.skills import Requirement


def admit(world: World, order: Admit) -> None:
    """Dedupe, triage, autoresponder, enqueue. Fields that staff or an integration sends win over rules."""
    _check(world, order)
    rule = _rule(world, order)
    world.admitted += 1
    work = world.works[order.id] = _work(world, order, rule)
    if order.blocked:
        over(world, work, "closed", "blocked_sender")
        return
    if order.scheduled_at is not None and order.scheduled_at > world.now:
        work.state, work.scheduled_at = "scheduled", order.scheduled_at
        return
    reply, article = _reply(world, order, rule.then.autoresponse)
    may_reply = reply is not None and _may_reply(world, order)
    if article is not None and may_reply:
        work.state = "answered_by_bot"
        work.confirm_until = world.now + world.channel(work).confirmation
    else:
        enqueue(world, work, "admitted", preferred=order.preferred_agent)
    if reply is not None and may_reply:
        world.replies.setdefault(order.address_hash or "", []).append(world.now)
        world.trace.append(("replied", work.id, reply.name, article.article if article is not None else None))


def _check(world: World, order: Admit) -> None:
    if order.id in world.works:
        raise Refused("known", "known")
    if order.channel not in world.policy.channels:
        raise Refused("invalid", "unknown_channel")
    if order.queue is not None and order.queue not in world.policy.queues:
        raise Refused("invalid", "unknown_queue")
    check_priority(order.priority)


def check_priority(priority: int | None) -> None:
    """Section 4: `priority` an integer from -100 to 100."""
    if priority is not None and not -100 <= priority <= 100:
        raise Refused("invalid", "priority_out_of_range")


def _work(world: World, order: Admit, rule: Rule) -> Work:
    then = rule.then
    needs = then.requirements
    if then.language_skill and order.language is not None:
        needs = (*needs, Requirement(f"lang:{order.language}"))
    return Work(
        id=order.id,
        number=world.admitted,
        channel=order.channel,
        medium=order.medium,
        queue=order.queue or then.queue,
        priority=then.priority if order.priority is None else order.priority,
        class_=then.class_ if order.class_ is None else order.class_,
        requirements=needs if order.requirements is None else order.requirements,
        preferences=then.preferences if order.preferences is None else order.preferences,
        labels=order.labels,
        segment=order.segment,
        preferred=order.preferred_agent,
        arrived_at=world.now,
        enqueued_at=world.now,
        unanswered_at=None if order.message is None else world.now,
    )


def _rule(world: World, order: Admit) -> Rule:
    """The first rule whose conditions all hold decides."""
    for rule in world.policy.rules:
        if _holds(world, order, rule):
            return rule
    raise AssertionError("the last rule has no conditions")


def _holds(world: World, order: Admit, rule: Rule) -> bool:
    when = rule.when
    waiting = sum(1 for work in world.works.values() if work.state == "waiting" and work.queue == rule.then.queue)
    words = f"{order.subject}\n{order.text}".casefold()
    checks = (
        not when.channel or order.channel in when.channel,
        not when.medium or order.medium in when.medium,
        not when.label or any(each.name in when.label and each.confidence >= when.confidence for each in order.labels),
        not when.language or order.language in when.language,
        not when.segment or order.segment in when.segment,
        when.automatic is None or when.automatic == bool(order.suppressed_by),
        not when.words or any(_occurs(word, words) for word in when.words),
        when.waiting_min is None or waiting >= when.waiting_min,
    )
    return all(checks)


def _occurs(word: str, words: str) -> bool:
    """`*` at the end matches any ending."""
    for found in re.findall(r"\w+", words):
        if found == word.casefold() or (word.endswith("*") and found.startswith(word[:-1].casefold())):
            return True
    return False


def _reply(world: World, order: Admit, name: str | None) -> tuple[Autoresponse | None, Candidate | None]:
    """An answer needs an article of enough proven probability, the likeliest of them, else its `otherwise` counts."""
    reply = world.policy.autoresponses.get(name or "")
    if reply is None or reply.kind == "acknowledge":
        return reply, None
    best: Candidate | None = None
    for each in order.candidates:
        better = best is None or (each.probability, each.article) > (best.probability, best.article)
        if better and each.probability >= reply.confidence:
            best = each
    return (reply, best) if best is not None else _reply(world, order, reply.otherwise)


def _may_reply(world: World, order: Admit) -> bool:
    """Section 20.8: none to automatic mail; and at most so many to one address within a time."""
    if order.suppressed_by or order.address_hash is None:
        return False
    since = world.now - world.policy.auto_replies_within
    recent = [at for at in world.replies.get(order.address_hash, ()) if at > since]
    return len(recent) < world.policy.auto_replies_max
