"""What waits is understood later than it came in: its customer said hello first, or has told who he is.

The rules then say anew where it belongs, as long as nobody else has said so: neither staff or an integration when it
came in, nor who moved or raised it since, nor overflow, nor a step. It keeps the instant of its arrival. Automatic
answers are not looked at again, and what was promised stays promised.
"""

from queues.interaction import Heads, Interaction
from queues.lifecycle import InteractionState
from router import events as e
from router.commands import Admit
from router.draft import Draft
from router.legs import enqueue, still_there
from router.standing import raised, segments_of, target_for
from router.triage import triage

S = InteractionState


def may_be_read_anew(interaction: Interaction) -> bool:
    """Tell whether it waits where rules alone have put it, and nobody has said what it is about."""
    waits = interaction.state is S.WAITING and interaction.ruled_leg == interaction.leg
    return waits and interaction.corrected is None


def _told_by(understood: Admit | Interaction) -> tuple[object, ...]:
    """Return what is understood of it, not how surely."""
    heads = understood.heads or Heads()
    told = (*understood.labels[:1], heads.department, heads.urgency, heads.sentiment)
    named = [each and each.name for each in told]
    return named, understood.language, understood.segment, understood.also_segments


def read_anew(draft: Draft, interaction: Interaction, anew: Admit) -> None:
    """Let the rules look at what waits as if `anew` came in, and put it where they say."""
    if not may_be_read_anew(interaction):
        return
    verdict = triage(anew, draft.state, draft.policy, draft.now)
    then, segments = verdict.then, segments_of(anew)
    priority = raised(then.priority, segments, draft.policy)
    target = target_for(draft.policy, draft.queue(then.queue), segments)
    goes = then.queue, then.requirements, priority, then.class_, target
    stands = interaction.queue, interaction.requirements, interaction.priority, interaction.class_, interaction.target
    tags = (*interaction.tags, *(tag for tag in then.tags if tag not in interaction.tags))
    if goes == stands and tags == interaction.tags and _told_by(anew) == _told_by(interaction):
        return
    draft.emit(
        e.Understood(
            at=draft.now,
            interaction=interaction.id,
            labels=anew.labels,
            heads=anew.heads,
            language=anew.language,
            segment=anew.segment,
            also_segments=anew.also_segments,
            preferences=then.preferences,
            tags=tags,
            rule=verdict.rule,
            reasons=verdict.reasons,
            queue=then.queue,
            moves=goes != stands,
        )
    )
    draft.look_at(interaction.id)
    if goes == stands:
        return
    if (priority, then.class_) != (interaction.priority, interaction.class_):
        draft.emit(
            e.Reprioritised(
                at=draft.now,
                interaction=interaction.id,
                priority=priority,
                class_=then.class_,
                due_at=interaction.due_at,
                by="router",
            )
        )
    enqueue(
        draft,
        interaction,
        "understood",
        queue=then.queue,
        requirements=then.requirements,
        preferred_agent=still_there(draft, anew.preferred_agent or interaction.preferred_agent),
        since=interaction.enqueued_at if then.queue == interaction.queue else None,
    )
