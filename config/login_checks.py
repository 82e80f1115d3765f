"""What is wrong with how we log in to mail servers, and with the certificates that we show."""

from collections.abc import Callable, Mapping

from config.channel_schema import OAuth, ReceiveImap, ReceiveLmtp, ReceiveSmtp, Send
from config.faults import KeyPath
from config.secrets import SecretRefused, certificate_of, secret_named

Note = Callable[[KeyPath, str, str], None]


def log_in_faults(server: Send | ReceiveImap, oauth: OAuth | None, *, is_local: bool, note: Note) -> None:
    """Note at which key a log-in is wrong; whether a password can be had is looked at elsewhere."""
    named = server.password_env is not None or server.password_file is not None
    if server.auth == "xoauth2" and not named and oauth is None:
        note(("auth",), '"xoauth2" without tokens', "a table oauth in the channel, or a token as the password")
    elif server.auth == "password" and server.username and not named:
        note(("username",), "no password for it", "password_env or password_file beside it")
    if (named or server.auth == "xoauth2") and not server.username:
        note(("username",), "nothing", "the log-in that the password or token belongs to")
    if server.username and server.tls == "none" and not is_local:
        note(("tls",), '"none"', '"implicit" or "starttls": the password would travel unprotected')


def oauth_faults(oauth: OAuth, environment: Mapping[str, str], note: Note) -> None:
    """Note at which key the table of tokens is wrong."""
    names = ("client_secret", "refresh_token")
    for name in names:
        if getattr(oauth, f"{name}_env") is not None and getattr(oauth, f"{name}_file") is not None:
            note((f"{name}_file",), f"{name}_env beside it", "one of the two")
        try:
            secret_named(oauth, name, environment)
        except SecretRefused as refused:
            note((refused.key,), refused.found, refused.expected)
    if all(getattr(oauth, f"{name}_{way}") is None for name in names for way in ("env", "file")):
        note(("client_secret_file",), "nothing", "a client secret or a refresh token: without both nobody gets a token")


def certificate_faults(receive: ReceiveLmtp | ReceiveSmtp, note: Note) -> None:
    """Note why the certificate of a listener can't be shown."""
    if (receive.tls_cert is None) != (receive.tls_key is None):
        missing = "tls_key" if receive.tls_key is None else "tls_cert"
        note((missing,), "nothing", "both tls_cert and tls_key, or none of them")
        return
    try:
        certificate_of(receive)
    except SecretRefused as refused:
        note((refused.key,), refused.found, refused.expected)
