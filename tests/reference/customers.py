"""Section 2: what customers do, and what it changes."""

from router.commands import (
    AddMessage,
    ConfirmAnswer,
    CustomerBack,
    CustomerGone,
    Leave,
    ReportDelivery,
    TakeBack,
    WantPerson,
)
from tests.reference import bulk, second_thoughts
from tests.reference.leg import await_owner, end, enqueue, over
from tests.reference.replies import may_reply, reply, tell
from tests.reference.rings import withdraw_all
from tests.reference.second_thoughts import asked, check, dealt_with, replies
from tests.reference.sendings import answered, reported
from tests.reference.values import OVER, Work
from tests.reference.who import has_room, limit_of
from tests.reference.world import Refused, World


def add_message(world: World, order: AddMessage) -> None:
    """Somebody writes; a customer's message may open the interaction again, an agent's must be its owner's."""
    work = world.work(order.interaction)
    _may_write(work, order)
    if order.author == "customer":
        asked(world, work)
        work.answered = False
        work.automatic = bool(order.suppressed_by)
    if order.author == "agent":
        replies(world, work, order.message, order.agent, by_itself=order.sending is None)
    if order.author == "bot" and work.state == "answered_by_bot" and work.question is None:
        dealt_with(work)
    if order.author == "customer":
        answered(world, work.customer, order.suppressed_by)
        if order.answer is not None and work.who is not None and not work.learnt:
            _heard(world, work, work.who, order.answer)
        _customer_wrote(world, work, order.chosen)


def _heard(world: World, work: Work, question: str, answer: str) -> None:
    """He is asked once more if nobody was found and nobody has him; by chat he hears that he was found."""
    alone = work.state in ("waiting", "offered", "scheduled")
    if answer == "not_found" and work.who_tries == 1 and alone and may_reply(world, work, "question_again"):
        reply(world, work, "question_again", question=question)
        return
    work.learnt = answer
    if answer == "found" and alone and work.medium == "chat":
        tell(world, work, "identified")


def _may_write(work: Work, order: AddMessage) -> None:
    """Section 15: participants and who barges in speak; who whispers writes notes only, who monitors nothing."""
    mode = work.room.get(order.agent or "")
    if order.bulk and (work.state != "answered_by_bot" or work.bulk != order.bulk):
        raise Refused("conflict", "answer_over")
    if order.author == "note" and mode == "monitor":
        raise Refused("forbidden", "monitors_only")
    if order.author == "agent" and order.sending is None:
        _may_reply(work, order.agent)


def _may_reply(work: Work, person: str | None) -> None:
    mode = work.room.get(person or "")
    if mode in ("participant", "barge"):
        return
    if mode is not None:
        raise Refused("forbidden", f"{mode}s_only")
    if work.agent != person or work.state not in ("active", "parked"):
        raise Refused("conflict", "not_owner")


def take_back(world: World, order: TakeBack) -> None:
    """Second thoughts. Reading: who may not reply any more, may not take back either."""
    work = world.work(order.interaction)
    place = check(work, order)
    _may_reply(work, order.agent)
    second_thoughts.take_back(world, work, place)


def _customer_wrote(world: World, work: Work, chosen: str | None) -> None:
    """The lines "customer wrote" of the lifecycle's table."""
    if work.state == "parked":
        unpark(world, work, "customer_wrote")
    elif work.state == "wrap_up":
        resume(world, work)
        await_owner(world, work)
    elif work.state == "answered_by_bot":
        _told_the_bot(world, work, chosen)
    elif work.state in OVER:
        # In the last queue, or by the rules if it is gone, preferring the last agent if he is still there.
        queue = work.queue if work.queue in world.policy.queues else world.policy.rules[-1].then.queue
        enqueue(world, work, "customer_wrote", queue=queue, arrived_at=work.unanswered_at, preferred=work.agent)


