"""Synthetic customers: chat by WebSocket, mail by SMTP, callbacks by the form, all as a real one would."""

import asyncio
import re
from email.message import EmailMessage
from typing import Any

import aiohttp
import aiosmtplib
import structlog

from app.demo.words import NAMES, SUBJECTS, THANKS
from app.engine import Clock
from simulation.traffic import Visit
from vocabulary.instants import SECOND

log = structlog.get_logger()

AT_ONCE_MAX = 60
"""Customers at a time: more would be load, not a demonstration."""


class DemoCustomers:
    """Sends visits to a running site."""

    def __init__(self, *, base: str, smtp_port: int, address: str, clock: Clock, speed: float) -> None:
        self._base = base
        self._smtp_port = smtp_port
        self._address = address
        self._clock = clock
        self._speed = speed
        self._turns = asyncio.Semaphore(AT_ONCE_MAX)

    async def visit(self, visit: Visit) -> None:
        """Be this customer. What goes wrong for him is his, and shown only to who debugs."""
        async with self._turns:
            try:
                match visit.medium:
                    case "chat":
                        await self._chat(visit)
                    case "email":
                        await self._mail(visit)
                    case _:
                        await self._callback(visit)
            except (aiohttp.ClientError, aiosmtplib.SMTPException, TimeoutError, OSError) as error:
                log.debug("demo_customer_gave_up", medium=visit.medium, error=type(error).__name__)

    def _name(self, visit: Visit) -> str:
        names = NAMES[visit.example.language]
        return f"{names[visit.number % len(names)]} {visit.number}"

    # -- chat

    async def _chat(self, visit: Visit) -> None:
        headers = {"Origin": self._base}
        async with (
            aiohttp.ClientSession() as http,
            http.ws_connect(f"{self._base}/ws/chat/demo", headers=headers, heartbeat=20) as socket,
        ):
            language = visit.example.language
            await socket.send_json({"type": "hello", "language": language, "identity": {"name": self._name(visit)}})
            await self._say(socket, visit, 1, visit.example.text)
            answered = await self._until(socket, ("joined",), visit.patience)
            if answered and visit.thanks:
                await self._until(socket, ("message",), 20 * SECOND)
                await self._say(socket, visit, 2, THANKS[language])
            if answered:
                await self._until(socket, ("ended",), 90 * SECOND)
            await socket.send_json({"type": "leave"})

    async def _say(self, socket: aiohttp.ClientWebSocketResponse, visit: Visit, number: int, text: str) -> None:
        await socket.send_json({"type": "message", "client_id": f"demo-{visit.number}-{number}", "text": text[:3000]})

    async def _until(self, socket: aiohttp.ClientWebSocketResponse, types: tuple[str, ...], span: int) -> bool:
        """Read until a frame of `types` comes from the other side, at most `span` ms."""
        try:
            async with asyncio.timeout(span / self._speed / 1000):
                async for message in socket:
                    frame: dict[str, Any] = message.json()
                    theirs = frame["type"] != "message" or frame.get("author") in ("agent", "bot")
                    if frame["type"] in types and theirs:
                        return True
        except TimeoutError:
            return False
        return False

    # -- mail

    async def _mail(self, visit: Visit) -> None:
        mail = EmailMessage()
        mail["From"] = f"{self._name(visit)} <customer{visit.number}@customers.example>"
        mail["To"] = self._address
        mail["Subject"] = SUBJECTS[visit.example.language]
        mail["Message-ID"] = f"<demo-{visit.number}@customers.example>"
        mail.set_content(visit.example.text)
        await aiosmtplib.send(mail, hostname="127.0.0.1", port=self._smtp_port, timeout=20)

    # -- callback

    async def _callback(self, visit: Visit) -> None:
        page = f"{self._base}/callback/demo?lang={visit.example.language}"
        async with aiohttp.ClientSession() as http:
            async with http.get(page) as response:
                form = _hidden_fields(await response.text())
            form |= {
                "name": self._name(visit),
                # 22 000 00 xx: no subscriber has these numbers.
                "phone": f"+48 22 000 {visit.number % 10_000:04d}",
                "message": visit.example.text,
                "consent": "yes",
            }
            async with http.post(page, data=form, headers={"Origin": self._base}) as response:
                await response.read()


def _hidden_fields(page: str) -> dict[str, str]:
    """Return what a browser would send back unasked."""
    fields = re.findall(r"<input[^>]*type=\"hidden\"[^>]*>", page)
    found = {}
    for field in fields:
        name, value = re.search(r'name="([^"]*)"', field), re.search(r'value="([^"]*)"', field)
        if name is not None:
            found[name[1]] = value[1] if value is not None else ""
    return found
