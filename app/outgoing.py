"""A message of the records as a mail: whom it goes to, what it answers, its letter, its files."""

import ssl
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo

import msgspec

from app.engine import Engine
from autoresponders.letters import Facts, Letter, Words
from autoresponders.templates import Wordings
from channels.email.compose import wire_address
from channels.email.refusals import Why
from channels.email.sign import Signer
from channels.email.smtp import SmtpSender
from channels.email.written import html_of, plain_of
from channels.message import Address, Attachment, OutboundMail
from config.channel_schema import Dkim, EmailChannel, Send
from config.signing_keys import signing_key
from vocabulary.errors import PermanentFailure
from vocabulary.ids import CustomerId, reference
from vocabulary.records import COPIES, PARTICIPANT, UNVERIFIED, AttachmentRow, InteractionRow, MessageRow
from vocabulary.stores import Store

USUAL_LETTER = "default"
QUOTED_MAX = 20_000
"""Characters of the customer's mail that stand below an answer."""
TO, HTML, UNSUBSCRIBE = "to", "html", "list_unsubscribe"
"""Attributes of a message of ours: whom it goes to beside or instead of the customer, and that one may unsubscribe."""


class MailChannel(msgspec.Struct, frozen=True):
    """How one mailbox sends, and what signs its mail."""

    sender: Address
    smtp: SmtpSender
    signers: tuple[Signer, ...] = ()


class Unsendable(PermanentFailure):
    """A message can't become a mail; `why` is the code of the reason."""

    def __init__(self, why: Why, detail: str) -> None:
        super().__init__(detail)
        self.why = why


class Outgoing:
    """Makes mails of messages. `site` is the name that customers read; `link_of` the page that ends scheduled mail."""

    def __init__(
        self,
        store: Store,
        *,
        channels: Mapping[str, MailChannel],
        wordings: Wordings,
        engine: Engine,
        letters: Mapping[str, Letter] | None = None,
        site: str = "Centrala",
        language: str = "en",
        zone: tzinfo = UTC,
        link_of: Callable[[CustomerId], str] | None = None,
    ) -> None:
        self._store = store
        self._channels = channels
        self._wordings = wordings
        self._engine = engine
        self._letters = letters or {USUAL_LETTER: Letter()}
        self._site = site
        self._language = language
        self._zone = zone
        self._link_of = link_of

    @property
    def letters(self) -> frozenset[str]:
        """The names of the letters that there are."""
        return frozenset(self._letters)

    def channel_of(self, interaction: InteractionRow) -> MailChannel:
        """Return the mailbox that writes to the interaction's customer.

        Raises:
            Unsendable: none may send.
        """
        queue = self._engine.policy.queues.get(interaction.queue)
        channel = self._channels.get(interaction.channel)
        if channel is None and queue is not None:
            # What came in elsewhere is answered from the queue's mailbox.
            channel = self._channels.get(queue.message_channel or "")
        if channel is None:
            detail = f"channel {interaction.channel!r} can't send: no [channels.NAME.send] is configured"
            raise Unsendable("no_channel", detail)
        return channel

    async def mail(self, id: str, message: MessageRow, interaction: InteractionRow, *, automatic: bool) -> OutboundMail:
        """Return the mail under `id` that brings `message` to its customer.

        Raises:
            Unsendable: there is no address to write to, or no mailbox to write from.
        """
        channel = self.channel_of(interaction)
        heard = _heard(await self._store.messages(interaction.id, limit=100_000))
        last = heard[-1] if heard else None
        his = next((row for row in reversed(heard) if not row.attributes.get(PARTICIPANT)), None)
        recipient = await self._recipient(message, interaction, his)
        if not recipient.address.rpartition("@")[0].isascii():
            raise Unsendable("foreign_letters", f"{recipient.address!r} has letters beyond ASCII before its @")
        files = await self._store.attachments(message.id)
        unsubscribes = bool(message.attributes.get(UNSUBSCRIBE)) and self._link_of is not None
        link = self._link_of(interaction.customer) if unsubscribes and self._link_of is not None else None
        said = message if link is None else self._with_link(message, interaction, link)
        text, html = await self._letter(said, interaction, last, recipient, channel, files, automatic=automatic)
        subject = message.subject or (_reply_subject(last.subject) if last is not None else "")
        return OutboundMail(
            id=id,
            interaction=interaction.id,
            sender=channel.sender,
            recipient=recipient,
            copies=tuple(Address("", address) for address in copies_of(message)),
            subject=subject,
            text=text,
            html=html,
            attachments=tuple(_attachment(file, html) for file in files),
            in_reply_to=last.message_id if last is not None else None,
            references=_references(last),
            automatic=automatic,
            list_unsubscribe=link,
            date=message.at,
        )

    def _with_link(self, message: MessageRow, interaction: InteractionRow, link: str) -> MessageRow:
        """Return the message with how to unsubscribe at its end."""
        line = self._wordings.text("unsubscribe", interaction.language or self._language, link=link)
        html = None if message.html is None else f"{message.html}{html_of(line, ())}"
        return msgspec.structs.replace(message, text=f"{message.text}\n\n{line}", html=html)

    async def _recipient(self, message: MessageRow, interaction: InteractionRow, last: MessageRow | None) -> Address:
        """Return whom it goes to: who was named, else whence the customer wrote `last`, else his known address."""
        if message.attributes.get(TO):
            return Address("", str(message.attributes[TO]))
        if last is not None and last.sender_address:
            return Address(last.sender_name, last.sender_address)
        known = await self._store.person_identities(interaction.customer)
        address = next((identity.value for identity in known if identity.kind == "email"), None)
        if address is None:
            raise Unsendable("no_address", "the customer has no address to write to")
        found = await self._store.customer(interaction.customer)
        return Address(found.name if found is not None else "", address)

    async def _letter(
        self,
        message: MessageRow,
        interaction: InteractionRow,
        last: MessageRow | None,
        recipient: Address,
        channel: MailChannel,
        files: Sequence[AttachmentRow],
        *,
        automatic: bool,
    ) -> tuple[str, str]:
        """Return the text and the HTML: the words of the message in the letter of its queue."""
        queue = self._engine.policy.queues.get(interaction.queue)
        letter = self._letters.get((queue and queue.letter) or USUAL_LETTER) or self._letters[USUAL_LETTER]
        language = interaction.language or self._language
        pictures = [file.content_id for file in files if file.content_id is not None]
        quotes = letter.quote and not automatic and last is not None
        words = Words(
            text=plain_of(message.text),
            html=message.html if message.html is not None else html_of(message.text, pictures),
            quoted=self._quoted(last, language) if quotes and last is not None else "",
        )
        facts = Facts(
            agent=await self._agent_name(message),
            site=self._site,
            queue=interaction.queue,
            number=reference(interaction.number),
            customer=recipient.name,
            address=channel.sender.address,
            language=language,
        )
        return letter.render(words, facts)

    def _quoted(self, last: MessageRow, language: str) -> str:
        when = datetime.fromtimestamp(last.at / 1000, self._zone)
        name = last.sender_name or last.sender_address
        intro = self._wordings.text("quote_intro", language, name=name, date=f"{when:%Y-%m-%d %H:%M}")
        body = (last.full_text or last.text)[:QUOTED_MAX]
        return "\n".join([intro, *(f"> {line}".rstrip() for line in body.strip().splitlines())])

    async def _agent_name(self, message: MessageRow) -> str:
        if message.author != "agent" or message.agent is None:
            return ""
        return next((row.name for row in await self._store.agents() if row.id == message.agent), "")


