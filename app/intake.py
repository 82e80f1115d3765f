"""Intake: from a message that a channel brought to a decision of the core (semantics.md section 3).

Dedupe, thread, identify, classify; then the writer. A step that fails never loses or blocks the message.
"""

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import msgspec
import structlog

from app.answering import Answering, Heard
from app.background import former_labels
from app.background import kept as kept_background
from app.crm_asking import is_proven
from app.engine import Engine
from app.identifying import stranger_id
from app.keyed_lock import KeyedLock
from app.knowledge import KnowledgeBase
from app.labelling import Classify, labelled
from app.mail_reports import MailReports, report_in
from app.mail_threads import REUSED_ID, Found, MailThreads, may_join
from app.poison import TRIES_MAX, Kept, claimed_by, kept
from app.recognising import Recognising, Seen, own_evidence
from app.reply_limits import Hashes, ReplyLimits
from app.rereading import Rereading
from app.standing import standing_of
from app.unsubscribing import wants_none
from app.wishes import Wishes
from channels.email.guard import by_sender
from channels.message import Attachment, InboundMessage
from classifiers.background import Background
from classifiers.cascade import Classification
from classifiers.features import whole_text
from customers import reachability
from customers.blocking import is_blocked
from customers.identity import Identity, email_identity
from queues.lifecycle import OPEN
from router.commands import AddMessage, Admit, AnswerResult, ReportDelivery, StartOutbound
from router.decision import Decision
from vocabulary.crashpoints import crashpoint
from vocabulary.errors import Quarantined, TemporaryFailure
from vocabulary.ids import AgentId, CustomerId, InteractionId, MessageId, derived_id, file_id
from vocabulary.media import EMAIL
from vocabulary.records import (
    PARTICIPANT,
    UNVERIFIED,
    AttachmentRow,
    Change,
    CustomerRow,
    IdentityRow,
    MessageRow,
    PutNew,
    ReceivedRow,
    Set,
    SetAttributes,
    attributes_changed,
    is_erased,
)
from vocabulary.stores import Store
from web.site import Admission, NotTaken

log = structlog.get_logger()

_LEARNT_WORDS, _CHANGED_WORDS = 3, 8
"""A customer's language is learnt from a message of so many words, and another one from so many."""


def _unseen(interaction: InteractionId, text: str, decided: Classification, known: Background) -> None:
    """Nobody wants to know."""


