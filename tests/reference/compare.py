"""What both routers must agree on after every command."""

from collections.abc import Iterator
from typing import Any

from agents.agent import Agent
from queues.interaction import Interaction
from router import events as e
from router.decision import Decision
from router.state import State, next_deadline
from tests.reference import promises
from tests.reference.due import next_due
from tests.reference.model import Answer, Model
from tests.reference.second_thoughts import held
from tests.reference.values import OVER, QUEUED, Person, Work
from tests.reference.who import sought
from tests.reference.world import World

WORK_FIELDS = (
    "state queue agent rings key expired hold_until preferred barred declined_by leg arrived_at enqueued_at parallel "
    "groups steps only ask room attempts disposition unanswered_at sendings "
    "reopen held_back bulk asked_who labels"
).split()
PERSON_FIELDS = "presence reason connected media_off after cooling_until misses idle_since busy offered_at".split()


def differences(decision: Decision, state: State, answer: Answer, model: Model) -> Iterator[str]:
    """Iterate over what the core and the model don't agree on after the same command, in words."""
    refusal = None if decision.refusal is None else (decision.refusal.code, decision.refusal.reason)
    if refusal != answer.refusal:
        yield f"refusal: core {refusal}, model {answer.refusal}"
    trace = tuple(trace_of(decision))
    if trace != answer.trace:
        yield f"offers: core {trace}, model {answer.trace}"
    yield from _works(state, model.world)
    yield from _people(state, model.world)
    yield from promises.of_house(state, model.world)
    yield from _deadline(state, model.world)


def trace_of(decision: Decision) -> Iterator[tuple[Any, ...]]:
    """Iterate over what the decision did to offers, as the model tells it."""
    for event in decision.events:
        match event:
            case e.Offered():
                yield "offered", event.interaction, event.agent, event.cost, event.expires_at
            case e.OfferAccepted():
                yield "accepted", event.interaction, event.agent
            case e.OfferDeclined():
                yield "declined", event.interaction, event.agent
            case e.OfferExpired():
                yield "expired", event.interaction, event.agent, event.misses
            case e.OfferWithdrawn():
                yield "withdrawn", event.interaction, event.agent, event.reason
            case e.BreakerTripped():
                yield "breaker", event.queue, event.missed
            case e.WarmTransferEnded():
                yield "not_transferred", event.interaction, event.reason
            case e.AutoRepliesStopped():
                yield "replies_stopped", event.sent, event.usual
            case e.AnsweredByBot() if event.bulk:
                yield "in_bulk", event.interaction, event.bulk, event.language, event.by, event.goes_at
            case e.AutomationBegan():
                yield "automatic", event.bulk.label, event.bulk.id, event.until
            case e.AutomationEnded():
                yield "automatic_over", event.label, event.bulk, event.reason, event.by, event.answered
            case e.AvalancheBegan():
                yield "avalanche", event.label, event.queue
            case e.AvalancheEnded():
                yield "avalanche_over", event.label, event.queue
            case e.AutoReplied():
                yield "replied", event.interaction, event.autoresponse, event.article, event.options
            case e.AnswerHeldOut():
                yield "held_out", event.interaction, event.autoresponse, event.article
            case e.AnswerConfirmed():
                yield "confirmed", event.interaction
            case _:
                yield from _told(event)


def _told(event: e.AnyEvent) -> Iterator[tuple[Any, ...]]:
    match event:
        case e.Overflowed():
            because = tuple(event.because)
            yield "overflowed", event.interaction, event.queue, event.rule, because, event.groups, event.to
        case e.WayOffered():
            yield "way", event.interaction, event.way
        case e.CustomerTold():
            yield "told", event.interaction, event.notice, event.due
        case e.SendingDue():
            yield "sent", event.interaction, event.sending, event.step, event.agent
        case e.SendingHeld():
            yield "held", event.interaction, event.sending, event.step, event.until
        case e.SendingCancelled():
            yield "ended", event.interaction, event.sending, event.step, event.reason
        case e.SendingEscalated():
            yield "called", event.interaction, event.sending, event.queue
        case e.MessageAdded() if event.author == "agent":
            yield "goes", event.interaction, event.message, event.goes_at
        case e.MessageTakenBack():
            yield "taken_back", event.interaction, event.message
        case e.DeliveryBegun():
            yield "begun", event.interaction, event.message
        case e.DeliveryAskedAgain():
            yield "again", event.interaction, event.message, event.by
        case e.DeliveryReported():
            yield "reported", event.interaction, event.message, event.result, event.agent
        case e.SlaWarned():
            yield "soon_late", event.interaction, event.clock, event.due_at, event.notify
        case e.SlaBreached():
            yield "late", event.interaction, event.clock, event.due_at, event.notify


