"""What the people of a simulation were told, written down by themselves: what the site is compared with."""

from typing import Any

import msgspec


class Sent(msgspec.Struct, frozen=True):
    """A mail that the receiving server has, whether we heard its answer or not."""

    raw: bytes
    message_id: str
    in_reply_to: str
    recipient: str
    subject: str
    automatic: bool


class Truth(msgspec.Struct):
    """All of it."""

    tried: set[str] = msgspec.field(default_factory=set)
    """Every text that anybody ever tried to send in: nothing else may turn up."""
    chats: dict[str, tuple[str, int]] = msgspec.field(default_factory=dict)
    """Text -> visitor and number, as an `ack` or the customer's own message told."""
    heard: dict[str, dict[tuple[str, int], str]] = msgspec.field(default_factory=dict)
    """Visitor -> (conversation, number) -> text, as his page shows it."""
    mails: dict[str, str] = msgspec.field(default_factory=dict)
    """Text -> Message-ID, of mails that a 250 answered."""
    boxed: dict[str, str] = msgspec.field(default_factory=dict)
    """Text -> Message-ID, of mails that lie in the mailbox."""
    machine: set[str] = msgspec.field(default_factory=set)
    """Message-IDs of mails that machines wrote."""
    continued: dict[str, str] = msgspec.field(default_factory=dict)
    """Text of a customer's answer -> our Message-ID that it answers."""
    calls: dict[str, tuple[str, str]] = msgspec.field(default_factory=dict)
    """External id -> interaction and text, as a 201 or 200 told."""
    replies: dict[str, str] = msgspec.field(default_factory=dict)
    """Text -> interaction, of replies and notes that a 201 answered."""
    second_thoughts: dict[str, bool | None] = msgspec.field(default_factory=dict)
    """Text of a mail that its agent wanted back -> whether it was, as 200 and 409 told; None where nobody knows."""
    taken: dict[str, str] = msgspec.field(default_factory=dict)
    """Offer -> agent who was told that it is his."""
    sent: list[Sent] = msgspec.field(default_factory=list)
    """What the customers' mail server has."""
    complaints: list[str] = msgspec.field(default_factory=list)
    """What people saw that must not be, at once."""

    def complain(self, what: Any) -> None:
        self.complaints.append(str(what))
