"""Writers of what is said and done with a customer."""

from msgspec.structs import replace

from queues.bulk import Automation, Avalanche, key_of
from queues.interaction import PLAIN, Asked, AskedWho, HeldBack, Interaction
from queues.lifecycle import NEW, QUEUED, InteractionState, allows
from queues.overflow import NO_CONTACT
from queues.sla import Clock, ClockName
from router import events as e
from router.state import ALL_REPLIES, HOURS_KEPT, IN_BULK, REPLIES_KEPT, State
from router.writers.change import Writers, changing, changing_agent, enter, go, hush, leave_out, occupy, release, rest
from router.writers.clocks import put_clocks
from router.writers.company import keep_for_undo
from router.writers.learned import learn_handling, learn_wait
from router.writers.legs import finish
from vocabulary.instants import HOUR, Instant

S = InteractionState


def count_reply(
    state: State, at: Instant, address_hash: str | None, domain_hash: str | None, *, by_itself: bool = True
) -> None:
    """Count an automatic mail for the limits of its address and domain, and of all that go `by_itself`."""
    for hash_ in filter(None, (address_hash, domain_hash)):
        sent = (*state.auto_replies.get(hash_, ()), at)
        enter(state, state.auto_replies, hash_, sent[-REPLIES_KEPT:])
    if not by_itself:
        return
    hour = at // HOUR
    enter(state, state.replies_by_hour, hour, state.replies_by_hour.get(hour, 0) + 1)
    for old in [each for each in state.replies_by_hour if each <= hour - HOURS_KEPT]:
        leave_out(state, state.replies_by_hour, old)


def _auto_replied(state: State, event: e.AutoReplied) -> None:
    count_reply(state, event.at, event.address_hash, event.domain_hash)
    interaction = changing(state, event.interaction)
    interaction.auto_replied = True
    contact = interaction.contact or NO_CONTACT
    # A question and the answer that follows it are two replies of one name.
    given = f"{event.autoresponse}?" if event.options else event.autoresponse
    interaction.contact = replace(contact, answered=True, given=(*contact.given, given))
    if event.question is not None:
        before = interaction.asked_who
        interaction.asked_who = AskedWho(event.question, before.tries + 1 if before is not None else 1)


def _question_answered(state: State, event: e.QuestionAnswered) -> None:
    interaction = changing(state, event.interaction)
    assert interaction.asked_who is not None
    interaction.asked_who = replace(interaction.asked_who, result=event.result)


def _auto_replies_stopped(state: State, event: e.AutoRepliesStopped) -> None:
    enter(state, state.replies_stopped, ALL_REPLIES, event.at)


def _auto_replies_released(state: State, event: e.AutoRepliesReleased) -> None:
    leave_out(state, state.replies_stopped, ALL_REPLIES)
    # What led to the stop was looked at; it is counted anew.
    leave_out(state, state.replies_by_hour, max(state.replies_by_hour))


def _knowledge_changed(state: State, event: e.KnowledgeChanged) -> None:
    """The state holds nothing of articles: their words are rows of the records."""


def _answered_by_bot(state: State, event: e.AnsweredByBot) -> None:
    interaction = changing(state, event.interaction)
    if event.bulk and interaction.state in QUEUED:
        keep_for_undo(interaction, "answer", event)
        learn_wait(state, interaction, event.at)
    _rest_with_bot(state, event.interaction, event.confirm_until, None)
    if event.bulk:
        _answered_in_bulk(state, interaction, event)


def _answer_asked(state: State, event: e.AnswerAsked) -> None:
    _rest_with_bot(state, event.interaction, event.until, Asked(event.autoresponse, event.articles))


def _rest_with_bot(state: State, id: str, until: Instant, asked: Asked | None) -> None:
    interaction = changing(state, id)
    new = interaction.leg == 0 and interaction.confirm_until is None
    assert allows(NEW if new else interaction.state, "admitted" if new else "answered by bot", S.ANSWERED_BY_BOT)
    state.index.take(interaction)
    interaction.state = S.ANSWERED_BY_BOT
    interaction.confirm_until = until
    interaction.asked = asked
    state.deadlines.put(until, "confirm", interaction.id)


def _answer_held_out(state: State, event: e.AnswerHeldOut) -> None:
    """What it is worth is told by the log (reports/answers.py); nothing is decided by it."""


def _answer_confirmed(state: State, event: e.AnswerConfirmed) -> None:
    changing(state, event.interaction).confirmed = True


def _answered_in_bulk(state: State, interaction: Interaction, event: e.AnsweredByBot) -> None:
    """The answer counts where it goes, but not among what programs send by themselves: somebody wanted it."""
    count_reply(state, event.at, event.address_hash, event.domain_hash, by_itself=False)
    interaction.bulk = event.bulk
    contact = interaction.contact or NO_CONTACT
    interaction.contact = replace(contact, answered=True, given=(*contact.given, IN_BULK))
    automation = state.automations.get(event.label) if event.label else None
    if automation is not None and automation.bulk.id == event.bulk:
        enter(state, state.automations, event.label, replace(automation, answered=automation.answered + 1))


