"""Customers, agents and programs: they write, sleep, race, lose their connection, click twice, and repeat what was not
acknowledged, as real ones do."""

import asyncio
import itertools
from collections.abc import Callable
from contextlib import suppress
from random import Random  # noqa: TID251  # with its seed
from typing import Any, NamedTuple

import aiohttp

from tests.simulation.node import UNDO_S, token_of
from tests.simulation.servers import Mailbox
from tests.simulation.truth import Truth

GONE = (aiohttp.ClientError, aiohttp.WSMessageTypeError, OSError, TimeoutError, asyncio.IncompleteReadError)
PATIENCE_S = 12.0
CALM_S = 9.0
"""How long an agent waits, when all is calm, before he looks at his work again."""


class Way(NamedTuple):
    """How one gets to the site."""

    connector: Callable[[], aiohttp.BaseConnector]
    base: str
    origin: str
    smtp_port: int
    ring_s: float = 8.0
    """So long an offer rings, at the pace of these people."""
    haste: float = 1.0
    """So much quicker they are than usual ones."""


class Person:
    """Somebody outside. `calm`: no tricks any more, everything is to come to its end."""

    def __init__(self, name: str, truth: Truth, draw: Random, way: Way) -> None:
        self.name = name
        self.truth = truth
        self.draw = draw
        self.way = way
        self.calm = False

    async def run(self) -> None:
        """Do what he does, as long as the simulation lasts."""
        raise NotImplementedError

    async def pause(self, least: float, most: float) -> None:
        done = asyncio.get_running_loop().create_future()
        seconds = self.draw.uniform(least, most) / self.way.haste
        handle = asyncio.get_running_loop().call_later(seconds, done.set_result, None)
        try:
            await done
        finally:
            handle.cancel()

    def likes(self, chance: float) -> bool:
        """Tell whether he does something that he does with `chance`; never once he is calm."""
        return not self.calm and self.draw.random() < chance


