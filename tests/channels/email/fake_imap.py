"""An IMAP server that keeps mails in memory and fails as it is told."""

import asyncio
import re
from base64 import b64decode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

CLOSE = "close"
SILENT = "silent"
DRIP = b"(drip)"
Fault = str | bytes | list[bytes] | Callable[["FakeImap"], None]
"""CLOSE, SILENT, bytes to send (several, one after another) before the connection is closed, or, if they end with DRIP,
before it drips for ever, a text to answer ("NO ..."), or what to do first.
"""


class FakeImap:
    """One folder. `faults` maps a command ("LOGIN", "FETCH BODY", ...) to what befalls its next uses, in order."""

    def __init__(self) -> None:
        self.mails: dict[int, bytes] = {}
        self.uidvalidity = 1
        self.faults: dict[str, list[Fault]] = {}
        self.hidden: set[int] = set()
        self.sizes: dict[int, int] = {}
        self.seen: set[int] = set()
        self.commands: list[str] = []
        self.connections = 0
        self.logins = 0
        self.can_idle = True
        self.tokens: dict[str, str] = {}
        """Access tokens that are good, and whose."""
        self.drip_s = 0.001
        self.idling = asyncio.Event()
        self.port = 0
        self._idle: set[asyncio.StreamWriter] = set()
        self._writers: dict[asyncio.StreamWriter, None] = {}
        self._uninformed: set[asyncio.StreamWriter] = set()
        self.tasks: set[asyncio.Task[None]] = set()

    def put(self, *mails: bytes) -> None:
        """Deliver mails and tell whoever waits in IDLE."""
        for mail in mails:
            self.mails[max(self.mails, default=0) + 1] = mail
        for writer in self._writers:
            if writer in self._idle:
                writer.write(b"* %d EXISTS\r\n" % len(self.mails))
            else:
                self._uninformed.add(writer)  # a server may speak only while it answers (RFC 3501 7)

    def tell(self) -> None:
        """Tell every connection how many mails there are, as a server may while it answers."""
        for writer in self._writers:
            writer.write(b"* %d EXISTS\r\n" % len(self.mails))

    def hang_up(self) -> None:
        """Cut every connection."""
        for writer in tuple(self._writers):
            writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers[writer] = None
        if task := asyncio.current_task():
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
        try:
            if await self._befalls("connect", writer, ""):
                return
            writer.write(b"* OK fake IMAP4rev1\r\n")
            # Half a line is what a lost connection leaves.
            while (line := await reader.readline()).endswith(b"\n"):
                tag, _, command = line.decode().strip().partition(" ")
                if await self._answered(tag, command, reader, writer):
                    return
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            self._writers.pop(writer, None)

    async def _answered(
        self, tag: str, command: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """Answer one command, and tell whether the connection has ended."""
        name = _name(command)
        self.commands.append(command if name not in ("LOGIN", "AUTHENTICATE") else name)
        fault = await self._befalls(name, writer, tag)
        if fault is not None:
            return fault
        if name == "IDLE":
            return await self._idles(tag, reader, writer)
        if name == "AUTHENTICATE" and not self._is_let_in(command):
            writer.write(b"+ eyJzdGF0dXMiOiI0MDEifQ==\r\n")
            assert await reader.readline() == b"\r\n", "a challenge that tells of a refusal gets an empty answer"
            writer.write(f"{tag} NO [AUTHENTICATIONFAILED] Not you\r\n".encode())
            return False
        if writer in self._uninformed and name in ("SELECT", "SEARCH", "NOOP", "STORE"):
            self._uninformed.discard(writer)
            writer.write(b"* %d EXISTS\r\n" % len(self.mails))
        writer.write(b"".join(self._untagged(name, command)) + f"{tag} OK done\r\n".encode())
        await writer.drain()
        return name == "LOGOUT"

    async def _befalls(self, name: str, writer: asyncio.StreamWriter, tag: str) -> bool | None:
        """Do what befalls this command; None if it is to be answered, else whether the connection has ended."""
        queue = self.faults.get(name)
        if not queue:
            return None
        fault = queue.pop(0)
        if callable(fault):
            fault(self)
            return None
        if fault == CLOSE:
            return True
        if fault == SILENT:
            await asyncio.Event().wait()
        if isinstance(fault, bytes | list):
            for piece in [fault] if isinstance(fault, bytes) else fault:
                writer.write(piece.removesuffix(DRIP))
                await writer.drain()
            while fault[-len(DRIP) :] == DRIP:
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(self.drip_s)  # noqa: TID251 - the drip itself
            return True
        writer.write(f"{tag} {fault}\r\n".encode())
        return False

    async def _idles(self, tag: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        writer.write(b"+ idling\r\n")
        self._idle.add(writer)
        self.idling.set()
        try:
            if await self._befalls("IDLING", writer, tag):
                return True
            ended = (await reader.readline()).strip().upper() != b"DONE"
        finally:
            self._idle.discard(writer)
        writer.write(f"{tag} OK done\r\n".encode())
        return ended

    def _is_let_in(self, command: str) -> bool:
        _, mechanism, said = command.split(" ")
        assert mechanism == "XOAUTH2"
        return b64decode(said).decode() in {
            f"user={user}\1auth=Bearer {token}\1\1" for token, user in self.tokens.items()
        }

    def _untagged(self, name: str, command: str) -> list[bytes]:
        if name == "LOGIN":
            self.logins += 1
        if name == "CAPABILITY":
            more = (b" IDLE" if self.can_idle else b"") + (b" AUTH=XOAUTH2 SASL-IR" if self.tokens else b"")
            return [b"* CAPABILITY IMAP4rev1%s\r\n" % more]
        if name == "SELECT":
            return [b"* %d EXISTS\r\n* OK [UIDVALIDITY %d] x\r\n" % (len(self.mails), self.uidvalidity)]
        if name == "SEARCH":
            return [b"* SEARCH %s\r\n" % b" ".join(b"%d" % uid for uid in self._searched(command))]
        if name == "STORE":
            self.seen |= set(self._named(command))
        if name.startswith("FETCH"):
            return [self._item(name, uid) for uid in self._named(command) if uid not in self.hidden]
        return []

    def _item(self, name: str, uid: int) -> bytes:
        if name == "FETCH SIZE":
            return b"* %d FETCH (UID %d RFC822.SIZE %d)\r\n" % (uid, uid, self.sizes.get(uid, len(self.mails[uid])))
        content = self.mails[uid]
        section = b"[]"
        if name == "FETCH HEADER":
            content, section = content.partition(b"\r\n\r\n")[0] + b"\r\n\r\n", b"[HEADER]<0>"
        return b"* %d FETCH (UID %d BODY%s {%d}\r\n%s)\r\n" % (uid, uid, section, len(content), content)

    def _searched(self, command: str) -> list[int]:
        match = re.search(r"UID (\d+):\*", command.partition("SEARCH")[2])
        if match is None:
            return sorted(self.mails)
        # "n:*" always finds the last mail (RFC 3501 6.4.8).
        last = max(self.mails, default=0)
        return sorted({uid for uid in self.mails if uid >= int(match[1])} | ({last} if last else set()))

    def _named(self, command: str) -> list[int]:
        uids: set[int] = set()
        for span in command.split()[2].split(","):
            first, _, last = span.partition(":")
            uids |= set(range(int(first), int(last or first) + 1))
        return sorted(uids & set(self.mails))


def _name(command: str) -> str:
    words = command.upper().removeprefix("UID ").split()
    if not words or words[0] != "FETCH":
        return words[0] if words else ""
    text = " ".join(words)
    return "FETCH SIZE" if "RFC822.SIZE" in text else "FETCH HEADER" if "HEADER" in text else "FETCH BODY"


@asynccontextmanager
async def imap_server(*mails: bytes) -> AsyncIterator[FakeImap]:
    """Run a server with `mails` on a free port of this machine."""
    fake = FakeImap()
    fake.put(*mails)
    server = await asyncio.start_server(fake.serve, "127.0.0.1", 0)
    fake.port = server.sockets[0].getsockname()[1]
    try:
        yield fake
    finally:
        server.close()
        for _ in range(3):
            await asyncio.sleep(0)  # noqa: TID251 - what was accepted just now begins, so that it can be ended
        fake.hang_up()
        for task in fake.tasks:
            task.cancel()
        await asyncio.gather(*fake.tasks, return_exceptions=True)
        await server.wait_closed()
