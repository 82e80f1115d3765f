"""Reports on mails of ours: delivered or not (RFC 3464), read (RFC 8098), complained about (RFC 5965).

A report in parts says plainly what it means. Older servers write only to people: theirs is known by its sender or its
subject together with words of failure, and what can be found in the text is taken.
"""

import re
from collections.abc import Collection, Iterator, Sequence

import msgspec

from channels.email.addresses import comparable, read_addresses
from channels.email.encoded_words import decode_words
from channels.email.headers import Headers, read_block
from channels.email.mime import Part
from channels.email.transfer import transferred

DELIVERY, READ, COMPLAINT = "delivery", "read", "complaint"

_REPORT_MAX = 64 * 1024
_GROUPS_MAX = 200
_CANDIDATES_MAX = 50
_FIELD = re.compile(r"([A-Za-z-]{1,60})[ \t]*:[ \t]*([^\n]*)")
_FOLD = re.compile(r"\n[ \t]+")
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_DELIVERY_PARTS = ("message/delivery-status", "message/global-delivery-status")
_READ_PARTS = ("message/disposition-notification", "message/global-disposition-notification")
_COMPLAINT_PARTS = ("message/feedback-report",)
_RETURNED_PARTS = ("message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers",
                   "message/rfc822-headers")  # fmt: skip
_ACTIONS = ("failed", "delayed", "delivered", "relayed", "expanded")

_DAEMON = re.compile(r"(?:mailer[-_.]?daemon|mail[-_. ]?delivery|post?[-_.]?master|po+stmaster)\b", re.IGNORECASE)
_SUBJECT = re.compile(
    r"\s*\W{0,4}(?:undeliver(?:ed|able)|non[- ]?deliver|returned mail|return(?:ed)? to sender|failure notice"
    r"|(?:mail|message|e-?mail|delivery|failed)[ -](?:deliver(?:y|ed)|status|system|failure|error|notification|notice)"
    r"|(?:mail|message)\b.{0,30}\b(?:could not be|not be|was not|has not been) (?:sent|delivered)"
    r"|(?:message )?delivery (?:has )?fail|warning\W{1,3}could not send|delayed mail|mail could not"
    r"|niedoręczon|nie dostarczono|zwrot poczty|nepristatyt|laiškas nepristatytas|kézbesíthetetlen"
    r"|недоставленн|не доставлено|ваше сообщение не|メールエラー)",
    re.IGNORECASE,
)

# Enhanced codes in the text; an address of the network or a version has more dots or none of these beginnings.
_IN_TEXT = re.compile(r"(?<![\d.])([45]\.[0-7]\.\d{1,3})(?![\d]|\.\d)")
_REPLY = re.compile(r"(?<![\d.#:/-])([45])([0-5])\d(?=[ -][^\d\s]|[ -]#|\s*<)")