def _works(state: State, world: World) -> Iterator[str]:
    if state.interactions.keys() != world.works.keys():
        yield f"interactions: core {sorted(state.interactions)}, model {sorted(world.works)}"
        return
    for id, work in world.works.items():
        core, model = _of_interaction(state, state.interactions[id]), _of_work(world, work)
        if core != model:
            yield from _named(id, WORK_FIELDS, core, model)
        core, model = promises.of_interaction(state.interactions[id]), promises.of_work(work)
        if core != model:
            yield from _named(id, promises.FIELDS, core, model)


def _people(state: State, world: World) -> Iterator[str]:
    if state.agents.keys() != world.people.keys():
        yield f"agents: core {sorted(state.agents)}, model {sorted(world.people)}"
        return
    for id, person in world.people.items():
        agent = state.agents[id]
        core, model = _of_agent(agent), _of_person(person)
        if core != model:
            yield from _named(id, PERSON_FIELDS, core, model)
        holds = {each: (hold.medium, hold.cost, hold.kind) for each, hold in agent.holds.items()}
        pieces = {each: (piece.medium, piece.cost, piece.kind) for each, piece in person.pieces.items()}
        if holds != pieces or agent.used != person.used:
            yield f"{id} holds: core {holds} ({agent.used} units), model {pieces} ({person.used} units)"


def _deadline(state: State, world: World) -> Iterator[str]:
    due = next_due(world)
    core, model = next_deadline(state), due[0] if due is not None else None
    if core != model:
        yield f"next deadline: core {state.deadlines.first()}, model {due}"


def _named(id: str, names: list[str], core: tuple[Any, ...], model: tuple[Any, ...]) -> Iterator[str]:
    for name, one, other in zip(names, core, model, strict=True):
        if one != other:
            yield f"{id} {name}: core {one!r}, model {other!r}"


def _of_interaction(state: State, each: Interaction) -> tuple[Any, ...]:
    offers = state.offers
    return (
        each.state,
        each.queue,
        each.agent,
        [(id, offers[id].agent, offers[id].expires_at) for id in each.offers],
        # What has never been in a queue has no place.
        each.key if each.leg else each.class_,
        sorted(each.expired),
        each.hold_until if each.state in QUEUED else None,
        each.preferred_agent,
        each.barred,
        each.declined_by,
        each.leg,
        each.arrived_at,
        each.enqueued_at,
        each.parallel,
        sorted(each.groups),
        each.steps_taken,
        each.only_agent,
        None if each.consult is None else (each.consult.queue, each.consult.until, each.consult.due_at),
        each.participants,
        each.attempts,
        each.disposition,
        each.unanswered_at,
        [(sending.id, sending.plan, sending.step, sending.due_at) for sending in each.sendings],
        each.reopen_until if each.state in OVER else None,
        [(reply.message, reply.agent, reply.until) for reply in each.held_back],
        each.bulk,
        None if each.asked_who is None else (each.asked_who.question, each.asked_who.tries, each.asked_who.result),
        each.labels,
    )


def _of_work(world: World, work: Work) -> tuple[Any, ...]:
    rings = world.rings
    return (
        work.state,
        work.queue,
        work.agent,
        [(id, rings[id].person, rings[id].expires_at) for id in work.rings],
        work.key if work.leg else work.class_,
        sorted(map(str, work.expired)),
        work.hold_until if work.state in QUEUED else None,
        work.preferred,
        work.barred,
        work.declined_by,
        work.leg,
        work.arrived_at,
        work.enqueued_at,
        work.parallel,
        sorted(work.groups),
        work.taken,
        work.only,
        None if work.ask is None else (work.ask.queue, work.ask.until, sought(work).due_at),
        work.room,
        work.attempts,
        work.disposition,
        work.unanswered_at,
        [(letter.id, letter.plan, letter.step, letter.due_at) for letter in work.letters],
        work.reopen_until if work.state in OVER else None,
        [(reply.message, reply.person, reply.until) for reply in held(work)],
        work.bulk,
        None if work.who is None else (work.who, work.who_tries, work.learnt),
        work.labels,
    )


def _of_agent(agent: Agent) -> tuple[Any, ...]:
    after = agent.after_current
    return (
        agent.presence,
        agent.reason,
        agent.connected,
        agent.media_off,
        tuple(after.split(":", 1)) if after is not None else None,
        agent.cooling_until,
        agent.misses,
        agent.idle_since,
        agent.busy,
        agent.offered_at,
    )


def _of_person(person: Person) -> tuple[Any, ...]:
    return (
        person.presence,
        person.reason,
        person.connected,
        person.media_off,
        person.after,
        person.cooling_until,
        person.misses,
        person.idle_since,
        person.busy,
        person.offered_at,
    )
