"""`decide`: what a command does. It reads the state and leaves it as it was."""

from collections.abc import Callable
from typing import Any

from router import (
    admission,
    bulk,
    callbacks,
    conversation,
    emergency,
    offers,
    outbound,
    overflow,
    presence,
    relabelling,
    replies,
    rooms,
    sendings,
    supervision,
    transfers,
    work,
)
from router import commands as c
from router.clocks import renew_sla
from router.conclude import conclude
from router.decision import Decision, Refusal
from router.draft import Draft
from router.express import EXPRESS
from router.opening import watch_all
from router.policy import Policy
from router.relax import review
from router.state import State, Undo
from router.timers import run_due
from vocabulary.instants import Instant


def decide(command: c.Command, state: State, policy: Policy, now: Instant) -> Decision:
    """Return the events that `command` causes at `now`, or why it changes nothing; the state stays as it was.

    What is due by `now` happens first, so that no command sees an offer whose time is over.
    Every offer that is possible afterwards is among the events: nothing waits beside somebody who could take it.
    """
    undo = state.undo = Undo(state)
    try:
        return _decided(command, state, policy, now)
    finally:
        state.undo = None
        undo.back()


class StateDamaged(Exception):
    """A fault of ours left a state of no use: it must be built again from the journal."""


def advance(command: c.Command, state: State, policy: Policy, now: Instant) -> Decision:
    """Decide `command` as `decide` does and let the state follow in the same pass: for who owns the state.

    Raises:
        StateDamaged: see there. Whatever else is raised on the way, the state is then as it was.
    """
    express = EXPRESS.get(command.__class__)
    if express is not None:
        try:
            events = express(command, state, policy, now)
        except BaseException as fault:
            raise StateDamaged(f"{command.__class__.__name__} went wrong on the way") from fault
        if events is not None:
            return Decision(tuple(events))
    undo = state.undo = Undo(state)
    try:
        decision = _decided(command, state, policy, now)
    except BaseException:
        state.undo = None
        undo.back()
        raise
    state.undo = None
    if decision.refusal is not None:
        undo.back()
    return decision


def rush(command: c.Command, state: State, policy: Policy, now: Instant) -> Decision:
    """Do what `advance` does without a way back: a refusal or a fault leaves a state of no use. For simulations."""
    express = EXPRESS.get(command.__class__)
    if express is not None:
        events = express(command, state, policy, now)
        if events is not None:
            return Decision(tuple(events))
    return _decided(command, state, policy, now)


def _decided(command: c.Command, state: State, policy: Policy, now: Instant) -> Decision:
    draft = Draft(state, policy, now)
    if state.emptied:
        # What a replay left; it was seen to when it happened.
        state.emptied.clear()
    heap = state.deadlines.heap
    if heap and heap[0][0] <= now:
        run_due(draft)
    refusal = _DECIDERS[command.__class__](draft, command)
    if refusal is not None:
        return Decision(refusal=refusal)
    conclude(draft)
    return Decision(tuple(draft.events))


def _tick(draft: Draft, command: c.Tick) -> Refusal | None:
    """Everything is done by `run_due` already."""
    return None


def _together(draft: Draft, command: c.Together) -> Refusal | None:
    for each in command.commands:
        refusal = _DECIDERS[each.__class__](draft, each)
        if refusal is not None:
            return refusal
    return None


def _reconcile(draft: Draft, command: c.Reconcile) -> Refusal | None:
    # When every agent has chosen, nobody is left who could take anything.
    for agent in draft.state.agents:
        draft.look_at_agent(agent)
    review(draft)
    watch_all(draft)
    return None


_DECIDERS: dict[type[Any], Callable[[Draft, Any], Refusal | None]] = {
    c.Admit: admission.admit,
    c.AddMessage: conversation.add_message,
    c.AcceptOffer: offers.accept,
    c.DeclineOffer: offers.decline,
    c.WantPerson: conversation.want_person,
    c.ConfirmAnswer: conversation.confirm_answer,
    c.Leave: conversation.leave,
    c.CustomerGone: conversation.customer_gone,
    c.CustomerBack: conversation.customer_back,
    c.End: work.end_contact,
    c.WrapUp: work.wrap_up,
    c.ExtendWrapUp: work.extend_wrap_up,
    c.Transfer: transfers.transfer,
    c.CancelTransfer: transfers.cancel,
    c.JoinRoom: rooms.join_room,
    c.LeaveRoom: rooms.leave_room,
    c.TakeOver: rooms.take_over,
    c.Assign: supervision.assign,
    c.UndoAct: supervision.undo_act,
    c.MarkSpam: supervision.mark_spam,
    c.Relabel: relabelling.relabel,
    c.StartOutbound: outbound.start,
    c.Move: work.move,
    c.Reprioritise: work.reprioritise,
    c.Park: work.park,
    c.Resume: work.resume,
    c.Close: work.force_close,
    c.RenewSla: renew_sla,
    c.CallAttempted: work.call_attempted,
    c.AcceptCallback: callbacks.accept_callback,
    c.RescheduleCallback: callbacks.reschedule_callback,
    c.CancelCallback: callbacks.cancel_callback,
    c.LeaveMessage: callbacks.leave_message,
    c.RecordEstimate: overflow.record_estimate,
    c.PlanSending: sendings.plan_sending,
    c.CancelSending: sendings.cancel_sending,
    c.StopSendings: sendings.stop_sendings,
    c.SetEmergency: emergency.set_emergency,
    c.DefineAgent: presence.define_agent,
    c.RemoveAgent: presence.remove_agent,
    c.SetPresence: presence.set_presence,
    c.Connect: presence.connect,
    c.Disconnect: presence.disconnect,
    c.Together: _together,
    c.TakeBack: conversation.take_back,
    c.BeginDelivery: conversation.begin_delivery,
    c.DeliverAgain: conversation.deliver_again,
    c.ReportDelivery: conversation.report_delivery,
    c.ReleaseAutoReplies: replies.release,
    c.AnswerInBulk: bulk.answer_in_bulk,
    c.UndoInBulk: supervision.undo_in_bulk,
    c.BeginAutomation: bulk.begin_automation,
    c.EndAutomation: bulk.end_automation,
    c.ReportAvalanche: bulk.report_avalanche,
    c.EndAvalanche: bulk.end_avalanche,
    c.ChangeKnowledge: replies.change_knowledge,
    c.Reconcile: _reconcile,
    c.Tick: _tick,
}
