"""The clocks of service-level agreements: started, paused, stopped, warned of and breached (semantics.md section 16).

Which agreement holds is decided when an interaction comes in, and stays whatever queue it gets into later. After every
decision, the clocks of what it touched are brought in line with what it is now: so no way of handling work forgets one.

The first response is due from the arrival until the first public reply of a person; where people talk, until somebody
takes it. The next response is due from a customer's message until the next such reply. The resolution is due until the
end; what opens again goes on with the old instant.
"""

from queues.hours import Hours
from queues.interaction import PRIORITY_MAX, Interaction
from queues.lifecycle import OPEN, InteractionState
from queues.sla import CLOCKS, Agreement, Clock, ClockName, Escalation, agreement_for, due_after, left_until, next_mark
from router import events as e
from router.commands import RenewSla
from router.decision import Refusal
from router.draft import Draft, refuse, unknown
from router.legs import enqueue, look_at_overflow, withdraw_offers
from vocabulary.ids import InteractionId
from vocabulary.instants import Instant
from vocabulary.media import CALLBACK, VIDEO, VOICE

S = InteractionState
SPOKEN = frozenset({CALLBACK, VOICE, VIDEO})
"""Media in which taking it is the reply."""
BY = "sla"


def agree(draft: Draft, interaction: Interaction) -> None:
    """Let the agreement that configuration has for `interaction` hold for it, if there is one."""
    agreement = _configured(draft, interaction)
    if agreement is not None:
        draft.emit(e.SlaAgreed(at=draft.now, interaction=interaction.id, agreement=agreement))


def _configured(draft: Draft, interaction: Interaction) -> Agreement | None:
    policies = draft.policy.sla
    usual = policies.get(draft.queue(interaction.queue).sla or "")
    return agreement_for(policies.values(), interaction.queue, usual, interaction.segments)


def keep_clocks(draft: Draft) -> None:
    """Bring the clocks of every interaction that this decision touched in line with what it is now."""
    state = draft.state
    touched = dict.fromkeys(getattr(event, "interaction", None) for event in draft.events)
    for id in touched:
        if id in state.promised:
            _keep(draft, state.interactions[id])


def _keep(draft: Draft, interaction: Interaction) -> None:
    agreement = interaction.agreement
    assert agreement is not None
    for name in CLOCKS:
        if agreement.target(name) is None:
            continue
        clock, wanted = interaction.clocks.get(name), _wanted(interaction, name)
        if clock is not None and clock.runs and not wanted:
            met = _is_met(interaction, name)
            draft.emit(e.ClockStopped(at=draft.now, interaction=interaction.id, clock=name, met=met))
        elif wanted:
            if clock is None or not clock.runs:
                _start(draft, interaction, agreement, name)
            _pause_or_resume(draft, interaction, agreement, name)


def _wanted(interaction: Interaction, name: ClockName) -> bool:
    """Tell whether clock `name` should run."""
    if interaction.state not in OPEN:
        return False
    if name == "next_response":
        return interaction.replied and interaction.unanswered_at is not None
    begun = interaction.leg > 0 or interaction.scheduled_for == "hours"
    if name == "resolution":
        return begun
    clock = interaction.clocks.get(name)
    over = _is_met(interaction, name) or (clock is not None and clock.met)
    return begun and not over and interaction.state is not S.ANSWERED_BY_BOT


def _is_met(interaction: Interaction, name: ClockName) -> bool:
    """Tell whether what clock `name` waits for has come."""
    if name == "first_response":
        return interaction.replied or (interaction.medium in SPOKEN and interaction.accepted_at is not None)
    if name == "next_response":
        return interaction.state in OPEN and interaction.state is not S.WRAP_UP
    return interaction.state is S.CLOSED


def _start(draft: Draft, interaction: Interaction, agreement: Agreement, name: ClockName) -> None:
    before = interaction.clocks.get(name)
    if name == "resolution" and before is not None:
        _emit_start(draft, interaction, name, before.started_at, before.due_at, breached=before.breached)
        return
    since = interaction.arrived_at
    if name == "next_response":
        since = interaction.unanswered_at or draft.now
    target = agreement.target(name)
    assert target is not None
    # What came back from an answer in bulk is late only once.
    late = before is not None and before.breached and before.started_at == since and name == "first_response"
    _emit_start(draft, interaction, name, since, due_after(_hours(draft, agreement), since, target), breached=late)


def _emit_start(
    draft: Draft,
    interaction: Interaction,
    name: ClockName,
    since: Instant,
    due: Instant,
    *,
    breached: bool = False,
) -> None:
    draft.emit(
        e.ClockStarted(
            at=draft.now,
            interaction=interaction.id,
            clock=name,
            started_at=since,
            due_at=due,
            next_at=None if breached else _mark(draft, interaction, due),
            breached=breached,
        )
    )


