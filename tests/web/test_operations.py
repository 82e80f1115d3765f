"""Health, figures, headers."""

import re
from pathlib import Path

import pytest

from tests.web.world import World, world
from web.metrics import mismatch
from web.origins import Origins, origin_of
from web.pages import local_path


async def test_health_answers_without_a_log_in(there: World) -> None:
    client = there.client().http
    assert (await client.get("/healthz")).status == 200
    ready = await client.get("/readyz")
    assert (ready.status, await ready.json()) == (200, {"status": "ready", "seq": 0})


async def test_figures_tell_requests_work_and_conservation(there: World) -> None:
    await there.add_agent("anna", "support")
    shop = await there.program("integration")
    await shop.post("/interactions", {"text": "Hello"}, 201)
    await shop.get("/interactions/nothing", 404)
    await shop.http.request("MADEUP", "/api/v1/me")
    text = await (await shop.http.get("/metrics")).text()
    for line in (
        'centrala_http_requests_total{method="POST",route="/api/v1/interactions",status="201"} 1.0',
        'centrala_http_requests_total{method="GET",route="/api/v1/interactions/{id}",status="404"} 1.0',
        'centrala_interactions{queue="support",state="waiting"} 1.0',
        'centrala_agents{presence="offline"} 1.0',
        "centrala_conservation_mismatch 0.0",
    ):
        assert line in text
    assert "MADEUP" not in text


def test_interaction_that_is_in_no_state_is_a_mismatch() -> None:
    assert mismatch({"interactions": {"waiting": 2, "closed": 3}}, admitted=5) == 0
    assert mismatch({"interactions": {"waiting": 2, "closed": 2}}, admitted=5) == 1


async def test_every_answer_carries_the_headers_that_protect_it(there: World) -> None:
    client = there.client().http
    for path in ("/api/docs", "/api/v1/me", "/nothing", "/healthz", "/static/vendor/README.md"):
        headers = (await client.get(path)).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert (headers["X-Content-Type-Options"], headers["X-Frame-Options"]) == ("nosniff", "DENY")
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "Referrer-Policy" in headers


async def test_nonce_is_new_for_each_answer(there: World) -> None:
    client = there.client().http
    nonces = {
        re.findall(r"'nonce-([^']+)'", (await client.get("/api/docs")).headers["Content-Security-Policy"])[0]
        for _ in range(5)
    }
    assert len(nonces) == 5


async def test_chat_page_is_framed_only_by_those_who_are_named(tmp_path: Path) -> None:
    async with world(tmp_path, chat_frame_ancestors=["https://shop.example"]) as there:
        headers = (await there.client().http.get("/chat/nowhere")).headers
        assert "frame-ancestors https://shop.example" in headers["Content-Security-Policy"]
        assert "X-Frame-Options" not in headers


async def test_secure_site_binds_its_cookie_to_the_host(tmp_path: Path) -> None:
    async with world(tmp_path, cookie_secure=True) as there:
        await there.add_user("anna")
        answer = await there.client().log_in("anna")
        cookie = answer.cookies["__Host-centrala"]
        assert (cookie["secure"], cookie["httponly"], cookie["path"], cookie["domain"]) == (True, True, "/", "")
        assert "max-age" in answer.headers["Strict-Transport-Security"]


async def test_static_file_under_its_hash_may_be_kept_and_any_other_is_asked_for(there: World) -> None:
    client = there.client().http
    assert (await client.get("/static/vendor/README.md")).headers["Cache-Control"] == "no-cache"
    assert "immutable" in (await client.get("/static/vendor/README.md?v=1")).headers["Cache-Control"]
    for path in ("/static/../server.py", "/static/%2e%2e/server.py", "/static/vendor"):
        assert (await client.get(path)).status in (403, 404)


async def test_address_of_the_client_is_believed_only_from_a_trusted_proxy(tmp_path: Path) -> None:
    async def tries(there: World) -> list[int]:
        found = []
        for number in range(6):
            client = there.client(**{"X-Forwarded-For": f"203.0.113.{number}"})
            found.append((await client.log_in("nobody", "wrong")).status)
        return found

    (tmp_path / "one").mkdir()
    async with world(tmp_path / "one") as there:
        assert await tries(there) == [401] * 5 + [429]
    (tmp_path / "two").mkdir()
    async with world(tmp_path / "two", trusted_proxies=["127.0.0.0/8"]) as there:
        assert await tries(there) == [401] * 6


def test_origins_are_compared_whole() -> None:
    origins = Origins(["https://Desk.Example.org/", "http://127.0.0.1:8080"])
    assert "https://desk.example.org" in origins
    assert "http://127.0.0.1:8080" in origins
    for other in ("http://desk.example.org", "https://desk.example.org:8443", "https://desk.example.org.evil.test", ""):
        assert other not in origins


@pytest.mark.parametrize(
    "url,origin",
    [
        ("https://desk.example.org:443/x", "https://desk.example.org"),
        ("http://[::1]:80", "http://[::1]"),
        ("http://user:secret@host:8080/", "http://host:8080"),
    ],
)
def test_origin_is_written_as_browsers_do(url: str, origin: str) -> None:
    assert origin_of(url) == origin


@pytest.mark.parametrize(
    "target", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "", "desk", "/\n/x"]
)
def test_log_in_leads_to_no_other_site(target: str) -> None:
    assert local_path(target) == "/desk"


def test_log_in_leads_back_to_the_page() -> None:
    assert local_path("/supervisor?tv=1") == "/supervisor?tv=1"
