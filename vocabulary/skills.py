"""Skills and requirements (semantics.md sections 1 and 5)."""

import re

import msgspec

from vocabulary.instants import Span

LEVEL_MIN, LEVEL_MAX = 1, 10
_REQUIREMENT = re.compile(r"\s*([^\s<>=]+)\s*(?:>=\s*(\d+))?\s*")


class Requirement(msgspec.Struct, frozen=True, gc=False, order=True):
    """What an agent must hold: `skill` at `level` or above. It may expire `expires_after` ms after the leg began."""

    skill: str
    level: int = LEVEL_MIN
    expires_after: Span | None = None

    def __str__(self) -> str:
        return f"{self.skill}>={self.level}"

    def met_by(self, skills: dict[str, int]) -> bool:
        """Tell whether somebody with `skills` (name to level) holds this."""
        return skills.get(self.skill, 0) >= self.level


def requirement_of(text: str) -> Requirement:
    """Return the requirement that `text` says: "billing>=3", or "lang:pl" for any level.

    Raises:
        ValueError: not of that form, or the level is not 1-10.
    """
    match = _REQUIREMENT.fullmatch(text)
    if match is None:
        raise ValueError(f'{text!r} is no requirement: write a skill and a least level, such as "billing>=3"')
    level = int(match[2] or LEVEL_MIN)
    if not LEVEL_MIN <= level <= LEVEL_MAX:
        raise ValueError(f"{text!r}: the level must be from {LEVEL_MIN} to {LEVEL_MAX}")
    return Requirement(match[1], level)
