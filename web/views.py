"""Builds the views of interactions, with their customers, messages and offers, from the state and the records."""

from typing import Any

import msgspec

from customers.evidence import IDENTIFIED, Evidence
from queues.interaction import Heads, Interaction, Offer
from queues.lifecycle import HELD
from queues.sending import Sending
from queues.sla import Clock
from reports.wording.text import delivery_text
from router.expect import expected_wait, position
from router.explain_offer import offer_reasons
from vocabulary.ids import derived_id, reference
from vocabulary.instants import rfc3339, span_text
from vocabulary.records import (
    COPIES,
    PARTICIPANT,
    UNVERIFIED,
    InteractionRow,
    MessageRow,
    OutboxRow,
)
from web import answers as a
from web.access import Principal, Tie, serves_customer, tie_to_interaction
from web.customer_views import CustomerViews, evidence_view
from web.site import Site
from web.staff_views import StaffViews, at, wait_view

PREVIEW = 140
_WORST_FIRST = (
    "failed", "bounced", "uncertain", "complained", "deferred", "delayed", "queued", "sending", "sent", "delivered",
    "read", "taken_back", "none",
)  # fmt: skip
"""What several recipients make of one message."""

_BECAME_OWNER = ("OfferAccepted", "TakenOver", "OutboundStarted")
"""Events by which their agent became the owner."""


class _Words(msgspec.Struct, frozen=True, kw_only=True):
    """What the records say of an interaction.

    `preview`: the beginning of the customer's latest message, of ours if he said nothing. `phone`: the number that he
    gave with this request, whatever other numbers he is known by.
    """

    subject: str = ""
    preview: str = ""
    attributes: dict[str, Any] = {}
    phone: str | None = None
    time_zone: str | None = None


class _ReadOff(msgspec.Struct, frozen=True, kw_only=True):
    """What a message's attributes say of a mail beside its text (app/intake.py)."""

    marks: list[str] = []
    senders: list[a.MailboxView] = []
    forwarded_from: a.MailboxView | None = None
    also_to: list[a.MailboxView] = []
    invitations: list[a.InvitationView] = []


