"""Yesterday's journal under today's rules: the same customers, contacts and presence, other decisions.

Given are: when customers came and what of, how long each contact took, when agents were there and how they answered
what rang at them. What the router decided is decided anew by another policy, on the state at the beginning.

What is taken for granted:

- A contact takes as long as it took, whoever has it. Parking is left out of it; what was handed over in person, from
  one agent to the next, is one contact.
- What opens again, comes back from parking, or is due at a slot, comes when it came.
- Nobody who was answered loses his patience sooner than the curve of those who left says (simulation/guesses.py).
- What agents began by themselves occupies nobody.
- Nothing is answered by the bot that was not: candidates for automatic answers are not in the journal.
- An agent who left with his work done leaves when he is done with what he has in the replay.
- An agent serves what is left of his queues.
- The n-th offer to an agent is answered as his n-th offer was; who never had one answers at once.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from heapq import heappop, heappush
from itertools import count
from statistics import median
from typing import Any

import msgspec
from msgspec.structs import replace

from queues.lifecycle import InteractionState
from router import commands as c
from router import events as e
from router.decide import advance
from router.decision import Decision
from router.state import next_deadline
from simulation.guesses import Guesses
from simulation.past import Answer, Contact, Past, Work
from simulation.readmission import Admissions, Rules
from vocabulary.ids import AgentId, InteractionId, OfferId
from vocabulary.instants import Instant, Span

S = InteractionState
_BY = "replay"


class Replayed(msgspec.Struct, frozen=True):
    """The events of a replay. `not_replayable`: how much could not be treated as on the day, by reason."""

    events: list[e.AnyEvent]
    not_replayable: Mapping[str, int]
    drawn: int
    """Contacts whose length had to be guessed."""


def replay(past: Past, rules: Rules, *, seed: int = 1) -> Replayed:
    """Return what would have happened under `rules.after`; the state of `past` is used up."""
    return _Replay(past, rules, seed).run()


class _Case(msgspec.Struct):
    """A piece of work in the replay. `turn` counts what makes an end that was set earlier void."""

    work: Work
    contact: Contact | None = None
    taken: int = 0
    turn: int = 0


class _Replay:
    def __init__(self, past: Past, rules: Rules, seed: int) -> None:
        self._past = past
        self._state = past.state
        # The bot's answers and acknowledgements would need candidates and addresses, and change no queue.
        self._policy = replace(rules.after, autoresponses={})
        self._admissions = Admissions(rules)
        self._guesses = Guesses([*past.begun.values(), *past.works], seed)
        self._events: list[e.AnyEvent] = []
        self._drawn = 0
        self._heap: list[tuple[Instant, int, Callable[[Any], None], Any]] = []
        self._number = count().__next__
        self._now = past.since
        self._cases: dict[InteractionId, _Case] = {}
        self._rung: Counter[AgentId] = Counter()
        self._usual = {agent: _usual(answers) for agent, answers in past.answers.items()}

    def run(self) -> Replayed:
        """Replay everything."""
        for at, command in self._past.agents:
            self._at(at, self._of_agent, command)
        for work in self._past.works:
            self._at(work.enqueued.at, self._come, work)
        self._take_over()
        self._do(c.Reconcile())
        while self._heap or next_deadline(self._state) is not None:
            due = next_deadline(self._state)
            first = self._heap[0][0] if self._heap else self._past.until + 1
            if min(first, first if due is None else due) > self._past.until:
                break
            if due is not None and due <= first:
                self._now = max(self._now, due)
                self._do(c.Tick())
                continue
            self._now, _, act, argument = heappop(self._heap)
            act(argument)
        outbound = sum(isinstance(event, e.OutboundStarted) for event in self._past.events)
        lost = self._admissions.lost + Counter(outbound=outbound)
        return Replayed(self._events, dict(lost), self._drawn)

    def _at(self, at: Instant, act: Callable[[Any], None], argument: Any) -> None:
        heappush(self._heap, (at, self._number(), act, argument))

    def _do(self, command: c.Command) -> Decision:
        decision = advance(command, self._state, self._policy, self._now)
        self._events += decision.events
        for event in decision.events:
            match event:
                case e.Offered():
                    self._ring(event)
                case e.OfferAccepted():
                    self._accepted(event)
                case e.Ended():
                    self._ended(event)
                case e.OwnerLost():
                    self._again(event)
                case _:
                    pass
        return decision

    # -- customers

    def _take_over(self) -> None:
        """Go on with the work that was under way at the beginning."""
        for id, work in self._past.begun.items():
            interaction = self._state.interactions.get(id)
            if interaction is None:
                continue
            case = self._cases[id] = _Case(work, taken=work.taken)
            if interaction.state is S.ACTIVE and interaction.accepted_at is not None:
                self._talk(case, id, interaction.accepted_at)
            elif interaction.state is S.WRAP_UP and interaction.ended_at is not None:
                case.contact = self._contact(case)
                self._at(interaction.ended_at + case.contact.wrap_up, self._wrap_up, id)
            elif interaction.state in (S.WAITING, S.OFFERED):
                self._wait(case, id)
        for offer in self._state.offers.values():
            answer = self._past.ringing.get(offer.id)
            if answer is not None and offer.state == "pending":
                self._answer((offer.id, offer.agent), answer, offer.offered_at)

    def _come(self, work: Work) -> None:
        admission = self._admissions.of(work, self._state, self._now)
        if admission is None:
            return
        decision = self._do_for(work, admission)
        if decision.refusal is not None:
            self._admissions.lost[decision.refusal.reason] += 1
            del self._cases[work.id]
        elif self._state.interactions[work.id].state in (S.WAITING, S.OFFERED):
            self._wait(self._cases[work.id], work.id)

    def _do_for(self, work: Work, admission: c.Admit) -> Decision:
        self._cases[work.id] = _Case(work)
        return self._do(admission)

    def _wait(self, case: _Case, id: InteractionId) -> None:
        came = case.work.enqueued.at
        patience = self._guesses.patience(case.work)
        if patience is not None:
            self._at(max(self._now, came + patience), self._leave, id)
        if case.work.closed is not None:
            self._at(max(self._now, came + case.work.closed), self._close, id)
        for after, queue in case.work.moves:
            if queue in self._policy.queues:
                self._at(max(self._now, came + after), self._move, (id, queue))

    def _waiting(self, id: InteractionId) -> bool:
        interaction = self._state.interactions.get(id)
        return interaction is not None and interaction.state in (S.WAITING, S.OFFERED)

    def _leave(self, id: InteractionId) -> None:
        if self._waiting(id):
            self._do(c.Leave(id))

    def _close(self, id: InteractionId) -> None:
        if self._waiting(id):
            self._do(c.Close(id, "as_recorded", _BY))

    def _move(self, moving: tuple[InteractionId, str]) -> None:
        if self._waiting(moving[0]):
            self._do(c.Move(*moving, by=_BY))

    # -- offers and contacts

    def _ring(self, event: e.Offered) -> None:
        if event.expires_at <= event.at:
            return
        answers = self._past.answers.get(event.agent, ())
        answer = answers[self._rung[event.agent] % len(answers)] if answers else Answer("accepted")
        self._rung[event.agent] += 1
        self._answer((event.offer, event.agent), answer, event.at)

    def _answer(self, ringing: tuple[OfferId, AgentId], answer: Answer, since: Instant) -> None:
        if answer.kind == "declined":
            self._at(since + answer.after, self._decline, (*ringing, answer.reason))
        elif answer.kind == "accepted":
            self._at(since + answer.after, self._accept, ringing)
        elif answer.kind == "open":
            # It was taken back too soon to know. So he takes it when he usually does, but not sooner than that.
            after = max(answer.after + 1, self._usual.get(ringing[1], 0))
            self._at(since + after, self._accept, ringing)

    def _rings(self, id: OfferId) -> bool:
        offer = self._state.offers.get(id)
        return offer is not None and offer.state == "pending"

    def _accept(self, ringing: tuple[OfferId, AgentId]) -> None:
        if self._rings(ringing[0]):
            self._do(c.AcceptOffer(*ringing))

    def _decline(self, declining: tuple[OfferId, AgentId, str]) -> None:
        if self._rings(declining[0]):
            self._do(c.DeclineOffer(*declining))

    def _accepted(self, event: e.OfferAccepted) -> None:
        case = self._cases.get(event.interaction)
        if case is not None:
            self._talk(case, event.interaction, event.at)

    def _contact(self, case: _Case) -> Contact:
        contact, guessed = self._guesses.contact(case.work, case.taken)
        self._drawn += guessed
        return contact

    def _talk(self, case: _Case, id: InteractionId, since: Instant) -> None:
        case.contact = self._contact(case)
        case.turn += 1
        self._at(max(self._now, since + case.contact.talk), self._end, (id, case.turn))

    def _again(self, event: e.OwnerLost) -> None:
        """Its agent is gone: whoever takes it next has the same contact."""
        case = self._cases.get(event.interaction)
        if case is not None:
            case.turn += 1

    def _end(self, ending: tuple[InteractionId, int]) -> None:
        id, turn = ending
        case, interaction = self._cases[id], self._state.interactions.get(id)
        if case.turn != turn or interaction is None or interaction.state is not S.ACTIVE:
            return
        assert interaction.agent is not None
        assert case.contact is not None
        case.taken += 1
        if case.contact.queue in self._policy.queues:
            self._do(c.Transfer(id, interaction.agent, case.contact.queue, note=_BY))
        else:
            self._do(c.End(id, interaction.agent, wrap_up=case.contact.wrap_up > 0))

    def _ended(self, event: e.Ended) -> None:
        case = self._cases.get(event.interaction)
        if case is not None and case.contact is not None:
            self._at(event.at + case.contact.wrap_up, self._wrap_up, event.interaction)

    def _wrap_up(self, id: InteractionId) -> None:
        """The agent is done, unless the queue's mode or its timer decides; then this is refused."""
        interaction, case = self._state.interactions.get(id), self._cases[id]
        if interaction is None or interaction.state is not S.WRAP_UP or interaction.agent is None:
            return
        queue = self._policy.queues.get(interaction.queue)
        known = queue.dispositions if queue is not None else ()
        chosen = case.contact.disposition if case.contact is not None else None
        disposition = chosen if chosen in known or not known else known[0]
        self._do(c.WrapUp(id, interaction.agent, disposition))

    # -- agents

    def _of_agent(self, command: c.Command) -> None:
        """Let an agent come or go; who has work in hand goes when he is done."""
        match command:
            case c.DefineAgent(agent=id, profile=profile):
                served = {name: member for name, member in profile.queues.items() if name in self._policy.queues}
                command = c.DefineAgent(id, replace(profile, queues=served))
            case c.Disconnect(agent=id) if self._works(id):
                command = c.SetPresence(id, "offline", by=id, after_current=True)
            case c.SetPresence(agent=id, presence=presence) if presence != "available" and self._works(id):
                command = replace(command, after_current=True)
            case _:
                pass
        self._do(command)

    def _works(self, id: AgentId) -> bool:
        agent = self._state.agents.get(id)
        return agent is not None and agent.works


def _usual(answers: Sequence[Answer]) -> Span:
    """Return after how many ms an agent takes what rings at him, as a rule."""
    taken = [answer.after for answer in answers if answer.kind == "accepted"]
    return round(median(taken)) if taken else 0
