"""Was it written by a machine? The decision table of automatic mail, rows 1 to 11, 14 and 15.

What is automatic still becomes work; it is only never answered by a machine of ours.
Sources: RFC 3834, RFC 3464, RFC 2919, RFC 2369, MS-OXCMAIL 2.1.3.2.20.
"""

import re
from collections.abc import Callable, Collection, Iterator, Sequence

from channels.email.addresses import comparable, read_addresses
from channels.email.encoded_words import decode_words
from channels.message import Automatic

Fields = Sequence[tuple[str, str]]

RECEIVED_MAX = 50
SUBJECT = "subject"
"""The one signal that alone makes nothing automatic: people write such subjects too."""

LOOPS = ("received-count", "delivered-before")
"""Signals of a mail that goes round: it is kept aside, so that it stops here (row 10)."""
SIGNALS = (
    "own-address", "own-message-id", "null-sender", "auto-submitted", "report", "precedence", "list",
    "list-unsubscribe", "x-auto-response-suppress", "x-autoreply", "x-loop", "local-part", *LOOPS,
    "not-addressed", "spam", SUBJECT,
)  # fmt: skip
"""All that `automatic` finds; what each means in words stands in reports/wording."""

_PROGRAM = re.compile(
    r".*\.(?:exe|scr|com|pif|bat|cmd|js|jse|vbs|vbe|wsf|wsh|hta|jar|ps1|lnk|msi|cpl|iso|img|vhd|reg|chm)", re.IGNORECASE
)
_SPAM = ("x-spam-flag", "x-spam-status", "x-spam")
_REPORTS = ("message/delivery-status", "message/disposition-notification", "message/feedback-report",
            "message/global-delivery-status", "message/global-disposition-notification")  # fmt: skip
_BULK = {"bulk", "junk", "list", "auto_reply", "auto-reply"}
_LIST = ("list-id", "list-post", "list-help", "list-subscribe", "list-owner", "list-archive", "mailing-list",
         "x-mailing-list", "x-mlserver", "x-ml-name")  # fmt: skip
_SUPPRESS = {"all", "autoreply", "oof"}
_AUTOREPLY = ("x-autoreply", "x-autorespond", "x-autoresponder", "x-autoreply-from", "x-mail-autoreply",
              "x-auto-generated")  # fmt: skip
_LOCAL_PART = re.compile(
    r"mailer[-_.]?daemon|post[-_.]?master|daemon|root|listserv|majordomo"
    r"|(?:no|do[-_.]?not|dont)[-_.]?reply(?:[-_.+].*)?|.*[-_.]no[-_.]?reply"
    r"|bounces?(?:[-_+.].*)?|.*-bounces?(?:\+.*)?|owner-.*|.*-owner|.*-request",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    r"out of (?:the )?office|automatic reply|auto(?:matic)?[- ]?(?:reply|response)|undeliver"
    r"|delivery (?:status|failure)|returned mail|mail delivery (?:failed|failure|system)|failure notice"
    r"|abwesenheit|automatische antwort|réponse automatique|respuesta automática"
    r"|automatyczna odpowiedź|autoodpowiedź|poza biurem|nieobecność"
    r"|automatinis atsakymas|nesu biure|automatikus válasz|házon kívül|irodán kívül"
    r"|автоответ|автоматический ответ|вне офиса",
    re.IGNORECASE,
)


def automatic(
    headers: Fields,
    *,
    own_addresses: Collection[str] = (),
    envelope_sender: str | None = None,
    part_types: Collection[str] = (),
    is_own_message_id: Callable[[str], bool] | None = None,
) -> Automatic:
    """Return whether a machine wrote the mail with `headers`, and the signals that say so.

    Args:
        headers: lower-case names and unfolded values, every instance.
        own_addresses: mailboxes, aliases and outgoing identities of ours; without any, rows 1, 10 and 11 ask less.
        envelope_sender: "" is the null sender, None is not known.
        part_types: content types of the mail's parts, not of those in forwarded mails.
        is_own_message_id: tells whether a Message-ID is one that we made.
    """
    own = frozenset(map(comparable, own_addresses))
    found = [
        *_own(headers, own, envelope_sender, is_own_message_id),
        *_null_sender(headers, envelope_sender),
        *_declared(headers, part_types),
        *_lists(headers),
        *_responders(headers),
        *_local_parts(headers, envelope_sender),
        *_loops(headers, own),
        *_not_addressed(headers, own),
        *_unwanted(headers),
    ]
    marks = [SUBJECT] if _SUBJECT.search(decode_words(_first(headers, "subject"))) else []
    return Automatic(is_automatic=bool(found), signals=tuple(dict.fromkeys([*found, *marks])))


def by_sender(address: str, own_addresses: Collection[str]) -> tuple[str, ...]:
    """Return the signals that an address alone gives, where there is no mail to look at: a form, a chat, a program."""
    headers = [("from", f"<{address}>")]
    return (*_own(headers, frozenset(map(comparable, own_addresses)), None, None), *_local_parts(headers, None))