class Views:
    """Views of one site's interactions, and what ties somebody to them."""

    def __init__(self, site: Site, staff: StaffViews) -> None:
        self._site = site
        self.customers = CustomerViews(site)
        self._staff = staff

    # -- interactions

    async def find(self, id: str) -> Interaction | None:
        """Return the interaction, from the records once the core has forgotten it."""
        current: Interaction | None = self._site.state.interactions.get(id)
        if current is not None:
            return current
        row = await self._site.store.interaction(id)
        return None if row is None else self.of_row(row)

    def of_row(self, row: InteractionRow) -> Interaction:
        """Return the interaction that `row` is about, as it is now."""
        current: Interaction | None = self._site.state.interactions.get(row.id)
        return current or msgspec.json.decode(row.body, type=Interaction)

    async def tie(self, principal: Principal, interaction: Interaction) -> Tie:
        """Return all that ties `principal` to `interaction`."""
        tie = tie_to_interaction(principal, interaction, self._site.state)
        if principal.role == "operator" and principal.agent is not None and not tie & (Tie.OWNS | Tie.HELD):
            if await self._held_before(principal.agent, interaction.id):
                tie |= Tie.HELD
            if await self.knows(principal, interaction.customer):
                tie |= Tie.KNOWS
        return tie

    async def knows(self, principal: Principal, customer: str) -> bool:
        """Tell whether `principal` serves `customer` now: holds, or has parked, something of his, or it rings."""
        if principal.agent is None:
            return False
        parts = await self._site.store.group(customer)
        if any(serves_customer(principal, part, self._site.state) for part in parts):
            return True
        held = [str(state) for state in HELD]
        return bool(await self._site.store.interactions(state=held, customer=parts, agent=principal.agent, limit=1))

    async def _held_before(self, agent: str, interaction: str) -> bool:
        entries = await self._site.store.entries(0, 10_000, interaction=interaction)
        return any(entry.type in _BECAME_OWNER and entry.agent == agent for entry in entries)

    async def interaction(self, found: Interaction) -> a.InteractionView:
        """Return the view of an interaction."""
        site = self._site
        policy = site.policy.queues.get(found.queue)
        words = await self._words(found)
        customer = await self.customers.brief(found.customer)
        if words.phone is not None:
            customer = msgspec.structs.replace(customer, phone=words.phone)
        span = expected_wait(site.state, site.policy, found.id)
        return a.InteractionView(
            id=found.id,
            number=found.number,
            reference=reference(found.number),
            state=str(found.state),
            queue=found.queue,
            channel=found.channel,
            medium=found.medium,
            customer=customer,
            agent=found.agent,
            priority=found.priority,
            class_=found.class_,
            requirements=[
                a.RequirementView(
                    skill=need.skill,
                    level=need.level,
                    expires_after=None if need.expires_after is None else span_text(need.expires_after),
                )
                for need in found.requirements
            ],
            labels=[(label.name, label.confidence) for label in found.labels],
            heads=heads_shown(found.heads),
            labelled_by=found.corrected.by if found.corrected is not None else None,
            labels_before=[(label.name, label.confidence) for label in found.corrected.before]
            if found.corrected is not None
            else [],
            language=found.language,
            subject=words.subject,
            preview=words.preview,
            tags=list(found.tags),
            attributes=words.attributes,
            created_at=rfc3339(found.created_at),
            arrived_at=rfc3339(found.arrived_at),
            enqueued_at=rfc3339(found.enqueued_at),
            due_at=rfc3339(found.due_at),
            accepted_at=at(found.accepted_at),
            wrap_up_until=at(found.wrap_up_until),
            wrap_up_mode=policy.wrap_up if policy else "none",
            dispositions=list(policy.dispositions) if policy else [],
            disposition=found.disposition,
            parked_until=at(found.parked_until),
            scheduled_at=at(found.scheduled_at),
            closed_at=at(found.closed_at),
            position=position(site.state, found.id),
            expected_wait=wait_view(span),
            messages=found.messages,
            unanswered_since=at(found.unanswered_at),
            attempts=found.attempts,
            segment=found.segment,
            also_segments=list(found.also_segments),
            sla=found.agreement.name if found.agreement is not None else None,
            clocks={name: _clock(clock) for name, clock in found.clocks.items()},
            follows=found.follows,
            asked_who=_asked_who(found),
            warm_transfer=_warm_transfer(found),
            room=members(found, monitors=False),
            undo=_undo(found),
            sendings=[self._next(sending) for sending in found.sendings],
            time_zone=words.time_zone,
        )

    def _next(self, sending: Sending) -> a.NextSending:
        plan = self._site.policy.plans.get(sending.plan)
        calls = plan is not None and plan.call is not None and sending.step >= len(plan.steps)
        return a.NextSending(
            id=sending.id,
            name=sending.plan or None,
            due_at=rfc3339(sending.due_at),
            step=sending.step,
            calls=calls,
            queue=plan.call.queue if calls and plan is not None and plan.call is not None else None,
        )

    async def _words(self, found: Interaction) -> "_Words":
        if not found.messages:
            return _Words()
        first = await self._site.store.messages(found.id, limit=1)
        latest = await self._site.store.messages(found.id, after=max(0, found.messages - 10), limit=10)
        # An automatic answer tells an agent nothing about what the customer wants.
        said = [row.text for row in latest if row.author == "customer"]
        said = said or [row.text for row in latest if row.author != "note"] or [row.text for row in latest] or [""]
        given = first[0].attributes if first else {}
        return _Words(
            subject=first[0].subject if first else "",
            preview=" ".join(said[-1].split())[:PREVIEW],
            attributes=given.get("attributes", {}),
            phone=given.get("phone"),
            time_zone=given.get("time_zone"),
        )

    async def identified(self, interaction: str, language: str) -> dict[str, Any] | None:
        """Return what the customer of an interaction was identified by, as explanations have it, if anybody looked."""
        first = await self._site.store.messages(interaction, limit=1)
        kept = first[0].attributes.get(IDENTIFIED) if first else None
        if not kept:
            return None
        evidence = [evidence_view(msgspec.convert(each, Evidence), language) for each in kept["evidence"]]
        return {
            "strength": kept["strength"],
            "probability": kept["probability"],
            "evidence": [msgspec.to_builtins(each) for each in evidence],
        }

    # -- messages

    async def message(self, row: MessageRow, language: str = "en") -> a.MessageView:
        """Return the view of a message; what went wrong is told in `language`."""
        recipients = await self._recipients(row, language)
        held = self._site.state.interactions.get(row.interaction)
        undo = [each.until for each in held.held_back if each.message == row.id] if held is not None else []
        files = await self._site.store.attachments(row.id)
        name = row.sender_name
        if not name and row.agent is not None:
            name = await self._staff.name_of(row.agent)
        return a.MessageView(
            id=row.id,
            number=row.number,
            author=row.author,
            agent=row.agent,
            name=name,
            text=row.text,
            html=row.html,
            subject=row.subject,
            at=rfc3339(row.at),
            delivery=min((each.delivery for each in recipients), key=_WORST_FIRST.index, default="none"),
            undo_until=at(undo[0] if undo else None),
            recipients=recipients,
            delivery_status=row.attributes.get("delivery", {}).get("status", ""),
            sending=row.attributes.get("sending"),
            report=row.attributes.get("report", {}).get("kind"),
            trust=_trust(row),
            also_in=row.attributes.get("also_in", []),
            attachments=[
                a.AttachmentView(
                    id=file.id,
                    filename=file.filename,
                    content_type=file.content_type,
                    size=len(file.content),
                    inline=file.inline,
                    content_id=file.content_id,
                )
                for file in files
            ],
            address=row.sender_address,
            **msgspec.structs.asdict(msgspec.convert(row.attributes, _ReadOff)),
        )

    async def _recipients(self, row: MessageRow, language: str) -> list[a.RecipientView]:
        """Return what became of a mail of ours for each of those whom it goes to."""
        if row.author not in ("agent", "bot"):
            return []
        # The outbox row of a message has the id of the effect that delivers it (router/effects.py); each copy has one
        # beside it once the mail has begun to go out (app/mailroom.py).
        first = derived_id("fx", row.id)
        copies = row.attributes.get(COPIES, ())
        ids = [first, *(derived_id("fx", first, str(number)) for number in range(1, len(copies) + 1))]
        addresses = [str(row.attributes.get("to", "")), *map(str, copies)]
        found = [await self._site.store.outbox_row(id) for id in ids]
        shown = [
            _recipient(sending, address, language, copy=number > 0)
            for number, (sending, address) in enumerate(zip(found, addresses, strict=True))
            if sending is not None
        ]
        return _with_report(shown, row.attributes.get("delivery", {}), language)

    async def delivery_of_step(self, sending: str, step: int) -> str:
        """Return what became of a message that was due: of its mail, or of writing it."""
        writing = derived_id("fx", sending, str(step))
        for effect in (derived_id("fx", derived_id("m", writing)), writing):
            row = await self._site.store.outbox_row(effect)
            if row is not None:
                return "queued" if row.state == "pending" else row.state
        return "queued"

    # -- offers

    async def offer(self, offer: Offer) -> a.OfferView:
        """Return the view of an offer."""
        found = await self.find(offer.interaction)
        return a.OfferView(
            id=offer.id,
            interaction=None if found is None else await self.interaction(found),
            agent=offer.agent,
            state=offer.state,
            offered_at=rfc3339(offer.offered_at),
            expires_at=rfc3339(offer.expires_at),
            reason=offer.reason,
            why=list(offer_reasons(self._site.state, offer)),
        )


