"""Reads the configuration file. Start-up and `centrala config check` run the same code."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path

import msgspec

from config.avalanche_checks import check_avalanche
from config.bus_checks import check_bus
from config.crosschecks import (
    Checks,
    check_channels,
    check_identification,
    check_knowledge,
    check_queues,
    check_site,
    check_understanding,
)
from config.faults import ConfigurationError, Fault, path_text
from config.hours_checks import check_hours
from config.letters import check_answers, check_letters
from config.lines import locate
from config.overflow_checks import check_overflow
from config.read import Faults, Reader
from config.rule_checks import check_agents, check_autoresponses, check_rules, check_use
from config.schema import Settings
from config.segment_checks import check_segments
from config.sending_checks import check_documents
from config.service_checks import check_service
from config.shape import table_of
from config.sla_checks import check_sla
from config.step_checks import check_orders, check_steps
from config.storage_checks import check_storage
from config.syntax import syntax_fault

SIZE_MAX = 4_000_000
"""Bytes; no real file comes near, and a wrong path (a disk image, /dev/zero) is refused at once."""


CHECKS = (
    check_site,
    check_storage,
    check_bus,
    check_channels,
    check_queues,
    check_steps,
    check_orders,
    check_overflow,
    check_sla,
    check_segments,
    check_hours,
    check_rules,
    check_autoresponses,
    check_documents,
    check_answers,
    check_letters,
    check_knowledge,
    check_identification,
    check_understanding,
    check_avalanche,
    check_agents,
)


class Reading(msgspec.Struct, frozen=True):
    """What a file says, and all that is wrong with it in the order of lines. No settings where there is a fault."""

    settings: Settings | None
    faults: tuple[Fault, ...]

    @property
    def warnings(self) -> tuple[Fault, ...]:
        """What doesn't keep Centrala from starting."""
        return tuple(fault for fault in self.faults if fault.severity == "warning")


def load(path: Path, environment: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings of the file at `path`.

    Raises:
        ConfigurationError: the file can't be used; it says everything that is wrong with it.
    """
    reading = read(path, environment)
    if reading.settings is None:
        raise ConfigurationError(fault for fault in reading.faults if fault.severity == "fault")
    return reading.settings


def check(path: Path, environment: Mapping[str, str] = os.environ) -> tuple[Fault, ...]:
    """Return everything that is wrong with the file at `path`, warnings too; empty if it is in order."""
    return read(path, environment).faults


def read(path: Path, environment: Mapping[str, str] = os.environ) -> Reading:
    """Return what the file at `path` says. Passwords are looked for in `environment`, relative paths in its folder."""
    try:
        text = _text(path)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        return Reading(None, (_whole_file(path, reason or "nothing readable", "a configuration file in UTF-8"),))
    return read_text(text, path, environment)


def read_text(text: str, path: Path, environment: Mapping[str, str] = os.environ) -> Reading:
    """Return what `text` says, taken for the file at `path`."""
    try:
        located = locate(text)
        document = tomllib.loads(text)
    except RecursionError:
        return Reading(None, (_whole_file(path, "lists in lists without end", "tables a few levels deep"),))
    except ValueError as error:
        return Reading(None, (syntax_fault(text, path, str(error)),))
    faults = Faults(str(path), located)
    settings = Reader(faults, path.absolute().parent).read(table_of(Settings), document, ())
    assert isinstance(settings, Settings)
    checks = Checks(settings, document, faults, environment)
    for look_over in CHECKS:
        look_over(checks)
    refused = any(fault.severity == "fault" for fault in faults.all)
    if not refused:
        check_use(checks)
        check_service(checks)
    ordered = tuple(sorted(faults.all, key=lambda fault: fault.line))
    return Reading(None if refused else settings, ordered)


def _text(path: Path) -> str:
    with path.open("rb") as file:
        content = file.read(SIZE_MAX + 1)
    if len(content) > SIZE_MAX:
        raise ValueError(f"more than {SIZE_MAX} bytes")
    try:
        # Some editors put a byte-order mark in front; TOML has none.
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ValueError(f"bytes on line {line} that are no UTF-8") from error


def _whole_file(path: Path, found: str, expected: str) -> Fault:
    return Fault(file=str(path), line=1, path=path_text(()), found=found, expected=expected)
