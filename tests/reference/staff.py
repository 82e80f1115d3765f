"""Section 11: agents come, go and are cut off."""

from router.commands import Connect, DefineAgent, Disconnect, RemoveAgent, SetPresence
from tests.reference.leg import (
    await_owner,
    declare,
    lose_owner,
    over,
    owner_is_back,
    wrapped_up,
)
from tests.reference.rings import end_holds, leave_rooms, lift_only, refused_by, wait_no_longer, withdraw_all_of
from tests.reference.values import HELD, Person, Work
from tests.reference.who import limit_of, may_ring, sought
from tests.reference.world import Refused, World

DECLARED = ("available", "busy", "away", "offline")


def define(world: World, order: DefineAgent) -> None:
    """He is somebody with this profile from now on: he can perhaps take work."""
    for queue in order.profile.queues:
        if queue not in world.policy.queues:
            raise Refused("invalid", "unknown_queue")
    person = world.people.get(order.agent)
    if person is None:
        world.people[order.agent] = Person(order.agent, order.profile, idle_since=world.now)
    elif person.profile == order.profile:
        return
    else:
        person.profile = order.profile
    world.freed[order.agent] = None
    _waits_in_vain(world, world.people[order.agent])


def _waits_in_vain(world: World, person: Person) -> None:
    """Reading: nothing waits for him alone that he could never hold."""
    for work in sorted(world.works.values(), key=lambda each: each.number):
        if may_ring(sought(work)) and not can_ever_take(person, work.medium):
            lift_only(world, work, person.id)
            refused_by(world, work, person.id, "no_room")


def can_ever_take(person: Person, medium: str) -> bool:
    """Whether one of `medium` fits him when he has nothing else."""
    limit = limit_of(person.profile, medium)
    return limit.cost <= person.profile.capacity and limit.max != 0


def remove(world: World, order: RemoveAgent) -> None:
    """An account that is disabled never keeps work silently."""
    person = world.person(order.agent)
    if held(world, person, *HELD) and not order.move:
        raise Refused("conflict", "holds_work")
    withdraw_all_of(world, person, "agent_unavailable")
    for work in held(world, person, *HELD):
        if work.state == "wrap_up":
            wrapped_up(world, work, "timeout")
        else:
            lose_owner(world, work)
    end_holds(world, person.id)
    wait_no_longer(world, person.id, "agent_removed")
    leave_rooms(world, person.id)
    del world.people[person.id]


def held(world: World, person: Person, *states: str) -> list[Work]:
    """What he owns in these states, in the order of admission."""
    mine = [world.works[id] for id in person.pieces if world.works[id].state in states]
    return sorted((work for work in mine if work.agent == person.id), key=lambda work: work.number)


def set_presence(world: World, order: SetPresence) -> None:
    """Declared or forced. Reading: saying again what is so changes nothing; "after this one" needs current work."""
    person = world.person(order.agent)
    if order.presence not in DECLARED:
        raise Refused("invalid", "unknown_presence")
    off = _media_off(person, order)
    same = (person.presence, person.reason) == (order.presence, order.reason)
    if same and person.after is None and off == person.media_off:
        return
    before = person.presence
    person.media_off = off
    if order.after_current and person.at_work:
        person.after = (order.presence, order.reason)
    else:
        declare(world, person, order.presence, order.reason)
    if person.presence != "available":
        withdraw_all_of(world, person, "agent_unavailable")
    if person.presence == "offline" and before != "offline":
        _went_offline(world, person)
    world.freed[person.id] = None


def _media_off(person: Person, order: SetPresence) -> frozenset[str]:
    off = set(person.media_off)
    for medium, on in (order.media or {}).items():
        if on:
            off.discard(medium)
        else:
            off.add(medium)
    return frozenset(off)


def _went_offline(world: World, person: Person) -> None:
    """Reading: active work that its queue does not keep for him goes at once; the rest waits as if he were cut off."""
    for work in held(world, person, "active", "wrap_up"):
        if work.state == "active" and on_disconnect(world, work) != "keep":
            absence_over(world, work)
        else:
            await_owner(world, work)
    end_holds(world, person.id)
    wait_no_longer(world, person.id, "agent_offline")
    leave_rooms(world, person.id)


def on_disconnect(world: World, work: Work) -> str:
    """`requeue` (default for chat) or `keep` (default for callback and voice; e-mail has its owner_hold)."""
    default = "requeue" if work.medium == "chat" else "keep"
    return world.queue(work.queue).on_disconnect.get(work.medium, default)


def absence_over(world: World, work: Work) -> None:
    """The grace is over: keep, requeue at the old place, or close; `open` wrap-up ends with `timeout`.

    Section 11: e-mail is kept for `owner_hold`, then re-queued.
    """
    action = on_disconnect(world, work)
    if work.state == "wrap_up":
        wrapped_up(world, work, "timeout")
    elif action == "requeue" or (action == "keep" and work.medium == "email"):
        lose_owner(world, work)
    elif action == "close":
        over(world, work, "closed", "agent_lost")
    else:
        work.owner_gone_until = None


def connect(world: World, order: Connect) -> None:
    """He has a live connection."""
    person = world.person(order.agent)
    if not person.connected:
        person.connected, person.away_until = True, None
        owner_is_back(world, person)
        world.freed[person.id] = None


def disconnect(world: World, order: Disconnect) -> None:
    """Pending offers are withdrawn at once; active chats wait for him for a grace.

    Reading: who is offline or disconnected already has nothing to come back to.
    """
    person = world.person(order.agent)
    if not person.connected:
        return
    person.connected = False
    expected = person.presence not in ("offline", "disconnected")
    person.away_until = world.now + world.policy.disconnect_grace if expected else None
    withdraw_all_of(world, person, "agent_disconnected")
    for work in held(world, person, "active", "wrap_up"):
        await_owner(world, work)
    world.freed[person.id] = None
