"""Where several desks serve a line, who comes first is who comes first of all of them, looked at one by one."""

from random import Random  # noqa: TID251 - with its seed

import pytest

from agents.agent import Membership
from queues.interaction import Interaction, queue_terms, turn_of
from queues.lifecycle import InteractionState
from queues.policy import Strategy
from router.commands import Admit, DefineAgent, End
from router.eligibility import fails_because
from router.events import Offered
from router.index import FEW
from router.ranking import BY_POOL, rank
from tests.builders import House, policy, profile, queue
from vocabulary.instants import SECOND
from vocabulary.skills import Requirement

A_FEW, MANY = FEW // 3, 3 * FEW // 2


def define(house: House, draws: Random, number: int, kinds: int) -> None:
    """An agent of one of `kinds`; where these are as many as there are agents, each has a desk of his own."""
    skills = {"billing": draws.randint(1, 10), f"own{number % kinds}": 1}
    house.run(DefineAgent(f"a{number:03}", profile(skills=skills, queues={"support": Membership()})))


def waiting(arrival: Admit, now: int) -> Interaction:
    return Interaction(
        turn=turn_of(0, now, 1),
        id=arrival.id,
        state=InteractionState.WAITING,
        channel="web",
        medium="chat",
        customer="c",
        queue="support",
        arrived_at=now,
        enqueued_at=now,
        terms=queue_terms(0, 0, 0, 1),
        requirements=arrival.requirements or (),
    )


@pytest.mark.parametrize("strategy", BY_POOL)
@pytest.mark.parametrize(("agents", "kinds"), [(A_FEW, A_FEW), (MANY, MANY), (MANY, 2)])
def test_whoever_ranks_first_is_offered_it(strategy: Strategy, agents: int, kinds: int) -> None:
    draws = Random(f"{strategy} {agents} {kinds}")  # noqa: S311
    ways = queue(strategy=strategy, offer={"chat": 0}, wrap_up="none")
    house, taken = House(policy(ways)), set()
    for number in range(agents):
        house.agent(f"a{number:03}")
        define(house, draws, number, kinds)
    for number in range(400):
        house.now += draws.randrange(SECOND)
        if draws.random() < 0.05:
            define(house, draws, draws.randrange(agents), kinds)
        needs = (Requirement("billing", draws.randint(1, 8)),)
        arrival = Admit(id=f"i{number}", channel="web", medium="chat", customer="c", requirements=needs)
        asked = waiting(arrival, house.now)
        able = [each for each in house.state.agents.values() if fails_because(each, asked, house.now) is None]
        first = min(able, key=lambda each: rank(each, asked, ways), default=None)
        offers = [event.agent for event in house.run(arrival) if isinstance(event, Offered)]
        assert offers == ([first.id] if first is not None else []), f"{strategy} {agents} {number}"
        taken.update(offers)
        busy = [(id, agent.id) for agent in house.state.agents.values() for id in agent.holds]
        while len(busy) > agents or (busy and draws.random() < 0.6):
            house.run(End(*busy.pop(draws.randrange(len(busy)))))
            busy = [(id, agent.id) for agent in house.state.agents.values() for id in agent.holds]
    assert len(taken) > agents // 3
