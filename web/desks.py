"""The desks that are open in this process."""

from aiohttp import web

from web.context import Context
from web.desk import AgentTyping, Desk
from web.feed import agent_key
from web.i18n import spoken_language
from web.problems import Problem
from web.sockets import Outgoing, admitted, converse


class Desks:
    """Opens desks, and tells them what is in no event."""

    def __init__(self, context: Context, on_typing: AgentTyping | None = None) -> None:
        self._context = context
        self._on_typing = on_typing
        self._open: dict[Desk, None] = {}

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Answer `/ws/desk`."""
        principal = await admitted(request, "desk.open")
        agent = principal.agent
        if agent is None or agent not in self._context.site.state.agents:
            raise Problem("forbidden", "Your account is no agent's; ask an administrator.", reason="no_agent")
        outgoing = Outgoing()
        with self._context.feed.follow(agent_key(agent)) as inbox:
            language = spoken_language(request)
            desk = Desk(self._context, principal, agent, outgoing, inbox, self._on_typing, language)
            await self._context.site.agent_socket_opened(agent)
            self._open[desk] = None
            try:
                return await converse(request, "desk", principal, outgoing, desk.hear, desk.tell)
            finally:
                self._open.pop(desk, None)
                await self._context.site.agent_socket_closed(agent)

    def customer_types(self, interaction: str) -> None:
        """Tell whoever holds `interaction` that its customer is typing."""
        for desk in self._open:
            desk.customer_types(interaction)
