"""Mail in over SMTP or LMTP. A server hears 250 only once its mail is durable with us."""

import asyncio
import logging
import re
import ssl
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from typing import Any, Literal

import msgspec
import structlog
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session

from channels.email.addresses import is_addr_spec
from channels.email.rates import Rates
from vocabulary.errors import PermanentFailure, TemporaryFailure
from vocabulary.instants import Instant

_PATH = re.compile(r"\s*<([^<>\s]{0,320})>(?:\s+(.*))?", re.DOTALL)
_SLACK = 1024 * 1024
_COMMAND_MAX = 1024
_PACE_BYTES = 64 * 1024
_log = structlog.get_logger(__name__)


class Delivery(msgspec.Struct, frozen=True):
    """A mail that a server handed over. `envelope_sender` is "" for the null sender.

    `peer` and `greeting`: address and name of who handed it over by SMTP; by LMTP that is a server of ours.
    """

    envelope_sender: str
    recipients: tuple[str, ...]
    raw: bytes
    peer: str = ""
    greeting: str = ""


class ListenerLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What one peer, and all of them, may ask of us.

    `idle_s`: for the next command, or the next part of a mail. `mail_s`: for all of a mail. `bytes_at_once`: of mails
    that are on their way in.
    """

    connections: int = 200
    connections_per_peer: int = 20
    mails_per_peer_minute: int = 600
    recipients: int = 100
    line: int = 64 * 1024
    idle_s: float = 300
    mail_s: float = 1_800
    deliver_s: float = 60
    bytes_at_once: int = 256 * 1024 * 1024


class ListenerCounts(msgspec.Struct):
    """What became of what servers handed over: mails taken, refused for good, put off for now."""

    taken: int = 0
    refused: int = 0
    put_off: int = 0
    connections: int = 0
    taken_at: Instant | None = None


class MailListener:
    """Listens for mail on the running loop and hands each one to `deliver`."""

    def __init__(
        self,
        *,
        host: str,
        port: int,
        protocol: Literal["smtp", "lmtp"],
        deliver: Callable[[Delivery], Awaitable[None]],
        accepts: Callable[[str], bool],
        size_max: int = 25 * 1024 * 1024,
        hostname: str = "localhost",
        now: Callable[[], Instant] = lambda: 0,
        tls_context: ssl.SSLContext | None = None,
        limits: ListenerLimits | None = None,
    ) -> None:
        """Take where to listen and what to do; `start` opens the socket.

        Args:
            host: the address to bind to.
            port: 0 for any free one; `port` tells which.
            protocol: LMTP (RFC 2033) answers for each recipient on its own, so it delivers to each on its own too.
            deliver: returns when the mail is durable; TemporaryFailure makes the peer try again, PermanentFailure
                makes it give up.
            accepts: tells whether an address is a mailbox of ours.
            size_max: bytes of one mail.
            hostname: how we greet.
            now: the wall clock, for `counts`.
            tls_context: offers STARTTLS if given.
            limits: the ordinary ones unless given.
        """
        self._host, self._port = host, port
        self._is_lmtp = protocol == "lmtp"
        self._deliver, self._accepts = deliver, accepts
        self._size_max, self._hostname, self._tls_context = size_max, hostname, tls_context
        self._limits = limits or ListenerLimits()
        self._now = now
        self.counts = ListenerCounts()
        self._server: asyncio.Server | None = None
        self._coming = 0
        self._sessions: set[_Session] = set()
        self._busy: set[asyncio.Future[None]] = set()
        self._by_peer: Counter[str] = Counter()
        self._rates = Rates(per_minute=self._limits.mails_per_peer_minute)

    @property
    def port(self) -> int:
        """Return the port we listen on, the one that was asked for before `start`."""
        if self._server is None or not self._server.sockets:
            return self._port
        return int(self._server.sockets[0].getsockname()[1])

    async def start(self) -> None:
        """Open the socket.

        Raises:
            OSError: the address is taken or not ours.
        """
        # The library logs commands and peers, addresses among them; what happened to a mail is logged by who took it.
        logging.getLogger("mail.log").setLevel(logging.ERROR)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._new_session, self._host, self._port)

    async def stop(self, seconds: float | None = None) -> None:
        """Close the socket, let deliveries under way finish (within `seconds`, or their deadline), end every session.

        A mail whose delivery is cut short got no answer, so its server hands it over again.
        """
        if self._server is None:
            return
        self._server.close()
        if self._busy:
            await asyncio.wait(tuple(self._busy), timeout=self._limits.deliver_s if seconds is None else seconds)
        for session in tuple(self._sessions):
            session.hang_up()
        await self._server.wait_closed()
        self._server = None

    def _new_session(self) -> "_Session":
        return _LmtpSession(self) if self._is_lmtp else _Session(self)

    # What a session asks.

    def admit(self, session: "_Session", peer: str) -> bool:
        """Count a new session, and tell whether there is room for it."""
        self._sessions.add(session)
        self._by_peer[peer] += 1
        self.counts.connections = len(self._sessions)
        has_room = len(self._sessions) <= self._limits.connections
        return has_room and self._by_peer[peer] <= self._limits.connections_per_peer

    def dismiss(self, session: "_Session", peer: str) -> None:
        """Count a session out."""
        if session in self._sessions:
            self._sessions.discard(session)
            self.counts.connections = len(self._sessions)
            self._by_peer[peer] -= 1
            if not self._by_peer[peer]:
                del self._by_peer[peer]

    def sender_reply(self, peer: str) -> str:
        """Return the answer to MAIL: who sends too much is told so before he sends it."""
        if not self._rates.take(peer, asyncio.get_running_loop().time()):
            self.counts.put_off += 1
            return "452 4.7.1 Too many mails from you, try again later"
        if self._coming > self._limits.bytes_at_once // 2:
            self.counts.put_off += 1
            return "452 4.3.1 Too much mail at once, try again later"
        return "250 2.1.0 OK"

    def came(self, count: int) -> bool:
        """Note that so many bytes more, or less, are held, and tell whether there is room for them."""
        self._coming += count
        return self._coming <= self._limits.bytes_at_once

    def recipient_reply(self, envelope: Envelope, address: str) -> str:
        """Return the answer to RCPT for `address`."""
        if not is_addr_spec(address) or not self._accepts(address):
            self.counts.refused += 1
            return "550 5.1.1 No such mailbox here"
        if len(envelope.rcpt_tos) >= self._limits.recipients:
            return "452 4.5.3 Too many recipients in one mail"
        return "250 2.1.5 OK"

    async def answer(self, envelope: Envelope, peer: str, greeting: str = "") -> str:
        """Deliver a whole mail and return the answer to its final dot."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._busy.add(done)
        try:
            return "\r\n".join(await self._replies(envelope, peer, greeting))
        finally:
            self._busy.discard(done)
            done.set_result(None)

    async def _replies(self, envelope: Envelope, peer: str, greeting: str) -> list[str]:
        """Return the answers: one, or for LMTP one for each recipient."""
        answers = len(envelope.rcpt_tos) if self._is_lmtp else 1
        raw = bytes(envelope.original_content or b"")
        sender = "" if envelope.mail_from == "<>" else envelope.mail_from or ""
        everybody = tuple(dict.fromkeys(envelope.rcpt_tos))
        breaks = raw.count(b"\r\n")
        if raw.count(b"\n") != breaks or raw.count(b"\r") != breaks:
            # Servers disagree about where such a mail ends (SMTP smuggling): it is never taken.
            self.counts.refused += 1
            return ["554 5.6.0 Bare CR or LF is not allowed"] * answers
        if not self._is_lmtp:
            return [await self._reply(Delivery(sender, everybody, raw, peer, greeting))]
        known = {recipient: await self._reply(Delivery(sender, (recipient,), raw)) for recipient in everybody}
        return [known[recipient] for recipient in envelope.rcpt_tos]

    async def _reply(self, delivery: Delivery) -> str:
        try:
            async with asyncio.timeout(self._limits.deliver_s):
                await self._deliver(delivery)
        except (TemporaryFailure, TimeoutError, OSError):
            self.counts.put_off += 1
            return "451 4.3.0 Not now, try again later"
        except PermanentFailure:
            self.counts.refused += 1
            return "554 5.6.0 This mail cannot be taken"
        self.counts.taken += 1
        self.counts.taken_at = self._now()
        return "250 2.0.0 OK, it is safe with us"

    def session_settings(self) -> dict[str, Any]:
        """Return what each session of aiosmtpd is made with."""
        return {
            "data_size_limit": self._size_max,
            "enable_SMTPUTF8": True,
            "hostname": self._hostname,
            "ident": "Centrala",
            "tls_context": self._tls_context,
            "timeout": self._limits.idle_s,
            "auth_exclude_mechanism": ["LOGIN", "PLAIN"],
            "loop": asyncio.get_running_loop(),
        }

    @property
    def line_max(self) -> int:
        """Return how long a line may be. Real mail goes beyond the 998 of the RFC, and refusing it would lose it."""
        return self._limits.line

    @property
    def mail_s(self) -> float:
        """Return how long a peer may take over one mail."""
        return self._limits.mail_s

    @property
    def bytes_per_mail_max(self) -> int:
        """Return how much a peer may send for one mail before we hang up instead of listening on."""
        return 2 * self._size_max + _SLACK


