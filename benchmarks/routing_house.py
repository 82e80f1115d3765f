"""A house full of work for `benchmarks.routing`: agents with skills, thousands who wait, the core as it is."""

from dataclasses import dataclass
from random import Random

from agents.agent import MediumLimit, Membership, Profile
from queues.policy import ChannelPolicy, QueuePolicy
from router.commands import Admit, Command, Connect, DefineAgent, End, SetPresence
from router.decide import advance
from router.policy import Action, Policy, Rule
from router.state import State
from vocabulary.instants import SECOND
from vocabulary.skills import Requirement

SPAN = SECOND // 10
"""How much time passes from one round to the next."""
START = 1_772_357_400_000
QUEUE = "all"
SKILLS_HELD = 3
LEVEL_MAX, ASKED_MAX = 10, 5

POLICY = Policy(
    queues={QUEUE: QueuePolicy(name=QUEUE, offer={"chat": 0}, wrap_up="none")},
    channels={"web": ChannelPolicy(name="web", medium="chat", reopen=0)},
    rules=(Rule(name="all", then=Action(queue=QUEUE)),),
)


@dataclass(frozen=True)
class Size:
    """How large a house is; `asked`: skills that one interaction asks for."""

    agents: int
    skills: int
    waiting: int
    asked: int = 1


class House:
    """One state. With `fill` everybody is busy and `waiting` wait; `blocked` wait at the head for what nobody has."""

    def __init__(self, size: Size, draws: Random, *, fill: bool = True, blocked: int = 0) -> None:
        self.state, self.now, self.number = State(), START, 0
        self.size, self.draws = size, draws
        self.busy: list[str] = []
        for number in range(size.agents):
            self._agent(f"a{number:05}")
        needs = (Requirement("nobody", 1),)
        for _ in range(blocked):
            self.do(self._admit(needs))
        if fill:
            while self._waiting() < size.waiting + blocked:
                for _ in range(max(1, size.waiting + blocked - self._waiting())):
                    self.do(self.next_arrival())
            self.busy = sorted(id for id, agent in self.state.agents.items() if agent.holds)

    def _waiting(self) -> int:
        return len(self.state.index)

    def _agent(self, id: str) -> None:
        held = self.draws.sample(range(self.size.skills), SKILLS_HELD)
        skills = {f"s{skill}": self.draws.randint(1, LEVEL_MAX) for skill in held}
        profile = Profile(skills, {QUEUE: Membership()}, 100, {"chat": MediumLimit(100)})
        for command in (DefineAgent(id, profile), Connect(id), SetPresence(id, "available", by=id)):
            self.do(command)

    @property
    def signatures(self) -> int:
        """How many different requirements wait."""
        return sum(1 for _ in self.state.index.signatures())

    def do(self, command: Command) -> None:
        """Let the core decide `command`."""
        decision = advance(command, self.state, POLICY, self.now)
        assert decision.refusal is None, decision.refusal

    def next_arrival(self) -> Admit:
        """Return the next interaction to admit."""
        asked = self.draws.sample(range(self.size.skills), self.size.asked)
        return self._admit(tuple(Requirement(f"s{skill}", self.draws.randint(1, ASKED_MAX)) for skill in asked))

    def _admit(self, needs: tuple[Requirement, ...]) -> Admit:
        self.number += 1
        return Admit(id=f"i{self.number:08}", channel="web", medium="chat", customer="c", requirements=needs)

    def next_rounds(self, count: int) -> list[tuple[Admit, str]]:
        """Return what comes in the next `count` rounds: an arrival, and an agent who ends his work then."""
        return [(self.next_arrival(), self.draws.choice(self.busy)) for _ in range(count)]

    def do_rounds(self, rounds: list[tuple[Admit, str]]) -> int:
        """Do them, a tenth of a second apart; return how many decisions that were."""
        state, agents, now = self.state, self.state.agents, self.now
        idle = 0
        for arrival, agent in rounds:
            now += SPAN
            advance(arrival, state, POLICY, now)
            held = agents[agent].holds
            if held:
                advance(End(next(iter(held)), agent), state, POLICY, now)
            else:
                idle += 1
        self.now = now
        return 2 * len(rounds) - idle

    def end(self, id: str) -> bool:
        """End `id` if somebody has it; tell whether somebody had."""
        agent = self.state.interactions[id].agent
        if agent is not None:
            self.do(End(id, agent))
        return agent is not None
