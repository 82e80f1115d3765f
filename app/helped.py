"""The page behind the link in an automatic answer: did it help, or would the customer rather have a person?"""

from collections.abc import Sequence

from aiohttp import web

from app.engine import Engine
from autoresponders.templates import Wordings
from channels.callback.sealed import Keys, helped_token, interaction_of_helped
from queues.lifecycle import InteractionState
from router.commands import ConfirmAnswer, WantPerson
from vocabulary.records import InteractionRow
from vocabulary.stores import Store
from web.pages import PAGES

_FIELD, _YES, _PERSON = "helped", "yes", "person"


class Helped:
    """Serves "/answers/TOKEN". Looking at it changes nothing: mail programs open links by themselves."""

    def __init__(self, *, engine: Engine, store: Store, wordings: Wordings, keys: Keys) -> None:
        self._engine = engine
        self._store = store
        self._wordings = wordings
        self._keys = keys

    def routes(self) -> Sequence[web.RouteDef]:
        """Return the routes of the page."""
        return (web.get("/answers/{token}", self.show), web.post("/answers/{token}", self.tell))

    async def show(self, request: web.Request) -> web.StreamResponse:
        """Answer GET: the question, or what was said before."""
        return self._page(request, await self._interaction(request))

    async def tell(self, request: web.Request) -> web.StreamResponse:
        """Answer POST of the page's form."""
        found = await self._interaction(request)
        said = (await request.post()).get(_FIELD)
        if said == _YES:
            await self._engine.submit(ConfirmAnswer(found.id))
        elif said == _PERSON:
            await self._engine.submit(WantPerson(found.id))
        return self._page(request, found)

    async def _interaction(self, request: web.Request) -> InteractionRow:
        """Return the interaction that the link is about.

        Raises:
            HTTPNotFound: the link is not ours.
        """
        id = interaction_of_helped(request.match_info["token"], self._keys)
        found = await self._store.interaction(id) if id is not None else None
        if found is None:
            raise web.HTTPNotFound(text="This link is not known.")
        return found

    def _page(self, request: web.Request, found: InteractionRow) -> web.Response:
        language = found.language or request.app[PAGES].language_of(request)
        keys = ("title", *self._keys_of(found.id))
        words = {key: self._wordings.text(f"helped_{key}", language) for key in keys}
        return request.app[PAGES].render(request, "helped.html", secret=True, words=words)

    def _keys_of(self, id: str) -> tuple[str, ...]:
        """Return what the page says: who has been told, or has a person, is asked nothing."""
        held = self._engine.state.interactions.get(id)
        if held is None or held.confirmed:
            return ("done",)
        if held.state is InteractionState.ANSWERED_BY_BOT:
            return ("ask", "yes", "person")
        return ("ask", "yes") if held.state is InteractionState.CLOSED else ("waiting",)


def helped_link(public_url: str, keys: Keys, interaction: str) -> str:
    """Return the address at which a customer says whether the answer in `interaction` helped."""
    return f"{public_url}/answers/{helped_token(interaction, keys)}"
