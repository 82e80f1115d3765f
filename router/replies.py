"""Automatic replies and their limits (reliability.md section 4.2), and what a customer must be told."""

from statistics import median_low

from queues.interaction import Interaction
from queues.overflow import NO_CONTACT, Contact
from router import events as e
from router.commands import ChangeKnowledge, ReleaseAutoReplies
from router.decision import Refusal
from router.draft import Draft
from router.policy import Policy
from router.state import ALL_REPLIES, State
from vocabulary.instants import HOUR, Instant, Span


def may_reply(
    draft: Draft, interaction: Interaction, name: str, *, mailed_to: Contact | None = None, also: tuple[str, ...] = ()
) -> bool:
    """Tell whether automatic answer `name` may go to the customer; if not, an event says why.

    None to automatic mail, at most one to each of his messages, each at most once in an interaction, so many to one
    address and to one domain, and none at all once far more than usual went out. `mailed_to`: where it goes if that is
    not where replies go; `also`: what else is against it.
    """
    contact = interaction.contact or NO_CONTACT
    limits = over_limits(draft.state, draft.policy, draft.now, mailed_to or contact)
    reasons = [*contact.automatic, *also, *limits]
    if contact.answered:
        reasons.append("replied_already")
    if name in contact.given:
        reasons.append("given_before")
    if ALL_REPLIES in draft.state.replies_stopped:
        reasons.append("all_stopped")
    if reasons:
        draft.emit(
            e.AutoReplySuppressed(at=draft.now, interaction=interaction.id, autoresponse=name, reasons=tuple(reasons))
        )
    return not reasons


def over_limits(state: State, policy: Policy, now: Instant, contact: Contact) -> list[str]:
    """Return why no more automatic mail may go to where `contact` is, as codes."""
    reasons: list[str] = []
    if contact.address_hash is None:
        reasons.append("no_address")
    elif _recent(state, contact.address_hash, now - policy.auto_replies_within) >= policy.auto_replies_max:
        reasons.append("too_many_to_this_address")
    domain, since = contact.domain_hash, now - policy.auto_replies_domain_within
    if domain and _recent(state, domain, since) >= policy.auto_replies_domain_max:
        reasons.append("too_many_to_this_domain")
    return reasons


def room_for_mail_at(draft: Draft, address_hash: str | None, domain_hash: str | None) -> tuple[Instant | None, str]:
    """Return from when on one more automatic mail may go there, None for never, and why not now.

    What nothing stands for has no limit of its own. While all are stopped it is looked at again every hour.
    """
    policy, now = draft.policy, draft.now
    if policy.auto_replies_max <= 0:
        return None, "no_automatic_mail"
    if ALL_REPLIES in draft.state.replies_stopped:
        return now + HOUR, "all_stopped"
    address = _room_at(draft, address_hash, policy.auto_replies_max, policy.auto_replies_within)
    domain = _room_at(draft, domain_hash, policy.auto_replies_domain_max, policy.auto_replies_domain_within)
    return (address, "too_many_to_this_address") if address >= domain else (domain, "too_many_to_this_domain")


def _room_at(draft: Draft, hash_: str | None, most: int, within: Span) -> Instant:
    sent = draft.state.auto_replies.get(hash_, ()) if hash_ is not None else ()
    if most <= 0 and hash_ is not None:
        return draft.now + within
    return draft.now if hash_ is None or len(sent) < most else max(draft.now, sent[-most] + within)


def _recent(state: State, hash_: str, since: Instant) -> int:
    return sum(1 for at in state.auto_replies.get(hash_, ()) if at > since)


def reply(
    draft: Draft,
    interaction: Interaction,
    name: str,
    *,
    article: str | None = None,
    wait_ms: tuple[Span, Span] | None = None,
    question: str | None = None,
    options: tuple[str, ...] = (),
) -> None:
    """Let automatic answer `name` go out; `may_reply` has said that it may."""
    contact = interaction.contact or NO_CONTACT
    assert contact.address_hash is not None, f"nowhere to reply to in {interaction.id}"
    draft.emit(
        e.AutoReplied(
            at=draft.now,
            interaction=interaction.id,
            autoresponse=name,
            address_hash=contact.address_hash,
            domain_hash=contact.domain_hash,
            article=article,
            wait_ms=wait_ms,
            answers=max(1, interaction.messages),
            question=question,
            options=options,
        )
    )
    watch(draft)


def watch(draft: Draft) -> None:
    """Stop all automatic replies if far more than usual went out in this hour: something answers us."""
    policy, hours = draft.policy, draft.state.replies_by_hour
    hour = draft.now // HOUR
    before = [sent for at, sent in hours.items() if at != hour]
    if not policy.auto_replies_surge or len(before) < policy.auto_replies_surge_hours:
        return
    usual = median_low(before or [0])
    if hours[hour] >= max(policy.auto_replies_surge_min, policy.auto_replies_surge * usual):
        draft.emit(e.AutoRepliesStopped(at=draft.now, sent=hours[hour], usual=usual))


def release(draft: Draft, command: ReleaseAutoReplies) -> Refusal | None:
    """Let automatic replies go out again."""
    if ALL_REPLIES in draft.state.replies_stopped:
        draft.emit(e.AutoRepliesReleased(at=draft.now, by=command.by))
    return None


def change_knowledge(draft: Draft, command: ChangeKnowledge) -> Refusal | None:
    """Write down that an article is another now: whoever answers must know. No decision depends on its words."""
    draft.emit(e.KnowledgeChanged(at=draft.now, article=command.article, by=command.by, removed=command.removed))
    return None


def tell(draft: Draft, interaction: Interaction, notice: str, due: Instant | None = None) -> None:
    """Let the customer know something about what he asked for. It is no automatic reply: it answers no message."""
    draft.emit(e.CustomerTold(at=draft.now, interaction=interaction.id, notice=notice, due=due))
