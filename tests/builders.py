"""Builders: valid by default, showing only what matters to the test that calls them."""

from typing import Any, TypeVar

from agents.agent import Agent, MediumLimit, Membership, Presence, Profile
from queues.interaction import Interaction, Label, Offer
from queues.lifecycle import InteractionState
from queues.policy import ChannelPolicy, QueuePolicy
from router.commands import (
    AcceptOffer,
    AddMessage,
    Admit,
    Author,
    Command,
    Connect,
    DeclineOffer,
    DefineAgent,
    Disconnect,
    End,
    Move,
    Park,
    SetPresence,
    Tick,
    Transfer,
    WrapUp,
)
from router.decide import advance
from router.decision import Decision
from router.events import AnyEvent
from router.policy import Action, Autoresponse, Condition, Policy, Rule
from router.state import State, next_deadline
from vocabulary.instants import SECOND, Instant
from vocabulary.skills import Requirement, requirement_of

START: Instant = 1_772_357_400_000
E = TypeVar("E")


def queue(name: str = "support", **values: Any) -> QueuePolicy:
    return QueuePolicy(name=name, **values)


def rule(queue: str = "support", when: Condition | None = None, name: str = "rule", **values: Any) -> Rule:
    return Rule(name=name, when=when or Condition(), then=Action(queue=queue, **values))


def policy(
    *queues: QueuePolicy,
    rules: tuple[Rule, ...] = (),
    autoresponses: tuple[Autoresponse, ...] = (),
    channels: tuple[ChannelPolicy, ...] = (),
    **values: Any,
) -> Policy:
    """Return a policy with a chat, a mail and a callback channel; without rules all goes to the first queue."""
    all_queues = queues or (queue(),)
    standard = (
        ChannelPolicy(name="web", medium="chat"),
        ChannelPolicy(name="mail", medium="email"),
        ChannelPolicy(name="form", medium="callback"),
    )
    return Policy(
        queues={each.name: each for each in all_queues},
        channels={each.name: each for each in (*standard, *channels)},
        rules=rules or (rule(all_queues[0].name, name="default"),),
        autoresponses={each.name: each for each in autoresponses},
        **values,
    )


def profile(*queues: str, skills: dict[str, int] | None = None, **values: Any) -> Profile:
    memberships = {name: Membership() for name in queues or ("support",)}
    return Profile(skills or {}, values.pop("queues", memberships), **values)


CHANNEL_OF = {"chat": "web", "email": "mail", "callback": "form"}


def admit(id: str = "i-1", medium: str = "chat", **values: Any) -> Admit:
    values.setdefault("channel", CHANNEL_OF.get(medium, "web"))
    values.setdefault("customer", f"c-{id}")
    values.setdefault("message", f"m-{id}")
    return Admit(id=id, medium=medium, **values)


