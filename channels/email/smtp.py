"""Mail out: one mail at a time over one SMTP connection, and an honest word about what became of it."""

import asyncio
import hashlib
import re
import ssl
from enum import StrEnum
from typing import Literal, cast

import aiosmtplib
import msgspec

from channels.email.addresses import is_addr_spec
from channels.email.oauth import Tokens
from vocabulary.crashpoints import crashpoint
from vocabulary.errors import TemporaryFailure
from vocabulary.instants import DAY, MINUTE, Instant

Tls = Literal["none", "starttls", "implicit"]

GIVE_UP_AFTER = 5 * DAY
_DELAY_FIRST, _DELAY_LAST = 5 * MINUTE, 67 * MINUTE
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
    """An outcome, why, and the server's reply code if it gave one.

    `uncertain`: the server had the whole mail and its answer never came. It may or may not have been delivered.
    """

    outcome: Outcome
    reason: str = ""
    code: int | None = None


class Timeouts(msgspec.Struct, frozen=True, kw_only=True):
    """How long we wait for each answer, in seconds (RFC 5321 4.5.3.2), and for one mail in all."""

    connect_s: float = 30
    command_s: float = 300
    data_s: float = 120
    final_dot_s: float = 600
    total_s: float = 1_500


class SmtpSender:
    """Sends mails one after another over a connection that it keeps while it is fresh."""

    def __init__(
        self,
        *,
        host: str,
        port: int,
        username: str | None = None,
        password: str | None = None,
        tokens: Tokens | None = None,
        tls: Tls = "starttls",
        tls_context: ssl.SSLContext | None = None,
        local_hostname: str = "localhost",
        timeouts: Timeouts | None = None,
        fresh_s: float = 30,
    ) -> None:
        """Take the server's address and what it wants to know; nothing is connected before the first `send`.

        Args:
            host: the server's name; its certificate must be for this name.
            port: 25, 465 (`implicit`) or 587 (`starttls`).
            username: with `password`, logs in after TLS.
            password: never sent without TLS, but for `tls="none"` (a relay on the same machine).
            tokens: in the place of a password, access tokens (XOAUTH2).
            tls: `starttls` and `implicit` send nothing in the clear: a server that refuses TLS gets no mail.
            tls_context: the certificates to trust; None for those of the system.
            local_hostname: how we greet.
            timeouts: those of RFC 5321 unless given.
            fresh_s: a connection unused for longer is not trusted with another mail.

        Raises:
            ValueError: a password would cross a network in the clear.
        """
        if username is not None and tls == "none" and host not in _THIS_MACHINE:
            raise ValueError(f'a login at {host!r} needs tls = "starttls" or "implicit"')
        self._host, self._port, self._tls = host, port, tls
        self._username, self._password, self._tokens = username, password, tokens
        self._tls_context = tls_context
        self._local_hostname = local_hostname
        self._timeouts = timeouts or Timeouts()
        self._fresh_s = fresh_s
        self._client: aiosmtplib.SMTP | None = None
        self._used_at = 0.0
        self._turn = asyncio.Lock()

    async def send(self, raw: bytes, *, envelope_sender: str, recipient: str) -> SendResult:
        """Send `raw` to one recipient and return what became of it; `envelope_sender` "" is the null sender.

        Never raises for what the world does. If it is cancelled, the connection is closed: it would be left in the
        middle of a mail, and the next one would be refused.
        """
        if not is_addr_spec(recipient) or not (envelope_sender == "" or is_addr_spec(envelope_sender)):
            return SendResult(Outcome.FAILED, "the envelope's address is not plain, such as anna@example.org")
        async with self._turn:
            transaction = _Transaction(self._timeouts)
            try:
                async with asyncio.timeout(self._timeouts.total_s):
                    client = await self._connected()
                    crashpoint("out.connected")
                    result = await transaction.run(client, raw, envelope_sender, recipient)
            except _LOST as error:
                result = transaction.result_of(error)
                self._drop()
                return result
            except BaseException:
                self._drop()
                raise
            self._used_at = asyncio.get_running_loop().time()
            if result.outcome is not Outcome.SENT:
                self._drop()  # after a refusal the connection's state is anybody's guess; they are rare
            return result

    async def greet(self) -> None:
        """Connect, encrypt and log in as for a mail, and send none.

        Raises:
            TemporaryFailure: the server can't be reached so, and why.
        """
        async with self._turn:
            try:
                await self._connected()
            except _LOST as error:
                raise TemporaryFailure(str(error) or type(error).__name__) from error
            finally:
                self._drop()

    async def close(self) -> None:
        """Say goodbye if that is quick, and close the connection."""
        async with self._turn:
            client, self._client = self._client, None
            if client is None:
                return
            try:
                if client.is_connected:
                    await client.quit(timeout=2)
            except _LOST:
                pass  # we are leaving anyway
            finally:
                client.close()

    def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            if client.transport is not None:
                # `close` would go on sending what is still here, and a mail called unsent might arrive after all.
                cast("asyncio.WriteTransport", client.transport).abort()
            client.close()

    async def _connected(self) -> aiosmtplib.SMTP:
        """Return a connection that is ready for a mail: the one at hand if it is fresh and answers, or a new one."""
        age = asyncio.get_running_loop().time() - self._used_at
        if self._client is not None and self._client.is_connected and age < self._fresh_s:
            try:
                await self._client.rset(timeout=5)
            except _LOST:
                self._drop()  # it went stale: that is no fault of this mail's
            else:
                return self._client
        self._drop()
        self._client = self._new_client()
        try:
            await self._client.connect()
        except aiosmtplib.SMTPAuthenticationError:
            if self._tokens is not None:
                self._tokens.forget()
            raise
        if self._client.is_ehlo_or_helo_needed:
            await self._client.ehlo()
        return self._client

    async def _token(self) -> str:
        assert self._tokens is not None
        try:
            return await self._tokens.token()
        except TemporaryFailure as failure:
            raise aiosmtplib.SMTPException(str(failure)) from failure

    def _new_client(self) -> aiosmtplib.SMTP:
        return aiosmtplib.SMTP(
            hostname=self._host,
            port=self._port,
            username=self._username,
            password=self._password,
            oauth_token_generator=self._token if self._tokens is not None else None,
            use_tls=self._tls == "implicit",
            start_tls=self._tls == "starttls",
            tls_context=self._tls_context if self._tls != "none" else None,
            local_hostname=self._local_hostname,
            timeout=self._timeouts.connect_s,
        )


