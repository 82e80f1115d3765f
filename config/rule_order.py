"""Which rules never apply: because of one before them, or by their own conditions."""

from collections.abc import Mapping
from typing import Any

from config.schema import Rule, When

_ANY_OF = ("channel", "medium", "department", "urgency", "sentiment", "language", "segment", "words")
_FIGURES = ("waiting", "longest_wait", "expected_wait", "staffed", "free")
_NOTHING = When()


def set_keys(when: When) -> frozenset[str]:
    """Return the keys of the conditions in `when`; none: it always holds."""
    return frozenset(key for key in when.__struct_fields__ if getattr(when, key) != getattr(_NOTHING, key))


def leaves_nothing(earlier: Rule, later: Rule, media: Mapping[str, str]) -> bool:
    """Tell whether `earlier` applies wherever the conditions of `later` hold; `media` are those of the channels.

    It errs on the safe side: words are compared as they are written, and queues as they are named.
    """
    if not set_keys(earlier.when) - {"medium", "confidence", "queue", "hours_of"} <= set_keys(later.when):
        return False
    one, other = earlier.when, later.when
    return (
        all(_is_among(key, one, other, media) for key in _ANY_OF)
        and _label(one, other)
        and (one.automatic is None or one.automatic == other.automatic)
        and all(set(other.attributes.get(key, ())) <= set(values) for key, values in one.attributes.items())
        and all(key in other.attributes for key in one.attributes)
        and _hours(earlier, later)
        and _figures(earlier, later)
    )


def _is_among(key: str, one: When, other: When, media: Mapping[str, str]) -> bool:
    """Tell whether all that `other` asks for by `key` is among what `one` asks for."""
    wanted, given = getattr(one, key), getattr(other, key)
    if key == "medium" and not given:
        given = tuple(media.get(channel, "") for channel in other.channel)
    return not wanted or (bool(given) and set(given) <= set(wanted))


def _label(one: When, other: When) -> bool:
    if not one.label:
        return True
    return bool(other.label) and set(other.label) <= set(one.label) and one.confidence <= other.confidence


def _hours(earlier: Rule, later: Rule) -> bool:
    one, other = earlier.when, later.when
    if not one.hours:
        return True
    return bool(other.hours) and set(other.hours) <= set(one.hours) and _table(earlier) == _table(later)


def _table(rule: Rule) -> tuple[str, str | None]:
    when = rule.when
    return ("hours", when.hours_of) if when.hours_of is not None else ("queue", when.queue or rule.then.queue)


def _figures(earlier: Rule, later: Rule) -> bool:
    one, other = earlier.when, later.when
    about_same = (one.queue or earlier.then.queue) == (other.queue or later.then.queue)
    for figure in _FIGURES:
        least, most = _bounds(one, figure)
        own_least, own_most = _bounds(other, figure)
        asked = least is not None or most is not None
        if asked and not about_same:
            return False
        if least is not None and (own_least is None or own_least < least):
            return False
        if most is not None and (own_most is None or own_most > most):
            return False
    return True


def _bounds(when: When, figure: str) -> tuple[Any, Any]:
    return getattr(when, f"{figure}_min"), getattr(when, f"{figure}_max", None)


def impossible(when: When) -> str | None:
    """Return the key of a lower bound that is above its upper one, or None."""
    for figure in _FIGURES:
        least, most = _bounds(when, figure)
        if least is not None and most is not None and least > most:
            return f"{figure}_min"
    return None
