"""The reference model: one command after the other, each told whole."""

from collections.abc import Callable
from typing import Any, NamedTuple

from router import commands as c
from router.policy import Policy
from tests.reference import (
    admission,
    bulk,
    callbacks,
    customers,
    overflow,
    owners,
    replies,
    second_thoughts,
    sendings,
    staff,
    supervisors,
    transfers,
)
from tests.reference.clocks import keep_clocks, renew
from tests.reference.due import next_due, run_due
from tests.reference.matching import settle
from tests.reference.steps import review
from tests.reference.world import Refused, World
from vocabulary.instants import Instant


class Answer(NamedTuple):
    """What a command did to offers, in order; or the code and reason of its refusal."""

    trace: tuple[tuple[Any, ...], ...]
    refusal: tuple[str, str] | None = None


class Model:
    """A world under a policy."""

    def __init__(self, policy: Policy) -> None:
        self.world = World(policy)

    def do(self, command: c.Command, now: Instant) -> Answer:
        """Do `command` at `now`: what is due first, then the command, then every offer that is possible.

        A command that is refused changes nothing, not even what is due.
        """
        due = next_due(self.world)
        before = self.world.saved() if due is not None and due[0] <= now else None
        clock, self.world.now = self.world.now, now
        self.world.trace, self.world.freed, self.world.returned, self.world.joined = [], {}, {}, {}
        try:
            run_due(self.world)
            _ORDERS[type(command)](self.world, command)
        except Refused as refused:
            self.world = before or self.world
            self.world.now = clock
            return Answer((), (refused.code, refused.reason))
        run_due(self.world)
        some = overflow.before_matching(self.world)
        settle(self.world)
        # What overflow changed may bring something due: a step, where the priority has gone down.
        while overflow.after_matching(self.world) or some:
            some = False
            run_due(self.world)
            settle(self.world)
        keep_clocks(self.world)
        return Answer(tuple(self.world.trace))


def _tick(world: World, order: c.Tick) -> None:
    """Everything is done already."""


def _together(world: World, order: c.Together) -> None:
    """Several come at once. Reading: nobody chooses before all of them are there; if one may not, none does."""
    for each in order.commands:
        world.person(each.agent)
    for each in order.commands:
        _ORDERS[type(each)](world, each)


def _reconcile(world: World, order: c.Reconcile) -> None:
    for id in world.people:
        world.freed[id] = None
    review(world)
    for name in world.policy.queues:
        overflow.watch(world, name)


_ORDERS: dict[type[Any], Callable[[World, Any], None]] = {
    c.Admit: admission.admit,
    c.AddMessage: customers.add_message,
    c.AcceptOffer: owners.accept,
    c.DeclineOffer: owners.decline,
    c.WantPerson: customers.want_person,
    c.ConfirmAnswer: customers.confirm,
    c.Leave: customers.leave,
    c.CustomerGone: customers.customer_gone,
    c.CustomerBack: customers.customer_back,
    c.End: owners.end_contact,
    c.WrapUp: owners.wrap_up,
    c.ExtendWrapUp: owners.extend_wrap_up,
    c.Transfer: transfers.transfer,
    c.CancelTransfer: transfers.cancel,
    c.JoinRoom: transfers.join_room,
    c.LeaveRoom: transfers.leave,
    c.TakeOver: transfers.take_over,
    c.Assign: supervisors.assign,
    c.UndoAct: supervisors.undo,
    c.MarkSpam: supervisors.mark_spam,
    c.Relabel: supervisors.relabel,
    c.StartOutbound: supervisors.start,
    c.Move: owners.move,
    c.Reprioritise: owners.reprioritise,
    c.Park: owners.park,
    c.Resume: owners.resume,
    c.Close: owners.force_close,
    c.CallAttempted: callbacks.attempted,
    c.AcceptCallback: callbacks.accept,
    c.RescheduleCallback: callbacks.reschedule,
    c.CancelCallback: callbacks.cancel,
    c.LeaveMessage: callbacks.leave_message,
    c.RecordEstimate: overflow.record_estimate,
    c.PlanSending: sendings.plan,
    c.CancelSending: sendings.cancel,
    c.StopSendings: sendings.stop,
    c.SetEmergency: overflow.set_emergency,
    c.RenewSla: renew,
    c.DefineAgent: staff.define,
    c.RemoveAgent: staff.remove,
    c.SetPresence: staff.set_presence,
    c.Connect: staff.connect,
    c.Disconnect: staff.disconnect,
    c.Together: _together,
    c.TakeBack: customers.take_back,
    c.BeginDelivery: second_thoughts.begin,
    c.DeliverAgain: second_thoughts.again,
    c.ReportDelivery: customers.report_delivery,
    c.ReleaseAutoReplies: replies.release,
    c.AnswerInBulk: bulk.answer,
    c.UndoInBulk: bulk.undo,
    c.BeginAutomation: bulk.begin,
    c.EndAutomation: bulk.end,
    c.ReportAvalanche: bulk.report,
    c.EndAvalanche: bulk.over,
    c.ChangeKnowledge: _tick,
    c.Reconcile: _reconcile,
    c.Tick: _tick,
}
