"""From settings to what the core reads: policies and profiles."""

from agents.agent import MediumLimit, Membership, Profile
from config.channel_schema import CallbackChannel, Channel, ChatChannel
from config.hours import hours_of
from config.schema import Agent, Queue, Rule, Settings
from queues.policy import ChannelPolicy, QueuePolicy
from router import policy as router
from vocabulary.skills import Requirement


def policy_of(settings: Settings) -> router.Policy:
    """Return what `settings` say to the core."""
    return router.Policy(
        queues={name: _queue(name, queue) for name, queue in settings.queues.items()},
        channels={name: _channel(name, channel) for name, channel in settings.channels.items()},
        rules=tuple(_rule(place, rule) for place, rule in enumerate(settings.rules)),
        autoresponses={
            answer.name: router.Autoresponse(
                name=answer.name, kind=answer.kind, confidence=answer.confidence, otherwise=answer.otherwise
            )
            for answer in settings.autoresponses
        },
        auto_replies_max=settings.site.auto_replies_max,
        auto_replies_within=settings.site.auto_replies_within,
        disconnect_grace=settings.site.disconnect_grace,
        hours=hours_of(settings.hours, settings.site.time_zone),
    )


def profile_of(agent: Agent) -> Profile:
    """Return what the core must know of a seeded agent."""
    return Profile(
        skills=dict(agent.skills),
        queues={name: Membership(served.priority, served.delay) for name, served in agent.queues.items()},
        capacity=agent.capacity,
        media={name: MediumLimit(limit.cost, limit.max) for name, limit in agent.media.items()},
    )


def medium_of(channel: Channel) -> str:
    """Return the medium of `channel`: chat, email or callback."""
    return str(channel.__struct_config__.tag)


def _queue(name: str, queue: Queue) -> QueuePolicy:
    # Key for key the same names: tests/config compares them.
    return QueuePolicy(name=name, **{key: getattr(queue, key) for key in queue.__struct_fields__})


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
        when=router.Condition(**{key: getattr(when, key) for key in when.__struct_fields__}),
        then=router.Action(
            queue=then.queue,
            priority=then.priority,
            class_=then.class_,
            requirements=tuple(Requirement(it.skill, it.level, it.expires_after) for it in then.requirements),
            language_skill=then.language_skill,
            tags=then.tags,
            autoresponse=then.autoresponse,
        ),
    )