class Caller(Person):
    """Somebody with an API token."""

    http: aiohttp.ClientSession

    async def run(self) -> None:
        connector = self.way.connector()
        headers = {"Authorization": f"Bearer {token_of(self.name)}"}
        timeout = aiohttp.ClientTimeout(total=PATIENCE_S)
        async with aiohttp.ClientSession(connector=connector, headers=headers, timeout=timeout) as self.http:
            while True:
                with suppress(*GONE):
                    await self.round()
                await self.pause(0.05, 0.6)

    async def round(self) -> None:
        raise NotImplementedError

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Return status and body. A server that fails by its own fault is seen by everybody."""
        async with self.http.request(method, f"{self.way.base}/api/v1{path}", json=body, headers=headers) as answer:
            found = await answer.json(content_type=None)
            if answer.status == 500:
                self.truth.complain(f"500: {method} {path}: {found}")
            return answer.status, found


class Shop(Caller):
    """An integration that admits things, each until it is told that it is in."""

    def __init__(self, truth: Truth, draw: Random, way: Way) -> None:
        super().__init__("shop", truth, draw, way)
        self._numbers = itertools.count()
        self._under_way: list[tuple[str, str]] = []

    async def round(self) -> None:
        if not self._under_way and not self.calm:
            number = next(self._numbers)
            self._under_way = [(f"order-{number}", f"shop asks {number} {'invoice' if number % 3 else 'parcel'}")]
        for external_id, text in list(self._under_way):
            self.truth.tried.add(text)
            customer = {"email": f"buyer{self.draw.randrange(4)}@shop.example"}
            body = {"external_id": external_id, "text": text, "customer": customer}
            calls = [self.call("POST", "/interactions", body) for _ in range(2 if self.likes(0.1) else 1)]
            for status, found in await asyncio.gather(*calls):
                if status in (200, 201):
                    self._note(external_id, text, found["id"])
        await self.pause(1, 6)

    def _note(self, external_id: str, text: str, interaction: str) -> None:
        known = self.truth.calls.setdefault(external_id, (interaction, text))
        if known[0] != interaction:
            self.truth.complain(f"{external_id} is {known[0]} and {interaction}")
        self._under_way = [each for each in self._under_way if each[0] != external_id]


class Agent(Caller):
    """An agent's program over the API, sometimes with a second one open."""

    def __init__(self, name: str, truth: Truth, draw: Random, way: Way) -> None:
        super().__init__(name, truth, draw, way)
        self._sentences = itertools.count()
        self._rounds = itertools.count()

    async def round(self) -> None:
        if self.likes(0.03):
            await self.pause(5, 40)  # asleep, or his computer is
        if self.calm or next(self._rounds) % 5 == 0:
            await self.call("POST", f"/agents/{self.name}/presence", {"presence": "available", "lease": "15s"})
            await self._go_on()
        wait = 8 if self.calm else self.draw.choice((1, 2, 4))
        status, found = await self.call("GET", f"/agents/{self.name}/offers?wait={wait}")
        for offer in found["items"] if status == 200 else []:
            await self._answer(offer)

    async def _go_on(self) -> None:
        """Go on with what he has, as he finds it."""
        status, found = await self.call("GET", f"/interactions?agent={self.name}&state=active,wrap_up,parked")
        for each in found["items"] if status == 200 else []:
            await (self._work(each["id"]) if each["state"] == "active" else self._tidy(each))

    async def _answer(self, ringing: dict[str, Any]) -> None:
        offer = ringing["id"]
        if self.likes(0.08):
            await self.call("POST", f"/offers/{offer}/decline", {"reason": "busy"})
            return
        if self.likes(0.15):
            return  # he doesn't see it
        if self.likes(0.15):
            await self.pause(0.8 * self.way.ring_s, 1.06 * self.way.ring_s)  # just about too late
        elif not self.calm:
            await self.pause(0, 1.5)
        clicks = 2 if self.likes(0.15) else 1
        answers = await asyncio.gather(*(self._accept(offer) for _ in range(clicks)))
        if 409 in answers and 200 in answers:
            self.truth.complain(f"{offer}: two clicks of one agent, one accepted and one refused")
        if 200 in answers and not self.likes(0.3):
            await self._work(ringing["interaction"]["id"])

    async def _accept(self, offer: str) -> int:
        status, _ = await self.call("POST", f"/offers/{offer}/accept")
        if status == 200:
            holder = self.truth.taken.setdefault(offer, self.name)
            if holder != self.name:
                self.truth.complain(f"{offer} was given to {holder} and to {self.name}")
        return status

    async def _work(self, id: str) -> None:
        if self.likes(0.2):
            await self.pause(0, 4)
        for kind in ["note"] * self.likes(0.15) + ["reply"] * (1 if self.calm else self.draw.choice((0, 1, 1, 2))):
            await self._write(id, kind)
        if self.likes(0.08):
            where = self.draw.choice(({"queue": "billing"}, {"queue": "support"}, {"agent": "boris"}))
            await self.call("POST", f"/interactions/{id}/transfer", {**where, "note": "over to you"})
        elif self.likes(0.08):
            await self.call("POST", f"/interactions/{id}/park", {})
        elif not self.likes(0.1):
            await self.call("POST", f"/interactions/{id}/end", {})
            if self.calm:
                await self.call("POST", f"/interactions/{id}/wrap-up", {})

    async def _write(self, id: str, kind: str) -> None:
        """Write something, again and again with one key until it is known whether it was taken."""
        text = f"{self.name} {kind}s {next(self._sentences)}"
        self.truth.tried.add(text)
        key = {"Idempotency-Key": f"{self.name}-{text}"}
        for _ in range(4):
            with suppress(*GONE):
                body = {"kind": kind, "text": text}
                calls = [
                    self.call("POST", f"/interactions/{id}/messages", body, **key)
                    for _ in range(2 if self.likes(0.1) else 1)
                ]
                answers = dict(await asyncio.gather(*calls))
                if 201 in answers:
                    self.truth.replies[text] = id
                    if answers[201]["undo_until"] is not None and self.likes(0.6):
                        await self._take_back(id, answers[201]["id"], text)
                    return
                if not set(answers) & {409, 429, 503}:
                    return
            await self.pause(0.2, 1)

    async def _take_back(self, id: str, message: str, text: str) -> None:
        """Take back a mail, at once or at the last moment, until it is known whether that came in time."""
        if self.likes(0.5):
            await self.pause(0, 3 * UNDO_S)
        self.truth.second_thoughts[text] = None
        for attempt in range(4):
            with suppress(*GONE):
                path = f"/interactions/{id}/messages/{message}/undo"
                calls = [self.call("POST", path) for _ in range(2 if self.likes(0.1) else 1)]
                statuses = [status for status, _ in await asyncio.gather(*calls)]
                if statuses.count(200) > 1:
                    self.truth.complain(f"{text!r} was taken back twice")
                if 200 in statuses:
                    self.truth.second_thoughts[text] = True
                    return
                if not set(statuses) & {429, 503}:
                    # Refused at the second try: the first may have succeeded without an answer.
                    self.truth.second_thoughts[text] = None if attempt else False
                    return
            await self.pause(0.1, 0.5)

    async def _tidy(self, interaction: dict[str, Any]) -> None:
        if interaction["state"] == "parked":
            await self.call("POST", f"/interactions/{interaction['id']}/resume")
        elif self.calm or self.draw.random() < 0.5:
            await self.call("POST", f"/interactions/{interaction['id']}/wrap-up", {"note": "done"})


