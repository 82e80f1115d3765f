"""Every route of the API, walked: who may, what is refused, what is documented."""

import re
from typing import Any

import pytest
from aiohttp import web

from tests.web.world import World
from web.access import RIGHTS, ROLES
from web.endpoint import UNSAFE, Endpoint
from web.problems import TITLES
from web.server import endpoints

ENDPOINTS = endpoints()
UNSAFE_ENDPOINTS = [one for one in ENDPOINTS if one.method in UNSAFE and one.action is not None]


def address(one: Endpoint) -> str:
    """Return an address of the endpoint, of things that there are not."""
    return re.sub(r"{\w+}", "nothing", one.path).removeprefix("/api/v1")


def name(one: Endpoint) -> str:
    return f"{one.method} {one.path}"


async def test_every_unsafe_route_refuses_who_is_not_logged_in(there: World) -> None:
    stranger = there.client()
    found = {name(one): (await stranger.call(one.method, address(one), {})).status for one in UNSAFE_ENDPOINTS}
    assert found == dict.fromkeys(found, 401)


async def test_every_reading_route_refuses_who_is_not_logged_in(there: World) -> None:
    stranger = there.client()
    reading = [one for one in ENDPOINTS if one.method == "GET"]
    found = {name(one): (await stranger.call("GET", address(one))).status for one in reading}
    assert found == dict.fromkeys(found, 401)


async def test_every_unsafe_route_refuses_a_cookie_without_csrf_token(there: World) -> None:
    admin = await there.person("root", "admin")
    admin.csrf = None
    found = {name(one): (await admin.call(one.method, address(one), {})).status for one in UNSAFE_ENDPOINTS}
    assert found == dict.fromkeys(found, 403)


@pytest.mark.parametrize(
    "headers",
    [
        {"X-CSRF-Token": "wrong"},
        {"X-CSRF-Token": ""},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "", "Sec-Fetch-Site": "cross-site"},
    ],
)
async def test_call_from_another_site_is_refused(there: World, headers: dict[str, str]) -> None:
    anna = await there.person("anna")
    answer = await anna.call("POST", "/ws-tickets", {}, headers=headers)
    assert (answer.status, (await answer.json())["type"]) == (403, "/api/docs#problem-cross_site")


async def test_log_in_from_a_page_of_another_site_is_refused(there: World) -> None:
    await there.add_user("anna")
    body = {"login": "anna", "password": "correct horse battery staple"}
    answer = await there.client().call("POST", "/login", body, headers={"Origin": "https://evil.example"})
    assert answer.status == 403


@pytest.mark.parametrize("role", ROLES)
async def test_every_route_answers_403_exactly_to_roles_without_the_right(there: World, role: str) -> None:
    program = await there.program(role)
    for one in ENDPOINTS:
        if one.action is None or one.action == "self":
            continue
        answer = await program.call(one.method, address(one), {} if one.method in UNSAFE else None)
        refused = answer.status == 403 and (await answer.json())["reason"] == "role"
        assert refused == (role not in RIGHTS[one.action]), f"{role}: {name(one)} answered {answer.status}"


async def test_every_route_of_the_application_is_documented(there: World) -> None:
    described = await there.client().get("/openapi.json")
    known = {(method.upper(), path) for path, one in described["paths"].items() for method in one}
    routes = {
        (route.method, route.resource.canonical)
        for route in there.app.router.routes()
        if route.resource is not None and route.resource.canonical.startswith("/api/v1/")
    }
    assert {one for one in routes if one[1] != "/api/v1/openapi.json"} == known


async def test_description_refers_only_to_what_it_holds(there: World) -> None:
    described = await there.client().get("/openapi.json")
    text = str(described)
    for reference in set(re.findall(r"#/components/(\w+)/(\w+)", text)):
        assert reference[1] in described["components"][reference[0]]
    operations = [one["operationId"] for path in described["paths"].values() for one in path.values()]
    assert len(operations) == len(set(operations))


async def test_documentation_page_shows_every_route_and_needs_no_script(there: World) -> None:
    answer = await there.client().http.get("/api/docs")
    page = await answer.text()
    assert all(f"<code>{one.path}</code>" in page for one in ENDPOINTS)
    assert all(f'id="problem-{kind}"' in page for kind in TITLES)
    assert "<script" not in page
    assert "style=" not in page
    assert not re.search(r'(src|href)="(https?:)?//', page)


async def test_reading_changes_nothing(there: World) -> None:
    await there.add_agent("anna", "support")
    shop = await there.program("admin")
    made = await shop.post("/interactions", {"channel": "website", "text": "Hello"}, 201)
    before, rows = there.site.seq, await there.site.store.counts()
    things = {"interactions": made["id"], "agents": "anna", "customers": made["customer"]["id"], "queues": "support"}
    for one in ENDPOINTS:
        if one.method != "GET" or one.parameters not in ((), ("id",), ("name",)):
            continue
        kind = one.path.split("/")[3]
        path = re.sub(r"{\w+}", str(things.get(kind, "nothing")), one.path).removeprefix("/api/v1")
        answer = await shop.call("GET", f"{path}?queue=support" if path.endswith("/slots") else path)
        assert answer.status in (200, 404), f"{path}: {await answer.text()}"
    # Who looks at all that is known of a person leaves a line of it, and nothing else.
    after = await there.site.store.counts()
    assert (there.site.seq, {**after, "audit": 0}) == (before, {**rows, "audit": 0})


async def test_known_address_with_another_method_is_405(there: World) -> None:
    answer = await there.client().call("PUT", "/interactions", {})
    assert (answer.status, answer.content_type) == (405, "application/problem+json")
    assert answer.headers["Allow"] == "GET,POST"


async def test_unknown_address_is_404(there: World) -> None:
    for path in ("/nothing", "/interactions/a/b/c", "/../../etc/passwd"):
        answer = await there.client().call("GET", path)
        assert (answer.status, answer.content_type) == (404, "application/problem+json")


def test_only_the_log_in_is_open_to_everybody() -> None:
    assert [name(one) for one in ENDPOINTS if one.action is None] == ["POST /api/v1/login"]


async def test_extra_routes_are_served(tmp_path: Any) -> None:
    from tests.web.world import world

    async def hello(request: web.Request) -> web.Response:
        return web.Response(text="hello")

    async with world(tmp_path, extra=[web.get("/hello", hello)]) as there:
        answer = await there.client().http.get("/hello")
        assert await answer.text() == "hello"
