import asyncio
import json

import aiohttp
import pytest

from channels.chat.conversations import Identity, Transferred, Typing
from channels.chat.tokens import new_visitor, token_of, visitor_of
from tests.channels.chat.house import House
from tests.channels.chat.live import KEYS, PAGE, PATIENCE, HandClock, Tab, endpoint_of, serving
from vocabulary.instants import MINUTE, SECOND
from web.limits import Window

VISITOR = new_visitor(b"0123456789abcdef")
TOKEN = token_of(VISITOR, KEYS)
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}


# -- who may connect


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "https://chat.example.org.evil.example",
        "http://chat.example.org",
        "https://chat.example.org:8443",
        "https://CHAT.example.org/",
        "null",
        "",
    ],
)
async def test_a_page_of_another_origin_is_refused_before_the_upgrade(origin: str) -> None:
    async with serving(endpoint_of(House())) as server, aiohttp.ClientSession() as http:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await http.ws_connect(server.make_url(f"/ws/chat/web?token={TOKEN}"), headers={"Origin": origin})
    assert refused.value.status == 403


@pytest.mark.parametrize(
    "query, status",
    [
        ("", 403),
        ("?token=forged", 403),
        ("?ticket=", 403),
        ("?ticket=bad", 403),
        (f"?token={TOKEN}", 101),
        ("?ticket=good", 101),
    ],
)
async def test_a_program_without_an_origin_needs_a_token_or_a_ticket(query: str, status: int) -> None:
    async def is_good(ticket: str) -> bool:
        return ticket == "good"

    endpoint = endpoint_of(House(), ticket_holds=is_good)
    async with (
        serving(endpoint) as server,
        aiohttp.ClientSession() as http,
        # Plain HTTP shows the answer to an upgrade, whichever it is.
        http.get(server.make_url(f"/ws/chat/web{query}"), headers=UPGRADE) as answer,
    ):
        assert answer.status == status


async def test_the_token_of_the_address_tells_who_it_is() -> None:
    house = House()
    async with serving(endpoint_of(house)) as server, aiohttp.ClientSession() as http:
        socket = await http.ws_connect(server.make_url(f"/ws/chat/web?token={TOKEN}"))
        await socket.send_str('{"type": "hello"}')
        assert visitor_of((await socket.receive_json())["visitor_token"], KEYS) == VISITOR
        await socket.close()


async def test_one_address_connects_ten_times_a_minute() -> None:
    clock = HandClock()
    async with serving(endpoint_of(House(), connects=Window(10, MINUTE), clock=clock)) as server:
        for _ in range(10):
            async with Tab().on(server):
                pass
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            async with Tab().on(server):
                pass
        assert refused.value.status == 429
        assert refused.value.headers is not None
        assert refused.value.headers["Retry-After"] == "60"
        clock.at += MINUTE
        async with Tab().on(server):
            pass


async def test_more_sockets_than_the_house_holds_are_refused() -> None:
    async with serving(endpoint_of(House(), sockets_max=1)) as server, Tab().on(server):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            async with Tab().on(server):
                pass
    assert refused.value.status == 503


async def test_an_ordinary_request_is_no_socket() -> None:
    async with (
        serving(endpoint_of(House())) as server,
        aiohttp.ClientSession() as http,
        http.get(server.make_url("/ws/chat/web"), headers={"Origin": PAGE}) as answer,
    ):
        assert answer.status == 400


async def test_who_does_not_say_hello_is_sent_away() -> None:
    house = House()
    impatient = type(PATIENCE)(hello_s=0.01, close_s=1)
    async with serving(endpoint_of(house, patience=impatient)) as server, aiohttp.ClientSession() as http:
        socket = await http.ws_connect(server.make_url("/ws/chat/web"), headers={"Origin": PAGE})
        await socket.receive()
        assert (socket.close_code, house.log) == (1008, [])


async def test_a_frame_of_a_megabyte_ends_the_socket() -> None:
    async with serving(endpoint_of(House())) as server, Tab().on(server) as tab:
        await tab.send("message", client_id="a", text="x" * 1_000_000)
        assert await tab.until_closed() == 1009


