"""HTML of strangers: made safe to show, and turned into text."""

import html
import re
import textwrap
from collections import Counter
from typing import Any

import msgspec
import nh3

from channels.email.display import clean_text

HTML_MAX = 256 * 1024
"""Characters of HTML that we look at; mail readers fold a mail at less than half of that."""
_DEPTH_MAX = 200
_CELLS_MAX = 10_000

_TAGS = {
    "a", "abbr", "address", "b", "big", "blockquote", "br", "caption", "center", "cite", "code", "col", "colgroup",
    "dd", "del", "dfn", "div", "dl", "dt", "em", "font", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins",
    "kbd", "li", "ol", "p", "pre", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "table",
    "tbody", "td", "tfoot", "th", "thead", "tr", "tt", "u", "ul", "var",
}  # fmt: skip
_SIZED = {"width", "height", "align"}
_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "title", "width", "height"},
    "table": {"border", "cellpadding", "cellspacing", *_SIZED},
    "td": {"colspan", "rowspan", "valign", *_SIZED},
    "th": {"colspan", "rowspan", "valign", *_SIZED},
    "ol": {"start", "type"},
    "*": {"dir", "lang", "style"},
}
# Looks that stay within their own box: nothing that moves, covers, hides or loads.
_STYLES = {
    "background-color", "border", "border-bottom", "border-collapse", "border-color", "border-left", "border-radius",
    "border-right", "border-spacing", "border-style", "border-top", "border-width", "color", "font", "font-family",
    "font-size", "font-style", "font-weight", "height", "letter-spacing", "line-height", "list-style-type",
    "max-width", "padding", "padding-bottom", "padding-left", "padding-right", "padding-top", "text-align",
    "text-decoration", "text-indent", "text-transform", "vertical-align", "white-space", "width", "word-break",
}  # fmt: skip
# Values that could name something to load, and escapes that could hide such a name.
_UNSAFE_STYLE = re.compile(
    r"[\\@<>]|/\*|\b(?:url|image|image-set|cross-fade|element|expression|attr|var|env)\s*\(", re.IGNORECASE
)
_STYLE_MAX = 1_000
_WITH_CONTENT = {"script", "style", "title", "head", "template", "noscript", "iframe", "object", "svg", "math"}
_REMOTE = re.compile(r"https?://[^/\\\s]", re.IGNORECASE)
_SAFE_LINK = re.compile(r"(?:https?://[^/\\\s]|mailto:|tel:)", re.IGNORECASE)

# Tags that hold nothing or that the next of their kind closes: they don't add to the depth of a tree.
_FLAT = frozenset("area base br col embed hr img input link meta source track wbr p li td th tr dt dd option".split())
_CELL = re.compile(r"<t[dh]\b", re.IGNORECASE)
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,20})")
# What is never closed is hidden to the end: a pattern that went back to look again would cost the square of the length.
_HIDDEN = re.compile(r"<(script|style|head|title)\b.*?(?:</\1\s*>|\Z)|<!--.*?(?:-->|\Z)", re.DOTALL | re.IGNORECASE)
_LONG_TAG = re.compile(r"<[a-zA-Z][^<>]{2000,}")
_QUOTED_VALUE = re.compile(r"\"[^\"]*\"|'[^']*'")
_BETWEEN = re.compile(r"[\s/]+")
_ATTRIBUTES_MAX = 300
# Programs indent with it, too: then it has no line at its side.
_INDENT = re.compile(
    r"border(?:-style|-left|-width)?\s*:\s*(?:none|0)|margin\s*:\s*0\S*\s+0\S*\s+0\S*\s+40px", re.IGNORECASE
)
_UNSEEN = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_ANY_TAG = re.compile(r"<[^<>]*>")
_BREAKING = re.compile(r"<(?:br|/p|/div|/tr|/li|/h[1-6]|/blockquote)\b[^<>]*>", re.IGNORECASE)
_BLANK_LINES = re.compile(r"\n[ \t]*(?:\n[ \t]*)+\n")


def is_bomb(markup: str) -> bool:
    """Tell whether `markup` is made to keep its reader busy: no person writes such depth, or such tags.

    100,000 nested `<div>` (500 kB) cost the sanitiser 23 s, 50,000 attributes of one tag more than 8.
    """
    if _is_too_deep(markup) or sum(1 for _ in _CELL.finditer(markup)) > _CELLS_MAX:
        return True
    return any(len(_BETWEEN.findall(_QUOTED_VALUE.sub("", tag))) > _ATTRIBUTES_MAX for tag in _LONG_TAG.findall(markup))


