"""A real Dovecot with one account, in a folder of its own on a free port of this machine."""

import grp
import os
import pwd
import shutil
import socket  # noqa: TID251  # it asks whether the server answers
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from imaplib import IMAP4
from pathlib import Path
from tempfile import TemporaryDirectory
from time import sleep  # noqa: TID251 - a real server takes its time to start and to stop

from tests.servers.ports import free_port

USERNAME, PASSWORD = "support", "secret"

_CONFIG = """\
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
default_internal_user = {internal}
default_internal_group = {internal_group}
default_login_user = {login}
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
mail_location = maildir:{folder}/mail
mail_uid = {uid}
mail_gid = {gid}
first_valid_uid = 1
first_valid_gid = 1
mail_max_userip_connections = 50
imap_idle_notify_interval = 1 mins
auth_mechanisms = plain login xoauth2 oauthbearer
passdb {{
  driver = passwd-file
  mechanisms = plain login
  args = scheme=PLAIN username_format=%u {folder}/users
}}
{oauth2}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/home
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    address = 127.0.0.1
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


# https://doc.dovecot.org/2.3/configuration_manual/authentication/oauth2/
_OAUTH2 = """\
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {folder}/oauth2.conf
}}
"""
_OAUTH2_CONFIG = """\
introspection_mode = post
introspection_url = {introspection}
active_attribute = active
active_value = true
username_attribute = username
"""


class Dovecot:
    """The running server: where it listens, and what tests do to its mailbox behind the product's back."""

    def __init__(self, folder: Path, port: int) -> None:
        """Take the server's folder and port."""
        self.folder = folder
        self.port = port

    def client(self) -> IMAP4:
        """Return another mail program that is logged in."""
        client = IMAP4("127.0.0.1", self.port, timeout=10)
        client.login(USERNAME, PASSWORD)
        return client

    def put(self, *mails: bytes, folder: str = "INBOX") -> None:
        """Put mails into a folder."""
        client = self.client()
        for mail in mails:
            answer, _ = client.append(folder, "", "", mail)
            assert answer == "OK"
        client.logout()

    def flags(self, uid: int, folder: str = "INBOX") -> str:
        """Return the flags of a mail."""
        client = self.client()
        client.select(folder, readonly=True)
        _, found = client.uid("FETCH", str(uid), "(FLAGS)")
        client.logout()
        return str(found[0])

    def make_anew(self, folder: str) -> None:
        """Delete `folder` and create it: the name stays, UIDVALIDITY doesn't."""
        client = self.client()
        client.delete(folder)
        answer, _ = client.create(folder)
        assert answer == "OK"
        client.logout()


@contextmanager
def running_dovecot(introspection: str | None = None) -> Iterator[Dovecot]:
    """Run Dovecot while the block lasts; it asks `introspection` (RFC 7662) whose an access token is.

    Its folder is directly below the system's temporary one: paths of sockets are short, and its unprivileged parts
    must be able to walk there.
    """
    program = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    assert program is not None
    with TemporaryDirectory(prefix="imap-") as name:
        folder, port = Path(name), free_port()
        log = folder / "dovecot.log"
        process = subprocess.Popen([program, "-F", "-c", str(_configured(folder, port, introspection))])
        try:
            _wait_until_it_answers(port, process, log)
            yield Dovecot(folder, port)
        finally:
            process.terminate()
            process.wait(10)


def _configured(folder: Path, port: int, introspection: str | None) -> Path:
    """Write the configuration and return its path. Root may neither serve nor own mail, so others do it for root."""
    is_root = os.getuid() == 0
    account = pwd.getpwnam("nobody") if is_root else pwd.getpwuid(os.getuid())
    internal, login = ("dovecot", "dovenull") if is_root else (account.pw_name, account.pw_name)
    folder.chmod(0o755)
    for name in ("run", "state", "mail", "home"):
        (folder / name).mkdir()
    if is_root:
        os.chown(folder / "mail", account.pw_uid, account.pw_gid)
        os.chown(folder / "home", account.pw_uid, account.pw_gid)
    (folder / "users").write_text(f"{USERNAME}:{PASSWORD}\n")
    internal_group = grp.getgrgid(pwd.getpwnam(internal).pw_gid).gr_name
    oauth2 = ""
    if introspection is not None:
        (folder / "oauth2.conf").write_text(_OAUTH2_CONFIG.format(introspection=introspection))
        oauth2 = _OAUTH2.format(folder=folder)
    names = {"oauth2": oauth2, "internal": internal, "internal_group": internal_group, "login": login}
    config = folder / "dovecot.conf"
    config.write_text(_CONFIG.format(folder=folder, port=port, uid=account.pw_uid, gid=account.pw_gid, **names))
    return config


def _wait_until_it_answers(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    for _ in range(100):
        assert process.poll() is None, f"Dovecot ended at once: {log.read_text() if log.exists() else ''}"
        try:
            with socket.create_connection(("127.0.0.1", port), 1) as probe:
                if probe.recv(4) == b"* OK":
                    return
        except OSError:
            pass
        sleep(0.05)
    raise AssertionError(f"Dovecot does not answer: {log.read_text() if log.exists() else ''}")
