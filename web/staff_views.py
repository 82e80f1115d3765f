"""Builds the views of agents and queues, from the state, the policy and the figures of the day."""

from collections.abc import Callable
from typing import Any

import msgspec

from agents.agent import MEDIA_DEFAULTS, Agent, MediumLimit
from queues.interaction import Offer
from queues.overflow import Overflow
from queues.policy import Step
from reports.live import LiveQueue
from vocabulary.instants import SECOND, Instant, Span, rfc3339, span_text
from web import answers as a
from web.site import Site

_NAMES_FOR: Span = 5 * SECOND

Live = Callable[[str], LiveQueue]
"""Return the figures of a queue now."""


def at(instant: Instant | None) -> str | None:
    """Return `instant` as the API writes it, None stays None."""
    return None if instant is None else rfc3339(instant)


def wait_view(span: tuple[Span, Span] | None) -> a.WaitView | None:
    """Return the view of an expected wait, None stays None."""
    return None if span is None else a.WaitView(low_s=span[0] / 1000, high_s=span[1] / 1000)


def _seconds(spans: dict[str, Span]) -> dict[str, float]:
    return {name: span / SECOND for name, span in spans.items()}


class StaffViews:
    """Views of one site's agents and queues."""

    def __init__(self, site: Site, live: Live) -> None:
        self._site = site
        self._live = live
        self._names: dict[str, str] = {}
        self._names_until: Instant = 0

    async def names(self) -> dict[str, str]:
        """Return the name of every agent, at most 5 s old."""
        if self._site.now() >= self._names_until:
            self._names = {row.id: row.name for row in await self._site.store.agents()}
            self._names_until = self._site.now() + _NAMES_FOR
        return self._names

    async def name_of(self, who: str) -> str:
        """Return the name of an agent, or of a supervisor who is none."""
        names = await self.names()
        if who in names:
            return names[who]
        user = await self._site.store.user(who)
        return who if user is None else user.name

    def forget_names(self) -> None:
        """Read the names anew next time: one has changed."""
        self._names_until = 0

    async def agent(self, agent: Agent, *, with_work: bool = True) -> a.AgentView:
        """Return the view of an agent; without his work for those who may not see it."""
        return self.agent_named(agent, await self.names(), with_work=with_work)

    def agent_named(self, agent: Agent, names: dict[str, str], *, with_work: bool = True) -> a.AgentView:
        """Return the same as `agent`, with `names` at hand."""
        profile = agent.profile
        media = sorted(set(MEDIA_DEFAULTS) | set(profile.media))
        return a.AgentView(
            id=agent.id,
            name=names.get(agent.id, agent.id),
            presence=agent.presence,
            reason=agent.reason,
            since=rfc3339(agent.since),
            connected=agent.connected,
            after_current=agent.after_current,
            media={medium: medium not in agent.media_off for medium in media},
            limits={medium: _medium(profile.limit(medium)) for medium in media},
            capacity=profile.capacity,
            used=agent.used,
            interactions=self._held(agent) if with_work else [],
            queues={
                name: a.MembershipView(priority=member.priority, delay_s=member.delay / 1000)
                for name, member in profile.queues.items()
            },
            skills=dict(profile.skills),
            groups=list(profile.groups),
            cooling_until=at(agent.cooling_until),
        )

    def _held(self, agent: Agent) -> list[a.HeldView]:
        found = [self._site.state.interactions[id] for id in agent.holds if id in self._site.state.interactions]
        return [
            a.HeldView(
                id=one.id, medium=one.medium, state=str(one.state), since=rfc3339(one.accepted_at or one.enqueued_at)
            )
            for one in found
        ]

    def ringing(self, agent: Agent) -> list[Offer]:
        """Return the pending offers of an agent, the first to end first."""
        state = self._site.state
        held = [state.interactions[id] for id in agent.holds if id in state.interactions]
        offers = [state.offers[id] for one in held for id in one.offers if id in state.offers]
        mine = [offer for offer in offers if offer.agent == agent.id and offer.state == "pending"]
        return sorted(mine, key=lambda offer: (offer.expires_at, offer.id))

    def live(self, queue: str) -> a.LiveView:
        """Return the wallboard's row of a queue."""
        row = self._live(queue)
        known = {name: getattr(row, name) for name in a.LiveView.__struct_fields__ if hasattr(row, name)}
        known["longest_wait_since"] = at(row.longest_wait_since)
        known["expected_wait"] = wait_view(row.expected_wait)
        return a.LiveView(**known, at=rfc3339(self._site.now()))

    def queue(self, name: str) -> a.QueueView | None:
        """Return a queue's settings."""
        policy = self._site.policy.queues.get(name)
        if policy is None:
            return None
        return a.QueueView(
            name=name,
            target_s=policy.target / 1000,
            credit_s=policy.credit / 1000,
            short_s=policy.short / 1000,
            strategy=policy.strategy,
            placement=policy.placement,
            order=policy.order,
            parallel=policy.parallel,
            steps=[_step(step) for step in policy.steps],
            hours=policy.hours,
            sla=policy.sla,
            segment_targets_s=_seconds(policy.segment_targets),
            silent_after_s=_seconds(policy.silent_after),
            parked_close_after_s=_seconds(policy.parked_close_after),
            undo_s=policy.undo / 1000,
            letter=policy.letter,
            offer_s={medium: policy.offer_timeout(medium) / 1000 for medium in sorted(MEDIA_DEFAULTS)},
            wrap_up=policy.wrap_up,
            wrap_up_after_s=policy.wrap_up_after / 1000,
            dispositions=list(policy.dispositions),
            disposition_required=policy.disposition_required,
            misses_max=policy.misses_max,
            callback_slot_s=policy.callback_slot / 1000,
            callback_places=policy.callback_places,
            callback_days_max=policy.callback_days_max,
            outside_hours=policy.outside_hours,
            on_close=policy.on_close,
            message_channel=policy.message_channel,
            overflow=[_overflow(rule) for rule in policy.overflow],
            agents=list(self._site.state.members.get(name, ())),
        )


def _overflow(rule: Overflow) -> dict[str, Any]:
    """Return a rule as the API takes it."""
    when = msgspec.to_builtins(rule.when)
    spans = {key: span_text(when[key]) for key in ("wait", "expected_wait") if key in when}
    return {"when": when | spans, "do": msgspec.to_builtins(rule.do)}


def _medium(limit: MediumLimit) -> a.MediumView:
    return a.MediumView(
        cost=limit.cost,
        max=limit.max,
        wrap_up_cost=limit.wrapping,
        parked_cost=limit.parked_cost,
        interrupts=list(limit.interrupts),
    )


def _step(step: Step) -> a.StepView:
    return a.StepView(
        after_s=step.after / 1000,
        drop=list(step.drop),
        lower=step.lower,
        groups=list(step.groups),
        priority=step.priority,
        guard=step.guard,
    )
