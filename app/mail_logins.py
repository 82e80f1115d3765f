"""How we log in to mail servers, as the configuration says."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from channels.email.account import Account
from channels.email.oauth import FetchedTokens, GivenTokens, Tokens
from config.channel_schema import EmailChannel, OAuth, ReceiveImap, Send
from config.secrets import password_of, replace_secret, secret_named


class MailLogins:
    """The log-ins of all channels. Who shares an account shares its refusals, who shares a grant its tokens."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Take where passwords may stand."""
        self._environment = environment
        self._accounts: dict[tuple[str, int, str], Account] = {}
        self._fetched: dict[OAuth, Tokens] = {}

    def account(self, channel: EmailChannel, receive: ReceiveImap) -> Account:
        """Return who we are to the server of a mailbox.

        Raises:
            SecretRefused: the password can't be had.
        """
        key = (receive.host, receive.port, receive.username)
        if key not in self._accounts:
            tokens = self.tokens(channel, receive)
            password = "" if tokens is not None else password_of(receive, self._environment) or ""
            self._accounts[key] = Account(receive.username, password, tokens=tokens)
        return self._accounts[key]

    def tokens(self, channel: EmailChannel, server: ReceiveImap | Send) -> Tokens | None:
        """Return where the access tokens for a server come from; None if a password lets in.

        Raises:
            SecretRefused: what gets us tokens can't be had.
        """
        if server.auth != "xoauth2":
            return None
        if server.password_env is not None or server.password_file is not None or channel.oauth is None:
            return GivenTokens(lambda: password_of(server, self._environment) or "")
        if channel.oauth not in self._fetched:
            self._fetched[channel.oauth] = self._endpoint(channel.oauth)
        return self._fetched[channel.oauth]

    def _endpoint(self, oauth: OAuth) -> Tokens:
        file: Path | None = oauth.refresh_token_file
        refreshed = file is not None or oauth.refresh_token_env is not None
        return FetchedTokens(
            url=oauth.token_url,
            client_id=oauth.client_id,
            client_secret=secret_named(oauth, "client_secret", self._environment),
            refresh_token=partial(self._refresh_token, oauth) if refreshed else None,
            scope=oauth.scope or "",
            renewed=partial(replace_secret, file) if file is not None else None,
        )

    def _refresh_token(self, oauth: OAuth) -> str:
        # Read each time: another process may have been given a new one.
        return secret_named(oauth, "refresh_token", self._environment) or ""
