"""E-mail channels: how mail comes in by each, and mail that is brought from elsewhere."""

from vocabulary.instants import Instant, rfc3339
from web.answers import ImportedView, Inboxes, InboxView
from web.call import Call
from web.endpoint import Endpoints, read_bytes
from web.payloads import ImportQuery
from web.problems import Problem
from web.site import Fetching, Listening, MailboxState

endpoints = Endpoints("mailboxes")

MAIL_BYTES_MAX = 25_000_000


@endpoints.get("/mailboxes", "mailbox.see", "How mail comes in by each e-mail channel")
async def list_mailboxes(call: Call) -> Inboxes:
    """Answer one item for each folder that is fetched from, and for each address that servers deliver to."""
    return Inboxes(items=[inbox_view(state) for state in call.site.mailboxes()])


def inbox_view(state: MailboxState) -> InboxView:
    """Return `state` as the API shows it."""
    fetching = state.fetching or Fetching()
    listening = state.listening or Listening(taken=0, refused=0, put_off=0, connections=0)
    return InboxView(
        channel=state.channel,
        address=state.address,
        protocol=state.protocol,
        server=state.server,
        folder=state.folder,
        state="elsewhere" if fetching.is_elsewhere else "failing" if fetching.trouble is not None else "ok",
        trouble=fetching.trouble,
        told=fetching.told,
        failing_since=_at(fetching.failing_since),
        next_try_at=_at(fetching.next_try_at),
        last_mail_at=_at(state.last_mail_at),
        last_contact_at=_at(fetching.last_contact_at),
        lag=fetching.lag,
        server_count=fetching.server_count,
        stored_count=fetching.stored_count,
        counted_at=_at(fetching.counted_at),
        taken=listening.taken,
        refused=listening.refused,
        put_off=listening.put_off,
        connections=listening.connections,
    )


def _at(instant: Instant | None) -> str | None:
    return None if instant is None else rfc3339(instant)


@endpoints.post("/channels/{name}/mail", "mail.import", "Bring a mail from elsewhere", status=201, streams=True)
async def import_mail(call: Call, name: str, query: ImportQuery) -> ImportedView:
    """Keep the body, a mail as it is sent (message/rfc822), and take it in as if it had come by channel `name`.

    Answered once it is durable; 200 where the channel has it already. What is wrong with it shows in the quarantine.
    """
    body = await read_bytes(call.request, MAIL_BYTES_MAX, "A mail")
    if not body:
        raise Problem("bad_request", "The body is empty: send a mail as it is (message/rfc822).")
    imported = await call.site.import_mail(name, body, answer=query.answer, archived=query.closed)
    if imported is None:
        raise Problem("not_found", f"There is no e-mail channel {name!r}.", reason="unknown_channel")
    if imported.known:
        call.status = 200
    return ImportedView(
        id=imported.id,
        state=imported.state,
        known=imported.known,
        interaction=imported.interaction,
        error=imported.error,
    )
