"""What is wrong with service-level agreements: names that lead nowhere, promises to nobody or of nothing."""

from config.crosschecks import Checks
from config.faults import KeyPath, found_text
from config.sla_schema import Sla
from queues.sla import CLOCKS
from vocabulary.instants import span_text


def check_sla(checks: Checks) -> None:
    """Look over [sla] and which queues name its tables."""
    settings = checks.settings
    named = set()
    for name, queue in settings.queues.items():
        checks.refer(("queues", name, "sla"), queue.sla, settings.sla, "a table of [sla]")
        named.add(queue.sla)
        for key in ("silent_after", "parked_close_after"):
            for medium in getattr(queue, key):
                checks.medium(("queues", name, key, medium), medium)
    for name, sla in settings.sla.items():
        _check_one(checks, ("sla", name), sla)
        if name not in named and not sla.segments and not sla.queues and checks.sound(("sla", name)):
            expected = "segments, or a queue that names it"
            checks.note(("sla", name), "an agreement that is for nobody", expected, severity="warning")


def _check_one(checks: Checks, path: KeyPath, sla: Sla) -> None:
    _check_hours(checks, path, sla)
    for place, queue in enumerate(sla.queues):
        checks.refer((*path, "queues", place), queue, checks.queues, "a queue")
    for moment in ("at_warning", "at_breach"):
        checks.refer((*path, moment, "queue"), getattr(sla, moment).queue, checks.queues, "a queue")
    if not checks.sound(path):
        return
    targets = [target for clock in CLOCKS if (target := getattr(sla, clock)) is not None]
    if not targets:
        checks.note(path, "no target", "first_response, next_response or resolution")
    if sla.queues and not sla.segments:
        checks.note((*path, "queues"), "queues without segments", 'segments beside it, or sla = "..." in the queues')
    for place, span in enumerate(sla.warn_before):
        if targets and span >= max(targets):
            expected = f"less than the longest target, {span_text(max(targets))}"
            checks.note((*path, "warn_before", place), found_text(span_text(span)), expected)


def _check_hours(checks: Checks, path: KeyPath, sla: Sla) -> None:
    checks.refer((*path, "hours"), sla.hours, checks.settings.hours, "a table of [hours]")
    if not checks.sound(path):
        return
    if sla.clock == "business" and sla.hours is None:
        checks.note((*path, "clock"), '"business" without hours', "hours beside it")
    if sla.clock == "calendar" and sla.hours is not None:
        checks.note((*path, "hours"), 'hours beside the clock "calendar"', 'clock = "business" beside it')
