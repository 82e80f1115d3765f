"""Who imports whom: import-linter's contracts, and that no package escapes them."""

from collections.abc import Iterable
from pathlib import Path

import pytest
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

from tests.architecture.ladder import PACKAGES, PYPROJECT, ROOT, contract, rows

# Python that is not part of the product, and what tools leave behind.
_OUTSIDE_THE_LADDER = {"benchmarks", "build", "dist", "docs", "tests"}


def _folders_with_python() -> set[str]:
    folders = [each for each in ROOT.iterdir() if each.is_dir() and each.name[0] != "."]
    return {folder.name for folder in folders if any(folder.rglob("*.py"))} - _OUTSIDE_THE_LADDER


def test_every_import_keeps_the_contracts(capsys: pytest.CaptureFixture[str]) -> None:
    status = lint_imports(str(ROOT / "pyproject.toml"), no_logo=True)
    assert status == EXIT_STATUS_SUCCESS, capsys.readouterr().out


def test_every_package_is_checked() -> None:
    unchecked = _folders_with_python() - set(PACKAGES)
    assert not unchecked, f"give {sorted(unchecked)} a place: root_packages and the contracts in pyproject.toml"


def test_every_package_stands_in_one_row_of_the_ladder() -> None:
    placed = sorted(name for row in rows() for name in row)
    assert placed == sorted({*PACKAGES, "simulation"})


def test_every_package_is_installed() -> None:
    installed = {pattern.rstrip("*") for pattern in PYPROJECT["tool"]["setuptools"]["packages"]["find"]["include"]}
    assert installed == {*PACKAGES, "simulation"}


def test_no_package_escapes_the_contracts_that_name_their_sources() -> None:
    everyone = set(PACKAGES)
    assert set(contract("Only app reads the configuration")["source_modules"]) == everyone - {"app", "config"}
    assert set(contract("The product does not know its tests and benchmarks")["source_modules"]) == everyone
    assert set(contract("No cycles inside a package")["ancestors"]) == everyone


def test_every_folder_with_python_is_a_package() -> None:
    """A folder without `__init__.py` would be left out of the wheel and of the contracts."""
    folders = {path.parent for name in PACKAGES for path in (ROOT / name).rglob("*.py")}
    assert _relative(folder for folder in folders if not (folder / "__init__.py").exists()) == []


def _relative(paths: Iterable[Path]) -> list[str]:
    return sorted(str(path.relative_to(ROOT)) for path in paths)
