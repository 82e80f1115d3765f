"""Export and erasure of a real site: everything is in the one, and nothing is left after the other."""

import asyncio
import json
import re
from base64 import b64decode
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest

from storage.sqlite import SqliteStore
from tests.acceptance.canaries import STEM, Canaries, traces
from tests.acceptance.client import Api, Sink, eventually
from tests.acceptance.mails import letter, send
from tests.acceptance.site import SiteProcess
from tests.acceptance.traffic import Chatter, Mailer, Truth

PHONE = "+48601234567"


class Doors:
    """Every way into a running site, with a canary in each field."""

    def __init__(self, site: SiteProcess, api: Api, agent: Api, word: Canaries) -> None:
        self.site, self.api, self.agent, self.word = site, api, agent, word

    @property
    def address(self) -> str:
        return f"{self.word('address')}@customers.example"

    async def come_in(self) -> tuple[str, str]:
        """Use all of them; return the ids of the two customers who came of it: one who writes, one who chats."""
        await self._mail()
        writer = await self._customer_of(self.word("subject"))
        await self._api_and_staff()
        await self._form()
        visitor = await self._chat()
        return writer, visitor

    async def _customer_of(self, text: str) -> str:
        async def found() -> str | None:
            items = (await self.api.get(f"/interactions?q={text}"))["items"]
            return items[0]["customer"]["id"] if items else None

        return await eventually(found)

    async def _mail(self) -> None:
        word = self.word
        mail = letter(
            f"{word('name')} Nowak <{self.address}>",
            f"{word('subject')} about an invoice",
            f"{word('text')} and zażółć gęślą {word('text_polish')}",
            Message_ID=f"<{word('message_id')}@customers.example>",
            References=f"<{word('reference')}@customers.example>",
            X_Custom=word("header"),
        )
        mail.add_alternative(f"<p>{word('html')}</p>", subtype="html")
        mail.add_attachment(
            f"{word('file')} content".encode(),
            maintype="application",
            subtype="pdf",
            filename=f"{word('filename')}.pdf",
        )
        await send(self.site.mail_port, mail)

    async def _api_and_staff(self) -> None:
        word, key = self.word, {"Idempotency-Key": "k-1"}
        status, one = await self.api.call(
            "POST",
            "/interactions",
            {
                "channel": "demo",
                "external_id": word("external_id"),
                "customer": {
                    "id": word("customer_id"),
                    "email": self.address,
                    "phone": PHONE,
                    "name": word("api_name"),
                    "language": "pl",
                },
                "subject": word("api_subject"),
                "text": f"{word('api_text')} invoice",
                "attributes": {"contract": word("attribute"), word("attribute_name"): 1},
            },
            **key,
        )
        assert status == 201, one
        id = one["id"]
        await self.api.post(f"/interactions/{id}/priority", priority=9, reason=word("priority_reason"))
        await self.api.post(f"/interactions/{id}/move", queue="support", reason=word("move_reason"))
        await self._handled(id)
        await self.api.call(
            "PATCH",
            f"/customers/{one['customer']['id']}",
            {
                "name": word("new_name"),
                "segment": word("segment"),
                "attributes": {"note": word("customer_attribute"), word("customer_attribute_name"): "x"},
            },
            **{"Idempotency-Key": "k-2"},
        )

    async def _handled(self, id: str) -> None:
        word, path = self.word, f"/interactions/{id}"
        offer = await self._offer(id)
        await self.agent.post(f"/offers/{offer}/decline", reason=word("decline_reason").lower())
        await self.api.post(f"{path}/assign", agent="anna", beyond_capacity=True)
        quoting = f"Good day {word('reply')}\n> {word('api_text')}"
        await self.agent.call(
            "POST", f"{path}/messages", {"kind": "reply", "text": quoting}, **{"Idempotency-Key": "k-3"}
        )
        await self.agent.post(f"{path}/messages", kind="note", text=word("note"))
        await self.agent.post(f"{path}/transfer", queue="billing", note=word("transfer_note"))
        await self.api.post(f"{path}/assign", agent="anna", beyond_capacity=True)
        await self.agent.post(f"{path}/end")
        await self.agent.post(f"{path}/wrap-up", disposition="refund", note=word("wrap_up_note"))

    async def _offer(self, id: str) -> str:
        async def found() -> str | None:
            offers = (await self.agent.get("/agents/anna/offers"))["items"]
            return next((each["id"] for each in offers if each["interaction"]["id"] == id), None)

        return await eventually(found)

    async def _form(self) -> None:
        async with aiohttp.ClientSession() as http:
            async with http.get(f"{self.site.base}/callback/demo") as page:
                token = re.search(r'name="token" value="([^"]+)"', await page.text())
            assert token is not None
            fields = {
                "token": token[1],
                "name": self.word("form_name"),
                "phone": PHONE,
                "topic": self.word("form_topic"),
                "message": f"{self.word('form_message')} invoice",
                "consent": "on",
            }
            async with http.post(f"{self.site.base}/callback/demo", data=fields) as answer:
                assert answer.status == 200, await answer.text()
        await self._customer_of(self.word("form_topic"))

    async def _chat(self) -> str:
        word, headers = self.word, {"Origin": self.site.base}
        address = f"{self.site.base}/ws/chat/demo"
        async with aiohttp.ClientSession() as http, http.ws_connect(address, headers=headers) as socket:
            identity = {"name": word("chat_name"), "email": f"{word('chat_address')}@customers.example"}
            await socket.send_json({"type": "hello", "language": "en", "identity": identity})
            said = {"type": "message", "client_id": word("chat_client_id"), "text": word("chat_text")}
            await socket.send_json(said)
            async with asyncio.timeout(20):
                while (await socket.receive_json())["type"] != "ack":
                    pass
        customer = await self._customer_of(word("chat_text"))
        (chat,) = (await self.api.get(f"/interactions?customer={customer}"))["items"]
        await self.api.post(f"/interactions/{chat['id']}/spam", block=True, reason=word("spam_reason"))
        return customer