def _avalanche_began(state: State, event: e.AvalancheBegan) -> None:
    avalanche = Avalanche(
        label=event.label,
        queue=event.queue,
        since=event.at,
        arrivals=event.arrivals,
        expected=event.expected,
        window=event.window_ms,
    )
    enter(state, state.avalanches, key_of(event.label, event.queue), avalanche)


def _avalanche_ended(state: State, event: e.AvalancheEnded) -> None:
    leave_out(state, state.avalanches, key_of(event.label, event.queue))


def _automation_began(state: State, event: e.AutomationBegan) -> None:
    automation = Automation(bulk=event.bulk, until=event.until, most=event.most, by=event.by, lasts=event.lasts)
    enter(state, state.automations, event.bulk.label, automation)
    state.deadlines.put(event.until, "automation", event.bulk.label)


def _automation_ended(state: State, event: e.AutomationEnded) -> None:
    leave_out(state, state.automations, event.label)


def _message_added(state: State, event: e.MessageAdded) -> None:
    interaction = changing(state, event.interaction)
    interaction.messages = event.number
    if event.author == "customer":
        interaction.unanswered_at = interaction.unanswered_at or event.at
        hush(interaction)
        contact = interaction.contact
        if event.number > 1 and (event.automatic or (contact is not None and (contact.answered or contact.automatic))):
            # What may follow is what the customer's latest message allows; the first one's signals came with it.
            interaction.contact = replace(contact or NO_CONTACT, answered=False, automatic=event.automatic)
    elif event.author == "agent":
        if event.goes_at is not None and event.agent is not None:
            held = HeldBack(
                message=event.message,
                agent=event.agent,
                until=event.goes_at,
                unanswered_at=interaction.unanswered_at,
                replied=interaction.replied,
                silent_at=interaction.silent_at,
                clocks=interaction.clocks,
            )
            interaction.held_back = (*interaction.held_back, held)
        else:
            interaction.held_back = tuple(_outlived(each, event.silent_at) for each in interaction.held_back)
        interaction.unanswered_at = None
        interaction.replied = True
        interaction.silent_at = event.silent_at
        if event.silent_at is not None:
            state.deadlines.put(event.silent_at, "silent", interaction.id)
    elif event.author == "bot" and interaction.state is S.ANSWERED_BY_BOT and interaction.asked is None:
        interaction.unanswered_at = None


def _outlived(held: HeldBack, silent_at: Instant | None) -> HeldBack:
    """Return `held` with a reply behind it that has gone: that one answers all, even if this one is taken back."""
    return replace(held, unanswered_at=None, replied=True, silent_at=silent_at, clocks={})


def _message_taken_back(state: State, event: e.MessageTakenBack) -> None:
    """Let it be as if the message had never been: what it changed falls to the reply behind it, if there is one."""
    interaction = changing(state, event.interaction)
    held = interaction.held_back
    place = next(at for at, each in enumerate(held) if each.message == event.message)
    before, behind = held[place], held[place + 1 :]
    if behind:
        first = replace(
            behind[0],
            unanswered_at=before.unanswered_at or behind[0].unanswered_at,
            replied=before.replied,
            silent_at=before.silent_at,
            clocks=_clocks_without(before, behind[0].clocks),
        )
        behind = (first, *behind[1:])
    else:
        interaction.unanswered_at = before.unanswered_at or interaction.unanswered_at
        interaction.replied = before.replied
        interaction.silent_at = before.silent_at
        if before.silent_at is not None:
            state.deadlines.put(before.silent_at, "silent", interaction.id)
        put_clocks(state, interaction, _clocks_without(before, interaction.clocks))
    interaction.held_back = (*held[:place], *behind)


def _clocks_without(held: HeldBack, clocks: dict[ClockName, Clock]) -> dict[ClockName, Clock]:
    """Return what is left of `clocks` without what `held` did to them; one that it didn't touch has gone on since."""
    touched: list[ClockName] = [] if held.replied else ["first_response"]
    if held.unanswered_at is not None or not held.replied:
        touched.append("next_response")
    kept = {name: clock for name, clock in clocks.items() if name not in touched}
    return kept | {name: held.clocks[name] for name in touched if name in held.clocks}


def _delivery_begun(state: State, event: e.DeliveryBegun) -> None:
    interaction = changing(state, event.interaction)
    held = interaction.held_back
    place = next((at for at, each in enumerate(held) if each.message == event.message), None)
    if place is not None:
        behind = held[place + 1 :]
        silent_at = behind[0].silent_at if behind else interaction.silent_at
        interaction.held_back = (*(_outlived(each, silent_at) for each in held[:place]), *behind)


def _customer_disconnected(state: State, event: e.CustomerDisconnected) -> None:
    changing(state, event.interaction).customer_leaves_at = event.leaves_at
    state.deadlines.put(event.leaves_at, "customer", event.interaction)


def _customer_reconnected(state: State, event: e.CustomerReconnected) -> None:
    changing(state, event.interaction).customer_leaves_at = None


