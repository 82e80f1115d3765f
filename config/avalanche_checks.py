"""What is wrong with `[avalanche]`: labels that nobody gives, bounds that let nothing through."""

from config.crosschecks import Checks
from config.faults import found_text


def check_avalanche(checks: Checks) -> None:
    """Look over [avalanche] and its tables of labels."""
    settings = checks.settings.avalanche
    for name, label in settings.labels.items():
        path = ("avalanche", "labels", name)
        if label.confidence == 1.0:
            checks.note((*path, "confidence"), found_text(1.0), "less than 1: nothing is that sure", severity="warning")
        if not label.watch and (label.arrivals_min is not None or label.ratio is not None) and checks.sound(path):
            expected = "no bounds, since it is not watched"
            checks.note((*path, "watch"), "bounds beside watch = false", expected, severity="warning")
    if settings.confidence == 1.0:
        checks.note(
            ("avalanche", "confidence"), found_text(1.0), "less than 1: nothing is that sure", severity="warning"
        )
