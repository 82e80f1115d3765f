"""The web side of an application: pages and API, the chat sockets, the callback forms."""

import secrets
from collections.abc import Sequence

from aiohttp import web

from app.compose import Application
from channels.chat.limits import Limit
from channels.chat.socket import ChatEndpoint
from config.channel_schema import ChatChannel
from router.events import DeliveryReported
from vocabulary.errors import Lagged
from vocabulary.instants import MINUTE, Instant
from web.context import CONTEXT
from web.limits import Window
from web.server import DESKS, build

CONNECTS_PER_MINUTE = 10


def web_application(
    application: Application,
    *,
    public_url: str,
    origins: Sequence[str] = (),
    connects: Limit | None = None,
    extra: Sequence[web.RouteDef] = (),
) -> web.Application:
    """Return the web side of a started `application`.

    Args:
        application: started already.
        public_url: where browsers reach it.
        origins: further pages that may open sockets.
        connects: how often one address may open a chat; ten times a minute unless given.
        extra: further routes.
    """
    settings = application.settings.web

    async def agent_types(interaction: str, agent: str) -> None:
        application.conversations.agent_types(interaction)

    chats = _Chats(application, connects or Window(CONNECTS_PER_MINUTE, MINUTE), (public_url, *origins))
    app = build(
        application.site,
        live=application.site.live,
        public_url=public_url,
        allowed_origins=(*settings.allowed_origins, *origins),
        cookie_secure=public_url.startswith("https://"),
        trusted_proxies=settings.trusted_proxies,
        session_idle_ms=settings.session_idle,
        session_absolute_ms=settings.session_absolute,
        company=application.settings.site.name,
        demo=application.demo,
        chat_frame_ancestors=settings.allowed_origins,
        on_agent_typing=agent_types,
        extra=(web.get("/ws/chat/{channel}", chats.handle), *extra),
    )
    chats.join(app)
    news = _News(application, app)
    application.watch("deliveries", news.deliveries)
    application.watch("typing", news.typing)
    return app


class _Chats:
    """One endpoint for each chat channel."""

    def __init__(self, application: Application, connects: Limit, origins: Sequence[str]) -> None:
        self._application = application
        self._connects = connects
        self._origins = frozenset(origins)
        self._endpoints: dict[str, ChatEndpoint] = {}

    def join(self, app: web.Application) -> None:
        """Make the endpoints, with what only the finished application has."""
        settings = self._application.settings
        for name, channel in settings.channels.items():
            if isinstance(channel, ChatChannel):
                self._endpoints[name] = self._endpoint(app, name, channel)
                app.on_shutdown.append(self._endpoints[name].close)

    def _endpoint(self, app: web.Application, name: str, channel: ChatChannel) -> ChatEndpoint:
        application, context = self._application, app[CONTEXT]

        def ticket_holds(ticket: str) -> bool:
            return context.tickets.use(ticket, application.clock.now()) is not None

        def is_open(now: Instant) -> bool:
            return True  # opening hours are not built yet: a chat is always taken

        return ChatEndpoint(
            application.conversations,
            channel=name,
            company=application.settings.site.name,
            languages=channel.languages or application.settings.site.languages,
            allowed_origins=self._origins,
            keys={"1": application.key},
            clock=application.clock,
            random_bytes=secrets.token_bytes,
            connects=self._connects,
            client_of=context.proxies.client_of,
            ticket_holds=ticket_holds,
            is_open=is_open,
            pause=application.pause,
        )

    async def handle(self, request: web.Request) -> web.StreamResponse:
        endpoint = self._endpoints.get(request.match_info["channel"])
        return await endpoint.handle(request) if endpoint is not None else web.Response(status=404, text="No such chat.")


class _News:
    """Brings desks what is no frame of its own: deliveries, and customers who type."""

    def __init__(self, application: Application, app: web.Application) -> None:
        self._application = application
        self._desks = app[DESKS]

    async def deliveries(self) -> None:
        """Tell desks what became of their mail, until cancelled."""
        async with self._application.engine.subscribe() as events:
            try:
                async for logged in events:
                    if isinstance(logged.event, DeliveryReported):
                        await self._desks.message_changed(logged.event.interaction, logged.event.message)
            except Lagged:
                return  # the pages read deliveries again with the next snapshot

    async def typing(self) -> None:
        """Tell desks who types, until cancelled."""
        while True:
            self._desks.customer_types(await self._application.conversations.typed.get())
