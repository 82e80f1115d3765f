"""One model of the shipped examples for all tests here."""

import pytest

from classifiers.artifact import from_bytes
from classifiers.model import Model
from tests.trained import trained


@pytest.fixture(scope="session")
def shipped() -> Model:
    return from_bytes(trained().content)
