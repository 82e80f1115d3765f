"""Mail out: what the outbox holds is written, sent, and marked with what became of it (reliability.md section 4.5)."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence

import msgspec
import structlog

from app.engine import Engine
from app.mail_threads import UNVERIFIED
from app.notices import Notices, own_text
from autoresponders.knowledge import Knowledge
from autoresponders.templates import Wordings
from channels.email.compose import compose
from channels.email.smtp import Outcome, SendResult, SmtpSender, retry_at
from channels.email.thread import message_id, reply_address
from channels.message import Address, Attachment, OutboundMail
from router.commands import AddMessage, DeliveryResult, ReportDelivery
from router.effects import DeliverMessage, SendAutoReply, SendNotice
from router.events import AutoReplied, CustomerTold, MessageAdded
from vocabulary.crashpoints import crashpoint
from vocabulary.errors import Lagged, PermanentFailure, TemporaryFailure
from vocabulary.ids import derived_id, reference
from vocabulary.instants import MINUTE, SECOND
from vocabulary.media import EMAIL
from vocabulary.records import (
    ERASED,
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

UNDER_WAY_MAX = 500
"""Rows in hand at once; a mailbox sends them one after the other."""


class MailChannel(msgspec.Struct, frozen=True):
    """How one mailbox sends."""

    sender: Address
    smtp: SmtpSender


class Mailroom:
    """Performs the outbox: each row once at a time, each mailbox on its own, so a slow server delays its own mail."""

    def __init__(
        self,
        *,
        engine: Engine,
        store: Store,
        channels: dict[str, MailChannel],
        wordings: Wordings,
        knowledge: Knowledge,
        key: bytes,
        domain: str,
        texts: Mapping[str, Mapping[str, str]] | None = None,
        notices: Notices | None = None,
        process: str | None = None,
    ) -> None:
        """`process` is this process's own name where another one may take over; left out, there is no other."""
        self._process = process
        self._engine = engine
        self._store = store
        self._channels = channels
        self._wordings = wordings
        self._knowledge = knowledge
        self._key = key
        self._domain = domain
        self._texts = texts or {}
        self._notices = notices or Notices(store, wordings)
        self._under_way: set[str] = set()

    async def recover(self) -> None:
        """Settle what a crash left in `sending`: the server may have it or not.

        A person's reply goes out once more with the same Message-ID; an automatic one never does (promise 5).
        """
        for row in await self._store.outbox(states=("sending",), limit=10_000):
            effect = msgspec.json.decode(row.payload, type=DeliverMessage)
            state = "uncertain" if effect.automatic else "pending"
            await self._engine.write(
                Set(OutboxRow, row.id, {"state": state, "reason": "interrupted while sending"}),
                Remove(IdempotencyRow, _claim_id(row)),
            )

    async def run(self) -> None:
        """Perform the outbox whenever something is due; cancel to stop."""
        # Whatever ended the run before this one may have interrupted it while it was sending.
        await self.recover()
        async with asyncio.TaskGroup() as performing:
            while True:
                async with self._engine.subscribe() as events:
                    try:
                        await self._start_due(performing)
                        await self._wait(events)
                    except (Lagged, TemporaryFailure):
                        await self._engine.clock.sleep(SECOND)

    async def _wait(self, events: AsyncIterator[Logged]) -> None:
        """Return when an event gave the outbox something to do, or after a while for what was deferred."""
        try:
            async with asyncio.timeout(5):
                async for logged in events:
                    if isinstance(logged.event, AutoReplied | CustomerTold | MessageAdded):
                        return
        except TimeoutError:
            return

    async def _start_due(self, performing: asyncio.TaskGroup) -> None:
        now = self._engine.clock.now()
        for row in await self._store.outbox(states=("pending", "deferred"), due_before=now, limit=UNDER_WAY_MAX):
            if row.id not in self._under_way and len(self._under_way) < UNDER_WAY_MAX:
                self._under_way.add(row.id)
                performing.create_task(self._perform(row))

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
            elif row.kind == "notice":
                await self._write_notice(row)
            else:
                await self._send(row)
        except TemporaryFailure:
            raise
        except PermanentFailure as failure:
            await self._settle(row, SendResult(Outcome.FAILED, str(failure)))
        except Exception as error:  # one bad row must not stop the others
            log.exception("outbox_failed", outbox=row.id, error=type(error).__name__)
            await self._settle(row, SendResult(Outcome.FAILED, f"{type(error).__name__}: {error}"))

    # -- automatic replies become messages of the conversation

    async def _write_auto_reply(self, row: OutboxRow) -> None:
        effect = msgspec.json.decode(row.payload, type=SendAutoReply)
        id = derived_id("m", effect.id)
        interaction = await self._store.interaction(effect.interaction)
        if interaction is not None and await self._store.message(id) is None:
            message = self._auto_message(id, effect, interaction)
            await self._engine.submit(
                AddMessage(interaction=interaction.id, message=id, author="bot"), (PutNew(message),)
            )
        await self._engine.write(Set(OutboxRow, row.id, {"state": "sent"}))

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

    def _auto_message(self, id: str, effect: SendAutoReply, interaction: InteractionRow) -> MessageRow:
        language = interaction.language
        number = reference(interaction.number)
        if effect.article is None:
            text = own_text(self._texts.get(effect.autoresponse, {}), language, number) or self._wordings.text(
                "acknowledge", language, number=number
            )
            if effect.wait_ms is not None:
                low, high = (max(1, round(wait / MINUTE)) for wait in effect.wait_ms)
                text += "\n\n" + self._wordings.text("acknowledge_wait", language, low=low, high=max(low, high))
            subject = self._wordings.text("acknowledge_subject", language, number=number)
        else:
            text, subject = self._answer(effect.article, language)
        return MessageRow(
            id=id,
            interaction=interaction.id,
            channel=interaction.channel,
            author="bot",
            at=self._engine.clock.now(),
            text=text,
            subject=subject if interaction.medium == EMAIL else "",
        )

    def _answer(self, article: str, language: str | None) -> tuple[str, str]:
        """Return text and subject; nothing of either is the customer's own."""
        found = self._knowledge.get(language or "", {}).get(article)
        if found is None:
            raise PermanentFailure(f"article {article!r} is gone in language {language!r}")
        intro = self._wordings.text("answer_intro", language)
        outro = self._wordings.text("answer_outro", language)
        return f"{intro}\n\n{found.answer.strip()}\n\n{outro}", found.title

    # -- mails

    async def _send(self, row: OutboxRow) -> None:
        effect = msgspec.json.decode(row.payload, type=DeliverMessage)
        interaction = await self._store.interaction(effect.interaction)
        message = await self._store.message(effect.message)
        if interaction is None or message is None:
            raise PermanentFailure("the message is gone from the records")
        channel = self._channels.get(interaction.channel) or self._mailbox_of(interaction.queue)
        if channel is None:
            raise PermanentFailure(f"channel {interaction.channel!r} can't send: no [channels.NAME.send] is configured")
        if row.kind != "mail":
            raise PermanentFailure(f"nobody performs {row.kind!r}")
        mail = await self._mail(row.id, effect, message, channel, interaction.customer)
        id = message_id(row.id, interaction.id, key=self._key, domain=self._domain)
        reply_to = reply_address(
            channel.sender.address, interaction.id, mail.recipient.address, self._key, issued_at=mail.date
        )
        raw = compose(mail, message_id=id, domain=self._domain, reply_to=reply_to)
        try:
            await self._engine.write(
                Set(OutboxRow, row.id, {"state": "sending", "message_id": id}),
                Set(MessageRow, message.id, {"message_id": id}),
                *self._claim(row),
            )
        except TemporaryFailure:
            # Nobody knows whether that was written, but nothing was sent: it must not look so.
            await self._written(Set(OutboxRow, row.id, {"state": row.state}))
            raise
        if not await self._is_ours(row):
            log.warning("mail_left_to_another_node", outbox=row.id)
            return
        envelope_sender = "" if effect.automatic else channel.sender.address
        result = await channel.smtp.send(raw, envelope_sender=envelope_sender, recipient=mail.recipient.address)
        await self._settle(row, result, effect)

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

    def _mailbox_of(self, queue: str) -> MailChannel | None:
        """Return the mailbox that writes for what came in elsewhere."""
        policy = self._engine.policy.queues.get(queue)
        return self._channels.get(policy.message_channel or "") if policy is not None else None

    async def _mail(
        self, id: str, effect: DeliverMessage, message: MessageRow, channel: MailChannel, customer: str
    ) -> OutboundMail:
        last = _last_of_customer(await self._store.messages(effect.interaction, limit=100_000))
        if last is None:
            return await self._first_mail(id, effect, message, channel, customer)
        if not last.sender_address:
            raise PermanentFailure("the customer has no address to write to")
        return OutboundMail(
            id=id,
            interaction=effect.interaction,
            sender=channel.sender,
            recipient=Address(last.sender_name, last.sender_address),
            subject=message.subject or _reply_subject(last.subject),
            text=message.text,
            attachments=tuple(
                Attachment(file.filename, file.content_type, file.content)
                for file in await self._store.attachments(message.id)
            ),
            in_reply_to=last.message_id,
            references=(*last.references, last.message_id) if last.message_id else last.references,
            automatic=effect.automatic,
            date=message.at,
        )

    async def _first_mail(
        self, id: str, effect: DeliverMessage, message: MessageRow, channel: MailChannel, customer: str
    ) -> OutboundMail:
        """Return the mail by which an agent begins: to the address that the customer is known by."""
        known = await self._store.identities(customer)
        address = next((identity.value for identity in known if identity.kind == "email"), None)
        if address is None:
            raise PermanentFailure("the customer has no address to write to")
        found = await self._store.customer(customer)
        return OutboundMail(
            id=id,
            interaction=effect.interaction,
            sender=channel.sender,
            recipient=Address(found.name if found is not None else "", address),
            subject=message.subject,
            text=message.text,
            in_reply_to=None,
            references=(),
            automatic=effect.automatic,
            date=message.at,
        )

    async def _settle(self, row: OutboxRow, result: SendResult, effect: DeliverMessage | None = None) -> None:
        """Write down what became of it. `uncertain`: a person's reply is tried once more with the same Message-ID."""
        attempts = row.attempts + 1
        now = self._engine.clock.now()
        values: dict[str, object] = {"attempts": attempts, "reason": result.reason[:500], "state": str(result.outcome)}
        if result.outcome is Outcome.DEFERRED:
            again = retry_at(attempts, now, row.id)
            values |= {"state": "failed"} if again is None else {"due_at": again}
        elif result.outcome is Outcome.UNCERTAIN and effect is not None and not effect.automatic and row.attempts == 0:
            values |= {"state": "deferred", "due_at": now + MINUTE}
        await self._written(Set(OutboxRow, row.id, values))
        crashpoint("out.sent_committed")
        log.info(
            "mail_performed", outbox=row.id, interaction=row.interaction, outcome=values["state"], code=result.code
        )
        if row.message is not None and row.interaction is not None:
            await self._engine.submit(ReportDelivery(row.interaction, row.message, _as_result(str(values["state"]))))

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


def _claim_id(row: OutboxRow) -> str:
    return f"outbox:{row.id}:{row.attempts}"


def _as_result(state: str) -> DeliveryResult:
    result: DeliveryResult = msgspec.convert(state, DeliveryResult)
    return result


def _last_of_customer(messages: Sequence[MessageRow]) -> MessageRow | None:
    mails = [row for row in messages if row.author == "customer" and not row.attributes.get(UNVERIFIED)]
    return mails[-1] if mails else None


def _reply_subject(subject: str) -> str:
    bare = subject.strip()
    return bare if bare.casefold().startswith("re:") else f"Re: {bare}".strip()
