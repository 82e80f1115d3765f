"""What the doctor tries over the network: our own ports, mail servers, Redis, PostgreSQL."""

import asyncio
import os
import ssl
from collections.abc import Awaitable, Callable
from functools import partial
from urllib.parse import urlsplit

from app.findings import Finding, failed, ok, warning
from app.mail_logins import MailLogins
from app.outgoing import signer_of, trusted
from app.site_figures import Figures, figures, local_url
from app.status import MODEL_PROBLEMS
from app.stores import is_embedded
from channels.email.imap_client import ImapConnection
from channels.email.imap_protocol import LoginRefused
from channels.email.oauth import TokenRefused
from channels.email.resolver import Resolver, SystemResolver
from channels.email.smtp import SmtpSender
from config.channel_schema import Dkim, EmailChannel, ReceiveImap
from config.schema import Settings, Storage
from config.secrets import SecretRefused, password_of
from vocabulary.errors import PermanentFailure, TemporaryFailure

SECONDS = 10
_MAIL_MAX = 1024 * 1024


async def of_neighbours(settings: Settings) -> list[Finding]:
    """Try everything that the site talks to, all at once."""
    running = await figures(local_url(settings.web))
    logins = MailLogins(os.environ)
    looks: list[Awaitable[Finding]] = [_port("port", settings.web.host, settings.web.port, running is not None)]
    for name, channel in settings.channels.items():
        if isinstance(channel, EmailChannel):
            looks.append(_outgoing(name, channel, settings.site.domain, logins))
            looks += [signature(name, channel, dkim, SystemResolver()) for dkim in channel.dkim]
            receive = channel.receive
            if isinstance(receive, ReceiveImap):
                looks.append(_mailbox(name, channel, receive, logins))
            else:
                looks.append(_port(f"mail in: {name}", receive.host, receive.port, running is not None))
    if not is_embedded(settings):
        looks.append(_server("PostgreSQL", settings.storage.url, partial(_ask_postgresql, settings.storage)))
    if urlsplit(settings.bus.url).scheme.startswith("redis"):
        looks.append(_server("Redis", settings.bus.url, partial(_ask_redis, settings.bus.url)))
    return [*await asyncio.gather(*looks), *(_model(running) if running is not None else ())]


def _model(running: Figures) -> list[Finding]:
    """Say which version of the model the running site uses, and whether it still fits what comes in."""
    version = next((labels["version"] for labels, _ in running.of("centrala_model_info")), None)
    if version is None:
        remedy = "wait, the first one is being trained; if it stays so, the log says why (model_not_ready)"
        return [warning("model in use", "none: keywords decide", remedy)]
    codes = sorted(labels["problem"] for labels, _ in running.of("centrala_model_problem"))
    if not codes:
        return [ok("model in use", version)]
    told = (MODEL_PROBLEMS.get(code, code).partition("; ") for code in codes)
    return [warning("model in use", f"{version}: {what}", remedy) for what, _, remedy in told]


async def _port(name: str, host: str, port: int, running: bool) -> Finding:
    """Look whether a port that we listen on is ours already, or free."""
    where = f"{host}:{port}"
    try:
        server = await asyncio.get_running_loop().create_server(asyncio.Protocol, host, port)
        server.close()
    except OSError as error:
        if running:
            return ok(name, f"{where}, held by the Centrala that runs")
        reason = os.strerror(error.errno) if error.errno else str(error)
        return failed(
            name, f"{where}: {reason}", f"see who holds it: ss -ltnp 'sport = :{port}'; or choose another port"
        )
    return ok(name, f"{where} is free")


async def _outgoing(named: str, channel: EmailChannel, domain: str, logins: MailLogins) -> Finding:
    """Greet the server that takes the mail of a channel, with its encryption and log-in."""
    send = channel.send
    name, where = f"mail out: {named}", f"{send.host}:{send.port}"
    table = f"[channels.{named}.send]"
    try:
        tokens = logins.tokens(channel, send)
        password = password_of(send, os.environ) if tokens is None else None
        sender = SmtpSender(
            host=send.host,
            port=send.port,
            username=send.username,
            password=password,
            tokens=tokens,
            tls=send.tls,
            tls_context=trusted(send),
            local_hostname=domain,
        )
        async with asyncio.timeout(SECONDS):
            await sender.greet()
    except SecretRefused as refused:
        return failed(name, f"{refused.key}: found {refused.found}", f"expected: {refused.expected}")
    except (TemporaryFailure, ValueError, TimeoutError) as error:
        told = str(error) or f"no answer within {SECONDS} s"
        return failed(name, f"{where}: {told}", f"host, port, tls and log-in stand in {table}; mail waits up to 5 days")
    return ok(name, f"{where}, {_encryption(send.tls)}{', log-in taken' if send.username else ''}")


