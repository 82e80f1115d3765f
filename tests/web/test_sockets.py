"""The desk's and the wallboard's sockets."""

import asyncio
from typing import Any

import aiohttp
import pytest

from tests.web.world import Client, World
from vocabulary.records import Set, UserRow
from web.sockets import BYTES_MAX, FRAMES_MAX, Outgoing, SocketOver


async def until(ws: Any, kind: str) -> list[dict[str, Any]]:
    """Return the frames up to and with the first of `kind`."""
    frames = []
    while True:
        frames.append(await ws.receive_json(timeout=20))
        if frames[-1]["type"] == kind:
            return frames


async def admit(there: World, text: str = "Hello", **more: Any) -> str:
    shop = await there.program("integration")
    made = await shop.post("/interactions", {"channel": "website", "text": text, **more}, 201)
    return str(made["id"])


@pytest.fixture
async def anna(there: World) -> Client:
    await there.add_agent("anna", "support")
    return await there.person("anna", agent="anna")


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "http://127.0.0.1",
        "http://127.0.0.1:1",
        "https://127.0.0.1:{port}",
        "http://127.0.0.1:{port}.evil.example",
        "http://evil.example/http://127.0.0.1:{port}",
    ],
)
async def test_socket_of_another_origin_is_refused_before_the_upgrade(there: World, anna: Client, origin: str) -> None:
    for path in ("/ws/desk", "/ws/wallboard"):
        with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
            await anna.socket(path, origin=origin.format(port=there.server.port))


async def test_socket_without_origin_needs_a_ticket(there: World, anna: Client) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
        await anna.http.ws_connect("/ws/desk")


async def test_socket_of_nobody_is_refused(there: World) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError, match="401"):
        await there.client().socket("/ws/desk")


async def test_wallboard_is_not_for_operators(there: World, anna: Client) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
        await anna.socket("/ws/wallboard")


async def test_desk_is_not_for_who_is_no_agent(there: World) -> None:
    boss = await there.person("boss", "supervisor")
    with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
        await boss.socket("/ws/desk")


async def test_desk_hears_an_interaction_from_offer_to_end(there: World, anna: Client) -> None:
    async with anna.socket("/ws/desk") as ws:
        snapshot = await ws.receive_json()
        assert (snapshot["agent"]["id"], snapshot["offers"], snapshot["interactions"]) == ("anna", [], [])
        assert snapshot["agents"] == [{"id": "anna", "name": "Anna", "presence": "offline"}]
        await anna.post("/agents/anna/presence", {"presence": "available"})
        chat = await admit(there)
        offer = (await until(ws, "offer"))[-1]["offer"]
        assert (offer["interaction"]["preview"], offer["state"]) == ("Hello", "pending")
        await anna.post(f"/offers/{offer['id']}/accept")
        ended = (await until(ws, "offer_ended"))[-1]
        assert (ended["id"], ended["interaction"], ended["state"]) == (offer["id"], chat, "accepted")
        assert (await until(ws, "interaction"))[-1]["interaction"]["state"] == "active"
        await anna.post(f"/interactions/{chat}/messages", {"kind": "reply", "text": "Good morning"}, 201)
        message = (await until(ws, "message"))[-1]["message"]
        assert (message["author"], message["name"], message["text"], message["number"]) == (
            "agent",
            "Anna",
            "Good morning",
            2,
        )
        await anna.post(f"/interactions/{chat}/end")
        assert (await until(ws, "interaction"))[-1]["interaction"]["state"] == "wrap_up"
        await anna.post(f"/interactions/{chat}/wrap-up", {"disposition": "solved", "note": "Done"})
        gone = (await until(ws, "interaction_gone"))[-1]
        assert (gone["id"], gone["reason"]) == (chat, "done")


async def test_numbers_of_frames_never_fall_and_no_event_is_told_twice(there: World, anna: Client) -> None:
    async with anna.socket("/ws/desk") as ws:
        await anna.post("/agents/anna/presence", {"presence": "available"})
        chat = await admit(there)
        frames = await until(ws, "offer")
        await anna.post(f"/offers/{frames[-1]['offer']['id']}/accept")
        texts = [f"number {number}" for number in range(20)]
        for text in texts:
            await anna.post(f"/interactions/{chat}/messages", {"kind": "reply", "text": text}, 201)
        while sum(frame["type"] == "message" for frame in frames) < len(texts):
            frames += await until(ws, "message")
    assert [frame["seq"] for frame in frames] == sorted(frame["seq"] for frame in frames)
    assert [frame["message"]["text"] for frame in frames if frame["type"] == "message"] == texts
    assert sum(frame["type"] == "offer" for frame in frames) == 1


