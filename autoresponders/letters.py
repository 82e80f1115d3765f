"""Letters: what stands around the words of a mail, as text and as HTML, by queue and language."""

from collections.abc import Mapping
from typing import Literal

import msgspec
from markupsafe import Markup

from autoresponders.templates import Template

Part = Literal["signature", "text", "html"]
PARTS: tuple[Part, ...] = ("signature", "text", "html")
_FACTS = ("agent", "site", "queue", "number", "customer", "address", "language")
VARIABLES: Mapping[Part, frozenset[str]] = {
    "signature": frozenset(_FACTS),
    "text": frozenset({*_FACTS, "body", "signature", "quoted"}),
    "html": frozenset({*_FACTS, "body", "signature", "quoted"}),
}
"""What each part of a letter may name. `agent` is empty in automatic mail, `quoted` where nothing is quoted."""

_SIGNATURE = "{% if agent %}{{ agent }}\n{% endif %}{{ site }}"
_TEXT = "{{ body }}{% if signature %}\n\n-- \n{{ signature }}{% endif %}{% if quoted %}\n\n{{ quoted }}{% endif %}"
_HTML = """\
<!DOCTYPE html>
<html lang="{{ language }}">
<head><meta charset="utf-8"></head>
<body style="font-family: sans-serif; font-size: 15px; line-height: 1.45">
{{ body }}{% if signature %}
<p style="color: #595959; margin-top: 1.5em">{{ signature }}</p>{% endif %}{% if quoted %}
<blockquote style="border-left: 2px solid #999; margin: 1.5em 0 0; padding-left: 1em">{{ quoted }}</blockquote>
{% endif %}
</body>
</html>"""

_USUAL: Mapping[Part, str] = {"signature": _SIGNATURE, "text": _TEXT, "html": _HTML}


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """What a mail says: `text`, and the same as HTML that is safe already. `quoted` is the customer's, as text."""

    text: str
    html: str
    quoted: str = ""


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What letters may name beside the words."""

    agent: str = ""
    site: str = ""
    queue: str = ""
    number: str = ""
    customer: str = ""
    address: str = ""
    language: str = "en"


class Letter:
    """The parts of one letter by language; what a language lacks is taken from the first one that has it."""

    def __init__(self, sources: Mapping[Part, Mapping[str, str]] | None = None, *, quote: bool = False) -> None:
        """Take the texts of the configuration; parts that it leaves out are those that come with Centrala.

        Raises:
            TemplateFault: one of them can't be used.
        """
        given = sources or {}
        self.quote = quote
        self._parts: dict[Part, dict[str, Template]] = {}
        for part in PARTS:
            named = given.get(part) or {"": _USUAL[part]}
            self._parts[part] = {
                language: Template(source, VARIABLES[part], html=part == "html") for language, source in named.items()
            }

    def render(self, words: Words, facts: Facts) -> tuple[str, str]:
        """Return the mail's text and its HTML."""
        values = msgspec.structs.asdict(facts)
        signature = self._part("signature", facts.language).render(values).strip()
        text = self._part("text", facts.language).render(
            {**values, "body": words.text.strip("\n"), "signature": signature, "quoted": words.quoted}
        )
        html = self._part("html", facts.language).render(
            {
                **values,
                "body": Markup(words.html),  # noqa: S704 -- made safe where it was made
                "signature": _lines(signature),
                "quoted": _lines(words.quoted),
            }
        )
        return text.strip("\n") + "\n", html

    def _part(self, part: Part, language: str) -> Template:
        templates = self._parts[part]
        return templates.get(language) or next(iter(templates.values()))


def _lines(text: str) -> Markup:
    """Return plain text as HTML with its line breaks; web addresses and the like stay as they are."""
    return Markup("<br>\n").join(text.splitlines())
