"""The web side of an application: pages and API, the chat sockets, the callback forms."""

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web

from app.compose import Application
from app.labelling import TEXT_MAX
from app.mail_metrics import MailboxCollector
from app.openings import free_windows
from app.wishes import Wishes
from channels.callback.form import CallbackForm
from channels.callback.receipt import ExpectedWait, Receipt, RequestRefused
from channels.callback.times import Free
from channels.chat.socket import ChatEndpoint
from channels.message import InboundMessage
from config.channel_schema import CallbackChannel, ChatChannel
from queues.lifecycle import InteractionState
from queues.policy import QueuePolicy
from router.commands import BLOCKED_SENDER, Admit
from router.expect import expected_wait, position
from router.opening import hours_of
from router.triage import triage
from vocabulary.ids import QueueName, reference
from vocabulary.instants import MINUTE, SECOND, Instant
from vocabulary.media import CALLBACK
from web.context import CONTEXT
from web.i18n import day_name
from web.limits import Window
from web.pages import PAGES
from web.server import DESKS, build
from web.site import NotTaken

WINDOWS_MAX = 10_000
"""So many windows a form knows of: 90 days of every quarter of an hour."""
CALLBACK_SUFFIX = "-callback"
"""`/callback/demo` finds the channel `demo` or, since a chat may have that name, `demo-callback`."""


def web_application(
    application: Application,
    *,
    public_url: str,
    origins: Sequence[str] = (),
    logins: Sequence[Mapping[str, str]] = (),
    extra: Sequence[web.RouteDef] = (),
) -> web.Application:
    """Return the web side of a started `application`.

    Args:
        application: started already.
        public_url: where browsers reach it.
        origins: other addresses of the same pages.
        logins: those that the demonstration's start page shows.
        extra: further routes.
    """
    settings = application.settings.web
    doors = _Doors(application, frozenset((public_url, *origins)))

    async def agent_types(interaction: str, agent: str) -> None:
        application.conversations.agent_types(interaction)
        if application.cluster is not None:
            await application.cluster.typed(interaction, agent)

    app = build(
        application.site,
        live=application.site.live,
        public_url=public_url,
        allowed_origins=origins,
        cookie_secure=public_url.startswith("https://"),
        trusted_proxies=settings.trusted_proxies,
        session_idle_ms=settings.session_idle,
        session_absolute_ms=settings.session_absolute,
        company=application.settings.site.name,
        demo=application.demo,
        demo_logins=logins,
        # They may frame the chat page, which then talks to us from our own origin; nothing else is theirs.
        chat_frame_ancestors=settings.allowed_origins,
        on_agent_typing=agent_types,
        shared=application.cluster is not None,
        extra=(*doors.routes(), *extra),
    )
    doors.open(app)
    mail = application.mail_ways
    app[CONTEXT].metrics.registry.register(MailboxCollector(mail.mailboxes, mail.listeners, application.clock.now))

    async def customers_type() -> None:
        while True:
            interaction = await application.conversations.typed.get()
            app[DESKS].customer_types(interaction)
            if application.cluster is not None:
                await application.cluster.typed(interaction)

    async def customers_type_elsewhere() -> None:
        while True:
            app[DESKS].customer_types(await application.typed_elsewhere.get())

    application.watch("typing", customers_type)
    if application.cluster is not None:
        application.watch("typing_elsewhere", customers_type_elsewhere)
    return app