class Intake:
    """Takes in what channels bring."""

    def __init__(
        self,
        *,
        engine: Engine,
        store: Store,
        classify: Classify,
        knowledge: KnowledgeBase | None = None,
        keys: Sequence[bytes],
        domain: str,
        providers: Collection[str] = (),
        same_mail_once: bool = True,
        own_addresses: frozenset[str] = frozenset(),
        recognising: Recognising | None = None,
        languages: Sequence[str] = ("en",),
        seen: Callable[[InteractionId, str, Classification, Background], None] = _unseen,
    ) -> None:
        """Take what it works with.

        Args:
            engine: the writer.
            store: journal and records.
            classify: tells what a text is about.
            knowledge: articles that may answer; None: there are none.
            keys: what signs ids and addresses, the first one anew.
            domain: that of our Message-IDs.
            providers: domains whose addresses belong to people who don't know each other.
            same_mail_once: whether a mail to several mailboxes is one message; else one for each.
            own_addresses: mailboxes and identities of ours, which no machine of ours answers.
            recognising: tells who writes beyond the address that he writes from.
            languages: those in which customers answer.
            seen: hears of what was admitted: its whole text, what was decided of it, and what is known beside it.
        """
        self._engine = engine
        self._store = store
        self._classify = classify
        self._knowledge = knowledge or KnowledgeBase(engine=engine, store=store)
        self._keys = keys
        self._limits = ReplyLimits(keys[0], providers)
        self._same_mail_once = same_mail_once
        self._own_addresses = own_addresses
        self._seen = seen
        self._threads = MailThreads(store=store, keys=keys, domain=domain)
        self._reports = MailReports(store=store, keys=keys, domain=domain)
        self._locks = KeyedLock()
        self._recognising = recognising or Recognising(store=store)
        self._rereading = Rereading(engine=engine, store=store, classify=classify)
        self._answering = Answering(store=store, recognising=self._recognising, languages=languages)

    async def receive(
        self,
        message: InboundMessage,
        *,
        received: str | None = None,
        continues: InteractionId | None = None,
        wishes: Wishes = Wishes(),  # noqa: B008  # a frozen value
    ) -> Admission:
        """Take `message` in; once it returns, it is on disk. A repeat answers as the first did.

        Args:
            message: what the channel brought.
            received: id of the raw bytes, which are marked as admitted in the same transaction.
            continues: the interaction that the channel itself knows it to belong to.
            wishes: what staff or an integration wants.

        What fails each time it is tried is kept with its bytes for a supervisor: by the caller where it has `received`,
        else here, so that whoever sends it again and again hinders nobody.

        Raises:
            TemporaryFailure: try again.
            NotTaken: the core refuses it for good; the message says why.
            Quarantined: it failed three times and is kept.
        """
        wishes, who = await self._named(message, wishes)
        sender = _sender_key(who[0]) if who else message.external_id
        # One sender's messages keep their order; one external id is taken in once, whoever it comes from.
        async with (
            self._locks.holding(sender),
            self._locks.holding(f"{self._place(message)}\x1f{message.external_id}"),
            self._locks.holding(f"customer\x1f{wishes.customer or message.external_id}"),
        ):
            known = await self._known(message)
            if known is not None:
                await self._again(message, known, received)
                return Admission(known.interaction, known.id, known=True)
            if received is not None:
                return await self._take(message, who, received, continues, wishes)
            return await self._take_or_keep(message, who, continues, wishes)

    async def _known(self, message: InboundMessage) -> MessageRow | None:
        """Return the message as it was taken in before. Of an erased one, only its id still tells."""
        return await self._store.known_message(
            _message_id(message, self._place(message)), message.channel, message.external_id
        )

    async def _take_or_keep(
        self, message: InboundMessage, who: Sequence[Identity], continues: InteractionId | None, wishes: Wishes
    ) -> Admission:
        attempt = 0
        while True:
            attempt += 1
            try:
                return await self._take(message, who, None, continues, wishes)
            except (TemporaryFailure, NotTaken):
                raise
            except Exception as error:  # noqa: BLE001  # whatever it is: the input is kept, and nobody waits for it
                failed = error
            log.error("input_failed", channel=message.channel, attempt=attempt, error=type(failed).__name__)
            if attempt == TRIES_MAX:
                break
        row = kept(Kept(message=message, continues=continues, wishes=wishes), failed, TRIES_MAX)
        await self._engine.write(PutNew(row))
        log.error("input_quarantined", received=row.id, channel=row.channel, error=type(failed).__name__)
        raise Quarantined(row.id) from failed

    async def start(self, message: InboundMessage, agent: AgentId, wishes: Wishes) -> tuple[Decision, InteractionId]:
        """Let `agent` begin an interaction with whom `message` is about; a repeat is refused as `known`."""
        wishes, who = await self._named(message, wishes)
        async with self._locks.holding(_sender_key(who[0]) if who else message.external_id):
            customer, _, learnt = await self._identify(message, who, wishes)
            command = StartOutbound(
                id=_new_id(message, message.channel),
                channel=message.channel,
                medium=message.medium,
                customer=customer,
                agent=agent,
                queue=wishes.queue,
                language=wishes.language,
                tags=wishes.tags,
            )
            return await self._engine.submit(command, learnt), command.id

    @asynccontextmanager
    async def standing_still(
        self, who: Sequence[tuple[str, str]], customers: Sequence[CustomerId]
    ) -> AsyncIterator[None]:
        """Take nothing in from `who`, nor for `customers`, while the block lasts."""
        async with AsyncExitStack() as held:
            for each in sorted(who):
                await held.enter_async_context(self._locks.holding(_sender_key(each)))
            for customer in sorted(customers):
                await held.enter_async_context(self._locks.holding(f"customer\x1f{customer}"))
            yield

    async def _named(self, message: InboundMessage, wishes: Wishes) -> tuple[Wishes, tuple[Identity, ...]]:
        """Return the wishes, with a customer only if there is that one, and what shows who sent it.

        Any other name that an integration has for him is what he is known by there: it may be an address, and ids
        stand in the journal.
        """
        named = wishes.customer
        row = await self._store.customer(named) if named is not None else None
        if named is None or (row is not None and not is_erased(row)):
            return wishes, claimed_by(message)
        return msgspec.structs.replace(wishes, customer=None), claimed_by(message, named)

    async def _again(self, message: InboundMessage, known: MessageRow, received: str | None) -> None:
        """Mark the bytes of a repeat as admitted; one that came to another mailbox is shown beside the first."""
        changes: list[Change] = []
        if received is not None:
            values = {"state": "admitted", "interaction": known.interaction}
            changes.append(Set(ReceivedRow, received, values))
        also = known.attributes.get("also_in", [])
        if message.channel not in (known.channel, *also) and not is_erased(known):
            changes.append(SetAttributes(MessageRow, known.id, {"also_in": [*also, message.channel]}))
        if changes:
            await self._engine.write(*changes)

    async def _take(
        self,
        message: InboundMessage,
        who: Sequence[Identity],
        received: str | None,
        continues: InteractionId | None,
        wishes: Wishes,
    ) -> Admission:
        reported = await self._report(message, received)
        if reported is not None:
            return reported
        customer, known, learnt = await self._identify(message, who, wishes)
        rows = await self._person(known)
        learnt += [change for row in rows for change in _heard(message, row)]
        parts = [customer, *(row.id for row in rows)]
        thread = Found(continues) if continues else await self._threads.continued(message, parts)
        if thread.reuses_id:
            message = msgspec.structs.replace(message, defects=(*message.defects, REUSED_ID))
        found = await self._kept_thread(thread.interaction, rows)
        seen = await self._recognised(message, customer, rows, who, wishes, found)
        learnt += seen.changes
        person = seen.person
        is_work = not (_is_blocked(person) or wishes.archived)
        if found is not None and (is_work or not self._is_over(found)):
            row = await self._gated(message, self._row(message, found, received), parts)
            heard = await self._heard(message, row, customer, seen)
            signals = self._signals(message, row, person)
            if heard.seen is not None:
                learnt += [*heard.seen.changes, *await self._kept_with_first(found, heard.seen)]
            anew = None
            if not signals:
                anew, told = await self._anew(found, message, customer, heard.seen or seen, heard.result)
                learnt += told
            command = AddMessage(
                interaction=found,
                message=row.id,
                author="customer",
                suppressed_by=signals,
                answer=heard.result,
                chosen=None if signals else self._chosen(found, message),
                anew=anew,
            )
            decision = await self._engine.submit(command, [*learnt, *_rows(message, row)])
            if decision.refusal is None:
                return Admission(found, row.id, known=False)
            # Too old to open again: a new interaction that links to the old.
        new = _New(customer, tuple(each.id for each in rows), seen, learnt, received, found)
        return await self._admit(message, new, wishes)

    async def _anew(
        self, id: InteractionId, message: InboundMessage, customer: CustomerId, seen: Seen, answer: AnswerResult | None
    ) -> tuple[Admit | None, list[Change]]:
        """Return an interaction as it is understood with another message, and what that tells of its customer.

        None: nothing is to be read anew.
        """
        held = self._rereading.concerns(id, identified=answer == "found")
        if held is None:
            return None, []
        anew, said = await self._rereading.read(held, message, seen)
        usual = seen.person.language if seen.person is not None else None
        return anew, [] if said is None else _language_learnt(customer, usual, said.language, said.text)

    async def _report(self, message: InboundMessage, received: str | None) -> Admission | None:
        """Put a report beside the mail of ours that it is about; None: it is none, or what it is about is gone.

        It opens no conversation again, nobody wrote; what it says is shown at the mail and at its customer.
        """
        report = report_in(message)
        about = await self._reports.about(report) if report is not None else None
        if report is None or about is None:
            return None
        row = self._row(message, about.interaction, received)
        said: dict[str, object] = {"report": {"kind": report.kind, "status": report.status}}
        if await self._reports.is_strangers(message, report, about):
            said[UNVERIFIED] = True
        row = msgspec.structs.replace(row, author="report", attributes={**row.attributes, **said})
        changes, result = await self._reports.effects(message, report, about, self._engine.clock.now())
        command = AddMessage(interaction=about.interaction, message=row.id, author="report")
        decision = await self._engine.submit(command, [*_rows(message, row), *changes])
        if decision.refusal is not None:
            return None
        if result is not None:
            await self._engine.submit(ReportDelivery(about.interaction, about.message.id, result, about.message.agent))
        log.info("mail_reported", interaction=about.interaction, message=about.message.id, kind=report.kind)
        return Admission(about.interaction, row.id, known=False)

    def _chosen(self, id: InteractionId, message: InboundMessage) -> str | None:
        """Return what the message says to the bot, if that has the interaction."""
        held = self._engine.state.interactions.get(id)
        return None if held is None else self._knowledge.chosen(held, message.reply_text)

    def _is_over(self, id: InteractionId) -> bool:
        """Tell whether a message would open the interaction again."""
        held = self._engine.state.interactions.get(id)
        return held is None or held.state not in OPEN

    async def _gated(self, message: InboundMessage, row: MessageRow, customers: Collection[CustomerId]) -> MessageRow:
        """Return the message; one from somebody else is marked as such (the sender gate, reliability.md 4.3)."""
        known = self._engine.state.interactions.get(row.interaction)
        if known is None or may_join(message, customers, known.customer):
            return row
        who = PARTICIPANT if await self._threads.is_participant(message, row.interaction) else UNVERIFIED
        return msgspec.structs.replace(row, attributes={**row.attributes, who: True})

    async def _recognised(
        self,
        message: InboundMessage,
        customer: CustomerId,
        rows: tuple[CustomerRow, ...],
        who: Sequence[Identity],
        wishes: Wishes,
        continues: InteractionId | None,
    ) -> Seen:
        """Return who it is, for all that can be told. Whatever fails here, the message goes on without it."""
        own = own_evidence(message, who, named=wishes.customer is not None)
        if message.automatic.is_automatic or wishes.archived or self._question_to(continues) is not None:
            # What a machine has put together tells of anybody; an answer is looked up as one.
            return self._recognising.by_channel(rows, own)
        try:
            interaction = continues or _new_id(message, self._place(message))
            return await self._recognising.look(message, customer, rows, own, interaction, self._engine.clock.now())
        except TemporaryFailure:
            raise
        except Exception as error:  # noqa: BLE001  # a pattern, a library: nobody waits for it
            failed = error
        log.error("recognising_failed", channel=message.channel, error=type(failed).__name__)
        return msgspec.structs.replace(self._recognising.by_channel(rows, own), warning="recognising_failed")

    def _asks(self) -> bool:
        """Tell whether any queue asks who somebody is."""
        return any(queue.ask is not None for queue in self._engine.policy.queues.values())

    def _question_to(self, interaction: InteractionId | None) -> str | None:
        """Return what was asked in an interaction and is not answered yet."""
        held = self._engine.state.interactions.get(interaction or "")
        asked = held.asked_who if held is not None else None
        return asked.question if asked is not None and not asked.result else None

    async def _heard(self, message: InboundMessage, row: MessageRow, customer: CustomerId, seen: Seen) -> Heard:
        """Return what came of a message where the answer who the customer is is waited for.

        Whatever fails here, the message goes on as one that answers nothing.
        """
        question = self._question_to(row.interaction)
        if question is None or message.automatic.is_automatic or _by_another(row):
            return Heard(None)
        try:
            now, held = self._engine.clock.now(), self._engine.state.interactions[row.interaction]
            return await self._answering.heard(
                question, message, customer, seen, row.interaction, now, language=held.language
            )
        except TemporaryFailure:
            raise
        except Exception as error:  # noqa: BLE001  # a pattern, a library: nobody waits for it
            failed = error
        log.error("answering_failed", interaction=row.interaction, error=type(failed).__name__)
        return Heard(None)

    async def _kept_with_first(self, interaction: InteractionId, seen: Seen) -> list[Change]:
        """Return that an interaction's first message tells what its customer is known by now."""
        first = await self._store.messages(interaction, limit=1)
        return [SetAttributes(MessageRow, row.id, seen.attributes) for row in first]

    async def _person(self, known: CustomerRow | None) -> tuple[CustomerRow, ...]:
        """Return the rows of all who are one person with the customer, first the one that they go by."""
        if known is None:
            return ()
        alone = await self._store.group(known.id) == (known.id,)
        return (known,) if alone else tuple(await self._store.person(known.id))

    async def _kept_thread(self, found: InteractionId | None, rows: Sequence[CustomerRow]) -> InteractionId | None:
        """Return the interaction unless its customer was erased: nothing personal comes into it again.

        `rows`: customers who have been read already.
        """
        if found is None:
            return None
        one = self._engine.state.interactions.get(found) or await self._store.interaction(found)
        if one is None:
            return found
        owner = next((row for row in rows if row.id == one.customer), None) or await self._store.customer(one.customer)
        return None if owner is not None and is_erased(owner) else found

    async def _identify(
        self, message: InboundMessage, who: Sequence[Identity], wishes: Wishes
    ) -> tuple[CustomerId, CustomerRow | None, list[Change]]:
        """Return the customer, his row if he is known, and what is learnt: that he is new, or an identity."""
        if wishes.customer is not None:
            return wishes.customer, await self._store.customer(wishes.customer), []
        for kind, value in who:
            known = await self._store.customer_by_identity(kind, value)
            if known is not None:
                return known.id, known, [*_learnt(known.id, who, message), *await self._proven(known.id, who, message)]
        first, origin = who[0] if who else ("external", message.external_id), (message.channel, message.external_id)
        id = await stranger_id(self._store, first, key=self._keys[0], origin=origin)
        name = message.sender.name if message.sender else ""
        row = CustomerRow(id=id, created_at=message.received_at, name=name, language=wishes.language)
        return id, None, [PutNew(row), *_learnt(id, who, message)]

    async def _proven(self, id: CustomerId, who: Sequence[Identity], message: InboundMessage) -> list[Change]:
        """Return that an address is verified which was only claimed until now."""
        if not is_proven(message):
            return []
        known = [await self._store.identity(kind, value) for kind, value in who if kind == "email"]
        return [
            Set(IdentityRow, f"{row.kind}:{row.value}", {"verified": True})
            for row in known
            if row is not None and row.customer == id and not row.verified
        ]

    async def _admit(self, message: InboundMessage, new: "_New", wishes: Wishes) -> Admission:
        row = self._row(message, _new_id(message, self._place(message)), new.received)
        known, hashes = new.seen.person, self._hashes(message)
        standing = await standing_of(self._store, self._engine.policy, known, self._engine.clock.now())
        former = await former_labels(self._store, new.rows)
        background = Background(message.subject, message.channel, standing.segment or "", former)
        wished = {"time_zone": wishes.time_zone, "attributes": wishes.attributes}
        attributes = {
            **row.attributes,
            **new.seen.attributes,
            **{name: wish for name, wish in wished.items() if wish},
            **kept_background(background),
        }
        row = msgspec.structs.replace(row, attributes=attributes)
        usual = new.known.language if new.known is not None else wishes.page_language
        said = await labelled(self._classify, message.reply_text, usual, background)
        crashpoint("router.classified")
        language = wishes.language or said.language or wishes.page_language or usual
        learnt = list(new.learnt)
        if not wishes.language:
            before = new.known.language if new.known is not None else None
            learnt += _language_learnt(new.customer, before, said.language, said.text)
        mailed = self.mail_hashes(message.sender.address if message.sender else "")
        command = Admit(
            id=row.interaction,
            channel=message.channel,
            medium=message.medium,
            customer=new.customer,
            message=row.id,
            subject=message.subject,
            text=said.text,
            labels=said.labels,
            heads=said.heads,
            language=language,
            segment=standing.segment,
            also_segments=standing.also,
            queue=wishes.queue,
            priority=wishes.priority,
            class_=wishes.class_,
            requirements=wishes.requirements,
            preferences=wishes.preferences,
            tags=wishes.tags,
            preferred_agent=wishes.preferred_agent or new.seen.preferred_agent or standing.preferred_agent,
            address_hash=hashes.address,
            domain_hash=hashes.domain,
            mailable=bool(message.sender and message.sender.address),
            slot=wishes.slot,
            suppressed_by=self._signals(message, row, known),
            out_of_scope=said.out_of_scope,
            candidates=self._knowledge.candidates(said, language),
            follows=new.follows,
            warnings=tuple(each for each in (said.failure, new.seen.warning) if each),
            attributes={**standing.attributes, **wishes.attributes},
            blocked=_is_blocked(known),
            mail_hash=mailed.address,
            mail_domain_hash=mailed.domain,
            unsubscribed=wants_none(known),
            archived=wishes.archived,
            unidentified=self._asks() and not await self._recognising.is_identified(new.seen),
        )
        crashpoint("router.before_enqueue")
        decision = await self._engine.submit(command, [*learnt, *_rows(message, row)])
        if decision.refusal is not None and decision.refusal.code != "known":
            raise NotTaken(decision.refusal)
        self._seen(row.interaction, whole_text(message.subject, said.text), said.decided, background)
        return Admission(row.interaction, row.id, known=decision.refusal is not None)

    def _signals(self, message: InboundMessage, row: MessageRow, customer: CustomerRow | None) -> tuple[str, ...]:
        """Return why nothing may answer `message` automatically."""
        found = list(message.automatic.signals) if message.automatic.is_automatic else []
        found += _by_another(row)
        if message.sender is not None and message.sender.address and not message.raw:
            # Whoever writes by a form or a program may have given the address of a machine, or our own.
            found += by_sender(message.sender.address, self._own_addresses)
        if customer is not None and message.medium == EMAIL and message.sender is not None:
            found += reachability.signals(customer.attributes, email_identity(message.sender.address)[1])
        return tuple(found)

    def mail_hashes(self, address: str) -> Hashes:
        """Return what stands for where mail to `address` goes; nothing if there is none."""
        return self._limits.of(address) if address else Hashes()

    def _hashes(self, message: InboundMessage) -> Hashes:
        """Return what stands for where an automatic reply would go; a callback has nowhere."""
        if message.medium == EMAIL:
            return self._limits.of(message.sender.address) if message.sender else Hashes()
        return self._limits.of_visitor(message.visitor) if message.visitor else Hashes()

    def _row(self, message: InboundMessage, interaction: InteractionId, received: str | None) -> MessageRow:
        return _message_row(message, interaction, received, _message_id(message, self._place(message)))

    def _place(self, message: InboundMessage) -> str:
        """Return where `message` is one of its kind: its channel, or for mail the whole site."""
        return "" if message.raw and self._same_mail_once else message.channel


