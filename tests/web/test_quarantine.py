"""What can't be processed: kept, seen, tried again, discarded; whichever door it came in by."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from channels.message import InboundMessage
from classifiers.background import NOTHING, Background
from classifiers.cascade import Classification
from router.events import Admitted
from tests.web.world import START, Client, World, unknown, world
from vocabulary.errors import Quarantined
from vocabulary.records import Put, ReceivedRow

MAIL = (
    b"From: Ola <ola@example.org>\r\nTo: support@example.org\r\nSubject: =?utf-8?q?Za=C5=BC=C3=B3=C5=82=C4=87?=\r\n\r\n"
)


class Poisoned:
    """A classifier that breaks on a word, until it is mended."""

    def __init__(self) -> None:
        self.mended = False
        self.tries = 0

    async def __call__(self, subject: str, text: str, usual: str | None, known: Background = NOTHING) -> Classification:
        if "poison" in text and not self.mended:
            self.tries += 1
            raise RuntimeError(f"no idea what {text} is")
        return await unknown(subject, text, usual, known)


@pytest.fixture
def classifier() -> Poisoned:
    return Poisoned()


@pytest.fixture
async def house(tmp_path: Path, classifier: Poisoned) -> AsyncIterator[World]:
    async with world(tmp_path, classify=classifier) as made:
        yield made


async def in_quarantine(boss: Client) -> list[dict[str, Any]]:
    return list((await boss.get("/quarantine"))["items"])


async def test_what_the_api_sends_and_nobody_can_process_is_kept_and_can_be_replayed(
    house: World, classifier: Poisoned
) -> None:
    shop, boss = await house.program("integration"), await house.person("boss", "supervisor")
    sent = {
        "channel": "website",
        "external_id": "order-1",
        "text": "some poison",
        "subject": "An order",
        "customer": {"email": "ola@example.org", "name": "Ola"},
        "queue": "billing",
    }
    problem = await shop.post("/interactions", sent, 422)
    assert (problem["reason"], classifier.tries) == ("quarantined", 3)
    (kept,) = await in_quarantine(boss)
    assert kept["id"] in problem["detail"]
    assert {name: kept[name] for name in ("channel", "kind", "attempts", "error", "sender", "subject")} == {
        "channel": "website",
        "kind": "message",
        "attempts": 3,
        "error": "RuntimeError: no idea what some poison is",
        "sender": "Ola ola@example.org",
        "subject": "An order",
    }
    assert (await shop.get("/interactions"))["items"] == []
    # Sent once more it is refused once more, and kept once.
    await shop.post("/interactions", sent, 422)
    assert len(await in_quarantine(boss)) == 1
    # Others flow.
    await shop.post("/interactions", {"channel": "website", "text": "no harm"}, 201)

    classifier.mended = True
    made = await replayed(house, boss, kept["id"])
    assert await in_quarantine(boss) == []
    found = await shop.get(f"/interactions/{made}")
    assert (found["queue"], found["subject"], found["customer"]["email"]) == ("billing", "An order", "ola@example.org")
    assert (await shop.post("/interactions", sent, 200))["id"] == made


async def replayed(house: World, boss: Client, id: str) -> str:
    """Replay raw bytes and return the interaction that they become part of."""
    async with house.site.subscribe() as events:
        assert await boss.post(f"/quarantine/{id}/replay") == {"id": id, "state": "received"}
        async for logged in events:
            if isinstance(logged.event, Admitted):
                return logged.event.interaction
    raise AssertionError("it was never admitted")


async def test_a_chat_message_that_fails_is_kept_and_its_sender_told(house: World) -> None:
    message = InboundMessage(
        channel="website",
        medium="chat",
        external_id="v-1:a",
        received_at=START,
        text="poison",
        reply_text="poison",
        visitor="v-1",
    )
    with pytest.raises(Quarantined) as told:
        await house.intake.receive(message)
    row = await house.site.store.received_row(told.value.id)
    assert row is not None
    assert (row.state, row.attempts, b'"text": "poison"' in row.raw) == ("quarantined", 3, True)


async def test_the_list_says_what_a_mail_claims_of_itself(house: World) -> None:
    boss = await house.person("boss", "supervisor")
    await house.site.write(Put(ReceivedRow(id="r-1", channel="mail", at=START, raw=MAIL, state="quarantined")))
    await house.site.write(Put(ReceivedRow(id="r-0", channel="mail", at=START, raw=b"\xff\x00", state="quarantined")))
    found = await in_quarantine(boss)
    assert [(one["sender"], one["subject"], one["kind"], one["size"]) for one in found] == [
        ("Ola <ola@example.org>", "Zażółć", "mail", len(MAIL)),
        ("", "", "mail", 2),
    ]


async def test_raw_bytes_are_for_saving_and_never_a_page(house: World) -> None:
    boss = await house.person("boss", "supervisor")
    raw = b"From: x\r\n\r\n<script>alert(1)</script>\x00\xff"
    await house.site.write(Put(ReceivedRow(id="r-1", channel="mail", at=START, raw=raw, state="quarantined")))
    answer = await boss.call("GET", "/quarantine/r-1/raw")
    assert await answer.read() == raw
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="r-1.eml"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert await (await boss.call("GET", "/quarantine/r-1/raw?limit=7")).read() == raw[:7]
    lines = await house.site.store.audit_of(["r-1"])
    assert [(line.who, line.action) for line in lines] == [("u-boss", "quarantine_read")] * 2


async def test_what_is_discarded_leaves_the_list_but_not_the_disk(house: World) -> None:
    boss = await house.person("boss", "supervisor")
    row = ReceivedRow(id="r-1", channel="mail", at=START, raw=MAIL, state="quarantined", attempts=3, error="x")
    await house.site.write(Put(row))
    assert "centrala_quarantined 1.0" in await metrics(boss)
    await boss.post("/quarantine/r-1/discard", {}, 422)
    assert (await boss.post("/quarantine/r-1/discard", {"reason": "advertisement"}))["state"] == "discarded"
    assert await in_quarantine(boss) == []
    assert await (await boss.call("GET", "/quarantine/r-1/raw")).read() == MAIL
    assert (await boss.post("/quarantine/r-1/replay", status=409))["reason"] == "discarded"
    lines = await house.site.store.audit_of(["r-1"])
    assert [(line.action, line.detail) for line in lines if line.action != "quarantine_read"] == [
        ("quarantine_discard", {"reason": "advertisement"})
    ]
    figures = await metrics(boss)
    assert "centrala_quarantined 0.0" in figures
    assert "centrala_conservation_mismatch 0.0" in figures


async def metrics(client: Client) -> list[str]:
    answer = await client.http.get("/metrics")
    return (await answer.text()).splitlines()


async def test_the_list_has_pages_newest_first(house: World) -> None:
    boss = await house.person("boss", "supervisor")
    rows = [
        ReceivedRow(id=f"r-{number}", channel="mail", at=START + number // 2, raw=b"", state="quarantined")
        for number in range(5)
    ]
    await house.site.write(*map(Put, rows))
    first = await boss.get("/quarantine?limit=2")
    second = await boss.get(f"/quarantine?limit=2&cursor={first['next']}")
    third = await boss.get(f"/quarantine?limit=2&cursor={second['next']}")
    assert [[one["id"] for one in page["items"]] for page in (first, second, third)] == [
        ["r-4", "r-3"],
        ["r-2", "r-1"],
        ["r-0"],
    ]
    assert (first["total"], third["next"]) == (5, None)
    await boss.get("/quarantine?cursor=nonsense", 422)


@pytest.mark.parametrize("role", ["operator", "integration"])
async def test_only_supervisors_and_administrators_see_the_quarantine(house: World, role: str) -> None:
    somebody = await house.program(role, "anna" if role == "operator" else None)
    await somebody.get("/quarantine", 403)
    await somebody.get("/quarantine/r-1/raw", 403)
    await somebody.post("/quarantine/r-1/replay", status=403)
    await somebody.post("/quarantine/r-1/discard", {"reason": "x"}, 403)


async def test_the_wallboard_tells_how_much_waits(house: World) -> None:
    boss = await house.person("boss", "supervisor")
    row = ReceivedRow(id="r-1", channel="mail", at=START, raw=MAIL, state="quarantined")
    await house.site.write(Put(row))
    async with boss.socket("/ws/wallboard") as socket:
        assert (await socket.receive_json())["quarantined"] == 1
        await house.site.write(Put(ReceivedRow(id="r-2", channel="mail", at=START, raw=MAIL, state="quarantined")))
        await house.add_agent("anna", "support")
        counts: list[int] = []
        while counts[-1:] != [2]:
            frame = await socket.receive_json()
            counts += [frame["count"]] if frame["type"] == "quarantine" else []


async def test_a_wallboard_that_opened_just_before_hears_that_nothing_waits_any_more(house: World) -> None:
    boss = await house.person("boss", "supervisor")
    await house.site.write(Put(ReceivedRow(id="r-1", channel="mail", at=START, raw=MAIL, state="quarantined")))
    async with boss.socket("/ws/wallboard") as socket:
        assert (await socket.receive_json())["quarantined"] == 1
        await boss.post("/quarantine/r-1/discard", {"reason": "advertisement"})
        await house.add_agent("anna", "support")
        while (frame := await socket.receive_json())["type"] != "quarantine":
            pass
        assert frame["count"] == 0
