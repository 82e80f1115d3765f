"""From the text of SCENARIO.toml to a checked scenario, or every fault that is in it."""

import re
import tomllib
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from typing import Any, TypeVar, get_args, get_type_hints

import msgspec

from simulation.checks import faults_of
from simulation.laws import Empirical, Law, Seconds, seconds_of
from simulation.scenario import AgentGroup, QueueTable, Run, Scenario, Stream, laws_of

T = TypeVar("T", bound=msgspec.Struct)
Read = Callable[[str], str]
"""Returns the text of a file that the scenario names."""

_TABLES = ["run", "agents", "queues", "arrivals"]
_PLACE = re.compile(r"(.*) - at `\$(.*)`", re.DOTALL)
_WRONG_WORD = re.compile(r"Invalid enum value '(.*)'")
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`")


class ScenarioFault(ValueError):
    """A scenario that can't be simulated; the message has a line for each fault: where, and what was expected."""


def scenario_of(text: str, read: Read) -> Scenario:
    """Return the scenario that `text` describes; `read` fetches the traces and samples that it names.

    Raises:
        ScenarioFault: `text` is no TOML, or no scenario that the router can run.
        OSError: `read` raised it.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ScenarioFault(f"this is no TOML: {error}") from error
    faults: list[str] = []
    _unknown_tables(document, faults)
    run = _table(document.get("run", {}), Run, "run", faults)
    agents = _tables(document, "agents", AgentGroup, faults)
    queues = _tables(document, "queues", QueueTable, faults)
    arrivals = _tables(document, "arrivals", Stream, faults)
    if faults or run is None:
        raise ScenarioFault("\n".join(faults))
    columns = _columns(arrivals, read, faults)
    scenario = Scenario(run=run, agents=agents, queues=queues, arrivals=arrivals, columns=columns)
    faults += faults_of(scenario)
    if faults:
        raise ScenarioFault("\n".join(faults))
    return scenario


def _unknown_tables(document: dict[str, Any], faults: list[str]) -> None:
    for name in document:
        if name not in _TABLES:
            faults.append(f"{name}: there is no such table{_guess(name, _TABLES)}")


def _tables(document: dict[str, Any], name: str, kind: type[T], faults: list[str]) -> tuple[T, ...]:
    found = document.get(name, [])
    if not isinstance(found, list) or not found:
        faults.append(f"{name}: write at least one table [[{name}]]")
        return ()
    tables = (_table(each, kind, f"{name}[{place}]", faults) for place, each in enumerate(found))
    return tuple(table for table in tables if table is not None)


def _table(value: object, kind: type[T], where: str, faults: list[str]) -> T | None:
    try:
        return msgspec.convert(_written_out(value), kind, dec_hook=_hook)
    except msgspec.ValidationError as error:
        faults.append(_told(str(error), where, kind))
        return None


def _written_out(value: object) -> object:
    """Return a table with its short forms written out: `offer = "30s"` is its time-out, `{}` is left out."""
    if not isinstance(value, dict):
        return value
    table = {key: each for key, each in value.items() if not (key == "busyness" and each == {})}
    if "offer" in table and not isinstance(table["offer"], dict):
        table["offer"] = {"timeout": table["offer"]}
    return table


def _hook(kind: type, value: object) -> object:
    if kind is Seconds:
        return seconds_of(value)
    raise NotImplementedError(kind)


def _told(message: str, where: str, kind: type[msgspec.Struct]) -> str:
    """Return the library's message with the place first, and a guess for a key that doesn't exist."""
    match = _PLACE.fullmatch(message)
    text, path = (match[1], match[2]) if match else (message, "")
    unknown = _UNKNOWN.fullmatch(text)
    if unknown is not None:
        known = [field.encode_name for field in msgspec.structs.fields(kind)] if not path else []
        text = f"there is no key `{unknown[1]}` here{_guess(unknown[1], known)}"
    wrong = _WRONG_WORD.fullmatch(text)
    if wrong is not None:
        known = _words_of(kind, path.removeprefix("."))
        text = f"must be {' or '.join(known)}, not `{wrong[1]}`{_guess(wrong[1], known)}"
    return f"{where}{path}: {text}"


def _words_of(kind: type[msgspec.Struct], key: str) -> list[str]:
    """Return the words that may stand at `key`."""
    choices = [get_type_hints(kind)[key]]
    words = []
    while choices:
        choice = choices.pop(0)
        words += [choice] if isinstance(choice, str) else []
        choices += get_args(choice)
    return words


def _guess(name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, n=1)
    return f"; did you mean `{near[0]}`?" if near else ""


def _columns(streams: tuple[Stream, ...], read: Read, faults: list[str]) -> dict[str, tuple[float, ...]]:
    """Return the numbers of every file that is named: traces by their column `at`, samples by their first column."""
    columns: dict[str, tuple[float, ...]] = {}
    for place, stream in enumerate(streams):
        if stream.trace is not None:
            numbers = _column(read(stream.trace), "at", f"arrivals[{place}].trace", faults)
            columns[stream.trace] = tuple(sorted(numbers))
        for law in _laws(stream):
            if isinstance(law, Empirical):
                columns[law.file] = _column(read(law.file), None, f"arrivals[{place}]", faults)
    return columns


def _laws(stream: Stream) -> Iterator[Law]:
    yield from laws_of(stream.service)
    yield from laws_of(stream.patience)
    for laws in stream.service_by_group.values():
        yield from laws_of(laws)


def _column(text: str, name: str | None, where: str, faults: list[str]) -> tuple[float, ...]:
    """Return the numbers of column `name`, or of the first; a first line without a number is the header."""
    lines = [[cell.strip() for cell in line.split(",")] for line in text.splitlines() if line.strip()]
    header = lines[0] if lines and not _is_number(lines[0][0]) else []
    if name is not None and name not in header:
        faults.append(f"{where}: the file needs a header with the column `{name}` (seconds)")
        return ()
    at = header.index(name) if name is not None else 0
    cells = [line[at] if at < len(line) else "" for line in (lines[1:] if header else lines)]
    wrong = next((cell for cell in cells if not _is_number(cell)), None)
    if wrong is not None or not cells:
        faults.append(f"{where}: the file needs seconds, one a line, not {wrong!r}")
        return ()
    return tuple(map(float, cells))


def _is_number(cell: str) -> bool:
    try:
        return 0 <= float(cell) < float("inf")
    except ValueError:
        return False
