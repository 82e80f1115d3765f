"""Mail out: a few SMTP connections to one server, and an honest word about what became of each mail."""

import asyncio
import hashlib
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import Literal, cast

import aiosmtplib
import msgspec

from channels.email.addresses import is_addr_spec
from channels.email.refusals import ABOUT_US, Why, why_of
from vocabulary.crashpoints import crashpoint
from vocabulary.errors import TemporaryFailure
from vocabulary.instants import DAY, MINUTE, Instant

Tls = Literal["none", "starttls", "implicit"]

GIVE_UP_AFTER = 5 * DAY
_DELAY_FIRST, _DELAY_LAST = 5 * MINUTE, 67 * MINUTE
FAILURES_MAX = 5
"""So many tries in a row that end before any mail open the breaker."""
_REST_FIRST_S, _REST_LAST_S = 15.0, 300.0
_XTEXT = re.compile(r"[!-*,-<>-~]{1,100}")
"""What needs no encoding in a parameter of RFC 3461: printable, without "+" and "="."""
_BREAK = re.compile(rb"\r\n|\r|\n")
_DOT = re.compile(rb"(?m)^\.")
_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
_LOST = (OSError, TimeoutError, aiosmtplib.SMTPException)


class Outcome(StrEnum):
    """What became of one mail to one recipient (reliability.md 4.5)."""

    SENT = "sent"
    DEFERRED = "deferred"
    FAILED = "failed"
    UNCERTAIN = "uncertain"


class SendResult(msgspec.Struct, frozen=True):
    """An outcome, its reason in the server's words or ours, the server's reply code if it gave one, and why in a code.

    `uncertain`: the server had the whole mail and its answer never came. It may or may not have been delivered.
    """

    outcome: Outcome
    reason: str = ""
    code: int | None = None
    why: Why | Literal[""] = ""


class Timeouts(msgspec.Struct, frozen=True, kw_only=True):
    """How long we wait for each answer, in seconds (RFC 5321 4.5.3.2), and for one mail in all."""

    connect_s: float = 30
    command_s: float = 300
    data_s: float = 120
    final_dot_s: float = 600
    total_s: float = 1_500


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """Who sends and who gets; `sender` "" is the null sender. `id` comes back in reports, where a server knows them."""

    sender: str
    recipient: str
    id: str = ""