class _Hooks:
    """What aiosmtpd calls back."""

    def __init__(self, listener: MailListener) -> None:
        self._listener = listener

    async def handle_EHLO(  # noqa: N802 - the library finds its hooks by these names
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """Offer what the library can do and doesn't say, commands in one piece, and nothing that nobody may use."""
        session.host_name = hostname
        *offers, last = (offer for offer in responses if not offer.startswith("250-AUTH"))
        return [*offers, "250-PIPELINING", last]

    async def handle_MAIL(  # noqa: N802
        self, server: "_Session", session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        reply = self._listener.sender_reply(server.peer)
        if reply.startswith("250"):
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return reply

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        reply = self._listener.recipient_reply(envelope, address)
        if reply.startswith("250"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, server: "_Session", session: Session, envelope: Envelope) -> str:  # noqa: N802
        return await self._listener.answer(envelope, server.peer, str(session.host_name or ""))

    async def handle_exception(self, error: Exception) -> str:
        """Return the answer to a fault of ours: the peer keeps its mail and tries again."""
        _log.error("mail_listener_fault", exc_info=error)
        return "451 4.3.0 Not now, try again later"


class _Session(SMTP):
    """One connection: aiosmtpd's protocol with our limits."""

    def __init__(self, listener: MailListener) -> None:
        self.line_length_limit = listener.line_max
        # The library keeps one table for all connections and lets each EHLO raise its limits.
        self.command_size_limits = defaultdict(lambda: _COMMAND_MAX)
        self._received = 0
        self._began_at = 0.0
        super().__init__(_Hooks(listener), **listener.session_settings())
        self._listener = listener
        self.peer = ""

    def hang_up(self) -> None:
        """End the connection now: what was answered still goes out, a peer that doesn't read is not waited for."""
        # A closed one of asyncio's TLS can't be asked anything; the one below it can.
        transport = self._original_transport or self.transport
        if isinstance(transport, asyncio.WriteTransport):
            if transport.get_write_buffer_size():
                transport.abort()
            else:
                transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.peer = str((transport.get_extra_info("peername") or ("",))[0])
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._listener.dismiss(self, self.peer)
        self._listener.came(-self._received)
        self._received = 0
        super().connection_lost(error)

    def data_received(self, data: bytes) -> None:
        now = asyncio.get_running_loop().time()
        if not self._received:
            self._began_at = now
        before, self._received = self._received, self._received + len(data)
        has_room = self._listener.came(len(data))
        if not has_room or self._received > self._listener.bytes_per_mail_max:
            self.hang_up()  # aiosmtpd would keep a line without end in memory
            return
        if self._received // _PACE_BYTES > before // _PACE_BYTES and now - self._began_at < self._listener.mail_s:
            # The library gives the whole of a mail as long as it gives a command; a large one over a slow line goes on.
            self._reset_timeout()
        super().data_received(data)

    async def _handle_client(self) -> None:
        if self._listener.admit(self, self.peer):
            await super()._handle_client()
            return
        await self.push("421 4.7.0 Too many connections, try again later")
        if self.transport is not None:
            self.transport.close()

    def _set_post_data_state(self) -> None:
        super()._set_post_data_state()  # type: ignore[no-untyped-call]  # the library types half of itself
        self._listener.came(-self._received)
        self._received = 0

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        """Return the address of MAIL or RCPT and what follows. The standard library's parser recurses on "("."""
        match = _PATH.fullmatch(arg)
        return (match[1] or "<>", match[2] or "") if match else (None, None)


class _LmtpSession(_Session, LMTP):
    """LMTP (RFC 2033) answers the final dot once for each recipient, also where the library refuses the mail."""

    def __init__(self, listener: MailListener) -> None:
        self._answers_due = 1
        super().__init__(listener)

    async def push(self, status: str | bytes) -> None:
        text = status if isinstance(status, str) else status.decode("utf-8", "replace")
        due, self._answers_due = self._answers_due, 1
        if text.startswith("354") and self.envelope is not None:
            self._answers_due = len(self.envelope.rcpt_tos)
        await super().push(text if "\n" in text else "\r\n".join([text] * due))
