"""From settings to what the core reads: policies and profiles."""

from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from agents.agent import MediumLimit, Membership, Profile
from config.channel_schema import CallbackChannel, Channel, ChatChannel
from config.hours import hours_of
from config.schema import Agent, Autoresponse, Queue, Rule, Settings
from config.segment_checks import is_calculated
from config.segment_schema import Segment
from config.sla_schema import Sla
from customers.standing import FIGURES, Definition
from queues.overflow import Do, Overflow, When
from queues.policy import ChannelPolicy, Placement, QueuePolicy, Step
from queues.sending import CallOn, SendingPlan, Timing
from queues.sla import CLOCKS, Agreement, Escalation, SlaPolicy
from router import policy as router
from vocabulary.media import CHAT
from vocabulary.skills import Preference, Requirement


def policy_of(settings: Settings) -> router.Policy:
    """Return what `settings` say to the core."""
    return router.Policy(
        queues={name: _queue(name, queue, settings) for name, queue in settings.queues.items()},
        channels={name: _channel(name, channel) for name, channel in settings.channels.items()},
        rules=tuple(_rule(place, rule) for place, rule in enumerate(settings.rules)),
        autoresponses={answer.name: _autoresponse(answer) for answer in settings.autoresponses},
        plans={answer.name: _plan(answer, settings) for answer in settings.autoresponses if answer.kind == "document"},
        auto_replies_max=settings.site.auto_replies_max,
        auto_replies_within=settings.site.auto_replies_within,
        auto_replies_domain_max=settings.site.auto_replies_domain_max,
        auto_replies_domain_within=settings.site.auto_replies_domain_within,
        auto_replies_surge=settings.site.auto_replies_surge,
        auto_replies_surge_min=settings.site.auto_replies_surge_min,
        auto_replies_surge_hours=settings.site.auto_replies_surge_hours,
        bulk_undo=settings.avalanche.undo,
        bulk_leave_out=settings.avalanche.leave_out,
        disconnect_grace=settings.site.disconnect_grace,
        hours=hours_of(settings.hours, settings.site.time_zone),
        sla={name: _sla(name, sla) for name, sla in settings.sla.items()},
        segments={
            name: router.SegmentPolicy(
                priority=segment.priority,
                target=segment.target,
                owner=segment.owner,
                preferred_agent=segment.preferred_agent,
            )
            for name, segment in settings.segments.items()
        },
    )


def definitions_of(settings: Settings) -> tuple[Definition, ...]:
    """Return who is of which segment, by precedence; those that only staff put customers into are left out."""
    return tuple(_definition(name, each) for name, each in settings.segments.items() if is_calculated(each))


def _definition(name: str, segment: Segment) -> Definition:
    bounds = ((figure, getattr(segment, figure)) for figure in FIGURES)
    same = (
        "top_value", "value_share", "by", "bought_within", "not_bought_for", "customer_within", "contract_ends_within",
        "attributes",
    )  # fmt: skip
    return Definition(
        name=name,
        bounds=tuple((figure, bound) for figure, bound in bounds if bound is not None),
        **{key: getattr(segment, key) for key in same},
    )


def profile_of(agent: Agent) -> Profile:
    """Return what the core must know of a seeded agent."""
    return Profile(
        skills=dict(agent.skills),
        queues={name: Membership(served.priority, served.delay) for name, served in agent.queues.items()},
        capacity=agent.capacity,
        media={name: MediumLimit(**_fields(limit)) for name, limit in agent.media.items()},
        groups=agent.groups,
    )


def medium_of(channel: Channel) -> str:
    """Return the medium of `channel`: chat, email or callback."""
    return str(channel.__struct_config__.tag)


PROMISED = 0.99
"""The share of right answers that an automatic answer promises unless its table says something else."""


