"""Whether a mail's sender is who it says: as our mail server wrote, or checked here; each mailbox has its own way."""

import re
from collections.abc import Callable, Iterable, Mapping

import msgspec

from autoresponders.templates import Wordings
from channels.email.addresses import comparable
from channels.email.guard import is_programs_only, return_path
from channels.email.headers import read_block
from channels.email.resolver import Resolver
from channels.email.thread import thread_keys
from channels.email.trust import Fields, read_trust
from channels.email.trust_checks import Peer, checked_trust
from channels.message import Automatic, InboundMessage, Trust
from vocabulary.ids import reference
from vocabulary.records import ReceivedRow

UNAUTHENTICATED = "unauthenticated"
RETURN_PATH = "return-path"
PROGRAMS_ONLY = "programs-only"
ANSWERS_RECEIPT = "answers-receipt"


class Checking(msgspec.Struct, frozen=True, kw_only=True):
    """How one mailbox is told who a sender is.

    `ids`: names of our own mail servers in `Authentication-Results`. `verify`: we look ourselves where they are silent.
    `answers_unchecked`: it also answers automatically where nobody looked.
    """

    ids: tuple[str, ...] = ()
    verify: bool = False
    answers_unchecked: bool = True


class SenderChecks:
    """Tells what is known of the senders of mails."""

    def __init__(
        self,
        mailboxes: Mapping[str, Checking],
        resolver: Resolver | None = None,
        is_receipt: Callable[[str], bool] = lambda _: False,
    ) -> None:
        """`is_receipt` tells whether a subject holds that of an automatic receipt of ours."""
        self._mailboxes = mailboxes
        self._resolver = resolver
        self._is_receipt = is_receipt

    async def checked(self, message: InboundMessage, row: ReceivedRow) -> InboundMessage:
        """Return the message of `row` with what is known of its sender, guarded."""
        fields = fields_of(row)
        trust = await self.trust_of(row, fields)
        return self.guarded(msgspec.structs.replace(message, trust=trust), row, fields)

    async def trust_of(self, row: ReceivedRow, fields: Fields) -> Trust:
        """Return what the mail of `row`, whose header is `fields`, proves about its sender."""
        checking = self._mailboxes.get(row.channel, Checking())
        read = read_trust(fields, checking.ids)
        if read.verdict != "unchecked" or not checking.verify or self._resolver is None:
            return read
        return await checked_trust(row.raw, _peer(row), self._resolver)

    def guarded(self, message: InboundMessage, row: ReceivedRow, fields: Fields) -> InboundMessage:
        """Return the message; nothing answers it automatically where its sender isn't proven (row 12 of the table).

        Where nobody looked the mailbox decides; but an answer goes to the sender of the envelope, or to nobody.
        """
        signals = [*message.automatic.signals]
        if is_programs_only(message.text, [file.filename for file in message.attachments]):
            signals.append(PROGRAMS_ONLY)
        if not thread_keys(message) and self._is_receipt(message.subject):
            signals.append(ANSWERS_RECEIPT)
        if message.trust.verdict == "unchecked":
            if not self._mailboxes.get(row.channel, Checking()).answers_unchecked:
                signals.append(UNAUTHENTICATED)
        elif message.trust.verdict != "proven":
            signals.append(UNAUTHENTICATED)
        if message.trust.verdict != "proven" and _comes_back_elsewhere(message, row, fields):
            signals.append(RETURN_PATH)
        if len(signals) == len(message.automatic.signals):
            return message
        return msgspec.structs.replace(message, automatic=Automatic(is_automatic=True, signals=tuple(signals)))


def receipts(wordings: Wordings, languages: Iterable[str]) -> Callable[[str], bool]:
    """Return what tells whether a subject holds that of an automatic receipt of ours, whatever its number."""
    number = reference(0)
    subjects = (wordings.text("acknowledge_subject", language, number=number) for language in languages)
    of_any = (re.escape(subject).replace(re.escape(number), re.escape(number[:-1]) + r"\d+") for subject in subjects)
    pattern = re.compile("|".join(of_any))
    return lambda subject: pattern.search(subject) is not None


def fields_of(row: ReceivedRow) -> Fields:
    """Return the header of the mail of `row`."""
    return read_block(row.raw, 0, len(row.raw)).headers.fields


def _peer(row: ReceivedRow) -> Peer | None:
    """Return who handed the mail over, if that was the sender's own server."""
    peer, greeting, sender = (row.envelope.get(key) for key in ("peer", "greeting", "sender"))
    if not isinstance(peer, str) or not peer or not isinstance(sender, str):
        return None
    return Peer(peer, greeting if isinstance(greeting, str) else "", sender)


def _comes_back_elsewhere(message: InboundMessage, row: ReceivedRow, fields: Fields) -> bool:
    """Tell whether what couldn't be delivered would go to somebody else than From names."""
    stated = row.envelope.get("sender")
    envelope = stated if isinstance(stated, str) else return_path(fields)
    named = message.sender.address if message.sender is not None else ""
    return bool(envelope) and comparable(envelope or "") != comparable(named)
