"""The page and the catalogue have what the endpoint reads and says."""

import json
import re
from pathlib import Path

import pytest

from channels.callback.fields import KEPT, TRAP

_WEB = Path(__file__).parents[3] / "web"
_FAULTS = [
    *(f"form.{why}" for why in ("busy", "old", "too_often", "trap", "refused")),
    *(f"phone.{why}" for why in ("empty", "not_a_number", "too_short", "too_long", "not_possible", "extension")),
    *(f"phone.{why}" for why in ("premium", "emergency", "country", "too_often")),
    *("name.empty", "name.too_long", "topic.too_long", "message.too_long", "consent.missing"),
    *("slot.gone", "slot.missing"),
]


def test_the_page_sends_the_fields_that_are_read() -> None:
    page = (_WEB / "templates" / "callback.html").read_text(encoding="utf-8")
    names = set(re.findall(r'<(?:input|textarea|select)[^>]*? name="(\w+)"', page))
    assert names == {*KEPT, "token"}
    assert "name=\"{{ trap | default('" + TRAP + "') }}\"" in page


@pytest.mark.parametrize("language", ["en", "pl"])
def test_every_fault_has_its_text(language: str) -> None:
    catalogue = json.loads((_WEB / "static" / "locales" / f"{language}.json").read_text(encoding="utf-8"))
    assert [fault for fault in _FAULTS if not catalogue.get(f"callback.error.{fault}")] == []
