"""The callback form's endpoint: a page, its answer, and a confirmation that may be reloaded."""

import asyncio
from collections.abc import Callable, Container, Mapping, Sequence
from datetime import UTC, date
from functools import partial
from typing import Any, Protocol
from urllib.parse import parse_qsl

import msgspec
import structlog
from aiohttp import web

from channels.callback.fields import KEPT, TRAP, Filled, checked
from channels.callback.phones import example, region_of
from channels.callback.receipt import Receipt, RequestRefused
from channels.callback.sealed import Keys, form_of, form_token, receipt_of, sealed_receipt
from channels.callback.times import NOW, Free, Times, day_of, times, window_text, zone_of
from channels.message import Address, InboundMessage
from vocabulary.errors import Quarantined, TemporaryFailure
from vocabulary.ids import derived_id
from vocabulary.instants import Instant, Span
from vocabulary.media import CALLBACK

BODY_MAX = 64 * 1024
_FIELDS_MAX = 20
_READ_S, _SAVE_S = 15.0, 10.0
_RETRY_AFTER: Span = 5_000
_log = structlog.get_logger(__name__)


class Clock(Protocol):
    """The site's clock."""

    def now(self) -> Instant: ...


class Limit(Protocol):
    """How often something may be tried by each of many."""

    def take(self, key: str, now: Instant) -> Span:
        """Count a try of `key` and return 0, or return how many ms are left until the next one is possible."""


class Receive(Protocol):
    """Takes a request in; the shell implements it."""

    async def __call__(
        self, message: InboundMessage, *, language: str, slot: Instant | None, time_zone: str | None
    ) -> Receipt:
        """Return the receipt once the request is durable; the same `external_id` again, the same receipt.

        `slot`: the beginning of the window in which he wants to be called; times are told in `time_zone`.

        Raises:
            TemporaryFailure: it is not durable; the customer is asked to send it again.
            RequestRefused: it will never be.
        """


class FreeWindows(Protocol):
    """Tells when the queue can call; the shell implements it."""

    def __call__(self, topic: str, text: str, *, language: str) -> Free:
        """Return the windows of the queue that a request with these words goes to."""


Render = Callable[[str, web.Request, Mapping[str, Any]], web.Response]
"""Returns a page: its template's name, the request, the context beside what every template gets."""

Translate = Callable[[str, str], str]
"""Returns the text of a language (first) by its key in the catalogue."""


class _Page(msgspec.Struct, frozen=True):
    """A form that was sent. `form` is None if its token is not ours or too old."""

    values: dict[str, str]
    token: str
    form: str | None
    is_trapped: bool
    wants_times: bool
    has_times: bool


