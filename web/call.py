"""One call of the API: who asks, and what its handler works with."""

import asyncio
from collections.abc import Callable

from aiohttp import web

from queues.interaction import Interaction
from router.commands import Command
from router.decision import Decision
from vocabulary.errors import TemporaryFailure
from vocabulary.ids import derived_id
from vocabulary.records import Change, CustomerRow, is_erased
from web.access import Action, Principal, authorise, tie_to_agent
from web.context import Context
from web.i18n import spoken_language
from web.problems import Problem, refused, unavailable
from web.site import Site
from web.staff_views import StaffViews
from web.views import Views


class Call:
    """What a handler gets first.

    `status` is what the answer will have; a handler may change it. `finish` gets the answer before it is sent.
    """

    def __init__(
        self, context: Context, request: web.Request, principal: Principal | None, status: int, key: str | None
    ) -> None:
        self.context = context
        self.request = request
        self.status = status
        self.finish: Callable[[web.Response], None] | None = None
        self._principal = principal
        self._key = key

    @property
    def site(self) -> Site:
        """The site."""
        return self.context.site

    @property
    def views(self) -> Views:
        """The views of the site."""
        return self.context.views

    @property
    def staff(self) -> StaffViews:
        """The views of the site's agents and queues."""
        return self.context.staff

    @property
    def principal(self) -> Principal:
        """Who asks; endpoints for everybody don't look."""
        assert self._principal is not None
        return self._principal

    def derived(self, prefix: str) -> str | None:
        """Return the id that a repetition of this call gives again, or None if it has no Idempotency-Key."""
        if self._key is None:
            return None
        return derived_id(prefix, self.principal.id, self._key, self.request.path)

    def new_id(self, prefix: str) -> str:
        """Return an id for something that this call writes."""
        return self.derived(prefix) or self.site.new_id(prefix)

    async def submit(self, command: Command, *changes: Change) -> Decision:
        """Return what the core decided.

        Raises:
            Problem: it refused (403, 404, 409, 422), or can't take commands now (503).
        """
        loop = asyncio.get_running_loop()
        before = loop.time()
        try:
            decision = await self.site.submit(command, changes)
        except TemporaryFailure as failure:
            raise unavailable(str(failure)) from failure
        self.context.metrics.submit_seconds.labels(type(command).__name__).observe(loop.time() - before)
        return accepted(decision)

    # -- objects, each with its permission

    async def interaction(self, id: str, action: Action) -> Interaction:
        """Return the interaction, if the caller may do `action` to it.

        Raises:
            Problem: there is none (404), or he may not (403).
        """
        found = await self.views.find(id)
        if found is None:
            raise Problem("not_found", f"There is no interaction {id!r}.", reason="unknown_interaction")
        authorise(self.principal, action, await self.views.tie(self.principal, found))
        return found

    async def customer(self, id: str) -> CustomerRow | None:
        """Return the customer with this id, or whom another system knows by it; None if nobody is, or he was erased.

        Who was merged is found under the id that the person goes by.
        """
        store = self.site.store
        row = await store.customer(id) or await store.customer_by_identity("external", id)
        return None if row is None or is_erased(row) else next(iter(await store.person(row.id)), None)

    def agent(self, id: str, action: Action) -> None:
        """Return if there is such an agent and the caller may do `action` to him.

        Raises:
            Problem: there is none (404), or he may not (403).
        """
        authorise(self.principal, action, tie_to_agent(self.principal, id))
        if id not in self.site.state.agents:
            raise Problem("not_found", f"There is no agent {id!r}.", reason="unknown_agent")

    async def acting(self, found: Interaction) -> str:
        """Return the agent in whose name this call handles `found`: the caller's own, or for a program the owner.

        Raises:
            Problem: there is none (409).
        """
        agent = found.agent if self.principal.role == "integration" else self.principal.agent
        if agent is None:
            raise Problem("conflict", f"Nobody has interaction {found.id}.", reason="not_owner")
        await self.context.leases.renew(agent)
        return agent

    @property
    def language(self) -> str:
        """The language of words in answers."""
        return spoken_language(self.request)

    @property
    def actor(self) -> str:
        """Who is written down as having done it: his agent, else his account."""
        return self.principal.agent or self.principal.id


def accepted(decision: Decision) -> Decision:
    """Return the decision, unless it is a refusal.

    Raises:
        Problem: it is one.
    """
    if decision.refusal is not None:
        raise refused(decision.refusal)
    return decision
