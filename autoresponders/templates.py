"""Fixed wordings of what goes out by itself. They never carry a customer's text."""

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files

from jinja2 import StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

FALLBACK = "en"


class Wordings:
    """The wordings of one site, by language."""

    def __init__(self, texts: Mapping[str, Mapping[str, str]]) -> None:
        # Plain text goes out: nothing here is HTML, so nothing is escaped.
        environment = SandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
        self._templates = {
            language: {key: environment.from_string(text) for key, text in entries.items()}
            for language, entries in texts.items()
        }

    def text(self, key: str, language: str | None, **values: object) -> str:
        """Return wording `key` in `language`, or in English where the language is unknown or lacks it.

        Raises:
            KeyError: no language has `key`.
            jinja2.UndefinedError: the wording needs a value that is missing.
        """
        for each in (language, FALLBACK):
            template = self._templates.get(each or "", {}).get(key)
            if template is not None:
                return template.render(**values).strip()
        raise KeyError(key)

    def spoken(self, key: str, language: str | None) -> str:
        """Return the language that `text` answers in."""
        return language if language and key in self._templates.get(language, {}) else FALLBACK


def shipped_wordings(languages: Iterable[str]) -> Wordings:
    """Return the wordings that come with Centrala."""
    return _shipped(frozenset({*languages, FALLBACK}))


@cache
def _shipped(languages: frozenset[str]) -> Wordings:
    folder = files("autoresponders") / "texts"
    found = {language: folder / f"{language}.toml" for language in sorted(languages)}
    return Wordings(
        {language: tomllib.loads(file.read_text("utf-8")) for language, file in found.items() if file.is_file()}
    )