class _New(msgspec.Struct, frozen=True):
    """What is known of a message that begins an interaction: who sent it, what is learnt of him, what it follows.

    `rows`: ids of all customers who are that person; none if he is new.
    """

    customer: CustomerId
    rows: tuple[CustomerId, ...]
    seen: Seen
    learnt: list[Change]
    received: str | None
    follows: InteractionId | None

    @property
    def known(self) -> CustomerRow | None:
        """The person whom its customer is read as; None if he is new."""
        return self.seen.person


def _language_learnt(customer: CustomerId, before: str | None, language: str | None, text: str) -> list[Change]:
    """Return that the customer, who wrote `before` until now, writes `language`, if he wrote enough of it."""
    enough = _LEARNT_WORDS if before is None else _CHANGED_WORDS
    if language in (None, before) or len(text.split()) < enough:
        return []
    return [Set(CustomerRow, customer, {"language": language})]


def _is_blocked(customer: CustomerRow | None) -> bool:
    return customer is not None and is_blocked(customer.attributes)


def _sender_key(identity: tuple[str, str]) -> str:
    return "/".join(identity)


def _learnt(customer: CustomerId, who: Sequence[Identity], message: InboundMessage) -> list[Change]:
    """Return what he is known by. What we or the house signed is verified, and an address that a mail proves.

    That tells who writes, and opens nothing: whoever can read a mailbox of ours could have it proven (reliability.md
    4.3).
    """
    return [
        PutNew(IdentityRow(kind=kind, value=value, customer=customer, verified=_is_verified(kind, message)))
        for kind, value in who
    ]


