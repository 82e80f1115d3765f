"""Model files: one line with version and checksum, then an npz archive of arrays and JSON. Data only, never pickle."""

import hashlib
import io
import json
import os
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from classifiers.features import features_of
from classifiers.model import GUARD_TERMS, Guard, Model
from vocabulary.errors import PermanentFailure

SCHEMA = 1
FILE_BYTES_MAX = 512 * 1024 * 1024
_UNPACKED_BYTES_MAX = 2 * 1024 * 1024 * 1024
_HEADER_BYTES_MAX = 200
_HEADER = re.compile(rb"centrala-model (\d{1,4}) sha256:([0-9a-f]{64})\n")
_BLOCKS = ("words", "chars", "concepts")
_ARRAYS = {*_BLOCKS, "rarity", "weights", "bias", "about"}


class _GuardAbout(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    weights: list[float]
    bias: float
    threshold: float
    graded: bool


class _About(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The part of a model that is no array; `promises` has None where a precision can't be promised."""

    labels: list[str]
    temperature: float
    guard: _GuardAbout | None
    promises: list[tuple[float, float | None]]
    rows: int
    cv_accuracy: float


def save(model: Model, path: Path) -> int:
    """Write `model` to `path` and return its size in bytes. Whoever reads meanwhile sees the old file or the new one.

    Raises:
        PermanentFailure: it can't be written there.
    """
    content = to_bytes(model)
    half = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        half.write_bytes(content)
        half.replace(path)
    except OSError as error:
        half.unlink(missing_ok=True)
        raise PermanentFailure(f"{path}: the model can't be written ({error})") from error
    return len(content)


def load(path: Path) -> Model:
    """Return the model that `save` wrote to `path`.

    Raises:
        PermanentFailure: there is none, it is damaged, or another version of Centrala wrote it.
    """
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise PermanentFailure(f"{path}: larger than {FILE_BYTES_MAX >> 20} MB: that is no model")
        content = path.read_bytes()
    except OSError as error:
        raise PermanentFailure(f"{path}: the model can't be read ({error}): train one with `model train`") from error
    try:
        return from_bytes(content)
    except PermanentFailure as error:
        raise PermanentFailure(f"{path}: {error}: train it anew with `model train`") from error


def to_bytes(model: Model) -> bytes:
    """Return `model` as a model file; equal models give equal bytes."""
    archive = io.BytesIO()
    words, chars, concepts = (_packed("\n".join(block.rows)) for block in model.features.blocks)
    np.savez_compressed(
        archive,
        words=words,
        chars=chars,
        concepts=concepts,
        rarity=model.features.blocks[0].rarity.astype(np.float32),
        weights=model.weights,
        bias=model.bias,
        about=_packed(json.dumps(msgspec.to_builtins(_about(model)), ensure_ascii=False)),
    )
    payload = archive.getvalue()
    return f"centrala-model {SCHEMA} sha256:{hashlib.sha256(payload).hexdigest()}\n".encode() + payload


def from_bytes(content: bytes) -> Model:
    """Return the model in a model file, checked before use.

    Raises:
        PermanentFailure: `content` is no model file, is damaged, of another schema, or contradicts itself.
    """
    header = _HEADER.match(content[:_HEADER_BYTES_MAX])
    if header is None:
        raise PermanentFailure("no model file of Centrala")
    if int(header[1]) != SCHEMA:
        raise PermanentFailure(f"model of schema {int(header[1])}, this version reads schema {SCHEMA}")
    payload = content[header.end() :]
    if hashlib.sha256(payload).hexdigest().encode() != header[2]:
        raise PermanentFailure("the checksum differs: the model is damaged or was cut short")
    # The checksum tells damage, not intent: whatever a file claims is checked all the same.
    try:
        return _model(_unpacked(payload))
    except (ValueError, KeyError, TypeError, OSError, EOFError, MemoryError, zipfile.BadZipFile) as error:
        raise PermanentFailure(f"the model contradicts itself ({error})") from error


def _about(model: Model) -> _About:
    guard = None if model.guard is None else _guard_about(model.guard)
    promises = [(precision, level if np.isfinite(level) else None) for precision, level in model.promises.items()]
    return _About(list(model.labels), model.temperature, guard, promises, model.rows, model.cv_accuracy)


def _guard_about(guard: Guard) -> _GuardAbout:
    return _GuardAbout(guard.weights.tolist(), guard.bias, guard.threshold, guard.graded)


def _packed(text: str) -> NDArray[np.uint8]:
    return np.frombuffer(text.encode(), dtype=np.uint8)


def _text(array: NDArray[np.uint8]) -> str:
    return array.astype(np.uint8, casting="no").tobytes().decode()


def _lines(array: NDArray[np.uint8]) -> list[str]:
    text = _text(array)
    return text.split("\n") if text else []


def _unpacked(payload: bytes) -> Mapping[str, NDArray[np.generic]]:
    with zipfile.ZipFile(io.BytesIO(payload)) as archive:
        size = sum(member.file_size for member in archive.infolist())
    if size > _UNPACKED_BYTES_MAX:
        raise ValueError(f"{size} bytes unpacked, at most {_UNPACKED_BYTES_MAX} expected")
    with np.load(io.BytesIO(payload), allow_pickle=False) as arrays:
        if set(arrays.files) != _ARRAYS:
            raise ValueError(f"arrays {sorted(arrays.files)}, expected {sorted(_ARRAYS)}")
        return {name: arrays[name] for name in _ARRAYS}


def _model(arrays: Mapping[str, NDArray[np.generic]]) -> Model:
    about = msgspec.json.decode(_text(arrays["about"].view(np.uint8)), type=_About)
    terms = [_lines(arrays[name].view(np.uint8)) for name in _BLOCKS]
    size, columns = sum(len(names) for names in terms), arrays["bias"].size
    rarity, weights = _numbers(arrays, "rarity", (size,)), _numbers(arrays, "weights", (size, columns))
    bias = _numbers(arrays, "bias", (columns,))
    _check(all(len(set(names)) == len(names) for names in terms), "a term stands there twice")
    _check(2 <= len(about.labels) <= columns <= len(about.labels) + 1, f"{len(about.labels)} labels, {columns} columns")
    _check(len(set(about.labels)) == len(about.labels), "a label stands there twice")
    _check(about.temperature > 0, f"temperature {about.temperature}")
    promises = {precision: float("inf") if level is None else level for precision, level in about.promises}
    return Model(
        tuple(about.labels), features_of(terms, rarity), weights, bias, about.temperature,
        None if about.guard is None else _guard(about.guard), promises, about.rows, about.cv_accuracy,
    )  # fmt: skip


def _guard(about: _GuardAbout) -> Guard:
    weights = np.array(about.weights, dtype=np.float64)
    _check(weights.shape == (GUARD_TERMS,), f"{len(weights)} weights of the guard, expected {GUARD_TERMS}")
    return Guard(weights, about.bias, about.threshold, about.graded)


def _numbers(arrays: Mapping[str, NDArray[np.generic]], name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    array = arrays[name]
    _check(array.dtype == np.float32 and array.shape == shape, f"{name} is {array.dtype} {array.shape}, not {shape}")
    numbers = array.astype(np.float32, copy=False)
    _check(bool(np.isfinite(numbers).all()), f"{name} holds a value that is no finite number")
    return numbers


def _check(holds: bool, fault: str) -> None:
    if not holds:
        raise ValueError(fault)