class _Transaction:
    """One mail's way through MAIL, RCPT, DATA and the final dot; it knows how far it came."""

    def __init__(self, timeouts: Timeouts) -> None:
        self._timeouts = timeouts
        self._stage = "connect"
        self._transport: asyncio.WriteTransport | None = None

    async def run(self, client: aiosmtplib.SMTP, raw: bytes, envelope_sender: str, recipient: str) -> SendResult:
        """Send the mail.

        Raises:
            SMTPException: the server refused or was lost; `result_of` says what that means.
        """
        timeouts = self._timeouts
        self._stage = "MAIL"
        options = [f"SIZE={len(raw)}"] if client.supports_extension("size") else []
        await client.mail(envelope_sender, options=options, timeout=timeouts.command_s)
        crashpoint("out.mail_from")
        self._stage = "RCPT"
        await client.rcpt(recipient, timeout=timeouts.command_s)
        self._stage = "DATA"
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
        self._stage = "final dot"
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
        reason = f"{self._stage}: {said or str(error) or type(error).__name__}"
        if code is not None and 400 <= code < 600:
            return SendResult(self._refused(code), reason, code)
        if self._stage != "final dot" or self._is_unsent():
            return SendResult(Outcome.DEFERRED, reason, code)
        return SendResult(Outcome.UNCERTAIN, reason, code)

    def _refused(self, code: int) -> Outcome:
        """Return what a refusal means: before MAIL it is about us (a login, a ban), never about this mail."""
        if code < 500 or self._stage == "connect":
            return Outcome.DEFERRED
        return Outcome.FAILED

    def _is_unsent(self) -> bool:
        """Tell whether part of the mail is still here: then the server cannot have seen its final dot."""
        return self._transport is not None and self._transport.get_write_buffer_size() > 0


def dot_stuffed(raw: bytes) -> bytes:
    """Return `raw` as it goes over the wire: CRLF only, dots doubled, the final dot behind it (RFC 5321 4.5.2).

    No byte sequence in `raw` can look like the end of the mail to any server.
    """
    text = _BREAK.sub(b"\n", raw)
    text = _DOT.sub(b"..", text if text.endswith(b"\n") else text + b"\n")
    return text.replace(b"\n", b"\r\n") + b".\r\n"


def retry_at(attempts: int, now: Instant, mail_id: str) -> Instant | None:
    """Return when to try a deferred mail again after `attempts` tries, None if it is time to give up.

    From 5 minutes doubling to 67, each longer by up to 10 %: the hash of `mail_id` decides, so that mails that failed
    together don't come back together and every replay agrees. Some 110 tries fill five days.
    """
    waited = sum(_delay(attempt, mail_id) for attempt in range(1, attempts))
    delay = _delay(attempts, mail_id)
    return now + delay if waited + delay <= GIVE_UP_AFTER else None


def _delay(attempt: int, mail_id: str) -> int:
    base = min(_DELAY_FIRST << min(attempt - 1, 10), _DELAY_LAST)
    digest = hashlib.blake2b(f"{mail_id} {attempt}".encode(), digest_size=2).digest()
    return base + base * int.from_bytes(digest) // 655_360
