"""How recorded customers are let in again: by other rules, but for what staff or an integration had said."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from router import commands as c
from router import events as e
from router.policy import Policy
from router.standing import raised
from router.state import State
from router.triage import triage
from simulation.past import Work
from vocabulary.ids import InteractionId
from vocabulary.instants import Instant


class Written(msgspec.Struct, frozen=True):
    """What rules may look at and the journal doesn't hold."""

    subject: str = ""
    text: str = ""
    segments: tuple[str, ...] = ()


class Rules(msgspec.Struct, frozen=True):
    """What decides: the policy of the replay, and that of the day itself as far as it is known.

    By `before`, what staff or an integration said of an interaction is told from what a rule did. `written` is by
    interaction; what has been erased is not in it.
    """

    after: Policy
    before: Policy
    written: Mapping[InteractionId, Written]


class Admissions:
    """Makes admissions of recorded work. `lost` counts what can't be treated as the rules say, by reason."""

    def __init__(self, rules: Rules) -> None:
        self.lost: Counter[str] = Counter()
        self._rules = rules
        self._reads = any(rule.when.words for rule in rules.after.rules)

    def of(self, work: Work, state: State, now: Instant) -> c.Admit | None:
        """Return what lets the customer in: by the new rules, unless somebody had said where he belongs."""
        admitted = work.admitted
        if admitted.channel not in self._rules.after.channels:
            self.lost["channel_gone"] += 1
            return None
        written = self._rules.written.get(work.admitted.interaction)
        segments = written.segments if written is not None else ()
        admission = c.Admit(
            id=work.id,
            channel=admitted.channel,
            medium=admitted.medium,
            customer=admitted.customer,
            subject=written.subject if written is not None else "",
            text=written.text if written is not None else "",
            labels=admitted.labels,
            language=admitted.language,
            segment=segments[0] if segments else None,
            also_segments=segments[1:],
            suppressed_by=admitted.automatic,
            preferred_agent=work.enqueued.preferred_agent,
        )
        as_told = work.first and not (self._reads and written is None)
        if work.first and not as_told:
            self.lost["text_erased"] += 1
        said = self._said(admission, admitted, state, now) if as_told else _decided(work)
        if said.get("queue", admission.queue) not in (None, *self._rules.after.queues):
            self.lost["queue_gone"] += 1
            del said["queue"]
        return replace(admission, **said)

    def _said(self, admission: c.Admit, admitted: e.Admitted, state: State, now: Instant) -> dict[str, Any]:
        """Return what was not decided by the rule that applied on the day: staff or an integration said so."""
        rules = (rule for rule in self._rules.before.rules if rule.name == admitted.rule)
        applied = next(rules, None)
        if applied is None:
            return {}
        only = replace(self._rules.before, rules=(replace(applied, when=type(applied.when)()),))
        then = triage(admission, state, only, now).then
        # What his segments added on the day was nobody's word either.
        segments = (admitted.segment, *admitted.also_segments) if admitted.segment is not None else ()
        then = replace(then, priority=raised(then.priority, segments, self._rules.before))
        pairs = ("queue", "priority", "class_", "requirements", "preferences")
        return {name: getattr(admitted, name) for name in pairs if getattr(admitted, name) != getattr(then, name)}


def _decided(work: Work) -> dict[str, Any]:
    """Return what was decided on the day."""
    admitted, enqueued = work.admitted, work.enqueued
    requirements = admitted.requirements if enqueued.requirements is None else enqueued.requirements
    return {
        "queue": enqueued.queue,
        "priority": admitted.priority,
        "class_": admitted.class_,
        "requirements": requirements,
        "preferences": admitted.preferences,
    }