def _is_verified(kind: str, message: InboundMessage) -> bool:
    return kind in ("visitor", "external") or (kind == "email" and is_proven(message))


def _message_id(message: InboundMessage, place: str) -> MessageId:
    return derived_id("m", place, message.external_id)


def _new_id(message: InboundMessage, place: str) -> InteractionId:
    return derived_id("i", place, message.external_id)


def _read_off(message: InboundMessage) -> dict[str, Any]:
    """Return what a mail says beside its text, as attributes: only what there is."""
    told: dict[str, object] = {
        "marks": message.marks,
        "senders": message.senders,
        "forwarded_from": message.forwarded_from,
        "also_to": message.also_to,
        "invitations": message.invitations,
        "defects": message.defects,
    }
    if message.raw:
        told["trust"] = message.trust
    found: dict[str, Any] = msgspec.to_builtins({name: value for name, value in told.items() if value})
    return found


def _by_another(row: MessageRow) -> list[str]:
    """Return what the sender gate found, if somebody else than the customer wrote."""
    return [who for who in (UNVERIFIED, PARTICIPANT) if row.attributes.get(who)]


def _heard(message: InboundMessage, customer: CustomerRow) -> list[Change]:
    """Return what a mail that a person wrote himself shows: he is there, and his mailbox is."""
    if message.sender is None or not message.raw or message.automatic.is_automatic:
        return []
    if message.trust.verdict not in ("proven", "unchecked"):
        return []
    address = email_identity(message.sender.address)[1]
    return attributes_changed(customer, reachability.heard_from(customer.attributes, address))