async def test_page_that_comes_back_is_given_all_that_he_has(there: World, anna: Client) -> None:
    async with anna.socket("/ws/desk") as ws:
        await anna.post("/agents/anna/presence", {"presence": "available"})
        first, second, third = [await admit(there, text) for text in ("one", "two", "three")]
        offers: dict[str, str] = {}
        while len(offers) < 3:
            offer = (await until(ws, "offer"))[-1]["offer"]
            offers[offer["interaction"]["id"]] = offer["id"]
        await anna.post(f"/offers/{offers[first]}/accept")
        await anna.post(f"/offers/{offers[second]}/accept")
        await anna.post(f"/interactions/{second}/park")
    async with anna.socket("/ws/desk?after=3") as ws:
        snapshot = await ws.receive_json()
    assert snapshot["type"] == "snapshot"
    assert [(one["id"], one["state"]) for one in snapshot["interactions"]] == [(first, "active"), (second, "parked")]
    assert [one["interaction"]["id"] for one in snapshot["offers"]] == [third]
    assert snapshot["offers"][0]["why"] != []


async def test_what_is_taken_away_is_heard_of_with_the_reason(there: World, anna: Client) -> None:
    boss = await there.person("boss", "supervisor")
    async with anna.socket("/ws/desk") as ws:
        await anna.post("/agents/anna/presence", {"presence": "available"})
        chat = await admit(there)
        await until(ws, "offer")
        await boss.post(f"/interactions/{chat}/move", {"queue": "billing", "reason": "wrong queue"})
        ended = (await until(ws, "offer_ended"))[-1]
        assert (ended["state"], ended["reason"]) == ("withdrawn", "moved")
        await boss.post("/agents/anna/presence", {"presence": "away", "reason": "meeting"})
        presence = [frame for frame in await until(ws, "presence") if frame["type"] == "presence"][-1]
        while presence["agent"]["presence"] != "away":
            presence = (await until(ws, "presence"))[-1]
        assert presence["agent"]["reason"] == "meeting"


async def test_notes_of_the_next_owner_are_not_told_to_the_last_one(there: World, anna: Client) -> None:
    await there.add_agent("bert", "billing")
    bert = await there.person("bert", agent="bert")
    await bert.post("/agents/bert/presence", {"presence": "available"})
    async with anna.socket("/ws/desk") as ws:
        await anna.post("/agents/anna/presence", {"presence": "available"})
        chat = await admit(there)
        offer = (await until(ws, "offer"))[-1]["offer"]
        await anna.post(f"/offers/{offer['id']}/accept")
        await anna.post(f"/interactions/{chat}/transfer", {"queue": "billing", "note": "An invoice"})
        assert (await until(ws, "interaction_gone"))[-1]["reason"] == "transferred"
        (offer,) = (await bert.get("/agents/bert/offers"))["items"]
        await bert.post(f"/offers/{offer['id']}/accept")
        await bert.post(f"/interactions/{chat}/messages", {"kind": "note", "text": "secret"}, 201)
        await ws.send_json({"type": "ping"})
        heard = await until(ws, "pong")
    assert {frame["type"] for frame in heard} <= {"presence", "pong"}


async def test_ping_is_answered_with_the_clock(there: World, anna: Client) -> None:
    async with anna.socket("/ws/desk") as ws:
        await ws.send_json({"type": "ping"})
        pong = (await until(ws, "pong"))[-1]
    assert pong["at"] == "2026-02-25T06:13:20.000Z"


async def test_frame_that_is_not_known_is_let_pass(there: World, anna: Client) -> None:
    async with anna.socket("/ws/desk") as ws:
        await ws.send_json({"type": "news from tomorrow"})
        await ws.send_json({"no": "type"})
        await ws.send_json({"type": "ping"})
        await until(ws, "pong")


@pytest.mark.parametrize("text,code", [("{", 1007), ("[]", 1007), ('"ping"', 1007), ("[" * 50_000, 1007)])
async def test_what_is_no_frame_ends_the_socket(there: World, anna: Client, text: str, code: int) -> None:
    async with anna.socket("/ws/desk") as ws:
        await ws.receive_json()
        await ws.send_str(text)
        while (await ws.receive(timeout=20)).type is aiohttp.WSMsgType.TEXT:
            pass
        assert ws.close_code == code


async def test_frame_beyond_64_kb_ends_the_socket(there: World, anna: Client) -> None:
    async with anna.socket("/ws/desk") as ws:
        await ws.receive_json()
        await ws.send_str('"' + "x" * 70_000 + '"')
        while (await ws.receive(timeout=20)).type is aiohttp.WSMsgType.TEXT:
            pass
        assert ws.close_code == 1009


async def test_logout_ends_the_desk_with_reset_and_4401(there: World, anna: Client) -> None:
    async with anna.socket("/ws/desk") as ws:
        await ws.receive_json()
        await anna.post("/logout", status=204)
        assert (await until(ws, "reset"))[-1]["type"] == "reset"
        assert (await ws.receive(timeout=20)).type is aiohttp.WSMsgType.CLOSE
        assert ws.close_code == 4401