async def test_bytes_are_no_frame() -> None:
    async with serving(endpoint_of(House())) as server, aiohttp.ClientSession() as http:
        socket = await http.ws_connect(server.make_url("/ws/chat/web"), headers={"Origin": PAGE})
        await socket.send_bytes(b'{"type": "hello"}')
        assert (await socket.receive_json())["code"] == "bad_frame"
        await socket.close()


# -- a conversation


async def test_a_first_message_begins_a_conversation_and_its_ack_comes_last() -> None:
    house = House()
    async with serving(endpoint_of(house)) as server, Tab().on(server, language="pl", identity={"name": "Anna"}) as tab:
        assert tab.conversation is None
        await tab.say("m1", "Dzień dobry")
        shown = [(frame["type"], frame["seq"]) for frame in tab.frames]
        assert shown == [("welcome", 0), ("welcome", 0), ("queue", 0), ("message", 1), ("ack", 1)]
        assert tab.frames[1]["conversation"] == {"id": "c1", "reference": "R-c1", "state": "waiting"}
        assert tab.frames[3]["client_id"] == "m1"
    (said,) = house.said_by.values()
    assert said == ("web", "pl", Identity(name="Anna"))


async def test_there_is_no_ack_before_the_message_is_durable() -> None:
    house = House()
    house.gate.clear()
    async with serving(endpoint_of(house)) as server, Tab().on(server) as tab:
        await tab.send("message", client_id="m1", text="hello")
        await tab.until_seen(1)
        house.speak(house.talk(visitor_of(tab.token or "", KEYS) or ""), "how can I help?")
        await tab.until_seen(2)
        assert "ack" not in [frame["type"] for frame in tab.frames]
        house.gate.set()
        assert (await tab.until(lambda frame: frame["type"] == "ack"))["seq"] == 1


async def test_the_same_message_again_is_acked_again_and_said_once() -> None:
    house = House()
    async with serving(endpoint_of(house)) as server, Tab().on(server) as tab:
        first = await tab.say("m1")
        again = await tab.say("m1")
        assert first == again
        assert len(house.talk(visitor_of(tab.token or "", KEYS) or "").messages) == 1


async def test_what_cannot_be_saved_is_told_and_said_later() -> None:
    house = House()
    house.fails = True
    async with serving(endpoint_of(house)) as server, Tab().on(server) as tab:
        await tab.send("message", client_id="m1", text="hello")
        error = await tab.until(lambda frame: frame["type"] == "error")
        assert (error["code"], error["client_id"], error["retry_after_s"]) == ("busy", "m1", 2.0)
        house.fails = False
        assert (await tab.say("m1"))["seq"] == 1


async def test_a_disk_that_does_not_answer_is_not_waited_for_and_nothing_is_said_twice() -> None:
    house = House()
    house.gate.clear()
    quick = type(PATIENCE)(save_s=0.01, close_s=1)
    async with serving(endpoint_of(house, patience=quick)) as server, Tab().on(server) as tab:
        await tab.send("message", client_id="m1", text="hello")
        assert (await tab.until(lambda frame: frame["type"] == "error"))["code"] == "busy"
        house.gate.set()
        assert (await tab.say("m1"))["seq"] == 1
    assert tab.seen == [("c1", 1)]


async def test_two_tabs_of_a_visitor_both_get_everything() -> None:
    house = House()
    async with serving(endpoint_of(house)) as server, Tab().on(server) as one, Tab(one.token).on(server) as two:
        await one.say("m1", "from one")
        await two.say("m2", "from two")
        house.speak(house.talk(visitor_of(one.token or "", KEYS) or ""), "from the agent")
        for tab in (one, two):
            await tab.until_seen(3)
            assert tab.seen == [("c1", 1), ("c1", 2), ("c1", 3)]
            assert [frame["text"] for frame in tab.frames if frame["type"] == "message"] == [
                "from one",
                "from two",
                "from the agent",
            ]


