"""Every TOML block of the documentation is a part of a configuration that start-up would take."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from config.loader import check
from config.reference import toml
from tests.channels.email.keys import rsa_pem, written
from tests.docs.pages import ROOT, Block, blocks, name_of, pages

_BLOCKS = [
    block for page in pages() for block in blocks(page, "toml") if name_of(page) != "docs/reference/configuration.md"
]

_REST: dict[str, Any] = {
    "site": {"languages": ["en", "pl", "lt", "hu", "ru"]},
    "queues": {name: {} for name in ("billing", "sales", "support", "orders", "questions")},
    "channels": {"support-mail": {"medium": "email", "address": "support@example.org"}},
    "skills": {name: name for name in ("billing", "sales", "support", "orders", "retention")},
    "autoresponses": [{"name": "received", "kind": "acknowledge"}],
}
"""What fragments may refer to."""


@pytest.mark.parametrize("block", _BLOCKS, ids=lambda block: block.place)
def test_configuration_is_taken(block: Block, tmp_path: Path, importable: Path) -> None:
    given = tomllib.loads(block.text)
    whole = {name: _joined(rest, given.get(name)) for name, rest in _REST.items()} | {
        name: value for name, value in given.items() if name not in _REST
    }
    last = {"name": "everything else", "then": {"queue": "support"}}
    rules = [rule for rule in given.get("rules", []) if rule.get("when")]
    whole["rules"] = [*rules, next((rule for rule in given.get("rules", []) if not rule.get("when")), last)]
    for secret in re.findall(r'(?:password|client_secret|refresh_token)_file = "([^"]+)"', block.text):
        (tmp_path / secret).touch(0o600)
        (tmp_path / secret).write_text("secret", "utf-8")
    for key in re.findall(r'key_file = "([^"]+)"', block.text):
        written(rsa_pem(), tmp_path).rename(tmp_path / key)
    for module in re.findall(r'embedding = "(\w+):', block.text):
        page = ROOT / block.place.partition(":")[0]
        (importable / f"{module}.py").write_text("".join(each.text for each in blocks(page, "python")), "utf-8")
    file = tmp_path / "centrala.toml"
    file.write_text("".join(f"{name} = {toml(value)}\n" for name, value in whole.items()), "utf-8")
    assert [str(fault) for fault in check(file) if fault.severity == "fault"] == []


def _joined(rest: Any, given: Any) -> Any:
    if given is None:
        return rest
    return [*given, *(each for each in rest if each not in given)] if isinstance(given, list) else {**rest, **given}
