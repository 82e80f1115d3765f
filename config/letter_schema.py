"""Letters: the tables `[letters.NAME]`, what stands around the words of a mail."""

from typing import Annotated

import msgspec
from msgspec import Meta

from config.kinds import File, Language, Text


class LetterTable(msgspec.Struct, frozen=True):
    """What stands around the words of a mail. The letter `default` is for queues that name no other.

    Texts are templates (Jinja2): values, conditions and filters. They may name `agent` (empty in automatic mail),
    `site`, `queue`, `number`, `customer`, `address` (of the mailbox) and `language`; `text` and `html` also `body`,
    `signature` and `quoted`.
    """

    signature: Annotated[
        dict[Language, Text],
        Meta(
            description="Signature by language.",
            examples=[{"en": "{{ agent }}\n{{ site }}", "pl": "Pozdrawiamy\n{{ agent }}"}],
        ),
    ] = {}
    text: Annotated[
        dict[Language, Text],
        Meta(
            description="The whole of a plain text by language.",
            examples=[{"en": "{{ body }}\n\n-- \n{{ signature }}"}],
        ),
    ] = {}
    html: Annotated[
        dict[Language, Text],
        Meta(
            description="The whole of an HTML mail by language.",
            examples=[{"en": "<html><body>{{ body }}<hr>{{ signature }}</body></html>"}],
        ),
    ] = {}
    folder: Annotated[
        File | None,
        Meta(
            description="Folder with the same as files: signature.en.txt, text.en.txt, html.en.html and so on.",
            examples=["letters"],
        ),
    ] = None
    quote: Annotated[bool, Meta(description="The customer's latest mail stands below an agent's answer.")] = False
