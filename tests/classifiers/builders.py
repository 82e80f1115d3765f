"""Small sets of labelled texts."""

from classifiers.examples import Row

_THINGS = {
    "fruit": ("apple", "pear", "plum", "cherry", "banana", "quince", "peach", "grape"),
    "tool": ("hammer", "saw", "drill", "wrench", "pliers", "chisel", "file", "vice"),
    "bird": ("sparrow", "raven", "stork", "eagle", "gull", "heron", "finch", "owl"),
}
_FRAMES = ("I saw a {0} and a {1}", "is the {0} like a {1}", "one {0}, one {1} please", "{0} or {1}?")


def small_rows(*labels: str) -> list[Row]:
    """Return 32 short texts for each of `labels` ("fruit", "tool", "bird"; all of them by default)."""
    return [
        (frame.format(thing, _THINGS[label][(place + step) % 8]), label)
        for label in labels or tuple(_THINGS)
        for place, thing in enumerate(_THINGS[label])
        for step, frame in enumerate(_FRAMES, 1)
    ]


def outside_rows() -> list[Row]:
    """Return 24 texts that are about none of these."""
    topics = ("tax", "weather", "music", "chess", "football", "history", "algebra", "poetry")
    return [
        (frame.format(topic), "oos") for topic in topics for frame in ("tell me about {}", "why {}?", "{} bores me")
    ]