async def test_news_reaches_the_page_as_it_happens() -> None:
    house = House()
    talk = house.begin(VISITOR)
    async with serving(endpoint_of(house)) as server, Tab(TOKEN).on(server) as tab:
        await tab.until(lambda frame: frame["type"] == "queue")
        house.move(talk, 1)
        house.join(talk, "Ola")
        house.tell(talk, Typing(talk.id))
        house.tell(talk, Transferred(talk.id))
        await tab.send("typing")
        await tab.send("person")
        await tab.send("leave")
        await tab.until(lambda frame: frame["type"] == "ended")
        shown = [frame["type"] for frame in tab.frames]
        assert shown == ["welcome", "queue", "queue", "joined", "typing", "transferred", "ended"]
    assert [line for line in house.log if line[1] == "c1"] == [("typing", "c1"), ("person", "c1"), ("leave", "c1")]


async def test_a_person_who_cannot_be_called_now_is_asked_for_again() -> None:
    house = House()
    house.begin(VISITOR)
    async with serving(endpoint_of(house)) as server, Tab(TOKEN).on(server) as tab:
        house.fails = True
        await tab.send("person")
        assert (await tab.until(lambda frame: frame["type"] == "error"))["code"] == "busy"


async def test_after_an_end_a_new_message_begins_anew_in_every_tab() -> None:
    house = House()
    async with serving(endpoint_of(house)) as server, Tab().on(server) as one, Tab(one.token).on(server) as two:
        await one.say("m1")
        await one.send("leave")
        await one.until(lambda frame: frame["type"] == "ended")
        await one.say("m2")
        await two.until(lambda frame: frame["type"] == "welcome" and frame["conversation"] is not None)
        while ("c2", 1) not in two.seen:
            await two.frame()
        assert one.seen == [("c1", 1), ("c2", 1)]
        assert one.conversation == two.conversation == "c2"


# -- coming and going


async def test_only_the_last_tab_to_close_counts_as_gone() -> None:
    house = House()
    async with serving(endpoint_of(house)) as server:
        async with Tab(TOKEN).on(server):
            async with Tab(TOKEN).on(server):
                pass
            async with Tab(TOKEN).on(server):
                pass
        await house.until_logged("gone", VISITOR)
        assert house.log == [("back", VISITOR), ("gone", VISITOR)]


async def test_a_server_that_stops_tells_its_sockets_to_come_back() -> None:
    house = House()
    async with serving(endpoint_of(house)) as server, Tab(TOKEN).on(server) as tab, asyncio.TaskGroup() as tasks:
        tasks.create_task(server.close())
        assert await tab.until_closed() == 1001


# -- hostile clients


async def test_a_flood_is_cut_off_and_others_do_not_notice() -> None:
    house = House()
    async with serving(endpoint_of(house)) as server, Tab(TOKEN).on(server) as flood, Tab().on(server) as other:
        for number in range(1000):
            try:
                await flood.send("message", client_id=f"m{number}", text="x")
            except aiohttp.ClientConnectionError:
                break
        assert (await other.say("m1"))["seq"] == 1
        assert await flood.until_closed() == 1008
    assert len(house.talk(VISITOR).messages) == 20


async def test_a_client_who_does_not_read_is_cut_off_and_others_do_not_notice() -> None:
    house = House()
    talk, clock = house.begin(VISITOR), HandClock()
    async with aiohttp.ClientSession() as http:
        async with serving(endpoint_of(house, clock=clock)) as server, Tab().on(server) as other:
            stalled = await http.ws_connect(server.make_url("/ws/chat/web"), headers={"Origin": PAGE})
            await stalled.send_str(json.dumps({"type": "hello", "visitor_token": TOKEN}))
            await house.until_logged("back", VISITOR)
            spoken = 0
            while ("gone", VISITOR) not in house.log and spoken < 1_000:
                house.speak(talk, "x" * 60_000)
                spoken += 1
                clock.at += SECOND
                await other.say(f"m{spoken}")
            await house.until_logged("gone", VISITOR)
        while (await stalled.receive(timeout=20)).type is aiohttp.WSMsgType.TEXT:
            pass
        # Not even a farewell is kept for him: what had not left was thrown away.
        assert stalled.close_code == 1006