def unpark(world: World, work: Work, cause: str) -> None:
    """`active` if the agent has room, else `waiting` (new leg, preferring him). Reading: and if he is there.

    Section 4: arrived_at is then the oldest unanswered customer message. Reading: else the instant it was parked until.
    """
    owner = world.people.get(work.agent or "")
    if owner is not None and owner.is_there and has_room(owner, work.medium, work.id):
        resume(world, work)
        return
    arrived = work.unanswered_at or work.parked_until or world.now
    enqueue(world, work, cause, arrived_at=arrived, preferred=work.agent)


def resume(world: World, work: Work) -> None:
    """Active again with the same agent, at the full cost."""
    owner = world.people[work.agent or ""]
    work.state = "active"
    work.parked_until = work.wrap_up_until = None
    piece = owner.pieces[work.id]
    piece.kind, piece.cost = "active", limit_of(owner.profile, work.medium).cost
    world.freed[owner.id] = None
    if owner.busy_from is None:
        owner.busy_from = world.now


def want_person(world: World, order: WantPerson) -> None:
    """`answered_by_bot`: not satisfied -> `waiting`."""
    work = world.work(order.interaction)
    if work.state == "answered_by_bot":
        to_a_person(world, work)


def to_a_person(world: World, work: Work) -> None:
    """Reading: who was only asked something keeps the place that he had from his arrival on."""
    if work.bulk:
        bulk.back_in_line(world, work)
        return
    since = world.now if work.question is None else work.arrived_at
    enqueue(world, work, "not_satisfied", arrived_at=work.unanswered_at or since, preferred=work.preferred)


def _told_the_bot(world: World, work: Work, chosen: str | None) -> None:
    """He says that it helped, picks one of the answers that he was asked about once, or wants something else."""
    if work.question is None:
        if chosen == "confirmed":
            _confirmed(world, work)
            return
    else:
        name, articles = work.question
        if chosen in articles and may_reply(world, work, name):
            work.question = None
            work.confirm_until = world.now + world.channel(work).confirmation
            reply(world, work, name, chosen)
            return
    to_a_person(world, work)


def confirm(world: World, order: ConfirmAnswer) -> None:
    """He says so elsewhere. Reading: also once it has closed because nobody objected."""
    work = world.work(order.interaction)
    closed = work.state == "closed" and work.disposition == "answered_by_bot"
    if (work.state == "answered_by_bot" and work.question is None) or closed:
        _confirmed(world, work)


def _confirmed(world: World, work: Work) -> None:
    if not work.confirmed:
        work.confirmed = True
        world.trace.append(("confirmed", work.id))
    if work.state == "answered_by_bot":
        over(world, work, "closed", "answered_by_bot")


def leave(world: World, order: Leave) -> None:
    """The customer left."""
    left(world, world.work(order.interaction))


def left(world: World, work: Work) -> None:
    """`waiting`, `offered` -> `abandoned`; `active` -> `wrap_up`; `scheduled`, `parked`, bot: closed."""
    if work.state in ("waiting", "offered"):
        withdraw_all(world, work, "customer_left")
        over(world, work, "abandoned")
    elif work.state == "active":
        end(world, work, wrap_up=False)
    elif work.state in ("scheduled", "answered_by_bot", "parked"):
        over(world, work, "closed", "customer_left")


def customer_gone(world: World, order: CustomerGone) -> None:
    """Section 2: he counts as left after `customer_grace`; a callback's customer may be offline."""
    work = world.work(order.interaction)
    concerned = work.state in ("waiting", "offered", "active") and work.medium != "callback"
    if concerned and work.customer_leaves_at is None:
        work.customer_leaves_at = world.now + world.channel(work).customer_grace


def customer_back(world: World, order: CustomerBack) -> None:
    """He is there again."""
    work = world.work(order.interaction)
    if work.state not in OVER:
        work.customer_leaves_at = None


def report_delivery(world: World, order: ReportDelivery) -> None:
    """What became of a message changes no routing; but nothing follows one that did not arrive.

    Who has it, or had it last, is told of what failed, or else who wrote it.
    """
    work = world.work(order.interaction)
    told = (work.agent or order.wrote) if order.result in ("failed", "uncertain", "bounced") else None
    world.trace.append(("reported", work.id, order.message, order.result, told))
    reported(world, work, order.result)
