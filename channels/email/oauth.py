"""Access tokens for mail servers that take no passwords (XOAUTH2), fetched from the provider's token endpoint.

Sources: RFC 6749 sections 4.4 and 6, https://developers.google.com/workspace/gmail/imap/xoauth2-protocol,
https://learn.microsoft.com/exchange/client-developer/legacy-protocols/how-to-authenticate-an-imap-pop-smtp-application-by-using-oauth
"""

import asyncio
import json
import ssl
from collections.abc import Callable
from typing import Any, Protocol
from urllib.parse import urlsplit

import aiohttp
import structlog

from vocabulary.errors import TemporaryFailure

_ANSWER_MAX = 64 * 1024
_TIMEOUT_S = 30
_LIFE_S = 3_600
"""A token whose life the endpoint doesn't tell."""
_SPARE_S = 300
"""A token is not used for a log-in in its last minutes: the server may see its end before we do."""
_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
_log = structlog.get_logger(__name__)


class TokenRefused(TemporaryFailure):
    """The endpoint gives us no token until somebody does something: a grant was withdrawn, a secret is wrong."""


class Tokens(Protocol):
    """Where access tokens come from."""

    async def token(self) -> str:
        """Return one that is good now.

        Raises:
            TokenRefused: there is none for us.
            TemporaryFailure: there is none just now.
        """

    def forget(self) -> None:
        """Note that a server refused the last one."""


class GivenTokens:
    """Tokens that somebody else keeps fresh, in a file for instance; read again for each log-in."""

    def __init__(self, read: Callable[[], str]) -> None:
        """Take what reads it; it may raise ValueError."""
        self._read = read

    async def token(self) -> str:
        """Return it as it is now."""
        try:
            return self._read()
        except ValueError as error:
            raise TokenRefused(str(error)) from error

    def forget(self) -> None:
        """Do nothing: the next one is read anyway."""


class FetchedTokens:
    """Tokens of a token endpoint, by a refresh token or by the credentials of the client; kept until they expire."""

    def __init__(
        self,
        *,
        url: str,
        client_id: str,
        client_secret: str | None = None,
        refresh_token: Callable[[], str] | None = None,
        scope: str = "",
        renewed: Callable[[str], None] | None = None,
        tls_context: ssl.SSLContext | None = None,
    ) -> None:
        """Take who we are to the endpoint.

        Args:
            url: of the token endpoint.
            client_id: of the registered application.
            client_secret: its secret; some applications have none.
            refresh_token: returns what a person's consent gave us, or raises ValueError; without it the client's own
                credentials are used.
            scope: what the token is for; some endpoints need none.
            renewed: keeps a new refresh token, which takes the place of the old one.
            tls_context: the certificates to trust; None for those of the system.

        Raises:
            ValueError: secrets would cross a network in the clear.
        """
        parts = urlsplit(url)
        if parts.scheme != "https" and parts.hostname not in _THIS_MACHINE:
            raise ValueError(f"the token endpoint {url!r} is not https")
        self._url = url
        self._host = parts.hostname or url
        self._form = {"client_id": client_id, "client_secret": client_secret or "", "scope": scope}
        self._refresh_token = refresh_token
        self._renewed = renewed
        self._used = ""
        self._kept = ""
        """A new refresh token that could be written nowhere."""
        self._tls_context = tls_context
        self._token = ""
        self._good_until = 0.0
        self._turn = asyncio.Lock()

    def forget(self) -> None:
        """Fetch a new one next time."""
        self._token = ""

    async def token(self) -> str:
        """Return the token at hand while it is good, else a new one.

        Raises:
            TokenRefused: the endpoint refuses, and why.
            TemporaryFailure: it can't be asked just now.
        """
        async with self._turn:
            now = asyncio.get_running_loop().time()
            if not self._token or now >= self._good_until:
                answer = await self._asked()
                life = _seconds(answer.get("expires_in"))
                self._token, self._good_until = str(answer["access_token"]), now + max(life - _SPARE_S, life / 2)
                self._keep(answer.get("refresh_token"))
            return self._token

    def _keep(self, renewed: object) -> None:
        if self._refresh_token is None or not isinstance(renewed, str) or renewed in ("", self._used):
            return
        self._kept = renewed
        if self._renewed is not None:
            try:
                self._renewed(renewed)
            except OSError as error:
                # This process has it; the next one begins with the old one, which usually holds for a while.
                _log.error("oauth_refresh_token_not_kept", host=self._host, reason=str(error))
            else:
                self._kept = ""

    def _grant(self) -> dict[str, str]:
        if self._refresh_token is None:
            return {"grant_type": "client_credentials"}
        try:
            self._used = self._kept or self._refresh_token()
        except ValueError as error:
            raise TokenRefused(str(error)) from error
        return {"grant_type": "refresh_token", "refresh_token": self._used}

    async def _asked(self) -> dict[str, Any]:
        form = {**self._grant(), **{name: value for name, value in self._form.items() if value}}
        timeout = aiohttp.ClientTimeout(total=_TIMEOUT_S)
        try:
            # A redirect would carry the secrets to another server.
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.post(self._url, data=form, ssl=self._tls_context or True, allow_redirects=False) as answer,
            ):
                return self._read(answer.status, await answer.content.read(_ANSWER_MAX))
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            told = str(error) or type(error).__name__
            raise TemporaryFailure(f"the token endpoint at {self._host} can't be asked: {told}") from error

    def _read(self, status: int, body: bytes) -> dict[str, Any]:
        try:
            answer = json.loads(body)
        except ValueError:
            answer = None
        fields: dict[str, Any] = answer if isinstance(answer, dict) else {}
        if status == 200 and isinstance(fields.get("access_token"), str) and fields["access_token"]:
            return fields
        said = ": ".join(str(fields[name])[:200] for name in ("error", "error_description") if fields.get(name))
        told = f"the token endpoint at {self._host} answers {status}{f', {said}' if said else ''}"
        if 400 <= status < 500 and status not in (408, 429) and fields.get("error") != "temporarily_unavailable":
            raise TokenRefused(told)
        raise TemporaryFailure(told)


def _seconds(life: object) -> float:
    """Return a token's life; some endpoints write the number as text."""
    try:
        return max(0.0, float(str(life)))
    except ValueError:
        return _LIFE_S


def xoauth2(username: str, token: str) -> bytes:
    """Return what SASL XOAUTH2 says first."""
    return f"user={username}\1auth=Bearer {token}\1\1".encode()