# What servers say, and the class, subject and detail of RFC 3463 that it means. What stands first counts, and after all
# others what is as common as _VAGUE.
_REASONS = {
    "5.1.2": (
        r"host (?:or domain name )?(?:is )?(?:unknown|not found)|unknown (?:host|domain)"
        r"|domain (?:not found|does not exist)|host name lookup|name or service not known|no such (?:host|domain)"
        r"|dns (?:lookup )?(?:failure|error)|nxdomain|no (?:mx|mail) (?:records?|servers?)|no smtp service"
    ),
    "5.1.1": (
        r"user (?:is )?unknown|unknown (?:user|local[- ]part|recipient|address|account)"
        r"|no such (?:user|mailbox|person|account|recipient|address)"
        r"|(?:user|mailbox|account|recipient|address|addressee)\b.{0,80}?"
        r"(?:not (?:found|exist|listed|known|here)|unknown|doesn'?t exist|does not exist|invalid)"
        r"|invalid (?:user|recipient|mailbox|address)|no mailbox (?:here )?by that name|not a known user"
        r"|isn'?t a valid|not our customer|no valid recipients|(?:wasn.?t|couldn.?t be|not) found|nie istnieje"
        r"|nėra tokio|nem létezik|не существует|не найден|нет такого"
    ),
    "5.2.2": (
        r"(?:mailbox|inbox|account|quota|disk|user)\b.{0,60}?(?:is full|full\b|over ?quota|exceed|storage)"
        r"|over (?:the )?quota|quota exceeded|exceeded the (?:local )?limit|mailbox full|insufficient storage"
        r"|not enough (?:disk )?space|skrzynka.{0,30}pełna|perpildyta|megtelt|переполнен|一杯"
    ),
    "5.2.1": (
        r"(?:account|mailbox|user|address)\b.{0,40}?(?:disabled|suspended|inactive|deactivated"
        r"|locked|closed|expired|not active)"
        r"|no longer (?:works|employed|available|in use)|заблокирован"
    ),
    "5.3.4": (r"(?:message|mail|size)\b.{0,30}?(?:too (?:large|big)|exceeds?)|exceed\w* .{0,30}size|size limit"),
    "5.4.6": (r"too many hops|hop count|mail loop|loop(?:s back| detected| alert)|loop back"),
    "4.4.7": (
        r"retry time(?:out)? (?:not reached|exceeded)|envelope expired|(?:message|mail) expired"
        r"|for \d+ (?:days?|hours?)|retry timeout|gave up|giving up|delivery time expired"
    ),
    "4.4.1": (
        r"timed? ?out|connection (?:refused|reset|lost)|no route|could not connect|unable to connect|unreachable"
        r"|network (?:error|problem)|temporar(?:y|ily)|try again|deferred|greylist"
    ),
    "5.7.1": (
        r"spam|blacklist|blocked|black ?list|rbl|block list|policy|relay(?:ing)? (?:access )?(?:denied|not)"
        r"|access denied|not (?:allowed|permitted|authorized|a member|member)|prohibited|reject|refused|denied"
        r"|virus|content|authentication|dmarc|\bspf\b|dkim|reputation|customfromdenied"
    ),
}
_VAGUE = ("4.4.1", "5.7.1")
_REASON = [(status, re.compile(words, re.IGNORECASE)) for status, words in _REASONS.items()]
_FAILURE = re.compile(
    r"undeliver|not (?:been |be )?(?:sent|deliver)"
    r"|(?:cannot|can'?t|could ?n[o']t|unable to) (?:be )?(?:send|sent|deliver)"
    r"|deliver\w*[^\n]{0,40}(?:fail|error|problem|warning|delay)|fail\w* (?:notice|delivery|permanently|to deliver)"
    r"|(?:permanent|fatal|delivery) errors?|mail system error|returned to sender"
    r"|error (?:while|has occurred|delivering)|was(?: not|n'?t) (?:able|deliver)|not a(?: known)? member"
    r"|are not member|duplicated message-id|wurde nicht"
    r"|nie (?:może|mogła|mogło|została?|zostało) (?:być |zostać )?(?:dostarcz|doręcz)|nepavyko"
    r"|nem (?:sikerült|lehet|kézbesít)|не (?:может быть|удалось|была?|было) достав|送信できません",
    re.IGNORECASE,
)
_DELAY = re.compile(
    r"\bdelay|will (?:be )?(?:keep|continue|retry|retried|try|attempt|re-?try)|still (?:being )?(?:trying|retried)"
    r"|not yet been delivered|warning\W{1,3}(?:could not|message)|no action is required|задерж|opóźni|vėluoja|késik"
    r"|notification: warning",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"[\w.+=/&'-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
# Where servers name whom they could not reach, the surest first.
_NAMED = (
    re.compile(r"(?im)^\s*(?:final[- ]recipient|rcpt to|recipient|to address|failed recipients?)\s*:\s*.{0,30}?"
               r"<?([\w.+=/&'-]{1,64}@[\w.-]{3,253})"),
    re.compile(r"(?i)(?:delivered? to|deliver to|sent to|message to|mail to|addressed to|recipients?(?: or groups)?"
               r"|address(?:\(?es\)?)? failed|errors? -*|problems? -*|получателям|адресат\w*)\s*:?[\s*>-]{0,20}"
               r"<?([\w.+=/&'-]{1,64}@[\w.-]{3,253})"),
    re.compile(r"(?m)^\s{0,8}[*>]{0,3}\s?<([\w.+=/&'-]{1,64}@[\w.-]{3,253})>"),
)  # fmt: skip
_TO = re.compile(r"(?im)^[ \t>]{0,8}(?:to|rcpt to|envelope-to)[ \t]*:[^\n@]{0,80}?([\w.+=/&'-]{1,64}@[\w.-]{3,253})")
# From here on stands what is sent back: its addresses are its own.
_COPY = re.compile(
    r"(?im)^[\s>*-]{0,40}(?:(?:this|below|here) (?:is|line is) (?:a |the )?copy|original message"
    r"|message headers? follow|below this line|return-path:|received: (?:from|by)|arc-|копия"
    r"|(?:original|returned|undelivered|unsent) (?:message|mail)(?: headers| info| follows?| as follows)?\s*:?[\s-]*$)"
)
_MESSAGE_ID = re.compile(r"(?im)^[ \t>]{0,8}message-id[ \t]*:\s*(<[^<>\s]{1,900}>)")


class Bounce(msgspec.Struct, frozen=True):
    """One report.

    `kind`: delivery, read or complaint. `status`: the enhanced code (RFC 3463); where a report of delivery names none,
    the class, subject and detail that its words mean. `message_id`: of the mail of ours that it is about. "": unknown.
    """

    status: str
    action: str
    recipient: str
    kind: str = DELIVERY
    message_id: str = ""

    @property
    def is_bounce(self) -> bool:
        """Whether a mail of ours did not arrive, or not yet."""
        return self.kind == DELIVERY and self.action not in ("delivered", "relayed", "expanded")


def bounce_of(raw: bytes, root: Part, text: str) -> Bounce | None:
    """Return the report that the mail `raw` is, None if it is none; `text` is its readable text."""
    parts = list(root.walk())
    kinds = {part.content_type.value for part in parts}
    about = _returned_id(raw, parts, text)
    if kinds.intersection(_READ_PARTS):
        fields = next(_groups(raw, parts, _READ_PARTS), {})
        return Bounce(
            "", _disposition(fields), _recipient(fields), READ, fields.get("original-message-id", about)[:998]
        )
    if kinds.intersection(_COMPLAINT_PARTS):
        return Bounce("", "complaint", _complainer(raw, parts), COMPLAINT, about)
    stated = root.content_type.named.get("report-type", "").lower()
    read = text[:_REPORT_MAX]
    if kinds.intersection(_DELIVERY_PARTS):
        return _reported(list(_groups(raw, parts, _DELIVERY_PARTS)), _in_text(root.headers, raw, parts, read, about))
    is_report = root.content_type.value == "multipart/report" and stated in ("", "delivery-status")
    if is_report or _is_failure(root.headers, read):
        return _in_text(root.headers, raw, parts, read, about)
    return None


def _is_failure(headers: Headers, text: str) -> bool:
    """Tell whether a mail without a report in parts says that another could not be delivered."""
    if headers.all("x-failed-recipients"):
        return True
    subject = decode_words(headers.get("subject") or "")
    senders = read_addresses(headers.all("from") + headers.all("sender") + headers.all("return-path"))[0]
    by_daemon = any(_DAEMON.match(sender.address or sender.name) or _DAEMON.match(sender.name) for sender in senders)
    is_null = any(re.sub(r"\s", "", value) == "<>" for value in headers.all("return-path") + headers.all("from"))
    by_list = any("-admin@" in author.address for author in read_addresses(headers.all("from"))[0])
    is_told = _SUBJECT.match(subject) is not None
    # The words cost much to look for: only where somebody but a person may have written them.
    if not (by_daemon or is_null or is_told or by_list):
        return False
    said = f"{subject}\n{_before_copy(text)}"
    if by_daemon or (is_null and is_told):
        return any(words.search(said) for words in (_FAILURE, _IN_TEXT, _REPLY)) or _reason(said) is not None
    return _FAILURE.search(said) is not None


def _reported(groups: Sequence[dict[str, str]], said: Bounce) -> Bounce:
    """Return the report of the first recipient that wasn't reached, what it leaves out from the text."""
    named = [group for group in groups if "action" in group or "final-recipient" in group or "status" in group]
    if not named:
        return said
    chosen = next((group for group in named if _action(group) == "failed"), None)
    chosen = chosen or next((group for group in named if _action(group) == "delayed"), named[0])
    action, status = _action(chosen), _STATUS.search(chosen.get("status", ""))
    code = status[0] if status else ""
    diagnosis = chosen.get("diagnostic-code", "")
    found = _IN_TEXT.search(diagnosis)
    if found and (not code or (code.endswith(".0.0") and code[0] == found[1][0])):
        code = found[1]
    if not code and action in ("failed", "delayed", ""):
        code = _status(diagnosis, action == "delayed") if diagnosis else said.status
    if action == "failed" and code.startswith("2"):
        code = said.status
    if not action:
        action = {"2": "delivered", "4": "delayed", "5": "failed"}.get(code[:1], "")
    return msgspec.structs.replace(said, status=code, action=action, recipient=_recipient(chosen) or said.recipient)


def _action(group: dict[str, str]) -> str:
    action = re.split(r"[\s(;]", group.get("action", "").strip(), maxsplit=1)[0].lower()
    return action if action in _ACTIONS else ""


def _recipient(group: dict[str, str]) -> str:
    """Return whom we wrote to: the address before any forwarding is the one that we know."""
    for name in ("original-recipient", "final-recipient", "x-actual-recipient", "original-rcpt-to"):
        value = group.get(name, "").rpartition(";")[2].strip(" <>")
        if "@" in value:
            return value[:320]
    return group.get("final-recipient", "").rpartition(";")[2].strip(" <>")[:320]


def _disposition(fields: dict[str, str]) -> str:
    kind = fields.get("disposition", "").rpartition(";")[2]
    return re.split(r"[/,]", kind, maxsplit=1)[0].strip().lower()[:30]


def _complainer(raw: bytes, parts: Sequence[Part]) -> str:
    fields = next(_groups(raw, parts, _COMPLAINT_PARTS), {})
    return _recipient(fields) or next(iter(_returned_recipients(raw, parts)), "")


def _groups(raw: bytes, parts: Sequence[Part], kinds: Sequence[str]) -> Iterator[dict[str, str]]:
    """Yield the groups of fields in the parts of these kinds: one for the message, one for each recipient."""
    for part in parts:
        if part.content_type.value not in kinds:
            continue
        body, _ = transferred(raw[part.body_at : part.body_end], part.headers.get("content-transfer-encoding") or "")
        text = body[:_REPORT_MAX].decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
        for count, group in enumerate(re.split(r"\n[ \t]*\n", text)):
            if count >= _GROUPS_MAX:
                return
            fields: dict[str, str] = {}
            for line in _FOLD.sub(" ", group).split("\n"):
                match = _FIELD.match(line.strip())
                if match is not None:
                    fields.setdefault(match[1].lower(), match[2].strip())
            if fields:
                yield fields


# -- from the words of a report


def _in_text(headers: Headers, raw: bytes, parts: Sequence[Part], text: str, about: str) -> Bounce:
    shown = _before_copy(text)
    said = f"{decode_words(headers.get('subject') or '')}\n{shown}"
    delayed = _DELAY.search(said) is not None
    status = _status(said, delayed)
    recipient = _in_words(headers, raw, parts, text, shown)
    return Bounce(status, "delayed" if delayed else "failed", recipient, DELIVERY, about)


def _status(said: str, delayed: bool) -> str:
    found = _IN_TEXT.search(said)
    if found is not None:
        return found[1]
    reply = _REPLY.search(said)
    reason = _reason(said)
    class_ = "4" if delayed else reply[1] if reply is not None else (reason or "5")[0]
    return f"{class_}{(reason or '5.0.0')[1:]}"


def _reason(said: str) -> str | None:
    found = [
        (status in _VAGUE, match.start(), status)
        for status, words in _REASON
        if (match := words.search(said)) is not None
    ]
    return min(found)[2] if found else None


def _in_words(headers: Headers, raw: bytes, parts: Sequence[Part], text: str, shown: str) -> str:
    """Return whom the report says it could not reach; not its own sender, and not us to whom it comes."""
    failed = read_addresses(headers.all("x-failed-recipients"))[0]
    if failed:
        return failed[0].address
    to, _ = read_addresses(headers.all("to") + headers.all("from") + headers.all("delivered-to"))
    others = {comparable(address.address) for address in to}
    returned = _returned_recipients(raw, parts)
    named = [match[1] for pattern in _NAMED for match in pattern.finditer(shown)][:_CANDIDATES_MAX]
    for address in named:
        if comparable(address) not in others:
            return address.rstrip(".")
    found = [match[0] for _, match in zip(range(_CANDIDATES_MAX), _ADDRESS.finditer(shown), strict=False)]
    known = next((address for address in found if address.lower() in map(str.lower, returned)), None)
    free = (address for address in found if comparable(address) not in others and not _DAEMON.match(address))
    return known or next(free, None) or next(iter(returned), "") or _told_below(text, others)


def _told_below(text: str, others: Collection[str]) -> str:
    """Return the recipient in the headers that a server copied into its text."""
    found = (match[1] for _, match in zip(range(_CANDIDATES_MAX), _TO.finditer(text), strict=False))
    return next((address for address in found if comparable(address) not in others), "")


def _before_copy(text: str) -> str:
    """Return `text` as far as the server itself speaks; all of it if it begins with what it sends back."""
    copy = _COPY.search(text, 1)
    return text[: copy.start()] if copy is not None and text[: copy.start()].strip() else text


def _returned(raw: bytes, parts: Sequence[Part]) -> Headers | None:
    """Return the headers of the mail that comes back with the report."""
    for part in parts:
        if part.content_type.value in _RETURNED_PARTS:
            body, _ = transferred(
                raw[part.body_at : min(part.body_end, part.body_at + _REPORT_MAX)],
                part.headers.get("content-transfer-encoding") or "",
            )
            body = body.lstrip(b"\r\n")
            return read_block(body, 0, len(body)).headers
    return None


def _returned_recipients(raw: bytes, parts: Sequence[Part]) -> list[str]:
    headers = _returned(raw, parts)
    return [] if headers is None else [one.address for one in read_addresses(headers.all("to"))[0]]


def _returned_id(raw: bytes, parts: Sequence[Part], text: str) -> str:
    headers = _returned(raw, parts)
    stated = [] if headers is None else headers.all("message-id")
    found = _MESSAGE_ID.search("\n".join(f"message-id: {value}" for value in stated) or text[:_REPORT_MAX])
    return found[1] if found else ""
