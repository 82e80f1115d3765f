"""Delivery reports (RFC 3464): what became of a mail of ours, as far as the report says it plainly."""

import re

import msgspec

from channels.email.addresses import read_addresses
from channels.email.headers import Headers
from channels.email.mime import Part
from channels.email.transfer import transferred

_REPORT_MAX = 64 * 1024
_FIELD = re.compile(r"(?im)^(action|status|final-recipient|original-recipient)[ \t]*:[ \t]*(.*)$")
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_IN_TEXT = re.compile(r"(?<![\d.])([45]\.\d\.\d{1,2})(?![\d.])")
_PARTS = ("message/delivery-status", "message/global-delivery-status")
_DAEMON = re.compile(r"(?:mailer[-_.]?daemon|post[-_.]?master)\b", re.IGNORECASE)
_FAILURE = re.compile(
    r"(?<!\d)[45]\.\d\.\d|(?<!\d)5[0-5]\d[ -]|undeliver|not (?:be )?deliver|mail system error|cannot send"
    r"|deliver\w*[^\n]{0,30}(?:fail|error|problem|warning|delay|status)|fail\w* (?:notice|delivery)"
    r"|(?:unknown|no such|invalid|unavailable) (?:user|address|host|recipient|mailbox)|user unknown|returned to sender",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"[\w.+=-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_ACTIONS = ("failed", "delayed", "delivered", "relayed", "expanded")


class Bounce(msgspec.Struct, frozen=True):
    """One report: the enhanced status code (RFC 3463), the action and the recipient, "" where it names none."""

    status: str
    action: str
    recipient: str


def bounce_of(raw: bytes, root: Part, text: str) -> Bounce | None:
    """Return the delivery report that the mail `raw` is, None if it is none; `text` is its readable text.

    A report in parts (RFC 3464) is read as it says, its first recipient counts. Older servers write only to people:
    theirs is known by its sender, and what can be found in the text is taken.
    """
    for part in root.walk():
        if part.content_type.value in _PARTS:
            return _read(raw, part)
    kind = root.content_type
    if kind.value == "multipart/report" and kind.named.get("report-type", "").lower() == "delivery-status":
        return Bounce("", "", "")
    return _from_text(root.headers, text[:_REPORT_MAX])


def _from_text(headers: Headers, text: str) -> Bounce | None:
    failed = read_addresses(headers.all("x-failed-recipients"))[0]
    senders = read_addresses(headers.all("from") + headers.all("sender") + headers.all("return-path"))[0]
    by_daemon = any(_DAEMON.match(sender.address or sender.name) for sender in senders)
    if not failed and not (by_daemon and _FAILURE.search(f"{headers.get('subject')}\n{text}")):
        return None
    status = _IN_TEXT.search(text)
    address = failed[0].address if failed else next((match[0] for match in _ADDRESS.finditer(text)), "")
    delayed = status is not None and status[1].startswith("4")
    return Bounce(status[1] if status else "", "delayed" if delayed else "failed", address)


def _read(raw: bytes, part: Part) -> Bounce:
    body, _ = transferred(raw[part.body_at : part.body_end], part.headers.get("content-transfer-encoding") or "")
    text = body[:_REPORT_MAX].decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
    fields: dict[str, str] = {}
    for name, value in _FIELD.findall(text):
        fields.setdefault(name.lower(), value.strip())
    action = fields.get("action", "").partition(" ")[0].lower()
    status = _STATUS.search(fields.get("status", ""))
    recipient = fields.get("final-recipient") or fields.get("original-recipient") or ""
    return Bounce(
        status=status[0] if status else "",
        action=action if action in _ACTIONS else "",
        recipient=recipient.rpartition(";")[2].strip(" <>")[:320],
    )
