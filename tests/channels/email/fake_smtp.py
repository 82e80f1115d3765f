"""An SMTP server that does as it is told at each stage."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

CLOSE = "close the connection"
RESET = "abort the connection"
SILENT = "say nothing"
STAGES = ("connect", "EHLO", "MAIL", "RCPT", "DATA", "dot")
_ORDINARY = {
    "connect": "220 fake ESMTP",
    "EHLO": "250-fake\r\n250-SIZE 30000000\r\n250 8BITMIME",
    "MAIL": "250 OK",
    "RCPT": "250 OK",
    "DATA": "354 go on",
    "dot": "250 taken",
    "RSET": "250 OK",
    "QUIT": "221 bye",
}


class FakeSmtp:
    """Answers with `script` where it says something, ordinarily elsewhere; an answer used once comes from a list."""

    def __init__(self, script: dict[str, str | list[str]], awaited: str = "") -> None:
        self.script = script
        self.heard = asyncio.Event()
        self._awaited = awaited
        self.mails: list[bytes] = []
        self.recipients: list[str] = []
        self.commands: list[str] = []
        self.connections = 0
        self.port = 0
        self._writers: dict[asyncio.StreamWriter, None] = {}

    def _answer(self, stage: str) -> str:
        scripted = self.script.get(stage)
        if isinstance(scripted, list):
            scripted = scripted.pop(0) if scripted else None
        return scripted or _ORDINARY.get(stage, "502 no such command")

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers[writer] = None
        try:
            recipient = ""
            said = await self._say(writer, "connect")
            while said is not None and (line := await reader.readline()):
                command = line.decode("latin-1").strip()
                self.commands.append(command)
                if command == self._awaited:
                    self.heard.set()
                verb = command.partition(" ")[0].upper()
                said = await self._say(writer, verb)
                if verb == "RCPT":
                    recipient = command[8:].partition(">")[0].strip("<> ")
                if verb == "DATA" and said is not None and said.startswith("354"):
                    said = await self._take(reader, writer, recipient)
                if verb == "QUIT":
                    break
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            self._writers.pop(writer, None)

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, recipient: str) -> str | None:
        if self.script.get("body") == CLOSE:
            return None
        mail = await reader.readuntil(b"\r\n.\r\n")
        self.mails.append(mail)
        self.recipients.append(recipient)
        return await self._say(writer, "dot")

    async def _say(self, writer: asyncio.StreamWriter, stage: str) -> str | None:
        """Answer at `stage`; return what was said, None if that ended the connection."""
        answer = self._answer(stage)
        if answer == CLOSE:
            return None
        if answer == RESET:
            writer.transport.abort()
            return None
        if answer != SILENT:
            writer.write(f"{answer}\r\n".encode())
            await writer.drain()
        return answer

    @property
    def is_serving(self) -> bool:
        """Whether somebody is connected."""
        return bool(self._writers)

    def hang_up(self) -> None:
        """End every connection."""
        for writer in tuple(self._writers):
            writer.transport.abort()


@asynccontextmanager
async def smtp_server(script: dict[str, str | list[str]] | None = None, awaited: str = "") -> AsyncIterator[FakeSmtp]:
    """Run a server with `script` on a free port of this machine; `heard` is set once it heard the command `awaited`."""
    fake = FakeSmtp(script or {}, awaited)
    server = await asyncio.start_server(fake.serve, "127.0.0.1", 0, limit=64 * 1024 * 1024)
    fake.port = server.sockets[0].getsockname()[1]
    try:
        yield fake
    finally:
        server.close()
        for _ in range(3):
            await asyncio.sleep(0)  # noqa: TID251 - what was accepted just now begins, so that it can be ended
        fake.hang_up()
        await server.wait_closed()