def copies_of(message: MessageRow) -> tuple[str, ...]:
    """Return the addresses that get a copy of a message."""
    return tuple(map(str, message.attributes.get(COPIES, ())))


def envelope_recipient(mail: OutboundMail, copy: int) -> str:
    """Return the address of the envelope: the recipient's, or with a number from 1 on that of a copy."""
    return wire_address((mail.recipient, *mail.copies)[copy].address)


def _references(last: MessageRow | None) -> tuple[str, ...]:
    if last is None:
        return ()
    return (*last.references, last.message_id) if last.message_id else last.references


def _attachment(file: AttachmentRow, html: str) -> Attachment:
    """Return a file as the mail carries it; a picture that no longer stands among the words comes as a file."""
    shown = file.inline and file.content_id is not None and f"cid:{file.content_id}" in html
    return Attachment(file.filename, file.content_type, file.content, file.content_id if shown else None, shown)


def _heard(messages: Sequence[MessageRow]) -> Sequence[MessageRow]:
    """Return what the customer wrote, and those who take part: mails that ours may follow."""
    return [row for row in messages if row.author == "customer" and not row.attributes.get(UNVERIFIED)]


def _reply_subject(subject: str) -> str:
    bare = subject.strip()
    return bare if bare.casefold().startswith("re:") else f"Re: {bare}".strip()


def trusted(send: Send) -> ssl.SSLContext | None:
    """Return what a mail server's certificate must go back to; None for what the system trusts."""
    return None if send.ca_file is None else ssl.create_default_context(cafile=send.ca_file)


def signer_of(box: EmailChannel, dkim: Dkim) -> Signer:
    """Return who signs the mail of a channel with one of its keys.

    Raises:
        SecretRefused: the key can't be had.
    """
    key = signing_key(dkim.key_file)
    return Signer(
        domain=dkim.domain or box.address.rpartition("@")[2],
        selector=dkim.selector,
        algorithm=key.algorithm,
        private=key.private,
        public=key.public,
    )
