"""The tables `[channels.NAME]`, one kind for each medium. Meanings here become the reference page."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from config.kinds import (
    Country,
    Domain,
    File,
    Host,
    HttpsUrl,
    Language,
    Mailbox,
    Name,
    ServerId,
    Size,
    Span,
    Text,
    Variable,
)
from vocabulary.instants import DAY, MINUTE

Port = Annotated[int, Meta(ge=1, le=65535)]
Tls = Literal["implicit", "starttls", "none"]
Auth = Literal["password", "xoauth2"]

_AUTH = (
    "How to log in. With `xoauth2` the password is an access token, read anew at each log-in; without one, the table "
    "`oauth` tells where tokens come from."
)
_TLS_CERT = "File with the certificate and those it depends on (PEM); with it STARTTLS is offered."
_TLS_KEY = "File of mode 0600 with the key of that certificate (PEM)."
_CONNECTIONS = "So many connections at once; more are sent away for the moment (421)."
_CONNECTIONS_PER_PEER = "So many of them from one address."
_MAILS_PER_MINUTE = "So many messages a minute from one address; more are put off (451)."
Limit = Annotated[int, Meta(ge=1, le=100_000)]


class ReceiveLmtp(msgspec.Struct, frozen=True, tag_field="protocol", tag="lmtp"):
    """A mail server such as Postfix hands the mail over. Nothing is acknowledged before it is stored."""

    host: Annotated[Host, Meta(description="Address to listen on.")] = "127.0.0.1"
    port: Annotated[Port, Meta(description="Port to listen on.")] = 8024
    size_max: Annotated[Size, Meta(description="Larger messages are refused.", ge=1000, le=1_000_000_000)] = 25_000_000
    tls_cert: Annotated[File | None, Meta(description=_TLS_CERT, examples=["mail.pem"])] = None
    tls_key: Annotated[File | None, Meta(description=_TLS_KEY, examples=["mail.key"])] = None
    connections: Annotated[Limit, Meta(description=_CONNECTIONS)] = 200
    connections_per_peer: Annotated[Limit, Meta(description=_CONNECTIONS_PER_PEER)] = 100
    mails_per_minute: Annotated[Limit, Meta(description=_MAILS_PER_MINUTE)] = 6000


class ReceiveSmtp(msgspec.Struct, frozen=True, tag_field="protocol", tag="smtp"):
    """Centrala is a small mail server itself; meant for trials and for networks that only your mail server reaches."""

    host: Annotated[Host, Meta(description="Address to listen on.")] = "127.0.0.1"
    port: Annotated[Port, Meta(description="Port to listen on.")] = 2525
    size_max: Annotated[Size, Meta(description="Larger messages are refused.", ge=1000, le=1_000_000_000)] = 25_000_000
    tls_cert: Annotated[File | None, Meta(description=_TLS_CERT, examples=["mail.pem"])] = None
    tls_key: Annotated[File | None, Meta(description=_TLS_KEY, examples=["mail.key"])] = None
    connections: Annotated[Limit, Meta(description=_CONNECTIONS)] = 200
    connections_per_peer: Annotated[Limit, Meta(description=_CONNECTIONS_PER_PEER)] = 20
    mails_per_minute: Annotated[Limit, Meta(description=_MAILS_PER_MINUTE)] = 600


class ReceiveImap(msgspec.Struct, frozen=True, kw_only=True, tag_field="protocol", tag="imap"):
    """Mail is fetched from a mailbox; new mail is seen at once (IDLE)."""

    host: Annotated[Host, Meta(description="Host of the mail server.")]
    port: Annotated[Port, Meta(description="Its port.")] = 993
    username: Annotated[Text, Meta(description="Log-in of the mailbox.")]
    password_env: Annotated[
        Variable | None, Meta(description="Environment variable that holds the password.", examples=["MAIL_PASSWORD"])
    ] = None
    password_file: Annotated[
        File | None,
        Meta(description="File of mode 0600 whose first line is the password.", examples=["mail.password"]),
    ] = None
    auth: Annotated[Auth, Meta(description=_AUTH)] = "password"
    folder: Annotated[Text, Meta(description="Folder to fetch from.")] = "INBOX"
    folders: Annotated[
        tuple[Text, ...],
        Meta(description="Further folders to fetch from, each over a connection of its own.", examples=[["Spam"]]),
    ] = ()
    tls: Annotated[
        Literal["implicit", "none"], Meta(description="Encryption: from the first byte, or none (this machine only).")
    ] = "implicit"
    size_max: Annotated[Size, Meta(description="Larger messages are refused.", ge=1000, le=1_000_000_000)] = 25_000_000


class Send(msgspec.Struct, frozen=True):
    """The mail server that takes outgoing mail."""

    host: Annotated[Host, Meta(description="Host of the mail server.")] = "127.0.0.1"
    port: Annotated[Port, Meta(description="Its port; usually 25, 587 (STARTTLS) or 465 (TLS).")] = 25
    username: Annotated[Text | None, Meta(description="Log-in; left out, none is used.", examples=["centrala"])] = None
    password_env: Annotated[
        Variable | None, Meta(description="Environment variable that holds the password.", examples=["SMTP_PASSWORD"])
    ] = None
    password_file: Annotated[
        File | None,
        Meta(description="File of mode 0600 whose first line is the password.", examples=["smtp.password"]),
    ] = None
    auth: Annotated[Auth, Meta(description=_AUTH)] = "password"
    tls: Annotated[
        Tls, Meta(description="Encryption: from the first byte, by STARTTLS, or none (this machine only).")
    ] = "none"
    ca_file: Annotated[
        File | None,
        Meta(
            description="Authorities (PEM) that may vouch for its certificate; left out, those of the system.",
            examples=["mail-ca.pem"],
        ),
    ] = None
    connections: Annotated[int, Meta(description="So many connections to it at once.", ge=1, le=50)] = 4


class Dkim(msgspec.Struct, frozen=True, kw_only=True):
    """A signature in front of each mail; its public key stands in DNS under `SELECTOR._domainkey.DOMAIN`."""

    selector: Annotated[Domain, Meta(description="Name of the key in DNS.")]
    key_file: Annotated[
        File, Meta(description="File of mode 0600 with the private key (PEM): RSA of 1024 bits or more, or Ed25519.")
    ]
    domain: Annotated[
        Domain | None, Meta(description="Domain that signs; left out, that of the address.", examples=["example.org"])
    ] = None


class OAuth(msgspec.Struct, frozen=True, kw_only=True):
    """Where access tokens come from: of the person who gave a refresh token, without one of the application itself."""

    token_url: Annotated[HttpsUrl, Meta(description="The provider's token endpoint.")]
    client_id: Annotated[Text, Meta(description="Id of the application as the provider knows it.")]
    client_secret_env: Annotated[
        Variable | None,
        Meta(description="Environment variable that holds its secret.", examples=["MAIL_CLIENT_SECRET"]),
    ] = None
    client_secret_file: Annotated[
        File | None,
        Meta(description="File of mode 0600 whose first line is its secret.", examples=["client.secret"]),
    ] = None
    refresh_token_env: Annotated[
        Variable | None,
        Meta(description="Environment variable that holds a refresh token.", examples=["MAIL_REFRESH_TOKEN"]),
    ] = None
    refresh_token_file: Annotated[
        File | None,
        Meta(
            description="File of mode 0600 whose first line is a refresh token; a new one is written into it.",
            examples=["mail.refresh"],
        ),
    ] = None
    scope: Annotated[
        Text | None,
        Meta(description="What the token is for.", examples=["https://outlook.office365.com/.default"]),
    ] = None


class ChatChannel(msgspec.Struct, frozen=True, tag_field="medium", tag="chat"):
    """A chat widget, at `/chat/NAME`."""

    languages: Annotated[
        tuple[Language, ...], Meta(description="Languages it speaks; none: those of the site.", examples=[["en", "pl"]])
    ] = ()
    customer_grace: Annotated[
        Span, Meta(description="How long the customer may lose the connection before he counts as gone.", le=DAY)
    ] = 2 * MINUTE
    reopen: Annotated[
        Span, Meta(description="Writes he again so soon after the end, the chat opens again.", le=365 * DAY)
    ] = DAY
    confirmation: Annotated[
        Span,
        Meta(description="How long an automatic answer waits for an objection before it closes the chat.", le=30 * DAY),
    ] = DAY


class EmailChannel(msgspec.Struct, frozen=True, tag_field="medium", tag="email"):
    """A mailbox."""

    address: Annotated[Mailbox, Meta(description="Address of the mailbox; replies come from here.")]
    name: Annotated[
        Text, Meta(description="Name beside the address; none: the site's.", examples=["Customer care"])
    ] = ""
    aliases: Annotated[
        tuple[Mailbox, ...],
        Meta(description="Other addresses whose mail arrives here.", examples=[["help@example.org"]]),
    ] = ()
    receive: Annotated[ReceiveLmtp | ReceiveSmtp | ReceiveImap, Meta(description="How mail comes in.")] = ReceiveLmtp()
    send: Annotated[Send, Meta(description="How mail goes out.")] = Send()
    oauth: Annotated[OAuth | None, Meta(description='Where access tokens come from, for `auth = "xoauth2"`.')] = None
    dkim: Annotated[
        tuple[Dkim, ...],
        Meta(
            description="Signatures (DKIM): with several keys, each mail carries one of each.",
            examples=[[{"selector": "c1", "key_file": "dkim.pem"}]],
        ),
    ] = ()
    authserv_id: Annotated[
        tuple[ServerId, ...],
        Meta(
            description="Names under which your own mail servers write `Authentication-Results`; headers of others "
            'count for nothing. "-": headers that name no server, as Microsoft 365 writes them.',
            examples=[["mx.example.org"]],
        ),
    ] = ()
    verify: Annotated[
        bool,
        Meta(description="Check SPF, DKIM and DMARC here where no header of `authserv_id` tells; asks name servers."),
    ] = False
    acknowledge_unauthenticated: Annotated[
        bool,
        Meta(
            description="Also answer automatically where nobody checked the sender. One who was checked and not proven "
            "gets no automatic answer anyway."
        ),
    ] = True
    reopen: Annotated[
        Span, Meta(description="An answer so soon after the end opens the same interaction again.", le=365 * DAY)
    ] = 7 * DAY
    confirmation: Annotated[
        Span,
        Meta(description="How long an automatic answer waits for an objection before it closes.", le=30 * DAY),
    ] = DAY


class CallbackChannel(msgspec.Struct, frozen=True, tag_field="medium", tag="callback"):
    """A form where customers ask to be called, at `/callback/NAME`."""

    languages: Annotated[
        tuple[Language, ...], Meta(description="Languages it speaks; none: those of the site.", examples=[["en", "pl"]])
    ] = ()
    country: Annotated[
        Country | None,
        Meta(description="Country of numbers written without one; left out, +48... is needed.", examples=["PL"]),
    ] = None
    queue: Annotated[
        Name | None,
        Meta(description="Queue of every request; left out, the rules choose.", examples=["support"]),
    ] = None
    reopen: Annotated[
        Span, Meta(description="A message so soon after the end opens the same interaction again.", le=365 * DAY)
    ] = DAY


Channel = ChatChannel | EmailChannel | CallbackChannel
Receive = ReceiveLmtp | ReceiveSmtp | ReceiveImap

__all__ = [
    "CallbackChannel",
    "Channel",
    "ChatChannel",
    "Dkim",
    "EmailChannel",
    "OAuth",
    "Port",
    "Receive",
    "ReceiveImap",
    "ReceiveLmtp",
    "ReceiveSmtp",
    "Send",
]
