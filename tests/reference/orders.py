"""Random commands that mostly make sense where the house stands, and sometimes don't."""

from collections.abc import Callable
from typing import Any

from queues.interaction import Interaction, Label
from queues.lifecycle import InteractionState
from router import commands as c
from router.policy import Policy
from router.state import State
from tests.builders import CHANNEL_OF
from tests.reference.chance import Chance
from tests.reference.houses import MEDIA, SPANS, needs, profile, staff_of, wishes
from vocabulary.instants import DAY, MINUTE, SECOND, Instant

S = InteractionState
OUTCOMES: tuple[c.CallOutcome, ...] = ("no_answer", "reached", "busy", "wrong_number")
CROWD = 14
"""So many interactions at once are enough; then work is done before more comes in."""


class Orders:
    """The next command for a house, from what it is now."""

    def __init__(self, chance: Chance, policy: Policy) -> None:
        self.chance = chance
        self.policy = policy
        self.queues = tuple(policy.queues)
        self.staff = staff_of(policy)
        self.number = 0
        self.rush = all(queue.wrap_up == "none" for queue in policy.queues.values())

    def opening(self) -> list[c.Command]:
        """Return the commands with which agents come to work."""
        found: list[c.Command] = []
        for agent in self.staff:
            found.append(c.DefineAgent(agent, profile(self.chance, self.policy)))
            found += self._arrives(agent)
        return found

    def next(self, state: State, now: Instant) -> c.Command:
        """Return a command for the house that is at `state`."""
        open_ = [each for each in state.interactions.values() if each.state not in (S.CLOSED, S.ABANDONED)]
        if self.chance.once_in(3) and len(open_) < CROWD:
            return self.admit(now)
        if self.rush and self.chance.once_in(3):
            return self.done(state, now)
        kind = self.chance.of(_KINDS)
        return kind(self, state, now)

    def admit(self, now: Instant) -> c.Command:
        """Something comes in."""
        of = self.chance.of
        self.number += 1
        medium = of(MEDIA)
        values: dict[str, Any] = {}
        if self.chance.once_in(6):
            values |= {"priority": of((1, -1, 100, -100, 101)), "class_": of((None, 1, -1, 0))}
        if self.chance.once_in(6):
            values["preferred_agent"] = of((*self.staff, "nobody"))
        if self.chance.once_in(12):
            values["scheduled_at"] = now + of((MINUTE, -MINUTE, DAY))
        if self.chance.once_in(3):
            values |= {"labels": (Label(of(("faq", "sales")), of((0.9, 0.3))),), "suppressed_by": of(((), (), ("dmarc",)))}
        if self.chance.once_in(6):
            values |= {"segment": of(("gold", None)), "language": of(("pl", "de")), "text": of(("Rechnung 7", "billed"))}
        return c.Admit(
            id=f"i-{self.number}",
            channel=CHANNEL_OF[medium],
            medium=medium,
            customer=f"c-{self.number}",
            message=f"m-{self.number}",
            queue=of((*self.queues, None)),
            requirements=needs(self.chance) if self.chance.once_in(2) else None,
            preferences=wishes(self.chance) if self.chance.once_in(3) else None,
            address_hash=of(("h1", "h2", None)),
            candidates=(c.Candidate("hours", 0.9), c.Candidate("prices", 0.7)),
            **values,
        )

    def arrival(self, state: State, now: Instant) -> c.Command:
        """Something comes in, however full the house is."""
        return self.admit(now)

    def answer(self, state: State, now: Instant) -> c.Command:
        """An offer is answered; seldom one that is over, or by somebody else."""
        pending = [each for each in state.offers.values() if each.state == "pending"]
        if not pending or self.chance.once_in(10):
            pending = list(state.offers.values())
        if not pending:
            return self.admit(now)
        offer = self.chance.of(pending)
        agent = self.chance.of(self.staff) if self.chance.once_in(30) else offer.agent
        if self.chance.once_in(4):
            return c.DeclineOffer(offer.id, agent, "busy")
        return c.AcceptOffer(offer.id, agent)

    def work(self, state: State, now: Instant) -> c.Command:
        """An owner does something with what he has."""
        one = self._one(state, S.ACTIVE, S.ACTIVE, S.WRAP_UP, S.PARKED)
        if one is None:
            return self.admit(now)
        of, owner = self.chance.of, one.agent or self.chance.of(self.staff)
        match one.state:
            case S.WRAP_UP:
                disposition = of((None, "sold", "sold", "odd"))
                return of((c.WrapUp(one.id, owner, disposition), c.ExtendWrapUp(one.id, owner)))
            case S.PARKED:
                return of((c.Resume(one.id, owner), c.End(one.id, owner)))
        return of(
            (
                c.End(one.id, owner, wrap_up=of((True, False))),
                c.End(one.id, owner),
                c.Park(one.id, owner, of((None, now + of(SPANS)))),
                self._transfer(one.id, owner),
                c.CancelTransfer(one.id, owner) if one.consult is not None else self._transfer(one.id, owner),
                c.AddMessage(interaction=one.id, message="m", author="agent", agent=owner),
                c.CallAttempted(one.id, owner, of(OUTCOMES)),
            )
        )

    def done(self, state: State, now: Instant) -> c.Command:
        """An owner ends what he has been working on for longest."""
        active = [each for each in state.interactions.values() if each.state is S.ACTIVE]
        if not active:
            return self.clear(state, now)
        first = min(active, key=lambda each: (each.accepted_at or 0, each.number))
        return c.End(first.id, first.agent or self.staff[0])

    def customer(self, state: State, now: Instant) -> c.Command:
        """A customer does something."""
        one = self._one(state, *S)
        if one is None:
            return self.admit(now)
        return self.chance.of(
            (
                c.AddMessage(interaction=one.id, message="m", author="customer"),
                c.AddMessage(interaction=one.id, message="m", author="customer"),
                c.Leave(one.id),
                c.CustomerGone(one.id),
                c.CustomerBack(one.id),
                c.WantPerson(one.id),
            )
        )

    def supervisor(self, state: State, now: Instant) -> c.Command:
        """A supervisor steps in."""
        one = self._one(state, S.WAITING, S.OFFERED)
        if one is None:
            return self.admit(now)
        of = self.chance.of
        priority = of((0, 1, -3, 100, -100, -101))
        return of(
            (
                c.Move(one.id, of(self.queues), "boss"),
                c.Reprioritise(one.id, priority, "boss", of((None, None, 0, 1, -1))),
                c.Close(one.id, "done", "boss"),
                c.MarkSpam(one.id, "boss"),
            )
        )

    def _transfer(self, id: str, owner: str) -> c.Command:
        of, warm = self.chance.of, self.chance.once_in(2)
        asked = needs(self.chance) if self.chance.once_in(2) else None
        kind = of((0, 1, 1, 2))
        if kind == 0:
            return c.Transfer(id, owner, of(self.queues), "note", asked, warm=warm)
        if kind == 1:
            return c.Transfer(id, owner, None, "note", to=of((*self.staff, "nobody")), warm=warm)
        return c.Transfer(id, owner, None, "note", asked, warm=warm)

    def room(self, state: State, now: Instant) -> c.Command:
        """More agents come into a room, leave it, or take over."""
        one = self._one(state, S.ACTIVE)
        if one is None:
            return self.admit(now)
        of, agent, flag = self.chance.of, self.chance.of(self.staff), self.chance.once_in(3)
        if one.participants and self.chance.once_in(3):
            return c.LeaveRoom(one.id, of(tuple(one.participants)))
        mode = of(("participant", "monitor", "whisper", "barge"))
        return of(
            (
                c.JoinRoom(one.id, agent, mode, "boss", flag),
                c.JoinRoom(one.id, agent, mode, "boss", flag),
                c.TakeOver(one.id, agent, "boss", flag),
                c.AddMessage(interaction=one.id, message="m", author=of(("agent", "note")), agent=agent),
            )
        )

    def pull(self, state: State, now: Instant) -> c.Command:
        """Somebody is given work by name, or begins some himself."""
        of, agent = self.chance.of, self.chance.of(self.staff)
        if self.chance.once_in(4):
            self.number += 1
            medium = of(MEDIA)
            queue = of((None, *self.queues))
            id = f"i-{self.number}"
            return c.StartOutbound(
                id=id, channel=CHANNEL_OF[medium], medium=medium, customer="c", agent=agent, queue=queue
            )
        one = self._one(state, S.WAITING, S.OFFERED)
        if one is None:
            return self.admit(now)
        return c.Assign(one.id, agent, of((agent, "boss")), self.chance.once_in(3))

    def undo(self, state: State, now: Instant) -> c.Command:
        """A supervisor takes back what was done last, if there is anything."""
        able = [each for each in state.interactions.values() if each.undo is not None]
        able = able if able and not self.chance.once_in(4) else list(state.interactions.values())
        return c.UndoAct(self.chance.of(able).id, "boss") if able else self.admit(now)

    def presence(self, state: State, now: Instant) -> c.Command:
        """An agent comes, goes or is cut off."""
        of, agent = self.chance.of, self.chance.of(self.staff)
        media = {of(MEDIA): of((True, False))} if self.chance.once_in(4) else None
        if self.chance.once_in(3):
            return of((c.Connect(agent), c.Disconnect(agent), c.Connect(agent)))
        presence = of(("available", "available", "available", "busy", "away", "offline"))
        return c.SetPresence(agent, presence, agent, of(("", "", "lunch")), self.chance.once_in(3), media)

    def account(self, state: State, now: Instant) -> c.Command:
        """An account changes."""
        agent = self.chance.of(self.staff)
        if self.chance.once_in(5):
            return c.RemoveAgent(agent, move=self.chance.of((True, False)))
        return c.DefineAgent(agent, profile(self.chance, self.policy))

    def nothing(self, state: State, now: Instant) -> c.Command:
        """Time alone, or a start of the house."""
        return self.chance.of((c.Tick(), c.Tick(), c.Reconcile()))

    def clear(self, state: State, now: Instant) -> c.Command:
        """Staff closes something, so that the house doesn't fill."""
        one = self._one(state, *S)
        return c.Close(one.id, "done", "boss") if one is not None else self.admit(now)

    def back(self, state: State, now: Instant) -> c.Command:
        """Whoever is missing comes back to work, one step at a time."""
        for agent in self.staff:
            known = state.agents.get(agent)
            if known is None:
                return c.DefineAgent(agent, profile(self.chance, self.policy))
            if not known.connected:
                return c.Connect(agent)
            if known.presence != "available":
                return c.SetPresence(agent, "available", agent)
        return self.admit(now)

    def _one(self, state: State, *states: InteractionState) -> Interaction | None:
        """Return one of the interactions that are in `states`, seldom any other."""
        able = [each for each in state.interactions.values() if each.state in states]
        if not able or self.chance.once_in(12):
            able = list(state.interactions.values())
        return self.chance.of(able) if able else None

    def _arrives(self, agent: str) -> list[c.Command]:
        return [c.Connect(agent), c.SetPresence(agent, "available", agent)]


Kind = Callable[[Orders, State, Instant], c.Command]


def kinds() -> tuple[Kind, ...]:
    """Return every kind of command once, the commonest first."""
    return (Orders.arrival, *dict.fromkeys(_KINDS))


_KINDS: tuple[Kind, ...] = (
    *[Orders.answer] * 8,
    *[Orders.work] * 8,
    *[Orders.customer] * 3,
    *[Orders.supervisor] * 2,
    *[Orders.presence] * 2,
    *[Orders.undo] * 2,
    Orders.room,
    Orders.pull,
    *[Orders.back] * 4,
    Orders.account,
    Orders.nothing,
    Orders.clear,
)


def span(chance: Chance, state: State, now: Instant, due: Instant | None) -> Instant:
    """Return the instant of the next command: mostly now or soon, often when something is due, seldom a day on."""
    if due is not None and chance.once_in(4):
        return max(now, due + chance.of((0, 0, 0, -1, 1)))
    if chance.once_in(300):
        return now + chance.of((DAY, 8 * DAY))
    return now + chance.of((0, 0, 0, 100, SECOND, 5 * SECOND, 30 * SECOND)) if chance.once_in(2) else now
