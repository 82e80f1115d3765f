"""One model of the shipped examples for all tests here: training takes a second."""

import pytest

from classifiers.examples import shipped_answers, shipped_rows
from classifiers.model import Model
from classifiers.training import train


@pytest.fixture(scope="session")
def shipped() -> Model:
    rows = shipped_rows()
    return train(rows, reject=True, further=shipped_answers(rows))
