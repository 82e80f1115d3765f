"""A site in a process of its own, as an administrator runs it."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp

from config.secrets import create_secret
from tests.servers.ports import free_port

PASSWORD = "a password for tests"

CONFIGURATION = """
[site]
name = "Test Telecom"
domain = "test.example"
languages = ["en", "pl"]

[web]
port = {web_port}
public_url = "http://127.0.0.1:{web_port}"
chat_connects = 100000
form_requests = 100000

[channels.mail]
medium = "email"
address = "support@test.example"
receive = {receive}
send = {{ host = "127.0.0.1", port = {sink_port} }}
acknowledge_unauthenticated = true

[channels.demo]
medium = "chat"

[channels.demo-callback]
medium = "callback"
country = "PL"

[queues.billing]
target = "2m"
offer = {{ chat = "{ring}", email = "{ring}", callback = "{ring}" }}
dispositions = ["explained", "refund"]

[queues.support]
target = "20s"
offer = {{ chat = "{ring}", email = "{ring}", callback = "{ring}" }}
{support}

[[rules]]
name = "money"
when = {{ words = ["invoice*", "faktur*"] }}
then = {{ queue = "billing", autoresponse = "received" }}

[[rules]]
name = "everything else"
then = {{ queue = "support", autoresponse = "received" }}

[[autoresponses]]
name = "received"
kind = "acknowledge"

[[agents]]
id = "anna"
name = "Anna Test"
queues = {{ billing = 1, support = 1 }}
password_env = "TEST_PASSWORD"

[[agents]]
id = "boris"
name = "Boris Test"
queues = {{ billing = 1, support = 1 }}
password_env = "TEST_PASSWORD"

[[agents]]
id = "vera"
name = "Vera Test"
role = "supervisor"
password_env = "TEST_PASSWORD"

[logging]
level = "info"
format = "json"
"""


class SiteProcess:
    """One folder with a configuration, and the process that serves it; it may be killed and started again."""

    def __init__(
        self,
        folder: Path,
        *,
        sink_port: int,
        model: Path | None = None,
        ring: str = "30s",
        receive: str | None = None,
        environment: Mapping[str, str] | None = None,
        support: str = "",
        more: str = "",
        edits: Mapping[str, str] | None = None,
    ) -> None:
        """Write the configuration: `support` has further lines of that queue, `more` further tables.

        `edits`: what stands in it, and what is to stand there instead.
        """
        self.environment = dict(environment or {})
        self.folder = folder
        self.web_port: int = free_port()
        self.mail_port: int = free_port()
        self.base: str = f"http://127.0.0.1:{self.web_port}"
        self.config = folder / "centrala.toml"
        receive = receive or f'{{ protocol = "smtp", port = {self.mail_port} }}'
        text = CONFIGURATION.format(
            web_port=self.web_port, sink_port=sink_port, ring=ring, receive=receive, support=support
        )
        for before, after in (edits or {}).items():
            assert before in text, before
            text = text.replace(before, after)
        self.config.write_text(text + more, "utf-8")
        create_secret(folder / "centrala.secret")
        if model is not None:
            (folder / "model.npz").write_bytes(model.read_bytes())
        self.log = folder / "log.jsonl"
        self._process: subprocess.Popen[bytes] | None = None

    def command(self, *arguments: str, stdin: str | None = None) -> Any:
        """Run `centrala ARGUMENTS --config FILE --json` and return what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "app.cli", *arguments, "--config", str(self.config), "--json"],
            input=stdin,
            capture_output=True,
            text=True,
            check=True,
            env=self.process_environment(),
        )
        return json.loads(done.stdout)

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run `centrala ARGUMENTS --config FILE`, and return how it ended and what it said."""
        return subprocess.run(
            [sys.executable, "-m", "app.cli", *arguments, "--config", str(self.config)],
            capture_output=True,
            text=True,
            check=False,
            env={**self.process_environment(), **environment},
        )

    def remotely(self, *arguments: str, token: str) -> subprocess.CompletedProcess[str]:
        """Run `centrala ARGUMENTS` against the running site, and return how it ended and what it said."""
        return subprocess.run(
            [sys.executable, "-m", "app.cli", *arguments],
            capture_output=True,
            text=True,
            check=False,
            env={**self.process_environment(), "CENTRALA_URL": self.base, "CENTRALA_TOKEN": token},
        )

    def token(self, role: str, agent: str | None = None) -> str:
        """Return a new API token; the site must not be running."""
        of_agent = ("--agent", agent) if agent else ()
        made: str = self.command("token", "create", "--role", role, *of_agent)["token"]
        return made

    def process_environment(self) -> dict[str, str]:
        """Return the environment of its processes."""
        return {**os.environ, "TEST_PASSWORD": PASSWORD, **self.environment}

    async def start(self) -> None:
        """Start the process and return once it may serve."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: ASYNC220  # it only forks; waiting for it is done in a thread
                [sys.executable, "-m", "app.cli", "serve", "--config", str(self.config)],
                stdout=log,
                stderr=log,
                env=self.process_environment(),
            )
        await self._ready()

    async def _ready(self) -> None:
        assert self._process is not None
        async with asyncio.timeout(40), aiohttp.ClientSession() as http:
            while self._process.poll() is None:
                try:
                    async with http.get(f"{self.base}/readyz") as answer:
                        if answer.status == 200:
                            return
                except aiohttp.ClientError:
                    pass
                await pause(0.05)
        raise AssertionError(f"the site ended at once: {self.log.read_text('utf-8')[-2000:]}")

    async def dies(self) -> int:
        """Return the exit code once the process has ended by itself."""
        process, self._process = self._process, None
        assert process is not None
        return await asyncio.to_thread(process.wait, 40)

    @property
    def is_dead(self) -> bool:
        """Whether the process has ended by itself, or none was started."""
        return self._process is None or self._process.poll() is not None

    async def kill(self) -> None:
        """Kill the process as a power cut would, but for the page cache."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """Ask the process to stop; return its exit code."""
        return await self._end(signal.SIGTERM)

    async def _end(self, how: signal.Signals) -> int:
        process, self._process = self._process, None
        if process is None:
            return 0
        process.send_signal(how)
        return await asyncio.to_thread(process.wait, 20)

    def freeze(self) -> None:
        """Stop the process in the middle of whatever it does; its connections stay open."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def logged(self, event: str) -> list[dict[str, Any]]:
        """Return the log lines of `event`."""
        lines = (json.loads(line) for line in self.log.read_text("utf-8").splitlines() if line.startswith("{"))
        return [line for line in lines if line.get("event") == event]


async def pause(seconds: float) -> None:
    """Let other processes go on: the only clock that a test of real processes has."""
    done = asyncio.Event()
    asyncio.get_running_loop().call_later(seconds, done.set)
    await done.wait()
