"""The page behind the link in a callback's confirmation: see it, choose another time, cancel, save it in a calendar."""

from collections.abc import Sequence
from datetime import date, tzinfo
from functools import partial
from itertools import groupby, islice
from typing import Any

from aiohttp import web

from app.engine import Engine
from app.notices import CALENDAR_NAME, Notices
from app.openings import free_windows
from channels.callback.sealed import Keys, interaction_of_link, link_token
from channels.callback.times import day_of, window_text, zone_of
from queues.interaction import Interaction
from queues.lifecycle import InteractionState
from queues.policy import QueuePolicy
from router.commands import CancelCallback, RescheduleCallback
from vocabulary.ids import InteractionId, reference
from vocabulary.instants import Instant, Span
from vocabulary.stores import Store
from web.i18n import day_name
from web.pages import PAGES

S = InteractionState
SHOWN_MAX = 500
"""So many windows are offered on the page."""
_BODY_MAX = 4096
_CHANGEABLE = (S.SCHEDULED, S.WAITING, S.OFFERED)


class Bookings:
    """Serves "/booking/TOKEN". Who has the link may change this one callback; looking at it changes nothing."""

    def __init__(self, *, engine: Engine, store: Store, notices: Notices, keys: Keys, zone: tzinfo) -> None:
        self._engine = engine
        self._store = store
        self._notices = notices
        self._keys = keys
        self._zone = zone

    def routes(self) -> Sequence[web.RouteDef]:
        """Return the routes of the page."""
        return (
            web.get("/booking/{token}", self.show),
            web.post("/booking/{token}", self.change),
            web.get(f"/booking/{{token}}/{CALENDAR_NAME}", self.calendar),
        )

    async def show(self, request: web.Request) -> web.StreamResponse:
        """Answer GET: the callback as it is now."""
        return await self._page(request, self._found(request))

    async def change(self, request: web.Request) -> web.StreamResponse:
        """Answer POST: cancel, or take another window; then the page again."""
        found = self._found(request)
        if found is None:
            return await self._page(request, None)
        if request.content_type != "application/x-www-form-urlencoded" or (request.content_length or 0) > _BODY_MAX:
            raise web.HTTPBadRequest(text="Send the form of the page.")
        fields = await request.post()
        slot = str(fields.get("slot", ""))
        if "cancel" in fields:
            decision = await self._engine.submit(CancelCallback(found.id, "customer"))
        elif slot.isascii() and slot.isdecimal() and len(slot) < 16:
            decision = await self._engine.submit(RescheduleCallback(found.id, int(slot)))
        else:
            return await self._page(request, found, fault="slot", status=422)
        if decision.refusal is None:
            raise web.HTTPSeeOther(str(request.rel_url))
        return await self._page(request, self._found(request), fault=decision.refusal.reason, status=409)

    async def calendar(self, request: web.Request) -> web.StreamResponse:
        """Answer the entry for a calendar."""
        found = self._found(request)
        row = await self._store.interaction(found.id) if found is not None else None
        if found is None or row is None or found.state is not S.SCHEDULED or found.scheduled_at is None:
            raise web.HTTPNotFound(text="There is no appointment.")
        body = self._notices.entry(row, found.scheduled_at, self._engine.clock.now())
        headers = {"Content-Disposition": f'attachment; filename="{CALENDAR_NAME}"', "Cache-Control": "no-store"}
        return web.Response(body=body, content_type="text/calendar", charset="utf-8", headers=headers)

    def _found(self, request: web.Request) -> Interaction | None:
        """Return the callback that the link opens; None once it is over and forgotten.

        Raises:
            HTTPNotFound: the link is not ours.
        """
        id = interaction_of_link(request.match_info["token"], self._keys)
        if id is None:
            raise web.HTTPNotFound(text="This link is not known.")
        return self._engine.state.interactions.get(id)

    async def _page(
        self, request: web.Request, found: Interaction | None, *, fault: str | None = None, status: int = 200
    ) -> web.Response:
        changeable = found is not None and found.state in _CHANGEABLE
        values: dict[str, Any] = {"token": request.match_info["token"], "fault": fault, "changeable": changeable}
        if found is not None:
            zone = await self._zone_of(found.id)
            scheduled = found.scheduled_at if found.state is S.SCHEDULED else None
            values |= {
                "reference": reference(found.number),
                "cancelled": found.disposition == "cancelled" or found.state is S.ABANDONED,
                "due": None if scheduled is None else self._due(request, found, scheduled, zone),
                "zone": str(zone),
                "days": self._days(request, found, zone) if changeable else [],
                "calendar": CALENDAR_NAME,
            }
        return request.app[PAGES].render(request, "booking.html", secret=True, status=status, **values)

    def _due(self, request: web.Request, found: Interaction, start: Instant, zone: tzinfo) -> dict[str, str]:
        """Return when he is called, as people read it."""
        name = partial(day_name, request.app[PAGES].language_of(request))
        return {"day": name(day_of(start, zone)), "time": window_text(start, start + self._length(found), zone)}

    def _days(self, request: web.Request, found: Interaction, zone: tzinfo) -> list[tuple[str, list[tuple[int, str]]]]:
        """Return the windows that he may choose by day, with how his clock shows them."""
        name = partial(day_name, request.app[PAGES].language_of(request))
        starts = islice(free_windows(self._engine, found.queue), SHOWN_MAX)
        length = self._length(found)
        return [
            (name(day), [(start, window_text(start, start + length, zone)) for start in of_day])
            for day, of_day in groupby(starts, partial(_day_in, zone))
        ]

    def _length(self, found: Interaction) -> Span:
        return self._engine.policy.queues.get(found.queue, QueuePolicy(name=found.queue)).callback_slot

    async def _zone_of(self, id: InteractionId) -> tzinfo:
        first = await self._store.messages(id, limit=1)
        return zone_of(first[0].attributes.get("time_zone")) or self._zone if first else self._zone


def _day_in(zone: tzinfo, start: Instant) -> date:
    return day_of(start, zone)


def link_of(public_url: str, keys: Keys, interaction: InteractionId) -> str:
    """Return the address of the page of callback `interaction`."""
    return f"{public_url}/booking/{link_token(interaction, keys)}"
