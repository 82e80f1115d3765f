"""What agents did before a run: contacts of every kind, so that the core has learnt how long each of them needs."""

from random import Random

from msgspec.structs import replace

from benchmarks.policy_house import START, Crew, Setting, agent_id
from router.commands import Command, Connect, DefineAgent, End, SetPresence
from router.decide import rush
from router.state import State
from vocabulary.instants import DAY, SECOND, Instant

BEFORE: Instant = START - 365 * DAY


def taught(setting: Setting, times: int, draw: Random | None) -> State:
    """Return a state in which every agent has handled `times` contacts of each kind, and is away now.

    How long each took comes from `draw`, so that an agent's mean is known as well as so many contacts tell; None: each
    took as long as they take him on average, which is then known exactly.
    """
    state = State()
    at = BEFORE
    for crew in setting.crews:
        for number in range(crew.size):
            at = _taught(state, setting, crew, agent_id(crew, number), times, draw, at)
    assert at < START, "learning took too long"
    return state


def _taught(
    state: State, setting: Setting, crew: Crew, agent: str, times: int, draw: Random | None, at: Instant
) -> Instant:
    policy = setting.policy

    def do(command: Command) -> None:
        decision = rush(command, state, policy, at)
        assert decision.refusal is None, decision.refusal

    for command in (DefineAgent(agent, crew.profile), Connect(agent), SetPresence(agent, "available", by=agent)):
        do(command)
    for kind in setting.kinds:
        mean = kind.handling * setting.pace.get((kind.name, crew.name), 1.0)
        for time in range(times):
            id = f"{agent}-{kind.name}-{time}"
            do(replace(kind.admit, id=id, customer=id))
            at += round((draw.expovariate(1 / mean) if draw is not None else mean) * SECOND)
            do(End(id, agent))
    do(SetPresence(agent, "away", by=agent))
    return at
