"""Steps: what a queue asks less, and whom it asks too, of what waits long (semantics.md section 5).

A step counts from the leg's enqueue. What a queue's steps have done stays in later legs there; in another queue, after
a move, and after a transfer with requirements of its own the steps start anew. A step that would change nothing for an
interaction is passed over. Steps are known by their `after`, so a list that is changed meanwhile does the rest as it
now says: what is new and overdue is taken at once, what is gone comes no more, and nothing is taken back.
"""

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from queues.backlog import Signature, signature_of
from queues.interaction import PRIORITY_MAX, Interaction
from queues.lifecycle import InteractionState
from queues.policy import QueuePolicy, Step
from router import events as e
from router.draft import Draft
from router.lending import lenders_load
from vocabulary.instants import SECOND, Instant, Span
from vocabulary.skills import Requirement

S = InteractionState
LOOK_AGAIN: Span = 10 * SECOND
"""How soon a step that is held back is looked at again."""


class Terms(NamedTuple):
    """What steps act upon: the requirements in force, the groups that were added, the priority."""

    requirements: tuple[Requirement, ...]
    groups: tuple[str, ...]
    priority: int


class Coming(NamedTuple):
    """A step that will come due `at`, and what the interaction asks for from then on."""

    at: Instant
    step: Step
    terms: Terms


def terms_of(interaction: Interaction) -> Terms:
    """Return what `interaction` asks for now."""
    return Terms(interaction.in_force, interaction.groups, interaction.priority)


def relaxed(terms: Terms, step: Step) -> Terms:
    """Return what is asked for once `step` is taken. A level is never raised; priority goes up to 100."""
    kept = (need for need in terms.requirements if need.skill not in step.drop)
    return Terms(
        tuple(dict.fromkeys(_lowered(need, step.lower) for need in kept)),
        tuple(dict.fromkeys((*terms.groups, *step.groups))),
        min(PRIORITY_MAX, terms.priority + step.priority),
    )


def _lowered(need: Requirement, levels: dict[str, int]) -> Requirement:
    enough = levels.get(need.skill, need.level)
    return msgspec.structs.replace(need, level=enough) if enough < need.level else need


def steps_ahead(interaction: Interaction, queue: QueuePolicy) -> tuple[Coming, ...]:
    """Return the steps of `queue` that `interaction` has not taken and that change something, each on top of the last.

    One that is held back, or overdue, is among them.
    """
    taken, since = interaction.steps_taken, interaction.enqueued_at
    return tuple(_ahead(queue.steps, taken, since, terms_of(interaction)))


def _ahead(steps: tuple[Step, ...], taken: tuple[Span, ...], since: Instant, terms: Terms) -> Iterator[Coming]:
    for step in steps:
        if step.after in taken:
            continue
        after = relaxed(terms, step)
        if after != terms:
            yield Coming(since + step.after, step, after)
            terms = after


def first_step_at(
    interaction: Interaction,
    queue: QueuePolicy,
    now: Instant,
    *,
    anew: bool,
    requirements: tuple[Requirement, ...] | None,
) -> Instant | None:
    """Return when the first step comes due in a leg that begins in `queue` now, or None if none ever does."""
    needs = interaction.in_force if requirements is None else requirements
    terms = Terms(needs, () if anew else interaction.groups, interaction.priority)
    coming = _ahead(queue.steps, () if anew else interaction.steps_taken, now, terms)
    return next((each.at for each in coming), None)


def step_due(draft: Draft, id: str) -> None:
    """Take the steps of an interaction that are due, but for those that their guard holds back."""
    interaction = draft.state.interactions[id]
    queue = draft.queue(interaction.queue)
    held: tuple[Step, int] | None = None
    none_due = True
    for step in queue.steps:
        if step.after in interaction.steps_taken or interaction.enqueued_at + step.after > draft.now:
            continue
        terms = relaxed(terms_of(interaction), step)
        if terms == terms_of(interaction):
            continue
        none_due = False
        load = _overload(draft, interaction, terms) if step.guard else None
        if load is None:
            _take(draft, interaction, queue, step, terms)
        elif held is None:
            held = step, load
    if held is not None:
        _hold_back(draft, interaction, queue, *held)
    elif none_due:
        draft.emit(e.StepsChanged(at=draft.now, interaction=id, next_at=_next_at(draft, interaction, queue)))


def _next_at(draft: Draft, interaction: Interaction, queue: QueuePolicy) -> Instant | None:
    return next((each.at for each in steps_ahead(interaction, queue) if each.at > draft.now), None)


def _take(draft: Draft, interaction: Interaction, queue: QueuePolicy, step: Step, terms: Terms) -> None:
    taken = (*interaction.steps_taken, step.after)
    ahead = _ahead(queue.steps, taken, interaction.enqueued_at, terms)
    draft.emit(
        e.StepTaken(
            at=draft.now,
            interaction=interaction.id,
            after=step.after,
            requirements=terms.requirements,
            groups=terms.groups,
            priority=terms.priority,
            due_at=interaction.due_at - (terms.priority - interaction.priority) * interaction.credit,
            next_at=next((each.at for each in ahead if each.at > draft.now), None),
        )
    )
    draft.look_at(interaction.id)
    if step.priority and (interaction.overflow is not None or draft.state.emergencies):
        # A rule of overflow that could change it no further may do so again.
        draft.may_overflow(interaction.id)


def _hold_back(draft: Draft, interaction: Interaction, queue: QueuePolicy, step: Step, load: int) -> None:
    later = _next_at(draft, interaction, queue)
    again = draft.now + LOOK_AGAIN
    draft.emit(
        e.StepHeld(
            at=draft.now,
            interaction=interaction.id,
            after=step.after,
            load=load,
            until=again if later is None else min(again, later),
        )
    )


def _overload(draft: Draft, interaction: Interaction, terms: Terms) -> int | None:
    """Return the load of those whom a step would add, per cent, if it is too high to add them; else None."""
    before = signature_of(interaction)
    needs = tuple(sorted({need.lasting for need in terms.requirements}))
    after: Signature = before._replace(requirements=needs, groups=terms.groups)
    load = lenders_load(draft.state, before, after, interaction.stream, draft.now)
    return load if load is not None and load > 100 else None


def review(draft: Draft) -> None:
    """Let what waits follow steps that come sooner than it knows: after a start, or a change of a queue.

    Steps that come later or are gone need nothing: the handler finds out when it looks.
    """
    if not any(queue.steps for queue in draft.policy.queues.values()):
        return
    for interaction in list(draft.state.interactions.values()):
        if interaction.state in (S.WAITING, S.OFFERED):
            follow_steps(draft, interaction)


def follow_steps(draft: Draft, interaction: Interaction) -> None:
    """Let `interaction`, which waits, follow a step that comes sooner than it knows."""
    ahead = steps_ahead(interaction, draft.queue(interaction.queue))
    next_at = min((each.at for each in ahead), default=None)
    if next_at is None:
        return
    # One that is overdue may be held back; then it is looked at again soon.
    latest = next_at if next_at > draft.now else draft.now + LOOK_AGAIN
    if interaction.step_at is None or interaction.step_at > latest:
        draft.emit(e.StepsChanged(at=draft.now, interaction=interaction.id, next_at=max(next_at, draft.now)))
