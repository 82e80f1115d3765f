"""What a language has to offer: a sentence for every code, and the words that go into its holes."""

from collections.abc import Callable, Mapping

import msgspec

Forms = str | Mapping[str, str]
"""A sentence, or its plural forms by `count`: "one", "few", "many", "other" (CLDR), or "=0", "=1" for that number."""


class Catalogue(msgspec.Struct, frozen=True, kw_only=True):
    """The words of one language.

    `sentences` have holes such as `{queue}`, filled as `reports.wording.text` says. `fails`, `conditions`, `signals`,
    `changes` and `terms` are phrases that stand behind a colon or in a list. `deliveries` are sentences for
    why a mail did not go or arrive, `evidence` for what somebody was known by, with the hole `{shown}`. `units`: day,
    hour, minute, second.
    `plural` returns the form that goes with a number. `percent` has the hole `{n}`.
    """

    sentences: Mapping[str, Forms]
    fails: Mapping[str, str]
    conditions: Mapping[str, str]
    signals: Mapping[str, str]
    changes: Mapping[str, str]
    terms: Mapping[str, str]
    presences: Mapping[str, str]
    media: Mapping[str, str]
    strategies: Mapping[str, str]
    clocks: Mapping[str, str]
    deliveries: Mapping[str, str]
    questions: Mapping[str, str]
    evidence: Mapping[str, str]
    units: tuple[str, str, str, str]
    percent: str
    plural: Callable[[int], str]
