"""Customers and agents as real programs do: what was not acknowledged is sent again, with the same id.

The truth that a site is compared with is what these clients were told, written down by themselves.
"""

import asyncio
import smtplib
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from email.message import EmailMessage
from itertools import cycle
from typing import Any, Protocol
from urllib.parse import urlencode

import aiohttp

from tests.acceptance.client import Api, Sink, eventually
from tests.acceptance.site import pause

_GONE = (aiohttp.ClientError, aiohttp.WSMessageTypeError, OSError, TimeoutError)


class Truth:
    """What clients were told."""

    def __init__(self) -> None:
        self.chats: dict[str, tuple[str, int]] = {}  # text -> conversation and number that the ack named
        self.mails: set[str] = set()  # texts that a 250 answered
        self.replies: set[str] = set()  # texts that a 201 answered


class Door(Protocol):
    """Where somebody reaches the site; it may be another node the next time."""

    @property
    def base(self) -> str: ...
    @property
    def mail_port(self) -> int: ...


class Chatter:
    """A chat customer who says one thing after another and repeats what was not acknowledged."""

    def __init__(self, site: Door, truth: Truth, name: str) -> None:
        self._site, self._truth, self._name = site, truth, name
        self._token: str | None = None
        self._said = 0

    async def run(self) -> None:
        while True:
            with suppress(*_GONE):
                await self._connected()
            await pause(0.1)

    async def _connected(self) -> None:
        headers = {"Origin": self._site.base}
        address = f"{self._site.base}/ws/chat/demo"
        async with aiohttp.ClientSession() as http, http.ws_connect(address, headers=headers) as socket:
            hello: dict[str, Any] = {"type": "hello", "language": "en", "identity": {"name": self._name}}
            await socket.send_json(hello | ({"visitor_token": self._token} if self._token else {}))
            while True:
                text = f"{self._name} says {self._said}"
                await socket.send_json({"type": "message", "client_id": f"{self._name}-{self._said}", "text": text})
                ack = await self._ack(socket, f"{self._name}-{self._said}")
                self._truth.chats[text] = ack
                self._said += 1
                await pause(0.15)

    async def _ack(self, socket: aiohttp.ClientWebSocketResponse, client_id: str) -> tuple[str, int]:
        async with asyncio.timeout(5):
            while True:
                frame = await socket.receive_json()
                if frame["type"] == "welcome":
                    self._token = frame["visitor_token"]
                elif frame["type"] == "ack" and frame["client_id"] == client_id:
                    return self._name, frame["seq"]
                elif frame["type"] == "error":
                    raise ConnectionError(frame)


class Mailer:
    """A mail server that delivers one mail after another, each until it got its 250."""

    def __init__(self, site: Door, truth: Truth, name: str) -> None:
        self._site, self._truth, self._name = site, truth, name

    async def run(self) -> None:
        number = 0
        while True:
            # All have as many digits: a search finds words by their beginnings, and 1 would find 10.
            text = f"{self._name} writes {number:05} about an invoice"
            try:
                await asyncio.to_thread(self._send, number, text)
            except (*_GONE, smtplib.SMTPException):
                await pause(0.1)
                continue
            self._truth.mails.add(text)
            number += 1
            await pause(0.3)

    def _send(self, number: int, text: str) -> None:
        mail = EmailMessage()
        mail["From"] = f"{self._name}@customers.example"
        mail["To"] = "support@test.example"
        mail["Subject"] = f"Question {number}"
        mail["Message-ID"] = f"<{self._name}-{number}@customers.example>"
        mail.set_content(text)
        with smtplib.SMTP("127.0.0.1", self._site.mail_port, timeout=5) as server:
            server.send_message(mail)


class Worker:
    """An agent's program: takes what rings, answers, ends."""

    def __init__(self, site: Door, truth: Truth, agent: str, token: str) -> None:
        self._site, self._truth, self._agent, self._token = site, truth, agent, token

    async def run(self) -> None:
        while True:
            try:
                async with Api(self._site.base, self._token) as api:
                    while True:
                        await self._round(api)
            except (*_GONE, AssertionError):
                await pause(0.1)

    async def _round(self, api: Api) -> None:
        await api.post(f"/agents/{self._agent}/presence", presence="available", lease="30s")
        for offer in (await api.get(f"/agents/{self._agent}/offers?wait=1"))["items"]:
            await api.post(f"/offers/{offer['id']}/accept")
        held = await api.get(f"/interactions?agent={self._agent}&state=active")
        for interaction in held["items"]:
            await self._answer(api, interaction["id"])

    async def _answer(self, api: Api, id: str) -> None:
        text = f"{self._agent} answers {id}"
        status, body = await api.call(
            "POST", f"/interactions/{id}/messages", {"kind": "reply", "text": text}, **{"Idempotency-Key": f"a-{id}"}
        )
        assert status in (201, 409), (status, body)
        if status == 201:
            self._truth.replies.add(text)
        await api.call("POST", f"/interactions/{id}/end", {})
        await api.call("POST", f"/interactions/{id}/wrap-up", {"disposition": None})


