"""What time alone changes: one handler a kind of deadline. Each takes its deadline away by what it emits."""

from collections.abc import Callable

from queues.consult import sought
from queues.deadlines import DeadlineKind
from queues.lifecycle import InteractionState
from router import events as e
from router.bulk import automation_over
from router.clocks import sla_due
from router.conversation import ANSWERED_BY_BOT, customer_left, give_to_person, unpark
from router.draft import Draft
from router.legs import close, end_consult, enqueue, set_aside, still_there, wrap_up_done
from router.offers import expire
from router.overflow import hours_changed, wait_over
from router.presence import absence_over, absent
from router.relax import step_due
from router.sendings import sending_due

S = InteractionState


def run_due(draft: Draft) -> None:
    """Do everything that is due by now, earliest first."""
    state, now = draft.state, draft.now
    deadlines = state.deadlines
    while (due := deadlines.due(now)) is not None:
        _, kind, id = due
        if kind == "forget":
            # What goes leaves nothing behind that could be due.
            draft.emit(e.Forgotten(at=now, interaction=id))
            continue
        _HANDLERS[kind](draft, id)
        assert not state.stands(due), f"{kind} of {id} stays due"


def _cool_down_ended(draft: Draft, id: str) -> None:
    draft.emit(e.CoolDownEnded(at=draft.now, agent=id))
    draft.look_at_agent(id)


def _wrap_up_over(draft: Draft, id: str) -> None:
    wrap_up_done(draft, draft.state.interactions[id], "timeout")


def _bar_lifted(draft: Draft, id: str) -> None:
    barred = draft.state.interactions[id].barred
    for agent in sorted(agent for agent, until in barred.items() if until <= draft.now):
        draft.emit(e.BarLifted(at=draft.now, interaction=id, agent=agent))
    draft.look_at(id)


def _hold_over(draft: Draft, id: str) -> None:
    draft.emit(e.HoldEnded(at=draft.now, interaction=id))
    draft.look_at(id)


def _nobody_took(draft: Draft, id: str) -> None:
    """A warm transfer found nobody in time: its owner is told."""
    end_consult(draft, draft.state.interactions[id], "nobody")


def _requirement_expired(draft: Draft, id: str) -> None:
    interaction = sought(draft.state.interactions[id])
    for need in interaction.in_force:
        if need.expires_after is not None and interaction.enqueued_at + need.expires_after <= draft.now:
            draft.emit(e.RequirementExpired(at=draft.now, interaction=id, skill=need.skill, level=need.level))
    draft.look_at(id)


def _delay_reached(draft: Draft, id: str) -> None:
    interaction = sought(draft.state.interactions[id])
    waited = draft.now - interaction.enqueued_at
    reached = max(delay for delay in draft.state.delays[interaction.queue] if delay <= waited)
    draft.emit(e.WaitReached(at=draft.now, interaction=id, wait_ms=reached))
    draft.look_at(id)


def _customer_stayed_away(draft: Draft, id: str) -> None:
    """Nobody had answered: he left. Somebody had: it is parked for him."""
    interaction = draft.state.interactions[id]
    if interaction.state is S.ACTIVE:
        assert interaction.agent is not None
        set_aside(draft, interaction, "customer_gone")
    else:
        customer_left(draft, interaction)


def _due(draft: Draft, id: str) -> None:
    """A slot or a retry has come, or the time for which something was parked is over."""
    interaction = draft.state.interactions[id]
    if interaction.state is S.PARKED:
        unpark(draft, interaction, "due")
        return
    preferred = still_there(draft, interaction.agent or interaction.preferred_agent)
    # What was only held till somebody is there has waited since it came.
    arrived = interaction.arrived_at if interaction.scheduled_for == "hours" else interaction.scheduled_at
    enqueue(draft, interaction, "due", arrived_at=arrived, preferred_agent=preferred)


def _confirmed(draft: Draft, id: str) -> None:
    """Nobody objected to the bot's answer; or nobody answered its question, so a person has it."""
    interaction = draft.state.interactions[id]
    if interaction.asked is not None:
        give_to_person(draft, interaction)
    else:
        close(draft, interaction, ANSWERED_BY_BOT, "router")


def _silent(draft: Draft, id: str) -> None:
    set_aside(draft, draft.state.interactions[id], "silent")


def _parked_long_enough(draft: Draft, id: str) -> None:
    close(draft, draft.state.interactions[id], "parked_too_long", "router")


_HANDLERS: dict[DeadlineKind, Callable[[Draft, str], None]] = {
    "offer": expire,
    "cool_down": _cool_down_ended,
    "absence": absent,
    "wrap_up": _wrap_up_over,
    "bar": _bar_lifted,
    "hold": _hold_over,
    "consult": _nobody_took,
    "requirement": _requirement_expired,
    "delay": _delay_reached,
    "step": step_due,
    "grace": absence_over,
    "customer": _customer_stayed_away,
    "due": _due,
    "confirm": _confirmed,
    "overflow": wait_over,
    "silent": _silent,
    "parked_close": _parked_long_enough,
    "sla": sla_due,
    "sending": sending_due,
    "hours": hours_changed,
    "automation": automation_over,
}
