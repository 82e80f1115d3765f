"""What the API says of a mail, and its formatted text as a page that loads nothing by itself."""

import asyncio
from base64 import b64encode
from typing import Any

import pytest

from channels.email.listener import Delivery
from tests.web.world import Client, World

PICTURE = b"\x89PNG\r\n\x1a\n picture"
HEAD = (
    b"From: Ola <ola@customer.example>\r\nTo: support@example.org\r\nMessage-ID: <1@customer.example>\r\n"
    b"Reply-To: other@customer.example\r\nContent-Type: multipart/related; boundary=b\r\n\r\n"
)
MAIL = (
    HEAD + b"--b\r\nContent-Type: text/html\r\n\r\n"
    b'<p style="color: red" onclick="x()">Hello</p><script>x()</script>'
    b'<img src="cid:one%40x"><img src="cid:two"><img src="https://tracker.example/x.gif">\r\n'
    b"--b\r\nContent-Type: image/png\r\nContent-ID: <one@x>\r\n\r\n" + PICTURE + b"\r\n"
    b"--b\r\nContent-Type: image/svg+xml\r\nContent-ID: <two>\r\n\r\n<svg/>\r\n"
    b"--b\r\nContent-Type: text/calendar\r\n\r\n"
    b"BEGIN:VEVENT\r\nSUMMARY:Visit\r\nDTSTART:20260302T100000Z\r\nORGANIZER:mailto:jan@customer.example\r\nEND:VEVENT\r\n"
    b"--b--\r\n"
)


@pytest.fixture
async def boss(there: World) -> Client:
    return await there.person("boss", "supervisor")


async def received(there: World, boss: Client, raw: bytes = MAIL) -> dict[str, Any]:
    """Return the view of the one message that `raw` became."""
    await there.mail_intake.delivered(Delivery("ola@customer.example", ("support@example.org",), raw))
    work = asyncio.create_task(there.mail_intake.run())
    async with asyncio.timeout(20):
        while not (await there.site.store.received_counts()).get("admitted"):
            pass
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    (one,) = (await boss.get("/interactions"))["items"]
    (message,) = (await boss.get(f"/interactions/{one['id']}/messages"))["items"]
    return dict(message)


async def test_a_message_tells_what_was_read_off_its_mail(there: World, boss: Client) -> None:
    message = await received(there, boss)
    assert (message["name"], message["address"]) == ("Ola", "ola@customer.example")
    assert message["marks"] == ["reply-to-differs", "invitation", "remote-images"]
    assert message["senders"] == []
    assert message["forwarded_from"] is None
    (invitation,) = message["invitations"]
    assert (invitation["summary"], invitation["start"]) == ("Visit", "2026-03-02T10:00:00")
    assert invitation["organizer"] == {"name": "", "address": "jan@customer.example"}
    assert [(file["content_id"], file["inline"]) for file in message["attachments"]] == [
        ("one@x", True),
        ("two", True),
        (None, False),
    ]


async def test_a_letter_shows_its_own_pictures_and_loads_nothing(there: World, boss: Client) -> None:
    message = await received(there, boss)
    answer = await boss.call("GET", f"/messages/{message['id']}/letter")
    page = await answer.text()
    assert answer.content_type == "text/html"
    assert page.endswith(
        f'<p style="color:red">Hello</p><img src="data:image/png;base64,{b64encode(PICTURE).decode()}"><img><img>'
    )
    policy = answer.headers["Content-Security-Policy"]
    assert "sandbox allow-popups allow-popups-to-escape-sandbox;" in policy
    assert "default-src 'none'" in policy
    assert "img-src data:" in policy.split("; ")
    assert "script-src" not in policy
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert answer.headers["Referrer-Policy"] == "no-referrer"


async def test_pictures_from_elsewhere_come_when_they_are_asked_for(there: World, boss: Client) -> None:
    message = await received(there, boss)
    answer = await boss.call("GET", f"/messages/{message['id']}/letter?remote_images=true")
    page = await answer.text()
    assert '<img src="https://tracker.example/x.gif">' in page
    assert "script" not in page.partition(">")[2]
    assert "img-src data: https: http:" in answer.headers["Content-Security-Policy"].split("; ")
    # What is kept, and so what everybody sees first, is as it was.
    assert "tracker.example" not in message["html"]


async def test_one_picture_shown_ten_thousand_times_makes_no_bomb(there: World, boss: Client) -> None:
    body = (
        b"--b\r\nContent-Type: text/html\r\n\r\n" + b'<img src="cid:one">' * 10_000 + b"\r\n"
        b"--b\r\nContent-Type: image/png\r\nContent-ID: <one>\r\n\r\n" + b"x" * 500_000 + b"\r\n--b--\r\n"
    )
    message = await received(there, boss, HEAD + body)
    page = await (await boss.call("GET", f"/messages/{message['id']}/letter")).read()
    assert len(page) < 30_000_000


async def test_a_letter_is_for_those_who_may_read_the_interaction(there: World, boss: Client) -> None:
    message = await received(there, boss)
    stranger = await there.person("stranger")
    assert (await stranger.call("GET", f"/messages/{message['id']}/letter")).status == 403
    assert (await there.client().call("GET", f"/messages/{message['id']}/letter")).status == 401


async def test_a_message_without_formatting_has_no_letter(there: World, boss: Client) -> None:
    message = await received(there, boss, b"From: ola@customer.example\r\nTo: support@example.org\r\n\r\nHello")
    await boss.get(f"/messages/{message['id']}/letter", 404)
    await boss.get("/messages/m-nothing/letter", 404)
