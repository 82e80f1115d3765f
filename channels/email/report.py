"""Reports about a mail of ours: not delivered, delivered, read, unwanted, or answered by a program.

What a report is about is the Message-ID that it names, in its own headers or in those of the mail that it returns;
never its subject. Sources: RFC 3464 (delivery), RFC 8098 (reading), RFC 5965 (complaints), RFC 3834 (answers).
"""

import re

from channels.email.away import away_until, is_away
from channels.email.bounce import DELIVERY, READ, Bounce
from channels.email.encoded_words import decode_words
from channels.email.guard import SUBJECT
from channels.email.message_ids import message_ids
from channels.email.mime import Part
from channels.email.transfer import transferred
from channels.message import Automatic, Report, ReportKind
from vocabulary.instants import Instant

_PART_MAX = 64 * 1024
_IDS_MAX = 50
_COMPLAINT = "message/feedback-report"
_ANSWERS = {"x-autoreply", "x-auto-response-suppress"}
_LISTS = {"list", "list-unsubscribe"}


def report_of(
    raw: bytes, root: Part, text: str, *, bounce: Bounce | None, automatic: Automatic, now: Instant
) -> Report | None:
    """Return the report that the mail `raw` is, None if it is none.

    `text` is its readable text, `bounce` what it says of a mail that was not delivered.
    """
    if not automatic.is_automatic:
        # Whoever passes a report on writes himself.
        return None
    answered = _answered(root)
    if bounce is not None:
        about = tuple(dict.fromkeys(filter(None, (*message_ids(bounce.message_id), *answered))))
        if bounce.kind == DELIVERY:
            return Report(kind=_delivery(bounce), status=bounce.status, recipient=bounce.recipient, about=about)
        said = bounce.action == "displayed" if bounce.kind == READ else _is_complaint(raw, root)
        return Report(kind=("read" if bounce.kind == READ else "complained") if said else "automatic", about=about)
    if not _is_answer(root, automatic):
        return None
    if not is_away(decode_words(root.headers.get("subject") or ""), text):
        return Report(kind="automatic", about=answered)
    return Report(kind="away", about=answered, until=away_until(text, now))


def _delivery(bounce: Bounce) -> ReportKind:
    if not bounce.is_bounce:
        return "delivered"
    is_late = bounce.action == "delayed" or (not bounce.action and bounce.status.startswith("4"))
    return "delayed" if is_late else "bounced"


def _is_complaint(raw: bytes, root: Part) -> bool:
    """Tell whether a feedback report complains; others tell that a mail is wanted, or how servers judged it."""
    for part in root.walk():
        if part.content_type.value == _COMPLAINT:
            body, _ = transferred(
                raw[part.body_at : part.body_end], part.headers.get("content-transfer-encoding") or ""
            )
            stated = re.search(rb"(?im)^feedback-type[ \t]*:[ \t]*([a-z-]*)", body[:_PART_MAX])
            return stated is None or stated[1].lower() in (b"abuse", b"fraud", b"")
    return False


def _answered(root: Part) -> tuple[str, ...]:
    """Return the message ids that the mail says it answers."""
    names = ("in-reply-to", "references", "original-message-id")
    found = (id for name in names for id in message_ids(" ".join(root.headers.all(name))))
    return tuple(dict.fromkeys(found))[:_IDS_MAX]


def _is_answer(root: Part, automatic: Automatic) -> bool:
    """Tell whether a program answers. One that passes on what people write (`auto-generated`) is no such answer."""
    signals = set(automatic.signals)
    if signals & _LISTS:
        return False
    stated = (root.headers.get("auto-submitted") or "").strip().lower()
    return stated.startswith(("auto-replied", "auto-notified")) or bool(signals & _ANSWERS) or SUBJECT in signals
