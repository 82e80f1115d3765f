"""Takes the README's pictures from a demo that it starts: `python -m docs.screenshots [NAME...]`. Needs Chromium."""

import socket  # noqa: TID251  # it looks for a free port
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from playwright.sync_api import BrowserContext, Page, sync_playwright

FOLDER = Path(__file__).parent / "images"
CHROMIUM = "/usr/bin/chromium"
ANSWERED_MIN = 25
"""So many answered interactions make a wallboard worth looking at: a minute or so."""
BYTES_MAX = 250_000
PATIENCE_S = 90
CUSTOMER = "Demo Customer"

T = TypeVar("T")
Somebody = Callable[[], BrowserContext]
"""Opens a window of somebody who is not logged in."""


def main() -> None:
    """Take the pictures that are named, or all; the demo ends with the browser."""
    FOLDER.mkdir(exist_ok=True)
    with _demo() as base, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])

        def somebody() -> BrowserContext:
            return browser.new_context(base_url=base, viewport={"width": 1280, "height": 800}, locale="en-GB")

        for name in sys.argv[1:] or PICTURES:
            PICTURES[name](somebody)
        browser.close()


@contextmanager
def _demo() -> Iterator[str]:
    """Run a demo on free ports and give its address."""
    port, smtp_port = _free_port(), _free_port()
    command = [sys.executable, "-m", "app.cli", "demo", "--port", str(port), "--smtp-port", str(smtp_port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603  # our own program
        try:
            assert process.stdout is not None
            next(line for line in process.stdout if line.strip().startswith("Data"))
            yield f"http://localhost:{port}"
        finally:
            process.terminate()
            process.communicate()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _login(somebody: Somebody) -> None:
    page = somebody().new_page()
    page.goto("/login")
    page.get_by_label("Password").wait_for()
    _shoot(page, "login")


def _chat(somebody: Somebody) -> None:
    """Be a customer until an agent has answered."""
    page = somebody().new_page()
    page.goto("/chat/demo?lang=en")
    page.locator("form button[type=submit]").click()
    box = page.locator("textarea")
    box.fill("My internet has been down since this morning. Could you check the line, please?")
    box.press("Enter")
    page.locator(".said.agent").first.wait_for(timeout=PATIENCE_S * 1000)
    _shoot(page, "chat")


def _callback(somebody: Somebody) -> None:
    page = somebody().new_page()
    page.goto("/callback/demo?lang=en")
    page.locator("input[name=phone]").wait_for()
    _shoot(page, "callback")


def _desk(somebody: Somebody) -> None:
    """Be the operator: hold one conversation with an answer in it, and let the next one ring."""
    operator, ask = somebody(), _logged_in(somebody(), "supervisor")
    operator.grant_permissions(["notifications"])
    call = _logged_in(operator, "operator")
    # A callback would take all of his time, and mail would ring for a minute each.
    chats_only = {"chat": True, "email": False, "callback": False}
    call("/agents/operator/presence", {"presence": "available", "lease": "2m", "media": chats_only})
    held = _question(ask, "My last invoice shows a fee that I don't know. What is it?")
    offer = _until(operator.new_page(), lambda: _ringing(call, held))
    call(f"/offers/{offer['id']}/accept", {})
    call(f"/interactions/{held['id']}/messages", {"kind": "reply", "text": "Good morning! Let me look at it with you."})
    page = operator.new_page()
    page.goto("/desk?lang=en")
    page.get_by_text(CUSTOMER).first.click()
    ringing = _question(ask, "The internet has been down since noon, and the router blinks red.")
    _until(page, lambda: _ringing(call, ringing))
    page.wait_for_timeout(1_000)
    _shoot(page, "desk")
    call("/agents/operator/presence", {"presence": "offline"})


def _question(ask: Callable[..., Any], text: str) -> dict[str, Any]:
    """Let a customer ask the demo's operator, and return the interaction."""
    question = {"channel": "demo", "text": text, "customer": {"name": CUSTOMER}, "preferred_agent": "operator"}
    admitted: dict[str, Any] = ask("/interactions", question)
    return admitted


def _ringing(call: Callable[..., Any], interaction: dict[str, Any]) -> dict[str, Any] | None:
    """Return the operator's offer of `interaction`, once it rings; what else rings at him, others may have."""
    wanted = None
    for offer in call("/agents/operator/offers")["items"]:
        if offer["interaction"]["id"] == interaction["id"]:
            wanted = offer
        else:
            call(f"/offers/{offer['id']}/decline", {"reason": "other"})
    return wanted


def _supervisor(somebody: Somebody) -> None:
    supervisor = somebody()
    call = _logged_in(supervisor, "supervisor")
    page = supervisor.new_page()
    page.goto("/supervisor?lang=en")

    def answered() -> bool | None:
        rows = [call(f"/queues/{queue['name']}/live") for queue in call("/queues")["items"]]
        return sum(row["answered"] for row in rows) >= ANSWERED_MIN or None

    _until(page, answered)
    page.locator("table").first.wait_for()
    page.wait_for_timeout(2_000)
    _shoot(page, "supervisor")


def _mail(somebody: Somebody) -> None:
    page = somebody().new_page()
    page.goto("/demo/mail?lang=en")
    _shoot(page, "demo-mail")


def _logged_in(context: BrowserContext, login: str) -> Callable[..., Any]:
    """Log in, and return what calls the API in that session."""
    session = context.request.post("/api/v1/login", data={"login": login, "password": "demo"}).json()

    def call(path: str, body: dict[str, Any] | None = None) -> Any:
        headers = {"X-CSRF-Token": session["csrf"]}
        method = "GET" if body is None else "POST"
        answer = context.request.fetch(f"/api/v1{path}", method=method, data=body, headers=headers)
        if not answer.ok:
            raise RuntimeError(f"{method} {path}: {answer.status} {answer.text()}")
        return answer.json()

    return call


def _until(page: Page, look: Callable[[], T | None]) -> T:
    """Return what `look` finds, as soon as it finds something."""
    for _ in range(PATIENCE_S):
        found = look()
        if found is not None:
            return found
        page.wait_for_timeout(1_000)
    raise TimeoutError(f"nothing happened within {PATIENCE_S} s")


def _shoot(page: Page, name: str) -> None:
    path = FOLDER / f"{name}.png"
    page.screenshot(path=path)
    size = path.stat().st_size
    assert size < BYTES_MAX, f"{path.name} has {size} bytes, at most {BYTES_MAX} are wanted"
    sys.stdout.write(f"{path.name}: {size // 1000} kB\n")


PICTURES = {
    "login": _login,
    "chat": _chat,
    "desk": _desk,
    "supervisor": _supervisor,
    "demo-mail": _mail,
    "callback": _callback,
}


if __name__ == "__main__":
    main()
