"""Writers of sendings: what will be sent, and what no longer."""

from msgspec.structs import replace

from queues.interaction import Interaction
from queues.overflow import NO_CONTACT
from queues.sending import Sending
from router import events as e
from router.state import State, schedule
from router.writers.change import Writers, changing, enter, leave_out
from router.writers.contacts import count_reply


def _planned(state: State, event: e.SendingPlanned) -> None:
    interaction = changing(state, event.interaction)
    sending = Sending(
        id=event.sending,
        due_at=event.due_at,
        planned_at=event.at,
        by=event.by,
        plan=event.plan,
        agent=event.agent,
        address_hash=event.address_hash,
        domain_hash=event.domain_hash,
        within=event.within,
        written=event.written,
        alone=event.alone,
        unless_answered=event.unless_answered,
    )
    if event.by == "router":
        # It is the automatic reply to what came in, at once or later.
        interaction.auto_replied = True
        contact = interaction.contact or NO_CONTACT
        interaction.contact = replace(contact, answered=True, given=(*contact.given, event.plan))
    _keep(state, interaction, (*interaction.sendings, sending))


def _due(state: State, event: e.SendingDue) -> None:
    interaction = changing(state, event.interaction)
    if event.automatic:
        count_reply(state, event.at, event.address_hash, event.domain_hash)
    if event.reopen_until is not None and interaction.over is not None:
        interaction.over = (interaction.over[0], event.reopen_until)
    if event.next_at is None:
        _drop(state, event)
    else:
        _change(state, event, step=event.step + 1, due_at=event.next_at)


def _held(state: State, event: e.SendingHeld) -> None:
    _change(state, event, due_at=event.until)


def _drop(state: State, event: e.SendingDue | e.SendingCancelled | e.SendingEscalated) -> None:
    interaction = changing(state, event.interaction)
    _keep(state, interaction, tuple(each for each in interaction.sendings if each.id != event.sending))


def _change(state: State, event: e.SendingDue | e.SendingHeld, **values: int) -> None:
    interaction = changing(state, event.interaction)
    sendings = (replace(each, **values) if each.id == event.sending else each for each in interaction.sendings)
    _keep(state, interaction, tuple(sendings))


def _keep(state: State, interaction: Interaction, sendings: tuple[Sending, ...]) -> None:
    interaction.sendings = sendings
    expect(state, interaction)
    schedule(state, interaction)


def expect(state: State, interaction: Interaction) -> None:
    """Let the state know whether something will be sent to the customer of `interaction`."""
    known = state.expecting.get(interaction.customer, ())
    if interaction.sendings and interaction.id not in known:
        enter(state, state.expecting, interaction.customer, (*known, interaction.id))
    elif not interaction.sendings and interaction.id in known:
        left = tuple(id for id in known if id != interaction.id)
        if left:
            enter(state, state.expecting, interaction.customer, left)
        else:
            leave_out(state, state.expecting, interaction.customer)


WRITERS: Writers = {
    e.SendingPlanned: _planned,
    e.SendingDue: _due,
    e.SendingHeld: _held,
    e.SendingCancelled: _drop,
    e.SendingEscalated: _drop,
}
