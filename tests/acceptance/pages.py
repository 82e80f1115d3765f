"""What people see and do on the pages. Names come from the catalogue, as people read them, in their language."""

import json
import re
from pathlib import Path
from typing import Self

from playwright.async_api import Locator, Page, expect

from tests.acceptance.site import PASSWORD
from tests.acceptance.windows import Window, Windows

_LOCALES = Path(__file__).parents[2] / "web" / "static" / "locales"
_TABS_MAX = 60


class Words:
    """The words of the pages in one language."""

    def __init__(self, language: str = "en") -> None:
        self.language = language
        self._texts: dict[str, str] = json.loads((_LOCALES / f"{language}.json").read_text("utf-8"))

    @property
    def locale(self) -> str:
        """The locale of a browser in this language."""
        return {"en": "en-GB", "pl": "pl-PL", "lt": "lt-LT", "hu": "hu-HU", "ru": "ru-RU"}[self.language]

    def __call__(self, key: str, **values: object) -> str:
        """Return the text behind `key`."""
        return self._texts[key].format(**values)


ENGLISH = Words()


class Person:
    """Somebody at a window."""

    def __init__(self, window: Window, words: Words = ENGLISH) -> None:
        self.window = window
        self.page: Page = window.page
        self.words = words

    async def go(self, path: str) -> None:
        await self.page.goto(f"{path}?lang={self.words.language}")

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.page.keyboard.press(key)

    async def tab_to(self, target: Locator) -> None:
        """Press Tab until `target` has the focus."""
        await expect(target).to_be_visible()
        for _ in range(_TABS_MAX):
            await self.press("Tab")
            if await target.evaluate("(element) => element === document.activeElement"):
                return
        raise AssertionError(f"{_TABS_MAX} tabs do not lead to {target}")

    def button(self, key: str, *, within: Locator | None = None) -> Locator:
        """Return the button whose name begins with this word: a key's name may stand behind it."""
        return (within or self.page).get_by_role("button", name=re.compile(rf"^\s*{re.escape(self.words(key))}"))


class Staff(Person):
    """Somebody who logs in."""

    @classmethod
    async def at_work(cls, windows: Windows, base: str, login: str, words: Words = ENGLISH) -> Self:
        """Open a window and log in; the page of his role opens."""
        # A profile in which the browser has been allowed to notify, as everybody's is from the second day on.
        somebody = cls(await windows.open(base, locale=words.locale, permissions=["notifications"]), words)
        await somebody.go("/login")
        await somebody.log_in(login)
        return somebody

    async def log_in(self, login: str, password: str = PASSWORD) -> None:
        """Type into the form, which has the focus."""
        await expect(self.page.get_by_label(self.words("login.login"))).to_be_focused()
        await self.page.keyboard.type(login)
        await self.press("Tab")
        await self.page.keyboard.type(password)
        await expect(self.button("login.go")).to_be_enabled()
        await self.press("Enter")

    async def from_menu(self, entry: str) -> Locator:
        """Choose an entry of one's own menu; return the dialog that it opens."""
        await self.button("desk.my_menu").click()
        await self.button(entry).click()
        return self.page.get_by_role("dialog")


