"""Model files: what is saved comes back, what is damaged is refused."""

import hashlib
import io
import secrets
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from classifiers.artifact import from_bytes, load, save, to_bytes
from classifiers.examples import shipped_rows
from classifiers.model import Model
from classifiers.training import train
from tests.classifiers.builders import outside_rows, small_rows
from vocabulary.errors import PermanentFailure


@pytest.fixture(scope="module")
def content() -> bytes:
    return to_bytes(train(small_rows() + outside_rows()))


@cache
def _small() -> bytes:
    return to_bytes(train(small_rows()))


def _sealed(**changes: object) -> bytes:
    """Return a model file with a right checksum in which some arrays are replaced (None: left out)."""
    header, payload = _small().split(b"\n", 1)
    with np.load(io.BytesIO(payload)) as stored:
        arrays: dict[str, Any] = {name: stored[name] for name in stored.files} | changes
    archive = io.BytesIO()
    np.savez(archive, **{name: value for name, value in arrays.items() if value is not None})
    digest = hashlib.sha256(archive.getvalue()).hexdigest()
    return header.split(b"sha256:")[0] + f"sha256:{digest}\n".encode() + archive.getvalue()


def test_a_loaded_model_answers_as_the_trained_one(shipped: Model, tmp_path: Path) -> None:
    size = save(shipped, tmp_path / "model")
    loaded = load(tmp_path / "model")
    assert size == (tmp_path / "model").stat().st_size < 40_000_000
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    texts = [text for text, _ in shipped_rows()][::20]
    assert [loaded.predict(text) for text in texts] == [shipped.predict(text) for text in texts]
    assert to_bytes(loaded) == to_bytes(shipped)


def test_a_flipped_bit_is_refused(content: bytes) -> None:
    seed = secrets.randbits(32)
    draw = np.random.default_rng(seed)
    for _ in range(200):
        damaged = bytearray(content)
        damaged[draw.integers(len(content))] ^= 1 << int(draw.integers(8))
        assert _refused(bytes(damaged)), f"seed {seed}: a damaged model was loaded"


def _refused(content: bytes) -> bool:
    try:
        from_bytes(content)
    except PermanentFailure:
        return True
    return False


@pytest.mark.parametrize("kept", [0, 1, 50, 90, 1_000])
def test_a_file_cut_short_is_refused(content: bytes, kept: int) -> None:
    with pytest.raises(PermanentFailure, match=r"no model file|checksum"):
        from_bytes(content[:kept])


def test_another_schema_is_refused_by_its_number(content: bytes) -> None:
    with pytest.raises(PermanentFailure, match="schema 7, this version reads schema 4"):
        from_bytes(content.replace(b"centrala-model 4 ", b"centrala-model 7 ", 1))


@pytest.mark.parametrize(
    "changes",
    [
        {"weights.0": None},
        {"more": np.zeros(3)},
        {"weights.0": np.zeros((2, 2), np.float32)},
        {"weights.0": np.array([object()], dtype=object)},
        {"bias.0": np.array([np.nan, 0, 0], np.float32)},
        {"bias.0": np.zeros(9, np.float32)},
        {"entry.0": None},
        {"entry.0": np.zeros((3, 3), np.int8)},
        {"step.0": None},
        {"step.0": np.array([[np.inf]], np.float32)},
        {"exit.0": np.zeros((1, 2, 3), np.float32)},
        {"exit_bias.0": np.zeros((1, 3), np.float64)},
        {"rarity": np.zeros(3, np.int64)},
        {"words": np.zeros(3, np.float64)},
        {"words": np.frombuffer(b"a\na", np.uint8)},
        {"about": np.frombuffer(b"{}", np.uint8)},
        {"about": np.frombuffer(b'{"labels": [', np.uint8)},
    ],
    ids=str,
)
def test_a_file_that_contradicts_itself_is_refused_though_its_checksum_is_right(changes: dict[str, object]) -> None:
    with pytest.raises(PermanentFailure, match="contradicts itself"):
        from_bytes(_sealed(**changes))


def test_a_failure_names_the_file_and_the_way_out(tmp_path: Path) -> None:
    path = tmp_path / "model"
    with pytest.raises(PermanentFailure, match=r"model: the model can't be read .*train one"):
        load(path)
    path.write_bytes(b"\x80\x04\x95pickle")
    with pytest.raises(PermanentFailure, match=r"model: no model file of Centrala: train it anew"):
        load(path)


def test_what_cannot_be_written_is_refused_and_leaves_nothing_behind(shipped: Model, tmp_path: Path) -> None:
    with pytest.raises(PermanentFailure, match="can't be written"):
        save(shipped, tmp_path / "no" / "model")
    assert list(tmp_path.iterdir()) == []
