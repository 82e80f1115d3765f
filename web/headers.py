"""Headers that keep a page from being misused: what it may load, who may frame it, what it tells others."""

import secrets
from collections.abc import Sequence

from aiohttp import web

NONCE = web.RequestKey("NONCE", str)
"""Marks the import map, the only script that stands in a page itself."""

_YEAR = "public, max-age=31536000, immutable"


class Headers:
    """The headers of every answer.

    `frame_chat`: origins whose pages may show the chat page in a frame. `sockets`: our own WebSocket origin, for
    browsers whose 'self' does not cover it.
    """

    def __init__(self, *, frame_chat: Sequence[str], sockets: str, secure: bool) -> None:
        self._frame_chat = " ".join(frame_chat) or "'none'"
        self._sockets = sockets
        self._secure = secure

    async def prepare(self, request: web.Request, response: web.StreamResponse) -> None:
        """Set what the answer has not set itself (a signal of aiohttp: also called for streams and errors)."""
        headers = response.headers
        framed = request.path.startswith("/chat/")
        headers.setdefault("Content-Security-Policy", self._policy(request, framed=framed))
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("Referrer-Policy", "same-origin")
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
        if not framed:
            headers.setdefault("X-Frame-Options", "DENY")
        if self._secure:
            headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        if request.path.startswith("/static/"):
            # An address with a hash never changes its content; any other is asked for again.
            headers["Cache-Control"] = _YEAR if "v" in request.query and response.status == 200 else "no-cache"
        elif request.path.startswith(("/api/", "/ws/")):
            headers.setdefault("Cache-Control", "no-store")

    def _policy(self, request: web.Request, *, framed: bool) -> str:
        parts = {
            "default-src": "'none'",
            "script-src": f"'self' 'nonce-{request[NONCE]}'",
            "style-src": "'self'",
            "img-src": "'self' data:",
            "font-src": "'self'",
            "media-src": "'self' blob: data:",
            "connect-src": f"'self' {self._sockets}",
            "worker-src": "'self'",
            "manifest-src": "'self'",
            "frame-src": "'self'",
            "form-action": "'self'",
            "base-uri": "'none'",
            "frame-ancestors": self._frame_chat if framed else "'none'",
        }
        return "; ".join(f"{name} {value}" for name, value in parts.items())


def new_nonce() -> str:
    """Return a nonce for one answer."""
    return secrets.token_urlsafe(16)