@pytest.fixture
async def filled(site: SiteProcess) -> Any:
    """A site in which somebody has filled in everything; and the two customers who came of it."""
    admin, agent_token = site.token("admin"), site.token("operator", "anna")
    await site.start()
    async with Api(site.base, admin) as api, Api(site.base, agent_token) as agent:
        await agent.post("/agents/anna/presence", presence="available", lease="10m")
        doors = Doors(site, api, agent, Canaries())
        customers = await doors.come_in()
        yield doors, customers


async def _open_of(api: Api, customer: str) -> list[str]:
    items = (await api.get(f"/interactions?customer={customer}"))["items"]
    return [one["id"] for one in items if one["state"] not in ("closed", "abandoned")]


async def test_an_export_has_all_and_an_erasure_leaves_nothing(filled: Any, sink: Sink, tmp_path: Path) -> None:
    doors, customers = filled
    documents = [await doors.api.get(f"/customers/{id}/export") for id in customers]
    assert doors.word.missing_in("\n".join(map(_as_read, documents))) == []
    assert traces(tmp_path), "the search finds nothing even where everything is"
    events = await doors.api.get("/events?limit=1000")
    assert len(events["items"]) < 1000
    assert STEM not in json.dumps(events).casefold(), "the log, which stays, holds what people wrote"

    writer = customers[0]
    status, problem = await doors.api.call("DELETE", f"/customers/{writer}")
    assert (status, problem["reason"]) == (409, "interaction_open")
    for id in customers:
        assert (await doors.api.call("DELETE", f"/customers/{id}?force=true"))[0] == 204
        assert (await doors.api.call("GET", f"/customers/{id}"))[0] == 404
        assert await _open_of(doors.api, id) == []
    assert traces(tmp_path) == []

    # The figures stay, and whoever writes again is a stranger.
    assert len((await doors.api.get(f"/interactions?customer={writer}"))["items"]) == 3
    await send(doors.site.mail_port, letter(f"Again <{doors.address}>", "Again", "About my invoice"))
    again = await doors._customer_of("Again")
    assert again not in customers
    assert (await doors.api.call("DELETE", f"/customers/{again}?force=true"))[0] == 204
    await doors.site.stop()
    assert traces(tmp_path) == []
    store = await SqliteStore.open(tmp_path / "centrala.db")
    try:
        assert await store.check() == []
    finally:
        await store.close()