class DeskAgent(Agent):
    """An agent whose page is open: offers come over its socket, and his connection is his presence."""

    async def round(self) -> None:
        status, found = await self.call("POST", "/ws-tickets")
        if status not in (200, 201):
            return
        address = f"{self.way.base}/ws/desk?ticket={found['ticket']}"
        async with self.http.ws_connect(address, timeout=aiohttp.ClientWSTimeout(ws_close=1)) as socket:
            # The presence that he chose before stays his.
            await self.call("POST", f"/agents/{self.name}/presence", {"presence": "available"})
            looked = asyncio.get_running_loop().time()
            while not self.likes(0.02):
                await self._look(socket)
                # However much goes on at his page, what he has laid aside is not forgotten for long.
                if self.calm and asyncio.get_running_loop().time() - looked > CALM_S:
                    await self._go_on()
                    looked = asyncio.get_running_loop().time()

    async def _look(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        try:
            frame = await socket.receive_json(timeout=CALM_S if self.calm else 3)
        except TimeoutError:
            await socket.send_json({"type": "ping"})
            # Whoever missed too much was taken off, and sees that.
            await self.call("POST", f"/agents/{self.name}/presence", {"presence": "available"})
            await self._go_on()
            return
        except TypeError as closed:  # aiohttp's way to say that it is no text: the socket is closed
            raise aiohttp.ClientError from closed
        if frame["type"] == "snapshot":
            for offer in frame["offers"]:
                await self._answer(offer)
            await self._go_on()
        elif frame["type"] == "offer":
            await self._answer(frame["offer"])


class Supervisor(Caller):
    """Looks at the queues, and moves, hurries, closes, takes back."""

    async def round(self) -> None:
        await self.pause(1, 5)
        if self.calm:
            return
        status, found = await self.call("GET", "/interactions?state=waiting,offered,active&limit=5")
        items = found["items"] if status == 200 else []
        if not items:
            return
        id = self.draw.choice(items)["id"]
        path, body = self.draw.choice(
            (
                ("priority", {"priority": self.draw.randrange(-5, 50), "reason": "because"}),
                ("move", {"queue": self.draw.choice(("billing", "support")), "reason": "because"}),
                ("close", {"reason": "nobody needs it"}),
                ("assign", {"agent": self.draw.choice(("anna", "boris"))}),
            )
        )
        await self.call("POST", f"/interactions/{id}/{path}", body)
        if self.likes(0.5):
            await self.call("POST", f"/interactions/{id}/undo")


class Chatter(Person):
    """A customer in the chat: says one thing after another, and repeats what has no ack."""

    def __init__(self, name: str, truth: Truth, draw: Random, way: Way) -> None:
        super().__init__(name, truth, draw, way)
        self._token: str | None = None
        self._said = itertools.count()
        self._open: tuple[str, str] | None = None
        self.shown: dict[tuple[str, int], str] = truth.heard.setdefault(name, {})
        self.conversation: str | None = None
        self._last = 0

    async def run(self) -> None:
        headers = {"Origin": self.way.origin}
        async with aiohttp.ClientSession(connector=self.way.connector(), headers=headers) as http:
            while not (self.calm and self._open is None):
                with suppress(*GONE):
                    async with asyncio.timeout(60):
                        await self._connected(http)
                await self.pause(0.1, 3)

    async def _connected(self, http: aiohttp.ClientSession) -> None:
        timeout = aiohttp.ClientWSTimeout(ws_close=1)
        async with http.ws_connect(f"{self.way.base}/ws/chat/web", timeout=timeout) as socket:
            await self.greet(socket)
            while not self.likes(0.05):
                if self._open is None and self.calm:
                    return
                await self._say(socket)
                await self._listen(socket, self.draw.uniform(0.2, 7))
            if self.likes(0.2):
                await socket.send_json({"type": "leave"})

    async def greet(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Say hello, and from where on one wants to be told."""
        hello: dict[str, Any] = {"type": "hello", "language": "en", "identity": {"name": self.name}}
        if self._token is not None:
            hello["visitor_token"] = self._token
        if self.conversation is not None:
            hello |= {"after": self._last, "conversation": self.conversation}
        await socket.send_json(hello)
        # Before that he has no name by which he would be known again.
        try:
            async with asyncio.timeout(PATIENCE_S):
                while self._token is None:
                    self._take(await self._frame(socket))
        except TimeoutError as late:
            raise ConnectionError("no welcome") from late

    async def _say(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        if self._open is None:
            number = next(self._said)
            self._open = (
                f"{self.name}-{number}",
                f"{self.name} says {number} {'invoice' if number % 4 == 0 else 'hello'}",
            )
            self.truth.tried.add(self._open[1])
        client_id, text = self._open
        for _ in range(2 if self.likes(0.1) else 1):
            await socket.send_json({"type": "message", "client_id": client_id, "text": text})
        try:
            async with asyncio.timeout(PATIENCE_S):
                while self._open is not None:
                    self._take(await self._frame(socket))
        except TimeoutError as late:
            raise ConnectionError("no ack") from late

    async def _listen(self, socket: aiohttp.ClientWebSocketResponse, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while True:
                    self._take(await self._frame(socket))

    async def _frame(self, socket: aiohttp.ClientWebSocketResponse) -> dict[str, Any]:
        message = await socket.receive()
        if message.type is not aiohttp.WSMsgType.TEXT:
            raise ConnectionError("closed")
        frame: dict[str, Any] = message.json()
        return frame

    def _take(self, frame: dict[str, Any]) -> None:
        match frame["type"]:
            case "welcome":
                self._token = frame["visitor_token"]
                current = (frame.get("conversation") or {}).get("id")
                if current != self.conversation:
                    self.conversation, self._last = current, 0
            case "message":
                self._show(frame)
            case "ack":
                self._acknowledged(frame["client_id"], frame["seq"])
            case "error" if frame["code"] != "busy":
                self.truth.complain(f"{self.name}: {frame}")

    def _show(self, frame: dict[str, Any]) -> None:
        number, text = frame["seq"], frame["text"]
        # Notes of staff have numbers too, so there may be gaps; nothing may come twice or late.
        if number <= self._last:
            self.truth.complain(f"{self.name} was sent number {number} behind {self._last}")
        self._last = number
        self.shown[self.conversation or "", number] = text
        if frame.get("client_id"):
            self._acknowledged(frame["client_id"], number)

    def _acknowledged(self, client_id: str, number: int) -> None:
        if self._open is not None and self._open[0] == client_id:
            self.truth.chats[self._open[1]] = (self.name, number)
            self._open = None


class Writer(Person):
    """Somebody who writes mails; how they travel is said by who sends them."""

    def __init__(self, name: str, truth: Truth, draw: Random, way: Way, box: str) -> None:
        super().__init__(name, truth, draw, way)
        self._box = box
        self._numbers = itertools.count()

    def mail(self, stranger: bool = False) -> tuple[str, str, bytes]:
        """Return the text, Message-ID and bytes of the next mail; `stranger`: of somebody who never wrote before."""
        number = next(self._numbers)
        sender = (
            f"{self.name}@people{number}.example" if stranger else f"{self.name}{self.draw.randrange(3)}@people.example"
        )
        text = f"{self.name} writes {number} about {'an invoice' if number % 2 else 'a parcel'}"
        id = f"<{self.name}-{number}@people.example>"
        lines = [f"From: {sender}", f"To: {self._box}@sim.example", f"Subject: Question {number}", f"Message-ID: {id}"]
        ours = [mail for mail in self.truth.sent if mail.recipient == sender]
        if ours and self.draw.random() < 0.3:
            answered = self.draw.choice(ours).message_id
            lines += [f"In-Reply-To: {answered}", f"References: {answered}"]
            self.truth.continued[text] = answered
        elif not stranger and self.draw.random() < 0.15:
            lines.append("Auto-Submitted: auto-generated")
            self.truth.machine.add(id)
        self.truth.tried.add(text)
        return text, id, "\r\n".join([*lines, "", text, ""]).encode()


class SmtpWriter(Writer):
    """A mail server that hands each mail over until it got its 250, or now and then once more."""

    async def run(self) -> None:
        while not self.calm:
            text, id, raw = self.mail()
            while not await self._handed_over(raw):
                await self.pause(0.3, 2)
            self.truth.mails[text] = id
            if self.likes(0.1):
                await self._handed_over(raw)
            await self.pause(1, 9)

    async def _handed_over(self, raw: bytes) -> bool:
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await self._send(raw)
        except GONE:
            return False

    async def _send(self, raw: bytes) -> bool:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.way.smtp_port)
        try:
            await _answer(reader)
            for line in (
                "EHLO people.example",
                "MAIL FROM:<someone@people.example>",
                f"RCPT TO:<{self._box}@sim.example>",
            ):
                if await _said(reader, writer, line.encode()) != b"250":
                    return False
            if await _said(reader, writer, b"DATA") != b"354":
                return False
            return await _said(reader, writer, raw + b".") == b"250"
        finally:
            writer.close()


async def _said(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, line: bytes) -> bytes:
    writer.write(line + b"\r\n")
    await writer.drain()
    return await _answer(reader)


async def _answer(reader: asyncio.StreamReader) -> bytes:
    while True:
        line = await reader.readuntil(b"\r\n")
        if line[3:4] == b" ":
            return line[:3]


class BoxWriter(Writer):
    """Mails that arrive in the mailbox that we fetch from, some of them twice."""

    def __init__(self, name: str, truth: Truth, draw: Random, way: Way, mailbox: Mailbox) -> None:
        super().__init__(name, truth, draw, way, "box")
        self._mailbox = mailbox

    async def run(self) -> None:
        while not self.calm:
            self.write()
            self._mailbox.maybe_break()
            if self.likes(0.04):
                self._mailbox.renumber()
            await self.pause(1, 9)

    def write(self, stranger: bool = False) -> None:
        """Have a mail arrive."""
        text, id, raw = self.mail(stranger)
        self.truth.boxed[text] = id
        for _ in range(2 if self.likes(0.08) else 1):
            self._mailbox.put(raw)


def everybody(truth: Truth, draw: Random, way: Way, mailbox: Mailbox) -> list[Person]:
    """Return the people of a day."""
    return [
        Shop(truth, draw, way),
        Agent("anna", truth, draw, way),
        Agent("boris", truth, draw, way),
        DeskAgent("celina", truth, draw, way),
        Supervisor("vera", truth, draw, way),
        Chatter("karl", truth, draw, way),
        Chatter("lena", truth, draw, way),
        SmtpWriter("max", truth, draw, way, "support"),
        BoxWriter("nora", truth, draw, way, mailbox),
    ]
