"""The mail servers of the outside world, with their faults: a mailbox to fetch from, and one that takes our mail."""

import asyncio
from email import message_from_bytes
from random import Random  # noqa: TID251  # with its seed

from tests.channels.email.fake_imap import CLOSE, SILENT, FakeImap
from tests.channels.email.fake_smtp import RESET, FakeSmtp
from tests.simulation.truth import Sent, Truth

_IMAP_COMMANDS = ("connect", "LOGIN", "SELECT", "SEARCH", "FETCH SIZE", "FETCH BODY", "STORE", "IDLE", "IDLING", "NOOP")
_IMAP_FAULTS = (CLOSE, SILENT, b"* BYE going down\r\n", b"\x00\xff garbage\r\n", "NO [UNAVAILABLE] later", "BAD what")
_SMTP_FAULTS = (
    "close the connection",
    RESET,
    "say nothing",
    "451 4.3.0 later",
    "421 4.7.0 too busy",
    "550 5.7.1 not wanted",
)


class Mailbox(FakeImap):
    """A mailbox that now and then fails as mailboxes do, while `faulty`."""

    def __init__(self, draw: Random) -> None:
        super().__init__()
        self.draw = draw
        self.faulty = False

    def maybe_break(self) -> None:
        """Have the next command of some kind fail."""
        if self.faulty:
            command = self.draw.choice(_IMAP_COMMANDS)
            # A refused log-in waits long, so as not to lock the account: rarely, or nothing else would happen.
            fault = self.draw.choice(_IMAP_FAULTS)
            if command != "LOGIN" or not isinstance(fault, str) or self.draw.random() < 0.1:
                self.faults.setdefault(command, []).append(fault)

    def renumber(self) -> None:
        """Give all mails new numbers under a new UIDVALIDITY, as a restored server does."""
        self.uidvalidity += 1
        shift = self.draw.randrange(0, 3)
        self.mails = {uid + shift: raw for uid, raw in enumerate(self.mails.values(), 1)}
        self.hang_up()

    def mend(self) -> None:
        """No more faults; connections on which it said nothing end."""
        self.faulty = False
        self.faults.clear()
        self.hang_up()


class Outside(FakeSmtp):
    """The customers' mail server: it notes what it has, and fails at a stage now and then while `faulty`."""

    def __init__(self, draw: Random, truth: Truth) -> None:
        super().__init__({})
        self.draw = draw
        self.truth = truth
        self.faulty = False

    def mend(self) -> None:
        """No more faults; connections on which it said nothing end."""
        self.faulty = False
        self.hang_up()

    def _answer(self, stage: str) -> str:
        if self.faulty and self.draw.random() < 0.06:
            fault = self.draw.choice(_SMTP_FAULTS)
            # A refusal for good is one of the mail, not of the connection.
            return fault if fault[0] != "5" or stage in ("RCPT", "dot") else "451 4.3.0 later"
        return super()._answer(stage)

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, recipient: str) -> str | None:
        raw = await reader.readuntil(b"\r\n.\r\n")
        # The answer is chosen first: a mail whose final answer is a refusal was not taken.
        answer = self._answer("dot")
        if answer[0] not in "45":
            self.truth.sent.append(_noted(raw, recipient))
        if answer[0] in "45" or self.faulty:
            self.script["dot"] = [answer]
            faulty, self.faulty = self.faulty, False
            try:
                return await self._say(writer, "dot")
            finally:
                self.faulty = faulty
                self.script.pop("dot", None)
        return await self._say(writer, "dot")


def _noted(raw: bytes, recipient: str) -> Sent:
    mail = message_from_bytes(raw)
    return Sent(
        raw=raw,
        message_id=str(mail["Message-ID"]),
        in_reply_to=str(mail["In-Reply-To"] or ""),
        recipient=recipient,
        subject=str(mail["Subject"] or ""),
        automatic=mail["Auto-Submitted"] is not None,
    )
