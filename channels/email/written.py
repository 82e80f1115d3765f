"""What an agent writes, as HTML: a little Markdown that reads well as plain text too, and pictures among the words.

Headings by underlining, code by indentation, raw HTML and pictures from elsewhere are not taken: what people write by
accident must come out as they wrote it.
"""

import re
from collections.abc import Collection, MutableMapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from channels.email.markup import sanitised

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_RULES = (
    "autolink", "backticks", "blockquote", "emphasis", "escape", "fence", "heading", "hr", "image", "link", "list",
    "newline",
)  # fmt: skip
_BARE_LINK = re.compile(r"(?<![\w<\"'/\[])(?<!\]\()https?://[^\s<>\"'`\\]*[^\s<>\"'`\\.,;:!?)\]*_]")
PICTURE = re.compile(r"!\[([^\]\n]{0,200})\]\(cid:([A-Za-z0-9.@_-]{1,200})\)")
"""A picture among the words: `![its name](cid:the id of its file)`."""


def html_of(text: str, pictures: Collection[str] = ()) -> str:
    """Return `text` as safe HTML; `pictures` are the Content-IDs of the files that come with it."""
    linked = _BARE_LINK.sub(lambda found: f"<{found[0]}>", text.replace("\r\n", "\n"))
    kept = PICTURE.sub(lambda found: found[0] if found[2] in pictures else found[1], linked)
    return sanitised(_markdown().render(kept)).html


def plain_of(text: str) -> str:
    """Return `text` with the names of its pictures in their places."""
    return PICTURE.sub(lambda found: f"[{found[1]}]", text)


@cache
def _markdown() -> "MarkdownIt":
    from markdown_it import MarkdownIt  # loads for a while, and most processes never write a mail

    parser = MarkdownIt("zero", {"breaks": True, "html": False, "maxNesting": 20}).enable(list(_RULES))
    parser.add_render_rule("image", _picture)
    return parser


def _picture(self: Any, tokens: Sequence["Token"], at: int, options: Any, env: MutableMapping[str, Any]) -> str:
    """Return a picture of the mail's own; of any other only what it is called."""
    token = tokens[at]
    if not str(token.attrs.get("src", "")).startswith("cid:"):
        return str(self.renderInlineAsText(token.children or [], options, env))
    return str(self.image(tokens, at, options, env))
