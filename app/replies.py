"""What agents write: with files, as text and HTML, taken back within a few seconds, sent again."""

from collections.abc import Callable, Sequence

import msgspec

from app.engine import Engine
from app.outgoing import TO, Outgoing
from channels.email.addresses import is_addr_spec
from channels.email.compose import wire_address
from channels.email.markup import is_bomb, sanitised, text_of
from router.commands import AddMessage, Author, DeliverAgain, TakeBack
from router.decision import Decision
from vocabulary.errors import PermanentFailure
from vocabulary.files import FILE_MAX, TOGETHER_MAX, kind_of, plain_name
from vocabulary.ids import InteractionId, MessageId, derived_id, file_id
from vocabulary.records import (
    COPIES,
    AttachmentRow,
    Change,
    MessageRow,
    OutboxRow,
    PutNew,
    Remove,
    Set,
    UploadRow,
    attributes_changed,
)
from vocabulary.stores import Store
from web.site import Preview, Written

FILES_MAX = 20
"""Files of one message."""
WAITING_MAX = 100_000_000
"""Bytes that one person may have waiting for messages."""
COPIES_MAX = 20
REPORTED = "delivery"
"""The attribute of a message that says what was reported of it (app/mail_reports.py)."""
_NOT_SENT = ("failed", "uncertain", "deferred")


