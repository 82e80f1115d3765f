"""One simulated day: the real router on a virtual clock. Customers come, wait and leave; agents answer and end."""

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from typing import Any

from router import commands as c
from router import events as e
from router.decide import rush
from router.state import State, next_deadline
from simulation.answers import Answers
from simulation.books import UNCOUNTED, Batches, Books
from simulation.estimates import Asked, Estimates
from simulation.laws import draws, substream
from simulation.scenario import MICROSECOND, Scenario
from simulation.setting import has_deadlines, policy_of
from simulation.staff import Staff
from simulation.streams import Customer, Source
from vocabulary.instants import DAY, SECOND, Instant

EPOCH: Instant = 1_000 * DAY
"""The core's instant at 0 of the virtual clock."""

_MILLI = MICROSECOND // SECOND
_EPOCH = EPOCH * _MILLI
_BY = "simulation"

_ARRIVE, _END = "arrive", "end"
Act = str | Callable[[Any], None]
"""What happens at an instant: one of the two that happen to every customer, or a function of what stands beside it."""


class Day:
    """One replication. `run` once."""

    def __init__(self, scenario: Scenario, seed: int, replication: int, books: Books) -> None:
        self._state = State()
        self._policy = policy_of(scenario)
        self._books = books
        self._heap: list[tuple[int, int, Act, Any]] = []
        # The number keeps two acts at one instant in the order in which they were told.
        self._number = count().__next__
        self._decisions = 0
        self.now = self._acted = 0
        self._batches = Batches(scenario, replication)
        self._batch = UNCOUNTED
        self._counting = self._counted = 0
        self._full_at = -1
        """Customers who count when the batch is full; never, where time makes the batches."""
        busyness = scenario.run.busyness
        multiplier = draws(busyness, substream(seed, replication, "busyness"), {})() if busyness is not None else 1.0
        self._sources = [
            Source(stream, place, scenario, books.streams[place], (seed, replication), multiplier)
            for place, stream in enumerate(scenario.arrivals)
        ]
        self._flowing = len(self._sources)
        """Streams that may still bring somebody."""
        self._customers: dict[str, Customer] = {}
        self._staff = Staff(scenario, books.groups, self._do, self._at)
        asks = scenario.run.estimate_every > 0
        self._estimates = Estimates(scenario, self._state, self._policy) if asks else None
        self._answers = {queue.name: Answers(queue, seed, replication) for queue in scenario.queues}
        # Without anything that time alone changes, every deadline is of the past and the next command does it.
        self._ticking = has_deadlines(scenario)
        self._people = self._staff.people
        self._handlers: dict[type[Any], Callable[[Any], None]] = {
            e.OfferAccepted: self._on_accepted,
            e.Ended: self._on_ended,
            e.WrappedUp: self._on_wrapped_up,
            e.Abandoned: self._on_abandoned,
            e.Closed: self._on_closed,
            e.PresenceChanged: self._on_presence,
        }
        if any(answer.timed for answer in self._answers.values()):
            self._handlers |= {
                e.Offered: self._on_offered,
                e.OfferExpired: self._on_offer_over,
                e.OfferWithdrawn: self._on_offer_over,
            }

    # -- the clock

    def run(self) -> None:
        """Let the day pass, write it into the books, and check that nobody and no work was lost."""
        self._open()
        self._live()
        self._close()
        self._books.decisions += self._decisions
        self._books.simulated += self.now

    def _live(self) -> None:
        """Let everything happen that is to come, one instant after the other."""
        heap, ticking = self._heap, self._ticking
        while heap or self._waits_for_time():
            if ticking and self._tick(heap[0][0] if heap else None):
                continue
            self.now, _, act, argument = heappop(heap)
            if act is _END:
                self._do(c.End(argument.id, argument.person.id))
            elif act is _ARRIVE:
                self._arrive(argument)
            else:
                assert callable(act)
                act(argument)

    def _do(self, command: c.Command) -> None:
        """Let the router do `command`, and the world what follows from it."""
        self._acted = now = self.now
        self._decisions += 1
        decision = rush(command, self._state, self._policy, (_EPOCH + now) // _MILLI)
        assert decision.refusal is None, f"{command} at {now}: {decision.refusal}"
        handlers = self._handlers
        for event in decision.events:
            kind = event.__class__
            if kind in handlers:
                handlers[kind](event)

    def _at(self, at: int, act: Act, argument: Any) -> None:
        heappush(self._heap, (at, self._number(), act, argument))

    def _waits_for_time(self) -> bool:
        return self._ticking and bool(self._customers) and next_deadline(self._state) is not None

    def _tick(self, until: int | None) -> bool:
        """Do what time alone changes if that comes first; tell whether there was anything."""
        due = next_deadline(self._state)
        if due is None:
            return False
        at = due * _MILLI - _EPOCH
        if until is not None and at > until:
            return False
        self.now = max(self.now, at)
        self._do(c.Tick())
        return True

    # -- the day's frame

    def _open(self) -> None:
        self._staff.open()
        batches = self._batches
        if batches.customers is not None:
            self._at(batches.from_, self._count, None)
        else:
            for at in (batches.from_, *batches.turns()):
                self._at(at, self._turn, batches.of_time(at))
            self._at(batches.until, self._turn, UNCOUNTED)
        for source in self._sources:
            self._next_arrival(source)

    def _turn(self, batch: int) -> None:
        self._batch = batch
        self._staff.turn(batch, self.now)

    def _count(self, _: None = None) -> None:
        """Begin to count customers, or the next batch of them, or end: what drains is no longer the load."""
        if self._counted == self._batches.customers:
            self._full_at = -1
            self._staff.last_arrival = self.now
            self._turn(UNCOUNTED)
            return
        self._counting = 1
        batch = self._batches.of_customer(self._counted)
        self._full_at = self._batches.full_at(batch)
        self._turn(batch)

    def _close(self) -> None:
        """Close what nobody can serve any more. The router must agree that nobody can."""
        # Who was answered may have been patient for longer than anything happened.
        self.now = self._acted
        if self._customers:
            before = len(self._customers)
            self._do(c.Reconcile())
            assert all(customer.waiting for customer in self._customers.values()), "somebody could serve what waited"
            assert len(self._customers) == before, "somebody left without having left"
        for id in list(self._customers):
            self._do(c.Close(id, "day_over", _BY))
        self._turn(UNCOUNTED)
        self._check()

    def _check(self) -> None:
        """Whoever came has fared somehow, and what was worked is what was drawn, to the microsecond."""
        assert not self._customers, f"{len(self._customers)} customers are still there"
        for source in self._sources:
            assert source.came == source.fared, f"{source.came} came and {source.fared} fared"
        self._staff.check()

    # -- customers

    def _next_arrival(self, source: Source) -> None:
        at = next(source.instants, None)
        if at is not None:
            heappush(self._heap, (at, self._number(), _ARRIVE, source))
            return
        self._flowing -= 1
        if not self._flowing:
            self._staff.last_arrival = self.now

    def _arrive(self, source: Source) -> None:
        if self._counted == self._full_at:
            self._count()
        if self._batch == UNCOUNTED and self._counting:
            # Enough have come.
            return
        self._counted += self._counting
        customer = source.customer(self.now, self._batch)
        self._customers[customer.id] = customer
        self._next_arrival(source)
        self._do(source.admit(customer.id))
        if customer.waiting:
            if customer.patience is not None:
                heappush(self._heap, (self.now + customer.patience, self._number(), self._leave, customer))
            if self._estimates is not None:
                customer.asked = self._estimates.asked(source.stream, customer.id, (_EPOCH + self.now) // _MILLI)

    def _outcome(self, customer: Customer, asked: Asked) -> None:
        assert self._estimates is not None
        now = (_EPOCH + self.now) // _MILLI
        if self._estimates.answered(asked, customer.source.stream, customer.at, now):
            customer.cell.asked.append(asked)

    def _leave(self, customer: Customer) -> None:
        if customer.waiting:
            self._do(c.Leave(customer.id))

    def _fared(self, id: str) -> Customer:
        """Return the customer, who waits no longer and for nobody."""
        customer = self._customers.pop(id)
        assert customer.waiting, f"{id} fared twice"
        customer.waiting = False
        customer.source.fared += 1
        return customer

    def _on_abandoned(self, event: e.Abandoned) -> None:
        customer = self._fared(event.interaction)
        (customer.cell.short if event.short else customer.cell.left).append(self.now - customer.at)

    def _on_closed(self, event: e.Closed) -> None:
        customer = self._fared(event.interaction)
        customer.cell.flowed.append(self.now - customer.at)

    # -- contacts: these happen to every customer, so they write into groups themselves, for a call takes as long

    def _on_accepted(self, event: e.OfferAccepted) -> None:
        now, customer = self.now, self._customers[event.interaction]
        assert customer.waiting, f"{customer.id} fared twice"
        customer.waiting = False
        customer.source.fared += 1
        customer.cell.answered.append(now - customer.at)
        if customer.asked is not None:
            self._outcome(customer, customer.asked)
        customer.person = person = self._people[event.agent]
        group, service = person.group, customer.service
        group.shifts[customer.batch].handled += 1
        if customer.special is not None:
            service = customer.special.get(group.name, service)
        group.balance -= now + service
        if not person.held:
            group.occupied += 1
            group.occupied_from += now
        person.held += 1
        heappush(self._heap, (now + service, self._number(), _END, customer))

    def _on_ended(self, event: e.Ended) -> None:
        self._people[event.agent].group.balance += self.now

    def _on_wrapped_up(self, event: e.WrappedUp) -> None:
        del self._customers[event.interaction]
        person = self._people[event.agent]
        person.held -= 1
        if not person.held:
            person.group.occupied -= 1
            person.group.occupied_from -= self.now

    # -- offers, where agents are asked

    def _on_offered(self, event: e.Offered) -> None:
        customer = self._customers[event.interaction]
        answer = self._answers[customer.source.stream.queue]
        if answer.timed:
            customer.offer = event.offer
            after = answer.after()
            if after is not None:
                self._at(self.now + after, self._answer, (customer, event.offer, event.agent))

    def _answer(self, ringing: tuple[Customer, str, str]) -> None:
        customer, offer, agent = ringing
        if customer.waiting and customer.offer == offer:
            self._do(c.AcceptOffer(offer, agent))

    def _on_offer_over(self, event: e.OfferExpired | e.OfferWithdrawn) -> None:
        self._customers[event.interaction].offer = None

    def _on_presence(self, event: e.PresenceChanged) -> None:
        self._staff.presence_changed(event, self.now)
