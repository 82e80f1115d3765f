"""What a scenario says to the core: policy, profiles, admissions."""

from agents.agent import Membership, Profile
from queues.policy import ChannelPolicy, QueuePolicy
from router.commands import Admit
from router.policy import Action, Policy, Rule
from simulation.scenario import AgentGroup, QueueMembership, QueueTable, Scenario, Stream, span


def policy_of(scenario: Scenario) -> Policy:
    """Return what the scenario says to the core: its queues, and a channel for each medium."""
    queues = {queue.name: _queue_policy(queue, scenario) for queue in scenario.queues}
    media = {stream.medium for stream in scenario.arrivals}
    # Nobody writes again, so what is closed may be forgotten at once: memory is that of the open ones.
    channels = {medium: ChannelPolicy(name=medium, medium=medium, reopen=0) for medium in sorted(media)}
    rule = Rule(name="all", then=Action(queue=scenario.queues[0].name))
    return Policy(queues=queues, channels=channels, rules=(rule,))


def _queue_policy(queue: QueueTable, scenario: Scenario) -> QueuePolicy:
    media = sorted({stream.medium for stream in scenario.arrivals})
    return QueuePolicy(
        name=queue.name,
        target=span(queue.target),
        credit=span(queue.credit),
        short=span(queue.short),
        strategy=queue.strategy,
        order=queue.order,
        placement=queue.placement,
        offer=dict.fromkeys(media, span(queue.offer.timeout)),
        wrap_up="timed_forced" if span(queue.wrap_up) else "none",
        wrap_up_after=span(queue.wrap_up),
    )


def profile_of(table: AgentGroup, *, grouped: bool) -> Profile:
    """Return the profile of each agent of a group; `grouped`: somebody prefers agents by their group.

    Otherwise the core need not tell groups apart, and agents who are alike but for their group share its index.
    """
    queues = {}
    for name, told in table.queues.items():
        if isinstance(told, QueueMembership):
            queues[name] = Membership(told.priority, span(told.delay))
        else:
            queues[name] = Membership(told)
    groups = (table.group,) if grouped else ()
    return Profile(skills=table.skills, queues=queues, capacity=table.capacity, groups=groups)


def admission_of(stream: Stream) -> Admit:
    """Return what lets a customer of `stream` in, but for who he is."""
    return Admit(
        id="",
        customer="",
        channel=stream.medium,
        medium=stream.medium,
        queue=stream.queue,
        priority=stream.priority,
        class_=stream.class_,
        requirements=stream.needs(),
        preferences=stream.wishes(),
    )


def has_deadlines(scenario: Scenario) -> bool:
    """Tell whether time alone can change anything but what is closed already."""
    asked = any(span(queue.offer.timeout) or span(queue.wrap_up) for queue in scenario.queues)
    expires = any(need.expires_after is not None for stream in scenario.arrivals for need in stream.needs())
    memberships = (each for group in scenario.agents for each in group.queues.values())
    return asked or expires or any(isinstance(each, QueueMembership) and each.delay for each in memberships)