@asynccontextmanager
async def traffic(*doors: Door, workers: dict[str, str]) -> AsyncIterator[Truth]:
    """Let customers and agents at a site while the block lasts; `workers` are agents and their tokens.

    With several doors each person has his own usual one.
    """
    truth = Truth()
    turns = cycle(doors)
    people = [Chatter(next(turns), truth, f"chatter{number}").run() for number in range(3)]
    people += [Mailer(next(turns), truth, f"mailer{number}").run() for number in range(2)]
    people += [Worker(next(turns), truth, name, token).run() for name, token in workers.items()]
    tasks = [asyncio.create_task(person) for person in people]
    try:
        yield truth
    finally:
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(result, asyncio.CancelledError) for result in results), results


async def _all(api: Api, path: str, cursor: str = "cursor") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    after: dict[str, Any] = {}
    while True:
        page = await api.get(f"{path}?{urlencode({'limit': 200, **after})}")
        found += page["items"]
        if page.get("next") is None or not page["items"]:
            return found
        after = {cursor: page["next"]}


async def compare(api: Api, truth: Truth, sink: Sink) -> None:
    """Fail unless the site has everything that clients were told, once, and every offer ends."""
    assert truth.chats, "no chat message was acknowledged: there was no traffic"
    assert truth.mails, "no mail was taken: there was no traffic"
    assert truth.replies, "no reply was acknowledged: there was no traffic"

    # A mail is acknowledged before it is worked on, and one more may be in that nobody was told of.
    messages: list[tuple[dict[str, Any], dict[str, Any]]] = []
    said: Counter[str] = Counter()

    async def all_mails_are_in() -> bool | None:
        messages[:] = [
            (one, message)
            for one in await _all(api, "/interactions")
            for message in await _all(api, f"/interactions/{one['id']}/messages", cursor="after")
        ]
        said.clear()
        said.update(message["text"].strip() for _, message in messages)
        return truth.mails <= said.keys() or None

    with suppress(TimeoutError):  # what is missing is told below
        await eventually(all_mails_are_in, seconds=60)
    for text in [*truth.chats, *truth.mails, *truth.replies]:
        assert said[text] == 1, f"{text!r} is there {said[text]} times"
    for _, message in messages:
        if message["text"] in truth.chats:
            assert truth.chats[message["text"]][1] == message["number"], "an ack named another number"
    _numbers_are_gap_free(messages)
    await _events_are_sound(api)
    await _offers_end(api)
    _mail_went_out_once(sink)


def _numbers_are_gap_free(messages: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    numbers: dict[str, list[int]] = {}
    for one, message in messages:
        numbers.setdefault(one["id"], []).append(message["number"])
    for id, found in numbers.items():
        assert sorted(found) == list(range(1, len(found) + 1)), f"{id} has {sorted(found)}"


async def _events_are_sound(api: Api) -> None:
    """Numbers without a gap, one owner at a time, each interaction admitted once, each offer ended at most once."""
    events = await _all(api, "/events", cursor="after")
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    owner: dict[str, str] = {}
    admitted: set[str] = set()
    ended: Counter[str] = Counter()
    for event in events:
        id = event.get("interaction") or ""
        match event["type"]:
            case "Admitted":
                assert id not in admitted
                admitted.add(id)
            case "OfferAccepted":
                assert id not in owner, f"{id} has two owners"
                owner[id] = event["agent"]
                ended[event["data"]["offer"]] += 1
            case "OfferDeclined" | "OfferExpired" | "OfferWithdrawn":
                ended[event["data"]["offer"]] += 1
            case "WrappedUp" | "Closed" | "OwnerLost" | "Enqueued" | "Transferred":
                owner.pop(id, None)
    assert set(ended.values()) <= {1}


async def _offers_end(api: Api) -> None:
    """Nobody answers any more: what rings stops ringing within its time."""

    async def nothing_rings() -> bool | None:
        queues = [await api.get(f"/queues/{name}/live") for name in ("billing", "support")]
        return True if not any(queue["offers_pending"] for queue in queues) else None

    await eventually(nothing_rings, seconds=60)


def _mail_went_out_once(sink: Sink) -> None:
    """At most one automatic reply a mail; a person's reply may come twice, but then with one Message-ID."""
    automatic: Counter[str] = Counter()
    for mail in sink.mails:
        head = mail.raw.partition(b"\r\n\r\n")[0].decode("utf-8", "replace")
        fields = dict(line.split(": ", 1) for line in head.split("\r\n") if ": " in line and not line.startswith(" "))
        if "Auto-Submitted" in fields:
            automatic[fields["In-Reply-To"]] += 1
    assert set(automatic.values()) <= {1}, automatic
