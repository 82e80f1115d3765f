"""A formatted letter at the desk: its own pictures are there, those of others only when the agent wants them."""

from pathlib import Path

import pytest
from playwright.async_api import Route, expect

from tests.acceptance.house import House
from tests.acceptance.mails import letter, send
from tests.acceptance.pages import Desk
from tests.acceptance.windows import Windows

TRACKER = "https://tracker.example/pixel.png"
PICTURE = Path(__file__).parents[2] / "docs" / "images" / "desk.png"


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.needs_server("chromium")
async def test_pictures_of_others_are_fetched_only_when_the_agent_says_so(house: House, windows: Windows) -> None:
    question = letter(
        '"boss@bank.example" <celia@customers.example>',
        "With pictures",
        "See the pictures.",
        Reply_To="other@customers.example",
    )
    question.add_alternative(
        f'<p style="color: #a00; font-size: 20px">See <img src="cid:own" width="40"> and <img src="{TRACKER}"></p>'
        "<script>document.title = 'taken over'</script>",
        subtype="html",
    )
    formatted = question.get_payload(1)
    formatted.add_related(PICTURE.read_bytes(), "image", "png", cid="<own>")  # type: ignore[union-attr]  # it is a part
    anna = await Desk.at_work(windows, house.base, "anna")
    await anna.become_available()
    fetched: list[str] = []

    async def from_outside(route: Route) -> None:
        fetched.append(route.request.url)
        await route.fulfill(body=PICTURE.read_bytes(), content_type="image/png")

    await anna.window.context.route(f"{TRACKER}*", from_outside)
    await send(house.site.mail_port, question)
    await expect(anna.offers).to_contain_text("With pictures")
    await anna.accept()
    await expect(anna.thread.get_by_text("celia@customers.example")).to_be_visible()
    await expect(anna.thread.get_by_text(anna.words("mark.name-is-another-address"))).to_be_visible()
    await expect(anna.thread.get_by_text(anna.words("mark.reply-to-differs"))).to_be_visible()

    await anna.button("email.as_html").click()
    page = anna.page.frame_locator("iframe.letter-frame")
    pictures = page.locator("img")
    await expect(page.get_by_text("See")).to_have_css("color", "rgb(170, 0, 0)")
    await expect(pictures).to_have_count(2)
    await expect(pictures.first).to_have_js_property("complete", value=True)
    assert await pictures.first.evaluate("(picture) => picture.naturalWidth") > 0
    assert await pictures.last.get_attribute("src") is None
    assert fetched == []

    await anna.button("email.images.show").click()
    await expect(pictures.last).to_have_attribute("src", TRACKER)
    await expect(pictures.last).to_have_js_property("complete", value=True)
    assert await pictures.last.evaluate("(picture) => picture.naturalWidth") > 0
    assert fetched == [TRACKER]
    await expect(anna.button("email.images.show")).to_have_count(0)
