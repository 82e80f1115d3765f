"""Reports about a mail of ours: not delivered, delivered, read, unwanted, or answered by a program.

What a report is about is the Message-ID that it names, in its own headers or in those of the mail that it returns;
never its subject. Sources: RFC 3464 (delivery), RFC 8098 (reading), RFC 5965 (complaints), RFC 3834 (answers).
"""

import re
from collections.abc import Iterator

from channels.email.away import away_until, is_away
from channels.email.bounce import bounce_of
from channels.email.encoded_words import decode_words
from channels.email.guard import SUBJECT
from channels.email.mime import Part
from channels.email.transfer import transferred
from channels.message import Automatic, Report, ReportKind
from vocabulary.instants import Instant

_PART_MAX = 64 * 1024
_PARTS_MAX = 20
_IDS_MAX = 50
_NAMED = re.compile(
    r"(?im)^[>\s]{0,8}(?:original-|x-)?(?:message-id|in-reply-to|references)[ \t]*:((?:[^\n]|\n[ \t]){0,8000})"
)
_ID = re.compile(r"<[^<>\s]{1,900}>")
_READ = "message/disposition-notification"
_COMPLAINT = "message/feedback-report"
_ANSWERS = {"x-autoreply", "x-auto-response-suppress"}
_LISTS = {"list", "list-unsubscribe"}
_ACTIONS: dict[str, ReportKind] = {"failed": "bounced", "delayed": "delayed"}


def report_of(raw: bytes, root: Part, text: str, *, automatic: Automatic, now: Instant) -> Report | None:
    """Return the report that the mail `raw` is, None if it is none; `text` is its readable text."""
    if not automatic.is_automatic:
        return None
    if "own-message-id" in automatic.signals:
        # A mail of ours that came back as it is, by an alias or a list: it is about itself.
        return Report(kind="automatic", about=tuple(_ID.findall(" ".join(root.headers.all("message-id")))[:1]))
    parts = {part.content_type.value: part for part in reversed(list(root.walk()))}
    about = tuple(dict.fromkeys(_ids(raw, root, text)))[:_IDS_MAX]
    if _COMPLAINT in parts:
        feedback = _field(_text(raw, parts[_COMPLAINT]), "feedback-type")
        return Report(kind="complained" if feedback in ("abuse", "fraud", "") else "automatic", about=about)
    if _READ in parts:
        disposition = _field(_text(raw, parts[_READ]), "disposition").rpartition(";")[2].strip().lower()
        return Report(kind="read" if disposition.startswith("displayed") else "automatic", about=about)
    bounce = bounce_of(raw, root, text)
    if bounce is not None:
        failed = bounce.status.startswith("5") or (not bounce.status and bounce.action in ("failed", ""))
        unsaid: ReportKind = "delivered" if bounce.action else "bounced" if failed else "delayed"
        kind = _ACTIONS.get(bounce.action, unsaid)
        return Report(kind=kind, status=bounce.status, recipient=bounce.recipient, about=about)
    if not _is_answer(root, automatic):
        return None
    if not is_away(_subject(root), text):
        return Report(kind="automatic", about=about)
    return Report(kind="away", about=about, until=away_until(text, now))


def _is_answer(root: Part, automatic: Automatic) -> bool:
    """Tell whether a program answers. One that passes on what people write (`auto-generated`) is no such answer."""
    signals = set(automatic.signals)
    if signals & _LISTS:
        return False
    stated = (root.headers.get("auto-submitted") or "").strip().lower()
    return stated.startswith(("auto-replied", "auto-notified")) or bool(signals & _ANSWERS) or SUBJECT in signals


def _subject(root: Part) -> str:
    return decode_words(root.headers.get("subject") or "")


def _ids(raw: bytes, root: Part, text: str) -> Iterator[str]:
    """Yield the message ids that the report names: as an answer does, in its parts, in the mail that it returns."""
    for name in ("in-reply-to", "references", "original-message-id"):
        for value in root.headers.all(name):
            yield from _ID.findall(decode_words(value) if "=?" in value else value)
    inside = [part for part in root.walk() if part is not root and not part.parts][:_PARTS_MAX]
    for part in inside:
        if part.content_type.value.startswith(("message/", "text/")):
            yield from _named_in(_text(raw, part))
    yield from _named_in(text[:_PART_MAX])


def _named_in(text: str) -> Iterator[str]:
    for match in _NAMED.finditer(text):
        yield from _ID.findall(match[1])


def _text(raw: bytes, part: Part) -> str:
    body, _ = transferred(raw[part.body_at : part.body_end], part.headers.get("content-transfer-encoding") or "")
    return body[:_PART_MAX].decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")


def _field(text: str, name: str) -> str:
    match = re.search(rf"(?im)^{name}[ \t]*:[ \t]*(.*)$", text)
    return match[1].strip().lower() if match else ""
