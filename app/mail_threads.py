"""Which conversation a mail continues, and whether its sender may (reliability.md section 4.3)."""

from collections.abc import Collection, Sequence

import msgspec

from app.outgoing import copies_of
from channels.email.addresses import comparable
from channels.email.thread import interaction_of, interaction_of_address, named_in_address, thread_keys
from channels.message import InboundMessage
from vocabulary.ids import CustomerId, InteractionId
from vocabulary.instants import Instant
from vocabulary.media import EMAIL
from vocabulary.records import MessageRow
from vocabulary.stores import Store

REUSED_ID = "message-id-reused"
"""The defect of a mail under a Message-ID that another mail has already."""


class Found(msgspec.Struct, frozen=True):
    """The conversation that a mail continues, if any, and whether it came under the Message-ID of another mail."""

    interaction: InteractionId | None = None
    reuses_id: bool = False


class MailThreads:
    """Finds the conversation of a mail."""

    def __init__(self, *, store: Store, keys: Sequence[bytes], domain: str) -> None:
        self._store = store
        self._keys = keys
        self._domain = domain

    async def continued(self, message: InboundMessage, customers: Collection[CustomerId]) -> Found:
        """Return what a mail of `customers`, who are one person, continues: by our signed ids, our address, his mails.

        Whoever takes another mail's Message-ID continues nothing: it could stand in that one's place.
        """
        if message.medium != EMAIL:
            return Found()
        named = thread_keys(message)
        own = (message.message_id,) if message.message_id else ()
        rows = await self._store.messages_by_message_id((*own, *named)) if own or named else ()
        if any(row.message_id in own and row.external_id != message.external_id for row in rows):
            return Found(reuses_id=True)
        for each in named:
            ours = interaction_of(each, keys=self._keys, domain=self._domain)
            if ours is not None:
                return Found(ours)
        sender = message.sender.address if message.sender else ""
        for recipient in message.recipients:
            ours = await self._by_address(recipient.address, sender, message.received_at)
            if ours is not None:
                return Found(ours)
        return Found(await self._by_own_mails(named, rows, customers))

    async def is_participant(self, message: InboundMessage, interaction: InteractionId) -> bool:
        """Tell whether `message` is proven to be from somebody whom an agent sent a copy: so he let him take part.

        Whom a mail of others names takes no part by that (reliability.md 4.3).
        """
        if message.sender is None or not message.raw or message.trust.verdict != "proven":
            return False
        sender = comparable(message.sender.address)
        said = await self._store.messages(interaction, limit=100_000)
        copied = [row for row in said if row.author == "agent" and sender in map(comparable, copies_of(row))]
        if not copied:
            return False
        back = {row.message for row in await self._store.outbox_of(interaction) if row.state == "taken_back"}
        return any(row.id not in back for row in copied)

    async def _by_address(self, address: str, sender: str, now: Instant) -> InteractionId | None:
        """Return the interaction that the token in `address` names.

        One that was made for the customer brings somebody else there too, as one who has seen a mail of ours.
        """
        named = named_in_address(address)
        row = await self._store.interaction(named) if named is not None else None
        if row is None:
            return None
        known = [each.value for each in await self._store.identities(row.customer) if each.kind == "email"]
        for addressee in (sender, *known):
            if interaction_of_address(address, addressee=addressee, keys=self._keys, now=now) is not None:
                return named
        return None

    async def _by_own_mails(
        self, named: Sequence[str], rows: Sequence[MessageRow], customers: Collection[CustomerId]
    ) -> InteractionId | None:
        """Foreign Message-IDs match only within the same customer; else anybody could write into his interaction."""
        for each in named:
            # Several mails may claim one id; those of others don't hide the customer's own.
            for row in rows:
                interaction = await self._store.interaction(row.interaction) if row.message_id == each else None
                if interaction is not None and interaction.customer in customers:
                    return interaction.id
        return None


def may_join(message: InboundMessage, customers: Collection[CustomerId], owner: CustomerId) -> bool:
    """Tell whether `message` of `customers`, who are one person, counts as said by `owner`, whose conversation it is.

    It must be the same person, and a mail must be proven to be his. Where nobody looked, his address is believed, as it
    always was; it is marked as unchecked.
    """
    return owner in customers and (not message.raw or message.trust.verdict in ("proven", "unchecked"))
