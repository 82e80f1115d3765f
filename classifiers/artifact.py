"""Model files: one line with version and checksum, then an npz archive of arrays and JSON. Data only, never pickle."""

import hashlib
import io
import json
import os
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from classifiers.embedding import Embedding
from classifiers.features import features_of
from classifiers.head import SIGNS, Guard, Head, Mix, Odds
from classifiers.model import LABEL, Model
from classifiers.nets import Nets
from vocabulary.errors import PermanentFailure

SCHEMA = 4
FILE_BYTES_MAX = 512 * 1024 * 1024
_UNPACKED_BYTES_MAX = 2 * 1024 * 1024 * 1024
_HEADER_BYTES_MAX = 200
_HEADER = re.compile(rb"centrala-model (\d{1,4}) sha256:([0-9a-f]{64})\n")
_BLOCKS = ("words", "chars", "stems", "concepts")
_BACKGROUND = "background"
"""There only where the model knows something beside texts."""
_NET_ARRAYS = ("entry", "step", "entry_bias", "exit", "exit_bias")


class _OddsAbout(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    weights: list[float]
    bias: float


class _GuardAbout(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    odds: _OddsAbout
    threshold: float


class _HeadAbout(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The part of a head that is no array; `promises` has None where a precision can't be promised."""

    name: str
    labels: list[str]
    linear: float
    temperature: float
    trust: _OddsAbout
    guard: _GuardAbout | None
    promises: list[tuple[float, float | None]]
    nets: int


class _EmbeddingAbout(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    dimensions: int


class _About(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The part of a model that is no array."""

    heads: list[_HeadAbout]
    rows: int
    fingerprint: str
    report: dict[str, Any]
    embedding: _EmbeddingAbout | None = None


class Unusable(PermanentFailure):
    """A model is sound, but can't work here."""


class OtherEmbedding(Unusable):
    """A model was trained with vectors that are not those to be had here."""


class OtherSchema(Unusable):
    """Another version of Centrala wrote a model."""


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


def load(path: Path, embedding: Embedding | None = None) -> Model:
    """Return the model that `save` wrote to `path`.

    Args:
        path: of the file.
        embedding: the site's; a model that was trained without any doesn't ask it.

    Raises:
        OtherEmbedding: it was trained with another embedding.
        OtherSchema: another version of Centrala wrote it.
        PermanentFailure: there is none, or it is damaged.
    """
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise PermanentFailure(f"{path}: larger than {FILE_BYTES_MAX >> 20} MB: that is no model")
        content = path.read_bytes()
    except OSError as error:
        raise PermanentFailure(f"{path}: the model can't be read ({error}): train one with `model train`") from error
    try:
        return from_bytes(content, embedding)
    except OtherEmbedding as error:
        raise OtherEmbedding(f"{path}: {error}") from error
    except PermanentFailure as error:
        raise type(error)(f"{path}: {error}: train it anew with `model train`") from error


def to_bytes(model: Model) -> bytes:
    """Return `model` as a model file; equal models give equal bytes."""
    archive = io.BytesIO()
    blocks = zip(_BLOCKS, model.features.blocks, strict=True)
    arrays: dict[str, Any] = {name: _packed("\n".join(block.rows)) for name, block in blocks}
    arrays["rarity"] = model.features.blocks[0].rarity.astype(np.float32)
    arrays["about"] = _packed(json.dumps(msgspec.to_builtins(_about(model)), ensure_ascii=False))
    background = _packed("\n".join(model.features.background.rows))
    if background.size:
        arrays[_BACKGROUND] = background
    for place, head in enumerate(model.heads.values()):
        arrays |= {f"{name}.{place}": array for name, array in _arrays_of(head).items()}
    np.savez_compressed(archive, **arrays)
    payload = archive.getvalue()
    return f"centrala-model {SCHEMA} sha256:{hashlib.sha256(payload).hexdigest()}\n".encode() + payload


def from_bytes(content: bytes, embedding: Embedding | None = None) -> Model:
    """Return the model in a model file, checked before use; `embedding` as for `load`.

    Raises:
        OtherEmbedding: it was trained with another embedding.
        OtherSchema: another version of Centrala wrote it.
        PermanentFailure: `content` is no model file, is damaged, or contradicts itself.
    """
    header = _HEADER.match(content[:_HEADER_BYTES_MAX])
    if header is None:
        raise PermanentFailure("no model file of Centrala")
    if int(header[1]) != SCHEMA:
        raise OtherSchema(f"model of schema {int(header[1])}, this version reads schema {SCHEMA}")
    payload = content[header.end() :]
    if hashlib.sha256(payload).hexdigest().encode() != header[2]:
        raise PermanentFailure("the checksum differs: the model is damaged or was cut short")
    # The checksum tells damage, not intent: whatever a file claims is checked all the same.
    try:
        return _model(_unpacked(payload), embedding)
    except (ValueError, KeyError, TypeError, OSError, EOFError, MemoryError, zipfile.BadZipFile) as error:
        raise PermanentFailure(f"the model contradicts itself ({error})") from error


def _arrays_of(head: Head) -> dict[str, NDArray[Any]]:
    arrays: dict[str, NDArray[Any]] = {"weights": head.weights, "bias": head.bias}
    if head.nets is not None:
        arrays |= {name: getattr(head.nets, name) for name in _NET_ARRAYS}
    return arrays


def _about(model: Model) -> _About:
    heads = [_head_about(name, head) for name, head in model.heads.items()]
    used = model.features.embedding
    embedding = None if used is None else _EmbeddingAbout(used.name, used.dimensions)
    return _About(heads, model.rows, model.fingerprint, dict(model.report), embedding)


def _head_about(name: str, head: Head) -> _HeadAbout:
    promises = [(precision, level if np.isfinite(level) else None) for precision, level in head.promises.items()]
    guard = None if head.guard is None else _GuardAbout(_odds_about(head.guard.odds), head.guard.threshold)
    return _HeadAbout(
        name, list(head.labels), head.mix.linear, head.mix.temperature, _odds_about(head.trust), guard, promises,
        0 if head.nets is None else len(head.nets.exit),
    )  # fmt: skip


def _odds_about(odds: Odds) -> _OddsAbout:
    return _OddsAbout(odds.weights.tolist(), odds.bias)


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
        return {name: arrays[name] for name in arrays.files}


def _model(arrays: Mapping[str, NDArray[np.generic]], embedding: Embedding | None) -> Model:
    about = msgspec.json.decode(_text(arrays["about"].view(np.uint8)), type=_About)
    expected = {"rarity", "about", *_BLOCKS} | ({_BACKGROUND} & set(arrays))
    for place, head in enumerate(about.heads):
        expected |= {f"{name}.{place}" for name in ("weights", "bias", *(_NET_ARRAYS if head.nets else ()))}
    _check(set(arrays) == expected, f"arrays {sorted(arrays)}, expected {sorted(expected)}")
    nothing = _packed("")
    terms = [_lines(arrays.get(name, nothing).view(np.uint8)) for name in (*_BLOCKS, _BACKGROUND)]
    size = sum(len(names) for names in terms)
    _check(all(len(set(names)) == len(names) for names in terms), "a term stands there twice")
    _check(re.fullmatch("[0-9a-f]{64}", about.fingerprint) is not None, f'fingerprint "{about.fingerprint}"')
    used = _used(about.embedding, embedding)
    features = features_of(terms, _floats(arrays["rarity"], "rarity", (size,)), used)
    size += 0 if used is None else used.dimensions
    heads = {head.name: _head(arrays, place, head, size) for place, head in enumerate(about.heads)}
    _check(len(heads) == len(about.heads) and LABEL in heads, f"heads {[head.name for head in about.heads]}")
    return Model(features, heads, about.rows, about.fingerprint, about.report)


def _used(about: _EmbeddingAbout | None, embedding: Embedding | None) -> Embedding | None:
    """Return the embedding that the model needs, if that is the one to be had."""
    if about is None:
        return None
    if embedding is None or (embedding.name, embedding.dimensions) != (about.name, about.dimensions):
        here = "there is none" if embedding is None else f'it is "{embedding.name}" ({embedding.dimensions} dimensions)'
        raise OtherEmbedding(
            f'trained with the embedding "{about.name}" ({about.dimensions} dimensions), and here {here}: '
            "name that one, or train anew"
        )
    return embedding


def _head(arrays: Mapping[str, NDArray[np.generic]], place: int, about: _HeadAbout, size: int) -> Head:
    columns = arrays[f"bias.{place}"].size
    _check(2 <= len(about.labels) <= columns <= len(about.labels) + 1, f"{len(about.labels)} labels, {columns} columns")
    _check(len(set(about.labels)) == len(about.labels), "a label stands there twice")
    _check(0 < about.temperature < float("inf"), f"temperature {about.temperature}")
    _check(0 <= about.linear <= 1, f"linear share {about.linear}")
    return Head(
        tuple(about.labels),
        _floats(arrays[f"weights.{place}"], "weights", (size, columns)),
        _floats(arrays[f"bias.{place}"], "bias", (columns,)),
        _nets(arrays, place, about.nets, size, columns) if about.nets else None,
        Mix(about.linear, about.temperature),
        _odds(about.trust),
        None if about.guard is None else Guard(_odds(about.guard.odds), about.guard.threshold),
        {precision: float("inf") if level is None else level for precision, level in about.promises},
    )


def _nets(arrays: Mapping[str, NDArray[np.generic]], place: int, count: int, size: int, columns: int) -> Nets:
    entry = arrays[f"entry.{place}"]
    _check(entry.dtype == np.int8 and entry.ndim == 2, f"entry is {entry.dtype} {entry.shape}, not int8")
    width = entry.shape[1]
    _check(entry.shape == (size, width) and width % count == 0, f"entry is {entry.shape} for {count} networks")
    return Nets(
        entry.astype(np.int8, copy=False),
        _floats(arrays[f"step.{place}"], "step", (size, count)),
        _floats(arrays[f"entry_bias.{place}"], "entry_bias", (width,)),
        _floats(arrays[f"exit.{place}"], "exit", (count, width // count, columns)),
        _floats(arrays[f"exit_bias.{place}"], "exit_bias", (count, columns)),
    )


def _odds(about: _OddsAbout) -> Odds:
    weights = np.array(about.weights, dtype=np.float64)
    _check(weights.shape == (SIGNS,), f"{len(weights)} weights of signs, expected {SIGNS}")
    return Odds(weights, about.bias)


def _floats(array: NDArray[np.generic], name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    _check(array.dtype == np.float32 and array.shape == shape, f"{name} is {array.dtype} {array.shape}, not {shape}")
    numbers = array.astype(np.float32, copy=False)
    _check(bool(np.isfinite(numbers).all()), f"{name} holds a value that is no finite number")
    return numbers


def _check(holds: bool, fault: str) -> None:
    if not holds:
        raise ValueError(fault)