def _ended(state: State, event: e.Ended) -> None:
    interaction = changing(state, event.interaction)
    go(interaction, "customer left" if event.by == "customer" else "ended", S.WRAP_UP)
    interaction.ended_at = event.at
    if event.wrap_up_until is not None or interaction.seldom is not PLAIN:
        interaction.wrap_up_until = event.wrap_up_until
        interaction.wrap_up_extensions = 0
        interaction.owner_gone_until = None
        interaction.customer_leaves_at = None
        interaction.unanswered_at = None
    if event.wrap_up_until is not None:
        state.deadlines.put(event.wrap_up_until, "wrap_up", interaction.id)
    occupy(state, event.agent, interaction, event.cost, "wrap_up", event.at)


def _wrap_up_extended(state: State, event: e.WrapUpExtended) -> None:
    interaction = changing(state, event.interaction)
    interaction.wrap_up_extensions += 1
    interaction.wrap_up_until = event.wrap_up_until
    state.deadlines.put(event.wrap_up_until, "wrap_up", interaction.id)


def _wrapped_up(state: State, event: e.WrappedUp) -> None:
    interaction = changing(state, event.interaction)
    if interaction.accepted_at is not None:
        agent = changing_agent(state, event.agent) if event.agent in state.agents else None
        learn_handling(state, interaction, agent, event.at - interaction.accepted_at)
    finish(state, interaction, event, "wrapped up", event.disposition)


def _resumed(state: State, event: e.Resumed) -> None:
    interaction = changing(state, event.interaction)
    go(interaction, event.cause.replace("_", " "), S.ACTIVE)
    interaction.agent = event.agent
    interaction.parked_until = None
    interaction.wrap_up_until = None
    interaction.ended_at = None
    occupy(state, event.agent, interaction, event.cost, "active", event.at)


def _parked(state: State, event: e.Parked) -> None:
    interaction = changing(state, event.interaction)
    go(interaction, "parked", S.PARKED)
    interaction.parked_until = event.until
    interaction.customer_leaves_at = None
    interaction.owner_gone_until = None
    if event.until is not None:
        state.deadlines.put(event.until, "due", interaction.id)
    hush(interaction)
    interaction.parked_close_at = event.close_at
    if event.close_at is not None:
        state.deadlines.put(event.close_at, "parked_close", interaction.id)
    occupy(state, event.agent, interaction, event.cost, "parked", event.at)
    rest(state.agents[event.agent], event.at)


def _let_go(state: State, event: e.Transferred | e.OwnerLost) -> None:
    """The owner no longer has it; Enqueued or Closed follows in the same decision."""
    release(state, event.agent, event.interaction, event.at)


def _outbound_started(state: State, event: e.OutboundStarted) -> None:
    interaction = changing(state, event.interaction)
    assert allows(NEW, "started by an agent", S.ACTIVE)
    interaction.state = S.ACTIVE
    interaction.agent = event.agent
    interaction.accepted_at = event.at
    interaction.leg = 1
    occupy(state, event.agent, interaction, event.cost, "active", event.at)


def _call_tried(state: State, event: e.CallTried) -> None:
    interaction = changing(state, event.interaction)
    interaction.attempts = event.attempt
    if event.outcome == "reached":
        # Whatever follows is no retry.
        interaction.scheduled_for = ""


def _owner_away(state: State, event: e.OwnerAway) -> None:
    changing(state, event.interaction).owner_gone_until = event.until
    state.deadlines.put(event.until, "grace", event.interaction)


def _grace_ended(state: State, event: e.GraceEnded) -> None:
    changing(state, event.interaction).owner_gone_until = None


WRITERS: Writers = {
    e.AutoReplied: _auto_replied,
    e.QuestionAnswered: _question_answered,
    e.AutoRepliesStopped: _auto_replies_stopped,
    e.AutoRepliesReleased: _auto_replies_released,
    e.KnowledgeChanged: _knowledge_changed,
    e.AnsweredByBot: _answered_by_bot,
    e.AvalancheBegan: _avalanche_began,
    e.AvalancheEnded: _avalanche_ended,
    e.AutomationBegan: _automation_began,
    e.AutomationEnded: _automation_ended,
    e.AnswerAsked: _answer_asked,
    e.AnswerHeldOut: _answer_held_out,
    e.AnswerConfirmed: _answer_confirmed,
    e.MessageAdded: _message_added,
    e.MessageTakenBack: _message_taken_back,
    e.DeliveryBegun: _delivery_begun,
    e.CustomerDisconnected: _customer_disconnected,
    e.CustomerReconnected: _customer_reconnected,
    e.Ended: _ended,
    e.WrapUpExtended: _wrap_up_extended,
    e.WrappedUp: _wrapped_up,
    e.Resumed: _resumed,
    e.Parked: _parked,
    e.Transferred: _let_go,
    e.OwnerLost: _let_go,
    e.OutboundStarted: _outbound_started,
    e.CallTried: _call_tried,
    e.OwnerAway: _owner_away,
    e.GraceEnded: _grace_ended,
}