async def signature(channel: str, box: EmailChannel, dkim: Dkim, resolver: Resolver) -> Finding:
    """Look whether the published key fits the one that signs the mail of a channel."""
    name = f"signature: {channel}, {dkim.selector}"
    try:
        signer = signer_of(box, dkim)
    except SecretRefused as refused:
        return failed(name, f"{refused.key}: found {refused.found}", f"expected: {refused.expected}")
    remedy = f"publish as TXT under {signer.name}: {signer.record}"
    try:
        records = await resolver.records(signer.name, "TXT")
    except TemporaryFailure as failure:
        return warning(name, f"{signer.name}: {failure}", "try again where name servers answer")
    if not records:
        return failed(name, f"no key is published under {signer.name}", remedy)
    if not any(signer.fits(record) for record in records):
        return failed(name, f"the key under {signer.name} is another one", remedy)
    return ok(name, f"{signer.name} has the key that signs")


async def _mailbox(named: str, channel: EmailChannel, receive: ReceiveImap, logins: MailLogins) -> Finding:
    """Log in to a mailbox, once: three refused log-ins lock accounts in some places. Open each of its folders."""
    name, where = f"mail in: {named}", f"{receive.host}:{receive.port}"
    try:
        account = logins.account(channel, receive)
    except SecretRefused as refused:
        return failed(name, f"{refused.key}: found {refused.found}", f"expected: {refused.expected}")

    context = ssl.create_default_context() if receive.tls == "implicit" else None
    connection = ImapConnection(host=receive.host, port=receive.port, ssl_context=context, literal_max=_MAIL_MAX)
    table = f"[channels.{named}.receive]"
    folders = (receive.folder, *receive.folders)
    try:
        await connection.log_in(account, seconds=SECONDS)
        for folder in folders:
            await connection.select(folder, seconds=SECONDS)
    except LoginRefused as error:
        remedy = f"username and password in {table}" if account.tokens is None else f"[channels.{named}.oauth]"
        return failed(name, f"{where} refuses the log-in of {receive.username}: {error}", remedy)
    except TokenRefused as error:
        return failed(name, str(error), f"[channels.{named}.oauth], or consent that was withdrawn at the provider")
    except (TemporaryFailure, PermanentFailure, OSError, TimeoutError) as error:
        told = str(error) or f"no answer within {SECONDS} s"
        return failed(
            name, f"{where}: {told}", f"host, port, tls and folder stand in {table}; mail waits in the mailbox"
        )
    finally:
        await connection.close()
    opened = f"folder {folders[0]}" if len(folders) == 1 else f"folders {', '.join(folders)}"
    return ok(name, f"{where}, {_encryption(receive.tls)}, {opened} opened")


def _encryption(tls: str) -> str:
    return {"implicit": "encrypted", "starttls": "encrypted (STARTTLS)"}.get(tls, "not encrypted")


async def _server(name: str, url: str, ask: Callable[[], Awaitable[str]]) -> Finding:
    """Ask a server for its version."""
    parts = urlsplit(url)
    where = f"{parts.hostname}:{parts.port or ''}".rstrip(":")
    try:
        async with asyncio.timeout(SECONDS):
            return ok(name, f"{where}, version {await ask()}")
    except Exception as error:  # noqa: BLE001  # whatever a driver says is what the administrator must hear
        told = (str(error).splitlines() or [""])[0] or f"no answer within {SECONDS} s"
        return failed(name, f"{where}: {told}", "is it started, does the address fit, does the password?")


async def _ask_postgresql(storage: Storage) -> str:
    import psycopg

    password = password_of(storage, os.environ)
    async with await psycopg.AsyncConnection.connect(storage.url, password=password) as connection:
        await connection.execute("SELECT 1")
        return str(connection.info.server_version)


async def _ask_redis(url: str) -> str:
    from redis.asyncio import Redis

    client = Redis.from_url(url)
    try:
        return str((await client.info("server"))["redis_version"])
    finally:
        await client.aclose()
