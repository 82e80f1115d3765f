"""One running site, as pages, API and channels see it."""

import secrets
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

import msgspec

from app.answers import Answers
from app.background import background_of, former_labels
from app.bulk import BulkAnswers
from app.engine import Engine
from app.erasure import Eraser
from app.export import Exporter
from app.intake import Intake
from app.labelling import TEXT_MAX
from app.leases import Leases
from app.lessons import first_message
from app.mail_intake import MailIntake
from app.merging import Merging
from app.poison import origin_of
from app.purchasing import Purchases
from app.queue_settings import QueueSettings
from app.replies import Replies
from app.segmenting import Segmenting
from app.sendings import Sendings, draft_id
from app.standing import standing_of
from app.understanding import Understanding
from app.unsubscribing import UNSUBSCRIBED, wants_none
from app.wishes import Wishes
from channels.callback.phones import PhoneRefused, e164
from channels.message import Address, InboundMessage
from classifiers.background import Background
from customers.merging import as_one
from customers.numbers import CUSTOMER, ORDER
from customers.reachability import signals
from queues.policy import QueuePolicy
from reports.live import LiveQueue, live
from router.commands import AddMessage, Command
from router.decision import Decision, Refusal
from router.events import AnyEvent
from router.policy import Policy
from router.state import State
from storage.codec import decode
from vocabulary.errors import PermanentFailure
from vocabulary.ids import CustomerId, InteractionId, MessageId, QueueName, derived_id
from vocabulary.instants import Instant
from vocabulary.media import EMAIL
from vocabulary.records import Change, MessageRow, PutNew, ReceivedRow, UploadRow
from vocabulary.stores import Store
from web.learning import Learning
from web.site import (
    Admission,
    ApiInteraction,
    Document,
    ImportedMail,
    Logged,
    MailboxState,
    Origin,
    Preview,
    PurchasesTaken,
    Reach,
    Understood,
    Written,
)

API_CHANNEL = "api"
"""The channel of what an integration sends without naming one."""
SENDING, PAGE = "Sending", 1_000
"""How the names of events begin that tell of sendings; how many are looked through at once."""
ADMISSION_MAX = 40
"""Admission makes fewer events than this; what was understood a little later is among them, too."""


