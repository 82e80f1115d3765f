"""What is said in an interaction, and what that changes (semantics.md section 2)."""

from agents.availability import is_there
from queues.interaction import SPEAKS, Interaction
from queues.lifecycle import OPEN, InteractionState
from router import events as e
from router.commands import (
    BAD_NEWS,
    CONFIRMED,
    AddMessage,
    BeginDelivery,
    ConfirmAnswer,
    CustomerBack,
    CustomerGone,
    DeliverAgain,
    Leave,
    ReportDelivery,
    TakeBack,
    WantPerson,
)
from router.decision import Refusal
from router.draft import Draft, refuse, unknown
from router.legs import back_in_line, close, end, enqueue, still_there, wait_for_owner, withdraw_offers
from router.questions import heard
from router.replies import may_reply, reply
from router.rereading import read_anew
from router.sendings import answered, mail_reported
from vocabulary.instants import Instant
from vocabulary.media import CALLBACK

S = InteractionState
ANSWERED_BY_BOT = "answered_by_bot"
"""The reason of what closes because nobody objected to the bot's answer."""


def add_message(draft: Draft, command: AddMessage) -> Refusal | None:
    """Add a message; a customer's may open the interaction again, an agent's must be its owner's."""
    interaction = draft.interaction(command.interaction)
    if interaction is None:
        return unknown("interaction", command.interaction)
    if command.author == "agent" and command.sending is None:
        refusal = _not_his(interaction, command.agent)
        if refusal is not None:
            return refusal
    elif command.bulk and (interaction.state is not S.ANSWERED_BY_BOT or interaction.bulk != command.bulk):
        return refuse("conflict", "answer_over", "The answer was taken back, or the customer did not wait for it.")
    elif command.author == "note" and interaction.participants.get(command.agent or "") == "monitor":
        return refuse("forbidden", "monitors_only", "Who monitors writes nothing.")
    draft.emit(
        e.MessageAdded(
            at=draft.now,
            interaction=interaction.id,
            message=command.message,
            number=interaction.messages + 1,
            author=command.author,
            agent=command.agent,
            silent_at=_silent_at(draft, interaction) if command.author == "agent" else None,
            goes_at=_goes_at(draft, interaction) if command.author == "agent" and command.sending is None else None,
            automatic=command.suppressed_by if command.author == "customer" else (),
            sending=command.sending,
        )
    )
    if command.author == "customer":
        answered(draft, interaction.customer, command.suppressed_by)
        heard(draft, draft.state.interactions[interaction.id], command.answer)
        _customer_wrote(draft, draft.state.interactions[interaction.id], command.chosen)
        if command.anew is not None:
            read_anew(draft, draft.state.interactions[interaction.id], command.anew)
    return None


def _silent_at(draft: Draft, interaction: Interaction) -> Instant | None:
    """Return when a customer who says nothing to a reply of now counts as silent, or None if he never does."""
    after = draft.queue(interaction.queue).silent_after.get(interaction.medium)
    return None if after is None or interaction.state is not S.ACTIVE else draft.now + after


def _goes_at(draft: Draft, interaction: Interaction) -> Instant | None:
    """Return when an agent's message of now goes out; None if it goes at once."""
    undo = draft.queue(interaction.queue).undo
    return draft.now + undo if undo and interaction.goes_by_mail else None


def _not_his(interaction: Interaction, agent: str | None) -> Refusal | None:
    mode = interaction.participants.get(agent or "")
    if mode in SPEAKS:
        return None
    if mode is not None:
        return refuse("forbidden", f"{mode}s_only", f"Who is there as {mode} does not write to the customer.")
    if interaction.agent != agent or interaction.state not in (S.ACTIVE, S.PARKED):
        detail = f"Only the agent who has interaction {interaction.id} may reply; it is {interaction.state}."
        return refuse("conflict", "not_owner", detail)
    return None


def _customer_wrote(draft: Draft, interaction: Interaction, chosen: str | None) -> None:
    match interaction.state:
        case S.PARKED:
            unpark(draft, interaction, "customer_wrote")
        case S.WRAP_UP:
            _resume(draft, interaction, "customer_wrote")
            wait_for_owner(draft, draft.state.interactions[interaction.id])
        case S.ANSWERED_BY_BOT:
            _told_bot(draft, interaction, chosen)
        case S.CLOSED | S.ABANDONED:
            _open_again(draft, interaction)


