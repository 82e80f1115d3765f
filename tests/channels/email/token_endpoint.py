"""A token endpoint as providers have it: it gives tokens for grants, and tells mail servers whose they are."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

USER = "support"


class TokenEndpoint:
    """`grants` are the refresh tokens that hold; `faults` what befalls the next askings: status and body."""

    def __init__(self) -> None:
        self.grants = {"refresh-1"}
        self.rotates = False
        self.expires_in: object = 3_600
        self.asked: list[dict[str, str]] = []
        self.tokens: set[str] = set()
        self.faults: list[tuple[int, str]] = []
        self.url = ""

    async def token(self, request: web.Request) -> web.Response:
        """Answer POST /token (RFC 6749)."""
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.asked.append(form)
        if self.faults:
            status, body = self.faults.pop(0)
            return web.Response(status=status, text=body, headers={"Location": "/elsewhere"})
        is_client = (form.get("client_id"), form.get("client_secret")) == ("app", "app-secret")
        by_refresh = form.get("grant_type") == "refresh_token"
        if not is_client or (by_refresh and form.get("refresh_token") not in self.grants):
            error = {"error": "invalid_grant" if is_client else "invalid_client", "error_description": "no longer"}
            return web.json_response(error, status=400)
        token = f"token-{len(self.asked)}"
        self.tokens.add(token)
        answer: dict[str, Any] = {"access_token": token, "token_type": "Bearer", "expires_in": self.expires_in}
        if by_refresh and self.rotates:
            new = f"refresh-{len(self.asked) + 1}"
            self.grants = {new}
            answer["refresh_token"] = new
        return web.json_response(answer)

    async def introspect(self, request: web.Request) -> web.Response:
        """Answer POST /introspect (RFC 7662)."""
        form = await request.post()
        if form.get("token") in self.tokens:
            return web.json_response({"active": True, "username": USER})
        return web.json_response({"active": False})


@asynccontextmanager
async def token_endpoint() -> AsyncIterator[TokenEndpoint]:
    """Run one on a free port of this machine."""
    endpoint = TokenEndpoint()
    app = web.Application()
    app.add_routes([web.post("/token", endpoint.token), web.post("/introspect", endpoint.introspect)])
    async with TestServer(app, host="127.0.0.1") as server:
        endpoint.url = str(server.make_url("/token"))
        yield endpoint
