"""Random rows of every kind, made from the types of their fields."""

import types
from typing import Any, Literal, get_args, get_origin

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


def _values(of: Any) -> st.SearchStrategy[Any]:
    if of in _SIMPLE:
        return _SIMPLE[of]
    if get_origin(of) is Literal:
        return st.sampled_from(get_args(of))
    assert isinstance(of, types.UnionType), of
    return st.one_of(*(_values(part) for part in get_args(of)))