def return_path(headers: Fields) -> str | None:
    """Return the sender of the envelope as the top-most Return-Path says, "" for the null one; None: it isn't there.

    Those further down are others' words, the top-most is that of the server which delivered to us.
    """
    stated = re.sub(r"\s", "", _first(headers, "return-path"))
    return stated.removeprefix("<").removesuffix(">") if stated else None


def _all(headers: Fields, *names: str) -> list[str]:
    return [value for name, value in headers if name in names]


def _first(headers: Fields, name: str) -> str:
    return next(iter(_all(headers, name)), "")


def _keyword(value: str) -> str:
    """Return what stands before any ";" or "(": the word that counts."""
    return re.split(r"[;(]", value, maxsplit=1)[0].strip().lower()


def _senders(headers: Fields, envelope_sender: str | None) -> list[str]:
    """Return every address that claims to have sent it; a name where there is no address ("MAILER-DAEMON <>")."""
    named, _ = read_addresses(_all(headers, "from", "sender", "return-path"))
    return [address.address or address.name for address in named] + ([envelope_sender] if envelope_sender else [])


def _own(
    headers: Fields, own: Collection[str], envelope_sender: str | None, is_own_id: Callable[[str], bool] | None
) -> Iterator[str]:
    if own and any(comparable(address) in own for address in _senders(headers, envelope_sender)):
        yield "own-address"
    if is_own_id is not None and any(map(is_own_id, _all(headers, "message-id"))):
        yield "own-message-id"


def _null_sender(headers: Fields, envelope_sender: str | None) -> Iterator[str]:
    # Where the envelope is known, it counts alone.
    if (return_path(headers) if envelope_sender is None else envelope_sender) == "":
        yield "null-sender"


def _declared(headers: Fields, part_types: Collection[str]) -> Iterator[str]:
    if any(_keyword(value) not in ("no", "") for value in _all(headers, "auto-submitted")):
        yield "auto-submitted"
    kinds = {_keyword(value) for value in _all(headers, "content-type")} | set(part_types)
    if "multipart/report" in kinds or not kinds.isdisjoint(_REPORTS) or _all(headers, "x-failed-recipients"):
        yield "report"
    if any(_keyword(value) in _BULK for value in _all(headers, "precedence", "x-precedence")):
        yield "precedence"


def _lists(headers: Fields) -> Iterator[str]:
    if _all(headers, *_LIST):
        yield "list"
    elif _all(headers, "list-unsubscribe"):
        yield "list-unsubscribe"


def _responders(headers: Fields) -> Iterator[str]:
    wanted = {word.strip().lower() for value in _all(headers, "x-auto-response-suppress") for word in value.split(",")}
    if wanted & _SUPPRESS:
        yield "x-auto-response-suppress"
    bulk_feedback = any("bulk" in value.lower() for value in _all(headers, "feedback-id"))
    to_responder = any(_keyword(value).startswith("autoresponder") for value in _all(headers, "delivered-to"))
    on_vacation = any(_keyword(value) == "vacation" for value in _all(headers, "x-apple-action"))
    if _all(headers, *_AUTOREPLY) or bulk_feedback or to_responder or on_vacation:
        yield "x-autoreply"
    if _all(headers, "x-loop"):
        yield "x-loop"


def _local_parts(headers: Fields, envelope_sender: str | None) -> Iterator[str]:
    locals_ = [sender.rpartition("@")[0] or sender for sender in _senders(headers, envelope_sender)]
    if any(_LOCAL_PART.fullmatch(local) for local in locals_):
        yield "local-part"


def _loops(headers: Fields, own: Collection[str]) -> Iterator[str]:
    if len(_all(headers, "received")) > RECEIVED_MAX:
        yield "received-count"
    delivered = [comparable(value) for value in _all(headers, "delivered-to")]
    # Once is what our own server writes on delivery; twice means that the mail has been here before.
    if any(delivered.count(address) > 1 for address in own):
        yield "delivered-before"


def _unwanted(headers: Fields) -> Iterator[str]:
    if any(re.match(r"\s*(?:yes|true)\b", value, re.IGNORECASE) for value in _all(headers, *_SPAM)):
        yield "spam"


def is_programs_only(text: str, filenames: Collection[str]) -> bool:
    """Tell whether a mail has nothing to read, only programs to start."""
    return not text.strip() and bool(filenames) and all(_PROGRAM.fullmatch(name.strip()) for name in filenames)


def _not_addressed(headers: Fields, own: Collection[str]) -> Iterator[str]:
    named, _ = read_addresses(_all(headers, "to", "cc", "resent-to", "resent-cc"))
    if own and not any(comparable(address.address) in own for address in named):
        yield "not-addressed"
