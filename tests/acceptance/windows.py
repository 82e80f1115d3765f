"""Windows of a real Chromium, one profile each; what their pages complain of fails the test."""

import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import pytest
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Error, Page, async_playwright

_Test = TypeVar("_Test", bound=Callable[..., Any])

CHROMIUM = "/usr/bin/chromium"
PATIENCE_MS = 20_000
_QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
# The browser reports a breach of the policy to the page that made it; as a console error it reaches the test.
_TELL_BREACHES = """
    addEventListener("securitypolicyviolation", (event) =>
      console.error(`breach of ${event.violatedDirective}: ${event.blockedURI} in ${event.sourceFile}`));
"""


def browsing(*languages: Any) -> Callable[[_Test], _Test]:
    """Return what makes a test one that drives Chromium, in each of `languages`; each may be a `pytest.param`."""

    def marked(test: _Test) -> _Test:
        for mark in (
            pytest.mark.asyncio(loop_scope="session"),
            pytest.mark.needs_server("chromium"),
            pytest.mark.parametrize("language", languages),
        ):
            test = mark(test)
        return test

    return marked


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Run Chromium while the block lasts."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(_QUIET))
        yield browser
        await browser.close()


class Window:
    """A window of somebody's own profile: nobody else's cookies and storage are in it."""

    def __init__(self, context: BrowserContext, page: Page) -> None:
        self.context = context
        self.page = page
        self._complaints: list[str] = []
        self._forgiven: list[str] = []
        page.on("console", self._on_console)
        page.on("pageerror", self._on_error)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self._complaints.append(f"{message.type}: {message.text} ({message.location.get('url')})")

    def _on_error(self, error: Error) -> None:
        self._complaints.append(f"uncaught: {error.message}\n{error.stack}")

    def forgive(self, *parts: str) -> None:
        """Expect complaints with one of `parts` in them: the browser itself reports refusals and lost connections."""
        self._forgiven += parts

    def forgive_a_dead_server(self) -> None:
        """Expect what a browser says while nobody listens, or not yet in earnest."""
        self.forgive("net::ERR_", "WebSocket connection to", "status of 503", "status of 502")

    def complaints(self) -> list[str]:
        """Return what the pages complained of, without what was expected."""
        return [one for one in self._complaints if not any(part in one for part in self._forgiven)]


class Windows:
    """All windows of one test."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._open: list[Window] = []

    async def open(self, base: str, **options: Any) -> Window:
        """Open a window whose pages are looked for at `base`; `options` as Playwright's new_context takes them."""
        context = await self._browser.new_context(**{"base_url": base, "locale": "en-GB", **options})
        context.set_default_timeout(PATIENCE_MS)
        await context.add_init_script(_TELL_BREACHES)
        window = Window(context, await context.new_page())
        self._open.append(window)
        return window

    async def close(self) -> list[str]:
        """Close all windows and return what they complained of."""
        for window in self._open:
            # Shown with a test that fails: where its people were.
            sys.stdout.write(f"{window.page.url}: {(await window.page.locator('body').inner_text())[:3000]!r}\n")
            await window.context.close()
        return [complaint for window in self._open for complaint in window.complaints()]
