"""Logs: one line a unit of work, for machines or for eyes. Ids only: texts, names and addresses never enter them."""

import logging
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
VALUE_MAX = 8_000


def set_up(level: str, style: str) -> None:
    """Write log lines of `level` and above to standard error; `style` is json or text."""
    for_eyes = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    renderer: Any = structlog.processors.JSONRenderer() if style == "json" else for_eyes
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _one_line,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    # Libraries that log by themselves: their warnings are ours to see, their chatter isn't.
    for chatty in ("aioimaplib", "aiosmtpd"):  # they log commands, and with them addresses
        logging.getLogger(chatty).setLevel(logging.WARNING)
    logging.basicConfig(level=max(LEVELS[level], logging.WARNING), stream=sys.stderr, format="%(name)s: %(message)s")


def _one_line(logger: Any, name: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """A value can't forge a line or flood the log: control characters are shown, length is bounded."""
    return {key: _clean(value) if isinstance(value, str) else value for key, value in event.items()}


def _clean(value: str) -> str:
    # The end of a traceback says what happened.
    return "".join(char if char.isprintable() or char == "\n" else repr(char)[1:-1] for char in value[-VALUE_MAX:])
