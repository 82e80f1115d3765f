"""The page behind the link in offers and reminders: who opens it and says so, gets none any more (RFC 8058)."""

from collections.abc import Sequence
from typing import Any

from aiohttp import web
from msgspec.structs import replace

from app.engine import Engine
from autoresponders.templates import Wordings
from channels.callback.sealed import Keys, customer_of_unsubscribing, unsubscribing_token
from router.commands import StopSendings
from vocabulary.ids import derived_id
from vocabulary.records import AuditRow, CustomerRow, Put, SetAttributes, is_erased
from vocabulary.stores import Store
from web.pages import PAGES

UNSUBSCRIBED = "unsubscribed"
"""The attribute of a customer who wants no offers and reminders; staff may take it away."""
_BODY_MAX = 4096


def wants_none(customer: CustomerRow | None) -> bool:
    """Tell whether a customer has unsubscribed."""
    return customer is not None and customer.attributes.get(UNSUBSCRIBED) is True


class Unsubscribing:
    """Serves "/unsubscribe/TOKEN". Looking at it changes nothing: mail programs open links by themselves."""

    def __init__(self, *, engine: Engine, store: Store, wordings: Wordings, keys: Keys) -> None:
        self._engine = engine
        self._store = store
        self._wordings = wordings
        self._keys = keys

    def routes(self) -> Sequence[web.RouteDef]:
        """Return the routes of the page."""
        return (web.get("/unsubscribe/{token}", self.show), web.post("/unsubscribe/{token}", self.unsubscribe))

    async def show(self, request: web.Request) -> web.StreamResponse:
        """Answer GET: the question, or that it is done."""
        return self._page(request, await self._customer(request))

    async def unsubscribe(self, request: web.Request) -> web.StreamResponse:
        """Answer POST, of the page's form or of a mail program's one click: he gets none any more."""
        found = await self._customer(request)
        if (request.content_length or 0) > _BODY_MAX:
            raise web.HTTPRequestEntityTooLarge(_BODY_MAX, request.content_length or 0)
        if not wants_none(found):
            now = self._engine.clock.now()
            line = AuditRow(
                id=derived_id("audit", UNSUBSCRIBED, found.id, str(now)),
                at=now,
                who="customer",
                action="unsubscribe",
                target=found.id,
            )
            mark = SetAttributes(CustomerRow, found.id, {UNSUBSCRIBED: True})
            await self._engine.submit(StopSendings(found.id, UNSUBSCRIBED, "customer"), (mark, Put(line)))
            found = replace(found, attributes={**found.attributes, UNSUBSCRIBED: True})
        return self._page(request, found)

    async def _customer(self, request: web.Request) -> CustomerRow:
        """Return the customer whom the link is about.

        Raises:
            HTTPNotFound: the link is not ours, or he was erased.
        """
        id = customer_of_unsubscribing(request.match_info["token"], self._keys)
        found = await self._store.customer(id) if id is not None else None
        if found is None or is_erased(found):
            raise web.HTTPNotFound(text="This link is not known.")
        return found

    def _page(self, request: web.Request, found: CustomerRow) -> web.Response:
        language = found.language or request.app[PAGES].language_of(request)
        keys = ("title", "done") if wants_none(found) else ("title", "ask", "button")
        words: dict[str, Any] = {key: self._wordings.text(f"unsubscribe_{key}", language) for key in keys}
        return request.app[PAGES].render(request, "unsubscribe.html", secret=True, words=words)


def unsubscribing_link(public_url: str, keys: Keys, customer: str) -> str:
    """Return the address at which `customer` unsubscribes."""
    return f"{public_url}/unsubscribe/{unsubscribing_token(customer, keys)}"