class SmtpSender:
    """Sends mails through one server, over a few connections that it keeps while they are fresh.

    One connection at a time for each recipient's domain: whoever is slow there delays nobody else. Where nothing can
    be reached any more, the breaker says so for a while instead of trying with every mail.
    """

    def __init__(
        self,
        *,
        host: str,
        port: int,
        username: str | None = None,
        password: str | None = None,
        tls: Tls = "starttls",
        tls_context: ssl.SSLContext | None = None,
        local_hostname: str = "localhost",
        timeouts: Timeouts | None = None,
        fresh_s: float = 30,
        connections: int = 4,
    ) -> None:
        """Take the server's address and what it wants to know; nothing is connected before the first `send`.

        Args:
            host: the server's name; its certificate must be for this name.
            port: 25, 465 (`implicit`) or 587 (`starttls`).
            username: with `password`, logs in after TLS.
            password: never sent without TLS, but for `tls="none"` (a relay on the same machine).
            tls: `starttls` and `implicit` send nothing in the clear: a server that refuses TLS gets no mail.
            tls_context: the certificates to trust; None for those of the system.
            local_hostname: how we greet.
            timeouts: those of RFC 5321 unless given.
            fresh_s: a connection unused for longer is not trusted with another mail.
            connections: so many at once.

        Raises:
            ValueError: a password would cross a network in the clear.
        """
        if username is not None and tls == "none" and host not in _THIS_MACHINE:
            raise ValueError(f'a login at {host!r} needs tls = "starttls" or "implicit"')
        self._host, self._port, self._tls = host, port, tls
        self._username, self._password = username, password
        self._tls_context = tls_context
        self._local_hostname = local_hostname
        self._timeouts = timeouts or Timeouts()
        self._fresh_s = fresh_s
        self._idle: list[_Line] = []
        self._room = asyncio.Semaphore(connections)
        self._turns: dict[str, _Turn] = {}
        self._failures = 0
        self._rests_until = 0.0

    @property
    def rest_s(self) -> float:
        """So many seconds the breaker still lets nothing be tried; 0 if it does."""
        return max(0.0, self._rests_until - _now())

    async def send(self, raw: bytes, envelope: Envelope) -> SendResult:
        """Send `raw` to one recipient and return what became of it.

        Never raises for what the world does. If it is cancelled, the connection is closed: it would be left in the
        middle of a mail, and the next one would be refused.
        """
        sender, recipient = envelope.sender, envelope.recipient
        if not is_addr_spec(recipient) or not (sender == "" or is_addr_spec(sender)):
            said = "the envelope's address is not plain, such as anna@example.org"
            return SendResult(Outcome.FAILED, said, why="bad_address")
        async with self._turn_of(recipient), self._room:
            line = self._idle.pop() if self._idle else _Line()
            transaction = _Transaction(self._timeouts)
            try:
                async with asyncio.timeout(self._timeouts.total_s):
                    await self._connect(line)
                    self._failures = 0
                    crashpoint("out.connected")
                    assert line.client is not None
                    result = await transaction.run(line.client, raw, envelope)
            except _LOST as error:
                result = transaction.result_of(error)
                line.drop()
                if transaction.stage == "connect":
                    self._count_failure()
                return result
            except BaseException:
                line.drop()
                raise
            line.used_at = _now()
            self._idle.append(line)
            return result

    @asynccontextmanager
    async def _turn_of(self, recipient: str) -> AsyncIterator[None]:
        """Wait until no other mail is on its way to the recipient's domain."""
        domain = recipient.rpartition("@")[2].casefold()
        turn = self._turns.setdefault(domain, _Turn())
        turn.wanted += 1
        try:
            async with turn.lock:
                yield
        finally:
            turn.wanted -= 1
            if not turn.wanted:
                self._turns.pop(domain, None)

    def _count_failure(self) -> None:
        """Let the breaker open when one try after the other ends before any mail: from 15 s doubling to 5 minutes."""
        self._failures += 1
        beyond = self._failures - FAILURES_MAX
        if beyond >= 0:
            self._rests_until = _now() + min(_REST_FIRST_S * 2 ** min(beyond, 10), _REST_LAST_S)

    async def greet(self) -> None:
        """Connect, encrypt and log in as for a mail, and send none.

        Raises:
            TemporaryFailure: the server can't be reached so, and why.
        """
        line = _Line()
        try:
            await self._connect(line)
        except _LOST as error:
            raise TemporaryFailure(str(error) or type(error).__name__) from error
        finally:
            line.drop()

    async def close(self) -> None:
        """Say goodbye where that is quick, and close the connections."""
        idle, self._idle = self._idle, []
        await asyncio.gather(*(line.quit() for line in idle))

    async def _connect(self, line: "_Line") -> None:
        """Let `line` be ready for a mail: with the connection at hand if it is fresh and answers, or with a new one."""
        if line.client is not None and line.client.is_connected and _now() - line.used_at < self._fresh_s:
            try:
                await line.client.rset(timeout=5)
            except _LOST:
                pass  # it went stale: that is no fault of this mail's
            else:
                return
        line.drop()
        line.client = self._new_client()
        await line.client.connect()
        if line.client.is_ehlo_or_helo_needed:
            await line.client.ehlo()

    def _new_client(self) -> aiosmtplib.SMTP:
        return aiosmtplib.SMTP(
            hostname=self._host,
            port=self._port,
            username=self._username,
            password=self._password,
            use_tls=self._tls == "implicit",
            start_tls=self._tls == "starttls",
            tls_context=self._tls_context if self._tls != "none" else None,
            local_hostname=self._local_hostname,
            timeout=self._timeouts.connect_s,
        )


