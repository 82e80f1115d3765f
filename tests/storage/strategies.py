"""Random rows of every kind, made from the types of their fields."""

import types
from collections.abc import Mapping
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from hypothesis import strategies as st

_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
_NUMBERS = st.integers(-(2**63), 2**63 - 1)
_JSON = (
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | _TEXT
)
_SIMPLE: dict[Any, st.SearchStrategy[Any]] = {
    str: _TEXT,
    int: _NUMBERS,
    bool: st.booleans(),
    float: st.floats(allow_nan=False),
    bytes: st.binary(max_size=40),
    type(None): st.none(),
    dict[str, Any]: st.dictionaries(_TEXT, _JSON | st.lists(_JSON, max_size=3), max_size=3),
    tuple[str, ...]: st.lists(_TEXT, max_size=4).map(tuple),
}
# Counters are ordinary integers in the tables (32 bits on some databases).
_SMALL = {"attempts", "status"}


def rows(kind: type[msgspec.Struct], **fixed: Any) -> st.SearchStrategy[Any]:
    """Return rows of `kind` with random fields, but for those in `fixed`."""
    given = {
        field.name: st.just(fixed[field.name])
        if field.name in fixed
        else st.integers(0, 2**31 - 1)
        if field.name in _SMALL
        else _values(field.type)
        for field in msgspec.structs.fields(kind)
    }
    return st.builds(kind, **given)


def structs(kind: type[msgspec.Struct]) -> st.SearchStrategy[Any]:
    """Return values of `kind` with random fields, whatever is nested in them."""
    hints = get_type_hints(kind)
    return st.builds(kind, **{field.name: _values(hints[field.name]) for field in msgspec.structs.fields(kind)})


def _values(of: Any) -> st.SearchStrategy[Any]:
    if of in _SIMPLE:
        return _SIMPLE[of]
    origin, parts = get_origin(of), get_args(of)
    if origin is Literal:
        return st.sampled_from(parts)
    if origin is tuple and parts[1:] == (...,):
        return st.lists(_values(parts[0]), max_size=2).map(tuple)
    if origin is tuple:
        return st.tuples(*(_values(part) for part in parts))
    if origin in (dict, Mapping):
        return st.dictionaries(_values(parts[0]), _values(parts[1]), max_size=2)
    if isinstance(of, type) and issubclass(of, msgspec.Struct):
        return st.deferred(lambda: structs(of))
    assert origin in (types.UnionType, Union), of
    return st.one_of(*(_values(part) for part in parts))
