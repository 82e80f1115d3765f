"""A log-in to a mail server, shared by all who use it: a refusal of one is a refusal of all."""

import asyncio

from channels.email.oauth import Tokens

_PAUSE_FIRST_S, _PAUSE_LAST_S = 300, 900
"""Three refused tries within a quarter of an hour lock accounts in some places."""


class Account:
    """Who we are to a server, and whether it believed us the last time."""

    def __init__(self, username: str, password: str = "", *, tokens: Tokens | None = None) -> None:
        """Take a name and what proves it: a password, or access tokens (XOAUTH2)."""
        self.username = username
        self.password = password
        self.tokens = tokens
        self.turn = asyncio.Lock()
        """Held while somebody logs in, and after a refusal until it is time to try again."""
        self.refusal: Exception | None = None
        self._refusals = 0

    def refused(self, refusal: Exception) -> float:
        """Note a refusal, and return for how many seconds nobody should try again."""
        self.refusal = refusal
        self._refusals += 1
        return min(_PAUSE_FIRST_S * self._refusals, _PAUSE_LAST_S)

    def accepted(self) -> None:
        """Note that the server believed us."""
        self.refusal = None
        self._refusals = 0
