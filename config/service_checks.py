"""Warnings about work that no agent of the file can do. Agents may be added later, so nothing of this is a fault."""

from collections.abc import Iterable, Iterator

from config.crosschecks import Checks
from config.faults import choices, found_text
from config.schema import Agent, Queue, RequirementTable, Rule
from config.step_checks import served_by
from vocabulary.skills import Requirement


def check_service(checks: Checks) -> None:
    """Warn of skills and groups that nobody has, and of rules whose queue has nobody with all that they require."""
    if not checks.settings.agents:
        return
    for place, rule in enumerate(checks.settings.rules):
        if not _check_skills(checks, place, rule):
            _check_queue(checks, place, rule)
        _check_wishes(checks, place, rule)
    groups = _groups(checks)
    for name, queue in checks.settings.queues.items():
        for place, step in enumerate(queue.steps):
            for number, group in enumerate(step.groups):
                if group not in groups:
                    path = ("queues", name, "steps", place, "groups", number)
                    checks.note(path, found_text(group), "a group that an agent is in", severity="warning")


def _groups(checks: Checks) -> set[str]:
    return {group for agent in checks.settings.agents for group in agent.groups}


def _check_skills(checks: Checks, place: int, rule: Rule) -> bool:
    """Warn of skills that no agent has at the level; tell whether there was one."""
    found = False
    for number, need in enumerate(rule.then.requirements):
        highest = max(agent.skills.get(need.skill, 0) for agent in checks.settings.agents)
        if highest < need.level:
            found = True
            expected = (
                f"a level that an agent has; the highest is {highest}" if highest else "a skill that an agent has"
            )
            path = ("rules", place, "then", "requirements", number)
            checks.note(path, found_text(str(Requirement(need.skill, need.level))), expected, severity="warning")
    return found


def _check_queue(checks: Checks, place: int, rule: Rule) -> None:
    """Warn if nobody who serves the rule's queue holds, after all steps and expiries, all that is still required."""
    name = rule.then.queue
    staff = [agent for agent in checks.settings.agents if name in served_by(agent, checks.settings)]
    needs = list(_lasting(rule.then.requirements, checks.settings.queues[name]))
    if staff and not any(_holds(agent, needs) for agent in staff):
        found = " and ".join(str(need) for need in needs)
        expected = f'an agent of queue "{name}" who has it; now it has {choices(agent.id for agent in staff)}'
        checks.note(("rules", place, "then", "requirements"), found, expected, severity="warning")


def _lasting(needs: Iterable[RequirementTable], queue: Queue) -> Iterator[Requirement]:
    """Yield what is still required of an agent when nothing more expires and no more step comes."""
    for need in needs:
        dropped = any(need.skill in step.drop for step in queue.steps)
        if need.expires_after is None and not dropped:
            yield Requirement(need.skill, min([need.level, *_levels(need.skill, queue)]))


def _levels(skill: str, queue: Queue) -> Iterator[int]:
    return (step.lower[skill] for step in queue.steps if skill in step.lower)


def _holds(agent: Agent, needs: Iterable[Requirement]) -> bool:
    return all(need.met_by(agent.skills) for need in needs)


def _check_wishes(checks: Checks, place: int, rule: Rule) -> None:
    groups = _groups(checks)
    for number, wish in enumerate(rule.then.preferences):
        path = ("rules", place, "then", "preferences", number)
        if wish.group is not None and wish.group not in groups:
            checks.note(path, found_text(f"group:{wish.group}"), "a group that an agent is in", severity="warning")
        if wish.skill is not None and not any(wish.skill in agent.skills for agent in checks.settings.agents):
            checks.note(path, found_text(wish.skill), "a skill that an agent has", severity="warning")
