"""Mail in over IMAP, from a real Dovecot to interactions in the store: 10,000 at once, and one at a time by IDLE.

`centrala serve` runs as an administrator runs it, with rules and the shipped model. Back-fill: the mailbox holds 10,000
letters (plain and HTML, five languages, every second one an answer to the one before) when the site starts; time counts
from the first mail that is kept to the last that is admitted and durable. Push: the site waits in IDLE; time
counts from the server's answer to APPEND until the interaction is in the store.
"""

import argparse
import json
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
from contextlib import closing
from email.message import EmailMessage
from pathlib import Path
from time import perf_counter, sleep
from typing import Any

from benchmarks.start import free_port
from config.secrets import create_secret
from tests.servers.dovecot import PASSWORD, USERNAME, Dovecot, running_dovecot
from tests.trained import trained

CONFIGURATION = """
[site]
domain = "bench.example"
[web]
port = {port}
public_url = "http://127.0.0.1:{port}"
[channels.mail]
medium = "email"
address = "support@bench.example"
[channels.mail.receive]
protocol = "imap"
host = "127.0.0.1"
port = {imap}
username = "{username}"
password_env = "MAILBOX_PASSWORD"
tls = "none"
[queues.billing]
[queues.support]
[[rules]]
when = {{ label = "invoice", confidence = ">=0.5" }}
then = {{ queue = "billing" }}
[[rules]]
then = {{ queue = "support" }}
[logging]
level = "warning"
format = "json"
"""
TEXTS = (
    "Where is my parcel? It was sent a week ago and the tracking page has shown nothing since.",
    "Proszę o fakturę za ostatnie zamówienie, na adres firmy podany w koncie.",
    "Noriu grąžinti prekę, kuri atkeliavo sugadinta. Kokia tvarka?",
    "Kétszer vonták le a rendelés árát, kérem a második összeg visszautalását.",
    "Не могу войти в личный кабинет, письмо для смены пароля не приходит.",
)
GOAL_PER_S, GOAL_PUSH_S = 500, 2.0


def letter(number: int) -> bytes:
    """Return letter `number`: every second one belongs to the thread of the one before."""
    mail = EmailMessage()
    first = number - number % 2
    mail["From"] = f"Customer {first} <customer{first}@example.org>"
    mail["To"] = "support@bench.example"
    mail["Subject"] = f"{'Re: ' if number % 2 else ''}Order {first}"
    mail["Date"] = "Tue, 03 Mar 2026 10:00:00 +0100"
    mail["Message-ID"] = f"<{number}@example.org>"
    if number % 2:
        mail["In-Reply-To"] = mail["References"] = f"<{first}@example.org>"
    text = f"Good day,\n\n{TEXTS[number % len(TEXTS)]}\n\n" + f"Order {number}. " * (number % 40) + "\n\nRegards\n"
    mail.set_content(text)
    mail.add_alternative(f"<html><body><p>{text}</p><img src='https://x.example/pixel'></body></html>", subtype="html")
    return mail.as_bytes()


class Site:
    """A site that reads the mailbox, and what its store says."""

    def __init__(self, folder: Path, imap: int) -> None:
        folder.mkdir()
        self.folder = folder
        self.config = folder / "centrala.toml"
        self.config.write_text(CONFIGURATION.format(port=free_port(), imap=imap, username=USERNAME), "utf-8")
        create_secret(folder / "centrala.secret")
        (folder / "model.npz").write_bytes(trained().content)

    def start(self) -> "subprocess.Popen[bytes]":
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(  # noqa: S603  # our own program
                [sys.executable, "-m", "app.cli", "serve", "--config", str(self.config)],
                stdout=log,
                stderr=log,
                env={**os.environ, "MAILBOX_PASSWORD": PASSWORD},
            )

    def counts(self) -> dict[str, int]:
        """Return how many mails are in which state."""
        path = self.folder / "centrala.db"
        if not path.exists():
            return {}
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            try:
                return dict(connection.execute("SELECT state, count(*) FROM received GROUP BY state").fetchall())
            except sqlite3.OperationalError:
                return {}

    def until(self, admitted: int, pause: float) -> float:
        """Wait until so many are admitted, and return when that was."""
        while (counts := self.counts()).get("admitted", 0) < admitted:
            assert not counts.get("quarantined"), (self.folder / "log").read_text("utf-8")[-3000:]
            sleep(pause)
        return perf_counter()


def measured(folder: Path, dovecot: Dovecot, count: int, pushes: int) -> dict[str, Any]:
    """Return what was measured."""
    dovecot.put(*map(letter, range(count)))
    site = Site(folder / "site", dovecot.port)
    process = site.start()
    try:
        while not site.counts():
            sleep(0.005)
        began, before = perf_counter(), _cpu(process.pid)
        # Counting takes the machine time that the site needs: not more often than tells a percent.
        seconds = site.until(count, 0.2) - began
        spent = _cpu(process.pid) - before
        sleep(2)  # its looks at what came meanwhile are over, and it waits
        waits = []
        for number in range(pushes):
            dovecot.put(letter(count + 2 * number))
            appended = perf_counter()
            waits.append(site.until(count + number + 1, 0.002) - appended)
        kept = site.counts()
    finally:
        process.terminate()
        process.wait(30)
    assert kept == {"admitted": count + pushes}, kept
    return {
        "mails": count,
        "backfill_s": round(seconds, 2),
        "mails_per_s": round(count / seconds),
        "cpu_ms_per_mail": round(spent / count * 1000, 2),
        "push_median_s": round(statistics.median(waits), 3),
        "push_slowest_s": round(max(waits), 3),
        "load_average": round(os.getloadavg()[0], 1),
    }


def _cpu(pid: int) -> float:
    """Return the CPU seconds of a process and of its children that have ended (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def goals(figures: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what was promised beside what was measured."""
    rate, push = figures["mails_per_s"], figures["push_slowest_s"]
    return [
        {
            "name": "mails back-filled in a second",
            "value": rate,
            "goal": GOAL_PER_S,
            "unit": "1/s",
            "holds": rate >= GOAL_PER_S,
        },
        {
            "name": "from the mailbox to the store by IDLE, the slowest",
            "value": push,
            "goal": GOAL_PUSH_S,
            "unit": "s",
            "holds": push <= GOAL_PUSH_S,
        },
    ]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.backfill", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help="a tenth of the mails")
    parser.add_argument("--folder", type=Path, help="on the disk to measure (default: the system's temporary folder)")
    options = parser.parse_args()
    count, pushes = (1_000, 5) if options.quick else (10_000, 20)
    with tempfile.TemporaryDirectory(dir=options.folder) as place, running_dovecot() as dovecot:
        figures = measured(Path(place), dovecot, count, pushes)
    result = {"benchmark": "backfill", "unit": "1/s", "figures": figures, "goals": goals(figures)}
    print(json.dumps(result) if options.json else json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
