"""The mail sandbox: an SMTP server that keeps what the demonstration sends, to be looked at and sent nowhere."""

from collections import deque
from collections.abc import Callable

import msgspec

from channels.email.listener import Delivery, MailListener
from channels.email.parse import parse
from vocabulary.instants import Instant

KEPT = 200


class SandboxMail(msgspec.Struct, frozen=True, kw_only=True):
    """A mail that would have gone out."""

    id: str
    to: str
    sender: str
    subject: str
    at: Instant
    text: str
    headers: str


def _anybody(address: str) -> bool:
    return True


class Sandbox:
    """Takes every mail; keeps the latest."""

    def __init__(self, now: Callable[[], Instant]) -> None:
        self._now = now
        self._count = 0
        self.mails: deque[SandboxMail] = deque(maxlen=KEPT)
        self.listener = MailListener(host="127.0.0.1", port=0, protocol="smtp", deliver=self._take, accepts=_anybody)

    async def _take(self, delivery: Delivery) -> None:
        at = self._now()
        message = parse(delivery.raw, channel="sandbox", received_at=at)
        head = delivery.raw.partition(b"\r\n\r\n")[0].decode("utf-8", "replace")
        self._count += 1
        self.mails.appendleft(
            SandboxMail(
                id=str(self._count),
                to=", ".join(delivery.recipients),
                sender=message.sender.address if message.sender else delivery.envelope_sender,
                subject=message.subject,
                at=at,
                text=message.text,
                headers=head,
            )
        )
