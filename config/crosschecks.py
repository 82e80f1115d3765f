"""What is wrong between keys: names that don't exist, addresses used twice, passwords that can't be had."""

import importlib
import ssl
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from config.channel_schema import CallbackChannel, EmailChannel, OAuth, ReceiveImap, Send
from config.faults import KeyPath, choices, closest, found_text
from config.login_checks import certificate_faults, log_in_faults, oauth_faults
from config.read import Faults
from config.schema import Settings
from config.secrets import Guarded, SecretRefused, password_of, secret_of
from config.signing_keys import signing_key
from vocabulary.languages import RECOGNISED
from vocabulary.media import KNOWN

_EVERYWHERE = {"0.0.0.0", "::"}  # noqa: S104 -- compared with, never listened on


class Checks:
    """What the checks of one file share: what was read, what is wrong already, and how to note more.

    Names count as known where their table stands in the file, even if something in it was refused.
    """

    def __init__(
        self, settings: Settings, document: Mapping[str, object], faults: Faults, environment: Mapping[str, str]
    ) -> None:
        self.settings = settings
        self.queues = _names(document.get("queues"))
        self.channels = _names(document.get("channels"))
        self.autoresponses = _names(document.get("autoresponses"))
        languages = settings.site.languages
        self.skills = {*settings.skills, *(f"lang:{code}" for code in languages)} if "skills" in document else None
        self.note = faults.add
        self._broken = faults.tables()
        self.environment = environment

    def sound(self, table: KeyPath) -> bool:
        """Tell whether every single value of `table` is right; what follows from a wrong one is not reported."""
        return table not in self._broken

    def under(self, path: KeyPath) -> Callable[[KeyPath, str, str], None]:
        """Return what notes a fault at a key of the table `path`."""
        return lambda key, found, expected: self.note((*path, *key), found, expected)

    def refer(self, path: KeyPath, name: str | None, known: Iterable[str], what: str) -> None:
        """Note `name` at `path` if it is none of `known`; a blank is at fault elsewhere."""
        known = sorted(known)
        if name and name not in known:
            expected = f"{what}: {choices(known)}" if known else f"{what}; the file has none"
            self.note(path, found_text(name), expected, closest(name, known))

    def medium(self, path: KeyPath, name: str) -> None:
        """Note a medium that looks like a slip; the API may bring media of other names."""
        guess = closest(name, KNOWN)
        if name not in KNOWN and guess:
            self.note(path, found_text(name), f"a medium: {choices(KNOWN)}, or a name unlike these", guess)

    def language(self, path: KeyPath, code: str) -> None:
        """Note a language that the site doesn't list: no text is ever found to be in it."""
        self.refer(path, code, self.settings.site.languages, "one of site.languages")

    def password(self, path: KeyPath, table: Guarded) -> str | None:
        """Return the password of `table`; note why it can't be had."""
        if table.password_env is not None and table.password_file is not None:
            self.note((*path, "password_file"), "password_env beside it", "one of the two")
        try:
            return password_of(table, self.environment)
        except SecretRefused as refused:
            self.note((*path, refused.key), refused.found, refused.expected)
            return None

    def once(self, path: KeyPath, value: str, seen: dict[str, str], what: str) -> None:
        """Note `value` if it was seen before; remember it as `what`."""
        if value and value in seen:
            self.note(path, found_text(value), f"one that is not used yet; {seen[value]} has it")
        seen.setdefault(value, what)


def check_site(checks: Checks) -> None:
    """Look over [site] and [web]."""
    web, site = checks.settings.web, checks.settings.site
    if web.session_idle > web.session_absolute and checks.sound(("web",)):
        checks.note(("web", "session_idle"), "more than session_absolute", "at most session_absolute")
    url = urlsplit(web.public_url)
    if url.scheme == "http" and not is_local(url.hostname or ""):
        checks.note(
            ("web", "public_url"),
            found_text(web.public_url),
            '"https://": passwords would travel unprotected',
            severity="warning",
        )
    for place, code in enumerate(site.languages):
        if code not in RECOGNISED and checks.sound(("site",)):
            expected = "a language that texts are recognised in: no text is ever found to be in this one"
            checks.note(("site", "languages", place), found_text(code), expected, severity="warning")
    try:
        secret_of(site.secret_file)
    except SecretRefused as refused:
        # A site that never started has none yet; start-up knows whether it may make one.
        if not isinstance(refused.__cause__, FileNotFoundError):
            checks.note(("site", refused.key), refused.found, refused.expected)