class _Doors:
    """What customers come in by: one endpoint for each chat and callback channel."""

    def __init__(self, application: Application, origins: frozenset[str]) -> None:
        self._application = application
        self._origins = origins
        self._keys = {"1": application.key}
        self._chats: dict[str, ChatEndpoint] = {}
        self._forms: dict[str, CallbackForm] = {}

    def routes(self) -> Sequence[web.RouteDef]:
        """Return the routes of all of them."""
        return (
            web.get("/ws/chat/{channel}", self._chat),
            web.get("/callback/{channel}", self._show_form),
            web.post("/callback/{channel}", self._send_form),
            *self._application.bookings.routes(),
            *self._application.unsubscribing.routes(),
            *self._application.helped.routes(),
        )

    def open(self, app: web.Application) -> None:
        """Make the endpoints, with what only the finished application has."""
        for name, channel in self._application.settings.channels.items():
            if isinstance(channel, ChatChannel):
                self._chats[name] = self._chat_endpoint(app, name, channel)
                app.on_shutdown.append(self._chats[name].close)
            elif isinstance(channel, CallbackChannel):
                self._forms[name] = self._callback_form(app, name, channel)

    # -- chat

    def _chat_endpoint(self, app: web.Application, name: str, channel: ChatChannel) -> ChatEndpoint:
        application, context = self._application, app[CONTEXT]
        connects = Window(application.settings.web.chat_connects, MINUTE)

        async def ticket_holds(ticket: str) -> bool:
            return await context.tickets.use(ticket, application.clock.now()) is not None

        def is_open(now: Instant) -> bool:
            return True  # opening hours are not built yet: a chat is always taken

        return ChatEndpoint(
            application.conversations,
            channel=name,
            company=application.settings.site.name,
            languages=channel.languages or application.settings.site.languages,
            allowed_origins=self._origins,
            keys=self._keys,
            clock=application.clock,
            random_bytes=application.machine.token_bytes,
            connects=connects,
            client_of=context.proxies.client_of,
            ticket_holds=ticket_holds,
            is_open=is_open,
            pause=application.pause,
        )

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        endpoint = self._chats.get(request.match_info["channel"])
        if endpoint is None:
            return web.Response(status=404, text="No such chat.")
        return await endpoint.handle(request)

    # -- callback

    def _callback_form(self, app: web.Application, name: str, channel: CallbackChannel) -> CallbackForm:
        application, pages = self._application, app[PAGES]

        async def receive(
            message: InboundMessage, *, language: str, slot: Instant | None, time_zone: str | None
        ) -> Receipt:
            queue = channel.queue
            if slot is not None:
                # The window is one of this queue, and was chosen by its clock.
                queue = self._queue(name, channel, message.subject, message.text, language)
                time_zone = time_zone or str(self._free(queue).zone)
            wishes = Wishes(page_language=language, queue=queue, slot=slot, time_zone=time_zone)
            try:
                admission = await application.intake.receive(message, wishes=wishes)
            except NotTaken as refused:
                if slot is None:
                    raise
                raise RequestRefused("slot.gone") from refused
            return await self._receipt(admission.interaction, time_zone)

        def windows(topic: str, text: str, *, language: str) -> Free:
            return self._free(self._queue(name, channel, topic, text, language))

        spoken = channel.languages or application.settings.site.languages

        def render(template: str, request: web.Request, context: Mapping[str, Any]) -> web.Response:
            return pages.render(request, template, **context)

        def translate(language: str, key: str) -> str:
            return pages.translator(language)(key)

        return CallbackForm(
            receive,
            windows,
            channel=name,
            company=application.settings.site.name,
            languages=[language for language in spoken if language in pages.catalogues.languages],
            region=channel.country or "",
            countries=None,
            allowed_origins=self._origins,
            keys=self._keys,
            clock=application.clock,
            random_bytes=application.machine.token_bytes,
            by_address=Window(application.settings.web.form_requests, MINUTE),
            by_phone=application.calls_by_number,
            client_of=app[CONTEXT].proxies.client_of,
            language_of=pages.language_of,
            translate=translate,
            day_name=day_name,
            render=render,
        )

    def _queue(self, name: str, channel: CallbackChannel, topic: str, text: str, language: str) -> QueueName:
        """Return the queue that a request goes to: that of the form, or what the rules say of its words."""
        engine = self._application.engine
        asked = Admit(
            id="", channel=name, medium=CALLBACK, customer="", subject=topic, text=text[:TEXT_MAX], language=language
        )
        now = self._application.clock.now()
        return channel.queue or triage(asked, engine.state, engine.policy, now).then.queue

    def _free(self, name: QueueName) -> Free:
        engine = self._application.engine
        queue = engine.policy.queues.get(name, QueuePolicy(name=name))
        hours = hours_of(engine.policy, queue)
        zone = hours.zone if hours is not None else ZoneInfo(self._application.settings.site.time_zone)
        starts = tuple(islice(free_windows(engine, name), WINDOWS_MAX))
        return Free(starts, queue.callback_slot, zone)

    async def _receipt(self, id: str, time_zone: str | None) -> Receipt:
        engine = self._application.engine
        row = await self._application.store.interaction(id)
        assert row is not None, f"{id} was admitted, so it is in the records"
        held = engine.state.interactions.get(id)
        if held is not None and held.disposition == BLOCKED_SENDER:
            raise RequestRefused("form.refused")
        wait = expected_wait(engine.state, engine.policy, id)
        shown = ExpectedWait(*(round(each / SECOND) for each in wait)) if wait is not None else None
        starts_at = held.scheduled_at if held is not None and held.state is InteractionState.SCHEDULED else None
        free = self._free(row.queue)
        return Receipt(
            reference(row.number),
            position(engine.state, id),
            shown,
            self._application.site.callback_link(id),
            starts_at=starts_at,
            ends_at=None if starts_at is None else starts_at + free.length,
            time_zone=time_zone or str(free.zone),
        )

    def _form(self, request: web.Request) -> CallbackForm:
        name = request.match_info["channel"]
        form = self._forms.get(name) or self._forms.get(f"{name}{CALLBACK_SUFFIX}")
        if form is None:
            raise web.HTTPNotFound(text="There is no such form.")
        return form

    async def _show_form(self, request: web.Request) -> web.StreamResponse:
        return await self._form(request).show(request)

    async def _send_form(self, request: web.Request) -> web.StreamResponse:
        return await self._form(request).send(request)