def unpark(draft: Draft, interaction: Interaction, cause: str) -> None:
    """Back to its agent if he is there and has room, else to the queue, preferring him."""
    agent = draft.agent(interaction.agent or "")
    if agent is not None and is_there(agent) and agent.has_room(interaction.medium, interaction.id):
        _resume(draft, interaction, cause)
        return
    arrived = interaction.unanswered_at or interaction.parked_until or draft.now
    preferred = still_there(draft, interaction.agent)
    enqueue(draft, interaction, cause, arrived_at=arrived, preferred_agent=preferred)


def _resume(draft: Draft, interaction: Interaction, cause: str) -> None:
    assert interaction.agent is not None
    cost = draft.state.agents[interaction.agent].profile.limit(interaction.medium).cost
    draft.emit(e.Resumed(at=draft.now, interaction=interaction.id, agent=interaction.agent, cost=cost, cause=cause))
    draft.look_at_agent(interaction.agent)


def _open_again(draft: Draft, interaction: Interaction) -> None:
    """In the last queue, or by the last rule if it is gone; the last agent first, if he is still there."""
    queue = interaction.queue
    if queue not in draft.policy.queues:
        queue = draft.policy.rules[-1].then.queue
    arrived = interaction.unanswered_at or draft.now
    preferred = still_there(draft, interaction.agent)
    enqueue(draft, interaction, "customer_wrote", queue=queue, arrived_at=arrived, preferred_agent=preferred)


def want_person(draft: Draft, command: WantPerson) -> Refusal | None:
    """Pass it from the bot to the queue; with anybody else it stays as it is."""
    interaction = draft.interaction(command.interaction)
    if interaction is None:
        return unknown("interaction", command.interaction)
    if interaction.state is S.ANSWERED_BY_BOT:
        give_to_person(draft, interaction)
    return None


def _told_bot(draft: Draft, interaction: Interaction, chosen: str | None) -> None:
    """Answer what the customer was asked about, or close what helped him; anything else is for a person."""
    asked = interaction.asked
    if asked is None and chosen == CONFIRMED:
        _confirm(draft, interaction)
    elif asked is not None and chosen in asked.articles and may_reply(draft, interaction, asked.autoresponse):
        confirm = draft.channel(interaction.channel, interaction.medium).confirmation
        draft.emit(
            e.AnsweredByBot(
                at=draft.now,
                interaction=interaction.id,
                article=chosen,
                confirm_until=draft.now + confirm,
                autoresponse=asked.autoresponse,
                chosen=True,
            )
        )
        reply(draft, interaction, asked.autoresponse, article=chosen)
    else:
        give_to_person(draft, interaction)


def confirm_answer(draft: Draft, command: ConfirmAnswer) -> Refusal | None:
    """Close what the bot has answered, as the customer says that it helped; with anybody else it stays as it is."""
    interaction = draft.interaction(command.interaction)
    if interaction is None:
        return unknown("interaction", command.interaction)
    by_bot = interaction.state is S.CLOSED and interaction.disposition == ANSWERED_BY_BOT
    if (interaction.state is S.ANSWERED_BY_BOT and interaction.asked is None) or by_bot:
        _confirm(draft, interaction)
    return None


def _confirm(draft: Draft, interaction: Interaction) -> None:
    if not interaction.confirmed:
        draft.emit(e.AnswerConfirmed(at=draft.now, interaction=interaction.id))
    if interaction.state is S.ANSWERED_BY_BOT:
        close(draft, interaction, ANSWERED_BY_BOT, "customer")


def give_to_person(draft: Draft, interaction: Interaction) -> None:
    """Enqueue what the bot has, for whom it was meant; who was only asked something keeps his place."""
    if interaction.bulk:
        back_in_line(draft, interaction)
        return
    since = draft.now if interaction.asked is None else interaction.arrived_at
    arrived, preferred = interaction.unanswered_at or since, still_there(draft, interaction.preferred_agent)
    enqueue(draft, interaction, "not_satisfied", arrived_at=arrived, preferred_agent=preferred)


