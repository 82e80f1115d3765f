"""What is wrong with rules, automatic answers and agents, seen together."""

from config.crosschecks import Checks
from config.faults import KeyPath, found_text
from config.rule_order import impossible, leaves_nothing, set_keys
from config.schema import Agent, Rule, When
from config.step_checks import served_by

_OF_THE_WORK = frozenset(
    "channel medium label confidence department urgency sentiment language segment words automatic attributes".split()
)


def check_rules(checks: Checks) -> None:
    """Look over [[rules]]: names that must exist, and an order in which each rule can apply and one always does."""
    names: dict[str, str] = {}
    for place, rule in enumerate(checks.settings.rules):
        path = ("rules", place)
        checks.once((*path, "name"), rule.name or "", names, f"rules[{place}]")
        _check_when(checks, (*path, "when"), rule.when)
        _check_figures(checks, (*path, "when"), rule)
        _check_then(checks, (*path, "then"), rule)
    _check_order(checks)


def _check_when(checks: Checks, path: KeyPath, when: When) -> None:
    for key, values in (("channel", when.channel), ("medium", when.medium), ("language", when.language)):
        for value in values:
            match key:
                case "channel":
                    checks.refer((*path, key), value, checks.channels, "a channel")
                case "medium":
                    checks.medium((*path, key), value)
                case _:
                    checks.language((*path, key), value)
    if when.confidence and not when.label and checks.sound(path):
        checks.note((*path, "confidence"), "no label beside it", "a label that it belongs to")


def _check_figures(checks: Checks, path: KeyPath, rule: Rule) -> None:
    """Look over conditions on hours and live figures."""
    when, settings = rule.when, checks.settings
    checks.refer((*path, "queue"), when.queue, checks.queues, "a queue")
    checks.refer((*path, "hours_of"), when.hours_of, settings.hours, "a table of [hours]")
    if not checks.sound(path):
        return
    bound = impossible(when)
    if bound is not None:
        checks.note((*path, bound), "more than its upper bound", "at most that")
    if when.hours_of is not None and not when.hours:
        checks.note((*path, "hours_of"), "no hours beside it", '"hours": open, closed or holiday')
    if when.queue is not None and set_keys(when) <= {"queue"} | _OF_THE_WORK:
        checks.note((*path, "queue"), "nothing that is asked of it", "a figure beside it, such as waiting_min")
    asked = settings.queues.get(when.queue or rule.then.queue)
    if when.hours and when.hours_of is None and asked is not None and asked.hours is None:
        checks.note((*path, "hours"), "a queue without hours", "hours_of beside it, or hours of the queue")


def _check_then(checks: Checks, path: KeyPath, rule: Rule) -> None:
    checks.refer((*path, "queue"), rule.then.queue, checks.queues, "a queue")
    checks.refer((*path, "autoresponse"), rule.then.autoresponse, checks.autoresponses, "an automatic answer")
    for place, needed in enumerate(rule.then.requirements):
        if checks.skills is not None:
            checks.refer((*path, "requirements", place), needed.skill, checks.skills, "a skill")
    for place, wish in enumerate(rule.then.preferences):
        at = (*path, "preferences", place)
        if checks.skills is not None:
            checks.refer((*at, "skill"), wish.skill, checks.skills, "a skill")
        if (wish.group is None) == (wish.skill is None) and checks.sound(at):
            checks.note(at, "both or none of group and skill", "one of them")


def _check_order(checks: Checks) -> None:
    rules = checks.settings.rules
    example = 'a last rule without conditions: [[rules]] with then = { queue = "..." } alone'
    if not rules and checks.sound(()):
        checks.note(("rules",), "nothing", example)
    media = {name: str(channel.__struct_config__.tag) for name, channel in checks.settings.channels.items()}
    seen: dict[int, Rule] = {}
    for place, rule in enumerate(rules):
        if not (checks.sound(("rules", place)) and checks.sound(("rules", place, "when"))):
            continue
        before = next((number for number, earlier in seen.items() if leaves_nothing(earlier, rule, media)), None)
        if before is not None:
            expected = f"conditions that rules[{before}] leaves over, or this rule before it"
            checks.note(("rules", place), "a rule that never applies", expected)
            return
        seen[place] = rule
    last = len(rules) - 1
    if rules and rules[last].when != When() and checks.sound(("rules", last, "when")):
        checks.note(("rules", last, "when"), "conditions in the last rule", example)