class Desk(Staff):
    """An agent at the desk."""

    @classmethod
    async def available(cls, windows: Windows, base: str, login: str = "anna", words: Words = ENGLISH) -> Self:
        """Open a window, log in and go available."""
        desk = await cls.at_work(windows, base, login, words)
        await desk.become_available()
        return desk

    @property
    def presence(self) -> Locator:
        """The button that shows the agent's state."""
        return self.page.get_by_role("banner").locator("button.presence")

    async def choose_presence(self, key: str) -> None:
        await self.presence.click()
        await self.button(key, within=self.page.get_by_role("banner").locator(".menu-panel")).click()

    async def become_available(self) -> None:
        """Go available, past the check of alerts if the browser has something to complain of."""
        await self.choose_presence("presence.available")
        shown = self.presence.filter(has_text=self.words("presence.available"))
        check = self.page.get_by_role("dialog")
        await expect(shown.or_(check)).to_be_visible()
        if await check.is_visible():
            await check.locator("footer").get_by_role("button").last.click()
        await expect(shown).to_be_visible()

    @property
    def offers(self) -> Locator:
        """The cards of what rings."""
        return self.page.locator("article[id^=offer-]")

    async def accept(self) -> None:
        """Accept what rings; its conversation opens."""
        await self.button("desk.offer.accept", within=self.offers.first).click()
        await expect(self.conversation).to_be_visible()
        await expect(self.offers).to_have_count(0)

    @property
    def conversation(self) -> Locator:
        """The open conversation."""
        return self.page.locator("section[id^=conversation-]")

    @property
    def thread(self) -> Locator:
        """The messages of the open conversation."""
        return self.page.get_by_role("log", name=self.words("desk.messages"))

    @property
    def said(self) -> Locator:
        """The words of its messages, oldest first, each once."""
        return self.thread.locator(".message .bubble .text")

    @property
    def reply(self) -> Locator:
        """The field for replies."""
        name = re.compile("^" + re.escape(self.words("composer.reply.label", name="")))
        return self.conversation.get_by_role("textbox", name=name)

    @property
    def send(self) -> Locator:
        """The button that sends the reply; another one sends it later."""
        return self.conversation.get_by_role("button", name=self.words("composer.send"), exact=True)

    async def say(self, text: str) -> None:
        """Reply to the customer."""
        await self.reply.fill(text)
        await self.send.click()

    async def end(self) -> None:
        """End the conversation; its wrap-up begins."""
        await self.conversation.get_by_role("button", name=self.words("desk.end"), exact=True).click()
        await expect(self.wrap_up).to_be_visible()

    @property
    def wrap_up(self) -> Locator:
        """The heading of the wrap-up."""
        return self.conversation.get_by_role("heading", name=self.words("desk.wrap_up"))

    async def finish(self, disposition: str | None = None) -> None:
        """Finish the wrap-up; the conversation leaves the desk."""
        if disposition is not None:
            await self.conversation.get_by_label(self.words("desk.wrap_up.disposition")).select_option(disposition)
        await self.button("ui.done", within=self.conversation).click()
        await expect(self.conversation).to_have_count(0)


class Visitor(Person):
    """A customer in the chat."""

    @classmethod
    async def in_chat(cls, windows: Windows, base: str, name: str, words: Words = ENGLISH) -> Self:
        """Open a window and start the chat under a name."""
        visitor = cls(await windows.open(base, locale=words.locale), words)
        await visitor.go("/chat/demo")
        await visitor.start(name)
        return visitor

    async def start(self, name: str) -> None:
        await self.page.get_by_label(self.words("chat.start.name")).fill(name)
        await self.button("chat.start.go").click()
        await expect(self.field).to_be_focused()
        await expect(self.page.get_by_text(self.words("chat.hello"))).to_be_visible()

    @property
    def field(self) -> Locator:
        """Where messages are written."""
        return self.page.get_by_role("textbox", name=self.words("chat.write"))

    async def say(self, text: str) -> None:
        await self.field.fill(text)
        await self.field.press("Enter")

    @property
    def log(self) -> Locator:
        """The conversation: what was said, and the house's own lines."""
        return self.page.get_by_role("log")

    @property
    def said(self) -> Locator:
        """What was said, oldest first, each once; what is not yet sent stands outside."""
        return self.log.locator(".bubble")

    @property
    def status(self) -> Locator:
        """The place in the line."""
        return self.page.locator(".chat-status")


class Board(Staff):
    """A supervisor at the wallboard."""

    async def figure(self, queue: str, metric: str) -> Locator:
        """Return a queue's figure in the column of this heading."""
        columns = self.page.get_by_role("columnheader")
        await expect(columns.first).to_be_visible()
        headings = [text.strip() for text in await columns.all_inner_texts()]
        row = self.page.get_by_role("row").filter(has=self.page.get_by_role("button", name=queue, exact=True))
        # The row's first cell is its heading, which is no figure.
        return row.get_by_role("cell").nth(headings.index(self.words(f"metric.{metric}")) - 1)
