"""Dependencies, lock files and licences say the same."""

import hashlib
import os
import re
from typing import NamedTuple

import pytest

from tests.architecture.ladder import PACKAGES, PYPROJECT, ROOT

_NAME = re.compile(r"[A-Za-z0-9._-]+")
# "name==1.2" or "name==1.2 ; python_version < '3.12'", at the start of a line, then its hashes.
_LOCKED = re.compile(r"([a-z0-9._-]+)==([^\s;\\]+)[^\n]*\n((?: {4}--hash=sha256:[0-9a-f]{64}[ \\]*\n)*)")
_IMPORTS_AIOIMAPLIB = re.compile(r"^\s*(?:import|from) aioimaplib\b", re.MULTILINE)
_VENDORED = ROOT / "web" / "static" / "vendor"


class _Lock(NamedTuple):
    """What one lock file holds."""

    versions: set[tuple[str, str]]
    without_hash: list[str]

    @property
    def names(self) -> set[str]:
        """The locked packages."""
        return {name for name, _version in self.versions}


def _lock(file: str) -> _Lock:
    found = _LOCKED.findall((ROOT / file).read_text())
    return _Lock(
        versions={(name, version) for name, version, _hashes in found},
        without_hash=[name for name, _version, hashes in found if not hashes],
    )


def _names(requirements: list[str]) -> set[str]:
    """Return the normalised names of `requirements` ("Babel>=2.17" gives "babel")."""
    names = (match[0] for line in requirements if (match := _NAME.match(line)))
    return {re.sub(r"[-_.]+", "-", name).lower() for name in names}


RUNTIME = _names(PYPROJECT["project"]["dependencies"])
EXTRAS = {name: _names(lines) for name, lines in PYPROJECT["project"]["optional-dependencies"].items()}
BUILD = _names(PYPROJECT["build-system"]["requires"])


def test_each_dependency_has_its_line_in_the_decision_and_no_line_is_left_over() -> None:
    decision = (ROOT / "docs/decisions/0002-dependencies.md").read_text()
    explained = [name.lower() for name in re.findall(r"^\| `([^`]+)` \| \S", decision, re.MULTILINE)]
    assert sorted(explained) == sorted(RUNTIME.union(BUILD, *EXTRAS.values()))


@pytest.mark.parametrize(
    ("file", "needed"),
    [
        ("requirements.txt", RUNTIME),
        ("requirements-test.txt", RUNTIME | EXTRAS["test"]),
        ("requirements-build.txt", BUILD),
    ],
)
def test_lock_file_holds_each_dependency_with_its_hashes(file: str, needed: set[str]) -> None:
    lock = _lock(file)
    assert needed - lock.names == set()
    assert lock.without_hash == []


def test_tests_run_with_the_versions_that_are_shipped() -> None:
    assert _lock("requirements.txt").versions - _lock("requirements-test.txt").versions == set()


def test_each_file_of_the_product_is_of_a_kind_that_is_installed() -> None:
    patterns = PYPROJECT["tool"]["setuptools"]["package-data"]["*"]
    kinds = {pattern.removeprefix("**/*") for pattern in patterns} | {".py"}
    files = (path for package in PACKAGES for path in (ROOT / package).rglob("*") if path.is_file())
    left_out = [str(path.relative_to(ROOT)) for path in files if path.suffix not in {*kinds, ".pyc"}]
    assert left_out == []


def test_each_vendored_module_has_its_licence_and_its_line_in_the_notice() -> None:
    notice = (ROOT / "NOTICE").read_text().split()
    folders = {path.parent for path in _VENDORED.rglob("*.js")}
    assert {path.name for path in folders} == {path.name for path in _VENDORED.iterdir() if path.is_dir()}
    assert [path.name for path in folders if path.name not in notice] == []
    assert [path.name for path in folders if not (path / "LICENSE.txt").is_file()] == []


def test_each_vendored_module_is_the_file_whose_origin_is_noted() -> None:
    noted = set(re.findall(r"`([0-9a-f]{64})`", (_VENDORED / "README.md").read_text()))
    assert noted == {hashlib.sha256(path.read_bytes()).hexdigest() for path in _VENDORED.rglob("*.js")}


def test_one_module_alone_imports_the_client_under_another_licence() -> None:
    """aioimaplib is GPL-3.0-only: NOTICE says where it is used, and what would have to be replaced."""
    files = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    users = [str(path.relative_to(ROOT)) for path in files if _IMPORTS_AIOIMAPLIB.search(path.read_text())]
    assert users in ([], ["channels/email/imap_protocol.py"])


def test_the_index_of_decisions_lists_each_record() -> None:
    folder = ROOT / "docs/decisions"
    listed = re.findall(r"\((\d{4}-[a-z0-9-]+\.md)\)", (folder / "README.md").read_text())
    assert listed == sorted(path.name for path in folder.glob("[0-9]*.md"))


def test_ci_can_be_run() -> None:
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
