"""One simulated day: the real router on a virtual clock. Customers come, wait and leave; agents answer and end."""

from collections.abc import Callable, Iterator
from heapq import heappop, heappush
from typing import Any

from router import commands as c
from router import events as e
from router.decide import decide
from router.evolve import evolve
from router.state import State, next_deadline
from simulation.answers import Answers
from simulation.arrivals import arrivals
from simulation.books import UNCOUNTED, Batches, Books
from simulation.groups import A_DAY, Group, Person
from simulation.laws import draws, substream
from simulation.scenario import MICROSECOND, Scenario
from simulation.setting import has_deadlines, policy_of, profile_of
from simulation.streams import Customer, Source
from vocabulary.instants import DAY, SECOND, Instant

EPOCH: Instant = 1_000 * DAY
"""The core's instant at 0 of the virtual clock."""

BACK_AFTER = 60 * MICROSECOND
"""An agent whom the router took off for not answering is back so much later."""

_MILLI = MICROSECOND // SECOND
_BY = "simulation"


class Day:
    """One replication. `run` once."""

    def __init__(self, scenario: Scenario, seed: int, replication: int, books: Books) -> None:
        self._run = scenario.run
        self._state = State()
        self._policy = policy_of(scenario)
        self._books = books
        self._heap: list[tuple[int, int, Callable[[Any], None], Any]] = []
        self._pushed = 0
        self.now = 0
        self._batches = Batches(scenario, replication)
        self._counted = 0
        self._flowing = len(scenario.arrivals)
        """Streams that may still bring somebody."""
        self._last_arrival: int | None = None
        """When arrivals ended, once they have."""
        busyness = scenario.run.busyness
        multiplier = draws(busyness, substream(seed, replication, "busyness"), {})() if busyness is not None else 1.0
        self._groups = [Group(*each) for each in zip(scenario.agents, books.groups, strict=True)]
        self._people = {person.id: person for group in self._groups for person in group.people}
        names = [group.table.group for group in self._groups]
        self._sources = [
            Source(stream, place, scenario, names, books.streams[place], (seed, replication))
            for place, stream in enumerate(scenario.arrivals)
        ]
        self._arrivals = [
            arrivals(
                stream,
                scenario.run,
                substream(seed, replication, stream.stream, "arrivals"),
                multiplier,
                scenario.columns,
            )
            for stream in scenario.arrivals
        ]
        self._answers = {queue.name: Answers(queue, seed, replication) for queue in scenario.queues}
        self._customers: dict[str, Customer] = {}
        # Without anything that time alone changes, every deadline is of the past and the next command does it.
        self._ticking = has_deadlines(scenario)
        self._handlers: dict[type[Any], Callable[[Any], None]] = {
            e.Offered: self._on_offered,
            e.OfferAccepted: self._on_accepted,
            e.OfferExpired: self._on_offer_over,
            e.OfferWithdrawn: self._on_offer_over,
            e.Ended: self._on_ended,
            e.WrappedUp: self._on_wrapped_up,
            e.Abandoned: self._on_abandoned,
            e.Closed: self._on_closed,
            e.PresenceChanged: self._on_presence,
        }

    # -- the clock

    def run(self) -> None:
        """Let the day pass, write it into the books, and check that nobody and no work was lost."""
        self._open()
        heap = self._heap
        while heap or self._waits_for_time():
            if self._ticking and self._tick(heap[0][0] if heap else None):
                continue
            self.now, _, act, argument = heappop(heap)
            act(argument)
        self._close()

    def _waits_for_time(self) -> bool:
        return self._ticking and bool(self._customers) and next_deadline(self._state) is not None

    def _tick(self, until: int | None) -> bool:
        """Do what time alone changes if that comes first; tell whether there was anything."""
        due = next_deadline(self._state)
        if due is None:
            return False
        at = (due - EPOCH) * _MILLI
        if until is not None and at > until:
            return False
        self.now = max(self.now, at)
        self._do(c.Tick())
        return True

    def _at(self, at: int, act: Callable[[Any], None], argument: Any) -> None:
        self._pushed += 1
        heappush(self._heap, (at, self._pushed, act, argument))

    def _do(self, command: c.Command) -> None:
        self._books.decisions += 1
        decision = decide(command, self._state, self._policy, EPOCH + self.now // _MILLI)
        assert decision.refusal is None, f"{command} at {self.now}: {decision.refusal}"
        handlers = self._handlers
        for event in decision.events:
            evolve(self._state, event)
            handler = handlers.get(type(event))
            if handler is not None:
                handler(event)

    # -- the day's frame

    def _open(self) -> None:
        for group in self._groups:
            profile = profile_of(group.table)
            for person in group.people:
                self._do(c.DefineAgent(person.id, profile))
                self._do(c.Connect(person.id))
            self._staff(group)
            self._next_change((group, group.changes(self._run)))
        if self._batches.customers is None:
            for at in (self._batches.from_, *self._batches.turns()):
                self._at(at, self._turn, self._batches.of_time(at))
            self._at(self._batches.until, self._turn, UNCOUNTED)
        for place in range(len(self._sources)):
            self._next_arrival(place)

    def _turn(self, batch: int) -> None:
        for group in self._groups:
            group.turn(batch, self.now)

    def _close(self) -> None:
        """Close what nobody can serve any more. The router must agree that nobody can."""
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
        for group in self._groups:
            assert (group.contacts, group.occupied) == (0, 0), f"{group.table.group}: somebody still works"
            assert group.worked == group.drawn, f"{group.table.group}: {group.worked} µs worked, {group.drawn} drawn"

    # -- customers

    def _next_arrival(self, place: int) -> None:
        at = next(self._arrivals[place], None)
        if at is not None:
            self._at(at, self._arrive, place)
            return
        self._flowing -= 1
        if not self._flowing:
            self._last_arrival = self.now

    def _arrive(self, place: int) -> None:
        if self._last_arrival is not None:
            return
        batch = self._batch()
        source = self._sources[place]
        customer = source.customer(self.now, batch)
        self._customers[customer.id] = customer
        self._next_arrival(place)
        self._do(source.admit(customer.id))
        if customer.waiting and customer.patience is not None:
            self._at(self.now + customer.patience, self._leave, customer)
        if self._counted == self._batches.customers:
            # The last one: what drains is no longer the load that the groups' figures are about.
            self._last_arrival = self.now
            self._turn(UNCOUNTED)

    def _batch(self) -> int:
        """Return the batch of a customer who comes now."""
        if self.now < self._batches.from_:
            return UNCOUNTED
        if self._batches.customers is None:
            return self._batches.of_time(self.now)
        batch = self._batches.of_customer(self._counted)
        self._counted += 1
        if batch != self._groups[0].batch:
            self._turn(batch)
        return batch

    def _leave(self, customer: Customer) -> None:
        if customer.waiting:
            self._do(c.Leave(customer.id))

    def _on_abandoned(self, event: e.Abandoned) -> None:
        self._customers.pop(event.interaction).abandoned(self.now, short=event.short)

    def _on_closed(self, event: e.Closed) -> None:
        self._customers.pop(event.interaction).flowed_out(self.now)

    # -- offers and contacts

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
        if customer.offer == offer:
            self._do(c.AcceptOffer(offer, agent))

    def _on_offer_over(self, event: e.OfferExpired | e.OfferWithdrawn) -> None:
        self._customers[event.interaction].offer = None

    def _on_accepted(self, event: e.OfferAccepted) -> None:
        customer = self._customers[event.interaction]
        person = self._people[event.agent]
        group = person.group
        customer.answered(self.now)
        if customer.batch != UNCOUNTED:
            group.shifts[customer.batch].handled += 1
        service = customer.service_by(group.table.group)
        group.takes(person, service, self.now)
        self._at(self.now + service, self._end, (customer, person))

    def _end(self, contact: tuple[Customer, Person]) -> None:
        customer, person = contact
        self._do(c.End(customer.id, person.id))

    def _on_ended(self, event: e.Ended) -> None:
        self._people[event.agent].group.ends(self.now)

    def _on_wrapped_up(self, event: e.WrappedUp) -> None:
        person = self._people[event.agent]
        person.group.releases(person, self.now)
        del self._customers[event.interaction]

    # -- agents

    def _next_change(self, changing: tuple[Group, Iterator[int]]) -> None:
        at = next(changing[1], None)
        if at is not None:
            self._at(at, self._change, changing)

    def _change(self, changing: tuple[Group, Iterator[int]]) -> None:
        """Let a shift or a period begin or end. Behind the day of the last arrival nobody comes any more."""
        group, _ = changing
        until = self._last_day_ends()
        if until is None or self.now < until:
            self._staff(group)
        else:
            self._staff(group, at_most=sum(person.wanted for person in group.people))
        if until is None or self.now < until + A_DAY:
            self._next_change(changing)

    def _last_day_ends(self) -> int | None:
        """Return the midnight behind the last arrival, or None while customers still come."""
        return None if self._last_arrival is None else (self._last_arrival // A_DAY + 1) * A_DAY

    def _staff(self, group: Group, at_most: int | None = None) -> None:
        there = sum(person.wanted for person in group.people)
        wanted = group.wanted(self.now, self._run)
        if at_most is not None:
            wanted = min(wanted, at_most)
        for person in group.leaving(there - wanted) if wanted < there else ():
            person.wanted = False
            self._do(c.SetPresence(person.id, "offline", by=person.id, after_current=True))
        for person in group.coming(wanted - there) if wanted > there else ():
            person.wanted = True
            self._do(c.SetPresence(person.id, "available", by=person.id))

    def _on_presence(self, event: e.PresenceChanged) -> None:
        person = self._people[event.agent]
        if event.presence == "available":
            person.group.comes(person, self.now)
        elif not event.after_current:
            person.group.goes(person, self.now)
            if event.presence == "not_responding":
                self._at(self.now + BACK_AFTER, self._back, person)

    def _back(self, person: Person) -> None:
        if person.wanted:
            self._do(c.SetPresence(person.id, "available", by=person.id))
