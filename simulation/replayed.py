"""A replay beside the day itself: what `centrala replay` prints."""

from typing import Any

from simulation.comparing import difference, figures, intervals
from simulation.past import Past
from simulation.readmission import Rules
from simulation.replay import replay
from simulation.slices import desks_of, sliced
from vocabulary.instants import rfc3339


def compared(past: Past, rules: Rules, *, seed: int = 1) -> dict[str, Any]:
    """Return the figures of the recorded and of the replayed day, and their difference with 95 % intervals.

    Both are measured by the targets of the replayed rules. The state of `past` is used up.
    """
    desks = desks_of(past.state, past.since)
    queues, bounds = rules.after.queues, (past.since, past.until)
    recorded = sliced(past.events, desks, queues, *bounds)
    found = replay(past, rules, seed=seed)
    replayed = sliced(found.events, desks, queues, *bounds)
    one, other = figures(recorded), figures(replayed)
    return {
        "since": rfc3339(past.since),
        "through": rfc3339(past.until),
        "recorded": one,
        "replayed": other,
        "difference": difference(one, other),
        "ci95": intervals(recorded, replayed, seed),
        "not_replayable": sum(found.not_replayable.values()),
        "not_replayable_reasons": dict(found.not_replayable),
        "drawn_contacts": found.drawn,
    }
