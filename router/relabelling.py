"""What an interaction is about, as a person says it: that holds from then on. It stays where the rules sent it."""

from queues.interaction import Label
from router import events as e
from router.commands import Relabel
from router.decision import Refusal
from router.draft import Draft, refuse, unknown

SURE = 1.0


def relabel(draft: Draft, command: Relabel) -> Refusal | None:
    """Let it be about what a person says, or about what it was before; a repeat changes nothing."""
    interaction = draft.interaction(command.interaction)
    if interaction is None:
        return unknown("interaction", command.interaction)
    corrected = interaction.corrected
    if command.label is None and corrected is None:
        return refuse("conflict", "not_corrected", f"Nobody has corrected the label of interaction {interaction.id}.")
    if command.label is not None and corrected is not None and command.label == interaction.label:
        return None
    labels = (Label(command.label, SURE),) if command.label is not None else corrected.before if corrected else ()
    draft.emit(
        e.Relabelled(at=draft.now, interaction=interaction.id, label=command.label, labels=labels, by=command.by)
    )
    return None