class CallbackForm:
    """Serves one callback channel: `add_get` and `add_post` of "/callback/NAME" with `show` and `send`."""

    def __init__(
        self,
        receive: Receive,
        free_windows: FreeWindows,
        *,
        channel: str,
        company: str,
        languages: Sequence[str],
        region: str,
        countries: Container[str] | None,
        allowed_origins: Container[str],
        keys: Keys,
        clock: Clock,
        random_bytes: Callable[[int], bytes],
        by_address: Limit,
        by_phone: Limit,
        client_of: Callable[[web.Request], str],
        language_of: Callable[[web.Request], str],
        translate: Translate,
        day_name: Callable[[str, date], str],
        render: Render,
    ) -> None:
        """Serve `channel`.

        `region`: where numbers without a prefix are, unless the language of the page tells. `countries`: the only ones
        that we call, None if all. `by_address` and `by_phone`: how often one client and one number may ask.
        `random_bytes` gives as many as it is asked for; `client_of` tells the address of a client behind our proxies.
        `day_name` writes a day in a language.
        """
        self._receive = receive
        self._free_windows = free_windows
        self._channel = channel
        self._company = company
        self._languages = languages
        self._region = region
        self._countries = countries
        self._allowed_origins = allowed_origins
        self._keys = keys
        self._clock = clock
        self._random_bytes = random_bytes
        self._by_address = by_address
        self._by_phone = by_phone
        self._client_of = client_of
        self._language_of = language_of
        self._translate = translate
        self._day_name = day_name
        self._render = render

    async def show(self, request: web.Request) -> web.StreamResponse:
        """Answer GET: the empty form, or the confirmation that `?done=` holds."""
        if "done" not in request.query:
            zone = {"time_zone": request.query.get("time_zone", ""), "slot": NOW}
            return self._form(request, dict.fromkeys(KEPT, "") | zone)
        receipt = receipt_of(request.query["done"], self._keys)
        if receipt is None:
            raise web.HTTPSeeOther(_here(request))
        context = self._context(request) | msgspec.to_builtins(receipt) | {"when": self._when(request, receipt)}
        return _private(self._render("callback_done.html", request, context))

    async def send(self, request: web.Request) -> web.StreamResponse:
        """Answer POST: the way to the confirmation, or the form again with what is wrong and all that was typed."""
        if not self._is_own(request):
            raise web.HTTPForbidden(text="This form was not sent from a page of ours.")
        page = self._page(await _body(request))
        if page.wants_times:
            # Who asks for times wants one of them.
            values = {**page.values, "slot": ""}
            return self._form(request, values, token=_kept_token(page), wants_times=True)
        if wait := self._by_address.take(self._client_of(request), self._clock.now()):
            return self._again(request, page, "form.too_often", status=429, wait=wait)
        if page.is_trapped:
            # Not dropped in silence: a password manager may have filled it in, and its owner sends the form once more.
            return self._again(request, page, "form.trap", status=422)
        if page.form is None:
            return self._again(request, page, "form.old", status=422)
        regions = (region_of(self._language_of(request), self._region), self._region)
        filled, faults = checked(page.values, regions, self._countries)
        slot, slot_faults = self._slot(page)
        if filled is None or slot_faults:
            return self._form(request, page.values, {**faults, **slot_faults}, token=page.token, status=422)
        # A window that is taken is perhaps his own, by a double click; else it is refused, and counts for nothing.
        counts = slot is None or slot in self._free(request, page.values).starts
        if counts and (wait := self._by_phone.take(filled.phone, self._clock.now())):
            return self._again(request, page, "phone.too_often", status=429, wait=wait)
        return await self._accept(request, page, self._message(page.form, filled, slot), slot)

    def _slot(self, page: _Page) -> tuple[Instant | None, dict[str, str]]:
        """Return the window that was chosen, None for as soon as possible, and what is wrong with the choice."""
        chosen = page.values["slot"]
        if not chosen and page.has_times:
            return None, {"slot": "slot.missing"}
        if chosen in ("", NOW):
            return None, {}
        if not (chosen.isascii() and chosen.isdecimal() and len(chosen) < 16):
            return None, {"slot": "slot.gone"}
        return int(chosen), {}

    def _free(self, request: web.Request, values: Mapping[str, str]) -> Free:
        return self._free_windows(values["topic"], values["message"], language=self._language_of(request))

    async def _accept(
        self, request: web.Request, page: _Page, message: InboundMessage, slot: Instant | None
    ) -> web.StreamResponse:
        zone = page.values["time_zone"] if zone_of(page.values["time_zone"]) is not None else None
        try:
            async with asyncio.timeout(_SAVE_S):
                language = self._language_of(request)
                receipt = await self._receive(message, language=language, slot=slot, time_zone=zone)
        except RequestRefused as refused:
            _log.info("callback_refused", channel=self._channel, id=message.external_id, code=refused.code)
            return self._again(request, page, refused.code, status=409)
        except Quarantined as kept:
            _log.warning("callback_kept_aside", channel=self._channel, id=message.external_id, received=kept.id)
            return self._again(request, page, "form.kept", status=202)
        except (TemporaryFailure, TimeoutError) as failure:
            _log.warning("callback_not_received", channel=self._channel, id=message.external_id, reason=str(failure))
            # With its token: if it became durable after all, the next try finds it.
            return self._again(request, page, "form.busy", status=503, wait=_RETRY_AFTER)
        _log.info("callback_received", channel=self._channel, id=message.external_id, reference=receipt.reference)
        # A reload of the confirmation sends nothing again.
        raise web.HTTPSeeOther(_here(request, done=sealed_receipt(receipt, self._keys)))

    def _message(self, form: str, filled: Filled, slot: Instant | None) -> InboundMessage:
        # The form alone would do against a double click, and would lose a number that was corrected after "back".
        chosen = () if slot is None else (str(slot),)
        return InboundMessage(
            channel=self._channel,
            medium=CALLBACK,
            external_id=derived_id("form", form, *msgspec.structs.astuple(filled), *chosen),
            received_at=self._clock.now(),
            text=filled.message,
            reply_text=filled.message,
            subject=filled.topic,
            sender=Address(filled.name, ""),
            phone=filled.phone,
        )

    # -- what came in

    def _is_own(self, request: web.Request) -> bool:
        """Tell whether a page of ours sent the form, as the browser says; programs say nothing of it."""
        site = request.headers.get("Sec-Fetch-Site")
        if site is not None:
            return site in {"same-origin", "none"}
        origin = request.headers.get("Origin")
        return origin is None or origin in self._allowed_origins

    def _page(self, fields: Mapping[str, str]) -> _Page:
        token = fields.get("token", "")
        day = fields.get("day", "")
        return _Page(
            values={name: fields.get(name, "") for name in KEPT},
            token=token,
            form=form_of(token, self._clock.now(), self._keys),
            is_trapped=bool(fields.get(TRAP)),
            # Who chose another day and sent the form has not seen its times.
            wants_times="show" in fields or day != fields.get("shown_day", ""),
            has_times=bool(day),
        )

    # -- what goes out

    def _context(self, request: web.Request) -> dict[str, Any]:
        return {
            "channel": self._channel,
            "company": self._company,
            "language": self._language_of(request),
            "languages": self._languages,
        }

    def _again(
        self, request: web.Request, page: _Page, fault: str, *, status: int, wait: Span = 0
    ) -> web.StreamResponse:
        """Return the form as it was sent, with one fault; the part of `fault` before the dot is the field."""
        faults = {fault.partition(".")[0]: fault}
        response = self._form(request, page.values, faults, token=_kept_token(page), status=status)
        if wait:
            response.headers["Retry-After"] = str(-(-wait // 1000))
        return response

    def _form(
        self,
        request: web.Request,
        values: Mapping[str, str],
        faults: Mapping[str, str] | None = None,
        *,
        token: str | None = None,
        status: int = 200,
        wants_times: bool = False,
    ) -> web.Response:
        language = self._language_of(request)
        shown = self._times(request, values, language)
        context = self._context(request) | {
            "values": values,
            "times": msgspec.to_builtins(shown),
            "wants_times": wants_times,
            "is_fresh": request.method == "GET",
            "errors": {
                field: self._translate(language, f"callback.error.{fault}") for field, fault in (faults or {}).items()
            },
            "prefix_example": example(region_of(language, self._region)),
            "token": token or form_token(self._random_bytes(16), self._clock.now(), self._keys),
            "trap": TRAP,
        }
        response = self._render("callback.html", request, context)
        response.set_status(status)
        return _private(response)

    def _times(self, request: web.Request, values: Mapping[str, str], language: str) -> Times | None:
        """Return the times to choose from, in the customer's zone if it is known."""
        free = self._free(request, values)
        zone = zone_of(values["time_zone"]) or free.zone
        return times(free, zone, values["day"], partial(self._day_name, language))

    def _when(self, request: web.Request, receipt: Receipt) -> dict[str, str] | None:
        """Return the window that was booked, as people read it."""
        if receipt.starts_at is None or receipt.ends_at is None:
            return None
        zone = zone_of(receipt.time_zone) or UTC
        day = self._day_name(self._language_of(request), day_of(receipt.starts_at, zone))
        return {"day": day, "time": window_text(receipt.starts_at, receipt.ends_at, zone), "zone": str(zone)}


def _kept_token(page: _Page) -> str | None:
    """Return the token that the page had, unless it is of no use any more."""
    return page.token if page.form is not None else None


async def _body(request: web.Request) -> dict[str, str]:
    """Return the fields of a form; of several with one name, the first."""
    if request.content_type != "application/x-www-form-urlencoded":
        raise web.HTTPUnsupportedMediaType(text="Send the form as application/x-www-form-urlencoded.")
    if (request.content_length or 0) > BODY_MAX:
        raise web.HTTPRequestEntityTooLarge(BODY_MAX, request.content_length or 0)
    try:
        async with asyncio.timeout(_READ_S):
            raw = await request.read()
    except TimeoutError as slow:
        raise web.HTTPRequestTimeout(text="The form did not arrive in time.") from slow
    if len(raw) > BODY_MAX:
        raise web.HTTPRequestEntityTooLarge(BODY_MAX, len(raw))
    return _fields(raw)


def _fields(raw: bytes) -> dict[str, str]:
    try:
        # Not the library's own reading: it believes any charset that the request names, and fails on an unknown one.
        pairs = parse_qsl(
            raw.decode("utf-8", "replace"), keep_blank_values=True, errors="replace", max_num_fields=_FIELDS_MAX
        )
    except ValueError as fault:
        raise web.HTTPBadRequest(text="The form has too many fields.") from fault
    return dict(reversed(pairs))


def _here(request: web.Request, **query: str) -> str:
    """Return the address of this form, in the language that the address asked for."""
    kept = {"lang": request.query["lang"]} if "lang" in request.query else {}
    return str(request.rel_url.with_query(kept | query))


def _private(response: web.Response) -> web.Response:
    response.headers["Cache-Control"] = "no-store"
    return response