class RunningSite:
    """Implements `web.site.Site` over the writer, the store and intake."""

    def __init__(
        self,
        *,
        name: str,
        engine: Engine,
        store: Store,
        intake: Intake,
        leases: Leases,
        queues: QueueSettings,
        mail_intake: MailIntake,
        eraser: Eraser,
        replies: Replies,
        learning: Learning,
        letters: frozenset[str] = frozenset(),
        number_kinds: Collection[str] = (),
        token_bytes: Callable[[int], bytes] = secrets.token_bytes,
        link_of: Callable[[InteractionId], str] | None = None,
        sendings: Sendings | None = None,
        merging: Merging | None = None,
        time_zone: str = "UTC",
        trouble: Callable[[], str | None] = lambda: None,
        mailboxes: Callable[[], Sequence[MailboxState]] = tuple,
        knowledge: Answers | None = None,
        understanding: Understanding | None = None,
        bulk: BulkAnswers | None = None,
        purchases: Purchases | None = None,
        segmenting: Segmenting | None = None,
    ) -> None:
        self.name = name
        self._engine = engine
        self._store = store
        self._intake = intake
        self._leases = leases
        self._queues = queues
        self._mail_intake = mail_intake
        self._eraser = eraser
        self._replies = replies
        self._learning = learning
        self._letters = letters
        self._number_kinds = tuple(sorted({CUSTOMER, ORDER, *number_kinds}))
        self._exporter = Exporter(store)
        self._token_bytes = token_bytes
        self._link_of = link_of
        self._sendings = sendings
        self._merging = merging or Merging(engine=engine, store=store)
        self._time_zone = time_zone
        self._trouble = trouble
        self._mailboxes = mailboxes
        self._knowledge = knowledge
        self._understanding = understanding or Understanding()
        self._bulk = bulk
        self._purchases = purchases
        self._segmenting = segmenting

    @property
    def policy(self) -> Policy:
        return self._engine.policy

    @property
    def state(self) -> State:
        return self._engine.state

    @property
    def seq(self) -> int:
        return self._engine.seq

    @property
    def store(self) -> Store:
        return self._store

    @property
    def trouble(self) -> str | None:
        return self._trouble()

    @property
    def learning(self) -> Learning:
        return self._learning

    def mailboxes(self) -> Sequence[MailboxState]:
        return self._mailboxes()

    @property
    def knowledge(self) -> Answers:
        assert self._knowledge is not None, "a site that serves pages has it"
        return self._knowledge

    @property
    def bulk(self) -> BulkAnswers:
        assert self._bulk is not None, "a site that answers many has them"
        return self._bulk

    def now(self) -> Instant:
        return self._engine.clock.now()

    def new_id(self, prefix: str) -> str:
        """Return an id that nobody can guess: `prefix`, a dash, 26 letters and digits."""
        return derived_id(prefix, self._token_bytes(16).hex())

    def live(self, queue: str) -> LiveQueue:
        return live(self._engine.state, self._engine.stats, self._engine.policy, queue, self.now())

    async def put_queue(self, queue: QueuePolicy) -> None:
        await self._queues.put(queue)

    async def remove_queue(self, name: QueueName, move_to: QueueName | None, by: str) -> Refusal | None:
        return await self._queues.remove(name, move_to, by)

    async def submit(self, command: Command, changes: Sequence[Change] = ()) -> Decision:
        return await self._engine.submit(command, changes)

    async def write(self, *changes: Change) -> None:
        await self._engine.write(*changes)

    async def admission_events(self, interaction: InteractionId) -> Sequence[AnyEvent]:
        entries = await self._store.entries(0, ADMISSION_MAX, interaction=interaction)
        return [decode(entry) for entry in entries]

    def subscribe(self) -> AbstractAsyncContextManager[AsyncIterator[Logged]]:
        return self._engine.subscribe()

    async def keep_lease(self, agent: str, span_ms: int) -> None:
        await self._leases.keep(agent, span_ms)

    async def agent_socket_opened(self, agent: str) -> None:
        await self._leases.opened(agent)

    async def agent_socket_closed(self, agent: str) -> None:
        await self._leases.closed(agent)

    async def admit(self, interaction: ApiInteraction) -> Admission:
        return await self._intake.receive(self._message(interaction), wishes=_wishes(interaction))

    @property
    def documents(self) -> Sequence[Document]:
        return self._sendings.documents if self._sendings is not None else ()

    @property
    def time_zone(self) -> str:
        return self._time_zone

    async def sending_events(self, interaction: InteractionId) -> Sequence[AnyEvent]:
        found: list[AnyEvent] = []
        after = 0
        while entries := await self._store.entries(after, PAGE, interaction=interaction):
            found += [decode(entry) for entry in entries if entry.type.startswith(SENDING)]
            after = entries[-1].seq
        return found

    async def draft(
        self,
        interaction: InteractionId,
        said: Written,
        *,
        subject: str,
        by: str,
        agent: str | None,
        sending: str,
        document: str,
    ) -> Sequence[Change]:
        assert self._sendings is not None, "a site that plans sendings has them"
        row = await self._store.interaction(interaction)
        if row is None:
            raise PermanentFailure("the interaction is gone")
        channel = self._sendings.mailbox(row)
        message, files = await self._replies.draft(interaction, channel, by, agent, said, draft_id(sending))
        attributes = {**message.attributes, **self._sendings.sent_as(sending, document, 0)}
        subject = subject or self._sendings.subject({}, row)
        return [PutNew(msgspec.structs.replace(message, subject=subject, attributes=attributes)), *files]

    async def reach_of(self, customer: CustomerId) -> Reach:
        known = await self._store.person_identities(customer)
        address = next((each.value for each in known if each.kind == "email"), "")
        rows = await self._store.person(customer)
        hashes, row = self._intake.mail_hashes(address), as_one(rows) if rows else None
        against = signals(row.attributes, address) if row is not None else ()
        return Reach(hashes.address, hashes.domain, (*against, *((UNSUBSCRIBED,) if wants_none(row) else ())))

    async def html_of(self, message: MessageRow, *, remote_images: bool) -> str | None:
        if not remote_images or message.html is None or message.received is None:
            return message.html
        received = await self._store.received_row(message.received)
        with_images = await self._mail_intake.html_with_images(received) if received is not None else None
        return with_images or message.html

    def origin_of(self, received: ReceivedRow) -> Origin:
        return origin_of(received)

    def replayed(self, received: ReceivedRow) -> None:
        self._mail_intake.replayed(received)

    async def import_mail(self, channel: str, raw: bytes, *, answer: bool, archived: bool) -> ImportedMail | None:
        known = self.policy.channels.get(channel)
        if known is None or known.medium != EMAIL:
            return None
        return await self._mail_intake.imported(channel, raw, answer=answer, archived=archived)

    async def exported(self, customer: CustomerId) -> AsyncIterator[bytes] | None:
        return await self._exporter.document(customer, self.now())

    async def merge(self, customer: CustomerId, into: CustomerId, by: str) -> Refusal | None:
        return await self._merging.merge(customer, into, by)

    async def unmerge(self, customer: CustomerId, other: CustomerId | None, by: str) -> Refusal | None:
        return await self._merging.unmerge(customer, other, by)

    async def erase(self, customer: CustomerId, by: str, *, force: bool = False) -> Refusal | None:
        return await self._eraser.erase(customer, by, force=force)

    async def take_purchases(self, rows: Sequence[Mapping[str, str]], *, dry_run: bool) -> PurchasesTaken:
        assert self._purchases is not None, "a site that answers calls has them"
        return await self._purchases.take(rows, dry_run=dry_run)

    async def recalculate(self) -> dict[str, Any] | None:
        assert self._segmenting is not None, "a site that answers calls has it"
        return await self._segmenting.calculate()

    async def segment_report(self) -> dict[str, Any] | None:
        return await self._segmenting.report() if self._segmenting is not None else None

    @property
    def number_kinds(self) -> Sequence[str]:
        return self._number_kinds

    def phone_of(self, text: str) -> str | None:
        try:
            return e164(text, "")
        except PhoneRefused:
            return None

    async def understood(
        self, subject: str, text: str, *, channel: str = "", customer: CustomerId | None = None
    ) -> Understood:
        rows = await self._store.person(customer) if customer is not None else ()
        one = as_one(rows) if rows else None
        standing = await standing_of(self._store, self._engine.policy, one, self._engine.clock.now())
        former = await former_labels(self._store, [row.id for row in rows])
        known = Background(subject, channel, standing.segment or "", former)
        return await self._understood(subject, text, known, one.language if one is not None else None)

    async def _understood(self, subject: str, text: str, known: Background, usual: str | None = None) -> Understood:
        said, why = await self._understanding.explained(subject, text, usual, known)
        return Understood(
            labels=said.labels,
            heads=dict(said.heads),
            language=said.language,
            out_of_scope=said.out_of_scope,
            method=said.method,
            reason=said.reason,
            best=why.best,
            second=why.second,
            words=why.words,
            exact=why.exact,
        )

    async def why_labelled(self, interaction: InteractionId) -> Understood | None:
        message = await first_message(self._store, interaction)
        if message is None:
            return None
        return await self._understood(message.subject or "", message.text[:TEXT_MAX], background_of(message))

    def callback_link(self, interaction: InteractionId) -> str | None:
        return self._link_of(interaction) if self._link_of is not None else None

    async def start(self, interaction: ApiInteraction, agent: str) -> tuple[Decision, Admission]:
        message = self._message(interaction)
        decision, id = await self._intake.start(message, agent, _wishes(interaction))
        known = decision.refusal is not None and decision.refusal.code == "known"
        first = derived_id("m", id, "first")
        if (known or decision.refusal is None) and message.text.strip() and await self._store.message(first) is None:
            row = MessageRow(
                id=first,
                interaction=id,
                channel=message.channel,
                author="agent",
                at=self.now(),
                text=message.text,
                subject=message.subject,
                agent=agent,
            )
            await self.submit(AddMessage(interaction=id, message=first, author="agent", agent=agent), (PutNew(row),))
        return decision, Admission(id, None, known=known)

    def _message(self, interaction: ApiInteraction) -> InboundMessage:
        """Return what an integration sends, or an agent begins, as a message of its customer."""
        channel = interaction.channel or API_CHANNEL
        policy = self.policy.channels.get(channel)
        if policy is None:
            raise PermanentFailure(f"there is no channel {channel!r}")
        customer = interaction.customer
        return InboundMessage(
            channel=channel,
            medium=interaction.medium or policy.medium,
            external_id=interaction.external_id or self.new_id("x"),
            received_at=self.now(),
            text=interaction.text,
            reply_text=interaction.text,
            subject=interaction.subject,
            sender=Address(customer.name or "", customer.email or "") if customer.email or customer.name else None,
            phone=customer.phone,
        )

    async def reply(
        self, interaction: InteractionId, agent: str, said: Written, *, note: bool = False, id: MessageId | None = None
    ) -> tuple[Decision, MessageId]:
        message = id or self.new_id("m")
        if id is not None and await self._store.message(id) is not None:
            # It was written when its author was told to try again.
            return Decision(), id
        return await self._replies.reply(interaction, agent, said, note=note, message=message), message

    async def preview(self, interaction: InteractionId, agent: str, said: Written) -> Preview:
        return await self._replies.preview(interaction, agent, said)

    async def bring(
        self, interaction: InteractionId, by: str, name: str, content: bytes, *, inline: bool = False
    ) -> UploadRow:
        return await self._replies.bring(interaction, by, name, content, inline=inline, new_id=self.new_id)

    def content_id(self, upload: str) -> str:
        return self._replies.content_id(upload)

    async def take_back(self, interaction: InteractionId, message: MessageId, agent: str) -> Decision:
        return await self._replies.take_back(interaction, message, agent)

    async def deliver_again(
        self, interaction: InteractionId, message: MessageId, by: str, to: str | None = None
    ) -> Decision:
        return await self._replies.deliver_again(interaction, message, by, to)

    @property
    def letters(self) -> frozenset[str]:
        return self._letters


def _wishes(interaction: ApiInteraction) -> Wishes:
    """Return what the caller wants of it."""
    return Wishes(
        queue=interaction.queue,
        priority=interaction.priority,
        class_=interaction.class_,
        requirements=interaction.requirements,
        preferences=interaction.preferences,
        preferred_agent=interaction.preferred_agent,
        customer=interaction.customer.id,
        language=interaction.customer.language,
        slot=interaction.slot,
        time_zone=interaction.time_zone,
        attributes=interaction.attributes,
    )