def heads_shown(heads: Heads | None) -> dict[str, tuple[str, float]]:
    """Return what the text tells beside its labels, with the confidence of each: only what is known."""
    known = {name: getattr(heads, name, None) for name in Heads.__struct_fields__}
    return {name: (told.name, told.confidence) for name, told in known.items() if told is not None}


def _recipient(sending: OutboxRow, address: str, language: str, *, copy: bool) -> a.RecipientView:
    delivery = "queued" if sending.state == "pending" else sending.state
    return a.RecipientView(
        address=address,
        copy=copy,
        delivery=delivery,
        until=at(sending.due_at) if delivery in ("queued", "deferred") and sending.due_at else None,
        why=sending.why,
        reason=delivery_text(sending.why, language, failed=sending.state == "failed"),
        said=sending.reason,
    )


def _with_report(recipients: list[a.RecipientView], report: dict[str, Any], language: str) -> list[a.RecipientView]:
    """Return `recipients` with what came back about one of them: a copy by its address, else the recipient himself."""
    named = [one for one in recipients if one.copy and one.address == report.get("recipient")]
    about = next(iter(named or recipients), None)
    if about is None or not report.get("state") or about.delivery in ("queued", "sending", "taken_back"):
        return recipients
    why = report.get("why", "")
    reported = msgspec.structs.replace(
        about,
        delivery=report["state"],
        until=None,
        why=why,
        reason=delivery_text(why, language, failed=True),
        said=report.get("status", ""),
    )
    return [reported if one is about else one for one in recipients]


def _trust(row: MessageRow) -> a.TrustView | None:
    """Return what is known of the sender of a mail, None of anything else."""
    trust = row.attributes.get("trust")
    if not isinstance(trust, dict):
        return None
    third_party, participant = (bool(row.attributes.get(who)) for who in (UNVERIFIED, PARTICIPANT))
    return a.TrustView(**trust, third_party=third_party, participant=participant)


def members(found: Interaction, *, monitors: bool) -> list[a.RoomMember]:
    """Return who is in the room beside the owner; who monitors is seen only by those who may do so themselves."""
    return [
        a.RoomMember(agent=agent, mode=mode)
        for agent, mode in sorted(found.participants.items())
        if monitors or mode != "monitor"
    ]


def _warm_transfer(found: Interaction) -> a.WarmTransferView | None:
    consult = found.consult
    if consult is None:
        return None
    return a.WarmTransferView(
        queue=consult.queue,
        agent=consult.only_agent,
        since=rfc3339(consult.since),
        until=rfc3339(consult.until),
        note=consult.note,
    )


def _asked_who(found: Interaction) -> a.AskedView | None:
    asked = found.asked_who
    if asked is None:
        return None
    return a.AskedView(question=asked.question, tries=asked.tries, result=asked.result)


def _undo(found: Interaction) -> a.UndoView | None:
    undo = found.undo
    return None if undo is None else a.UndoView(kind=undo.kind, until=rfc3339(undo.until))


def _clock(clock: Clock) -> a.ClockView:
    return a.ClockView(
        started_at=rfc3339(clock.started_at),
        due_at=rfc3339(clock.due_at) if clock.left is None else None,
        left_s=None if clock.left is None else clock.left / 1000,
        stopped_at=at(clock.stopped_at),
        met=clock.met,
        breached=clock.breached,
    )
