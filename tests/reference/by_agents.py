"""What agents do: random commands."""

import msgspec

from agents.agent import Presence
from queues.interaction import Interaction
from queues.lifecycle import InteractionState
from router import commands as c
from router.state import State
from tests.reference.by_customers import admit
from tests.reference.houses import MEDIA, SPANS, needs, profile
from tests.reference.setting import Setting
from vocabulary.instants import Instant

S = InteractionState
PRESENCES: tuple[Presence, ...] = ("available", "available", "available", "busy", "away", "offline")
OUTCOMES: tuple[c.CallOutcome, ...] = ("no_answer", "reached", "busy", "wrong_number")


def answer(house: Setting, state: State, now: Instant) -> c.Command:
    """An offer is answered; seldom one that is over, or by somebody else."""
    pending = [each for each in state.offers.values() if each.state == "pending"]
    if not pending or house.chance.once_in(10):
        pending = list(state.offers.values())
    if not pending:
        return admit(house, now)
    offer = house.chance.of(pending)
    agent = house.chance.of(house.staff) if house.chance.once_in(30) else offer.agent
    if house.chance.once_in(4):
        return c.DeclineOffer(offer.id, agent, "busy")
    return c.AcceptOffer(offer.id, agent)


def work(house: Setting, state: State, now: Instant) -> c.Command:
    """An owner does something with what he has."""
    one = house.one(state, S.ACTIVE, S.ACTIVE, S.WRAP_UP, S.PARKED)
    if one is None:
        return admit(house, now)
    of, owner = house.chance.of, one.agent or house.chance.of(house.staff)
    match one.state:
        case S.WRAP_UP:
            if one.medium == "callback" and house.chance.once_in(2):
                return c.CallAttempted(one.id, owner, of(OUTCOMES))
            disposition = of((None, "sold", "sold", "odd"))
            return c.ExtendWrapUp(one.id, owner) if of((0, 1)) else c.WrapUp(one.id, owner, disposition)
        case S.PARKED:
            return c.End(one.id, owner) if of((0, 1)) else c.Resume(one.id, owner)
    if one.medium == "callback" and house.chance.once_in(2):
        return c.CallAttempted(one.id, owner, of(OUTCOMES))
    able: tuple[c.Command, ...] = (
        c.End(one.id, owner, wrap_up=of((True, False))),
        c.End(one.id, owner),
        c.Park(one.id, owner, of((None, now + of(SPANS)))),
        _transfer(house, one.id, owner),
        c.CancelTransfer(one.id, owner) if one.consult is not None else _transfer(house, one.id, owner),
        reply(house, one, owner),
        c.CallAttempted(one.id, owner, of(OUTCOMES)),
    )
    return of(able)


def reply(house: Setting, one: Interaction, agent: str) -> c.Command:
    """Somebody writes to the customer."""
    return c.AddMessage(interaction=one.id, message=house.new_id(), author="agent", agent=agent)


def second_thoughts(house: Setting, state: State, now: Instant) -> c.Command:
    """A reply by mail is taken back, goes, or has another behind it; the customer writes meanwhile, or staff acts."""
    of, once_in = house.chance.of, house.chance.once_in
    holding = [each for each in state.interactions.values() if each.held_back]
    if not holding:
        mailed = [each for each in state.interactions.values() if each.state is S.ACTIVE and each.goes_by_mail]
        return reply(house, one := of(mailed), one.agent or house.staff[0]) if mailed else work(house, state, now)
    one = of(holding)
    held = of(one.held_back)
    message = "m-none" if once_in(12) else held.message
    agent = of(house.staff) if once_in(12) else held.agent
    speaks = of((one.agent or held.agent, held.agent))
    able: tuple[c.Command, ...] = (
        c.TakeBack(one.id, message, agent),
        c.TakeBack(one.id, message, agent),
        c.TakeBack(one.id, message, agent),
        c.BeginDelivery(one.id, message),
        reply(house, one, speaks),
        reply(house, one, speaks),
        c.AddMessage(interaction=one.id, message="m", author="customer"),
        c.DeliverAgain(one.id, message, "boss"),
        c.ReportDelivery(one.id, message, of(("sent", "failed", "uncertain")), of((None, "a1"))),
        c.RenewSla(one.id, "boss"),
        c.Resume(one.id, speaks) if one.state is S.PARKED else c.Park(one.id, speaks),
        c.JoinRoom(one.id, of(house.staff), of(("participant", "whisper")), "boss", beyond_capacity=True),
        c.TakeOver(one.id, of(house.staff), "boss", beyond_capacity=True),
    )
    return of(able)


def _transfer(house: Setting, id: str, owner: str) -> c.Command:
    of, warm = house.chance.of, house.chance.once_in(2)
    asked = needs(house.chance) if house.chance.once_in(2) else None
    kind = of((0, 1, 1, 2))
    if kind == 0:
        return c.Transfer(id, owner, of(house.queues), "note", asked, warm=warm)
    if kind == 1:
        return c.Transfer(id, owner, None, "note", to=of((*house.staff, "nobody")), warm=warm)
    return c.Transfer(id, owner, None, "note", asked, warm=warm)


def done(house: Setting, state: State, now: Instant) -> c.Command:
    """An owner ends what he has been working on for longest."""
    active = [each for each in state.interactions.values() if each.state is S.ACTIVE]
    if not active:
        return back(house, state, now)
    first = min(active, key=lambda each: (each.accepted_at or 0, each.number))
    return c.End(first.id, first.agent or house.staff[0])


def presence(house: Setting, state: State, now: Instant) -> c.Command:
    """An agent comes, goes or is cut off."""
    of, agent = house.chance.of, house.chance.of(house.staff)
    media = {of(MEDIA): of((True, False))} if house.chance.once_in(4) else None
    if house.chance.once_in(3):
        return c.Disconnect(agent) if house.chance.once_in(3) else c.Connect(agent)
    return c.SetPresence(agent, of(PRESENCES), agent, of(("", "", "lunch")), house.chance.once_in(3), media)


def account(house: Setting, state: State, now: Instant) -> c.Command:
    """An account changes."""
    agent = house.chance.of(house.staff)
    if house.chance.once_in(5):
        return c.RemoveAgent(agent, move=house.chance.of((True, False)))
    return _account(house, state, agent)


def _account(house: Setting, state: State, agent: str) -> c.Command:
    """Return a new profile; with `steady` costs and capacity stay, so that nobody is ever beyond them."""
    new = profile(house.chance, house.policy)
    old = state.agents.get(agent)
    if house.steady and old is not None:
        new = msgspec.structs.replace(new, capacity=old.profile.capacity, media=old.profile.media)
    return c.DefineAgent(agent, new)


def shift(house: Setting, state: State, now: Instant) -> c.Command:
    """Several come at once."""
    agents = [agent for agent in house.staff if house.chance.once_in(2)] or [house.staff[0]]
    if house.chance.once_in(3):
        return c.Together(tuple(c.Connect(agent) for agent in agents))
    return c.Together(tuple(c.SetPresence(agent, "available", agent) for agent in agents))


def back(house: Setting, state: State, now: Instant) -> c.Command:
    """Whoever is missing comes back to work, one step at a time."""
    for agent in house.staff:
        known = state.agents.get(agent)
        if known is None:
            return c.DefineAgent(agent, profile(house.chance, house.policy))
        if not known.connected:
            return c.Connect(agent)
        if known.presence != "available":
            return c.SetPresence(agent, "available", agent)
    return admit(house, now)