def take_back(draft: Draft, command: TakeBack) -> Refusal | None:
    """Take back what has not begun to go out; the customer waits for an answer as he did before it."""
    interaction = draft.interaction(command.interaction)
    if interaction is None:
        return unknown("interaction", command.interaction)
    held = next((each for each in interaction.held_back if each.message == command.message), None)
    if held is None:
        return refuse("conflict", "gone_already", "It has gone already, or was taken back before.")
    if held.agent != command.agent:
        return refuse("forbidden", "not_yours", "Another agent wrote it.")
    refusal = _not_his(interaction, command.agent)
    if refusal is None:
        draft.emit(
            e.MessageTakenBack(at=draft.now, interaction=interaction.id, message=command.message, agent=command.agent)
        )
    return refusal


def begin_delivery(draft: Draft, command: BeginDelivery) -> Refusal | None:
    """Let a message go, unless it was taken back: of the two, the one that comes first holds."""
    interaction = draft.interaction(command.interaction)
    if interaction is None:
        return unknown("interaction", command.interaction)
    if all(held.message != command.message for held in interaction.held_back):
        return refuse("conflict", "taken_back", "It was taken back, or has begun to go out before.")
    draft.emit(e.DeliveryBegun(at=draft.now, interaction=interaction.id, message=command.message))
    return None


def deliver_again(draft: Draft, command: DeliverAgain) -> Refusal | None:
    """Write down that a message goes out once more."""
    interaction = draft.interaction(command.interaction)
    if interaction is None:
        return unknown("interaction", command.interaction)
    draft.emit(e.DeliveryAskedAgain(at=draft.now, interaction=interaction.id, message=command.message, by=command.by))
    return None


def report_delivery(draft: Draft, command: ReportDelivery) -> Refusal | None:
    """Write down what became of sending a message."""
    interaction = draft.interaction(command.interaction)
    if interaction is None:
        return unknown("interaction", command.interaction)
    draft.emit(
        e.DeliveryReported(
            at=draft.now,
            interaction=command.interaction,
            message=command.message,
            result=command.result,
            agent=(interaction.agent or command.wrote) if command.result in BAD_NEWS else None,
        )
    )
    mail_reported(draft, interaction, command.result)
    return None


def leave(draft: Draft, command: Leave) -> Refusal | None:
    """The customer left; where nobody had answered, the interaction is abandoned."""
    interaction = draft.interaction(command.interaction)
    if interaction is None:
        return unknown("interaction", command.interaction)
    customer_left(draft, interaction)
    return None


def customer_left(draft: Draft, interaction: Interaction) -> None:
    """Do what the customer's leaving means in the state that `interaction` is in."""
    match interaction.state:
        case S.WAITING | S.OFFERED:
            _abandon(draft, interaction)
        case S.ACTIVE:
            end(draft, interaction, "customer")
        case S.SCHEDULED | S.ANSWERED_BY_BOT | S.PARKED:
            close(draft, interaction, "customer_left", "customer")


def _abandon(draft: Draft, interaction: Interaction) -> None:
    withdraw_offers(draft, interaction, "customer_left")
    short = draft.now - interaction.enqueued_at < draft.queue(interaction.queue).short
    until = draft.reopen_until(interaction)
    draft.emit(e.Abandoned(at=draft.now, interaction=interaction.id, reopen_until=until, short=short))


def customer_gone(draft: Draft, command: CustomerGone) -> Refusal | None:
    """The customer's socket is gone; a callback doesn't care."""
    interaction = draft.interaction(command.interaction)
    if interaction is None:
        return unknown("interaction", command.interaction)
    concerned = interaction.state in (S.WAITING, S.OFFERED, S.ACTIVE) and interaction.medium != CALLBACK
    if concerned and interaction.customer_leaves_at is None:
        grace = draft.channel(interaction.channel, interaction.medium).customer_grace
        draft.emit(e.CustomerDisconnected(at=draft.now, interaction=interaction.id, leaves_at=draft.now + grace))
    return None


def customer_back(draft: Draft, command: CustomerBack) -> Refusal | None:
    """The customer's socket is there again."""
    interaction = draft.interaction(command.interaction)
    if interaction is None:
        return unknown("interaction", command.interaction)
    if interaction.state in OPEN and interaction.customer_leaves_at is not None:
        draft.emit(e.CustomerReconnected(at=draft.now, interaction=interaction.id))
    return None
