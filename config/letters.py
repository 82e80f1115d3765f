"""Letters as they are used: the texts of the file and of its folders together, and what is wrong with them."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from autoresponders.letters import PARTS, VARIABLES, Letter, Part
from autoresponders.templates import SOURCE_MAX, Template, TemplateFault
from config.crosschecks import Checks
from config.faults import KeyPath
from config.letter_schema import LetterTable
from config.schema import Autoresponse, Settings
from config.sending_schema import FollowUp

USUAL = "default"
"""The letter of queues that name no other."""
AUTORESPONSE_VARIABLES = frozenset({"number", "site"})
Sources = dict[Part, dict[str, str]]


def letters_of(settings: Settings) -> Mapping[str, Letter]:
    """Return the letters of checked settings by name; `default` is always there."""
    own = {name: Letter(sources_of(table), quote=table.quote) for name, table in settings.letters.items()}
    return {USUAL: Letter(), **own}


def answers_of(settings: Settings) -> Mapping[str, Mapping[str, Template]]:
    """Return the own words of automatic answers by name and language."""
    return {
        answer.name: {language: Template(text, AUTORESPONSE_VARIABLES) for language, text in answer.text.items()}
        for answer in settings.autoresponses
    }


def sources_of(table: LetterTable) -> Sources:
    """Return the texts of a letter, by part and language; what the file says wins over its folder.

    Raises:
        OSError, UnicodeDecodeError: a file can't be read.
    """
    sources: Sources = {part: dict(getattr(table, part)) for part in PARTS}
    for path, part, language in _files(table.folder):
        with path.open(encoding="utf-8") as file:
            sources[part].setdefault(language, file.read(SOURCE_MAX + 1))
    return sources


def _files(folder: Path | None) -> Iterator[tuple[Path, Part, str]]:
    """Yield the files of a letter's folder with the part and the language that each is."""
    for path in sorted(folder.iterdir()) if folder is not None else ():
        for part in PARTS:
            name = path.name.split(".")
            if len(name) == 3 and name[0] == part and name[2] == ("html" if part == "html" else "txt"):
                yield path, part, name[1]


def check_letters(checks: Checks) -> None:
    """Look over [letters]: every text is a template that names what there is, in every language of the site."""
    for name, table in checks.settings.letters.items():
        path = ("letters", name)
        try:
            sources = sources_of(table)
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "no UTF-8 text"
            checks.note((*path, "folder"), f"{table.folder}: {reason}", "a folder with texts in UTF-8")
            continue
        for part in PARTS:
            _check_part(checks, path, part, sources[part])
    for name, queue in checks.settings.queues.items():
        checks.refer(
            ("queues", name, "letter"), queue.letter, {*checks.settings.letters, USUAL}, "a table of [letters]"
        )


def _check_part(checks: Checks, path: KeyPath, part: Part, sources: Mapping[str, str]) -> None:
    given = getattr(checks.settings.letters[str(path[1])], part)
    for language, source in sources.items():
        where = (*path, part, language) if language in given else (*path, "folder")
        checks.language(where, language)
        _check_template(checks, where, source, VARIABLES[part], html=part == "html")
    missing = [language for language in checks.settings.site.languages if language not in sources]
    # A layout may well be the same in all languages, a greeting is not.
    if sources and missing and (part == "signature" or len(sources) > 1):
        used = next(iter(sources))
        where = (*path, part) if given else (*path, "folder")
        checks.note(where, f"no {part} in {', '.join(missing)}", f"one; {used} is used", severity="warning")


def check_answers(checks: Checks) -> None:
    """Look over the own words of [[autoresponses]]."""
    for place, answer in enumerate(checks.settings.autoresponses):
        _check_words(checks, ("autoresponses", place), answer)
        for number, step in enumerate(answer.steps):
            _check_words(checks, ("autoresponses", place, "steps", number), step)


def _check_words(checks: Checks, path: KeyPath, table: Autoresponse | FollowUp) -> None:
    if not checks.sound(path):
        # Words that are missing stand there as a blank.
        return
    for key, sources in (("text", table.text), ("subject", table.subject)):
        # Of a table with a slip, a value may still be anything.
        for language, source in sources.items() if checks.sound(path) else ():
            checks.language((*path, key, language), language)
            _check_template(checks, (*path, key, language), source, AUTORESPONSE_VARIABLES)


def _check_template(
    checks: Checks, path: KeyPath, source: str, variables: frozenset[str], *, html: bool = False
) -> None:
    try:
        Template(source, variables, html=html)
    except TemplateFault as fault:
        checks.note(path, f"line {fault.line} of it: {fault.found}", fault.expected)
