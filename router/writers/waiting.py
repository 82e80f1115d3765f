"""Writers of what happens to one who waits: a new place, less asked of the agent, an estimate."""

from typing import Any

from msgspec.structs import replace

from queues.interaction import Correction, Interaction
from queues.lifecycle import InteractionState
from queues.overflow import EMERGENCY, NO_CONTACT, NO_MARKS, Change
from router import events as e
from router.state import State, schedule
from router.writers.change import Writers, changing, enter, leave_out
from router.writers.company import keep_for_undo, reweigh_consult
from vocabulary.skills import Requirement

S = InteractionState
BY_ROUTER = "router"


def _only_agent_lifted(state: State, event: e.OnlyAgentLifted) -> None:
    interaction = changing(state, event.interaction)
    interaction.only_agent = None
    state.index.put(interaction)


def _reprioritised(state: State, event: e.Reprioritised) -> None:
    interaction = changing(state, event.interaction)
    state.index.take(interaction)
    keep_for_undo(interaction, "priority", event)
    reweigh_consult(interaction, event.priority)
    interaction.priority = event.priority
    interaction.class_ = event.class_
    interaction.due_at = event.due_at
    if event.by != BY_ROUTER:
        interaction.ruled_leg = 0
    state.index.put(interaction)


def _relabelled(state: State, event: e.Relabelled) -> None:
    interaction = changing(state, event.interaction)
    before = interaction.labels if interaction.corrected is None else interaction.corrected.before
    interaction.corrected = None if event.label is None else Correction(event.by, event.at, before)
    interaction.labels = event.labels


def _understood(state: State, event: e.Understood) -> None:
    interaction = changing(state, event.interaction)
    state.index.take(interaction)
    interaction.labels, interaction.heads, interaction.language = event.labels, event.heads, event.language
    interaction.segment, interaction.also_segments = event.segment, event.also_segments
    interaction.preferences, interaction.tags = event.preferences, event.tags
    interaction.ruled_leg = interaction.leg + event.moves
    state.index.put(interaction)


def _requirement_expired(state: State, event: e.RequirementExpired) -> None:
    interaction = changing(state, event.interaction)
    gone = {str(Requirement(event.skill, event.level))}
    if interaction.consult is None:
        interaction.expired |= gone
    else:
        interaction.consult = replace(interaction.consult, expired=interaction.consult.expired | gone)
    state.index.put(interaction)
    schedule(state, interaction)


def _wait_reached(state: State, event: e.WaitReached) -> None:
    interaction = changing(state, event.interaction)
    if interaction.consult is None:
        interaction.waited_seen = event.wait_ms
    else:
        interaction.consult = replace(interaction.consult, waited_seen=event.wait_ms)
    state.index.put(interaction)
    schedule(state, interaction)


def _step_taken(state: State, event: e.StepTaken) -> None:
    interaction = changing(state, event.interaction)
    state.index.take(interaction)
    interaction.ruled_leg = 0
    interaction.steps_taken = (*interaction.steps_taken, event.after)
    interaction.requirements = event.requirements
    interaction.expired = frozenset()
    interaction.groups = event.groups
    interaction.priority = event.priority
    interaction.due_at = event.due_at
    interaction.step_at = event.next_at
    state.index.put(interaction)
    schedule(state, interaction)


def _step_later(state: State, event: e.StepHeld | e.StepsChanged) -> None:
    interaction = changing(state, event.interaction)
    interaction.step_at = event.until if isinstance(event, e.StepHeld) else event.next_at
    if interaction.step_at is not None:
        state.deadlines.put(interaction.step_at, "step", interaction.id)


def _hold_ended(state: State, event: e.HoldEnded) -> None:
    interaction = changing(state, event.interaction)
    interaction.hold_until = None
    state.index.put(interaction)


def _bar_lifted(state: State, event: e.BarLifted) -> None:
    interaction = changing(state, event.interaction)
    interaction.barred = {agent: until for agent, until in interaction.barred.items() if agent != event.agent}
    state.index.put(interaction)
    schedule(state, interaction)