def check_knowledge(checks: Checks) -> None:
    """Look over [knowledge]."""
    folder = checks.settings.knowledge.folder
    if folder is not None and not _is_folder(folder):
        checks.note(("knowledge", "folder"), f"no folder {folder}", "a folder with en.toml, pl.toml and so on")


def check_identification(checks: Checks) -> None:
    """Look over [identification], and what queues ask by it."""
    table = checks.settings.identification
    if table.crm is not None:
        checks.password(("identification", "crm"), table.crm)
    asked: dict[KeyPath, str] = {("identification", "ask"): table.ask}
    for queue, settings in checks.settings.queues.items():
        asked["queues", queue, "ask"] = settings.ask or "nothing"
    for path, question in asked.items():
        name = question.removesuffix("_number")
        if name != question and name not in table.numbers:
            checks.note(path, found_text(question), f'a pattern for "{name}" in identification.numbers')


def check_understanding(checks: Checks) -> None:
    """Look over [understanding]."""
    table = checks.settings.understanding
    for name in table.queues:
        checks.refer(("understanding", "queues", name), name, checks.queues, "a queue")
    codes = {code for queue in checks.settings.queues.values() for code in queue.dispositions}
    for name in table.dispositions:
        checks.refer(("understanding", "dispositions", name), name, codes, "a disposition of a queue")
    if table.rows is not None and not table.rows.is_file():
        checks.note(("understanding", "rows"), f"no file {table.rows}", "a CSV file with columns text and label")
    if table.embedding is not None and (fault := _no_function(table.embedding)):
        expected = "module:function, in a module that this Python can import"
        checks.note(("understanding", "embedding"), f'"{table.embedding}" ({fault})', expected)


def _no_function(name: str) -> str | None:
    """Return why `name` is no "module:function", None if it is one. Imports the module, as the start does."""
    module, _, function = name.partition(":")
    try:
        found = getattr(importlib.import_module(module), function)
    except Exception as error:  # noqa: BLE001 - whatever a module of the site does when it is imported
        return f"{type(error).__name__}: {error}"
    return None if callable(found) else "it can't be called"


def check_channels(checks: Checks) -> None:
    """Look over [channels]."""
    addresses: dict[str, str] = {}
    listening = [(checks.settings.web.host, checks.settings.web.port, "web")]
    for name, channel in checks.settings.channels.items():
        path = ("channels", name)
        match channel:
            case EmailChannel():
                _check_mailbox(checks, path, channel, addresses)
                _check_listener(checks, path, channel, listening)
            case CallbackChannel():
                checks.refer((*path, "queue"), channel.queue, checks.queues, "a queue")
        if not isinstance(channel, EmailChannel):
            for place, code in enumerate(channel.languages):
                checks.language((*path, "languages", place), code)


def _check_mailbox(checks: Checks, path: KeyPath, channel: EmailChannel, addresses: dict[str, str]) -> None:
    checks.once((*path, "address"), channel.address.casefold(), addresses, f"channels.{path[1]}")
    for place, alias in enumerate(channel.aliases):
        checks.once((*path, "aliases", place), alias.casefold(), addresses, f"channels.{path[1]}")
    _check_log_in(checks, (*path, "send"), channel.send, channel.oauth)
    _check_authorities(checks, (*path, "send"), channel.send)
    _check_signatures(checks, path, channel)
    if isinstance(channel.receive, ReceiveImap):
        _check_log_in(checks, (*path, "receive"), channel.receive, channel.oauth)
        _check_folders(checks, (*path, "receive"), channel.receive)
    elif checks.sound((*path, "receive")):
        certificate_faults(channel.receive, checks.under((*path, "receive")))
    if channel.oauth is not None and checks.sound((*path, "oauth")):
        oauth_faults(channel.oauth, checks.environment, checks.under((*path, "oauth")))


