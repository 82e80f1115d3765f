"""What customers are told of their callbacks: words, the time in their zone, the link, an entry for a calendar."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any

from autoresponders.templates import Template, Wordings
from channels.callback.calendar import Appointment, calendar
from channels.callback.times import zone_of
from router.effects import SendNotice
from vocabulary.ids import InteractionId, QueueName, derived_id, reference
from vocabulary.instants import MINUTE, Instant, Span
from vocabulary.media import CALLBACK, EMAIL
from vocabulary.records import AttachmentRow, InteractionRow, MessageRow, PutNew
from vocabulary.stores import Store

CALENDAR_NAME = "callback.ics"
_USUAL_SLOT: Span = 30 * MINUTE


def own_text(texts: Mapping[str, Template], language: str | None, values: Mapping[str, object]) -> str | None:
    """Return the words that the configuration has in `language`, or in its first one; None if it has none."""
    template = texts.get(language or "") or next(iter(texts.values()), None)
    return None if template is None else template.render(values)


def said_by_itself(texts: Mapping[str, Template], language: str | None, wordings: Wordings) -> str:
    """Return what stands under words of the configuration that nobody sends: that it is so, and how to get a person.

    In the language that `own_text` has them in.
    """
    return wordings.text("automatic", language if language in texts else next(iter(texts), language))


class Notices:
    """Writes what customers are told.

    `link_of` gives the address at which a customer changes or cancels his callback; `slot_of` the length of a queue's
    windows; `zone` is the site's; `company` and `domain` stand in calendar entries.
    """

    def __init__(
        self,
        store: Store,
        wordings: Wordings,
        *,
        link_of: Callable[[InteractionId], str] | None = None,
        slot_of: Callable[[QueueName], Span] | None = None,
        zone: tzinfo = UTC,
        company: str = "",
        domain: str = "localhost",
    ) -> None:
        self._store = store
        self._wordings = wordings
        self._link_of = link_of
        self._slot_of = slot_of
        self._zone = zone
        self._company = company
        self._domain = domain

    async def write(self, id: str, effect: SendNotice, interaction: InteractionRow, now: Instant) -> Sequence[PutNew]:
        """Return the message `id`, and behind it a calendar entry if there is an appointment."""
        first = await self._store.messages(interaction.id, limit=1)
        attributes = first[0].attributes if first else {}
        number = reference(interaction.number)
        by_mail = interaction.medium in (EMAIL, CALLBACK)
        row = MessageRow(
            id=id,
            interaction=interaction.id,
            channel=interaction.channel,
            author="bot",
            at=now,
            text="\n\n".join(await self._parts(effect, interaction, number, attributes)),
            subject=self._wordings.text("callback_subject", interaction.language, number=number) if by_mail else "",
        )
        if effect.due is None:
            return [PutNew(row)]
        entry = self.entry(interaction, effect.due, now)
        file = AttachmentRow(
            id=derived_id("a", id, CALENDAR_NAME),
            message=id,
            filename=CALENDAR_NAME,
            content_type="text/calendar",
            content=entry,
        )
        return [PutNew(row), PutNew(file)]

    def entry(self, interaction: InteractionRow, due: Instant, now: Instant) -> bytes:
        """Return the calendar entry of a callback that begins `due`."""
        number = reference(interaction.number)
        return calendar(
            Appointment(
                uid=f"{interaction.id}@{self._domain}",
                starts_at=due,
                ends_at=due + self._slot(interaction.queue),
                changed_at=now,
                sequence=interaction.changed_seq,
                summary=self._wordings.text("callback_subject", interaction.language, number=number),
                organiser=self._company,
                link=self._link_of(interaction.id) if self._link_of is not None else None,
            )
        )

    async def _parts(
        self, effect: SendNotice, interaction: InteractionRow, number: str, attributes: Mapping[str, Any]
    ) -> list[str]:
        """Return the paragraphs; `attributes` of the first message are what the customer gave with it."""
        language, zone = interaction.language, attributes.get("time_zone")
        phone = attributes.get("phone") or await self._phone(interaction.customer)
        parts = [self._wordings.text(effect.notice, language, number=number, phone=phone)]
        if effect.due is not None:
            parts.append(self._when(effect.due, self._slot(interaction.queue), language, zone))
        if effect.notice == "callback_confirmed" and self._link_of is not None:
            parts.append(self._wordings.text("callback_link", language, link=self._link_of(interaction.id)))
        return parts

    async def _phone(self, customer: str) -> str:
        known = await self._store.person_identities(customer)
        return next((each.value for each in known if each.kind == "phone"), "-")

    def _when(self, due: Instant, slot: Span, language: str | None, zone: object) -> str:
        shown = zone_of(zone) or self._zone
        start, end = (datetime.fromtimestamp(at / 1000, shown) for at in (due, due + slot))
        return self._wordings.text(
            "callback_when",
            language,
            date=f"{start:%Y-%m-%d}",
            start=f"{start:%H:%M}",
            end=f"{end:%H:%M}",
            zone=str(shown),
        )

    def _slot(self, queue: QueueName) -> Span:
        return self._slot_of(queue) if self._slot_of is not None else _USUAL_SLOT
