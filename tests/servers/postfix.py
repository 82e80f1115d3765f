"""A real Postfix on free ports of this machine, with a configuration, a queue and mailboxes of its own.

It takes mail for any domain and keeps it in one mailbox, but for the domains and addresses that a test says something
else of. It serves as the relay that Centrala sends through, and as the mail server that hands mail to Centrala.
"""

import os
import shutil
import socket  # noqa: TID251  # it asks whether the server answers
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import sleep  # noqa: TID251 - a real server takes its time to start and to deliver

from tests.servers.ports import free_port

HOSTNAME = "mx.relay.example"
SIZE_MAX = 1_000_000
REFUSED = "nobody@refused.example"
"""Refused at RCPT for good."""
GREYLISTED = "later@refused.example"
"""Refused at RCPT for now."""
BOUNCING = "bounces.example"
"""Mail for this domain is taken and comes back as a report (RFC 3464) to its envelope sender."""

_MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/postfix.log
maillog_file_prefixes = {folder}
myhostname = {hostname}
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
alias_maps =
alias_database =
local_recipient_maps =
smtp_host_lookup = native
smtp_tls_security_level = none
lmtp_tls_security_level = none
transport_maps = texthash:{folder}/etc/transport
virtual_mailbox_domains = static:all
virtual_mailbox_maps = static:all/
virtual_mailbox_base = {folder}/mail
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 1
message_size_limit = {size_max}
mailbox_size_limit = 0
smtputf8_enable = yes
smtpd_banner = {hostname} ESMTP
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_recipient_restrictions = check_recipient_access texthash:{folder}/etc/recipients, permit_mynetworks, reject
smtpd_sender_restrictions =
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_client_message_rate_limit = 0
smtpd_peername_lookup = no
bounce_queue_lifetime = 1d
minimal_backoff_time = 1s
maximal_backoff_time = 2s
queue_run_delay = 1s
ipc_timeout = 20s
{tls}
"""
# A process of smtpd serves one connection and so reads the tables anew: a test may change them as it goes.
_MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd -o max_use=1
pickup    unix  n - n 60    1 pickup
cleanup   unix  n - n -     0 cleanup
qmgr      unix  n - n 300   1 qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - n -     - trivial-rewrite
bounce    unix  - - n -     0 bounce
defer     unix  - - n -     0 bounce
trace     unix  - - n -     0 bounce
verify    unix  - - n -     1 verify
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n -     - proxymap
proxywrite unix - - n -     1 proxymap
smtp      unix  - - n -     - smtp
relay     unix  - - n -     - smtp
showq     unix  n - n -     - showq
error     unix  - - n -     - error
retry     unix  - - n -     - error
discard   unix  - - n -     - discard
virtual   unix  - n n -     - virtual
lmtp      unix  - - n -     - lmtp
anvil     unix  - - n -     1 anvil
scache    unix  - - n -     1 scache
postlog   unix-dgram n - n - 1 postlogd
nobody    unix  - n n -     - pipe user=nobody argv=/bin/sh -c {{echo there is nobody of this name; exit 67}}
"""
_QUEUES = ("incoming", "active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "saved", "trace", "private")
_TLS = """\
smtpd_tls_security_level = {level}
smtpd_tls_chain_files = {folder}/etc/server.pem
smtpd_tls_loglevel = 1
"""


class Postfix:
    """The running server: where it listens, what it took, and what tests make of it."""

    def __init__(self, folder: Path, port: int) -> None:
        """Take the server's folder and port."""
        self.folder = folder
        self.port = port

    @property
    def log(self) -> str:
        """What the server says of itself."""
        log = self.folder / "postfix.log"
        return log.read_text("utf-8", "replace") if log.exists() else ""

    def delivered(self, count: int = 1, *, to: str = "") -> list[bytes]:
        """Wait until `count` mails (to one recipient) lie in the mailbox; return them, the oldest first."""
        addressed = f"\nX-Original-To: {to}\n".encode() if to else b""
        for _ in range(400):
            files = sorted((self.folder / "mail/all/new").glob("*"), key=lambda file: file.stat().st_mtime_ns)
            mails = [mail for mail in (file.read_bytes() for file in files) if addressed in mail]
            if len(mails) >= count:
                return mails
            sleep(0.05)
        raise AssertionError(f"{count} mails did not arrive: {self.log}")

    def forget(self) -> None:
        """Empty the mailbox."""
        for file in (self.folder / "mail/all/new").glob("*"):
            file.unlink()

    def hand_over(self, domain: str, transport: str) -> None:
        """Hand mail for `domain` on, e.g. by `lmtp:inet:127.0.0.1:2424`, from now on."""
        with (self.folder / "etc/transport").open("a") as table:
            table.write(f"{domain} {transport}\n")
        self._command("reload")

    def answer(self, recipient: str, answer: str) -> None:
        """Answer `RCPT TO:<recipient>` with `answer`, e.g. `450 4.2.0 later`, from now on; `OK` takes it."""
        table = self.folder / "etc/recipients"
        rows = [row for row in table.read_text().splitlines() if not row.startswith(f"{recipient} ")]
        table.write_text("\n".join([*rows, f"{recipient} {answer}", ""]))

    def flush(self) -> None:
        """Try what waits in the queue once more, at once."""
        self._command("flush")

    def stop(self) -> None:
        """Stop at once, if it runs; what is in the queue stays there."""
        self._command("abort", check=False)

    def _command(self, *words: str, check: bool = True) -> None:
        command = [_program("postfix"), "-c", str(self.folder / "etc"), *words]
        subprocess.run(command, check=check, capture_output=True)


@contextmanager
def running_postfix(
    *, transports: Mapping[str, str] | None = None, certificate: bytes | None = None, tls: str = "may"
) -> Iterator[Postfix]:
    """Run Postfix while the block lasts.

    Args:
        transports: where mail of a domain goes: `{"desk.example.org": "lmtp:inet:127.0.0.1:2424"}`.
        certificate: the server's key and certificates (PEM, in this order); without it there is no STARTTLS.
        tls: `may` offers STARTTLS, `encrypt` asks for it.

    Its folder is directly below the system's temporary one: paths of sockets are short, and its unprivileged parts
    must be able to walk there. Only root can start Postfix.
    """
    with TemporaryDirectory(prefix="smtp-") as name:
        folder, port = Path(name), free_port()
        _prepare(folder, port, {BOUNCING: "nobody:", **(transports or {})}, certificate, tls)
        server = Postfix(folder, port)
        command = [_program("postfix"), "-c", str(folder / "etc"), "start-fg"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            _wait_until_it_answers(server, process)
            yield server
        finally:
            server.stop()
            process.communicate(timeout=10)


def _prepare(folder: Path, port: int, transports: Mapping[str, str], certificate: bytes | None, tls: str) -> None:
    """Write the configuration and make the folders, each with the owner that Postfix asks for."""
    folder.chmod(0o755)
    for each in ("etc", "queue", "data", "mail"):
        (folder / each).mkdir()
    for each in _QUEUES:
        (folder / "queue" / each).mkdir(mode=0o700)
        shutil.chown(folder / "queue" / each, "postfix")
    for each, mode in (("maildrop", 0o730), ("public", 0o710)):
        (folder / "queue" / each).mkdir()
        shutil.chown(folder / "queue" / each, "postfix", "postdrop")
        (folder / "queue" / each).chmod(mode)
    (folder / "queue/pid").mkdir()
    shutil.chown(folder / "data", "postfix")
    shutil.chown(folder / "mail", "nobody", "nogroup")
    owner = (folder / "mail").stat()
    values = {"folder": folder, "hostname": HOSTNAME, "uid": owner.st_uid, "gid": owner.st_gid, "size_max": SIZE_MAX}
    secured = "" if certificate is None else _TLS.format(folder=folder, level=tls)
    etc = folder / "etc"
    (etc / "main.cf").write_text(_MAIN.format(tls=secured, **values))
    (etc / "master.cf").write_text(_MASTER.format(port=port))
    (etc / "transport").write_text("".join(f"{domain} {transport}\n" for domain, transport in transports.items()))
    (etc / "recipients").write_text(f"{REFUSED} 550 5.1.1 no such mailbox here\n{GREYLISTED} 450 4.2.0 greylisted\n")
    if certificate is not None:
        (etc / "server.pem").write_bytes(certificate)
        (etc / "server.pem").chmod(0o600)


def _program(name: str) -> str:
    program = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    assert program is not None
    return program


def _wait_until_it_answers(server: Postfix, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(200):
        if process.poll() is not None:
            raise AssertionError(f"Postfix ended at once: {process.communicate()[1].decode()} {server.log}")
        try:
            with socket.create_connection(("127.0.0.1", server.port), 1) as probe:
                if probe.recv(4) == b"220 ":
                    return
        except OSError:
            pass
        sleep(0.05)
    raise AssertionError(f"Postfix does not answer: {server.log}")
