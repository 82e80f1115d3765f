"""The first minute with Centrala: one command and a wallboard that moves."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import expect

from tests.acceptance.axe import Inspector
from tests.acceptance.pages import Board
from tests.acceptance.site import pause
from tests.acceptance.windows import Windows
from tests.servers.ports import free_port

STOPS_WITHIN_S = 20


class Demo:
    """A running `centrala demo`."""

    def __init__(self, process: "subprocess.Popen[bytes]", port: int, folder: Path) -> None:
        self.process = process
        self.base = f"http://127.0.0.1:{port}"
        self.folder = folder

    def data(self) -> list[Path]:
        """Return the folders that it keeps its data in."""
        return list(self.folder.glob("centrala-demo-*"))

    async def ready(self) -> None:
        """Return once it may serve."""
        async with asyncio.timeout(60), aiohttp.ClientSession() as http:
            while True:
                assert self.process.poll() is None, "the demo ended at once"
                try:
                    async with http.get(f"{self.base}/readyz") as answer:
                        if answer.status == 200:
                            return
                except aiohttp.ClientError:
                    pass
                await pause(0.05)


@contextmanager
def _running_demo(folder: Path) -> Iterator[Demo]:
    port = free_port()
    command = [sys.executable, "-m", "app.cli", "demo", "--port", str(port), "--smtp-port", str(free_port())]
    environment = {**os.environ, "TMPDIR": str(folder)}
    with subprocess.Popen([*command, "--seed", "1"], env=environment) as process:
        try:
            yield Demo(process, port, folder)
        finally:
            process.kill()


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.needs_server("chromium")
async def test_the_demo_comes_up_with_a_wallboard_that_moves_and_leaves_nothing_behind(
    tmp_path: Path, windows: Windows, inspector: Inspector
) -> None:
    started = asyncio.get_running_loop().time()
    with _running_demo(tmp_path) as demo:
        await demo.ready()
        ready = asyncio.get_running_loop().time() - started
        supervisor = Board(await windows.open(demo.base))
        await supervisor.go("/login")
        await supervisor.log_in("supervisor", "demo")
        rows = supervisor.page.get_by_role("row")
        await expect(rows.nth(3)).to_be_visible()
        answered = supervisor.page.locator(".tile-value").nth(2)
        first = await answered.inner_text()
        await expect(answered).not_to_have_text(first, timeout=60_000)
        moving = asyncio.get_running_loop().time() - started
        sys.stdout.write(f"ready after {ready:.1f} s, figures move after {moving:.1f} s\n")
        assert await rows.count() >= 1 + 3
        assert await supervisor.page.get_by_role("button", name="Change the state of").count() >= 12

        for path in ("/", "/demo/mail"):
            await supervisor.page.goto(path)
            await inspector.look(supervisor.page, path)
        await supervisor.page.goto("/supervisor")
        await expect(rows.nth(3)).to_be_visible()

        assert len(demo.data()) == 1
        supervisor.window.forgive_a_dead_server()
        demo.process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(demo.process.wait, STOPS_WITHIN_S) == 0
        assert demo.data() == []
