"""The reference page of the event log, from the docstrings and fields of router/events.py."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from router import events

INTRODUCTION = """\
# Events

Made from `router/events.py` by `python -m docs.generate`.

Everything that Centrala decides is an event in the journal: a past fact, numbered without gaps from 1. State, wallboard
and figures are functions of this log. Read it with `GET /api/v1/events?after=SEQ`, or follow it with
`Accept: text/event-stream` ([API](api.md)).

- Events hold ids, labels and codes. Texts, names, addresses and phone numbers are in the records only.
- Each event has a number `seq`, an instant `at`, its `type` and the version `v` of that type's fields. In the API,
  `interaction`, `agent` and `queue` stand beside these, all other fields in `data`, and instants are RFC 3339 in UTC.
- A field that has its default is left out. `=` below shows the default.
- Names that end in `_ms`, and `credit`, are spans in milliseconds.
"""

_WORDS = {
    "InteractionId": "interaction id",
    "AgentId": "agent id",
    "OfferId": "offer id",
    "CustomerId": "customer id",
    "MessageId": "message id",
    "QueueName": "queue",
    "ChannelName": "channel",
    "Instant": "instant",
    "Span": "span",
    "str": "text",
    "int": "number",
    "float": "number",
    "bool": "yes or no",
    "Presence": "presence",
    "Profile": "skills, queues, capacity, media",
    "Author": "customer, agent, bot or note",
    "AnswerResult": "found, not_found or skipped",
    "RoomMode": "participant, monitor, whisper or barge",
    "UndoKind": "move, priority, close or answer",
    "CallOutcome": "outcome of a call",
    "DeliveryResult": "sent, deferred, failed or uncertain",
    "Requirement": "requirement",
    "Preference": "preference",
    "Label": "label with confidence",
    "Heads": "department, urgency, sentiment, each with confidence",
    "Agreement": "targets, hours, warnings",
    "ClockName": "first_response, next_response or resolution",
    "Notify": "page, email or webhook",
    "Status": "open, closed or holiday",
    "Do": "what overflow does",
    "Bulk": "an answer for many, without its words",
    "Contact": "how automatic replies reach the customer",
}


def page() -> str:
    """Return the reference page, Markdown."""
    source = Path(events.__file__).read_text("utf-8")
    classes = {node.name: node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)}
    rows = [_row(classes[kind.__name__], kind.v) for kind in get_args(events.AnyEvent)]
    return "\n".join([INTRODUCTION, "| event | what happened | fields |", "|---|---|---|", *rows, ""])


def _row(event: ast.ClassDef, version: int) -> str:
    name = f"`{event.name}`" + (f" v{version}" if version > 1 else "")
    fields = "<br>".join(_fields(event))
    return f"| {name} | {_told(event)} | {fields} |".replace("\n", " ")


def _told(event: ast.ClassDef) -> str:
    """Return the docstring of the event, and those of its fields behind it."""
    told = " ".join((ast.get_docstring(event) or "").split())
    for field, after in zip(event.body, event.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            told += f" `{ast.unparse(field.target)}`: {' '.join(str(after.value.value).split())}"
    return told.replace("|", "\\|")


def _fields(event: ast.ClassDef) -> Iterator[str]:
    for field in event.body:
        if isinstance(field, ast.AnnAssign) and not _of_class(field):
            default = " or none" if _may_be_none(field) else ""
            if field.value is not None:
                default = f" = {_default(field.value)}"
            yield f"`{ast.unparse(field.target)}` {_words(field.annotation)}{default}"


def _of_class(field: ast.AnnAssign) -> bool:
    return ast.unparse(field.annotation).startswith("ClassVar")


def _may_be_none(field: ast.AnnAssign) -> bool:
    return ast.unparse(field.annotation).endswith("| None")


def _default(value: ast.expr) -> str:
    text = ast.unparse(value)
    if isinstance(value, ast.Name):
        text = str(getattr(events, value.id))
    return {"None": "none", "()": "none", "False": "no", "True": "yes", "''": "none"}.get(text, text)


def _words(annotation: ast.expr) -> str:
    """Return what a reader calls the type: the parts by their words, a tuple as a list."""
    match annotation:
        case ast.BinOp(left=left, right=ast.Constant(value=None)):
            return _words(left)
        case ast.Subscript(value=ast.Name(id="tuple"), slice=ast.Tuple(elts=[first, ast.Constant(value=second)])):
            assert second is Ellipsis, "a tuple of any length"
            return f"list of {_words(first)}"
        case ast.Subscript(value=ast.Name(id="tuple"), slice=ast.Tuple(elts=parts)):
            return f"({', '.join(map(_words, parts))})"
        case _:
            return _WORDS[ast.unparse(annotation)]
