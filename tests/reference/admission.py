"""Section 3: from what came in to an interaction in a queue."""

from router.commands import Admit, Candidate
from router.policy import Autoresponse, Rule
from tests.reference import bulk, sendings
from tests.reference.callbacks import book, check_slot, schedule, wait_for_opening
from tests.reference.clocks import promised
from tests.reference.hours import status
from tests.reference.leg import enqueue, over
from tests.reference.overflow import before_matching
from tests.reference.owners import check_priority
from tests.reference.replies import may_reply, reply, tell
from tests.reference.second_thoughts import asked
from tests.reference.triage import rule_for, segments_of
from tests.reference.values import OVER, Work
from tests.reference.world import Refused, World
from vocabulary.ids import share_of
from vocabulary.instants import DAY, MINUTE
from vocabulary.skills import Requirement


def admit(world: World, order: Admit) -> None:
    """Dedupe, triage, autoresponder, enqueue. Fields that staff or an integration sends win over rules."""
    _check(world, order)
    rule = rule_for(world, order)
    if not order.blocked:
        _check_time(world, order, order.queue or rule.then.queue)
    world.admitted += 1
    work = world.works[order.id] = _work(world, order, rule)
    if order.message is not None:
        asked(world, work)
    if order.blocked:
        over(world, work, "closed", "blocked_sender")
        return
    work.promise = promised(world, work)
    if order.message is not None:
        sendings.answered(world, order.customer, order.suppressed_by)
    if order.scheduled_at is not None and order.scheduled_at > world.now:
        schedule(world, work, order.scheduled_at, "slot")
    elif order.slot is not None:
        book(world, work, order.slot)
    else:
        _answer_or_enqueue(world, work, order, rule)


def _answer_or_enqueue(world: World, work: Work, order: Admit, rule: Rule) -> None:
    """Reading: what the queue itself says to whom it can't serve comes in the place of a receipt."""
    if bulk.by_itself(world, work):
        return
    response, articles = _response(world, order, rule.then.autoresponse)
    if articles and response is not None and may_reply(world, work, response.name):
        if len(articles) > 1 or not _held_out(world, work, response, articles[0]):
            _by_bot(world, work, response, articles)
            return
        response, articles = _response(world, order, response.otherwise, held_out=True)
    document = response is not None and response.kind == "document"
    allowed = response is not None and not document and not articles and may_reply(world, work, response.name)
    if not wait_for_opening(world, work):
        enqueue(world, work, "admitted", preferred=order.preferred_agent)
    if order.mailable and order.medium == "callback":
        tell(world, work, "callback_confirmed")
    before_matching(world)
    if response is not None and document and work.state not in OVER:
        sendings.by_rule(world, work, order, response.name)
    if response is not None and allowed and not work.auto_replied and work.state not in OVER:
        reply(world, work, response.name, question=_question(world, work, order))
    elif response is None and (question := _question(world, work, order)) and may_reply(world, work, "question"):
        reply(world, work, "question", question=question)


def _question(world: World, work: Work, order: Admit) -> str | None:
    """Whom it isn't sure of, the queue may ask, while nobody has him and nothing else was sent."""
    waits = work.state in ("waiting", "offered", "scheduled") and not work.auto_replied
    asks = order.unidentified and order.message is not None and order.medium in ("chat", "email")
    return world.queue(work.queue).ask if asks and waits else None


def _held_out(world: World, work: Work, response: Autoresponse, article: str) -> bool:
    """A share of what could be answered is not, by a draw from the id."""
    if share_of("holdout", response.name, work.id) >= response.holdout:
        return False
    world.trace.append(("held_out", work.id, response.name, article))
    return True


def _by_bot(world: World, work: Work, response: Autoresponse, articles: tuple[str, ...]) -> None:
    """One answers; several are close, so the customer is asked."""
    work.state = "answered_by_bot"
    if len(articles) > 1:
        work.question = (response.name, articles)
        work.confirm_until = world.now + response.clarify_wait
        reply(world, work, response.name, options=articles)
    else:
        work.confirm_until = world.now + world.channel(work).confirmation
        reply(world, work, response.name, articles[0])


