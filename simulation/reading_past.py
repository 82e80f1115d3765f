"""From the events of a journal to what they tell of customers and agents."""

from collections.abc import Iterable
from typing import Literal

from router import commands as c
from router import events as e
from router.evolve import evolve
from router.state import State
from simulation.past import Answer, Contact, Past, Work
from vocabulary.ids import AgentId, InteractionId, OfferId
from vocabulary.instants import Instant

NEW_WORK = frozenset({"admitted", "due", "not_satisfied", "customer_wrote"})
"""Causes of legs that begin because of the customer or the calendar; the others come from staff or from the router."""


def past_of(before: Iterable[e.AnyEvent], events: Iterable[e.AnyEvent]) -> Past | None:
    """Return what the journal tells; `before` are its events ahead of the part in question. None: there is nothing."""
    state, reader = State(), _Reader()
    for event in before:
        evolve(state, event)
        reader.read(event)
    begun, ringing = reader.start()
    told = list(events)
    if not told:
        return None
    for event in told:
        reader.read(event)
    until = told[-1].at
    reader.stop(until)
    return Past(told[0].at, until, state, told, reader.works, begun, reader.agents, reader.answers, ringing)


class _Reader:
    """Follows the journal, one event at a time. `open`: work that is under way."""

    def __init__(self) -> None:
        self.works: list[Work] = []
        self.open: dict[InteractionId, Work] = {}
        self.agents: list[tuple[Instant, c.Command]] = []
        self.answers: dict[AgentId, list[Answer]] = {}
        self._admitted: dict[InteractionId, e.Admitted] = {}
        self._openings: dict[InteractionId, int] = {}
        self._talking: dict[InteractionId, Instant] = {}
        self._wrapping: dict[InteractionId, Instant] = {}
        self._ringing: dict[OfferId, tuple[Answer, Instant]] = {}
        self._leaving: set[AgentId] = set()
        self._media_off: dict[AgentId, tuple[str, ...]] = {}

    def start(self) -> tuple[dict[InteractionId, Work], dict[OfferId, Answer]]:
        """Begin the part in question: forget what was before, but for what may be under way, which is returned."""
        self.works, self.agents, self.answers = [], [], {}
        for work in self.open.values():
            work.taken = sum(contact.whole for contact in work.contacts)
        return dict(self.open), {offer: answer for offer, (answer, _) in self._ringing.items()}

    def read(self, event: e.AnyEvent) -> None:
        """Take note of `event`."""
        match event:
            case e.Admitted():
                self._admitted[event.interaction] = event
            case e.Enqueued():
                self._enqueued(event)
            case e.Offered():
                self._rings(event)
            case e.OfferAccepted():
                self._answered(event, "accepted")
                self._begin(event.interaction, event.at)
            case e.OfferDeclined():
                self._answered(event, "declined", event.reason)
            case e.OfferExpired():
                self._answered(event, "expired")
            case e.OfferWithdrawn():
                self._answered(event, "open")
            case e.Resumed():
                self._resumed(event)
            case e.Ended():
                self._pause(event.interaction, event.at)
                self._wrapping[event.interaction] = event.at
            case e.WrappedUp():
                self._wrapped_up(event)
            case e.OwnerLost():
                self._pause(event.interaction, event.at)
            case e.Transferred():
                self._transferred(event)
            case e.Moved():
                self._moved(event)
            case e.Abandoned():
                self._gone(event.interaction, event.at, left=True)
            case e.Parked() | e.Closed() | e.Scheduled() | e.AnsweredByBot() | e.AnswerAsked():
                self._gone(event.interaction, event.at)
            case _:
                self._of_agents(event)

    # -- customers

    def _enqueued(self, event: e.Enqueued) -> None:
        admitted = self._admitted.get(event.interaction)
        if event.cause not in NEW_WORK or admitted is None:
            return
        number = self._openings[event.interaction] = self._openings.get(event.interaction, 0) + 1
        # What opens again is work of its own: in a replay the earlier may still be going on.
        id = event.interaction if number == 1 else f"{event.interaction}/{number}"
        work = Work(id, admitted, event, first=number == 1)
        self.works.append(work)
        self.open[event.interaction] = work

    def _begin(self, id: InteractionId, at: Instant) -> None:
        work = self.open.get(id)
        if work is None:
            return
        # Handed over in person, the contact goes on.
        self._pause(id, at)
        self._talking[id] = at
        if work.waited is None:
            work.waited = at - work.enqueued.at
        if not work.contacts or work.contacts[-1].whole:
            work.contacts.append(Contact())

    def _resumed(self, event: e.Resumed) -> None:
        """What was parked goes on as if it had never been set aside."""
        work = self.open.get(event.interaction)
        if work is not None and work.contacts:
            work.contacts[-1].whole = False
            self._talking[event.interaction] = event.at
            self._wrapping.pop(event.interaction, None)

    def _pause(self, id: InteractionId, at: Instant) -> Contact | None:
        """Count the talk up to now; return the contact."""
        work, began = self.open.get(id), self._talking.pop(id, None)
        contact = work.contacts[-1] if work is not None and work.contacts else None
        if contact is not None and began is not None:
            contact.talk += at - began
        return contact

    def _wrapped_up(self, event: e.WrappedUp) -> None:
        contact = self._pause(event.interaction, event.at)
        if contact is not None:
            contact.wrap_up = event.at - self._wrapping.pop(event.interaction, event.at)
            contact.disposition = event.disposition
            contact.whole = True

    def _transferred(self, event: e.Transferred) -> None:
        contact = self._pause(event.interaction, event.at)
        if contact is not None:
            contact.queue = event.queue
            contact.whole = True

    def _moved(self, event: e.Moved) -> None:
        work = self.open.get(event.interaction)
        if work is not None and not work.contacts:
            work.moves = [*work.moves, (event.at - work.enqueued.at, event.queue)]

    def _gone(self, id: InteractionId, at: Instant, *, left: bool = False) -> None:
        """It ended, or was set aside: with a contact that is over, or while it waited."""
        contact, work = self._pause(id, at), self.open.get(id)
        if contact is not None:
            contact.whole = True
        elif work is not None and left:
            work.left = at - work.enqueued.at
        elif work is not None:
            work.closed = at - work.enqueued.at

    def stop(self, at: Instant) -> None:
        """The journal goes no further: what goes on is known up to here."""
        for id in list(self._talking):
            self._pause(id, at)

    # -- agents

    def _rings(self, event: e.Offered) -> None:
        """Make room for the answer, so that answers stand in the order of offers."""
        if event.expires_at > event.at:
            answer = Answer()
            self.answers.setdefault(event.agent, []).append(answer)
            self._ringing[event.offer] = (answer, event.at)

    def _answered(
        self,
        event: e.OfferAccepted | e.OfferDeclined | e.OfferExpired | e.OfferWithdrawn,
        kind: Literal["accepted", "declined", "expired", "open"],
        reason: str = "",
    ) -> None:
        rang = self._ringing.pop(event.offer, None)
        if rang is not None:
            answer, at = rang
            answer.kind, answer.after, answer.reason = kind, event.at - at, reason

    def _of_agents(self, event: e.AnyEvent) -> None:
        command: c.Command | None = None
        match event:
            case e.AgentDefined():
                command = c.DefineAgent(event.agent, event.profile)
            case e.AgentRemoved():
                command = c.RemoveAgent(event.agent, move=True)
            case e.AgentConnected():
                command = c.Connect(event.agent)
            case e.AgentDisconnected():
                command = c.Disconnect(event.agent)
            case e.PresenceChanged():
                command = self._presence(event)
        if command is not None:
            self.agents.append((event.at, command))

    def _presence(self, event: e.PresenceChanged) -> c.Command | None:
        """Return what was asked for. What followed by itself, later or by the router, follows by itself again."""
        if event.by == "router":
            return None
        if event.after_current:
            self._leaving.add(event.agent)
        elif event.agent in self._leaving:
            self._leaving.discard(event.agent)
            return None
        media = None
        if event.media_off is not None:
            media = dict.fromkeys(self._media_off.get(event.agent, ()), True) | dict.fromkeys(event.media_off, False)
            self._media_off[event.agent] = event.media_off
        return c.SetPresence(
            event.agent,
            event.presence,
            by=event.by,
            reason=event.reason,
            after_current=event.after_current,
            media=media,
        )
