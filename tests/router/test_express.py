"""What is decided in one go is decided as by all the steps: the same events, the same state."""

from random import Random  # noqa: TID251 - with its seed

import pytest

from agents.agent import MediumLimit, Membership
from queues.policy import ChannelPolicy, Order, QueuePolicy, Strategy
from router.checkpoint import encode
from router.commands import AcceptOffer, Admit, Command, Connect, DefineAgent, End, Leave, SetPresence, Tick, WrapUp
from router.decide import advance, decide
from router.evolve import evolve
from router.policy import Action, Policy, Rule
from router.state import State, next_deadline
from tests.builders import START, profile
from vocabulary.instants import SECOND
from vocabulary.skills import Preference, Requirement

SKILLS = ("billing", "sales", "lang:pl")
ORDERS: tuple[Order, ...] = ("due", "due", "wait_over_target")
STRATEGIES: tuple[Strategy, ...] = ("least_loaded", "longest_idle", "best_skill", "fastest", "round_robin")


class Street:
    """The same house twice: one side may take the express, the other goes step by step."""

    def __init__(self, seed: int) -> None:
        self.draws = Random(seed)  # noqa: S311
        self.policy = self._policy()
        self.express, self.steps = State(), State()
        self.now, self.number = START, 0
        for number in range(5):
            self._agent(f"a{number}")

    def _policy(self) -> Policy:
        draws = self.draws
        queues = {
            name: QueuePolicy(
                name=name,
                strategy=draws.choice(STRATEGIES),
                order=order,
                offer=dict.fromkeys(("chat", "email"), draws.choice((0, 0, 20 * SECOND))),
                wrap_up=draws.choice(("none", "none", "optional", "timed")),
            )
            for order in [draws.choice(ORDERS)]
            for name in ("support", "billing")
        }
        reopen = draws.choice((0, 0, 60 * SECOND))
        channels = {
            name: ChannelPolicy(name=name, medium=medium, reopen=reopen)
            for name, medium in (("web", "chat"), ("mail", "email"))
        }
        return Policy(queues=queues, channels=channels, rules=(Rule(name="all", then=Action(queue="support")),))

    def _agent(self, id: str) -> None:
        draws = self.draws
        skills = {skill: draws.randint(1, 10) for skill in SKILLS if draws.random() < 0.6}
        queues = {name: Membership(draws.randint(1, 2)) for name in ("support", "billing") if draws.random() < 0.8}
        media = {"email": MediumLimit(20, 3), "chat": MediumLimit(draws.choice((33, 100)), interrupts=("email",))}
        whole = profile(skills=skills, queues=queues, media=media if draws.random() < 0.5 else {})
        for command in (DefineAgent(id, whole), Connect(id), SetPresence(id, "available", by=id)):
            self.do(command)

    def do(self, command: Command) -> None:
        quick = advance(command, self.express, self.policy, self.now)
        slow = decide(command, self.steps, self.policy, self.now)
        assert quick == slow, command
        for event in slow.events:
            evolve(self.steps, event)

    def arrival(self) -> Admit:
        draws, self.number = self.draws, self.number + 1
        medium = draws.choice(("chat", "email"))
        needs = tuple(Requirement(skill, draws.randint(1, 6)) for skill in SKILLS if draws.random() < 0.3)
        return Admit(
            id=f"i{self.number}",
            channel="web" if medium == "chat" else "mail",
            medium=medium,
            customer="c",
            message=draws.choice((None, "m")),
            queue=draws.choice((None, "support", "billing", "nowhere")),
            priority=draws.choice((None, 5, -5, 101)),
            class_=draws.choice((None, None, 1)),
            requirements=draws.choice((None, needs)),
            preferences=draws.choice((None, None, (Preference(skill="sales"),))),
            tags=draws.choice(((), ("vip",))),
            language=draws.choice((None, "pl")),
        )

    def something(self) -> Command:
        draws, state = self.draws, self.express
        held = [(id, agent.id, hold.kind) for agent in state.agents.values() for id, hold in agent.holds.items()]
        if not held or draws.random() < 0.45:
            return self.arrival() if draws.random() < 0.9 else Leave(f"i{draws.randint(1, self.number or 1)}")
        id, agent, kind = draws.choice(held)
        if kind == "offer":
            return AcceptOffer(state.interactions[id].offers[0], agent)
        return WrapUp(id, agent) if kind == "wrap_up" else End(id, agent, wrap_up=draws.random() < 0.1)


@pytest.mark.parametrize("seed", range(40))
def test_the_express_decides_as_the_steps_do(seed: int) -> None:
    street = Street(seed)
    for _ in range(120):
        street.now += street.draws.randrange(3 * SECOND)
        due = next_deadline(street.express)
        if due is not None and due <= street.now and street.draws.random() < 0.9:
            street.do(Tick())
        street.do(street.something())
    assert encode(street.express) == encode(street.steps), f"seed {seed}"
    assert any(street.express.lanes.values()), "nothing went by express"
