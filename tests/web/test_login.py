"""Log-in, sessions, tokens, tickets."""

import aiohttp
import pytest

from tests.web.world import PASSWORD, World
from vocabulary.instants import HOUR, MINUTE, SECOND
from vocabulary.records import Set, TokenRow, UserRow
from web.sessions import hash_of

COOKIE = "centrala"


def cookie_of(answer: aiohttp.ClientResponse) -> str:
    return answer.cookies[COOKIE].value


async def test_login_tells_who_it_is_and_sets_a_session(there: World) -> None:
    await there.add_user("anna", agent="anna")
    client = there.client()
    answer = await client.log_in("anna")
    body = await answer.json()
    assert body["user"] == {"id": "u-anna", "name": "Anna", "role": "operator", "agent": "anna", "language": "en"}
    assert await client.get("/me") == body
    cookie = answer.cookies[COOKIE]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")


@pytest.mark.parametrize("password", ["", "wrong", PASSWORD + " ", PASSWORD.upper()])
async def test_wrong_password_is_refused_at_the_log_in(there: World, password: str) -> None:
    await there.add_user("anna")
    client = there.client()
    answer = await client.log_in("anna", password)
    assert (answer.status, answer.content_type) == (401, "application/problem+json")
    assert COOKIE not in answer.cookies
    await client.get("/me", 401)


async def test_unknown_user_gets_the_same_answer_as_a_wrong_password(there: World) -> None:
    await there.add_user("anna")
    wrong = await there.client().log_in("anna", "wrong")
    unknown = await there.client().log_in("nobody", "wrong")
    assert (unknown.status, await unknown.json()) == (wrong.status, await wrong.json())


async def test_disabled_user_is_refused_with_the_right_password(there: World) -> None:
    await there.add_user("anna")
    await there.site.write(Set(UserRow, "u-anna", {"disabled": True}))
    assert (await there.client().log_in("anna")).status == 401


async def test_sixth_try_within_a_quarter_is_refused_even_with_the_right_password(there: World) -> None:
    await there.add_user("anna")
    await there.add_user("bert")
    client = there.client()
    for _ in range(5):
        assert (await client.log_in("anna", "wrong")).status == 401
    answer = await client.log_in("anna")
    assert (answer.status, answer.headers["Retry-After"]) == (429, "900")
    assert (await client.log_in("bert")).status == 200, "others are not locked out"
    there.clock.move(15 * MINUTE)
    assert (await client.log_in("anna")).status == 200


async def test_tries_for_unknown_users_are_limited_alike(there: World) -> None:
    client = there.client()
    found = [(await client.log_in("nobody", "wrong")).status for _ in range(6)]
    assert found == [401] * 5 + [429]


async def test_success_starts_the_count_anew(there: World) -> None:
    await there.add_user("anna")
    client = there.client()
    for _ in range(3):
        for _ in range(4):
            await client.log_in("anna", "wrong")
        assert (await client.log_in("anna")).status == 200


async def test_log_in_gives_a_new_session_and_ends_the_one_before(there: World) -> None:
    await there.add_user("anna")
    client = there.client()
    first = cookie_of(await client.log_in("anna"))
    second = cookie_of(await client.log_in("anna"))
    assert first != second
    thief = there.client(Cookie=f"{COOKIE}={first}")
    await thief.get("/me", 401)


async def test_session_id_that_somebody_planted_is_not_taken_over(there: World) -> None:
    await there.add_user("anna")
    victim = there.client(Cookie=f"{COOKIE}=planted")
    assert cookie_of(await victim.log_in("anna")) != "planted"
    await there.client(Cookie=f"{COOKIE}=planted").get("/me", 401)


async def test_store_holds_only_the_hash_of_the_cookie(there: World) -> None:
    await there.add_user("anna")
    cookie = cookie_of(await there.client().log_in("anna"))
    assert await there.site.store.session(cookie) is None
    row = await there.site.store.session(hash_of(cookie))
    assert row is not None
    assert row.user == "u-anna"


async def test_logout_ends_the_session_on_the_server(there: World) -> None:
    await there.add_user("anna")
    client = there.client()
    cookie = cookie_of(await client.log_in("anna"))
    await client.post("/logout", status=204)
    await there.client(Cookie=f"{COOKIE}={cookie}").get("/me", 401)


async def test_session_ends_after_half_an_hour_without_a_call(there: World) -> None:
    anna = await there.person("anna")
    there.clock.move(29 * MINUTE)
    await anna.get("/me")
    there.clock.move(29 * MINUTE)
    await anna.get("/me")
    there.clock.move(30 * MINUTE)
    await anna.get("/me", 401)


async def test_session_ends_after_twelve_hours_whatever_is_called(there: World) -> None:
    anna = await there.person("anna")
    for _ in range(12 * 4 - 1):
        there.clock.move(HOUR // 4)
        await anna.get("/me")
    there.clock.move(HOUR // 4)
    await anna.get("/me", 401)


async def test_wrong_token_is_refused(there: World) -> None:
    await there.program("integration")
    for header in ("Bearer wrong", "Bearer ", "Basic dXNlcjpwYXNz", "token-of-integration-None", "Bearer"):
        await there.client(Authorization=header).get("/me", 401)


async def test_bad_token_is_not_forgiven_for_a_good_cookie(there: World) -> None:
    anna = await there.person("anna")
    answer = await anna.call("GET", "/me", headers={"Authorization": "Bearer wrong"})
    assert answer.status == 401


async def test_revoked_token_is_refused(there: World) -> None:
    shop = await there.program("integration")
    assert (await shop.get("/me"))["user"]["role"] == "integration"
    await there.site.write(Set(TokenRow, hash_of("token-of-integration-None"), {"revoked": True}))
    await shop.get("/me", 401)


async def test_ticket_opens_one_socket_without_origin(there: World) -> None:
    await there.add_agent("anna", "support")
    program = await there.program("operator", agent="anna")
    ticket = (await program.post("/ws-tickets", status=201))["ticket"]
    async with program.http.ws_connect(f"/ws/desk?ticket={ticket}") as ws:
        assert (await ws.receive_json())["type"] == "snapshot"
    with pytest.raises(aiohttp.WSServerHandshakeError, match="401"):
        await program.http.ws_connect(f"/ws/desk?ticket={ticket}")


async def test_ticket_is_too_old_after_a_minute(there: World) -> None:
    await there.add_agent("anna", "support")
    program = await there.program("operator", agent="anna")
    ticket = (await program.post("/ws-tickets", status=201))["ticket"]
    there.clock.move(60 * SECOND)
    with pytest.raises(aiohttp.WSServerHandshakeError, match="401"):
        await program.http.ws_connect(f"/ws/desk?ticket={ticket}")


async def test_made_up_ticket_is_refused(there: World) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError, match="401"):
        await there.client().http.ws_connect("/ws/desk?ticket=made-up")
