"""Skills, requirements and preferences (semantics.md sections 1 and 5)."""

import re
from collections.abc import Collection, Mapping

import msgspec

from vocabulary.instants import Span

LEVEL_MIN, LEVEL_MAX = 1, 10
GROUP = "group:"
_REQUIREMENT = re.compile(r"\s*([^\s<>=]+)\s*(?:>=\s*(\d+))?\s*")


class Requirement(msgspec.Struct, frozen=True, gc=False, order=True, omit_defaults=True):
    """What an agent must hold: `skill` at `level` or above. It may expire `expires_after` ms after the leg began.

    `weight` counts where the strategy is `best_skill`.
    """

    skill: str
    level: int = LEVEL_MIN
    expires_after: Span | None = None
    weight: int = 1

    def __str__(self) -> str:
        return f"{self.skill}>={self.level}"

    def met_by(self, skills: Mapping[str, int]) -> bool:
        """Tell whether somebody with `skills` (name to level) holds this."""
        return skills.get(self.skill, 0) >= self.level

    @property
    def lasting(self) -> "Requirement":
        """The same without what doesn't decide who meets it."""
        if self.expires_after is None and self.weight == 1:
            return self
        return Requirement(self.skill, self.level)


class Preference(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Who is rather taken, never who may be: members of `group`, or holders of `skill` at `level` or above."""

    group: str | None = None
    skill: str | None = None
    level: int = LEVEL_MIN
    weight: int = 1

    def __str__(self) -> str:
        return f"{GROUP}{self.group}" if self.group is not None else f"{self.skill}>={self.level}"

    def met_by(self, skills: Mapping[str, int], groups: Collection[str]) -> bool:
        """Tell whether an agent with `skills` in `groups` is one of those preferred."""
        if self.group is not None:
            return self.group in groups
        return skills.get(self.skill or "", 0) >= self.level


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


def preference_of(text: str) -> Preference:
    """Return the preference that `text` says: "group:general", "billing>=3", or "lang:pl" for any level.

    Raises:
        ValueError: neither a group nor of a requirement's form.
    """
    if text.startswith(GROUP):
        group = text.removeprefix(GROUP).strip()
        if not group:
            raise ValueError(f'{text!r} names no group: write "group:" and its name')
        return Preference(group=group)
    need = requirement_of(text)
    return Preference(skill=need.skill, level=need.level)