@pytest.mark.parametrize("change", [{"disabled": True}, {"role": "supervisor"}, {"agent": "bert"}])
async def test_changed_rights_end_the_desk(there: World, anna: Client, change: dict[str, Any]) -> None:
    async with anna.socket("/ws/desk") as ws:
        await ws.receive_json()
        await there.site.write(Set(UserRow, "u-anna", change))
        await until(ws, "reset")
        assert (await ws.receive(timeout=20)).type is aiohttp.WSMsgType.CLOSE
        assert ws.close_code == 4401


async def test_server_that_stops_says_goodbye(there: World, anna: Client) -> None:
    async with anna.socket("/ws/desk") as ws:
        await ws.receive_json()
        closing = asyncio.create_task(there.server.close())
        assert (await ws.receive(timeout=20)).type is aiohttp.WSMsgType.CLOSE
        assert ws.close_code == 1001
        await ws.close()
        await closing


async def test_wallboard_shows_what_happens(there: World) -> None:
    await there.add_agent("anna", "support")
    boss = await there.person("boss", "supervisor")
    shop = await there.program("integration")
    async with boss.socket("/ws/wallboard") as ws:
        snapshot = await ws.receive_json()
        assert [row["name"] for row in snapshot["queues"]] == ["billing", "support"]
        assert [agent["id"] for agent in snapshot["agents"]] == ["anna"]
        chat = await admit(there)
        frames = await until(ws, "queues")
        (row,) = frames[-1]["rows"]
        assert (row["name"], row["waiting"], row["longest_wait_since"]) == ("support", 1, "2026-02-25T06:13:20.000Z")
        told = [frame for frame in frames if frame["type"] == "activity"]
        assert [(one["event"], one["interaction"], one["queue"]) for one in told] == [("Enqueued", chat, "support")]
        assert row == {**row, **await shop.get("/queues/support/live")}
        await shop.post("/agents/anna/presence", {"presence": "available"})
        agent: dict[str, Any] = {"presence": "offline"}
        while agent["presence"] != "available":
            (agent,) = (await until(ws, "agents"))[-1]["agents"]
        assert (agent["used"], agent["interactions"][0]["id"]) == (33, chat)


async def test_wallboard_of_a_removed_agent_is_told_anew(there: World) -> None:
    await there.add_agent("anna", "support")
    admin = await there.person("root", "admin")
    async with admin.socket("/ws/wallboard") as ws:
        await ws.receive_json()
        answer = await admin.call("DELETE", "/agents/anna")
        assert answer.status == 204
        assert (await until(ws, "snapshot"))[-1]["agents"] == []


async def test_newest_frame_of_a_key_takes_the_place_of_the_older_one() -> None:
    outgoing = Outgoing()
    for number in range(1000):
        outgoing.put({"type": "presence", "n": number}, key="presence")
    outgoing.put({"type": "other"})
    sent: list[str] = []

    class Ws:
        async def send_str(self, text: str) -> None:
            sent.append(text)
            if len(sent) == 2:
                outgoing.close(SocketOver(1000))

    sending = asyncio.create_task(outgoing.send_to(Ws()))  # type: ignore[arg-type]
    with pytest.raises(SocketOver):
        await outgoing.until_over()
    sending.cancel()
    assert sent == ['{"type":"presence","n":999}', '{"type":"other"}']


@pytest.mark.parametrize("frames", [["x"] * (FRAMES_MAX + 1), ["x" * (BYTES_MAX // 2)] * 3])
async def test_reader_who_is_too_slow_is_shown_out_with_1013(frames: list[str]) -> None:
    outgoing = Outgoing()
    for frame in frames:
        outgoing.put(frame)
    with pytest.raises(SocketOver) as over:
        await outgoing.until_over()
    assert over.value.code == 1013


async def test_reader_who_never_reads_is_cut_off_and_harms_nobody(there: World, anna: Client) -> None:
    await anna.post("/agents/anna/presence", {"presence": "available"})
    chat = await admit(there)
    (offer,) = (await anna.get("/agents/anna/offers"))["items"]
    await anna.post(f"/offers/{offer['id']}/accept")
    reader, writer = await _raw_desk(there, anna)
    text = "x" * 90_000
    sent = 0
    # What the kernel buffers comes first, then the queue of 1 MiB.
    while there.app_metrics("centrala_sockets", kind="desk") == 1:
        await anna.post(f"/interactions/{chat}/messages", {"kind": "note", "text": text}, 201)
        sent += len(text)
        assert sent < 50_000_000, "the socket is still open"
    assert (await anna.get(f"/interactions/{chat}"))["messages"] > 1
    writer.close()
    del reader


async def _raw_desk(there: World, client: Client) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Open the desk's socket by hand, with a reader who takes nothing off the wire."""
    ticket = (await client.post("/ws-tickets", status=201))["ticket"]
    reader, writer = await asyncio.open_connection("127.0.0.1", there.server.port, limit=1)
    writer.write(
        f"GET /ws/desk?ticket={ticket} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
    )
    await writer.drain()
    while there.app_metrics("centrala_sockets", kind="desk") != 1:
        await client.get("/me")
    return reader, writer
