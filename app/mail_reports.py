"""Reports about mails of ours: what they say is written to the mail and to its customer."""

from collections.abc import Sequence

import msgspec

from app.mail_threads import may_join
from channels.email.addresses import comparable
from channels.email.refusals import why_of
from channels.email.thread import sent_of
from channels.message import InboundMessage, Report
from customers.identity import email_identity
from customers.reachability import away, complained, undeliverable
from router.commands import DeliveryResult
from vocabulary.ids import CustomerId, InteractionId
from vocabulary.instants import Instant
from vocabulary.records import Change, CustomerRow, MessageRow, SetAttributes, attributes_changed, is_erased
from vocabulary.stores import Store

_RESULTS: dict[str, DeliveryResult] = {
    "bounced": "bounced",
    "delayed": "delayed",
    "delivered": "delivered",
    "read": "read",
    "complained": "complained",
}
_RANK = ("delayed", "delivered", "read", "complained", "bounced")
"""What of a mail is known for longer than what comes later: one that was read isn't delayed any more."""
_NO_MAILBOX = ("5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1")
"""Statuses (RFC 3463) by which no mail to the address will ever arrive; a full mailbox or a policy may change."""


class About(msgspec.Struct, frozen=True):
    """The mail of ours that a report is about."""

    message: MessageRow
    interaction: InteractionId


def report_in(message: InboundMessage) -> Report | None:
    """Return the report that a mail is, None if it is none. One of ours that comes back as it is, is about itself."""
    if "own-message-id" in message.automatic.signals and message.message_id is not None:
        return Report(kind="automatic", about=(message.message_id,))
    return message.report


class MailReports:
    """Finds what a report is about, and what follows."""

    def __init__(self, *, store: Store, keys: Sequence[bytes], domain: str) -> None:
        self._store = store
        self._keys = keys
        self._domain = domain

    async def about(self, report: Report) -> About | None:
        """Return the mail of ours that `report` names by an id that we signed, None if it names none."""
        for id in report.about:
            found = sent_of(id, keys=self._keys, domain=self._domain)
            row = await self._store.outbox_row(found[0]) if found is not None else None
            message = await self._store.message(row.message) if row is not None and row.message else None
            if found is not None and message is not None and not is_erased(message):
                return About(message, found[1])
        return None

    async def is_strangers(self, message: InboundMessage, report: Report, about: About) -> bool:
        """Tell whether it is an answer in the customer's name, or in somebody else's, that nothing proves to be his."""
        interaction = await self._store.interaction(about.interaction)
        if report.kind not in ("away", "automatic") or interaction is None:
            return False
        address = message.sender.address if message.sender is not None else ""
        sender = await self._store.customer_by_identity(*email_identity(address))
        return sender is None or not may_join(message, await self._store.group(sender.id), interaction.customer)

    async def effects(
        self, message: InboundMessage, report: Report, about: About, now: Instant
    ) -> tuple[list[Change], DeliveryResult | None]:
        """Return what is to be written, and what is to be told about the mail."""
        changes: list[Change] = []
        result = _RESULTS.get(report.kind)
        stated = about.message.attributes.get("delivery", {}).get("state", "")
        if result is not None and (stated not in _RANK or _RANK.index(result) >= _RANK.index(stated)):
            why = why_of(550, report.status) if result == "bounced" else ""
            delivery = {"state": result, "status": report.status, "why": why, "recipient": report.recipient, "at": now}
            changes.append(SetAttributes(MessageRow, about.message.id, {"delivery": delivery}))
        else:
            result = None
        interaction = await self._store.interaction(about.interaction)
        customer = await self._store.customer(interaction.customer) if interaction is not None else None
        if customer is not None and not is_erased(customer):
            changes += attributes_changed(customer, await self._marked(message, report, about, customer, now))
        return changes, result

    async def _marked(
        self, message: InboundMessage, report: Report, about: About, customer: CustomerRow, now: Instant
    ) -> dict[str, object]:
        """Return the customer's attributes as the report leaves them."""
        if report.kind == "complained":
            return complained(customer.attributes, now)
        if report.kind == "bounced" and report.status in _NO_MAILBOX:
            address = await self._address(customer.id, report.recipient)
            if address is not None:
                return undeliverable(customer.attributes, address, report.status, now)
        if report.kind == "away" and not await self.is_strangers(message, report, about):
            return away(customer.attributes, now, report.until)
        return customer.attributes

    async def _address(self, customer: CustomerId, recipient: str) -> str | None:
        """Return the customer's address that `recipient` is; a report may name the one that it was passed on to."""
        known = [each.value for each in await self._store.identities(customer) if each.kind == "email"]
        return next((each for each in known if comparable(each) == comparable(recipient)), None)
