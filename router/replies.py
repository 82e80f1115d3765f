"""Automatic replies and their limits (reliability.md section 4.2), and what a customer must be told."""

from typing import Literal

from queues.interaction import Interaction
from queues.overflow import NO_CONTACT
from router import events as e
from router.draft import Draft
from vocabulary.instants import Instant, Span


def may_reply(
    draft: Draft,
    interaction: Interaction,
    name: str,
    also: tuple[str, ...] = (),
    address_hash: str | Literal["contact"] | None = "contact",
) -> bool:
    """Tell whether automatic answer `name` may go to the customer; if not, an event says why.

    None to automatic mail, at most one to each of his messages, and so many to one address: that of the interaction's
    contact, or another one. `also`: what else is against it.
    """
    contact = interaction.contact or NO_CONTACT
    reasons = [*contact.automatic, *also]
    address = contact.address_hash if address_hash == "contact" else address_hash
    if address is None:
        reasons.append("no_address")
    elif _recent(draft, address) >= draft.policy.auto_replies_max:
        reasons.append("too_many_to_this_address")
    if contact.answered:
        reasons.append("replied_already")
    if reasons:
        draft.emit(
            e.AutoReplySuppressed(at=draft.now, interaction=interaction.id, autoresponse=name, reasons=tuple(reasons))
        )
    return not reasons


def _recent(draft: Draft, address_hash: str) -> int:
    sent = draft.state.auto_replies.get(address_hash, ())
    return sum(1 for at in sent if at > draft.now - draft.policy.auto_replies_within)


def room_for_reply_at(draft: Draft, address_hash: str | None) -> Instant | None:
    """Return from when on one more automatic mail may go to an address: now, or later; None: never.

    An address that nothing stands for has no limit of its own.
    """
    policy = draft.policy
    sent = draft.state.auto_replies.get(address_hash, ()) if address_hash is not None else ()
    if policy.auto_replies_max <= 0:
        return None
    if len(sent) < policy.auto_replies_max:
        return draft.now
    return max(draft.now, sent[-policy.auto_replies_max] + policy.auto_replies_within)


def reply(
    draft: Draft,
    interaction: Interaction,
    name: str,
    *,
    article: str | None = None,
    wait_ms: tuple[Span, Span] | None = None,
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
            article=article,
            wait_ms=wait_ms,
            answers=max(1, interaction.messages),
        )
    )


def tell(draft: Draft, interaction: Interaction, notice: str, due: Instant | None = None) -> None:
    """Let the customer know something about what he asked for. It is no automatic reply: it answers no message."""
    draft.emit(e.CustomerTold(at=draft.now, interaction=interaction.id, notice=notice, due=due))