def _is_too_deep(markup: str) -> bool:
    # A tag counts as closed only by its own end.
    opened: Counter[str] = Counter()
    depth = 0
    for slash, name in _TAG.findall(markup):
        tag = name.lower()
        if tag in _FLAT:
            continue
        if not slash:
            opened[tag] += 1
            depth += 1
            if depth > _DEPTH_MAX:
                return True
        elif opened[tag]:
            opened[tag] -= 1
            depth -= 1
    return False


class Markup(msgspec.Struct, frozen=True):
    """HTML that is safe to show, and whether it wanted pictures from elsewhere, left out or not."""

    html: str
    remote_images: bool


def sanitised(markup: str, *, remote_images: bool = False) -> Markup:
    """Return `markup` with our tags and looks only; links open elsewhere.

    Nothing is loaded from outside unless `remote_images` says so: without it pictures keep their place only if they
    came with the mail (`cid:`), for fetching others tells their sender who reads him, when and where.
    """
    wanted = False

    def kept(tag: str, name: str, value: str) -> str | None:
        nonlocal wanted
        plain = clean_text(value).strip()
        if name == "src":
            is_remote = _REMOTE.match(plain) is not None
            wanted |= is_remote
            return plain if plain.lower().startswith("cid:") or (is_remote and remote_images) else None
        if name == "href":
            # A link without its own site ("//evil", "/path", "\\evil") would lead wherever it is shown.
            return plain if _SAFE_LINK.match(plain) else None
        if name == "style":
            return None if len(plain) > _STYLE_MAX or _UNSAFE_STYLE.search(plain) else plain
        return plain

    html_ = nh3.clean(
        markup,
        tags=_TAGS,
        clean_content_tags=_WITH_CONTENT,
        attributes=_ATTRIBUTES,
        attribute_filter=kept,
        filter_style_properties=_STYLES,
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
        url_schemes={"http", "https", "mailto", "tel", "cid"},
    )
    return Markup(html_, wanted)


def text_of(markup: str) -> str:
    """Return the readable text of `markup`."""
    if is_bomb(markup):
        return _stripped(markup)
    try:
        text = _rendered(markup)
    except (ValueError, AssertionError, RecursionError, KeyError, IndexError, AttributeError, TypeError):
        text = ""  # inscriptis reads what it doesn't expect with little care
    text = clean_text(text)
    return _dedented(_BLANK_LINES.sub("\n\n", text).strip("\n")) if text.strip() else _stripped(markup)


def _rendered(markup: str) -> str:
    # Loads lxml, which mails without HTML don't need.
    from inscriptis.html_engine import Inscriptis
    from lxml.etree import ParserError
    from lxml.html import document_fromstring

    try:
        tree = document_fromstring(markup)
    except ParserError:
        return ""
    quotes = [quote for quote in tree.iter("blockquote") if not _INDENT.search(quote.get("style", ""))]
    for element in tree.iterfind(".//*[@style]"):
        # Of looks only what is hidden matters; 3,000 margins of 99,999 em would take 300 MB as spaces.
        element.set("style", "display:none" if _UNSEEN.search(element.get("style")) else "")
    inside = set(quotes)
    # Found before the first is changed: what it holds is cut off from it then.
    for quote in [quote for quote in quotes if inside.isdisjoint(quote.iterancestors("blockquote"))]:
        _mark_quote(quote)
    return str(Inscriptis(tree).get_text())


def _mark_quote(quote: Any) -> None:
    """Put ">" before the lines of a quote, as plain text has it: nothing else tells it from an answer below it."""
    from inscriptis.html_engine import Inscriptis

    tail, quote.tail = quote.tail, None
    lines = clean_text(str(Inscriptis(quote).get_text())).strip("\n").split("\n")
    for child in list(quote):
        quote.remove(child)
    quote.tag = "pre"
    quote.text = "\n".join(f"> {line}".rstrip() for line in lines)
    quote.tail = tail


def _dedented(text: str) -> str:
    """Return `text`, each paragraph moved to the left margin: how deep it sat in tables tells a reader nothing."""
    return "\n\n".join(textwrap.dedent(paragraph) for paragraph in text.split("\n\n"))


def _stripped(markup: str) -> str:
    """Return `markup` without its tags: less beautiful than a reader's work, but it costs one pass."""
    broken = _BREAKING.sub("\n", _HIDDEN.sub("", markup))
    return _BLANK_LINES.sub("\n\n", clean_text(html.unescape(_ANY_TAG.sub("", broken)))).strip()
