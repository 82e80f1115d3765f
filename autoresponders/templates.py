"""Templates: those of a site's own, and the fixed wordings that come with Centrala.

Both are Jinja2. What people write into a configuration may use values, conditions and a few filters: no loops, no
macros, no calls and no arithmetic, so that rendering takes a time and a size that follow from the template and its
values. The fixed wordings never carry a customer's text.
"""

import tomllib
from collections.abc import Collection, Iterable, Mapping
from functools import cache
from importlib.resources import files

from jinja2 import StrictUndefined, TemplateSyntaxError, nodes
from jinja2.sandbox import SandboxedEnvironment

from vocabulary.errors import PermanentFailure

FALLBACK = "en"
SOURCE_MAX, PARTS_MAX = 64 * 1024, 1_000
"""Characters of a template, and parts that are no plain text."""
RENDERED_MAX = 2_000_000
"""Characters of what a template becomes."""
FILTERS = frozenset({"capitalize", "d", "default", "e", "escape", "first", "last", "lower", "title", "trim", "upper"})
TESTS = frozenset({"defined", "undefined", "none"})
_ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.CondExpr, nodes.Name, nodes.Const,
    nodes.Filter, nodes.Test, nodes.Not, nodes.And, nodes.Or, nodes.Compare, nodes.Operand, nodes.Concat, nodes.Keyword,
)  # fmt: skip
_IN_WORDS: Mapping[type[nodes.Node], str] = {
    nodes.For: "a loop", nodes.Macro: "a macro", nodes.Call: "a call", nodes.Include: "an include",
    nodes.Extends: "an extends", nodes.Import: "an import", nodes.FromImport: "an import", nodes.Block: "a block",
    nodes.Assign: "a set", nodes.Getattr: "a part of a value", nodes.Getitem: "a part of a value",
}  # fmt: skip
_PLAIN = SandboxedEnvironment(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=False)
_MARKUP = SandboxedEnvironment(undefined=StrictUndefined, autoescape=True, keep_trailing_newline=False)


class TemplateFault(ValueError):
    """A template can't be used. `found` is what is in it, `expected` what may be."""

    def __init__(self, line: int, found: str, expected: str) -> None:
        super().__init__(f"line {line}: found {found}, expected {expected}")
        self.line = line
        self.found = found
        self.expected = expected


class Template:
    """A template that somebody wrote into the configuration, checked when it is made."""

    def __init__(self, source: str, variables: Collection[str], *, html: bool = False) -> None:
        """Take the text and the names that it may use; with `html`, values are escaped.

        Raises:
            TemplateFault: it is no template, or asks for what it may not.
        """
        if len(source) > SOURCE_MAX:
            raise TemplateFault(1, f"{len(source)} characters", f"at most {SOURCE_MAX}")
        environment = _MARKUP if html else _PLAIN
        try:
            _check(environment.parse(source), variables)
            self._template = environment.from_string(source)
        except TemplateSyntaxError as error:
            raise TemplateFault(error.lineno, error.message or "a slip", "a template (Jinja2)") from error
        except (RecursionError, MemoryError, SyntaxError) as error:
            raise TemplateFault(1, "parts that are nested too deeply", "a template (Jinja2)") from error
        self._variables = variables

    def render(self, values: Mapping[str, object]) -> str:
        """Return the text with `values`; a variable without a value is empty.

        Raises:
            PermanentFailure: it would be too long.
        """
        pieces: list[str] = []
        size = 0
        for piece in self._template.generate({**dict.fromkeys(self._variables, ""), **values}):
            size += len(piece)
            if size > RENDERED_MAX:
                raise PermanentFailure(f"a template gave more than {RENDERED_MAX} characters")
            pieces.append(piece)
        return "".join(pieces)


def _check(tree: nodes.Template, variables: Collection[str]) -> None:
    parts = 0
    for node in _all(tree):
        parts += not isinstance(node, nodes.TemplateData)
        if parts > PARTS_MAX:
            raise TemplateFault(1, f"more than {PARTS_MAX} parts", "fewer values and conditions")
        match node:
            case nodes.Name(name=str(name)) if name not in variables:
                known = ", ".join(sorted(variables))
                raise TemplateFault(node.lineno, f"the unknown variable {name!r}", f"one of {known}")
            case nodes.Filter(name=str(name)) if name not in FILTERS:
                raise TemplateFault(node.lineno, f"the filter {name!r}", f"one of {', '.join(sorted(FILTERS))}")
            case nodes.Test(name=str(name)) if name not in TESTS:
                raise TemplateFault(node.lineno, f"the test {name!r}", f"one of {', '.join(sorted(TESTS))}")
            case _ if not isinstance(node, _ALLOWED):
                found = _IN_WORDS.get(type(node), type(node).__name__.lower())
                raise TemplateFault(node.lineno, found, "values, conditions and filters only")


def _all(tree: nodes.Node) -> Iterable[nodes.Node]:
    yield tree
    for child in tree.iter_child_nodes():
        yield from _all(child)


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
