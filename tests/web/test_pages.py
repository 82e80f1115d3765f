"""Pages as browsers get them."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from yarl import URL

from tests.web.world import Client, World, world

OPEN = ["/", "/login", "/chat/website"]


async def page(client: Client, path: str, status: int = 200) -> str:
    answer = await client.http.get(path, headers={"Accept": "text/html"}, allow_redirects=False)
    assert answer.status == status, await answer.text()
    assert answer.content_type == "text/html"
    return await answer.text()


class Seen(HTMLParser):
    """What a strict content security policy would refuse in a page, and what the page loads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.refused: list[str] = []
        self.loads: list[str] = []
        self.nonces: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        known = dict(attributes)
        self.refused += [f"{tag} {name}" for name in known if name == "style" or name.startswith("on")]
        if tag == "style" or (tag == "script" and "nonce" not in known):
            self.refused.append(tag)
        if tag == "script":
            self.nonces.add(known["nonce"] or "")
        address = known.get("src") if tag == "script" else known.get("href") if tag == "link" else None
        if address:
            self.loads.append(address)


@pytest.mark.parametrize("path", OPEN)
async def test_page_keeps_to_the_policy_and_loads_only_what_there_is(there: World, path: str) -> None:
    client = there.client()
    answer = await client.http.get(path)
    seen = Seen(await answer.text())
    assert seen.refused == []
    assert seen.nonces == set(re.findall(r"'nonce-([^']+)'", answer.headers["Content-Security-Policy"]))
    for address in seen.loads:
        assert address.startswith("/static/")
        assert (await client.http.get(address)).status == 200, address


@pytest.mark.parametrize("path", OPEN)
async def test_page_is_in_the_visitors_language(there: World, path: str) -> None:
    client = there.client()
    assert '<html lang="en"' in await page(client, path)
    assert '<html lang="pl"' in await page(client, f"{path}?lang=pl")
    assert '<html lang="pl"' in await page(client, path), "the choice is remembered"


async def test_staff_pages_lead_to_the_log_in_and_back(there: World) -> None:
    for path in ("/desk", "/supervisor?tv=1"):
        answer = await there.client().http.get(path, allow_redirects=False)
        assert answer.status == 303
        target = URL(answer.headers["Location"])
        assert (target.path, target.query["next"]) == ("/login", path)


async def test_staff_pages_open_for_who_may(there: World) -> None:
    anna = await there.person("anna", agent="anna")
    boss = await there.person("boss", "supervisor")
    await page(anna, "/desk")
    await page(boss, "/supervisor")
    refused = await page(anna, "/supervisor", 403)
    assert 'role="alert"' in refused


async def test_page_that_there_is_not_is_told_as_a_page(there: World) -> None:
    for path in ("/nothing", "/chat/nowhere", "/chat/callback"):
        assert 'role="alert"' in await page(there.client(), path, 404)


async def test_start_page_shows_logins_only_in_the_demo(there: World, tmp_path: Path) -> None:
    assert "demo-secret" not in await page(there.client(), "/")
    logins = [{"role": "operator", "login": "anna", "password": "demo-secret"}]
    folder = tmp_path / "demo"
    folder.mkdir()
    async with world(folder, demo=True, demo_logins=logins) as demo:
        assert "demo-secret" in await page(demo.client(), "/")


async def test_pages_are_not_kept_by_caches(there: World) -> None:
    answer = await there.client().http.get("/login")
    assert answer.headers["Cache-Control"] == "no-store"
