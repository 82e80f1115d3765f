"""What agents write: replies and notes with files, a look at the mail before, second thoughts, and sending again."""

from queues.interaction import Interaction
from reports.wording.text import delivery_text
from vocabulary.errors import PermanentFailure, TemporaryFailure
from vocabulary.ids import reference
from vocabulary.instants import rfc3339
from vocabulary.media import EMAIL
from vocabulary.records import ERASED, OutboxRow, Remove, UploadRow
from web.access import Action
from web.answers import Attachments, AttachmentView, MailPreview, MessageView, UndeliveredMails, UndeliveredView
from web.call import Call, accepted
from web.endpoint import Endpoints, read_bytes
from web.payloads import DraftMail, NewMessage, SendAgain, UndeliveredQuery, UploadQuery
from web.problems import Problem, invalid, unavailable
from web.site import Written

endpoints = Endpoints("messages")
FILE_BYTES_MAX = 10_000_000
MAILS_MAX = 10_000
"""So many mails that did not arrive are looked through for the latest."""
_UNUSABLE = "unusable"


@endpoints.post("/interactions/{id}/messages", "interaction.note", "Reply to the customer, or add a note", status=201)
async def add_message(call: Call, id: str, body: NewMessage) -> MessageView:
    """Add a reply of the owner, or a note, and answer it. A reply by mail waits a few seconds for second thoughts."""
    action: Action = "interaction.reply" if body.kind == "reply" else "interaction.note"
    found = await call.interaction(id, action)
    _check(found, body)
    agent = await call.acting(found) if body.kind == "reply" else call.actor
    message = call.new_id("m")
    if await call.site.store.message(message) is None:
        said = Written(text=body.text, html=body.html, files=body.attachments, copies=body.cc)
        try:
            decision, message = await call.site.reply(id, agent, said, note=body.kind == "note", id=message)
        except PermanentFailure as failure:
            raise invalid("attachments" if "file" in str(failure) else "cc", f"{failure}.") from failure
        accepted(decision)
    return await _message(call, message)


def _check(found: Interaction, body: NewMessage) -> None:
    """Say what a message of this kind can't have."""
    if not body.text.strip() and not (body.html or "").strip() and not body.attachments:
        raise invalid("text", "Write something.")
    by_mail = body.kind == "reply" and found.goes_by_mail
    if body.cc and not by_mail:
        raise invalid("cc", "Only mail has copies.")
    if body.html is not None and not by_mail:
        raise invalid("html", "Only mail has HTML.")
    if body.attachments and body.kind == "reply" and found.medium != EMAIL:
        raise invalid("attachments", f"Files go with mail and with notes, not with {found.medium}.")


async def _message(call: Call, id: str) -> MessageView:
    row = await call.site.store.message(id)
    assert row is not None, "a message that was taken is in the records"
    return await call.views.message(row, call.language)


@endpoints.post("/interactions/{id}/preview", "interaction.reply", "The mail that a reply would become", repeats=False)
async def preview(call: Call, id: str, body: DraftMail) -> MailPreview:
    """Answer the mail in the letter of its queue, as text and as HTML; nothing is sent or kept."""
    found = await call.interaction(id, "interaction.reply")
    if not found.goes_by_mail:
        raise Problem("conflict", f"Interaction {id} is not answered by mail.", reason="no_mail")
    agent = await call.acting(found)
    try:
        shown = await call.site.preview(id, agent, Written(text=body.text, html=body.html, copies=body.cc))
    except PermanentFailure as failure:
        raise Problem("conflict", f"There would be no mail: {failure}.", reason=_UNUSABLE) from failure
    return MailPreview(
        sender=shown.sender,
        to=shown.recipient,
        cc=list(shown.copies),
        subject=shown.subject,
        text=shown.text,
        html=shown.html,
    )


# -- files


@endpoints.post(
    "/interactions/{id}/attachments",
    "interaction.note",
    "Bring a file for a message; its bytes are the body",
    status=201,
    streams=True,
)
async def bring(call: Call, id: str, query: UploadQuery) -> AttachmentView:
    """Keep a file of up to 10 MB for a message that is still being written; its bytes say what it is.

    Pictures, PDF, texts, office documents, sound, video and archives are taken.
    """
    await call.interaction(id, "interaction.note")
    content = await read_bytes(call.request, FILE_BYTES_MAX, "A file")
    try:
        row = await call.site.bring(id, call.actor, query.filename, content, inline=query.inline)
    except PermanentFailure as failure:
        raise invalid("", f"{query.filename!r} can't be taken: {failure}.") from failure
    return _file(call, row)