@pytest.mark.parametrize("step", [1, 2, 4])
async def test_an_erasure_that_is_killed_goes_on_at_the_next_start(site: SiteProcess, sink: Sink, step: int) -> None:
    admin, word = site.token("admin"), Canaries()
    site.environment["CENTRALA_CRASH_AT"] = f"erase.step:{step}"
    await site.start()
    async with Api(site.base, admin) as api:
        for number in range(2):
            mail = letter(f"{word('name')} <{word('address')}@customers.example>", word("subject"), word("text"))
            mail.add_attachment(word("file").encode(), maintype="image", subtype="png", filename=f"{number}.png")
            await send(site.mail_port, mail)

        async def both() -> list[Any] | None:
            items = (await api.get(f"/interactions?q={word('text')}"))["items"]
            return items if len(items) == 2 else None

        customer = (await eventually(both))[0]["customer"]["id"]
        with suppress(Exception):
            await api.call("DELETE", f"/customers/{customer}?force=true")
    await site.dies()
    assert traces(site.folder)
    del site.environment["CENTRALA_CRASH_AT"]
    await site.start()

    async def nothing() -> bool | None:
        return None if traces(site.folder) else True

    await eventually(nothing)
    async with Api(site.base, admin) as api:
        assert (await api.call("GET", f"/customers/{customer}"))[0] == 404
        assert len((await api.get(f"/interactions?customer={customer}"))["items"]) == 2


async def test_exports_and_erasures_under_load_are_complete_and_hinder_nobody(
    site: SiteProcess, sink: Sink, tmp_path: Path
) -> None:
    admin, word, truth = site.token("admin"), Canaries(), Truth()
    await site.start()
    people = [Chatter(site, truth, f"chatter{number}").run() for number in range(2)]
    people += [Mailer(site, truth, f"mailer{number}").run() for number in range(2)]
    tasks = [asyncio.create_task(person) for person in people]
    try:
        async with Api(site.base, admin) as api:
            for turn in range(3):
                await _comes_and_is_erased(site, api, word, turn)
                assert traces(tmp_path) == []
            said, mailed = len(truth.chats), len(truth.mails)

            async def goes_on() -> bool | None:
                return True if len(truth.chats) > said and len(truth.mails) > mailed else None

            await eventually(goes_on)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

            texts = [*truth.chats, *truth.mails]
            sought = list(texts)

            async def all_are_in() -> bool | None:
                sought[:] = [text for text in sought if await _count(api, text) != 1]
                return not sought or None

            # Each is asked for by itself, and there are hundreds.
            await eventually(all_are_in, seconds=120)
            # Each was counted when it came in: none has doubled since.
            assert [await _count(api, text) for text in texts] == [1] * len(texts)
    finally:
        for task in tasks:
            task.cancel()


async def _comes_and_is_erased(site: SiteProcess, api: Api, word: Canaries, turn: int) -> None:
    """Let a customer write, be exported and be erased while others are at it."""
    address = f"{word(f'address{turn}')}@customers.example"
    for number in range(3):
        text = f"{word(f'text{turn}')} {number} about an invoice"
        await send(site.mail_port, letter(f"{word(f'name{turn}')} <{address}>", word(f"subject{turn}"), text))

    async def all_three() -> list[dict[str, Any]] | None:
        items: list[dict[str, Any]] = (await api.get(f"/interactions?q={word(f'text{turn}')}"))["items"]
        return items if len(items) == 3 else None

    customer = (await eventually(all_three))[0]["customer"]["id"]
    document = await api.get(f"/customers/{customer}/export")
    firsts = [each["messages"][0]["text"].split()[0] for each in document["interactions"]]
    assert firsts == [word(f"text{turn}")] * 3
    assert (await api.call("DELETE", f"/customers/{customer}?force=true"))[0] == 204


async def _count(api: Api, text: str) -> int:
    """Return how many interactions say `text`, or words that begin with its words."""
    query = urlencode({"q": text, "limit": 200})
    return len((await api.get(f"/interactions?{query}"))["items"])


def _as_read(document: Any) -> str:
    """Return the text of an export with what it holds in base64, and what mails hold in theirs."""
    parts = [json.dumps(document, ensure_ascii=False)]
    for interaction in document["interactions"]:
        for message in interaction["messages"]:
            parts += [b64decode(file["content_base64"]).decode() for file in message["attachments"]]
        parts += [b64decode(each["raw_base64"]).decode("utf-8", "replace") for each in interaction["received"]]
    return "\n".join(parts)
