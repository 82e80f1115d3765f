"""What is wrong with segments: definitions that can't hold, people who don't exist, names that nobody defines."""

from config.crosschecks import Checks
from config.faults import KeyPath, found_text
from config.segment_schema import Segment

_CONDITIONS = (
    "top_value", "value_share", "churn", "value", "spent", "orders", "recency", "frequency", "monetary",
    "bought_within", "not_bought_for", "customer_within", "contract_ends_within", "attributes",
)  # fmt: skip


def check_segments(checks: Checks) -> None:
    """Look over [customers] and [segments], and where segments are named."""
    settings = checks.settings
    if settings.customers.currency in settings.customers.rates and checks.sound(("customers",)):
        path = ("customers", "rates", settings.customers.currency)
        checks.note(path, "a rate of the main currency", "other currencies only")
    people = {agent.id for agent in settings.agents}
    for name, segment in settings.segments.items():
        where = ("segments", name)
        if people:
            checks.refer((*where, "preferred_agent"), segment.preferred_agent, people, "an agent")
        if checks.sound(where):
            _check_one(checks, where, segment)
    if settings.segments:
        _check_names(checks)


def is_calculated(segment: Segment) -> bool:
    """Tell whether anybody is of the segment without being put there."""
    return any(getattr(segment, key) not in (None, {}) for key in _CONDITIONS)


def _check_one(checks: Checks, path: KeyPath, segment: Segment) -> None:
    if segment.by == "value" and segment.top_value is None and segment.value_share is None:
        checks.note((*path, "by"), '"value" with nothing that goes by it', "top_value or value_share beside it")
    least, most = segment.not_bought_for, segment.bought_within
    if least is not None and most is not None and least > most:
        checks.note((*path, "not_bought_for"), "more than bought_within", "at most that")
    for key in ("churn", "recency", "frequency", "monetary"):
        bound, (low, high) = getattr(segment, key), ((0, 1) if key == "churn" else (1, 5))
        if bound is not None and not (low <= bound.limit <= high):
            checks.note((*path, key), found_text(str(bound)), f"a bound from {low} to {high}")
    if segment == Segment():
        checks.note(path, "a segment that brings nothing", "priority, target or owner", severity="warning")


def _check_names(checks: Checks) -> None:
    """Warn of segments that rules, queues and agreements name and no table defines; staff may still set them."""
    known = checks.settings.segments
    named: list[tuple[KeyPath, str]] = []
    for place, rule in enumerate(checks.settings.rules):
        named += [(("rules", place, "when", "segment", at), name) for at, name in enumerate(rule.when.segment)]
    for queue, settings in checks.settings.queues.items():
        named += [(("queues", queue, "segment_targets", name), name) for name in settings.segment_targets]
    for sla, promised in checks.settings.sla.items():
        named += [(("sla", sla, "segments", at), name) for at, name in enumerate(promised.segments)]
    for path, name in named:
        if name not in known:
            checks.note(path, found_text(name), "a table of [segments]", severity="warning")