@endpoints.get("/interactions/{id}/attachments", "interaction.note", "Files that wait for your message")
async def waiting(call: Call, id: str) -> Attachments:
    """Answer the files that the caller has brought and not sent yet, oldest first."""
    await call.interaction(id, "interaction.note")
    rows = await call.site.store.uploads(interaction=id, by=call.actor)
    return Attachments(items=[_file(call, row) for row in rows])


@endpoints.delete("/interactions/{id}/attachments/{file}", "interaction.note", "Remove a file that waits")
async def remove(call: Call, id: str, file: str) -> None:
    """Remove a file that the caller has brought and not sent."""
    await call.interaction(id, "interaction.note")
    row = await call.site.store.upload(file)
    if row is None or (row.interaction, row.by) != (id, call.actor):
        raise Problem("not_found", f"No file {file!r} of yours waits here.", reason="unknown_attachment")
    try:
        await call.site.write(Remove(UploadRow, file))
    except TemporaryFailure as failure:
        raise unavailable(str(failure)) from failure


def _file(call: Call, row: UploadRow) -> AttachmentView:
    return AttachmentView(
        id=row.id,
        filename=row.filename,
        content_type=row.content_type,
        size=row.size,
        inline=row.inline,
        content_id=call.site.content_id(row.id) if row.content_type.startswith("image/") else None,
    )


# -- second thoughts


@endpoints.post("/interactions/{id}/messages/{message}/undo", "interaction.reply", "Take a reply back")
async def undo(call: Call, id: str, message: str) -> MessageView:
    """Take back a mail that has not begun to go out; its words and files are in the answer, to be written anew."""
    found = await call.interaction(id, "interaction.reply")
    await _of(call, id, message)
    accepted(await call.site.take_back(id, message, await call.acting(found)))
    return await _message(call, message)


@endpoints.post("/interactions/{id}/messages/{message}/resend", "interaction.resend", "Send a message once more")
async def resend(call: Call, id: str, message: str, body: SendAgain = SendAgain()) -> MessageView:  # noqa: B008  (frozen)
    """Send what failed, may not have arrived, or waits for another try, at once; with `to`, to another address."""
    await call.interaction(id, "interaction.resend")
    await _of(call, id, message)
    try:
        accepted(await call.site.deliver_again(id, message, call.actor, body.to))
    except PermanentFailure as failure:
        if body.to is not None and "address" in str(failure):
            raise invalid("to", f"{failure}.") from failure
        raise Problem("conflict", f"{failure}.", reason=_UNUSABLE) from failure
    return await _message(call, message)


@endpoints.get("/undelivered", "interaction.steer", "Mail of ours that did not arrive, the latest first")
async def undelivered(call: Call, query: UndeliveredQuery) -> UndeliveredMails:
    """Answer what failed or is uncertain and was not sent again since, with the reason in words."""
    rows = await call.site.store.outbox(states=("failed", "uncertain"), limit=MAILS_MAX)
    mails = [row for row in rows if row.kind == "mail" and row.reason != ERASED]
    latest = sorted(mails, key=lambda row: (row.created_at, row.id), reverse=True)[: query.limit]
    return UndeliveredMails(items=[view for row in latest if (view := await _undelivered(call, row)) is not None])


async def _undelivered(call: Call, row: OutboxRow) -> UndeliveredView | None:
    found = await call.views.find(row.interaction or "")
    message = await call.site.store.message(row.message or "")
    if found is None or message is None:
        return None
    customer = await call.views.customers.brief(found.customer)
    return UndeliveredView(
        interaction=found.id,
        reference=reference(found.number),
        queue=found.queue,
        agent=found.agent,
        customer=customer.name or customer.email or "",
        message=message.id,
        subject=message.subject,
        at=rfc3339(message.at),
        delivery=row.state,
        why=row.why,
        reason=delivery_text(row.why, call.language, failed=row.state == "failed"),
        said=row.reason,
    )


async def _of(call: Call, id: str, message: str) -> None:
    row = await call.site.store.message(message)
    if row is None or row.interaction != id:
        raise Problem("not_found", f"There is no message {message!r} in it.", reason="unknown_message")
