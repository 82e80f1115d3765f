"""The ladder of packages as pyproject.toml states it."""

import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGES: list[str] = PYPROJECT["tool"]["importlinter"]["root_packages"]


def contract(name: str) -> dict[str, Any]:
    """Return the import-linter contract called `name`."""
    (found,) = (each for each in PYPROJECT["tool"]["importlinter"]["contracts"] if each["name"] == name)
    return dict(found)


def rows() -> list[list[str]]:
    """Return the ladder from the top down, the packages of a row together; optional ones without their brackets."""
    layers = contract("Imports point down the ladder, neighbours in a row do not see each other")["layers"]
    return [[name.strip(" ()") for name in layer.split("|")] for layer in layers]


if __name__ == "__main__":
    print(*PACKAGES, sep="\n")  # noqa: T201 - .ci/run asks for the product's folders
