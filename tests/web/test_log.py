"""What the log tells of requests, and what it never does."""

from structlog.testing import capture_logs

from tests.web.world import World


async def test_one_line_a_request_tells_its_story_without_words_of_people(there: World) -> None:
    shop = await there.program("integration")
    await there.add_user("anna")
    with capture_logs() as lines:
        body = {"text": "canary-text", "customer": {"name": "canary-name", "email": "canary@example.org"}}
        made = await shop.post("/interactions", body, 201)
        await shop.get(f"/interactions/{made['id']}?limit=canary")
        await shop.get("/interactions?q=canary")
        await there.client().log_in("anna", "canary-password")
    told = [line for line in lines if line["event"] == "http_request"]
    assert [(one["method"], one["route"], one["status"]) for one in told] == [
        ("POST", "/api/v1/interactions", 201),
        ("GET", "/api/v1/interactions/{id}", 200),
        ("GET", "/api/v1/interactions", 200),
        ("POST", "/api/v1/login", 401),
    ]
    assert told[0]["principal"].startswith("token:")
    assert "canary" not in str(lines)


async def test_id_of_the_request_is_taken_over_only_if_it_is_harmless(there: World) -> None:
    client = there.client().http
    with capture_logs() as lines:
        good = await client.get("/api/v1/me", headers={"X-Request-ID": "abc-1"})
        bad = await client.get("/api/v1/me", headers={"X-Request-ID": "a b\tc{}<script>"})
    assert good.headers["X-Request-ID"] == "abc-1"
    assert "script" not in bad.headers["X-Request-ID"]
    assert "script" not in str(lines)