class Replies:
    """Writes, takes back and sends again what agents say."""

    def __init__(self, *, engine: Engine, store: Store, outgoing: Outgoing, domain: str) -> None:
        self._engine = engine
        self._store = store
        self._outgoing = outgoing
        self._domain = domain

    # -- files

    async def bring(
        self,
        interaction: InteractionId,
        by: str,
        name: str,
        content: bytes,
        *,
        inline: bool,
        new_id: Callable[[str], str],
    ) -> UploadRow:
        """Keep a file until its message is written."""
        if len(content) > FILE_MAX:
            raise PermanentFailure(f"the file has {len(content)} bytes; there may be {FILE_MAX}")
        filename = plain_name(name)
        kind = kind_of(filename, content)
        if inline and not kind.startswith("image/"):
            raise PermanentFailure("only pictures stand among the words")
        waiting = await self._store.uploads(by=by)
        if sum(row.size for row in waiting) + len(content) > WAITING_MAX:
            raise PermanentFailure(f"more than {WAITING_MAX} bytes would wait for your messages; remove some first")
        row = UploadRow(
            id=new_id("u"),
            interaction=interaction,
            by=by,
            at=self._engine.clock.now(),
            filename=filename,
            content_type=kind,
            content=content,
            size=len(content),
            inline=inline,
        )
        await self._engine.write(PutNew(row))
        return row

    def content_id(self, upload: str) -> str:
        """Return the Content-ID of a picture."""
        return f"{upload}@{self._domain}"

    async def files(
        self, interaction: InteractionId, message: MessageId, by: str, ids: Sequence[str]
    ) -> tuple[list[AttachmentRow], list[Change]]:
        """Return the files of a message, and what becomes of where they waited.

        They are files that `by` brought, or those of a message that he took back.
        """
        if len(ids) > FILES_MAX:
            raise PermanentFailure(f"a message takes {FILES_MAX} files")
        rows: list[AttachmentRow] = []
        gone: list[Change] = []
        for number, id in enumerate(dict.fromkeys(ids)):
            upload = await self._store.upload(id)
            if upload is not None and (upload.interaction, upload.by) == (interaction, by):
                rows.append(self._attachment(upload, message, number))
                gone.append(Remove(UploadRow, id))
                continue
            kept = await self._taken_back_file(interaction, by, id)
            if kept is None:
                raise PermanentFailure(f"there is no file {id!r}; bring it again")
            new = file_id(message, number, kept.content)
            rows.append(msgspec.structs.replace(kept, id=new, message=message))
        if sum(len(row.content) for row in rows) > TOGETHER_MAX:
            raise PermanentFailure(f"the files have more than {TOGETHER_MAX} bytes together")
        return rows, gone

    def _attachment(self, upload: UploadRow, message: MessageId, number: int) -> AttachmentRow:
        return AttachmentRow(
            id=file_id(message, number, upload.content),
            message=message,
            filename=upload.filename,
            content_type=upload.content_type,
            content=upload.content,
            content_id=self.content_id(upload.id) if upload.content_type.startswith("image/") else None,
            inline=upload.inline,
        )

    async def _taken_back_file(self, interaction: InteractionId, by: str, id: str) -> AttachmentRow | None:
        kept = await self._store.attachment(id)
        message = await self._store.message(kept.message) if kept is not None else None
        if message is None or (message.interaction, message.agent) != (interaction, by):
            return None
        sending = await self._store.outbox_row(derived_id("fx", message.id))
        return kept if sending is not None and sending.state == "taken_back" else None

    # -- words

    async def reply(
        self, interaction: InteractionId, agent: str, said: Written, *, note: bool, message: MessageId
    ) -> Decision:
        """Add a reply or a note with its files, all in one transaction."""
        held = self._engine.state.interactions.get(interaction)
        channel = held.channel if held is not None else ""
        author: Author = "note" if note else "agent"
        row = self._row(interaction, channel, agent, said, message, author)
        files, gone = await self.files(interaction, message, agent, said.files)
        command = AddMessage(interaction=interaction, message=message, author=author, agent=agent)
        return await self._engine.submit(command, (PutNew(row), *(PutNew(file) for file in files), *gone))

    async def draft(
        self, interaction: InteractionId, channel: str, by: str, agent: str | None, said: Written, message: MessageId
    ) -> tuple[MessageRow, Sequence[Change]]:
        """Return a message that is sent later, and what brings its files to it; nothing is written."""
        row = self._row(interaction, channel, agent, said, message, "bot" if agent is None else "agent")
        files, gone = await self.files(interaction, message, by, said.files)
        return row, (*(PutNew(file) for file in files), *gone)

    def _row(
        self,
        interaction: InteractionId,
        channel: str,
        agent: str | None,
        said: Written,
        message: MessageId,
        author: Author,
    ) -> MessageRow:
        html = _safe(said.html)
        copies = _addresses(said.copies)
        return MessageRow(
            id=message,
            interaction=interaction,
            channel=channel,
            author=author,
            at=self._engine.clock.now(),
            text=said.text if said.text.strip() or html is None else text_of(html),
            html=html,
            agent=agent,
            attributes={COPIES: copies} if copies else {},
        )

    async def preview(self, interaction: InteractionId, agent: str, said: Written) -> Preview:
        """Return the mail as it would go out."""
        held = await self._store.interaction(interaction)
        if held is None:
            raise PermanentFailure("the interaction is gone")
        row = self._row(interaction, held.channel, agent, said, "preview", "agent")
        mail = await self._outgoing.mail("preview", row, held, automatic=False)
        return Preview(
            sender=mail.sender.address,
            recipient=mail.recipient.address,
            copies=tuple(each.address for each in mail.copies),
            subject=mail.subject,
            text=mail.text,
            html=sanitised(mail.html or "").html,
        )

    # -- second thoughts

    async def take_back(self, interaction: InteractionId, message: MessageId, agent: str) -> Decision:
        """Take back a reply; of this and the beginning of its delivery, the writer lets one happen."""
        row = Set(OutboxRow, derived_id("fx", message), {"state": "taken_back"})
        return await self._engine.submit(TakeBack(interaction, message, agent), (row,))

    async def deliver_again(self, interaction: InteractionId, message: MessageId, by: str, to: str | None) -> Decision:
        """Let what did not arrive go once more, under the same Message-ID."""
        said = await self._store.message(message)
        rows = [row for row in await self._store.outbox_of(interaction) if row.message == message]
        came_back = said is not None and said.attributes.get(REPORTED, {}).get("state") == "bounced"
        again = [row for row in rows if row.state in _NOT_SENT or came_back]
        if said is None or said.interaction != interaction or not again:
            raise PermanentFailure("nothing of it is left to send: it arrived, is on its way, or was taken back")
        changes: list[Change] = []
        # What was reported was about the try before.
        attributes = {name: value for name, value in said.attributes.items() if name != REPORTED}
        if to is not None:
            (attributes[TO],) = _addresses((to,))
            if derived_id("fx", message) not in {row.id for row in again}:
                raise PermanentFailure("the customer has it; only a copy did not arrive")
        changes += attributes_changed(said, attributes)
        now = self._engine.clock.now()
        fresh = {"state": "pending", "created_at": now, "due_at": now, "reason": "", "why": ""}
        changes += [Set(OutboxRow, row.id, fresh) for row in again]
        return await self._engine.submit(DeliverAgain(interaction, message, by), changes)


def _safe(html: str | None) -> str | None:
    if html is None:
        return None
    if is_bomb(html):
        raise PermanentFailure("the HTML is nested too deeply")
    return sanitised(html).html


def _addresses(given: Sequence[str]) -> list[str]:
    """Return the addresses as they are written down.

    Raises:
        PermanentFailure: there are too many, or one is none.
    """
    if len(given) > COPIES_MAX:
        raise PermanentFailure(f"a mail takes {COPIES_MAX} further addresses")
    plain = [address.strip() for address in given]
    for address in plain:
        if not is_addr_spec(wire_address(address)):
            raise PermanentFailure(f"{address!r} is no e-mail address such as anna@example.org")
    return list(dict.fromkeys(plain))
