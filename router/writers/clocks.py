"""Writers of promises: service levels and their clocks."""

from msgspec.structs import replace

from queues.interaction import Interaction
from queues.lifecycle import InteractionState
from queues.sla import Clock, ClockName
from router import events as e
from router.state import State
from router.writers.change import Writers, changing, enter

S = InteractionState


def _sla_agreed(state: State, event: e.SlaAgreed) -> None:
    interaction = changing(state, event.interaction)
    interaction.agreement = event.agreement
    # What a reply stopped that may still be taken back would go on as this agreement says, from where it began.
    interaction.held_back = tuple(
        replace(each, clocks={name: clock for name, clock in each.clocks.items() if not clock.runs})
        for each in interaction.held_back
    )
    enter(state, state.promised, event.interaction, None)


def _clock_started(state: State, event: e.ClockStarted) -> None:
    clock = Clock(event.started_at, event.due_at, event.next_at, breached=event.breached)
    _set_clock(state, changing(state, event.interaction), event.clock, clock)


def _clock_paused(state: State, event: e.ClockPaused) -> None:
    interaction = changing(state, event.interaction)
    _set_clock(state, interaction, event.clock, replace(interaction.clocks[event.clock], next_at=None, left=event.left))


def _clock_resumed(state: State, event: e.ClockResumed) -> None:
    interaction = changing(state, event.interaction)
    clock = replace(interaction.clocks[event.clock], due_at=event.due_at, next_at=event.next_at, left=None)
    _set_clock(state, interaction, event.clock, clock)


def _clock_stopped(state: State, event: e.ClockStopped) -> None:
    interaction = changing(state, event.interaction)
    clock = replace(interaction.clocks[event.clock], next_at=None, left=None, stopped_at=event.at, met=event.met)
    _set_clock(state, interaction, event.clock, clock)


def _sla_warned(state: State, event: e.SlaWarned) -> None:
    interaction = changing(state, event.interaction)
    _set_clock(state, interaction, event.clock, replace(interaction.clocks[event.clock], next_at=event.next_at))


def _sla_breached(state: State, event: e.SlaBreached) -> None:
    interaction = changing(state, event.interaction)
    _set_clock(state, interaction, event.clock, replace(interaction.clocks[event.clock], next_at=None, breached=True))


def _set_clock(state: State, interaction: Interaction, name: ClockName, clock: Clock) -> None:
    put_clocks(state, interaction, {**interaction.clocks, name: clock})


def put_clocks(state: State, interaction: Interaction, clocks: dict[ClockName, Clock]) -> None:
    """Let the interaction have these clocks, and be looked at when the first of them is due."""
    interaction.clocks = clocks
    # The earliest of all of them counts, and it may be another one now.
    marks = [each.next_at for each in interaction.clocks.values() if each.next_at is not None]
    if marks:
        state.deadlines.put(min(marks), "sla", interaction.id)


WRITERS: Writers = {
    e.SlaAgreed: _sla_agreed,
    e.ClockStarted: _clock_started,
    e.ClockPaused: _clock_paused,
    e.ClockResumed: _clock_resumed,
    e.ClockStopped: _clock_stopped,
    e.SlaWarned: _sla_warned,
    e.SlaBreached: _sla_breached,
}
