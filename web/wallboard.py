"""`/ws/wallboard`: what a supervisor's page shows, worked out once for all who look (docs/reference/sockets.md)."""

import asyncio
from contextlib import suppress
from typing import Any

import msgspec
from aiohttp import WSCloseCode, web

from router import events as e
from router.events import AnyEvent
from router.state import ALL_REPLIES
from vocabulary.errors import Lagged, TemporaryFailure
from vocabulary.instants import rfc3339
from web.answers import AgentView, LiveView
from web.context import Context
from web.feed import ALL, FeedEnded, Inbox
from web.site import Logged
from web.sockets import Frame, Outgoing, SocketOver, admitted, converse, encode

GATHER_S = 0.5
"""How long changes are gathered: frames come at most twice a second."""
ALIVE_S = 4.0
"""How long nothing may be heard; the page calls itself stale after 5 s."""

_OF_AVALANCHES = (e.AvalancheBegan, e.AvalancheEnded, e.AutomationBegan, e.AutomationEnded)
_TICKING = ("longest_wait_s", "at")
"""Fields that change by themselves; the page counts on from `longest_wait_since`."""


class Wallboard:
    """Follows the log and tells every open wallboard what changed."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._site = context.site
        self._staff = context.staff
        self._viewers: dict[Outgoing, None] = {}
        self._rows: dict[str, LiveView] = {}
        self._agents: dict[str, AgentView] = {}
        self._quarantined = 0
        self._told_quarantined: int | None = None
        self._told_failing: int | None = None

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Answer `/ws/wallboard`."""
        principal = await admitted(request, "wallboard.open")
        outgoing = Outgoing()
        try:
            return await converse(request, "wallboard", principal, outgoing, _hear, lambda: self._join(outgoing))
        finally:
            self._viewers.pop(outgoing, None)

    async def _join(self, outgoing: Outgoing) -> None:
        names = await self._staff.names()
        quarantined = await self._site.store.received_count("quarantined")
        # No wait between the look at the state and the place among the viewers, so nothing falls in between.
        outgoing.put(self._frame("snapshot", **{**self._everything(names), "quarantined": quarantined}))
        self._viewers[outgoing] = None
        # The new viewer may know more than the others were told: the next round compares with nothing.
        self._rows, self._agents, self._told_quarantined, self._told_failing = {}, {}, None, None

    async def run(self) -> None:
        """Tell the viewers what changes, until cancelled or the process stops."""
        with self._context.feed.follow(ALL) as inbox:
            try:
                while True:
                    await self._round(inbox)
            except FeedEnded:
                for viewer in list(self._viewers):
                    viewer.close(SocketOver(WSCloseCode.GOING_AWAY, "restart"))

    async def _round(self, inbox: Inbox) -> None:
        try:
            news = await _gathered(inbox)
        except Lagged:
            news = None
        if not self._viewers:
            return
        await self._quarantine()
        self._mailboxes()
        if news is None:
            self._tell(self._frame("snapshot", **self._everything(await self._staff.names())))
        elif news:
            for logged in news:
                self._activity(logged)
            self._many_answered(news)
            if any(isinstance(logged.event, e.AutoRepliesStopped | e.AutoRepliesReleased) for logged in news):
                self._tell(self._frame("auto_replies", stopped=self._replies_stopped()), key="auto_replies")
            if any(isinstance(logged.event, _OF_AVALANCHES) for logged in news):
                self._tell(self._frame("avalanches", items=self._avalanches()), key="avalanches")
            await self._changes(news)
        else:
            self._rows = self._all_rows()
            self._tell(self._frame("queues", rows=list(self._rows.values())), key="queues")

    async def _quarantine(self) -> None:
        """Tell how much could not be processed, if that has changed; a disk that fails is told elsewhere."""
        with suppress(TemporaryFailure):
            self._quarantined = count = await self._site.store.received_count("quarantined")
            if count != self._told_quarantined:
                self._told_quarantined = count
                self._tell(self._frame("quarantine", count=count), key="quarantine")

    def _mailboxes(self) -> None:
        """Tell how many mailboxes can't be read, if that has changed."""
        count = self._failing()
        if count != self._told_failing:
            self._told_failing = count
            self._tell(self._frame("mailboxes", failing=count), key="mailboxes")

    def _failing(self) -> int:
        return sum(each.fetching is not None and each.fetching.trouble is not None for each in self._site.mailboxes())

    async def _changes(self, news: list[Logged]) -> None:
        """Tell the rows and agents that `news` may have changed, if they have."""
        queues, agents = self._touched(news)
        rows = {name: self._staff.live(name) for name in sorted(queues) if name in self._site.policy.queues}
        changed = [row for name, row in rows.items() if not _same(row, self._rows.get(name))]
        self._rows.update(rows)
        if changed:
            self._tell(self._frame("queues", rows=changed))
        state = self._site.state
        names = await self._staff.names()
        views = {id: self._staff.agent_named(state.agents[id], names) for id in sorted(agents) if id in state.agents}
        others = [view for id, view in views.items() if view != self._agents.get(id)]
        self._agents.update(views)
        if agents - set(views):
            # Somebody was removed, and there is no frame to say so.
            self._tell(self._frame("snapshot", **self._everything(names)))
        elif others:
            self._tell(self._frame("agents", agents=others))

    def _touched(self, news: list[Logged]) -> tuple[set[str], set[str]]:
        """Return the queues and the agents whose figures `news` may have changed."""
        state = self._site.state
        queues: set[str] = set()
        agents: set[str] = set()
        for logged in news:
            queue, agent, interaction = (getattr(logged.event, name, "") for name in ("queue", "agent", "interaction"))
            queues |= {queue} if queue else set()
            current = state.interactions.get(interaction)
            if current is not None:
                queues.add(current.queue)
                agents |= {current.agent} if current.agent else set()
            if agent:
                agents.add(agent)
        for id in agents:
            if id in state.agents:
                queues |= set(state.agents[id].profile.queues)
        return queues, agents

    def _everything(self, names: dict[str, str]) -> dict[str, Any]:
        agents = self._site.state.agents
        self._agents = {id: self._staff.agent_named(agents[id], names) for id in sorted(agents)}
        self._rows = self._all_rows()
        queues, people = list(self._rows.values()), list(self._agents.values())
        return {
            "queues": queues,
            "agents": people,
            "quarantined": self._quarantined,
            "mailboxes_failing": self._failing(),
            "auto_replies_stopped": self._replies_stopped(),
            "avalanches": self._avalanches(),
        }

    def _replies_stopped(self) -> str | None:
        since = self._site.state.replies_stopped.get(ALL_REPLIES)
        return None if since is None else rfc3339(since)

    def _avalanches(self) -> list[dict[str, Any]]:
        """Return what comes far more often than usual, and until when it is answered by itself."""
        state = self._site.state
        found: list[dict[str, Any]] = [
            {
                "label": each.label,
                "queue": each.queue,
                "since": rfc3339(each.since),
                "arrivals": each.arrivals,
                "forecast": each.expected,
                "window_s": each.window / 1000,
            }
            for each in state.avalanches.values()
        ]
        automatic = {label: rfc3339(each.until) for label, each in sorted(state.automations.items())}
        known = {each.label for each in state.avalanches.values()}
        found += [{"label": label, "queue": None, "since": None} for label in automatic if label not in known]
        return [{**each, "automated_until": automatic.get(each["label"])} for each in found]

    def _all_rows(self) -> dict[str, LiveView]:
        return {name: self._staff.live(name) for name in sorted(self._site.policy.queues)}

    def _activity(self, logged: Logged) -> None:
        text = _told(logged.event)
        if text is None:
            return
        given = {name: getattr(logged.event, name, None) for name in ("interaction", "agent", "queue", "result")}
        known = {name: value for name, value in given.items() if value is not None}
        frame = {"type": "activity", "seq": logged.seq, "at": rfc3339(logged.event.at)}
        self._tell(encode({**frame, "event": type(logged.event).__name__, "text": text, **known}))

    def _many_answered(self, news: list[Logged]) -> None:
        """Tell of answers for many in one line each, not in one for each who got it."""
        counts: dict[str, tuple[int, int, str, str]] = {}
        for logged in news:
            if isinstance(logged.event, e.AnsweredByBot) and logged.event.bulk:
                before = counts.get(logged.event.bulk, (0, 0, "", ""))[0]
                counts[logged.event.bulk] = (before + 1, logged.seq, rfc3339(logged.event.at), logged.event.by)
        for bulk, (count, seq, at, by) in counts.items():
            text = f"{by} answered {count} at once ({bulk})"
            self._tell(encode({"type": "activity", "seq": seq, "at": at, "event": "AnsweredByBot", "text": text}))

    def _frame(self, kind: str, **fields: Any) -> Frame:
        return {"type": kind, "seq": self._site.seq, "at": rfc3339(self._site.now()), **fields}

    def _tell(self, frame: Frame | str, key: str | None = None) -> None:
        text = frame if isinstance(frame, str) else encode(frame)
        for viewer in list(self._viewers):
            viewer.put(text, key)


