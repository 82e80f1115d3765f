"""Settings of `[identification]`: how the site recognises who writes."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from config.kinds import NUMBER, Country, File, HttpsUrl, Name, NumberPattern, Span, Variable
from customers.evidence import Strength
from customers.numbers import Check
from vocabulary.instants import DAY, MINUTE, SECOND

Question = Literal["customer_number", "order_number", "details", "nothing"]


class NumberTable(msgspec.Struct, frozen=True):
    """A kind of number that you give out. Written short: the pattern alone."""

    pattern: Annotated[NumberPattern, Meta(description="How such a number looks, as a regular expression.")]
    check: Annotated[
        Check | None,
        Meta(
            description="How its check digits are counted: `luhn`, `mod97` (two at the end, as in an IBAN), `ean`. "
            "Left out: it has none.",
            examples=["luhn"],
        ),
    ] = None


class Crm(msgspec.Struct, frozen=True):
    """A system that knows your customers and is asked over HTTP."""

    url: Annotated[
        HttpsUrl, Meta(description="Address that is asked with POST (docs/how-to/know-who-writes.md has the protocol).")
    ]
    timeout: Annotated[
        Span, Meta(description="Longer it is not waited for.", ge=SECOND // 20, le=10 * SECOND, examples=["1s"])
    ] = SECOND
    password_env: Annotated[
        Variable | None,
        Meta(
            description="Environment variable with the secret that goes along as a bearer token.",
            examples=["CENTRALA_CRM_TOKEN"],
        ),
    ] = None
    password_file: Annotated[
        File | None, Meta(description="File of mode 0600 whose first line is that secret.", examples=["crm.secret"])
    ] = None
    cache: Annotated[Span, Meta(description="An answer is remembered so long.", le=DAY)] = 10 * MINUTE
    failures_max: Annotated[
        int, Meta(description="After so many failures in a row it is not asked for a while ...", ge=1, le=1000)
    ] = 5
    pause: Annotated[Span, Meta(description="... which is this long.", ge=SECOND, le=DAY)] = 30 * SECOND


class Identification(msgspec.Struct, frozen=True):
    """Who writes."""

    numbers: Annotated[
        dict[Name, Annotated[NumberTable, Meta(extra={"shorthand": NUMBER})]],
        Meta(
            description="Kinds of numbers that are looked for in texts, and how they look. `customer` and `order` are "
            "known by these names.",
            examples=[{"customer": r"K-\d{6}", "order": {"pattern": r"\d{10}", "check": "luhn"}}],
        ),
    ] = {}
    region: Annotated[
        Country | None, Meta(description="Country of phone numbers without a prefix.", examples=["PL"])
    ] = None
    merge: Annotated[
        Literal["suggest", "automatic"],
        Meta(
            description="Customers who seem to be one person are suggested to agents, or merged at once where the "
            "evidence is enough. It never is where only an address that anybody can write speaks for it."
        ),
    ] = "suggest"
    merge_from: Annotated[Strength, Meta(description="For `automatic`: how strong the evidence must be.")] = "strong"
    ask: Annotated[
        Question,
        Meta(
            description="What is asked of a customer who isn't known for sure, while he waits: his `customer_number`, "
            "an `order_number`, or `details` (name, postcode, date of birth). Queues may ask something else."
        ),
    ] = "nothing"
    crm: Annotated[Crm | None, Meta(description="A system that is asked who it is.")] = None
