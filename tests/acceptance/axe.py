"""What axe and a narrow window find wrong with a page in one of its states."""

import hashlib
from pathlib import Path
from typing import Any

from playwright.async_api import Page

FOLDER = Path(__file__).parents[1] / "vendor"
_SCRIPT = FOLDER / "axe-core-4.14.1" / "axe.min.js"
_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# What else axe looks at is the same in both schemes.
_RULES_OF_COLOUR = ["color-contrast", "link-in-text-block"]
_RUN = """
    async (only) => {
      const found = await axe.run(document, { runOnly: only, resultTypes: ["violations"], iframes: false });
      const told = (one, node) => `${one.id}: ${node.target.join(" ")} (${node.failureSummary.replaceAll("\\n", " ")})`;
      // Whoever opened a menu closes it to reach what is beneath.
      const menu = document.querySelector(".menu-panel");
      const beneath = (node) => menu && !menu.contains(document.querySelector(node.target[0]));
      return found.violations.flatMap((one) =>
        one.nodes.filter((node) => one.id !== "target-size" || !beneath(node)).map((node) => told(one, node)));
    }
"""
NARROW = 320
# Tables may scroll by themselves (WCAG 1.4.10), and what ends in an ellipsis may go on behind it.
_OUTSIDE = """
    () => {
      const width = document.documentElement.clientWidth;
      const excused = (element) => {
        for (let one = element; one && one !== document.body; one = one.parentElement) {
          const style = getComputedStyle(one);
          const box = one.getBoundingClientRect();
          if (one !== element && ["auto", "scroll"].includes(style.overflowX)) return true;
          if (style.textOverflow === "ellipsis" && box.right <= width + 1) return true;
          if (style.clipPath !== "none" || style.visibility === "hidden") return true;
        }
        return false;
      };
      const name = (element) => `${element.tagName.toLowerCase()}.${[...element.classList].join(".")}`;
      const found = [...document.body.querySelectorAll("*")].filter((element) => {
        const box = element.getBoundingClientRect();
        // What ends left of the window is parked there.
        const sticksOut = box.right > width + 1 || (box.left < -1 && box.right > 0);
        return box.width > 0 && box.height > 0 && sticksOut && !excused(element);
      }).map((element) => `${name(element)} reaches to ${Math.round(element.getBoundingClientRect().right)}`);
      const whole = document.scrollingElement.scrollWidth;
      return whole > width ? [...found, `the page is ${whole} wide`] : found;
    }
"""


class Inspector:
    """Looks at pages and keeps what is wrong with them."""

    def __init__(self, *, dark: bool) -> None:
        """Make one that looks at colours in the dark scheme too, if `dark`."""
        self._dark = dark
        self._source = _SCRIPT.read_text("utf-8")
        self.faults: list[str] = []

    async def look(self, page: Page, state: str) -> None:
        """Look at a page in this state, in light, in dark and in a narrow window."""
        self._note(state, await self._axe(page, {"type": "tag", "values": _TAGS}))
        if self._dark:
            await page.emulate_media(color_scheme="dark")
            self._note(f"{state}, dark", await self._axe(page, {"type": "rule", "values": _RULES_OF_COLOUR}))
            await page.emulate_media(color_scheme="light")
        size = page.viewport_size
        assert size is not None
        await page.set_viewport_size({"width": NARROW, "height": 640})
        self._note(f"{state}, {NARROW} px", await page.evaluate(_OUTSIDE))
        await page.set_viewport_size(size)

    async def _axe(self, page: Page, only: dict[str, Any]) -> list[str]:
        # Evaluated by the debugger, so the page's policy, which lets no such script in, stays as it is.
        if not await page.evaluate("() => 'axe' in window"):
            await page.evaluate(self._source)
        found: list[str] = await page.evaluate(_RUN, only)
        return found

    def _note(self, state: str, found: list[str]) -> None:
        self.faults += [f"{state}: {one}" for one in found]


def checksum() -> str:
    """Return the SHA-256 of axe as it is here."""
    return hashlib.sha256(_SCRIPT.read_bytes()).hexdigest()