def check_autoresponses(checks: Checks) -> None:
    """Look over [[autoresponses]]."""
    names: dict[str, str] = {}
    otherwise = {answer.name: answer.otherwise for answer in checks.settings.autoresponses}
    for place, answer in enumerate(checks.settings.autoresponses):
        path = ("autoresponses", place)
        checks.once((*path, "name"), answer.name, names, f"autoresponses[{place}]")
        checks.refer((*path, "otherwise"), answer.otherwise, checks.autoresponses, "an automatic answer")
        if _leads_back(answer.name, otherwise):
            checks.note((*path, "otherwise"), f"{found_text(answer.otherwise)}, which leads back here", "one that ends")
        if answer.kind != "answer" and answer.otherwise is not None and checks.sound(path):
            checks.note((*path, "otherwise"), f'it beside kind "{answer.kind}"', 'it only with kind "answer"')
        if answer.precision is not None and answer.confidence is not None and checks.sound(path):
            checks.note((*path, "confidence"), "it beside precision", "one of the two")
        silent = answer.kind == "answer" and answer.otherwise is None
        if silent and checks.settings.knowledge.folder is None and checks.sound(("knowledge",)):
            checks.note((*path, "kind"), '"answer" without articles', "knowledge.folder", severity="warning")


def _leads_back(name: str, otherwise: dict[str, str | None]) -> bool:
    """Tell whether falling back from `name` comes to `name` again."""
    at, steps = otherwise.get(name), 0
    while at is not None and at != name and steps <= len(otherwise):
        at, steps = otherwise.get(at), steps + 1
    return at == name and bool(name)


def check_agents(checks: Checks) -> None:
    """Look over [[agents]]."""
    ids: dict[str, str] = {}
    addresses: dict[str, str] = {}
    for place, agent in enumerate(checks.settings.agents):
        path = ("agents", place)
        checks.once((*path, "id"), agent.id, ids, f"agents[{place}]")
        checks.once((*path, "email"), (agent.email or "").casefold(), addresses, f"agents[{place}]")
        checks.password(path, agent)
        _check_work(checks, path, agent)


def _check_work(checks: Checks, path: KeyPath, agent: Agent) -> None:
    """Look over what an agent serves."""
    for queue in agent.queues:
        checks.refer((*path, "queues", queue), queue, checks.queues, "a queue")
    for skill in agent.skills if checks.skills is not None else ():
        checks.refer((*path, "skills", skill), skill, checks.skills or (), "a skill")
    for medium in agent.media:
        checks.medium((*path, "media", medium), medium)
        for place, other in enumerate(agent.media[medium].interrupts):
            checks.medium((*path, "media", medium, "interrupts", place), other)
    if agent.role == "operator" and not agent.queues and checks.sound(path):
        checks.note((*path, "queues"), "no queue", "a queue that he serves", severity="warning")


def check_use(checks: Checks) -> None:
    """Warn of queues that nothing leads to or nobody serves, and of answers that no rule sends."""
    settings = checks.settings
    channels = settings.channels.values()
    led = {rule.then.queue for rule in settings.rules} | {getattr(channel, "queue", None) for channel in channels}
    led |= {rule.do.move for queue in settings.queues.values() for rule in queue.overflow}
    served = {queue for agent in settings.agents for queue in served_by(agent, settings)}
    for name in settings.queues:
        if name not in led:
            checks.note(("queues", name), "no rule that leads here", "one, or moves by hand", severity="warning")
        if settings.agents and name not in served:
            checks.note(("queues", name), "no agent who serves it", "one, here or later", severity="warning")
    sent = {rule.then.autoresponse for rule in settings.rules} | {answer.otherwise for answer in settings.autoresponses}
    overflows = [rule.do for queue in settings.queues.values() for rule in queue.overflow]
    sent |= {do.reply for do in overflows}
    for place, answer in enumerate(settings.autoresponses):
        # Agents send documents too.
        if answer.name and answer.name not in sent and answer.kind != "document":
            path = ("autoresponses", place, "name")
            checks.note(path, found_text(answer.name), "a rule that sends it", severity="warning")