def _pause_or_resume(draft: Draft, interaction: Interaction, agreement: Agreement, name: ClockName) -> None:
    clock = interaction.clocks[name]
    parked = interaction.state is S.PARKED and agreement.pause_while_parked
    hours = _hours(draft, agreement)
    if parked and clock.left is None:
        left = left_until(hours, draft.now, clock.due_at)
        draft.emit(e.ClockPaused(at=draft.now, interaction=interaction.id, clock=name, left=left))
    elif not parked and clock.left is not None:
        due = clock.due_at if clock.breached else due_after(hours, draft.now, clock.left)
        next_at = None if clock.breached else _mark(draft, interaction, due)
        draft.emit(e.ClockResumed(at=draft.now, interaction=interaction.id, clock=name, due_at=due, next_at=next_at))


def _mark(draft: Draft, interaction: Interaction, due: Instant) -> Instant:
    agreement = interaction.agreement
    assert agreement is not None
    return next_mark(_hours(draft, agreement), draft.now, due, agreement.warn_before)


def _hours(draft: Draft, agreement: Agreement) -> Hours | None:
    return draft.policy.hours.get(agreement.hours or "")


def sla_due(draft: Draft, id: InteractionId) -> None:
    """A clock is about to be due, or is: say so, and do what configuration asks for."""
    interaction = draft.state.interactions[id]
    for name in CLOCKS:
        clock = interaction.clocks.get(name)
        if clock is None or clock.next_at is None or clock.next_at > draft.now:
            continue
        if clock.due_at <= draft.now:
            _breach(draft, interaction, name, clock)
        else:
            _warn(draft, interaction, name, clock)


def _breach(draft: Draft, interaction: Interaction, name: ClockName, clock: Clock) -> None:
    todo = _escalation(draft, interaction, breached=True)
    draft.emit(
        e.SlaBreached(at=draft.now, interaction=interaction.id, clock=name, due_at=clock.due_at, notify=todo.notify)
    )
    _escalate(draft, interaction, todo)


def _warn(draft: Draft, interaction: Interaction, name: ClockName, clock: Clock) -> None:
    todo = _escalation(draft, interaction, breached=False)
    draft.emit(
        e.SlaWarned(
            at=draft.now,
            interaction=interaction.id,
            clock=name,
            due_at=clock.due_at,
            next_at=_mark(draft, interaction, clock.due_at),
            notify=todo.notify,
        )
    )
    _escalate(draft, interaction, todo)


def _escalation(draft: Draft, interaction: Interaction, *, breached: bool) -> Escalation:
    """Return what configuration says today; due instants stay, what is done about them may change."""
    agreement = interaction.agreement
    policy = draft.policy.sla.get(agreement.name) if agreement is not None else None
    if policy is None:
        return Escalation()
    return policy.at_breach if breached else policy.at_warning


def _escalate(draft: Draft, interaction: Interaction, todo: Escalation) -> None:
    priority = min(PRIORITY_MAX, interaction.priority + todo.priority)
    if priority > interaction.priority:
        # What an agent began has never been told a credit.
        credit = interaction.credit or draft.queue(interaction.queue).credit
        draft.emit(
            e.Reprioritised(
                at=draft.now,
                interaction=interaction.id,
                priority=priority,
                class_=interaction.class_,
                due_at=interaction.due_at - (priority - interaction.priority) * credit,
                by=BY,
            )
        )
        look_at_overflow(draft, interaction)
    queued = interaction.state in (S.WAITING, S.OFFERED)
    if queued and todo.queue in draft.policy.queues and todo.queue != interaction.queue:
        assert todo.queue is not None
        withdraw_offers(draft, interaction, "moved")
        draft.emit(e.Moved(at=draft.now, interaction=interaction.id, queue=todo.queue, by=BY))
        enqueue(draft, interaction, "moved", queue=todo.queue)


def renew_sla(draft: Draft, command: RenewSla) -> Refusal | None:
    """Let today's agreement hold for what came in under another; its clocks count from where they did."""
    interaction = draft.interaction(command.interaction)
    if interaction is None:
        return unknown("interaction", command.interaction)
    if interaction.state not in OPEN:
        return refuse("conflict", "not_open", f"Interaction {interaction.id} is {interaction.state}.")
    agreement = _configured(draft, interaction)
    if agreement is None:
        return refuse("conflict", "no_sla", f"Configuration has no agreement for interaction {interaction.id}.")
    if agreement == interaction.agreement:
        return None
    draft.emit(e.SlaAgreed(at=draft.now, interaction=interaction.id, agreement=agreement, by=command.by))
    # In their own order, not in that in which they began: a checkpoint doesn't keep it.
    for name, clock in sorted(interaction.clocks.items()):
        target = agreement.target(name)
        if clock.runs and target is not None:
            due = due_after(_hours(draft, agreement), clock.started_at, target)
            _emit_start(draft, interaction, name, clock.started_at, due)
        elif clock.runs:
            draft.emit(e.ClockStopped(at=draft.now, interaction=interaction.id, clock=name, met=False))
    return None
