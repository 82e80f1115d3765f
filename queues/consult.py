"""A warm transfer looks for its target like something that waits, while its interaction stays with its owner."""

from copy import copy

from queues.interaction import Interaction, queue_terms


def sought(interaction: Interaction) -> Interaction:
    """Return what agents are looked for: `interaction` itself or, while a warm transfer is open, what it asks for.

    The latter stands in for it, as if it waited in the target's queue; it is a copy, and valid until the next event.
    """
    consult = interaction.consult
    if consult is None:
        return interaction
    asked = copy(interaction)
    asked.queue = consult.queue
    asked.requirements, asked.expired, asked.groups = consult.requirements, consult.expired, consult.groups
    asked.enqueued_at, asked.waited_seen = consult.since, consult.waited_seen
    asked.due_at = consult.due_at
    asked.terms = queue_terms(consult.credit, consult.target, consult.pace, 1)
    asked.only_agent, asked.preferred_agent, asked.hold_until = consult.only_agent, None, None
    asked.step_at, asked.consult = None, None
    if interaction.agent is not None:
        # Who gives it away comes last, and holds it already: so nobody is ranked by his pool alone.
        asked.declined_by |= {interaction.agent}
    return asked
