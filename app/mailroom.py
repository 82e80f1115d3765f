"""Mail out: what the outbox holds is written, sent, and marked with what became of it (reliability.md section 4.5)."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import msgspec
import structlog

from app.engine import Engine
from app.knowledge import ARTICLE, CONTENT, KnowledgeBase
from app.notices import Notices, own_text, said_by_itself
from app.outgoing import Outgoing, Unsendable, copies_of, envelope_recipient
from app.sendings import Sendings
from app.supervise import Begin, group
from autoresponders.templates import Template, Wordings
from channels.email.compose import compose
from channels.email.smtp import Envelope, Outcome, SendResult, retry_at
from channels.email.thread import message_id, reply_address
from router.commands import BAD_NEWS, AddMessage, Author, BeginDelivery, CancelSending, DeliveryResult, ReportDelivery
from router.effects import CallUnanswered, DeliverMessage, SendAutoReply, SendBulkAnswer, SendNotice, SendStep
from router.events import (
    AnsweredByBot,
    AnyEvent,
    AutoReplied,
    CustomerTold,
    DeliveryAskedAgain,
    MessageAdded,
    SendingDue,
    SendingEscalated,
)
from router.questions import ASK, ASK_AGAIN
from vocabulary.crashpoints import crashpoint
from vocabulary.errors import Lagged, PermanentFailure, TemporaryFailure
from vocabulary.ids import AgentId, InteractionId, MessageId, derived_id, file_id, reference
from vocabulary.instants import MINUTE, SECOND, Span
from vocabulary.media import EMAIL
from vocabulary.records import (
    ERASED,
    AttachmentRow,
    BulkRow,
    Change,
    IdempotencyRow,
    InteractionRow,
    MessageRow,
    OutboxRow,
    PutNew,
    Remove,
    Set,
)
from vocabulary.stores import Store
from web.site import Logged

log = structlog.get_logger()

T = TypeVar("T")
UNDER_WAY_MAX = 500
"""Rows in hand at once."""
LOOK_EVERY: Span = 5 * SECOND
_GIVES_WORK = (AnsweredByBot, AutoReplied, CustomerTold, DeliveryAskedAgain, SendingDue, SendingEscalated)
"""Events that leave something to do in the outbox, as messages do that go out."""


class Delivery(DeliverMessage, frozen=True, tag="DeliverMessage"):
    """What a row of the outbox asks for; `copy`: 0 for the recipient himself, from 1 on those who get a copy."""

    copy: int = 0


class Mailroom:
    """Performs the outbox: each row once at a time, each mailbox on its own, so a slow server delays its own mail."""

    def __init__(
        self,
        *,
        engine: Engine,
        store: Store,
        outgoing: Outgoing,
        wordings: Wordings,
        key: bytes,
        domain: str,
        texts: Mapping[str, Mapping[str, Template]] | None = None,
        notices: Notices | None = None,
        sendings: Sendings | None = None,
        process: str | None = None,
        site: str = "",
        knowledge: KnowledgeBase | None = None,
        helped: Callable[[InteractionId], str] | None = None,
    ) -> None:
        """Take what it works with.

        Args:
            engine: the writer.
            store: journal and records.
            outgoing: makes mails.
            wordings: fixed words.
            key: what signs Message-IDs and addresses.
            domain: that of our Message-IDs.
            texts: own words of automatic replies by name and language.
            notices: what customers must be told.
            sendings: what is sent later.
            process: this process's own name where another one may take over; None: there is no other.
            site: the name of the site.
            knowledge: articles that answer.
            helped: gives the page where a customer says whether an answer helped.
        """
        self._process = process
        self._engine = engine
        self._store = store
        self._outgoing = outgoing
        self._wordings = wordings
        self._helped = helped
        self._knowledge = knowledge or KnowledgeBase(engine=engine, store=store)
        self._key = key
        self._domain = domain
        self._texts = texts or {}
        self._notices = notices or Notices(store, wordings)
        self._site = site
        self._sendings = sendings or Sendings(store, {}, wordings, policy=lambda: engine.policy)
        self._under_way: set[str] = set()

    async def recover(self) -> None:
        """Settle what a crash left in `sending`: the server may have it or not.

        A person's reply goes out once more with the same Message-ID; an automatic one never does (promise 5).
        """
        for row in await self._store.outbox(states=("sending",), limit=10_000):
            effect = msgspec.json.decode(row.payload, type=Delivery)
            state = "uncertain" if effect.automatic else "pending"
            await self._engine.write(
                Set(OutboxRow, row.id, {"state": state, "reason": "interrupted while sending", "why": "interrupted"}),
                Remove(IdempotencyRow, _claim_id(row)),
            )

    async def run(self) -> None:
        """Perform the outbox whenever something is due; cancel to stop."""
        # Whatever ended the run before this one may have interrupted it while it was sending.
        await self.recover()
        async with group() as perform:
            while True:
                async with self._engine.subscribe() as events:
                    try:
                        await self._wait(events, await self._start_due(perform))
                    except (Lagged, TemporaryFailure):
                        await self._engine.clock.sleep(SECOND)

    async def _wait(self, events: AsyncIterator[Logged], span: Span) -> None:
        """Return when an event gave the outbox something to do, or after `span`."""
        try:
            async with asyncio.timeout(span / SECOND):
                async for logged in events:
                    if _gives_work(logged.event):
                        return
        except TimeoutError:
            return

    async def _start_due(self, perform: Begin) -> Span:
        """Take in hand what is due; return how long nothing more comes due, `LOOK_EVERY` at most."""
        now = self._engine.clock.now()
        soon, span = now + LOOK_EVERY, LOOK_EVERY
        for row in await self._store.outbox(states=("pending", "deferred"), due_before=soon, limit=UNDER_WAY_MAX):
            if row.due_at > now:
                span = min(span, row.due_at - now)
            elif row.id not in self._under_way and len(self._under_way) < UNDER_WAY_MAX:
                self._under_way.add(row.id)
                perform(self._perform(row))
        return span

    async def _perform(self, row: OutboxRow) -> None:
        try:
            await self._try(row)
        except TemporaryFailure as failure:
            # The store's matter: the row stands as it did and is taken up again.
            log.warning("outbox_waits", outbox=row.id, reason=str(failure))
        finally:
            self._under_way.discard(row.id)

    async def _try(self, row: OutboxRow) -> None:
        """Perform one row; what makes it impossible is written on it for people to see."""
        crashpoint("out.row_committed")
        try:
            if row.kind == "auto_reply":
                await self._write_auto_reply(row)
            elif row.kind == "bulk":
                await self._write_bulk_answer(row)
            elif row.kind == "notice":
                await self._write_notice(row)
            elif row.kind == "sending":
                await self._write_step(row)
            elif row.kind == "unanswered":
                await self._have_called(row)
            else:
                await self._send(row)
        except TemporaryFailure:
            raise
        except PermanentFailure as failure:
            why = failure.why if isinstance(failure, Unsendable) else "not_sendable"
            await self._settle(row, SendResult(Outcome.FAILED, str(failure), why=why))
        except Exception as error:  # one bad row must not stop the others
            log.exception("outbox_failed", outbox=row.id, error=type(error).__name__)
            await self._settle(row, SendResult(Outcome.FAILED, f"{type(error).__name__}: {error}", why="not_sendable"))

    # -- automatic replies become messages of the conversation

    async def _write_auto_reply(self, row: OutboxRow) -> None:
        effect = msgspec.json.decode(row.payload, type=SendAutoReply)
        id = derived_id("m", effect.id)
        interaction = await self._store.interaction(effect.interaction)
        if interaction is not None and await self._store.message(id) is None:
            message = await self._auto_message(id, effect, interaction)
            files = await self._files(message, effect.article, interaction.language, interaction)
            await self._engine.submit(
                AddMessage(interaction=interaction.id, message=id, author="bot"),
                (PutNew(message), *(PutNew(file) for file in files)),
            )
        await self._engine.write(Set(OutboxRow, row.id, {"state": "sent"}))

    async def _write_bulk_answer(self, row: OutboxRow) -> None:
        """Say what many are told, unless that was taken back, or the customer wants a person already."""
        effect = msgspec.json.decode(row.payload, type=SendBulkAnswer)
        id = derived_id("m", effect.id)
        interaction = await self._store.interaction(effect.interaction)
        state = "sent"
        if interaction is not None and await self._store.message(id) is None:
            bulk = await self._store.bulk_answer(effect.bulk)
            if bulk is None or effect.language not in bulk.texts:
                raise PermanentFailure(f"answer {effect.bulk!r} is gone in language {effect.language!r}")
            link = await self._helped_link(interaction)
            message = self._bulk_message(id, bulk, effect.language, interaction, link)
            files = await self._files(message, bulk.articles.get(effect.language), effect.language, interaction)
            command = AddMessage(interaction=interaction.id, message=id, author="bot", bulk=bulk.id)
            decision = await self._engine.submit(command, (PutNew(message), *(PutNew(file) for file in files)))
            state = "sent" if decision.refusal is None else "taken_back"
        await self._engine.write(Set(OutboxRow, row.id, {"state": state}))

    def _bulk_message(
        self, id: str, bulk: BulkRow, language: str, interaction: InteractionRow, link: str | None
    ) -> MessageRow:
        helped = f"\n\n{self._wordings.text('answer_helped', language, link=link)}" if link else ""
        subject = bulk.subjects.get(language) or self._wordings.text(
            "acknowledge_subject", language, number=reference(interaction.number)
        )
        return MessageRow(
            id=id,
            interaction=interaction.id,
            channel=interaction.channel,
            author="bot",
            at=self._engine.clock.now(),
            text=answer_for_many(self._wordings, bulk.texts[language], language) + helped,
            subject=subject if interaction.medium == EMAIL else "",
            attributes={"bulk": bulk.id},
        )

    async def _write_notice(self, row: OutboxRow) -> None:
        effect = msgspec.json.decode(row.payload, type=SendNotice)
        id = derived_id("m", effect.id)
        interaction = await self._store.interaction(effect.interaction)
        if interaction is not None and await self._store.message(id) is None:
            message, *files = await self._notices.write(id, effect, interaction, self._engine.clock.now())
            await self._engine.submit(
                AddMessage(interaction=interaction.id, message=id, author="bot"), (message, *files)
            )
        await self._engine.write(Set(OutboxRow, row.id, {"state": "sent"}))

    async def _write_step(self, row: OutboxRow) -> None:
        effect = msgspec.json.decode(row.payload, type=SendStep)
        try:
            await self._write_message_of(row, effect)
        except PermanentFailure:
            # Nothing may follow what never went.
            await self._engine.submit(CancelSending(effect.interaction, effect.sending, "router", "not_sent"))
            raise

    async def _write_message_of(self, row: OutboxRow, effect: SendStep) -> None:
        id = derived_id("m", effect.id)
        interaction = await self._store.interaction(effect.interaction)
        if interaction is None:
            raise PermanentFailure("the conversation is gone from the records")
        changes = await self._sendings.step(id, effect, interaction, self._engine.clock.now())
        if changes is not None:
            author: Author = "bot" if effect.agent is None else "agent"
            command = AddMessage(
                interaction=interaction.id, message=id, author=author, agent=effect.agent, sending=effect.sending
            )
            decision = await self._engine.submit(command, changes)
            if decision.refusal is not None:
                raise PermanentFailure(decision.refusal.detail)
        await self._engine.write(Set(OutboxRow, row.id, {"state": "sent"}))

    async def _have_called(self, row: OutboxRow) -> None:
        """Let whoever calls next find the customer in his queue, with a note of what he has not answered."""
        effect = msgspec.json.decode(row.payload, type=CallUnanswered)
        interaction = await self._store.interaction(effect.interaction)
        if interaction is None:
            raise PermanentFailure("the conversation is gone from the records")
        policy = self._engine.policy
        channel = interaction.channel if interaction.channel in policy.channels else next(iter(policy.channels))
        decision = await self._engine.submit(self._sendings.call(effect, interaction, channel=channel))
        if decision.refusal is not None and decision.refusal.code != "known":
            raise PermanentFailure(decision.refusal.detail)
        id = derived_id("m", effect.id)
        if await self._store.message(id) is None:
            note = await self._sendings.note(id, effect, interaction, self._engine.clock.now())
            await self._engine.submit(
                AddMessage(interaction=note.interaction, message=id, author="note"), (PutNew(note),)
            )
        await self._engine.write(Set(OutboxRow, row.id, {"state": "sent"}))

    async def _auto_message(self, id: str, effect: SendAutoReply, interaction: InteractionRow) -> MessageRow:
        language = interaction.language
        number = reference(interaction.number)
        attributes: dict[str, Any] = {}
        if effect.autoresponse in (ASK, ASK_AGAIN):
            text = self._asked(effect, language)
            subject = self._wordings.text("acknowledge_subject", language, number=number)
        elif effect.options:
            text, subject = self._question(effect.options, language, number)
        elif effect.article is None:
            texts = self._texts.get(effect.autoresponse, {})
            own = own_text(texts, language, {"number": number, "site": self._site})
            text = self._wordings.text("acknowledge", language, number=number)
            if own is not None:
                text = f"{own}\n\n{said_by_itself(texts, language, self._wordings)}"
            if effect.wait_ms is not None:
                low, high = (max(1, round(wait / MINUTE)) for wait in effect.wait_ms)
                text += "\n\n" + self._wordings.text("acknowledge_wait", language, low=low, high=max(low, high))
            if effect.question is not None:
                text += "\n\n" + self._asked(effect, language)
            subject = self._wordings.text("acknowledge_subject", language, number=number)
        else:
            text, subject = self._answer(effect.article, language, interaction.medium)
            link = await self._helped_link(interaction)
            text += f"\n\n{self._wordings.text('answer_helped', language, link=link)}" if link else ""
            attributes = {ARTICLE: effect.article, CONTENT: self._knowledge.content(effect.article)}
        return MessageRow(
            id=id,
            interaction=interaction.id,
            channel=interaction.channel,
            author="bot",
            at=self._engine.clock.now(),
            text=text,
            subject=subject if interaction.medium == EMAIL else "",
            attributes=attributes,
        )

    def _asked(self, effect: SendAutoReply, language: str | None) -> str:
        """Return the question who the customer is, and that he need not answer."""
        again = "_again" if effect.autoresponse == ASK_AGAIN else ""
        question = self._wordings.text(f"ask_{effect.question}{again}", language)
        return f"{question} {self._wordings.text('ask_skip', language)}"

    def _answer(self, article: str, language: str | None, medium: str) -> tuple[str, str]:
        """Return text and subject; nothing of either is the customer's own. A mail has no buttons."""
        found = self._knowledge.article(article, language)
        if found is None:
            raise PermanentFailure(f"article {article!r} is gone in language {language!r}")
        intro = self._wordings.text("answer_intro", language)
        outro = self._wordings.text("answer_outro_mail" if medium == EMAIL else "answer_outro", language)
        return f"{intro}\n\n{found.answer.strip()}\n\n{outro}", found.title

    def _question(self, options: Sequence[str], language: str | None, number: str) -> tuple[str, str]:
        """Return text and subject of the question which of several answers is meant."""
        titles = [*self._knowledge.titles(options, language), self._wordings.text("ask_person", language)]
        lines = "\n".join(f"{place}. {title}" for place, title in enumerate(titles, 1))
        intro, outro = self._wordings.text("ask_intro", language), self._wordings.text("ask_outro", language)
        return f"{intro}\n\n{lines}\n\n{outro}", self._wordings.text("ask_subject", language, number=number)

    async def _helped_link(self, interaction: InteractionRow) -> str | None:
        """Return where the customer says that the answer helped, or asks for a person; only who is proven gets it."""
        if interaction.medium != EMAIL or self._helped is None:
            return None
        first = await self._store.messages(interaction.id, limit=1)
        trust = first[0].attributes.get("trust") if first else None
        return self._helped(interaction.id) if trust is not None and trust.get("verdict") == "proven" else None

    async def _files(
        self, message: MessageRow, article: str | None, language: str | None, interaction: InteractionRow
    ) -> list[AttachmentRow]:
        """Return the files that go with an article in `language`; only mail carries them."""
        if article is None or interaction.medium != EMAIL:
            return []
        heads = await self._store.article_files(article)
        wanted = [head.id for head in heads if head.language in ("", language)]
        rows = [row for id in wanted if (row := await self._store.article_file(id)) is not None]
        return [
            AttachmentRow(
                id=file_id(message.id, number, row.content),
                message=message.id,
                filename=row.filename,
                content_type=row.content_type,
                content=row.content,
            )
            for number, row in enumerate(rows)
        ]

    # -- mails

    async def _send(self, row: OutboxRow) -> None:
        if row.kind != "mail":
            raise PermanentFailure(f"nobody performs {row.kind!r}")
        delivery = msgspec.json.decode(row.payload, type=Delivery)
        interaction = await self._store.interaction(delivery.interaction)
        message = await self._store.message(delivery.message)
        if interaction is None or message is None:
            raise PermanentFailure("the message is gone from the records")
        channel = self._outgoing.channel_of(interaction)
        if channel.smtp.rest_s:
            await self._wait_for(row, round(channel.smtp.rest_s * SECOND) + 1)
            return
        # A copy is the same mail: only its envelope differs.
        mail = await self._outgoing.mail(delivery.id, message, interaction, automatic=delivery.automatic)
        recipient = envelope_recipient(mail, delivery.copy)
        id = message_id(delivery.id, interaction.id, key=self._key, domain=self._domain)
        reply_to = reply_address(channel.sender.address, interaction.id, recipient, self._key, issued_at=mail.date)
        raw = compose(mail, message_id=id, domain=self._domain, reply_to=reply_to)
        for signer in channel.signers:
            # The arithmetic of RSA takes its time.
            raw = await asyncio.to_thread(signer.signed, raw)
        if not await self._begun(row, delivery, message, id):
            return
        if not await self._is_ours(row):
            log.warning("mail_left_to_another_node", outbox=row.id)
            return
        # What we begin may come back; an answer to an automatic reply must not.
        sender = "" if delivery.automatic and not delivery.mailed else channel.sender.address
        result = await channel.smtp.send(raw, Envelope(sender=sender, recipient=recipient, id=row.id))
        await self._settle(row, result, delivery)

    async def _begun(self, row: OutboxRow, delivery: Delivery, message: MessageRow, id: str) -> bool:
        """Write down that a mail goes out now; return whether it does: its agent may have taken it back.

        With it come the rows of its copies, each with a life of its own.
        """
        changes = [
            Set(OutboxRow, row.id, {"state": "sending", "message_id": id}),
            Set(MessageRow, message.id, {"message_id": id}),
            *(() if delivery.copy else self._copies(row, delivery, message)),
            *self._claim(row),
        ]
        # What went as far as this before can't be taken back any more.
        if delivery.at is None or row.message_id is not None:
            return await self._marked(row, changes)
        begin = BeginDelivery(delivery.interaction, delivery.message)
        decision = await self._unless_lost(row, self._engine.submit(begin, changes))
        if decision.refusal is None:
            return True
        if decision.refusal.reason == "taken_back":
            await self._stays_here(row)
            return False
        # The core has forgotten the interaction, so nobody can take anything back.
        return await self._marked(row, changes)

    async def _stays_here(self, row: OutboxRow) -> None:
        """See that a mail which was taken back is not looked at again."""
        kept = await self._store.outbox_row(row.id)
        if kept is not None and kept.state == "pending" and kept.message_id is None:
            await self._written(Set(OutboxRow, row.id, {"state": "taken_back"}))

    async def _marked(self, row: OutboxRow, changes: Sequence[Change]) -> bool:
        await self._unless_lost(row, self._engine.write(*changes))
        return True

    async def _unless_lost(self, row: OutboxRow, writing: Awaitable[T]) -> T:
        try:
            return await writing
        except TemporaryFailure:
            # Nobody knows whether that was written, but nothing was sent: it must not look so.
            await self._written(Set(OutboxRow, row.id, {"state": row.state}))
            raise

    def _copies(self, row: OutboxRow, delivery: Delivery, message: MessageRow) -> Iterator[Change]:
        for number in range(1, len(copies_of(message)) + 1):
            copy = msgspec.structs.replace(delivery, copy=number, at=None)
            yield PutNew(
                OutboxRow(
                    id=derived_id("fx", row.id, str(number)),
                    kind="mail",
                    interaction=row.interaction,
                    payload=msgspec.json.encode(copy),
                    created_at=self._engine.clock.now(),
                    message=row.message,
                )
            )

    async def _wait_for(self, row: OutboxRow, span: Span) -> None:
        """Try again once the server may be tried; nothing was sent, and no try is counted."""
        values = {"state": "deferred", "due_at": self._engine.clock.now() + span, "why": "unreachable"}
        await self._written(Set(OutboxRow, row.id, values))

    def _claim(self, row: OutboxRow) -> Sequence[Change]:
        """Return what says that this process sends `row`: the first to write it does."""
        if self._process is None:
            return ()
        now = self._engine.clock.now()
        return (PutNew(IdempotencyRow(id=_claim_id(row), fingerprint=self._process, status=0, body=b"", at=now)),)

    async def _is_ours(self, row: OutboxRow) -> bool:
        """Tell whether this process may send `row`: one that was paused while another took over may not."""
        if self._process is None:
            return True
        claim = await self._store.idempotent_answer(_claim_id(row))
        return claim is not None and claim.fingerprint == self._process

    async def _settle(self, row: OutboxRow, result: SendResult, effect: Delivery | None = None) -> None:
        """Write down what became of it. `uncertain`: a person's reply is tried once more with the same Message-ID."""
        attempts = row.attempts + 1
        now = self._engine.clock.now()
        values: dict[str, object] = {
            "attempts": attempts,
            "reason": result.reason[:500],
            "why": result.why,
            "state": str(result.outcome),
        }
        if result.outcome is Outcome.DEFERRED:
            again = retry_at(max(row.created_at, effect.at or 0 if effect is not None else 0), now, row.id)
            values |= {"state": "failed"} if again is None else {"due_at": again}
        elif result.outcome is Outcome.UNCERTAIN and effect is not None and not effect.automatic and row.attempts == 0:
            values |= {"state": "deferred", "due_at": now + MINUTE}
        await self._written(Set(OutboxRow, row.id, values))
        crashpoint("out.sent_committed")
        log.info(
            "mail_performed", outbox=row.id, interaction=row.interaction, outcome=values["state"], code=result.code
        )
        if row.message is not None and row.interaction is not None:
            result_now = _as_result(str(values["state"]))
            wrote = await self._author(row.message) if result_now in BAD_NEWS else None
            await self._engine.submit(ReportDelivery(row.interaction, row.message, result_now, wrote))

    async def _author(self, message: MessageId) -> AgentId | None:
        found = await self._store.message(message)
        return found.agent if found is not None else None

    async def _written(self, change: Set) -> None:
        """Write down what happened outside, however long the store can't: only this process knows it."""
        while True:
            try:
                kept = await self._store.outbox_row(change.id)
                # Unless his customer was erased meanwhile: a server's words may name him.
                if kept is None or kept.reason != ERASED:
                    await self._engine.write(change)
            except TemporaryFailure as failure:
                log.warning("outbox_waits", outbox=change.id, reason=str(failure))
                await self._engine.clock.sleep(SECOND)
            else:
                return


def answer_for_many(wordings: Wordings, text: str, language: str) -> str:
    """Return what a customer reads: `text`, that it went to many, and how he gets a person."""
    outro = wordings.text("answer_outro", language)
    return f"{wordings.text('bulk_intro', language)}\n\n{text.strip()}\n\n{outro}"


def _gives_work(event: AnyEvent) -> bool:
    if isinstance(event, MessageAdded):
        return event.author in ("agent", "bot")
    return isinstance(event, _GIVES_WORK)


def _claim_id(row: OutboxRow) -> str:
    return f"outbox:{row.id}:{row.attempts}"


def _as_result(state: str) -> DeliveryResult:
    result: DeliveryResult = msgspec.convert(state, DeliveryResult)
    return result
