"""Both routers side by side, and how a list of commands that sets them apart gets short."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from router.commands import Command, Tick
from router.decide import advance
from router.policy import Policy
from router.state import State, next_deadline
from tests.builders import START
from tests.reference import retries
from tests.reference.chance import Chance, Seeded
from tests.reference.compare import differences
from tests.reference.houses import house
from tests.reference.model import Model
from tests.reference.orders import following, opening, span
from tests.reference.setting import Setting
from vocabulary.instants import Instant

Step = tuple[Instant, Command]


class Sides:
    """The core and the model under one policy."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.state = State()
        self.model = Model(policy)
        self.now = START

    def do(self, at: Instant, command: Command) -> list[str]:
        """Do one command on both; return what they don't agree on."""
        self.now = at
        answer = self.model.do(command, at)
        decision = advance(command, self.state, self.policy, at)
        return list(differences(decision, self.state, answer, self.model))


@dataclass
class Run:
    """One random house: its steps so far, and what the sides didn't agree on after the last of them."""

    policy: Policy
    steps: list[Step] = field(default_factory=list)
    found: list[str] = field(default_factory=list)


Kind = tuple[Callable[[Chance], Policy], Callable[[Setting, State, Instant], Command]]
"""A kind of houses: how one is made, and what is done there next."""
HOUSES: Kind = (house, following)
RETRIES: Kind = (retries.house, retries.following)


def run(seed: str, operations: int, kind: Kind = HOUSES) -> Run:
    """Drive both sides by `operations` random commands, or until they differ."""
    chance = Seeded(seed)
    made, next_in = kind
    policy = made(chance)
    done, sides, setting = Run(policy), Sides(policy), Setting(chance, policy)
    for command in opening(setting):
        if _step(done, sides, sides.now, command):
            return done
    while len(done.steps) < operations:
        due = next_deadline(sides.state)
        at = span(chance, sides.now, due)
        # What is due first happens at its instant, as under an alarm; now and then the alarm is late.
        if due is not None and due < at and not chance.once_in(10):
            at, command = max(due, sides.now), Tick()
        else:
            command = next_in(setting, sides.state, at)
        if _step(done, sides, at, command):
            return done
    return done


def _step(done: Run, sides: Sides, at: Instant, command: Command) -> bool:
    done.steps.append((at, command))
    try:
        done.found = sides.do(at, command)
    except AssertionError as fault:
        done.found = [f"AssertionError: {fault}"]
    return bool(done.found)


def replay(policy: Policy, steps: list[Step]) -> tuple[int, list[str]]:
    """Return after how many of `steps` the sides differ, and how; the number of steps and nothing if they never do."""
    run = Run(policy)
    sides = Sides(policy)
    for number, (at, command) in enumerate(steps, 1):
        if _step(run, sides, at, command):
            return number, run.found
    return len(steps), []


def shrunk(policy: Policy, steps: list[Step]) -> tuple[list[Step], list[str]]:
    """Return fewer steps after which the sides still differ, and how: delta debugging, halves down to single steps."""
    length, found = replay(policy, steps)
    steps = steps[:length]
    size = max(1, len(steps) // 2)
    while size:
        at, before = 0, len(steps)
        while at < len(steps):
            fewer = steps[:at] + steps[at + size :]
            length, differ = replay(policy, fewer)
            if differ:
                steps, found = fewer[:length], differ
            else:
                at += size
        if size > 1 or len(steps) == before:
            size //= 2
    return steps, found


def told(policy: Policy, steps: list[Step], found: list[str]) -> str:
    """Return a counter-example as text: queues, steps by seconds since the start, and the differences."""
    lines = [f"  {_brief(queue)}" for queue in policy.queues.values()]
    lines += [f"  {(at - START) / 1000:10.3f} s  {_brief(command)}" for at, command in steps]
    return "\n".join([*lines, *(f"  !! {each}" for each in found)])


def _brief(value: Any) -> str:
    """Return `value` without what is as it usually is."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_brief(each)}" for key, each in value.items()) + "}"
    if isinstance(value, tuple):
        return "(" + ", ".join(map(_brief, value)) + ")"
    if not isinstance(value, msgspec.Struct):
        return repr(value)
    shown = []
    for part in msgspec.structs.fields(value):
        each = getattr(value, part.name)
        default = part.default if part.default_factory is msgspec.NODEFAULT else part.default_factory()
        if each != default:
            shown.append(f"{part.name}={_brief(each)}")
    return f"{type(value).__name__}({', '.join(shown)})"