def _check_log_in(checks: Checks, path: KeyPath, server: Send | ReceiveImap, oauth: OAuth | None) -> None:
    """Look over how we log in to somebody's mail server."""
    checks.password(path, server)
    if checks.sound(path):
        log_in_faults(server, oauth, is_local=is_local(server.host), note=checks.under(path))


def _check_folders(checks: Checks, path: KeyPath, receive: ReceiveImap) -> None:
    seen: dict[str, str] = {}
    checks.once((*path, "folder"), receive.folder, seen, "folder")
    for place, folder in enumerate(receive.folders):
        checks.once((*path, "folders", place), folder, seen, f"folders[{place}]")


def _check_authorities(checks: Checks, path: KeyPath, send: Send) -> None:
    if send.ca_file is None:
        return
    try:
        ssl.create_default_context(cafile=send.ca_file)
    except (OSError, ssl.SSLError) as error:
        reason = error.strerror if not isinstance(error, ssl.SSLError) else "no certificate in it"
        checks.note((*path, "ca_file"), f"{send.ca_file}: {reason}", "a file with certificates (PEM)")


def _check_signatures(checks: Checks, path: KeyPath, channel: EmailChannel) -> None:
    """Look over the keys that sign: each can be had, none stands there twice, and the domain is that of the sender."""
    names: dict[str, str] = {}
    sender = channel.address.rpartition("@")[2].casefold()
    for place, dkim in enumerate(channel.dkim):
        where = (*path, "dkim", place)
        if not checks.sound(where):
            continue
        try:
            signing_key(dkim.key_file)
        except SecretRefused as refused:
            checks.note((*where, refused.key), refused.found, refused.expected)
        checks.once((*where, "selector"), dkim.selector, names, f"dkim[{place}]")
        domain = (dkim.domain or sender).casefold()
        if sender != domain and not sender.endswith(f".{domain}"):
            expected = (
                f"{sender}, or a domain above it: else receivers (DMARC) don't count the signature as the sender's"
            )
            checks.note((*where, "domain"), found_text(domain), expected, severity="warning")


def _check_listener(
    checks: Checks, path: KeyPath, channel: EmailChannel, listening: list[tuple[str, int, str]]
) -> None:
    """Note an address that something else of the file listens on."""
    server = channel.receive
    if isinstance(server, ReceiveImap):
        return
    for host, port, owner in listening:
        if port == server.port and (host == server.host or _EVERYWHERE & {host, server.host}):
            checks.note((*path, "receive", "port"), f"port {port}", f"one that is free; {owner} listens there")
    listening.append((server.host, server.port, f"channels.{path[1]}"))


def check_queues(checks: Checks) -> None:
    """Look over [queues]."""
    for name, queue in checks.settings.queues.items():
        path = ("queues", name)
        checks.refer((*path, "hours"), queue.hours, checks.settings.hours, "a table of [hours]")
        for key in ("offer", "hold", "on_disconnect"):
            for medium in getattr(queue, key):
                checks.medium((*path, key, medium), medium)
        if queue.disposition_required and not queue.dispositions and checks.sound(path):
            checks.note((*path, "disposition_required"), "true without codes", "dispositions to choose from")
        seen: dict[str, str] = {}
        for place, code in enumerate(queue.dispositions):
            checks.once((*path, "dispositions", place), code, seen, f"dispositions[{place}]")


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


def is_local(host: str) -> bool:
    """Tell whether `host` is this machine."""
    return host in {"localhost", "::1"} or host.startswith("127.")


def _names(tables: object) -> frozenset[str]:
    """Return the names that a table of tables, or a list of tables with `name`, gives out."""
    if isinstance(tables, dict):
        return frozenset(tables)
    items = tables if isinstance(tables, list) else []
    names = (item.get("name") for item in items if isinstance(item, dict))
    return frozenset(name for name in names if isinstance(name, str))
