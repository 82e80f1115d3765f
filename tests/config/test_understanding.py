"""[understanding] in the file: what is refused with its line."""

import pytest

from tests.config.files import SMALL, lines, reading


def test_a_function_of_your_own_may_be_named() -> None:
    settings = reading(f'{SMALL}\n[understanding]\nembedding = "tests.classifiers.vectors:marks_of"\n').settings
    assert settings is not None
    assert settings.understanding.embedding == "tests.classifiers.vectors:marks_of"


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("no_such_module:vectors", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("tests.classifiers.vectors:missing", "has no attribute 'missing'"),
        ("tests.classifiers.vectors:MARKS", "it can't be called"),
        ("tests.classifiers.vectors", "AttributeError"),
    ],
)
def test_a_function_that_is_not_there_is_refused(name: str, fault: str) -> None:
    (line,) = lines(f'{SMALL}\n[understanding]\nembedding = "{name}"\n')
    assert f'understanding.embedding: found "{name}" (' in line
    assert fault in line
    assert line.endswith("expected module:function, in a module that this Python can import")


def test_a_language_that_no_text_is_found_in_is_a_warning() -> None:
    found = reading(f'{SMALL}\n[site]\nlanguages = ["de", "yi"]\n')
    assert [(fault.path, fault.found) for fault in found.warnings] == [("site.languages[1]", '"yi"')]