def _wait_estimated(state: State, event: e.WaitEstimated) -> None:
    interaction = changing(state, event.interaction)
    interaction.estimate = (event.low_ms, event.high_ms)
    enter(state, state.estimates, interaction.queue, interaction.estimate)


def _mark(interaction: Interaction, **values: Any) -> None:
    interaction.overflow = replace(interaction.overflow or NO_MARKS, **values)


def _overflow_due(state: State, event: e.OverflowDue) -> None:
    interaction = changing(state, event.interaction)
    after = (interaction.overflow or NO_MARKS).after
    if event.again is not None:
        after = tuple(sorted({event.again, *(span for span in after if span > event.wait_ms)}))
    _mark(interaction, seen=event.wait_ms, after=after)
    schedule(state, interaction)


def _overflowed(state: State, event: e.Overflowed) -> None:
    interaction = changing(state, event.interaction)
    interaction.ruled_leg = 0
    marks = interaction.overflow or NO_MARKS
    left = (*marks.left, event.queue) if event.to is not None and event.queue not in marks.left else marks.left
    _mark(interaction, done=(*marks.done, event.rule), left=left)
    fresh = tuple(group for group in event.groups if group not in interaction.groups)
    if fresh:
        interaction.groups = (*interaction.groups, *fresh)
        state.index.put(interaction)


def _way_offered(state: State, event: e.WayOffered) -> None:
    interaction = changing(state, event.interaction)
    _mark(interaction, ways=(*(interaction.overflow or NO_MARKS).ways, event.way))


def _converted(state: State, event: e.Converted) -> None:
    interaction = changing(state, event.interaction)
    state.index.take(interaction)
    interaction.medium = event.medium
    interaction.channel = event.channel
    if event.address_hash is not None:
        # What he gave is a claim: its limits are those of the address, however many visitors give it.
        contact = interaction.contact or NO_CONTACT
        interaction.contact = replace(contact, address_hash=event.address_hash, domain_hash=event.domain_hash)
    # Whether his browser is there no longer matters.
    interaction.customer_leaves_at = None
    state.index.put(interaction)


def _hours_changed(state: State, event: e.HoursChanged) -> None:
    enter(state, state.hours, event.queue, Change(event.status, event.until))
    if event.until is not None:
        state.deadlines.put(event.until, "hours", event.queue)


def _emergency_set(state: State, event: e.EmergencySet) -> None:
    enter(state, state.emergencies, event.queue, event.action)
    for interaction in state.interactions.values():
        # What another action of the switch did to it doesn't keep this one from it.
        if interaction.queue == event.queue and EMERGENCY in (interaction.overflow or NO_MARKS).done:
            marks = changing(state, interaction.id).overflow or NO_MARKS
            _mark(interaction, done=tuple(rule for rule in marks.done if rule != EMERGENCY))


def _emergency_cleared(state: State, event: e.EmergencyCleared) -> None:
    leave_out(state, state.emergencies, event.queue)


WRITERS: Writers = {
    e.OnlyAgentLifted: _only_agent_lifted,
    e.Reprioritised: _reprioritised,
    e.Relabelled: _relabelled,
    e.Understood: _understood,
    e.RequirementExpired: _requirement_expired,
    e.WaitReached: _wait_reached,
    e.StepTaken: _step_taken,
    e.StepHeld: _step_later,
    e.StepsChanged: _step_later,
    e.HoldEnded: _hold_ended,
    e.BarLifted: _bar_lifted,
    e.WaitEstimated: _wait_estimated,
    e.OverflowDue: _overflow_due,
    e.Overflowed: _overflowed,
    e.WayOffered: _way_offered,
    e.Converted: _converted,
    e.HoursChanged: _hours_changed,
    e.EmergencySet: _emergency_set,
    e.EmergencyCleared: _emergency_cleared,
}
