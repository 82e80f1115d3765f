"""What a caller is told when something went wrong: problem+json (RFC 9457)."""

import re
from collections.abc import Mapping, Sequence

import msgspec
from aiohttp import web

from router.decision import Refusal
from vocabulary.instants import Instant, Span, instant_of, span_of

CONTENT_TYPE = "application/problem+json"

TITLES: dict[str, tuple[int, str]] = {
    "bad_request": (400, "The request could not be read"),
    "unauthenticated": (401, "Log in, or send a token"),
    "wrong_login": (401, "Login or password is wrong"),
    "forbidden": (403, "You may not do that"),
    "cross_site": (403, "The request did not come from a page of ours"),
    "not_found": (404, "There is no such thing"),
    "method_not_allowed": (405, "This address does not answer that method"),
    "conflict": (409, "That is not possible now"),
    "too_large": (413, "The request is too large"),
    "unsupported_media_type": (415, "The body must be JSON"),
    "invalid": (422, "The request is not valid"),
    "quarantined": (422, "It could not be processed, and is kept"),
    "key_reused": (422, "The Idempotency-Key belongs to another request"),
    "rate_limited": (429, "Too many requests"),
    "internal": (500, "Something went wrong on our side"),
    "unavailable": (503, "Not possible just now"),
}
"""Every kind of problem: its HTTP status and its title. The kind is the last part of `type`."""

_OF_REFUSAL = {
    "not_found": "not_found",
    "conflict": "conflict",
    "invalid": "invalid",
    "known": "conflict",
    "forbidden": "forbidden",
}


class Fault(msgspec.Struct, frozen=True):
    """One fault of the input: where it is, as a path such as `customer.email`, and what was expected."""

    path: str
    message: str


class ProblemBody(msgspec.Struct, frozen=True, kw_only=True):
    """An error (RFC 9457). `reason` is a stable code where a rule refused, such as `offer_expired`."""

    type: str
    title: str
    status: int
    detail: str
    errors: tuple[Fault, ...] = ()
    reason: str | None = None


class Problem(Exception):
    """An answer that says what was wrong, where, and what to do about it."""

    def __init__(
        self,
        kind: str,
        detail: str,
        *,
        errors: Sequence[Fault] = (),
        reason: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        status, title = TITLES[kind]
        self.status = status
        self.headers = dict(headers or {})
        self.body = ProblemBody(
            type=f"/api/docs#problem-{kind}",
            title=title,
            status=status,
            detail=detail,
            errors=tuple(errors),
            reason=reason,
        )

    def response(self) -> web.Response:
        """Return the answer to send."""
        return web.Response(
            status=self.status, body=msgspec.json.encode(self.body), content_type=CONTENT_TYPE, headers=self.headers
        )


def refused(refusal: Refusal) -> Problem:
    """Return the problem that a refusal of the core is."""
    return Problem(_OF_REFUSAL[refusal.code], refusal.detail, reason=refusal.reason)


def invalid(path: str, message: str) -> Problem:
    """Return the problem of one fault at `path`."""
    where = f"{path}: {message}" if path else message
    return Problem("invalid", where, errors=[Fault(path, message)])


def instant_at(path: str, text: str) -> Instant:
    """Return the instant that `text` names; `path`: where the caller wrote it.

    Raises:
        Problem: it names none.
    """
    try:
        return instant_of(text)
    except ValueError as error:
        raise invalid(path, f"{error}.") from error


def span_at(path: str, text: str) -> Span:
    """Return the span, ms, that `text` says; `path`: where the caller wrote it.

    Raises:
        Problem: it says none.
    """
    try:
        return span_of(text)
    except ValueError as error:
        raise invalid(path, f"{error}.") from error


def unavailable(detail: str, retry_after_s: int = 1) -> Problem:
    """Return the problem of something that works again soon."""
    return Problem("unavailable", detail, headers={"Retry-After": str(retry_after_s)})


_AT = re.compile(r"(?P<message>.*?)(?: - at `(?:key in )?\$(?P<path>.*)`)?", re.DOTALL)
_FIELD = re.compile(r"Object (?:contains unknown|missing required) field `(?P<name>[^`]*)`")


def of_validation(error: msgspec.ValidationError) -> Problem:
    """Return the problem that names the path of what did not fit."""
    match = _AT.fullmatch(str(error))
    assert match is not None
    message, path = match["message"], (match["path"] or "").removeprefix(".")
    if field := _FIELD.match(message):
        path = f"{path}.{field['name']}".removeprefix(".")
    return invalid(path, message)
