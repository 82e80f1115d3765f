"""Explanations as the API answers them: codes with their terms, and the same in words."""

from typing import Any

from babel.core import negotiate_locale

from reports.wording.text import LANGUAGES, fails_text, text_of
from web.call import Call
from web.dated import dated
from web.i18n import accepted_languages
from web.payloads import ExplainQuery
from web.problems import invalid


def language_of(call: Call, query: ExplainQuery) -> str:
    """Return the language to explain in: ?language=, else the best of Accept-Language, else English.

    Raises:
        Problem: there are no words in the language that was asked for (422).
    """
    if query.language is not None:
        asked = negotiate_locale([query.language.replace("_", "-")], LANGUAGES, sep="-")
        if asked is None:
            raise invalid("language", f"There are explanations in {', '.join(LANGUAGES)}, not in {query.language!r}.")
        return asked
    return negotiate_locale(accepted_languages(call.request), LANGUAGES, sep="-") or LANGUAGES[0]


async def worded(call: Call, answer: dict[str, Any], language: str) -> dict[str, Any]:
    """Return `answer` with its instants as the API writes them, `text`, and words for what each agent fails."""
    names = await call.staff.names()
    told = dict(dated(answer))
    for line in (*told.get("agents", ()), *told.get("candidates", ()), *told.get("waiting", ())):
        line["text"] = fails_text(line["fails"], language, names)
    told["language"] = language
    text = text_of([*told.get("admission", ()), *told["reasons"]], language, names)
    found = told.get("identified")
    known_by = [f"– {each['text']}" for each in found["evidence"]] if found else []
    if found and known_by:
        text = "\n".join([text_of([_identified(found)], language), *known_by, text])
    told["text"] = text
    return told


def _identified(found: dict[str, Any]) -> dict[str, Any]:
    """Return the reason that begins the list of what the customer was identified by."""
    return {"code": f"identified_{found['strength']}", "terms": {"share": found["probability"]}}