def _autoresponse(answer: Autoresponse) -> router.Autoresponse:
    if answer.kind != "answer":
        return router.Autoresponse(name=answer.name, kind=answer.kind)
    fixed = answer.confidence is not None and answer.precision is None
    return router.Autoresponse(
        name=answer.name,
        kind=answer.kind,
        confidence=answer.confidence or 0.0,
        precision=None if fixed else answer.precision or PROMISED,
        otherwise=answer.otherwise,
        holdout=answer.holdout,
        clarify=answer.clarify,
        clarify_wait=answer.clarify_wait,
    )


def _plan(answer: Autoresponse, settings: Settings) -> SendingPlan:
    call = answer.escalate
    return SendingPlan(
        name=answer.name,
        steps=(Timing(answer.after, answer.at), *(Timing(step.after, step.at) for step in answer.steps)),
        within=answer.within,
        zone=ZoneInfo(answer.time_zone or settings.site.time_zone),
        call=CallOn(Timing(call.after, call.at), call.callback) if call is not None else None,
        unsubscribe=answer.unsubscribe,
    )


def _fields(table: msgspec.Struct) -> dict[str, Any]:
    """Return what a table holds; what the core reads has, key for key, the same names (tests/config compares them)."""
    return {key: getattr(table, key) for key in table.__struct_fields__}


def _queue(name: str, queue: Queue, settings: Settings) -> QueuePolicy:
    values = _fields(queue)
    values["steps"] = tuple(Step(**_fields(step)) for step in queue.steps)
    values["overflow"] = tuple(
        Overflow(when=When(**_fields(rule.when)), do=Do(**_fields(rule.do))) for rule in queue.overflow
    )
    ask = queue.ask or settings.identification.ask
    values["ask"] = None if ask == "nothing" else ask
    values["placement"] = queue.placement or _usual_placement(name, settings)
    return QueuePolicy(name=name, **values)


def _sla(name: str, sla: Sla) -> SlaPolicy:
    agreement = Agreement(
        name=name,
        **{clock: getattr(sla, clock) for clock in CLOCKS},
        hours=sla.hours,
        pause_while_parked=sla.pause_while_parked,
        warn_before=sla.warn_before,
    )
    return SlaPolicy(
        agreement=agreement,
        segments=sla.segments,
        queues=sla.queues,
        at_warning=Escalation(**_fields(sla.at_warning)),
        at_breach=Escalation(**_fields(sla.at_breach)),
    )


def _usual_placement(name: str, settings: Settings) -> Placement | None:
    """Return "pack" where an agent who serves queue `name` also takes a channel's medium that needs him whole.

    Chats that pile up at few agents leave others free for it. Where no agent of the file serves the queue, the usual
    costs count: then a callback channel is such a medium.
    """
    media = {medium_of(channel) for channel in settings.channels.values()} - {CHAT}
    profiles = [profile_of(agent) for agent in settings.agents if name in agent.queues] or [Profile()]
    whole = (profile.limit(medium).cost >= profile.capacity for profile in profiles for medium in media)
    return "pack" if any(whole) else None


def _channel(name: str, channel: Channel) -> ChannelPolicy:
    policy = ChannelPolicy(name=name, medium=medium_of(channel), reopen=channel.reopen)
    if isinstance(channel, CallbackChannel):
        return policy
    grace = channel.customer_grace if isinstance(channel, ChatChannel) else policy.customer_grace
    return ChannelPolicy(
        name=name,
        medium=policy.medium,
        customer_grace=grace,
        reopen=channel.reopen,
        confirmation=channel.confirmation,
    )


def _rule(place: int, rule: Rule) -> router.Rule:
    when, then = rule.when, rule.then
    return router.Rule(
        name=rule.name or f"rule {place + 1}",
        when=router.Condition(**_fields(when)),
        then=router.Action(
            queue=then.queue,
            priority=then.priority,
            class_=then.class_,
            requirements=tuple(Requirement(**_fields(it)) for it in then.requirements),
            preferences=tuple(Preference(**_fields(it)) for it in then.preferences),
            language_skill=then.language_skill,
            tags=then.tags,
            autoresponse=then.autoresponse,
        ),
    )
