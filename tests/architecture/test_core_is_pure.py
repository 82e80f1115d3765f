"""The core does no I/O, reads no clock, draws no lots: so a replay gives what the day gave."""

from pathlib import Path

import pytest

from tests.architecture.ladder import ROOT
from tests.architecture.purity import faults_of

_PURE = ("vocabulary", "agents", "customers", "queues", "router", "reports", "autoresponders")
# The parts of `autoresponders` that talk to the world. What is not named here decides, and is held to the rule.
_AUTORESPONDERS_EDGE = {"letters", "knowledge", "scheduling", "templates"}


def _modules(package: str) -> list[Path]:
    found = sorted((ROOT / package).rglob("*.py"))
    if package != "autoresponders":
        return found
    inside = {path: path.relative_to(ROOT / package).parts[0].removesuffix(".py") for path in found}
    return [path for path in found if inside[path] not in _AUTORESPONDERS_EDGE]


@pytest.mark.parametrize("package", _PURE)
def test_core_depends_on_its_arguments_only(package: str) -> None:
    faults = [
        f"{path.relative_to(ROOT)}:{fault}" for path in _modules(package) for fault in faults_of(path.read_text())
    ]
    assert faults == []


def test_what_decides_to_answer_does_not_see_the_edge_of_its_package() -> None:
    edge = tuple(f"autoresponders.{name}" for name in sorted(_AUTORESPONDERS_EDGE))
    seen = [str(path) for path in _modules("autoresponders") if any(name in path.read_text() for name in edge)]
    assert seen == []


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("import time", "1: imports time"),
        ("def late():\n    from random import choice", "2: imports random"),
        ("import os.path", "1: imports os.path"),
        ("open('x')", "1: open() does I/O"),
        ("print(1)", "1: print() does I/O"),
        ("datetime.now(UTC)", "1: datetime.now() reads the clock: take `now` as an argument"),
        ("datetime.date.today()", "1: date.today() reads the clock: take `now` as an argument"),
        ("datetime.fromtimestamp(1)", "1: datetime.fromtimestamp() without a zone takes the machine's"),
        ("hash('x')", "1: hash() differs from process to process for text (PYTHONHASHSEED)"),
        ("def f():\n    global seen", "2: global seen: state belongs into State"),
        ("for x in {1, 2}: pass", "1: goes through a set: its order differs from process to process, sort it"),
        ("[x for x in set(y)]", "1: goes through a set: its order differs from process to process, sort it"),
        ("(*frozenset(y),)", "1: goes through a set: its order differs from process to process, sort it"),
        ("tuple(a.keys() - b)", "1: tuple() of a set: its order differs from process to process, sort it"),
        ("','.join({x for x in y})", "1: join() of a set: its order differs from process to process, sort it"),
    ],
)
def test_check_sees_what_would_make_a_replay_differ(source: str, fault: str) -> None:
    assert faults_of(source) == [fault]


@pytest.mark.parametrize(
    "source",
    [
        "from datetime import datetime, UTC\nday = datetime.fromtimestamp(1, UTC)",
        "for x in sorted(set(y)): pass",
        "known = {x for x in set(y)}",
        "class A:\n    def __hash__(self):\n        return hash(self.name)",
        "left = a - b\nlist(a - 1)",
        "now = clock.now",
    ],
)
def test_check_lets_pass_what_a_replay_repeats(source: str) -> None:
    assert faults_of(source) == []