def _message_row(
    message: InboundMessage, interaction: InteractionId, received: str | None, id: MessageId
) -> MessageRow:
    phone = {"phone": message.phone} if message.phone else {}
    return MessageRow(
        id=id,
        interaction=interaction,
        channel=message.channel,
        author="customer",
        at=message.received_at,
        text=message.reply_text,
        external_id=message.external_id,
        subject=message.subject,
        full_text=message.text if message.text != message.reply_text else None,
        html=message.html,
        sender_name=message.sender.name if message.sender else "",
        sender_address=message.sender.address if message.sender else "",
        message_id=message.message_id,
        references=message.references,
        received=received,
        attributes={**phone, **_read_off(message)},
    )


def _rows(message: InboundMessage, row: MessageRow) -> list[Change]:
    """Return the message, then what goes with it: its files, and that its raw bytes are admitted."""
    changes: list[Change] = [PutNew(row)]
    for number, file in enumerate(message.attachments):
        changes.append(PutNew(_attachment_row(file, row.id, number)))
    if row.received is not None:
        changes.append(Set(ReceivedRow, row.received, {"state": "admitted", "interaction": row.interaction}))
    return changes


def _attachment_row(file: Attachment, message: str, number: int) -> AttachmentRow:
    return AttachmentRow(
        id=file_id(message, number, file.content),
        message=message,
        filename=file.filename,
        content_type=file.content_type,
        content=file.content,
        content_id=file.content_id,
        inline=file.inline,
    )
