"""What supervisors do, and what nobody does: random commands."""

from queues.interaction import RoomMode
from queues.lifecycle import InteractionState
from router import commands as c
from router.state import State
from tests.builders import CHANNEL_OF
from tests.reference.by_customers import admit
from tests.reference.houses import MEDIA
from tests.reference.setting import Setting
from vocabulary.instants import Instant

S = InteractionState
MODES: tuple[RoomMode, ...] = ("participant", "monitor", "whisper", "barge")


def supervisor(house: Setting, state: State, now: Instant) -> c.Command:
    """A supervisor steps in."""
    one = house.one(state, S.WAITING, S.OFFERED)
    if one is None:
        return admit(house, now)
    of = house.chance.of
    priority = of((0, 1, -3, 100, -100, -101))
    able: tuple[c.Command, ...] = (
        c.Move(one.id, of(house.queues), "boss"),
        c.Reprioritise(one.id, priority, "boss", of((None, None, 0, 1, -1))),
        c.Close(one.id, "done", "boss"),
        c.MarkSpam(one.id, "boss"),
        c.Relabel(one.id, of(("faq", "sales", "new", None)), "boss"),
        c.ReleaseAutoReplies("boss"),
    )
    return of(able)


def room(house: Setting, state: State, now: Instant) -> c.Command:
    """More agents come into a room, leave it, or take over."""
    one = house.one(state, S.ACTIVE)
    if one is None:
        return admit(house, now)
    of, agent, flag = house.chance.of, house.chance.of(house.staff), house.chance.once_in(3)
    if one.participants and house.chance.once_in(3):
        return c.LeaveRoom(one.id, of(tuple(one.participants)))
    joins = c.JoinRoom(one.id, agent, of(MODES), "boss", flag)
    author: c.Author = of(("agent", "note"))
    able: tuple[c.Command, ...] = (
        joins,
        joins,
        c.TakeOver(one.id, agent, "boss", flag),
        c.AddMessage(interaction=one.id, message="m", author=author, agent=agent),
    )
    return of(able)


def pull(house: Setting, state: State, now: Instant) -> c.Command:
    """Somebody is given work by name, or begins some himhouse."""
    of, agent = house.chance.of, house.chance.of(house.staff)
    if house.chance.once_in(4):
        medium, queue, id = of(MEDIA), of((None, *house.queues)), house.new_id()
        return c.StartOutbound(id=id, channel=CHANNEL_OF[medium], medium=medium, customer="c", agent=agent, queue=queue)
    one = house.one(state, S.WAITING, S.OFFERED)
    if one is None:
        return admit(house, now)
    return c.Assign(one.id, agent, of((agent, "boss")), house.chance.once_in(3))


def undo(house: Setting, state: State, now: Instant) -> c.Command:
    """A supervisor takes back what was done last, if there is anything."""
    able = [each for each in state.interactions.values() if each.undo is not None]
    fresh = [each for each in able if each.undo is not None and each.undo.until > now]
    if not fresh and not house.chance.once_in(4):
        return supervisor(house, state, now)
    able = fresh or able or list(state.interactions.values())
    return c.UndoAct(house.chance.of(able).id, "boss") if able else admit(house, now)


def clear(house: Setting, state: State, now: Instant) -> c.Command:
    """Staff closes something, so that the house doesn't fill."""
    one = house.one(state, *S)
    return c.Close(one.id, "done", "boss") if one is not None else admit(house, now)


def nothing(house: Setting, state: State, now: Instant) -> c.Command:
    """Time alone, or a start of the house."""
    return c.Reconcile() if house.chance.once_in(3) else c.Tick()
