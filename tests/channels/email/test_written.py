"""What an agent writes becomes HTML that says the same and can do nothing."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.email.markup import sanitised, text_of
from channels.email.written import html_of, plain_of


def tokens(html: str) -> list[str]:
    """Return tags, attributes and words; two attributes may change places."""
    return sorted(re.findall(r'[\w-]+="[^"]*"|</?\w+|[^\s<>]+', html))


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("One\ntwo\n\nthree", "<p>One<br>\ntwo</p>\n<p>three</p>"),
        ("**bold** *thin* `code`", "<p><strong>bold</strong> <em>thin</em> <code>code</code></p>"),
        ("* a\n* b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        ("> said", "<blockquote>\n<p>said</p>\n</blockquote>"),
        ("#5 is mine, 2 * 3 * 4, a_b_c", "<p>#5 is mine, 2 * 3 * 4, a_b_c</p>"),
        ("Title\n---\nx", "<p>Title</p>\n<hr>\n<p>x</p>"),
        ("    indented", "<p>indented</p>"),
        ("a < b & c > d", "<p>a &lt; b &amp; c &gt; d</p>"),
        ("<b>not bold</b>", "<p>&lt;b&gt;not bold&lt;/b&gt;</p>"),
    ],
)
def test_a_little_markdown_is_taken(text: str, html: str) -> None:
    assert html_of(text).strip() == html


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("See https://shop.example/a_b?x=1&y=2.", "https://shop.example/a_b?x=1&amp;y=2"),
        ("(https://shop.example/a)", "https://shop.example/a"),
        ("[here](https://shop.example/a)", "https://shop.example/a"),
    ],
)
def test_web_addresses_become_links(text: str, link: str) -> None:
    assert html_of(text).count("<a ") == 1
    assert f'href="{link}"' in html_of(text)


def test_pictures_of_the_mail_are_shown_and_others_are_named() -> None:
    text = "![Screen](cid:u-1@desk) ![Evil](https://evil.example/x.png) ![Gone](cid:u-2@desk)"
    assert html_of(text, {"u-1@desk"}).strip() == '<p><img src="cid:u-1@desk" alt="Screen"> Evil Gone</p>'
    assert plain_of(text) == "[Screen] ![Evil](https://evil.example/x.png) [Gone]"


@pytest.mark.parametrize(
    "text",
    [
        "[x](javascript:alert(1))",
        "<img src=x onerror=alert(1)>",
        '<https://x.example/"onmouseover=alert(1)>',
        "![x](data:image/svg+xml;base64,PHN2Zz4=)",
        "[x](//evil.example)",
        "```<script>\nalert(1)\n```",
    ],
)
def test_nothing_in_it_can_do_anything(text: str) -> None:
    html = html_of(text)
    assert tokens(sanitised(html).html) == tokens(html)
    assert "<script" not in html
    assert "javascript:" not in html or "href" not in html
    assert "<img" not in html


@settings(deadline=None)
@given(st.text(max_size=400))
def test_any_text_is_safe_and_loses_no_word(text: str) -> None:
    html = html_of(text)
    assert tokens(sanitised(html).html) == tokens(html)
    letters = [sign for sign in text if sign.isalpha() and sign.isascii()]
    kept = [sign for sign in text_of(html) if sign.isalpha() and sign.isascii()]
    if not set(text) & set("[]()!<>&`\\"):
        assert kept == letters