class House:
    """A state under a policy, driven by commands at instants that the test chooses; every event is kept."""

    def __init__(self, policy_: Policy | None = None, now: Instant = START) -> None:
        self.policy = policy_ or policy()
        self.state = State()
        self.now = now
        self.log: list[AnyEvent] = []

    def do(self, command: Command) -> Decision:
        """Decide and evolve `command` now."""
        decision = advance(command, self.state, self.policy, self.now)
        self.log += decision.events
        return decision

    def run(self, command: Command) -> tuple[AnyEvent, ...]:
        """Do `command`, which nothing may refuse; return its events."""
        decision = self.do(command)
        assert decision.refusal is None, decision.refusal
        return decision.events

    def refusal(self, command: Command) -> tuple[str, str]:
        """Do `command`, which must be refused; return the refusal's code and reason."""
        decision = self.do(command)
        assert decision.refusal is not None, decision.events
        return decision.refusal.code, decision.refusal.reason

    def of(self, kind: type[E]) -> list[E]:
        """Return the events of `kind` so far."""
        return [event for event in self.log if isinstance(event, kind)]

    def after(self, span: int) -> Decision:
        """Let `span` ms pass, stopping at every deadline on the way; return the last decision."""
        until = self.now + span
        decision = Decision()
        while (due := next_deadline(self.state)) is not None and due <= until:
            self.now = due
            decision = self.do(Tick())
        self.now = until
        return decision

    def agent(self, id: str = "a", *queues: str, available: bool = True, **values: Any) -> str:
        """Define agent `id`, connect him and let him be available."""
        self.do(DefineAgent(id, profile(*queues, **values)))
        if available:
            self.do(Connect(id))
            self.do(SetPresence(id, "available", by=id))
        return id

    def admit(self, id: str = "i-1", medium: str = "chat", **values: Any) -> str:
        decision = self.do(admit(id, medium, **values))
        assert decision.refusal is None, decision.refusal
        return id

    def accept(self, id: str = "i-1") -> str:
        """Accept the pending offer of `id`; return who did."""
        offer = self.offer(id)
        assert self.do(AcceptOffer(offer.id, offer.agent)).refusal is None
        return offer.agent

    def active(self, id: str = "i-1", medium: str = "chat", **values: Any) -> str:
        """Admit `id` and let whoever it rings at accept it; return who did."""
        self.admit(id, medium, **values)
        return self.accept(id)

    def decline(self, id: str = "i-1", reason: str = "busy") -> str:
        """Decline the pending offer of `id`; return who did."""
        offer = self.offer(id)
        self.run(DeclineOffer(offer.id, offer.agent, reason))
        return offer.agent

    def writes(self, id: str = "i-1", author: Author = "customer", agent: str | None = None) -> Decision:
        number = self.interaction(id).messages + 1
        return self.do(AddMessage(interaction=id, message=f"m-{id}-{number}", author=author, agent=agent))

    def replies(self, id: str = "i-1") -> None:
        """Let the owner of `id` write to the customer."""
        assert self.writes(id, "agent", self.interaction(id).agent).refusal is None

    def ends(self, id: str = "i-1", *, wrap_up: bool = False) -> None:
        """Let the owner of `id` end the contact."""
        self.run(End(id, self.owner(id), wrap_up))

    def wraps_up(self, id: str = "i-1", disposition: str | None = None) -> None:
        """Let the owner of `id` finish the wrap-up."""
        self.run(WrapUp(id, self.owner(id), disposition))

    def closed(self, id: str = "i-1", medium: str = "chat") -> str:
        """Take `id` from admission to its end; return who served it."""
        agent = self.active(id, medium)
        self.ends(id)
        self.wraps_up(id)
        return agent

    def parks(self, id: str = "i-1", until: Instant | None = None) -> None:
        """Let the owner of `id` set it aside."""
        self.run(Park(id, self.owner(id), until))

    def transfers(self, id: str = "i-1", queue: str | None = "support", **values: Any) -> None:
        """Let the owner of `id` give it to `queue`, or to what `values` say."""
        self.run(Transfer(id, self.owner(id), queue, f"note-{id}", **values))

    def moves(self, id: str = "i-1", queue: str = "support") -> None:
        """Let a supervisor put `id` into `queue`."""
        self.run(Move(id, queue, "boss"))

    def declares(self, agent: str, presence: Presence, **values: Any) -> None:
        """Let `agent` say what he is."""
        self.run(SetPresence(agent, presence, by=values.pop("by", agent), **values))

    def cut_off(self, agent: str) -> None:
        """Close the last socket of `agent`."""
        self.run(Disconnect(agent))

    def back(self, agent: str) -> None:
        """Let `agent` have a socket again."""
        self.run(Connect(agent))

    def owner(self, id: str = "i-1") -> str:
        agent = self.interaction(id).agent
        assert agent is not None
        return agent

    def state_of(self, id: str = "i-1") -> InteractionState:
        return self.interaction(id).state

    def whom(self, id: str) -> Agent:
        """Return the agent `id` as he is."""
        return self.state.agents[id]

    def interaction(self, id: str = "i-1") -> Interaction:
        return self.state.interactions[id]

    def offer(self, id: str = "i-1") -> Offer:
        """Return the pending offer of `id`."""
        (offer,) = self.interaction(id).offers
        return self.state.offers[offer]

    def rings_at(self, id: str = "i-1") -> str | None:
        """Return the agent at whom `id` rings, or None."""
        offers = self.interaction(id).offers
        return self.state.offers[offers[0]].agent if offers else None


__all__ = [
    "SECOND",
    "START",
    "Autoresponse",
    "Condition",
    "House",
    "Label",
    "MediumLimit",
    "Membership",
    "Requirement",
    "admit",
    "policy",
    "profile",
    "queue",
    "requirement_of",
    "rule",
]