class _Turn:
    """Whose turn it is to send to a domain, and how many want to."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.wanted = 0


class _Line:
    """One connection, or the place of one."""

    def __init__(self) -> None:
        self.client: aiosmtplib.SMTP | None = None
        self.used_at = 0.0

    def drop(self) -> None:
        """Close it at once."""
        client, self.client = self.client, None
        if client is not None:
            if client.transport is not None:
                # `close` would go on sending what is still here, and a mail called unsent might arrive after all.
                cast("asyncio.WriteTransport", client.transport).abort()
            client.close()

    async def quit(self) -> None:
        """Say goodbye if that is quick, and close it."""
        client, self.client = self.client, None
        if client is None:
            return
        try:
            if client.is_connected:
                await client.quit(timeout=2)
        except _LOST:
            pass  # we are leaving anyway
        finally:
            client.close()


def _now() -> float:
    return asyncio.get_running_loop().time()


class _Transaction:
    """One mail's way through MAIL, RCPT, DATA and the final dot; it knows how far it came."""

    def __init__(self, timeouts: Timeouts) -> None:
        self._timeouts = timeouts
        self.stage = "connect"
        self._transport: asyncio.WriteTransport | None = None

    async def run(self, client: aiosmtplib.SMTP, raw: bytes, envelope: Envelope) -> SendResult:
        """Send the mail.

        Raises:
            SMTPException: the server refused or was lost; `result_of` says what that means.
        """
        timeouts = self._timeouts
        self.stage = "MAIL"
        of_mail, of_recipient = _options(client, raw, envelope)
        await client.mail(envelope.sender, options=of_mail, timeout=timeouts.command_s)
        crashpoint("out.mail_from")
        self.stage = "RCPT"
        await client.rcpt(envelope.recipient, options=of_recipient, timeout=timeouts.command_s)
        self.stage = "DATA"
        reply = await client.execute_command(b"DATA", timeout=timeouts.data_s)
        if reply.code != 354:
            raise aiosmtplib.SMTPDataError(reply.code, reply.message)
        crashpoint("out.data_sent")
        return await self._content(client, raw)

    async def _content(self, client: aiosmtplib.SMTP, raw: bytes) -> SendResult:
        # `client.data` would ask one timeout for both answers and not say which one failed to come.
        protocol = client.protocol
        if protocol is None or not isinstance(protocol.transport, asyncio.WriteTransport):
            raise aiosmtplib.SMTPServerDisconnected("connection lost")
        self._transport = protocol.transport
        self.stage = "final dot"
        protocol.write(dot_stuffed(raw))
        crashpoint("out.dot_sent")
        reply = await protocol.read_response(timeout=self._timeouts.final_dot_s)
        crashpoint("out.reply_read")
        if 200 <= reply.code < 300:
            return SendResult(Outcome.SENT, reply.message, reply.code)
        raise aiosmtplib.SMTPDataError(reply.code, reply.message)

    def result_of(self, error: Exception) -> SendResult:
        """Return what `error` means for the mail at the stage where it struck."""
        code = error.code if isinstance(error, aiosmtplib.SMTPResponseException) else None
        said = error.message if isinstance(error, aiosmtplib.SMTPException) else ""
        refused = code is not None and 400 <= code < 600
        words = " ".join(f"{code if refused else ''} {said or str(error) or type(error).__name__}".split())
        reason = f"{self.stage}: {words}"
        if code is not None and refused:
            about_us = self.stage == "connect" and code >= 500
            return SendResult(self._refused(code), reason, code, "not_let_in" if about_us else why_of(code, said))
        if self.stage != "final dot" or self._is_unsent():
            return SendResult(Outcome.DEFERRED, reason, code, "not_secure" if _is_about_tls(error) else "unreachable")
        return SendResult(Outcome.UNCERTAIN, reason, code, "no_answer")

    def _refused(self, code: int) -> Outcome:
        """Return what a refusal means: before MAIL it is about us (a login, a ban), never about this mail."""
        if code < 500 or self.stage == "connect" or code in ABOUT_US:
            return Outcome.DEFERRED
        return Outcome.FAILED

    def _is_unsent(self) -> bool:
        """Tell whether part of the mail is still here: then the server cannot have seen its final dot."""
        return self._transport is not None and self._transport.get_write_buffer_size() > 0


def _options(client: aiosmtplib.SMTP, raw: bytes, envelope: Envelope) -> tuple[list[str], list[str]]:
    """Return what is said with MAIL and with RCPT, as far as the server knows it.

    Failures and delays of a person's mail are reported to its sender (RFC 3461); of one with the null sender never.
    """
    of_mail = [f"SIZE={len(raw)}"] if client.supports_extension("size") else []
    if not client.supports_extension("dsn"):
        return of_mail, []
    if not envelope.sender:
        return of_mail, ["NOTIFY=NEVER"]
    if _XTEXT.fullmatch(envelope.id):
        of_mail.append(f"ENVID={envelope.id}")
    original = [f"ORCPT=rfc822;{envelope.recipient}"] if _XTEXT.fullmatch(envelope.recipient) else []
    return [*of_mail, "RET=HDRS"], ["NOTIFY=FAILURE,DELAY", *original]


def _is_about_tls(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError) or "STARTTLS" in str(error):
            return True
        error = error.__cause__
    return False


def dot_stuffed(raw: bytes) -> bytes:
    """Return `raw` as it goes over the wire: CRLF only, dots doubled, the final dot behind it (RFC 5321 4.5.2).

    No byte sequence in `raw` can look like the end of the mail to any server.
    """
    text = _BREAK.sub(b"\n", raw)
    text = _DOT.sub(b"..", text if text.endswith(b"\n") else text + b"\n")
    return text.replace(b"\n", b"\r\n") + b".\r\n"


def retry_at(since: Instant, now: Instant, mail_id: str) -> Instant | None:
    """Return when to try a deferred mail again that has been tried `since`, None if it is time to give up.

    From 5 minutes doubling to 67, each longer by up to 10 %: the hash of `mail_id` decides, so that mails that failed
    together don't come back together and every replay agrees. Some 110 tries fill five days.
    """
    waited = max(0, now - since)
    base = min(_DELAY_FIRST + waited, _DELAY_LAST)
    digest = hashlib.blake2b(f"{mail_id} {waited}".encode(), digest_size=2).digest()
    delay = base + base * int.from_bytes(digest) // 655_360
    return now + delay if waited + delay <= GIVE_UP_AFTER else None
