"""What is wrong with the steps of queues, and with queues that one agent can't serve together."""

from collections.abc import Iterator

from config.crosschecks import Checks
from config.faults import KeyPath, found_text
from config.schema import Agent, Queue, Settings
from config.step_schema import StepTable
from vocabulary.instants import span_text


def check_steps(checks: Checks) -> None:
    """Look over the steps of [queues]: in order, each with something to do, with skills that exist."""
    for name, queue in checks.settings.queues.items():
        before = 0
        for place, step in enumerate(queue.steps):
            path = ("queues", name, "steps", place)
            _check_step(checks, path, step)
            if not step.after:
                continue  # Its fault is noted already.
            if step.after <= before:
                shown = found_text(span_text(step.after))
                checks.note((*path, "after"), shown, f"more than the {span_text(before)} of the step before it")
            before = max(before, step.after)


def _check_step(checks: Checks, path: KeyPath, step: StepTable) -> None:
    if not (step.drop or step.lower or step.groups or step.priority) and checks.sound(path):
        checks.note(path, "a step that changes nothing", '"drop", "lower", "groups" or "priority"')
    for place, skill in enumerate(step.drop):
        if checks.skills is not None:
            checks.refer((*path, "drop", place), skill, checks.skills, "a skill")
        if skill in step.lower:
            checks.note((*path, "lower", skill), "a skill that the step drops", "it in one of the two")
    for skill in step.lower if checks.skills is not None else ():
        checks.refer((*path, "lower", skill), skill, checks.skills or (), "a skill")


def check_orders(checks: Checks) -> None:
    """Note queues that share an agent and differ in `order`: what he takes first could not be told."""
    queues = checks.settings.queues
    noted: set[str] = set()
    for agent in checks.settings.agents:
        served = [name for name in served_by(agent, checks.settings) if name in queues]
        for name in served[1:]:
            first = served[0]
            if queues[name].order != queues[first].order and name not in noted:
                noted.add(name)
                found = found_text(queues[name].order)
                expected = f'"{queues[first].order}", as of "{first}": agent "{agent.id}" serves both'
                checks.note(("queues", name, "order"), found, expected)


def served_by(agent: Agent, settings: Settings) -> Iterator[str]:
    """Yield the queues that an agent of the file serves: his own, then those to which his groups are lent."""
    yield from agent.queues
    for name, queue in settings.queues.items():
        if name not in agent.queues and lent_groups(queue) & {*agent.groups}:
            yield name


def lent_groups(queue: Queue) -> frozenset[str]:
    """Return the groups that steps of `queue` and its overflow add."""
    added = (*(step.groups for step in queue.steps), *(rule.do.groups for rule in queue.overflow))
    return frozenset(group for groups in added for group in groups)