async def _hear(frame: Frame) -> None:
    """The wallboard's page says nothing that matters."""


async def _gathered(inbox: Inbox) -> list[Logged]:
    """Return what comes within half a second of the first event; nothing if there is none for 4 s.

    Raises:
        Lagged: events were missed.
        FeedEnded: the process stops.
    """
    news: list[Logged] = []
    try:
        async with asyncio.timeout(ALIVE_S):
            news.append(await inbox.next())
        async with asyncio.timeout(GATHER_S):
            while True:
                news.append(await inbox.next())
    except TimeoutError:
        return news


def _same(row: LiveView, old: LiveView | None) -> bool:
    if old is None:
        return False
    return msgspec.structs.replace(row, **{name: getattr(old, name) for name in _TICKING}) == old


def _told(event: AnyEvent) -> str | None:
    """Return what the activity log says of `event` in English, None for what no supervisor follows."""
    match event:
        case e.Enqueued(interaction=id, queue=queue, cause=cause):
            return f"{id} waits in {queue} ({cause})"
        case e.Offered(interaction=id, agent=agent):
            return f"{id} is offered to {agent}"
        case e.OfferAccepted(interaction=id, agent=agent):
            return f"{agent} accepted {id}"
        case e.OfferDeclined(interaction=id, agent=agent, reason=reason):
            return f"{agent} declined {id} ({reason})"
        case e.OfferExpired(interaction=id, agent=agent):
            return f"{agent} did not answer {id}"
        case e.OfferWithdrawn(interaction=id, agent=agent, reason=reason):
            return f"{id} was taken back from {agent} ({reason})"
        case e.Transferred(interaction=id, agent=agent, queue=queue):
            return f"{agent} handed {id} over to {queue}"
        case e.WarmTransferAsked(interaction=id, agent=agent, queue=queue, only_agent=only):
            return f"{agent} asks {only or queue} to take {id}"
        case e.WarmTransferAccepted(interaction=id, agent=agent, sender=sender):
            return f"{agent} takes {id} from {sender}"
        case e.WarmTransferEnded(interaction=id, agent=agent, reason=reason):
            return f"{id} stays with {agent} ({reason})"
        case e.TakenOver(interaction=id, agent=agent, before=before):
            return f"{agent} took {id} over from {before}"
        case e.Assigned(interaction=id, agent=agent, by=by) if by != agent:
            return f"{by} gave {id} to {agent}"
        case e.OutboundStarted(interaction=id, agent=agent):
            return f"{agent} began {id}"
        case e.SpamMarked(interaction=id, by=by):
            return f"{by} marked {id} as spam"
        case e.Relabelled(interaction=id, label=label, by=by):
            return f"{by} says that {id} is about {label}" if label else f"{by} took back what {id} is about"
        case e.Undone(interaction=id, kind=kind, by=by):
            return f"{by} took back the {kind} of {id}"
        case e.Moved(interaction=id, queue=queue, by=by):
            return f"{by} moved {id} to {queue}"
        case e.Reprioritised(interaction=id, priority=priority, by=by):
            return f"{by} set the priority of {id} to {priority}"
        case e.Abandoned(interaction=id):
            return f"The customer of {id} left"
        case e.Ended(interaction=id, by=by):
            return f"The contact of {id} ended ({by})"
        case e.WrappedUp(interaction=id, agent=agent):
            return f"{agent} finished {id}"
        case e.Closed(interaction=id, reason=reason):
            return f"{id} was closed ({reason})"
        case e.PresenceChanged(agent=agent, presence=presence, by=by):
            return f"{agent} is {presence}" if by == agent else f"{agent} is {presence} (set by {by})"
        case e.AvalancheBegan(label=label, arrivals=arrivals, expected=expected, queue=queue):
            where = f" in {queue}" if queue else ""
            return f"Avalanche of {label}{where}: {arrivals} came where {expected:.1f} were expected"
        case e.AvalancheEnded(label=label, by=by):
            return f"The avalanche of {label} is over ({by})"
        case e.AutomationBegan(bulk=bulk, by=by):
            return f"{by} has what comes about {bulk.label} answered by itself"
        case e.AutomationEnded(label=label, reason=reason, answered=answered):
            return f"Nothing about {label} is answered by itself any more ({reason}); {answered} were"
        case e.AutoRepliesStopped(sent=sent, usual=usual):
            return f"Automatic replies were stopped: {sent} in this hour, {usual} in a usual one"
        case e.AutoRepliesReleased(by=by):
            return f"{by} let automatic replies go out again"
        case e.KnowledgeChanged(article=article, by=by, removed=removed):
            return f"{by} {'removed' if removed else 'changed'} article {article}"
        case e.DeliveryReported(interaction=id, result="failed", agent=agent):
            return f"A mail of {id} was not delivered; {agent or 'nobody'} is told"
        case e.DeliveryReported(interaction=id, result="uncertain"):
            return f"A mail of {id} may not have arrived"
        case e.DeliveryReported(interaction=id, result="bounced"):
            return f"A message of {id} came back as not deliverable"
        case e.DeliveryReported(interaction=id, result="complained"):
            return f"The customer of {id} reported a message as unwanted; no automatic mail goes to him"
        case e.AgentConnected(agent=agent) | e.AgentDisconnected(agent=agent):
            return f"{agent} {'connected' if isinstance(event, e.AgentConnected) else 'was cut off'}"
        case _:
            return None
