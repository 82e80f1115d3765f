"""What is sent later: random commands of agents who send, and of customers who don't want it."""

from queues.lifecycle import InteractionState
from router import commands as c
from router.state import State
from tests.reference.by_customers import admit
from tests.reference.setting import Setting
from vocabulary.instants import DAY, HOUR, MINUTE, Instant

S = InteractionState


def sender(house: Setting, state: State, now: Instant) -> c.Command:
    """An agent plans, or cancels."""
    sending = [each for each in state.interactions.values() if each.sendings]
    of, once_in = house.chance.of, house.chance.once_in
    if sending and once_in(3):
        one = of(sending)
        return c.CancelSending(one.id, of((one.sendings[0].id, one.sendings[-1].id, "s-none")), "boss")
    if sending and once_in(4):
        return c.StopSendings(of(sending).customer, of(("unsubscribed", "erased")), "customer")
    found = house.one(state, *S)
    if found is None:
        return admit(house, now)
    return c.PlanSending(
        interaction=found.id,
        sending=of((house.new_id(), house.new_id(), *(each.id for each in found.sendings))),
        by="boss",
        plan=of(("offer", "list", "", "gone")),
        agent=of((None, *house.staff)),
        address_hash=of(("h1", "h2", None)),
        domain_hash=of((None, "d1")),
        at=of((None, now, now + MINUTE, now - HOUR, now + 3 * DAY, now + 400 * DAY)),
        within=of((None, None, "office", "never")),
        written=once_in(2),
        alone=once_in(4),
        unless_answered=once_in(3),
    )


def writes_again(house: Setting, state: State, now: Instant) -> c.Command:
    """A customer to whom something is sent writes, or his machine does; here or anew."""
    sending = [each for each in state.interactions.values() if each.sendings]
    if not sending:
        return sender(house, state, now)
    one = house.chance.of(sending)
    if house.chance.once_in(3):
        return c.Admit(
            id=house.new_id(),
            channel="mail",
            medium="email",
            customer=one.customer,
            message="m",
            mail_hash="h2",
            mail_domain_hash="d1",
            suppressed_by=house.chance.of(((), (), ("list",))),
        )
    return c.AddMessage(
        interaction=one.id,
        message="m",
        author="customer",
        suppressed_by=house.chance.of(((), ("auto-submitted", "subject"), ("unauthenticated",))),
    )


def performed(house: Setting, state: State, now: Instant) -> c.Command:
    """The message of a step is written into the conversation."""
    one = house.one(state, *S)
    if one is None:
        return admit(house, now)
    if one.sendings and house.chance.once_in(3):
        return c.ReportDelivery(one.id, "m", house.chance.of(("bounced", "failed", "complained", "sent")))
    author: c.Author = house.chance.of(("bot", "agent"))
    return c.AddMessage(interaction=one.id, message=house.new_id(), author=author, agent="gone", sending="s")