def _check_time(world: World, order: Admit, queue: str) -> None:
    """Reading: an instant up to a minute ago counts as now; a callback is made within hours only."""
    if order.slot is not None:
        check_slot(world, queue, order.slot)
    elif order.scheduled_at is not None:
        if order.scheduled_at < world.now - MINUTE:
            raise Refused("invalid", "schedule_over")
        if order.scheduled_at > world.now + min(90, world.queue(queue).callback_days_max) * DAY:
            raise Refused("invalid", "schedule_too_far")
        if order.medium == "callback" and status(world.hours(queue), max(order.scheduled_at, world.now)) != "open":
            raise Refused("invalid", "schedule_closed")


def _check(world: World, order: Admit) -> None:
    if order.id in world.works:
        raise Refused("known", "known")
    if order.channel not in world.policy.channels:
        raise Refused("invalid", "unknown_channel")
    if order.queue is not None and order.queue not in world.policy.queues:
        raise Refused("invalid", "unknown_queue")
    check_priority(order.priority)


def _work(world: World, order: Admit, rule: Rule) -> Work:
    then = rule.then
    segments = segments_of(order)
    needs = then.requirements
    if then.language_skill and order.language is not None:
        needs = (*needs, Requirement(f"lang:{order.language}"))
    return Work(
        id=order.id,
        number=world.admitted,
        channel=order.channel,
        medium=order.medium,
        queue=order.queue or then.queue,
        priority=_raised(world, segments, then.priority) if order.priority is None else order.priority,
        class_=then.class_ if order.class_ is None else order.class_,
        requirements=needs if order.requirements is None else order.requirements,
        preferences=then.preferences if order.preferences is None else order.preferences,
        labels=order.labels,
        segments=segments,
        preferred=order.preferred_agent,
        arrived_at=world.now,
        enqueued_at=world.now,
        address=order.address_hash,
        domain=order.domain_hash,
        automatic=bool(order.suppressed_by),
        mailable=order.mailable,
        customer=order.customer,
        language=order.language,
    )


def _raised(world: World, segments: tuple[str, ...], priority: int) -> int:
    """Reading: the largest that a segment of his adds is added to the rule's, within -100 and 100."""
    added = [terms.priority for name, terms in world.policy.segments.items() if name in segments]
    return min(100, max(-100, priority + max(added, default=0)))


def _response(
    world: World, order: Admit, name: str | None, *, held_out: bool = False
) -> tuple[Autoresponse | None, tuple[str, ...]]:
    """An answer needs an article of enough proven probability, the likeliest of them, else its `otherwise` counts."""
    found = world.policy.autoresponses.get(name or "")
    if found is None or found.kind != "answer":
        return found, ()
    articles = () if held_out else _articles(found, order)
    return (found, articles) if articles else _response(world, order, found.otherwise, held_out=held_out)


def _articles(found: Autoresponse, order: Admit) -> tuple[str, ...]:
    """Up to three that are close, if one of them surely enough answers; else the likeliest that is sure enough."""
    first = max((each.probability for each in order.candidates), default=0.0)
    near = [each for each in order.candidates if each.probability >= first / 2]
    near = sorted(near, key=lambda each: (-each.probability, [-ord(letter) for letter in each.article]))[:3]
    if found.clarify > 0 and len(near) > 1 and sum(each.probability for each in near) >= found.clarify:
        return tuple(each.article for each in near)
    best: Candidate | None = None
    for each in order.candidates:
        enough = each.probability >= found.confidence if found.precision is None else each.proven >= found.precision
        better = best is None or (each.probability, each.article) > (best.probability, best.article)
        if better and enough:
            best = each
    return () if best is None else (best.article,)
